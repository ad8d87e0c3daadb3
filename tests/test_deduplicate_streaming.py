"""The stream's deduplication, on Beam's TestStream: order, time to live, what the outputs hold."""

from __future__ import annotations

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream
from apache_beam.testing.util import assert_that, equal_to

from transforms.deduplicate import MIN_CONTENT_CHARS
from transforms.deduplicate_streaming import DeduplicateStream
from transforms.records import Record

LONG = "x" * MIN_CONTENT_CHARS


def record(id: str, text: str = "", content: str | None = None) -> Record:
    return Record(id=id, text=text, content_hash=content or f"content of {id}")


def run(steps: list[tuple[int, Record]], kept: list[str], dropped: list[tuple[str, str]], ttl: float = 100) -> None:
    """Feed records at their times (seconds) through the stage and compare what comes out."""
    stream = TestStream()
    for moment, value in steps:
        stream = stream.advance_watermark_to(moment).add_elements([beam.window.TimestampedValue(value, moment)])
    options = PipelineOptions(["--streaming", "--runner=BundleBasedDirectRunner"])
    with TestPipeline(options=options) as root:
        given = root | stream.advance_watermark_to_infinity() | beam.Map(lambda r: r).with_output_types(Record)
        outcome = given | DeduplicateStream(ttl)
        assert_that(outcome.records | "ids" >> beam.Map(lambda r: r.id), equal_to(kept), label="kept")
        told = outcome.duplicates | beam.Map(lambda d: (d.id, d.reason.removesuffix(" in the stream")))
        assert_that(told, equal_to(dropped), label="dropped")


def test_the_first_of_an_id_stays():
    run([(1, record("a")), (2, record("b")), (3, record("a")), (4, record("a"))], ["a", "b"], [("a", "same id")] * 2)


def test_the_same_long_text_under_another_id_is_dropped():
    steps = [(1, record("a", LONG, "same")), (2, record("b", LONG, "same")), (3, record("c", LONG, "other"))]
    run(steps, ["a", "c"], [("b", "same content")])


def test_short_texts_are_compared_by_id_only():
    run([(1, record("a", "Read more", "same")), (2, record("b", "Read more", "same"))], ["a", "b"], [])


def test_an_article_is_forgotten_after_its_time():
    run(
        [(0, record("a")), (99, record("a")), (198, record("a")), (299, record("a"))],
        ["a", "a"],
        [("a", "same id")] * 2,
    )


def test_a_time_to_live_of_nothing_is_refused():
    with pytest.raises(ValueError, match="ttl"):
        DeduplicateStream(0)
