"""When messages are acknowledged, and what is known of those that are not yet."""

from __future__ import annotations

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream
from apache_beam.transforms.window import FixedWindows, TimestampedValue

pytest.importorskip("google.pubsub_v1", reason="the extra `gcp` is not installed")

from transforms.endless import EndlessTracker, InFlight
from transforms.pubsub import source
from transforms.pubsub.config import PubSubConfig
from transforms.pubsub.source import AcknowledgeStored, Receipt

CONFIG = PubSubConfig(subscription="projects/p/subscriptions/news", emulator="127.0.0.1:1")
EVENTS: list[str] = []


def store(element: tuple[int, list[str]]) -> list[str]:
    EVENTS.extend(f"stored {name}" for name in sorted(element[1]))
    return []


def receipt(element: str) -> tuple[str, Receipt]:
    return f"key of {element}", Receipt(subscription=CONFIG.subscription_path(), ack_ids=[element])


@pytest.fixture
def events(monkeypatch) -> list[str]:
    """What is stored and acknowledged, in order; the server's part is played by a list."""
    EVENTS.clear()
    monkeypatch.setattr(
        source, "acknowledge", lambda host, subscription, ids: EVENTS.extend(f"acknowledged {id}" for id in ids)
    )
    monkeypatch.setattr(source, "extend", lambda *_: None)
    return EVENTS


def run(window: float) -> None:
    """Send `a` at 1 s and `b` at 45 s through a sink that collects windows of 30 s."""
    stream = TestStream()
    for moment, name in ((1, "a"), (45, "b")):
        stream = stream.advance_watermark_to(moment).add_elements([TimestampedValue(name, moment)])
        stream = stream.advance_watermark_to(moment + 10)  # inside its window: nothing of it is stored yet
    options = PipelineOptions(["--streaming", "--runner=BundleBasedDirectRunner"])
    with TestPipeline(options=options) as root:
        names = root | stream.advance_watermark_to_infinity()
        stored = (
            names
            | beam.Map(lambda name: (0, name)).with_output_types(tuple[int, str])
            | beam.WindowInto(FixedWindows(30))
            | beam.GroupByKey()
            | beam.FlatMap(store)
        )
        receipts = names | "receipts" >> beam.Map(receipt).with_output_types(tuple[str, Receipt])
        _ = receipts | AcknowledgeStored(CONFIG, [stored], longest_window=window)


def test_nothing_is_acknowledged_before_it_is_stored(events):
    run(window=30)
    assert sorted(events) == ["acknowledged a", "acknowledged b", "stored a", "stored b"]
    assert events.index("stored a") < events.index("acknowledged a")
    assert events.index("stored b") < events.index("acknowledged b")


def test_a_sink_that_collects_must_be_waited_for(events):
    run(window=0)
    assert events.index("acknowledged a") < events.index("stored a"), "the setting is needed, and this test can tell"


def test_in_flight_counts_what_is_held_here():
    flight = InFlight()
    flight.pulled("1", 60)
    assert (flight.messages(), flight.idle()) == (0, False)
    flight.add("1", 500, 60)
    flight.add("2", 20, 60)
    assert flight.messages() == 520
    flight.remove("1")
    flight.remove("2")
    assert (flight.messages(), flight.idle()) == (0, True)


def test_what_is_not_renewed_is_forgotten():
    clock = [0.0]
    flight = InFlight(lambda: clock[0])
    flight.pulled("acknowledged elsewhere", 60)
    flight.add("cut short", 5, 120)
    clock[0] = 100
    assert flight.messages() == 5
    flight.add("cut short", 5, 120)
    clock[0] = 200
    assert not flight.idle()
    clock[0] = 221
    assert flight.idle()


def test_draining_can_be_undone_for_the_next_pipeline():
    flight = InFlight()
    flight.drain()
    assert flight.draining
    flight.reset()
    assert not flight.draining


def test_progress_is_a_number_before_beam_has_counted_any_output():
    progress = (
        EndlessTracker(b"pull").current_progress().with_completed(float("nan"))
    )  # what Beam's own counter begins with
    assert progress.fraction_completed == 0.0
    assert progress.remaining_work == 1.0
