"""What every stage does with what it can't pass on: dead letters and filtered records, each counted.

A stage never raises because of an element. It emits the element's successor, or a `DeadLetter` on the output tagged
`FAILED`, or a `(reason, record)` pair on the output tagged `FILTERED`.
"""

from __future__ import annotations

import base64
import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
from apache_beam import DoFn
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput

import transforms.coders  # noqa: F401  # registers the coders of Record and DeadLetter
from transforms.records import DeadLetter, Record

FAILED = "failed"
FILTERED = "filtered"
NAMESPACE = "newsbeam"
"""Namespace of all Beam counters of newsbeam."""

_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """The outputs of a stage."""

    records: PCollection[Record]
    failures: PCollection[DeadLetter]


def utc_now() -> dt.datetime:
    """Return the current time in UTC, to the second."""
    return dt.datetime.now(dt.timezone.utc).replace(microsecond=0)


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it; bytes become `{"data": base64}`."""
    if isinstance(value, bytes):
        return {"data": base64.b64encode(value).decode("ascii")}
    return msgspec.to_builtins(value)


def dead_letter(stage: str, kind: str, value: Any, error: BaseException | str) -> DeadLetter:
    """Return the dead letter of an input that `stage` could not handle.

    Args:
      stage: name of the stage.
      kind: what `value` is: `record`, `line`, `feed` or `message`.
      value: the whole input: a Struct, a dict or bytes.
      error: the exception, or a sentence.
    """
    message = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    message = " ".join(message.split())
    article = value.get("id") if isinstance(value, dict) else getattr(value, "id", None)
    # messages of libraries quote what they were given, and no article text is logged at INFO
    reason = "refused" if isinstance(error, str) else type(error).__name__
    _log.info("%s became a dead letter: %s", kind, reason, extra={"stage": stage, "article": article})
    _log.debug("the dead letter's error: %s", message, extra={"stage": stage, "article": article})
    return DeadLetter(stage=stage, error=message, kind=kind, input=plain(value), at=utc_now())


def time_taken(stage: str) -> Any:
    """Return Beam's distribution of the time that `stage` takes for an article, to be updated in microseconds."""
    return Metrics.distribution(NAMESPACE, f"{stage}/microseconds an article")


class GuardedMap(DoFn):
    """Applies `function` to each record; a record it raises on becomes a dead letter."""

    def __init__(self, stage: str, function: Callable[[Record], Record]) -> None:
        self.stage = stage
        self.function = function
        self.failed = Metrics.counter(NAMESPACE, f"{stage}/failed")
        self.taken = time_taken(stage)

    def process(self, record: Record) -> Iterator[Record | TaggedOutput[Any, Any]]:
        started = time.perf_counter()
        try:
            result = self.function(record)
        except Exception as error:
            self.failed.inc()
            yield TaggedOutput(FAILED, dead_letter(self.stage, "record", record, error))
            return
        self.taken.update(int((time.perf_counter() - started) * 1e6))
        yield result
