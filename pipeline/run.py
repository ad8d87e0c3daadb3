"""Running a configuration: lock, recovery, the Beam job, the account at the end."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import io
import logging
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator

import apache_beam as beam
import filelock
import msgspec
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions
from rich.console import Console

from pipeline.build import build_pipeline
from pipeline.config import Config, resolved
from pipeline.errors import BeamOptionsError, RunError
from pipeline.metrics import JobCollector, Measured, serve
from pipeline.stages import Run, run_folder, written_folders
from pipeline.summary import print_summary
from transforms import live
from transforms.account import Summary
from transforms.commit import recover, write_whole
from transforms.sinks.files import temporary_folder
from transforms.sinks.postgres import PostgresSink, check_server

_log = logging.getLogger(__name__)

EXTRAS = {
    "bigquery": ("gcp", ["google.cloud.bigquery", "apitools"]),
    "postgres": ("postgres", ["psycopg", "psycopg_pool"]),
    "pubsub": ("gcp", ["google.pubsub_v1"]),
}
"""What a source or sink needs beyond newsbeam itself: the extra that brings it, and its modules."""

LOCAL_RUNNER = "FnApiRunner"
"""Named always: Beam's own default tries to download a runner and differs from machine to machine."""


def parse_beam_options(arguments: list[str]) -> PipelineOptions:
    """Return what the user tells Beam.

    Raises:
      BeamOptionsError: an option is unknown or its value does not fit. Where a runner of the user's choice is named,
        unknown options pass: it may know them.
    """
    if arguments and not arguments[0].startswith("-"):
        raise BeamOptionsError(f"after --: {arguments[0]} is no option of Beam; options begin with --")
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            options = PipelineOptions(arguments, save_main_session=False)
            known = options.get_all_options()
            given = options.get_all_options(retain_unknown_options=True)
    except SystemExit:  # argparse's way to refuse; its last line says what
        lines = told.getvalue().strip().splitlines() or ["not understood"]
        raise BeamOptionsError(f"after --: {lines[-1].partition('error: ')[2] or lines[-1]}") from None
    unknown = sorted(given.keys() - known.keys())
    if unknown and options.view_as(StandardOptions).runner in (None, LOCAL_RUNNER):
        near = difflib.get_close_matches(unknown[0], known, n=1)
        remedy = f"; did you mean --{near[0]}?" if near else ""
        raise BeamOptionsError(f"after --: Beam knows no option --{unknown[0]}{remedy}")
    return options


def beam_options(arguments: list[str]) -> PipelineOptions:
    """Return Beam's options: the user's, and a local in-process runner where they name none.

    Raises:
      BeamOptionsError: see `parse_beam_options`.
    """
    options = parse_beam_options(arguments)
    standard, direct = options.view_as(StandardOptions), options.view_as(DirectOptions)
    if direct.direct_num_workers < 0:
        raise BeamOptionsError(
            f"after --: --direct_num_workers={direct.direct_num_workers}: name 1 or more, 0 for all cores"
        )
    if standard.runner is None:
        standard.runner = LOCAL_RUNNER
    if standard.runner == LOCAL_RUNNER and direct.direct_num_workers != 1:
        direct.direct_running_mode = "multi_processing"
    return options


def run_batch(config: Config, run: Run, beam_arguments: list[str]) -> Summary:
    """Run a configuration once, to its end.

    Raises:
      RunError: Beam does not know an option, a folder can't be written, another run holds the memory, or the job
        failed. Nothing has been changed then: the next run does all of it again.
    """
    options = beam_options(beam_arguments)
    check_installed(config)
    options = beam_options(beam_arguments)
    if options.view_as(StandardOptions).runner == LOCAL_RUNNER:
        check_servers(config)
        run = run._replace(spool=spool_folder(config, run))
    for folder in written_folders(config, run):
        check_writable(folder)
    counted = JobCollector(lambda: Measured(live.counts()))  # a batch runner tells its metrics only at the end
    with _locked(config.state_path), _progress(), serve(config.metrics, counted, lambda: (True, "RUNNING")):
        recover(config.state_path, written_folders(config, run))
        try:
            with beam.Pipeline(options=options) as root:
                build_pipeline(root, config, run)
        except Exception as error:
            _log.debug("the run failed", exc_info=True)
            recover(config.state_path, written_folders(config, run))
            raise RunError(f"the run failed, nothing was written: {root_cause(error)}") from error
    folder = run_folder(config, run)
    write_whole(FileSystems.join(folder, "config.yaml"), resolved(config).encode())
    with FileSystems.open(FileSystems.join(folder, "summary.json")) as file:
        return msgspec.json.decode(file.read(), type=Summary)


def spool_folder(config: Config, run: Run) -> str | None:
    """Return where a run on this machine lays articles aside: in its temporary folder inside the state folder.

    None where the state is not on this machine: articles then pass the shuffle whole, as they do on a cluster.
    """
    if FileSystems.get_scheme(config.state_path) is not None:
        return None
    return os.path.abspath(temporary_folder(config.state_path, run.name))


def root_cause(error: BaseException) -> str:
    """Return in one line what a Beam job failed of, without the tracebacks that Beam puts into its messages."""
    text = str(error)
    # `package.Name: message` or `SomeError: message`, as a traceback ends
    causes: list[str] = re.findall(
        r"^(?:(?:\w+\.)+(?=[A-Z])|(?=\w*(?:Error|Exception|Exit)))(\w+: .+)$", text, re.MULTILINE
    )
    line = causes[-1] if causes else f"{type(error).__name__}: {text.strip().splitlines()[0] if text.strip() else ''}"
    return re.sub(r"\s*\[while running .*", "", line)


def check_installed(config: Config) -> None:
    """See that the libraries of the configured source and sinks are here.

    Raises:
      RunError: one is not; the message says how to get it.
    """
    parts = {"source": config.source.type} | {f"sinks.{number}": sink.type for number, sink in enumerate(config.sinks)}
    for key, kind in parts.items():
        extra, modules = EXTRAS.get(kind, ("", []))
        if missing := next((module for module in modules if not _installed(module)), None):
            raise RunError(f"{key}: {kind} needs {missing}, which is not installed; pip install 'newsbeam[{extra}]'")


def check_servers(config: Config) -> None:
    """See that each PostgreSQL sink's server takes records, before a local run begins.

    A worker can't tell a server that is away for a while from one that was never there, and waits for either.

    Raises:
      RunError: one doesn't.
    """
    for number, sink in enumerate(config.sinks):
        if isinstance(sink, PostgresSink):
            try:
                check_server(sink)
            except ValueError as error:
                raise RunError(f"sinks.{number}: postgres: {error}") from None


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of its parent
        return False


def check_writable(folder: str) -> None:
    """Make a local folder that is missing.

    Raises:
      RunError: it can't be made or written to.
    """
    if FileSystems.get_scheme(folder) is not None:
        return  # a remote filesystem tells when it is written to
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RunError(f"{folder}: can't be written to: {error.strerror}; choose another folder") from None


@contextlib.contextmanager
def _locked(state: str) -> Iterator[None]:
    """Hold the memory, so that two runs at a time can't both add the same article."""
    if FileSystems.get_scheme(state) is not None:
        yield  # no locks on object stores; docs/operating.md says to schedule one run at a time
        return
    try:
        with filelock.FileLock(os.path.join(state, "LOCK"), timeout=0):
            yield
    except filelock.Timeout:
        raise RunError(f"{state}: another run is using it; wait for it, or set another state.path") from None


@contextlib.contextmanager
def _progress() -> Iterator[None]:
    """Show a line of counts on a terminal while the run lasts; nothing where the output is piped."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    stop = threading.Event()
    with console.status("starting") as status:

        def refresh() -> None:
            while not stop.wait(0.5):
                counts = live.counts()
                shown = (f"{counts.get(name, 0)} {name.replace('_', ' ')}" for name in SHOWN)
                status.update(" · ".join(shown))

        thread = threading.Thread(target=refresh, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


SHOWN = ("feeds", "entries", "records", "duplicates", "filtered", "dead_letters")


def report(summary: Summary, config: Config) -> None:
    """Print the account of a run, and where to find what failed."""
    console = Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
    print_summary(summary, console)
    if summary.dead_letters or summary.feeds["failed"]:
        console.print(
            f"what failed is in {config.dead_letters.path}; run it again with newsbeam replay", soft_wrap=True
        )
