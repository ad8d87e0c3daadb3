"""Reads messages from Pub/Sub and acknowledges them once what became of them is stored.

A message is taken by a splittable DoFn and leaves it twice: as a `Message`, to become records, and, by the batch, as a
`Receipt`. `AcknowledgeStored` keeps the receipts in Beam state until the watermark of the sinks has passed the
messages' time of arrival, renews their leases meanwhile, and only then acknowledges them. A crash at any point before
leaves them unacknowledged, so they come again.

Why not in bundle finalisation, which Beam offers for this: a runner calls it when it has the source's bundle itself,
which on Prism is in memory and about 20 ms after the pull, before any sink has seen the messages. The watermark says
what is meant, on every runner alike.

Event time is the time of arrival, so a message is never late, however old the article in it is.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.coders import BytesCoder
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Duration, Timestamp
from google.api_core import exceptions

from transforms.coders import StructCoder, struct_coder, typed
from transforms.endless import IN_FLIGHT, EndlessRestrictions, advance, with_what_is_stored
from transforms.outcomes import NAMESPACE
from transforms.pubsub.client import TRANSIENT, emulator_host, ensure_subscription, patiently, subscriber
from transforms.pubsub.config import PubSubConfig

RECEIPTS = "receipts"
PULL_SECONDS = 5.0
"""A pull without messages is given up after this, so that an idle source still moves the watermark."""
NEXT_SECONDS = 0.1
"""Pause between two pulls. Never 0: Flink ends the bundle under way before a checkpoint, and a remainder that is due at
once begins the next one there and then, so that no checkpoint would ever be completed."""
AWAY_SECONDS = 1.0
"""Pause after a pull that failed."""
FULL_SECONDS = 0.2
"""Pause when too much is not acknowledged yet."""
MODIFY_AT_ONCE = 1000
"""Most ack ids in one request; its size is limited to 512 KiB."""

_log = logging.getLogger(__name__)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A Pub/Sub message as received."""

    data: bytes
    attributes: dict[str, str]
    message_id: str
    published_at: dt.datetime


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to acknowledge the messages of one pull."""

    subscription: str
    ack_ids: list[str]


struct_coder(Message)
struct_coder(Receipt)


class _PullRestrictions(EndlessRestrictions):
    def initial_restriction(self, element: int) -> bytes:
        return b"pull"  # not empty: Beam takes a falsy remainder for none

    def restriction_coder(self) -> BytesCoder:
        return BytesCoder()


class _Pull(beam.DoFn):
    """Pulls one batch a bundle, for ever."""

    def __init__(self, config: PubSubConfig) -> None:
        self.config = config
        self.host = emulator_host(config.emulator)
        self.subscription = config.subscription_path()
        self.received = Metrics.counter(NAMESPACE, "pubsub/received")
        self.failed_pulls = Metrics.counter(NAMESPACE, "pubsub/failed pulls")

    def setup(self) -> None:
        if self.config.topic is not None:
            topic, lease = self.config.topic, self.config.lease_seconds
            patiently(
                "making the subscription",
                lambda: ensure_subscription(self.host, self.subscription, topic, lease),
                60,
            )

    @beam.DoFn.unbounded_per_element()  # type: ignore[untyped-decorator]
    def process(
        self,
        puller: int,
        tracker: Any = beam.DoFn.RestrictionParam(_PullRestrictions()),
        watermark: Any = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider()),
    ) -> Iterator[Any]:
        if not tracker.try_claim(0):
            return
        if IN_FLIGHT.draining or IN_FLIGHT.messages() >= self.config.max_outstanding:
            advance(watermark)
            tracker.defer_remainder(Duration(seconds=FULL_SECONDS))
            return
        pause = NEXT_SECONDS
        try:
            received = self._pull()
        except TRANSIENT as error:
            _log.warning("pull from %s failed: %s", self.subscription, type(error).__name__, extra={"stage": "read"})
            self.failed_pulls.inc()
            received, pause = [], AWAY_SECONDS
        arrived = advance(watermark)
        if received:
            self.received.inc(len(received))
            receipt = Receipt(subscription=self.subscription, ack_ids=[one.ack_id for one in received])
            key = uuid.uuid4().hex
            IN_FLIGHT.pulled(key, self.config.lease_seconds)
            yield TaggedOutput(RECEIPTS, TimestampedValue((key, receipt), arrived))
            for one in received:
                yield TimestampedValue(_message(one.message), arrived)
        tracker.defer_remainder(Duration(seconds=pause))

    def _pull(self) -> list[Any]:
        """Return what is there, its lease prolonged, or an empty list after a short wait."""
        client = subscriber(self.host)
        try:
            answer = client.pull(
                request={"subscription": self.subscription, "max_messages": self.config.max_messages},
                retry=None,
                timeout=PULL_SECONDS,
            )
        except exceptions.DeadlineExceeded:
            return []
        received = list(answer.received_messages)
        if received:
            extend(self.host, self.subscription, [one.ack_id for one in received], self.config.lease_seconds)
        return received


def _message(message: Any) -> Message:
    return Message(
        data=message.data,
        attributes=dict(message.attributes),
        message_id=message.message_id,
        published_at=dt.datetime.fromtimestamp(message.publish_time.timestamp(), dt.timezone.utc),
    )


def extend(host: str | None, subscription: str, ack_ids: list[str], seconds: int) -> None:
    """Have the server wait `seconds` from now before it sends these messages again."""
    for chunk in _chunks(ack_ids):
        subscriber(host).modify_ack_deadline(
            request={"subscription": subscription, "ack_ids": chunk, "ack_deadline_seconds": seconds},
            retry=None,
            timeout=PULL_SECONDS,
        )


def acknowledge(host: str | None, subscription: str, ack_ids: list[str]) -> None:
    """Tell the server that these messages are done with; patient while it can't be reached."""
    for chunk in _chunks(ack_ids):
        patiently("acknowledging", lambda chunk=chunk: _acknowledge(host, subscription, chunk), 60)  # type: ignore[misc]


def _acknowledge(host: str | None, subscription: str, ack_ids: list[str]) -> None:
    request = {"subscription": subscription, "ack_ids": ack_ids}
    subscriber(host).acknowledge(request=request, retry=None, timeout=PULL_SECONDS)


def _chunks(ack_ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ack_ids), MODIFY_AT_ONCE):
        yield ack_ids[start : start + MODIFY_AT_ONCE]


class PullMessages(beam.PTransform[Any, tuple[PCollection[Message], PCollection[tuple[str, Receipt]]]]):
    """Pulls messages for ever: returns `Message`s and the receipts for `AcknowledgeStored`."""

    def __init__(self, config: PubSubConfig) -> None:
        super().__init__()
        self.config = config

    def expand(self, pipeline: Any) -> tuple[PCollection[Message], PCollection[tuple[str, Receipt]]]:
        pulled = (
            pipeline
            | "pullers" >> beam.Create(range(self.config.pullers))
            | "spread" >> beam.Reshuffle()
            | "pull" >> beam.ParDo(_Pull(self.config)).with_outputs(RECEIPTS, main="messages")
        )
        messages: PCollection[Message] = pulled["messages"] | "messages" >> typed(Message)
        receipts: PCollection[tuple[str, Receipt]] = pulled[RECEIPTS] | "receipts" >> typed(tuple[str, Receipt])
        return messages, receipts


class _AcknowledgeLater(beam.DoFn):
    """Keeps a receipt until the watermark has passed it, prolonging its leases by the clock."""

    RECEIPT = ReadModifyWriteStateSpec("receipt", StructCoder(Receipt))
    STORED = TimerSpec("stored", TimeDomain.WATERMARK)
    LEASE = TimerSpec("lease", TimeDomain.REAL_TIME)

    def __init__(self, config: PubSubConfig, longest_window: float) -> None:
        self.host = emulator_host(config.emulator)
        self.lease_seconds = config.lease_seconds
        self.wait = Duration(seconds=longest_window) + Duration(micros=1000)
        self.acknowledged = Metrics.counter(NAMESPACE, "pubsub/acknowledged")
        self.late = Metrics.counter(NAMESPACE, "pubsub/failed acknowledgements")

    def process(
        self,
        element: tuple[str, Receipt],
        arrived: Any = beam.DoFn.TimestampParam,
        receipt: Any = beam.DoFn.StateParam(RECEIPT),
        stored: Any = beam.DoFn.TimerParam(STORED),
        lease: Any = beam.DoFn.TimerParam(LEASE),
    ) -> None:
        key, value = element
        IN_FLIGHT.add(key, len(value.ack_ids), 2 * self.lease_seconds)
        receipt.write(value)
        stored.set(arrived + self.wait)
        lease.set(Timestamp.now() + Duration(seconds=self.lease_seconds / 2))

    @on_timer(LEASE)
    def prolong(
        self,
        key: Any = beam.DoFn.KeyParam,
        receipt: Any = beam.DoFn.StateParam(RECEIPT),
        lease: Any = beam.DoFn.TimerParam(LEASE),
    ) -> None:
        value: Receipt | None = receipt.read()
        if value is None:
            return
        IN_FLIGHT.add(key, len(value.ack_ids), 2 * self.lease_seconds)
        pause = self.lease_seconds / 2
        try:
            extend(self.host, value.subscription, value.ack_ids, self.lease_seconds)
        except exceptions.GoogleAPICallError as error:
            _log.warning("prolonging leases failed: %s", type(error).__name__, extra={"stage": "acknowledge"})
            pause = AWAY_SECONDS
        lease.set(Timestamp.now() + Duration(seconds=pause))

    @on_timer(STORED)
    def acknowledge(
        self,
        key: Any = beam.DoFn.KeyParam,
        receipt: Any = beam.DoFn.StateParam(RECEIPT),
        lease: Any = beam.DoFn.TimerParam(LEASE),
    ) -> None:
        value: Receipt | None = receipt.read()
        if value is not None:
            try:
                acknowledge(self.host, value.subscription, value.ack_ids)
                self.acknowledged.inc(len(value.ack_ids))
            except exceptions.GoogleAPICallError as error:
                # They come again and are dropped as duplicates: no reason to fail what is stored.
                _log.warning("acknowledging failed: %s", type(error).__name__, extra={"stage": "acknowledge"})
                self.late.inc(len(value.ack_ids))
        receipt.clear()
        lease.clear()
        IN_FLIGHT.remove(key)


class AcknowledgeStored(beam.PTransform[PCollection[tuple[str, Receipt]], PCollection[Any]]):
    """Acknowledges the messages of each receipt when everything that became of them is stored.

    Args:
      config: of the source that gave the receipts.
      stored: the outputs of all that writes: sinks and dead letters. Their elements don't matter, their watermarks do,
        so each must depend on the writing itself. A sink that keeps elements in state must hold the watermark for them.
      longest_window: seconds of the longest window that a sink collects before it writes: grouping moves elements to
        the end of their window, so the watermark must pass that too.
    """

    def __init__(self, config: PubSubConfig, stored: Iterable[PCollection[Any]], longest_window: float = 0) -> None:
        super().__init__()
        self.config = config
        self.stored = list(stored)
        self.longest_window = longest_window

    def expand(self, receipts: PCollection[tuple[str, Receipt]]) -> PCollection[Any]:
        acknowledged: PCollection[Any] = with_what_is_stored(
            receipts, self.stored, tuple[str, Receipt]
        ) | "acknowledge" >> beam.ParDo(_AcknowledgeLater(self.config, self.longest_window))
        return acknowledged
