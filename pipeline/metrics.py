"""A job's Beam metrics for Prometheus, and its health, over HTTP while it runs.

`/metrics` asks the runner at each scrape (at most once a second); `/healthz` answers 200 while the job runs and its
runner answers, else 503 with the reason. Nothing is served unless the configuration names a port.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from socketserver import ThreadingMixIn
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from apache_beam.runners.runner import PipelineResult
from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily

from pipeline.config import MetricsConfig
from pipeline.errors import RunError
from transforms.outcomes import NAMESPACE

SCRAPE_SECONDS = 1.0
"""Scrapes closer together than this get the same numbers."""
SILENT_SECONDS = 60.0
"""A runner that has not told the job's state for this long makes the job unhealthy."""

ACCOUNT = {
    "entries": ("articles_in", "Articles that came from the source.", None),
    "records": ("articles_out", "Records handed to the sinks.", None),
    "repaired": ("articles_repaired", "Records whose text was edited.", None),
    "duplicates": ("duplicates", "Articles dropped as duplicates.", "reason"),
    "filtered": ("filtered", "Articles filtered out.", "reason"),
    "dead_letters": ("dead_letters", "Inputs that became dead letters.", "stage"),
    "feeds": ("feed_fetches", "Fetches of feeds.", "status"),
    "language": ("languages", "Records by language.", "language"),
    "edits": ("edits", "Edits by rule.", "rule"),
}
"""Groups of `transforms.account`: the metric's name, its help, and what the second part of a counter's name says."""

FETCH_STATUSES = ("fetched", "unchanged", "failed")

UNITS = {"milliseconds": 1e-3, "microseconds": 1e-6}


_log = logging.getLogger(__name__)


class JobHealth:
    """What the job's state was when its runner last told it."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._state = "STARTING"
        self._told = now()

    def note(self, state: str) -> None:
        """Note the state that the runner has just told."""
        self._state, self._told = state, self._now()

    def answer(self) -> tuple[bool, str]:
        """Return whether all is well, and the state or what is wrong."""
        silent = self._now() - self._told
        if silent > SILENT_SECONDS:
            return False, f"the runner has not answered for {silent:.0f} s"
        return self._state not in ("FAILED", "CANCELLED", "UPDATED"), self._state


class Measured(NamedTuple):
    """A job's metrics of newsbeam's namespace, by name."""

    counters: Mapping[str, int] = {}
    distributions: Mapping[str, Any] = {}
    """`sum`, `count`, `min` and `max` of each; names are `<stage>/<unit> <what>`."""
    gauges: Mapping[str, int] = {}
    """Names are `feeds/<state> in group <number>`."""


def families(measured: Measured) -> Iterator[Metric]:
    """Yield a job's metrics in Prometheus's terms."""
    counters = measured.counters
    groups: defaultdict[str, dict[str, int]] = defaultdict(dict)
    events = CounterMetricFamily(f"{NAMESPACE}_events", "What stages have counted.", labels=["stage", "event"])
    for name, value in sorted(counters.items()):
        group, _, part = name.partition("/")
        if _is_account(group, part):
            groups[group][part] = value
        else:
            events.add_metric([group, part], value)
    for group, (metric, told, label) in ACCOUNT.items():
        counted = CounterMetricFamily(f"{NAMESPACE}_{metric}", told, labels=[label] if label else [])
        for part, value in groups[group].items() if label else [("", groups[group].get("", 0))]:
            counted.add_metric([part] if label else [], value)
        yield counted
    yield events
    yield _feeds(measured.gauges)
    yield from _durations(measured.distributions)


def _is_account(group: str, part: str) -> bool:
    """Tell whether a counter is one of the account, not one of a stage whose name begins alike (`records/rows …`)."""
    if group not in ACCOUNT:
        return False
    _, _, label = ACCOUNT[group]
    return part in FETCH_STATUSES if group == "feeds" else bool(part) == (label is not None)


def _feeds(gauges: Mapping[str, int]) -> Metric:
    """Return how many feeds are in which state now; their groups, each with one worker, tell it one by one."""
    states: defaultdict[str, int] = defaultdict(int)
    for name, value in gauges.items():
        states[name.partition("/")[2].partition(" ")[0]] += value
    feeds = GaugeMetricFamily(f"{NAMESPACE}_feeds", "Feeds of a stream by their last poll.", labels=["state"])
    for state, value in sorted(states.items()):
        feeds.add_metric([state], value)
    return feeds


def _durations(distributions: Mapping[str, Any]) -> Iterator[Metric]:
    labels = ["stage", "what"]
    spent = SummaryMetricFamily(f"{NAMESPACE}_seconds", "Time taken or waited, by stage.", labels=labels)
    longest = GaugeMetricFamily(f"{NAMESPACE}_seconds_max", "The longest since the job began.", labels=labels)
    for name, value in sorted(distributions.items()):
        stage, _, rest = name.partition("/")
        unit, _, what = rest.partition(" ")
        if unit in UNITS and value.count:
            spent.add_metric([stage, what], value.count, value.sum * UNITS[unit])
            longest.add_metric([stage, what], value.max * UNITS[unit])
    yield spent
    yield longest


def query(result: PipelineResult) -> Measured:
    """Ask a job's runner for its metrics now; return newsbeam's, counters and distributions summed over the steps."""
    if hasattr(result, "_metrics"):
        setattr(result, "_metrics", None)  # portable runners keep their first answer for ever  # noqa: B010
    found = result.metrics().query()
    counters: defaultdict[str, int] = defaultdict(int)
    distributions: dict[str, Any] = {}
    for counter in _ours(found["counters"]):
        counters[counter.key.metric.name] += counter.result or 0
    for distribution in _ours(found["distributions"]):
        name, data = distribution.key.metric.name, distribution.result
        if data is not None:
            distributions[name] = _joined(distributions.get(name), data.data)
    gauges = {gauge.key.metric.name: gauge.result.value or 0 for gauge in _ours(found["gauges"]) if gauge.result}
    return Measured(counters, distributions, gauges)


def _ours(results: Iterable[Any]) -> Iterator[Any]:
    return (result for result in results if result.key.metric.namespace == NAMESPACE)


def _joined(known: Any, data: Any) -> Any:
    return data if known is None else known.combine(data)


class JobCollector:
    """Has Prometheus's library ask for the metrics at each scrape.

    Args:
      ask: returns what `query` does; may fail while the runner is busy or gone.
    """

    def __init__(self, ask: Callable[[], Measured]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asked = 0.0
        self._answer = Measured()

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; where the runner doesn't answer, those of the last scrape."""
        with self._lock:
            up = 1
            if time.monotonic() - self._asked > SCRAPE_SECONDS:
                try:
                    self._answer = self._ask()
                except Exception:  # whatever a runner raises, a scrape must not end in a traceback
                    up = 0
                self._asked = time.monotonic()
            answer = self._answer
        yield GaugeMetricFamily(f"{NAMESPACE}_runner_up", "Whether the runner told its metrics.", value=up)
        yield from families(answer)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: a scrape is no event."""


@contextlib.contextmanager
def serve(
    config: MetricsConfig | None, collector: JobCollector, health: Callable[[], tuple[bool, str]]
) -> Iterator[int | None]:
    """Serve `/metrics` and `/healthz` meanwhile; yield the port, or None where none is configured.

    Args:
      config: where to listen.
      collector: of the job's metrics.
      health: returns whether all is well, and a line that says what is.

    Raises:
      RunError: the port is taken or not allowed.
    """
    if config is None:
        yield None
        return
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    metrics = make_wsgi_app(registry)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return metrics(environ, start_response)  # type: ignore[no-any-return]
        well, told = health() if path == "/healthz" else (False, "there are /metrics and /healthz")
        status = "200 OK" if well else "503 Service Unavailable" if path == "/healthz" else "404 Not Found"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [told.encode() + b"\n"]

    try:
        server = make_server(config.host, config.port, application, _Server, _Quiet)
    except (OSError, UnicodeError) as error:
        where = f"{config.host}:{config.port}"
        raise RunError(
            f"metrics: can't listen on {where}: {getattr(error, 'strerror', error)}; choose another port or host"
        ) from None
    _log.info("metrics: http://%s:%d/metrics", config.host, server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
