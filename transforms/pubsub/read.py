"""Pub/Sub in: messages to records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput

from transforms.coders import typed
from transforms.deduplicate_streaming import FirstOfKey
from transforms.outcomes import FAILED, NAMESPACE, dead_letter, plain
from transforms.pubsub.config import PubSubConfig
from transforms.pubsub.message import parse_message
from transforms.pubsub.source import Message, PullMessages, Receipt
from transforms.records import DeadLetter, Record

STAGE = "pubsub"


class PubSubOutcome(NamedTuple):
    """The outputs of `ReadPubSub`: as `Outcome`, with what `AcknowledgeStored` needs.

    `receipts` is None where the runner reads and acknowledges by itself (`native`).
    """

    records: PCollection[Record]
    failures: PCollection[DeadLetter]
    receipts: PCollection[tuple[str, Receipt]] | None


def message_input(message: Message, name: str) -> dict[str, Any]:
    """Return a message as a dead letter holds it: whole, so that it can be run again."""
    payload: Mapping[str, Any] = plain(message.data)
    return {
        **payload,
        "attributes": message.attributes,
        "message_id": message.message_id,
        "published_at": message.published_at.isoformat(),
        "name": name,
    }


class _ParseMessages(beam.DoFn):
    """Turns messages into records; what can't be read becomes a dead letter."""

    def __init__(self, config: PubSubConfig) -> None:
        self.config = config
        self.name = config.subscription_path()
        self.failed = Metrics.counter(NAMESPACE, f"{STAGE}/failed")
        self.waited = Metrics.distribution(NAMESPACE, f"{STAGE}/milliseconds from publication to arrival")

    def process(
        self, message: Message, arrived: Any = beam.DoFn.TimestampParam
    ) -> Iterator[Record | TaggedOutput[Any, Any]]:
        fetched_at = dt.datetime.fromtimestamp(int(arrived.micros // 1_000_000), dt.timezone.utc)
        self.waited.update(max(0, int(arrived.micros / 1000 - message.published_at.timestamp() * 1000)))
        try:
            if len(message.data) > self.config.max_message_bytes:
                allowed = self.config.max_message_bytes
                raise ValueError(f"a message of {len(message.data):,} bytes; {allowed:,} are allowed")
            parsed = parse_message(
                message.data,
                message.attributes,
                name=self.name,
                message_id=message.message_id,
                fetched_at=fetched_at,
                timestamp_attribute=self.config.timestamp_attribute,
            )
        except Exception as error:  # whatever a message does, its neighbours live
            self.failed.inc()
            yield TaggedOutput(FAILED, dead_letter(STAGE, "message", message_input(message, self.name), error))
            return
        yield from parsed.records
        for failure in parsed.failures:
            self.failed.inc()
            yield TaggedOutput(FAILED, failure)


class ReadPubSub(beam.PTransform[Any, PubSubOutcome]):
    """Reads articles from a subscription, for ever.

    Messages are taken at least once: `AcknowledgeStored` must be given the receipts. The same article may therefore
    come twice, for `DeduplicateStream` to drop.
    """

    def __init__(self, config: PubSubConfig) -> None:
        super().__init__()
        self.config = config

    def expand(self, pipeline: Any) -> PubSubOutcome:
        messages: PCollection[Message]
        receipts: PCollection[tuple[str, Receipt]] | None
        if self.config.native:
            messages, receipts = pipeline | "native" >> _ReadNatively(self.config), None
        else:
            messages, receipts = pipeline | "pull" >> PullMessages(self.config)
            if self.config.id_attribute is not None:
                messages = messages | "drop repeated" >> _DropRepeated(self.config.id_attribute, self.config.id_seconds)
        parsed = messages | "parse" >> beam.ParDo(_ParseMessages(self.config)).with_outputs(FAILED, main="records")
        records = parsed["records"] | "records" >> typed(Record)
        failures = parsed[FAILED] | "failures" >> typed(DeadLetter)
        return PubSubOutcome(records, failures, receipts)


class _DropRepeated(beam.PTransform[PCollection[Message], PCollection[Message]]):
    """Drops messages whose attribute has the value of an earlier one."""

    def __init__(self, attribute: str, seconds: float) -> None:
        super().__init__()
        self.attribute = attribute
        self.seconds = seconds

    def expand(self, messages: PCollection[Message]) -> PCollection[Message]:
        first = beam.ParDo(FirstOfKey("same message", self.seconds)).with_input_types(tuple[str, Message])
        fresh: PCollection[Message] = (
            messages
            | "key" >> beam.Map(_keyed, self.attribute).with_output_types(tuple[str, Message])
            | "first" >> first.with_output_types(Message)
        )
        return fresh


def _keyed(message: Message, attribute: str) -> tuple[str, Message]:
    value = message.attributes.get(attribute)
    return f"attribute {value}" if value else f"message {message.message_id}", message


class _ReadNatively(beam.PTransform[Any, PCollection[Message]]):
    """Has the runner read; it acknowledges what it has committed."""

    def __init__(self, config: PubSubConfig) -> None:
        super().__init__()
        self.config = config

    def expand(self, pipeline: Any) -> PCollection[Message]:
        read = beam.io.ReadFromPubSub(
            topic=self.config.topic,
            subscription=self.config.subscription,
            id_label=self.config.id_attribute,
            with_attributes=True,
        )
        messages: PCollection[Message] = (
            pipeline | "read" >> read | "message" >> beam.Map(_from_native).with_output_types(Message)
        )
        return messages


def _from_native(message: Any) -> Message:
    return Message(
        data=message.data,
        attributes=dict(message.attributes or {}),
        message_id=message.message_id or "",
        published_at=message.publish_time,
    )
