"""Metrics in Prometheus's terms, and the job's health, over HTTP."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request

import apache_beam as beam
import pytest
from apache_beam.metrics.metric import Metrics
from apache_beam.options.pipeline_options import PipelineOptions
from prometheus_client.parser import text_string_to_metric_families

from pipeline.config import MetricsConfig
from pipeline.errors import RunError
from pipeline.metrics import SILENT_SECONDS, JobCollector, JobHealth, Measured, query, serve
from transforms.outcomes import NAMESPACE


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=100) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return each sample of an exposition by its name and the values of its labels, in the labels' order."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class _Counting(beam.DoFn):
    def process(self, number: int) -> None:
        Metrics.counter(NAMESPACE, "entries").inc()
        Metrics.counter(NAMESPACE, "duplicates/same id").inc(number)
        Metrics.counter(NAMESPACE, "postgres/written").inc(2)
        Metrics.counter("somebody else", "entries").inc(100)
        Metrics.distribution(NAMESPACE, "normalize/microseconds an article").update(1000 * number)
        Metrics.gauge(NAMESPACE, f"feeds/failing in group {number}").set(number)
        Metrics.gauge(NAMESPACE, "feeds/well in group 7").set(5)
        Metrics.distribution(NAMESPACE, "pubsub/milliseconds from publication to arrival").update(1500)


@pytest.fixture(scope="module")
def finished():
    root = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"]))
    numbers = root | beam.Create([1, 2, 3])
    _ = numbers | "one step" >> beam.ParDo(_Counting())
    _ = numbers | "another" >> beam.ParDo(_Counting())
    result = root.run()
    result.wait_until_finish()
    return result


def test_what_beam_has_counted_is_served_to_prometheus(finished):
    with serve(MetricsConfig(port=0), JobCollector(lambda: query(finished)), lambda: (True, "RUNNING")) as port:
        status, text = get(port, "/metrics")
    found = samples(text)
    assert status == 200
    assert found["newsbeam_articles_in_total",] == 6
    assert found["newsbeam_articles_out_total",] == 0
    assert found["newsbeam_duplicates_total", "same id"] == 12
    assert found["newsbeam_events_total", "written", "postgres"] == 12
    assert (found["newsbeam_feeds", "failing"], found["newsbeam_feeds", "well"]) == (6, 5)
    assert found["newsbeam_seconds_count", "normalize", "an article"] == 6
    assert found["newsbeam_seconds_sum", "normalize", "an article"] == pytest.approx(0.012)
    assert found["newsbeam_seconds_max", "normalize", "an article"] == pytest.approx(0.003)
    assert found["newsbeam_seconds_sum", "pubsub", "from publication to arrival"] == pytest.approx(9)
    assert found["newsbeam_runner_up",] == 1


def test_a_runner_that_does_not_answer_is_told_and_the_last_numbers_stay():
    answers = iter([Measured({"records": 5})])
    collector = JobCollector(lambda: next(answers))
    with serve(MetricsConfig(port=0), collector, lambda: (True, "RUNNING")) as port:
        before = samples(get(port, "/metrics")[1])
        collector._asked = float("-inf")
        after = samples(get(port, "/metrics")[1])
    assert (before["newsbeam_runner_up",], before["newsbeam_articles_out_total",]) == (1, 5)
    assert (after["newsbeam_runner_up",], after["newsbeam_articles_out_total",]) == (0, 5)


def test_health_is_the_job_s_state_and_whether_its_runner_answers():
    now = [100.0]
    health = JobHealth(lambda: now[0])
    collector = JobCollector(Measured)
    with serve(MetricsConfig(port=0), collector, health.answer) as port:
        health.note("RUNNING")
        assert get(port, "/healthz") == (200, "RUNNING\n")
        now[0] += SILENT_SECONDS + 1
        assert get(port, "/healthz") == (503, "the runner has not answered for 61 s\n")
        health.note("FAILED")
        assert get(port, "/healthz") == (503, "FAILED\n")
        assert get(port, "/else")[0] == 404


def test_nothing_listens_where_no_port_is_named():
    with serve(None, JobCollector(Measured), lambda: (True, "")) as port:
        assert port is None


def test_a_taken_port_is_told_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = MetricsConfig(port=taken.getsockname()[1])
        with (
            pytest.raises(RunError, match="Address already in use; choose another port or host"),
            serve(config, JobCollector(Measured), lambda: (True, "")),
        ):
            pass


def test_counters_of_stages_are_not_taken_for_the_account():
    counters = {"records": 5, "records/rows in files": 5, "feeds/fetched": 2, "feeds/polls": 9}
    with serve(MetricsConfig(port=0), JobCollector(lambda: Measured(counters)), lambda: (True, "RUNNING")) as port:
        found = samples(get(port, "/metrics")[1])
    assert found["newsbeam_articles_out_total",] == 5
    assert found["newsbeam_feed_fetches_total", "fetched"] == 2
    assert ("newsbeam_feed_fetches_total", "polls") not in found
    assert found["newsbeam_events_total", "polls", "feeds"] == 9
    assert found["newsbeam_events_total", "rows in files", "records"] == 5
