"""Drop articles that are already there: by id and by exact content, within a run and across runs (batch).

The memory between runs (`transforms/memory.py`) joins in as one more input, so nothing has to fit in one worker.
The streaming twin, on Beam state with timers, is `transforms/deduplicate_streaming.py`; both use `content_key`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PCollection, TaggedOutput

from transforms.coders import struct_coder
from transforms.memory import Seen
from transforms.outcomes import utc_now
from transforms.records import Record

MIN_CONTENT_CHARS = 100
"""Shorter texts (photo captions, teasers, `Read more`) may be alike by chance and are compared by id only."""

DUPLICATE = "duplicate"
SEEN = "seen"


class Duplicate(NamedTuple):
    """An article that was dropped."""

    id: str
    reason: str
    feed_url: str | None


class DeduplicateOutcome(NamedTuple):
    """The outputs of `Deduplicate`."""

    records: PCollection[Record]
    duplicates: PCollection[Duplicate]
    seen: PCollection[Seen]


def content_key(record: Record) -> str | None:
    """Return what exact duplicates share, or None for a text too short to be compared by its content."""
    return record.content_hash if len(record.text) >= MIN_CONTENT_CHARS else None


def fullest(records: Iterable[Record]) -> list[Record]:
    """Return `records` ordered, the one to keep first: the longest text, then what any runner would choose alike."""
    return sorted(
        records,
        key=lambda r: (-len(r.text), r.id, r.url or "", r.title or "", r.content_hash, r.source.feed_url or ""),
    )


def first_seen(record: Record) -> Seen:
    """Return what the memory keeps of an article met now."""
    return Seen(id=record.id, content=content_key(record), feed_url=record.source.feed_url, at=utc_now())


class Candidate(msgspec.Struct, frozen=True):
    """What is compared under one key: an article of this run, or what the memory knows of one."""

    record: Record | None = None
    seen: Seen | None = None


struct_coder(Candidate)


class _Group(beam.PTransform[Any, Any]):
    """Groups articles and what the memory knows by a key.

    `beam.CoGroupByKey` does the same, but forgets the types of what it groups: records would pass the shuffle pickled,
    at more than twice their size as `StructCoder` writes them.

    Args:
      of_record: key of an article.
      of_seen: key of a row of the memory.
    """

    def __init__(self, of_record: Callable[[Record], str], of_seen: Callable[[Seen], Any]) -> None:
        super().__init__()
        self.of_record = of_record
        self.of_seen = of_seen

    def expand(self, inputs: tuple[PCollection[Record], PCollection[Seen]]) -> Any:
        of_record, of_seen = self.of_record, self.of_seen
        records, seen = inputs
        both = (
            records
            | "articles"
            >> beam.Map(lambda record: (of_record(record), Candidate(record=record))).with_output_types(
                tuple[str, Candidate]
            ),
            seen
            | "memory"
            >> beam.Map(lambda row: (of_seen(row), Candidate(seen=row))).with_output_types(tuple[str, Candidate]),
        )
        return both | "both" >> beam.Flatten() | beam.GroupByKey()


def _same(value: Any) -> Any:
    """Give a tagged output, which carries no type of its own, one."""
    return value


class _KeepOne(beam.DoFn):
    """Keeps one of the records that share a key, and none where the memory has the key."""

    def __init__(self, reason: str, replay: bool) -> None:
        self.reason = reason
        self.replay = replay

    def process(self, element: tuple[str, Iterable[Candidate]]) -> Iterator[Record | TaggedOutput[Any, Any]]:
        candidates = list(element[1])
        remembered = [candidate.seen for candidate in candidates if candidate.seen is not None]
        records = fullest(candidate.record for candidate in candidates if candidate.record is not None)
        known = bool(remembered) and not (self.replay and all(seen.failed for seen in remembered))
        if not known and records:
            kept = records.pop(0)
            yield kept
        for record in records:
            reason = f"{self.reason} in an earlier run" if known else f"{self.reason} in this run"
            yield TaggedOutput(DUPLICATE, Duplicate(record.id, reason, record.source.feed_url))
            if known:
                failed = all(seen.failed for seen in remembered)
                yield TaggedOutput(SEEN, msgspec.structs.replace(first_seen(record), failed=failed))


class Deduplicate(beam.PTransform[PCollection[Record], DeduplicateOutcome]):
    """Keeps one record of each article.

    The input's records come with the memory's `Seen` rows. Of records that share an id or their exact content the
    fullest is kept, so the result does not depend on the order in which a runner delivers them.

    Args:
      remembered: what earlier runs have seen.
      replay: let articles through that the memory knows only as failed.
    """

    def __init__(self, remembered: PCollection[Seen], *, replay: bool = False) -> None:
        super().__init__()
        self.remembered = remembered
        self.replay = replay

    def expand(self, records: PCollection[Record]) -> DeduplicateOutcome:
        by_id = (
            (records, self.remembered)
            | "group by id" >> _Group(lambda record: record.id, lambda seen: seen.id)
            | "one per id" >> beam.ParDo(_KeepOne("same id", self.replay)).with_outputs(DUPLICATE, SEEN, main="records")
        )
        kept = by_id["records"] | "kept" >> beam.Map(_same).with_output_types(Record)
        with_content = self.remembered | "with content" >> beam.Filter(lambda seen: seen.content is not None)
        by_content = (
            (kept, with_content)
            | "group by content" >> _Group(lambda record: content_key(record) or record.id, lambda seen: seen.content)
            | "one per content"
            >> beam.ParDo(_KeepOne("same content", self.replay)).with_outputs(DUPLICATE, SEEN, main="records")
        )
        fresh = by_content["records"]
        seen = (
            by_id[SEEN],
            by_content[SEEN],
            fresh | "remember" >> beam.Map(first_seen).with_output_types(Seen),
        ) | "all seen" >> beam.Flatten()
        duplicates = (by_id[DUPLICATE], by_content[DUPLICATE]) | "all duplicates" >> beam.Flatten()
        return DeduplicateOutcome(fresh, duplicates, seen)
