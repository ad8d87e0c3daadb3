"""The Pub/Sub sink against Google's in-memory server, and back through the parser of messages."""

from __future__ import annotations

import datetime as dt
import uuid

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from transforms.pubsub import sink as sink_module
from transforms.pubsub.client import ensure_subscription, publisher, subscriber
from transforms.pubsub.config import PubSubSinkConfig
from transforms.pubsub.message import parse_message
from transforms.pubsub.sink import WritePubSub
from transforms.records import Language, Record

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.timezone.utc)


@pytest.fixture
def topic(pubsub) -> tuple[PubSubSinkConfig, str]:
    name = uuid.uuid4().hex
    config = PubSubSinkConfig(topic=f"projects/p/topics/t{name}", emulator=pubsub.address)
    subscription = f"projects/p/subscriptions/t{name}"
    publisher(pubsub.address).create_topic(name=config.topic)
    ensure_subscription(pubsub.address, subscription, config.topic, 60)
    return config, subscription


def publish(config: PubSubSinkConfig, records: list[Record], failed: list[str] = ()) -> None:
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as root:
        published = root | beam.Create(records).with_output_types(Record) | WritePubSub(config)
        assert_that(published.ids, equal_to([r.id for r in records if r.id not in failed]), label="ids")
        letters = published.failures | beam.Map(lambda letter: letter.input["id"])
        assert_that(letters, equal_to(list(failed)), label="failures")


def received(config: PubSubSinkConfig, subscription: str) -> list:
    found, more = [], True
    while more:
        request = {"subscription": subscription, "max_messages": 1000, "return_immediately": True}
        more = list(subscriber(config.emulator).pull(request=request, retry=None, timeout=10).received_messages)
        found += [one.message for one in more]
    return found


def test_a_published_record_is_read_again_with_the_same_id(topic):
    config, subscription = topic
    records = [
        Record(id=f"id-{n}", text=f"Le port rouvre, partie {n}", language=Language(code="fr")) for n in range(1200)
    ]
    publish(config, records)
    messages = received(config, subscription)
    assert {m.attributes["id"] for m in messages} == {r.id for r in records}
    assert len(messages) == len(records)
    first = messages[0]
    assert (first.attributes["language"], first.attributes["schema_version"]) == ("fr", "1")
    (record,), _ = parse_message(first.data, first.attributes, name="n", fetched_at=NOW)
    assert record.id == first.attributes["id"]
    assert record.text.startswith("Le port rouvre")


def test_a_record_too_large_for_a_message_is_a_dead_letter(topic, monkeypatch):
    monkeypatch.setattr(sink_module, "MAX_BYTES", 20_000)
    config, subscription = topic
    records = [Record(id="small", text="x" * 100), Record(id="large", text="x" * 30_000), Record(id="next", text="y")]
    publish(config, records, failed=["large"])
    assert sorted(m.attributes["id"] for m in received(config, subscription)) == ["next", "small"]
