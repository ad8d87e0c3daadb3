"""Running a streaming configuration: a runner that can, until a signal asks to stop."""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import (
    DebugOptions,
    JobServerOptions,
    PipelineOptions,
    PortableOptions,
    PrismRunnerOptions,
    StandardOptions,
)
from apache_beam.runners.portability.job_server import StopOnExitJobServer
from apache_beam.runners.portability.prism_runner import PrismJobServer, PrismRunner
from apache_beam.runners.runner import PipelineResult, PipelineState

from pipeline import own_session
from pipeline.build import build_pipeline
from pipeline.config import Config
from pipeline.errors import RunError
from pipeline.metrics import JobCollector, JobHealth, query, serve
from pipeline.run import check_installed, check_servers, check_writable, parse_beam_options, root_cause
from pipeline.stages import Run, written_folders
from transforms.endless import IN_FLIGHT
from transforms.pubsub.config import PubSubConfig

LOCAL_RUNNER = "PrismRunner"
"""Named always, as for batch; of the local runners it alone streams without losing anything (docs/running.md)."""

UNSPLIT = "prism_disable_sdf_split"
"""Experiment that keeps Prism from splitting slow bundles. It counts a bundle's timers as elements and so hands some
that are under way to another bundle too, before their state is written: both would take an article for new
(https://github.com/apache/beam/issues/35771)."""

FLUSHED = "--finish_bundle_before_checkpointing"
"""Option of Beam's Flink runner. Without it, what a bundle gives while a checkpoint is taken waits for the next bundle
of its operator. The one that hands out the source's work has only one bundle: a checkpoint then would stop the job."""

NO_STREAMS = {
    "FnApiRunner": "fires all timers at once, and drops no duplicate",
    "DirectRunner": "is another runner on every machine",
    "BundleBasedDirectRunner": "refuses endless splittable sources",
    "DaskRunner": "gives wrong results without saying so",
}
POLL_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
GONE_SECONDS = 15.0
"""A runner that has not answered for this long is taken for gone."""

_log = logging.getLogger(__name__)


def stream_options(arguments: list[str]) -> PipelineOptions:
    """Return Beam's options for streaming: the user's, Prism where they name no runner, and what runners need.

    Raises:
      RunError: no runner is named and Prism is not on this machine, or one is named that can't stream.
    """
    if any(argument.partition("=")[0] == "--checkpointing_interval" for argument in arguments):
        arguments = [*arguments, FLUSHED]
    options = parse_beam_options(arguments)
    standard, prism = options.view_as(StandardOptions), options.view_as(PrismRunnerOptions)
    standard.streaming = True
    if standard.runner is None:
        standard.runner = LOCAL_RUNNER
    if standard.runner in NO_STREAMS:
        raise RunError(f"--runner={standard.runner} {NO_STREAMS[standard.runner]}; leave it out to run on Prism")
    if standard.runner == LOCAL_RUNNER:
        prism.prism_location = prism.prism_location or find_prism()
        options.view_as(DebugOptions).add_experiment(UNSPLIT)
    return options


def find_prism() -> str:
    """Return the path of Beam's local runner.

    Raises:
      RunError: it is not there; the message says how to get it.
    """
    gopath = os.environ.get("GOPATH", os.path.expanduser("~/go"))
    named = os.environ.get("NEWSBEAM_PRISM")
    candidates = [named] if named else [shutil.which("prism"), *glob.glob(os.path.join(gopath, "bin", "prism"))]
    for path in candidates:
        if path and os.path.exists(path):
            return path
    raise RunError(
        "streaming on this machine needs Prism, Beam's local runner: "
        f"go install github.com/apache/beam/sdks/v2/go/cmd/prism@v{beam.__version__}"
    )


def run_stream(config: Config, run: Run, beam_arguments: list[str]) -> None:
    """Run a streaming configuration until it is told to stop (SIGTERM, Ctrl-C).

    Stopping drains: no more messages are taken, those that were are stored and acknowledged. A second signal stops at
    once; what is not acknowledged comes again next time.

    Raises:
      RunError: the job can't start, or has failed.
    """
    check_installed(config)
    options = stream_options(beam_arguments)
    runner_name = options.view_as(StandardOptions).runner
    local = runner_name == LOCAL_RUNNER
    if isinstance(config.source, PubSubConfig) and config.source.native and "Dataflow" not in runner_name:
        raise RunError(
            f"{runner_name} does not read Pub/Sub itself: name Dataflow (`-- --runner=DataflowRunner …`, "
            "docs/running.md) or --set source.native=false"
        )
    if local:
        check_servers(config)
    for folder in written_folders(config, run):
        check_writable(folder)
    IN_FLIGHT.reset()
    runner = _OwnSessionRunner() if local else None  # type: ignore[no-untyped-call]
    try:
        root = beam.Pipeline(runner=runner, options=options)
    except ValueError as error:  # so Beam says which of a runner's options are missing
        raise RunError(" ".join(str(error).split())) from error
    build_pipeline(root, config, run)
    health = JobHealth()
    started: list[PipelineResult] = []
    collector = JobCollector(lambda: query(started[0]))
    with _stop_signals() as stops, serve(config.metrics, collector, health.answer):
        result = _start(root, runner_name)
        _listen(stops)  # once more: Beam's job server has just taken Ctrl-C for itself, and would end Prism
        started.append(result)
        while not PipelineState.is_terminal(state := _state(result)):
            health.note(state)
            if stops and (len(stops) > 1 or IN_FLIGHT.idle()):
                threading.excepthook = _note_quietly
                _cancel(result)
                return
            time.sleep(POLL_SECONDS)
    if state == PipelineState.FAILED:
        try:
            result.wait_until_finish()
        except Exception as error:
            raise RunError(f"the job failed: {root_cause(error)}; what was not stored comes again") from error


class _OwnSessionServer(PrismJobServer):
    """Prism as Beam starts it, but in a session of its own, so that Ctrl-C is for newsbeam alone."""

    def subprocess_cmd_and_endpoint(self) -> tuple[list[Any], str]:
        command, endpoint = super().subprocess_cmd_and_endpoint()
        return [sys.executable, own_session.__file__, *command], endpoint


class _OwnSessionRunner(PrismRunner):
    """Beam's runner for Prism, with `_OwnSessionServer`."""

    def default_job_server(self, options: PipelineOptions) -> StopOnExitJobServer:
        job = options.view_as(JobServerOptions)
        job.job_port = job.job_port or free_port()
        return StopOnExitJobServer(_OwnSessionServer(options))  # type: ignore[no-untyped-call]


def free_port() -> int:
    """Return a TCP port that is free on every address of this machine.

    Prism listens on all of them. Beam picks a port that is free on 127.0.0.1 and tries no other: where a server on
    another address has that port, Prism never starts.
    """
    dual = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual else socket.AF_INET
    with socket.create_server(("", 0), family=family, dualstack_ipv6=dual) as server:
        return int(server.getsockname()[1])


def _start(root: beam.Pipeline, runner: str) -> PipelineResult:
    """Hand the job to the runner.

    Raises:
      RunError: the runner does not answer, does not start or does not take the job.
    """
    try:
        return root.run()
    except grpc.FutureTimeoutError as error:
        endpoint = root.options.view_as(PortableOptions).job_endpoint
        raise RunError(
            f"no job server answers at {endpoint}: start it, or name its address with --job_endpoint"
        ) from error
    except grpc.RpcError as error:
        # what a call ends with is a grpc.Call too, which says why
        why = error.details() if isinstance(error, grpc.Call) else str(error)
        raise RunError(f"the runner does not take the job: {' '.join(why.split())}") from error
    except Exception as error:
        if "Dataflow" in runner:  # credentials, buckets, quotas, the network: Google's clients have an error for each
            raise RunError(f"Dataflow does not take the job: {root_cause(error)}") from error
        if runner != LOCAL_RUNNER:
            raise
        raise RunError(
            f"Prism does not start the job ({root_cause(error)}): --verbose shows what it says, "
            "`-- --job_port=8073` has it listen on another port"
        ) from error


def _state(result: PipelineResult) -> str:
    """Return the job's state; patient for a while with a runner that doesn't answer.

    Raises:
      RunError: it doesn't answer.
    """
    end = time.monotonic() + GONE_SECONDS
    while True:
        try:
            return str(result.state)
        except (grpc.RpcError, ValueError) as error:  # grpc's word for a channel that was closed is a ValueError
            if time.monotonic() > end:
                raise RunError("the runner has gone; start it again, what was not stored comes again") from error
            time.sleep(POLL_SECONDS)


def _cancel(result: PipelineResult) -> None:
    with contextlib.suppress(Exception):  # a runner that is gone has nothing left to stop
        result.cancel()


def _note_quietly(failure: threading.ExceptHookArgs) -> None:
    """Log what Beam's worker threads say of their runner's end, which was asked for."""
    _log.debug("a thread ended with %s", failure.exc_type.__name__)


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Collect the signals that ask to stop; the first begins to drain."""
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    stops: list[int] = []
    try:
        _listen(stops)
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(stops: list[int]) -> None:
    """Have the signals that ask to stop put on a list."""

    def stop(number: int, frame: FrameType | None) -> None:
        stops.append(number)
        IN_FLIGHT.drain()

    for number in STOP_SIGNALS:
        signal.signal(number, stop)
