"""Drop articles that are already there, in a stream: by id and by exact content, remembered in Beam state for a while.

The batch twin is `transforms/deduplicate.py`; both compare the same things. A stream keeps the first that arrives, as
it can't know what comes later, where a batch run keeps the fullest.

State: one flag and one timer for each id, and for each content long enough to be compared, both gone `ttl` after the
article was last met. What is kept is bounded by the number of different articles in that time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.coders import BooleanCoder
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Duration

from transforms.deduplicate import DUPLICATE, Duplicate, content_key
from transforms.outcomes import NAMESPACE
from transforms.records import Record


class StreamDeduplicateOutcome(NamedTuple):
    """The outputs of `DeduplicateStream`."""

    records: PCollection[Record]
    duplicates: PCollection[Duplicate]


LONG_PAST = Duration(seconds=3600)


class FirstOfKey(beam.DoFn):
    """Passes the first value of its key; others go to the output `DUPLICATE`, until `ttl` seconds are without one.

    The timer is one of event time, which in streaming is the time of arrival: a timer of processing time would hold
    the watermark at the element for the whole `ttl`, and nothing could be acknowledged.

    A second timer, one a bundle and due at once, is there for Flink. While a bundle is under way Beam's Flink runner
    (`ExecutableStageDoFnOperator.applyOutputWatermarkHold`) lets the watermark pass up to the earliest timer that the
    bundle before has set, and takes what the bundle still emits for late. With timers in the far future alone it would
    let all of it pass: windows would close and messages be acknowledged too early, and articles be dropped. With one in
    the past it waits for the end of the bundle.
    """

    MET = ReadModifyWriteStateSpec("met", BooleanCoder())
    FORGET = TimerSpec("forget", TimeDomain.WATERMARK)
    HOLD = TimerSpec("hold", TimeDomain.WATERMARK)

    def __init__(self, reason: str, ttl: float) -> None:
        self.ttl = Duration(seconds=ttl)
        self.dropped = Metrics.counter(NAMESPACE, f"deduplicate/{reason}")

    def start_bundle(self) -> None:
        self.held = False

    def process(
        self,
        element: tuple[str, Any],
        arrived: Any = beam.DoFn.TimestampParam,
        met: Any = beam.DoFn.StateParam(MET),
        forget: Any = beam.DoFn.TimerParam(FORGET),
        hold: Any = beam.DoFn.TimerParam(HOLD),
    ) -> Iterator[Any]:
        _, value = element
        if not self.held:
            hold.set(arrived - LONG_PAST)
            self.held = True
        known = met.read()
        met.write(True)
        forget.set(arrived + self.ttl)
        if known:
            self.dropped.inc()
            yield TaggedOutput(DUPLICATE, value)
        else:
            yield value

    @on_timer(FORGET)
    def forgotten(self, met: Any = beam.DoFn.StateParam(MET)) -> None:
        met.clear()

    @on_timer(HOLD)
    def held_no_longer(self) -> None:
        """Do nothing: that it was set is all."""


def _keyed(record: Record, key: Callable[[Record], str]) -> tuple[str, Record]:
    return key(record), record  # beam.WithKeys would lose the key's type, and with it its coder


def _duplicate(record: Record, reason: str) -> Duplicate:
    return Duplicate(record.id, f"{reason} in the stream", record.source.feed_url)


class DeduplicateStream(beam.PTransform[PCollection[Record], StreamDeduplicateOutcome]):
    """Keeps the first record of each article, for runners with state and timers.

    Args:
      ttl: seconds for which an article is remembered after it was last met.
    """

    def __init__(self, ttl: float) -> None:
        super().__init__()
        if ttl <= 0:
            raise ValueError(f"ttl must be more than 0 seconds, not {ttl}")
        self.ttl = ttl

    def expand(self, records: PCollection[Record]) -> StreamDeduplicateOutcome:
        fresh, by_id = self._firsts(records, "same id", lambda record: record.id)
        fresh, by_content = self._firsts(fresh, "same content", lambda record: content_key(record) or record.id)
        return StreamDeduplicateOutcome(fresh, (by_id, by_content) | "all duplicates" >> beam.Flatten())

    def _firsts(
        self, records: PCollection[Record], reason: str, key: Callable[[Record], str]
    ) -> tuple[PCollection[Record], PCollection[Duplicate]]:
        first = beam.ParDo(FirstOfKey(reason, self.ttl)).with_input_types(tuple[str, Record])
        told = (
            records
            | f"key, {reason}" >> beam.Map(_keyed, key).with_output_types(tuple[str, Record])
            | f"first, {reason}" >> first.with_outputs(DUPLICATE, main="records")
        )
        fresh: PCollection[Record] = told["records"] | f"fresh, {reason}" >> beam.Map(
            lambda record: record
        ).with_output_types(Record)
        duplicates: PCollection[Duplicate] = told[DUPLICATE] | f"duplicates, {reason}" >> beam.Map(_duplicate, reason)
        return fresh, duplicates
