"""Records as Pub/Sub messages: JSON, with id, language and schema version as attributes.

At least once: a bundle that a runner repeats publishes again. The `id` attribute tells such messages apart from others;
Beam's and Dataflow's own readers take it as their id label, newsbeam's as `id_attribute`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from transforms.outcomes import FAILED, NAMESPACE, dead_letter
from transforms.pubsub.client import emulator_host, patiently, publisher
from transforms.pubsub.config import PubSubSinkConfig
from transforms.pubsub.message import JSON_TYPE
from transforms.records import DeadLetter, Record

STAGE = "pubsub sink"
MAX_MESSAGES = 500
MAX_BYTES = 9_000_000
"""Of one request, and so of a record; Pub/Sub takes 10 MB with the attributes and the protocol's own bytes."""
PATIENCE = 600.0
"""Seconds for which publishing is tried again while the server is away."""


class Published(NamedTuple):
    """The outputs of `WritePubSub`."""

    ids: PCollection[str]
    """The id of each record, after the server has taken it."""
    failures: PCollection[DeadLetter]


def message_of(record: Record) -> dict[str, Any]:
    """Return the message of a record."""
    return {
        "data": msgspec.json.encode(record),
        "attributes": {
            "content-type": JSON_TYPE,
            "id": record.id,
            "language": record.language.code,
            "schema_version": record.schema_version,
        },
    }


class _Publish(beam.DoFn):
    """Publishes the records of a bundle in batches and emits their ids."""

    def __init__(self, config: PubSubSinkConfig) -> None:
        self.topic = config.topic
        self.host = emulator_host(config.emulator)
        self.published = Metrics.counter(NAMESPACE, f"{STAGE}/published")
        self.failed = Metrics.counter(NAMESPACE, f"{STAGE}/failed")

    def start_bundle(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.waiting: list[tuple[str, Any]] = []
        self.bytes = 0

    def process(self, record: Record, arrived: Any = beam.DoFn.TimestampParam) -> Iterator[Any]:
        message = message_of(record)
        size = len(message["data"])
        if size > MAX_BYTES:
            self.failed.inc()
            yield TaggedOutput(
                FAILED, dead_letter(STAGE, "record", record, f"{size:,} bytes; {MAX_BYTES:,} are allowed")
            )
            return
        if len(self.messages) >= MAX_MESSAGES or self.bytes + size > MAX_BYTES:
            yield from (id for id, _ in self._flush())
        self.messages.append(message)
        self.waiting.append((record.id, arrived))
        self.bytes += size

    def finish_bundle(self) -> Iterator[WindowedValue]:
        for id, arrived in self._flush():
            yield WindowedValue(id, arrived, (GlobalWindow(),))

    def _flush(self) -> list[tuple[str, Any]]:
        messages, waiting = self.messages, self.waiting
        self.start_bundle()
        if messages:
            request = {"topic": self.topic, "messages": messages}
            patiently(
                "publishing",
                lambda: publisher(self.host).publish(request=request, retry=None, timeout=30),
                PATIENCE,
            )
            self.published.inc(len(messages))
        return waiting


class WritePubSub(beam.PTransform[PCollection[Record], Published]):
    """Publishes records; one that is too large for a message becomes a dead letter."""

    def __init__(self, config: PubSubSinkConfig) -> None:
        super().__init__()
        self.config = config

    def expand(self, records: PCollection[Record]) -> Published:
        published = records | "publish" >> beam.ParDo(_Publish(self.config)).with_outputs(FAILED, main="ids")
        ids = published["ids"] | "ids" >> beam.Map(lambda id: id).with_output_types(str)
        failures = published[FAILED] | "failures" >> beam.Map(lambda letter: letter).with_output_types(DeadLetter)
        return Published(ids, failures)
