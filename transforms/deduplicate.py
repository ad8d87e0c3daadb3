"""Drop articles that are already there: by id and by exact content, within a run and across runs (batch).

The memory between runs (`transforms/memory.py`) joins in as one more input, so nothing has to fit in one worker.
The streaming twin, on Beam state with timers, is `transforms/deduplicate_streaming.py`; both use `content_key`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PCollection, TaggedOutput

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


class _KeepOne(beam.DoFn):
    """Keeps one of the records that share a key, and none where the memory has the key."""

    def __init__(self, reason: str, replay: bool) -> None:
        self.reason = reason
        self.replay = replay

    def process(self, element: tuple[str, dict[str, list[Any]]]) -> Iterator[Record | TaggedOutput[Any, Any]]:
        _, groups = element
        remembered: list[Seen] = list(groups["seen"])
        records = fullest(groups["records"])
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
            {
                "records": records | "key by id" >> beam.WithKeys(lambda r: r.id).with_output_types(tuple[str, Record]),
                "seen": self.remembered | "memory by id" >> beam.WithKeys(lambda s: s.id),
            }
            | "group by id" >> beam.CoGroupByKey()
            | "one per id" >> beam.ParDo(_KeepOne("same id", self.replay)).with_outputs(DUPLICATE, SEEN, main="records")
        )
        by_content = (
            {
                "records": by_id["records"]
                | "key by content"
                >> beam.WithKeys(lambda r: content_key(r) or r.id).with_output_types(tuple[str, Record]),
                "seen": self.remembered
                | "with content" >> beam.Filter(lambda s: s.content is not None)
                | "memory by content" >> beam.WithKeys(lambda s: s.content),
            }
            | "group by content" >> beam.CoGroupByKey()
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
