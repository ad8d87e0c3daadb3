"""What a batch run remembers for the next: the articles seen, and each feed's validators.

Layout under `state.path`, on any Beam filesystem:

    CURRENT                      name of the run whose snapshot is in force
    seen-<run>-*.jsonl.gz        one `Seen` a line
    feeds-<run>-*.jsonl.gz       one `FeedValidators` a line
    PENDING.json                 only while a run is being committed (see transforms/commit.py)

A run reads the snapshot in force and writes a new one beside it; the switch is part of the run's commit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import AsIter, PCollection

from transforms.coders import struct_coder
from transforms.outcomes import utc_now

CURRENT = "CURRENT"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An article that a run has met."""

    id: str
    content: str | None
    feed_url: str | None
    at: dt.datetime
    failed: bool = False


class FeedValidators(msgspec.Struct, frozen=True, kw_only=True):
    """What makes the next request for a feed conditional."""

    feed_url: str
    etag: str | None
    last_modified: str | None
    at: dt.datetime


class Known(msgspec.Struct, frozen=True, array_like=True):
    """One thing that is known of an article when a run ends."""

    old: Seen | None = None
    """What was remembered before the run."""
    new: Seen | None = None
    """That the run has met it."""
    failed: bool = False
    """That it became a dead letter in this run."""


struct_coder(Seen)
struct_coder(FeedValidators)
struct_coder(Known)


class Memory(NamedTuple):
    """The memory as read at the start of a run."""

    seen: PCollection[Seen]
    validators: PCollection[FeedValidators]


def current_snapshot(path: str) -> str | None:
    """Return the name of the snapshot in force under `path`, or None before the first run."""
    pointer = FileSystems.join(path, CURRENT)
    if not FileSystems.exists(pointer):
        return None
    with FileSystems.open(pointer) as file:
        content: bytes = file.read()
    return content.decode().strip()


def snapshot_files(path: str, snapshot: str, name: str = "*") -> list[str]:
    """Return the files of a snapshot; `name` is `seen` or `feeds`."""
    (match,) = FileSystems.match([FileSystems.join(path, f"{name}-{snapshot}-*.jsonl.gz")])
    return [metadata.path for metadata in match.metadata_list]


def merge_seen(
    old: Iterable[Seen], new: Iterable[Seen], *, failed_now: bool, unchanged_feeds: frozenset[str], oldest: dt.datetime
) -> Seen | None:
    """Return the row to remember for one article, or None where it is older than the memory goes back.

    An article of a feed that answered "not modified" is still in that feed, so its row is as good as new.
    """
    row = next(iter(new), None)
    if row is None:
        row = max(old, key=lambda seen: seen.at)
        if row.feed_url in unchanged_feeds:
            row = msgspec.structs.replace(row, at=utc_now())
    if row.at < oldest:
        return None
    return msgspec.structs.replace(row, failed=True) if failed_now else row


def merge_validators(
    old: Iterable[FeedValidators], new: Iterable[FeedValidators], oldest: dt.datetime
) -> FeedValidators | None:
    """Return the validators to remember for one feed: the newest, or None where they have expired."""
    rows = sorted([*old, *new], key=lambda row: row.at)
    return rows[-1] if rows[-1].at >= oldest else None


class ReadMemory(beam.PTransform[Any, Memory]):
    """Reads the snapshot in force; both collections are empty before the first run.

    Args:
      path: the folder of the memory.
      empty: read nothing: a streaming job remembers in Beam's state.
    """

    def __init__(self, path: str, *, empty: bool = False) -> None:
        super().__init__()
        self.path = path
        self.empty = empty

    def expand(self, root: Any) -> Memory:
        snapshot = None if self.empty else current_snapshot(self.path)
        return Memory(self._rows(root, snapshot, "seen", Seen), self._rows(root, snapshot, "feeds", FeedValidators))

    def _rows(self, root: Any, snapshot: str | None, name: str, struct: type[Any]) -> PCollection[Any]:
        files = snapshot_files(self.path, snapshot, name) if snapshot else []
        lines = root | f"{name} files" >> beam.Create(files) | f"read {name}" >> beam.io.ReadAllFromText()
        rows: PCollection[Any] = lines | f"decode {name}" >> beam.Map(_Decode(struct)).with_output_types(struct)
        return rows


class _Decode:
    """Decodes a JSON line; a class because msgspec's decoders don't travel to workers."""

    def __init__(self, struct: type[Any]) -> None:
        self.struct = struct

    def __call__(self, line: str) -> Any:
        return msgspec.json.decode(line, type=self.struct)


def _known(keyed: Callable[[Any], tuple[str, Known]]) -> Any:
    return beam.Map(keyed).with_output_types(tuple[str, Known])


class MergeMemory(beam.PTransform[PCollection[Seen], Memory]):
    """Merges what was remembered with what this run has met.

    Args:
      remembered: the memory as read.
      seen: what this run has met.
      failed_ids: ids of articles that became dead letters in this run.
      unchanged_feeds: addresses that answered "not modified".
      validators: what this run's fetches returned.
      ttl: how long an article or a feed that is not met again is remembered.
    """

    def __init__(
        self,
        remembered: Memory,
        *,
        failed_ids: PCollection[str],
        unchanged_feeds: PCollection[str],
        validators: PCollection[FeedValidators],
        ttl: dt.timedelta,
    ) -> None:
        super().__init__()
        self.remembered = remembered
        self.failed_ids = failed_ids
        self.unchanged_feeds = unchanged_feeds
        self.validators = validators
        self.ttl = ttl

    def expand(self, seen: PCollection[Seen]) -> Memory:
        oldest = utc_now() - self.ttl

        def merged_seen(element: tuple[str, Iterable[Known]], unchanged: Iterable[str]) -> Iterator[Seen]:
            known = list(element[1])
            old = [item.old for item in known if item.old is not None]
            new = [item.new for item in known if item.new is not None]
            failed_now = any(item.failed for item in known)
            if not old and not new:
                return
            row = merge_seen(old, new, failed_now=failed_now, unchanged_feeds=frozenset(unchanged), oldest=oldest)
            if row is not None:
                yield row

        def merged_validators(element: tuple[str, dict[str, list[Any]]]) -> Iterator[FeedValidators]:
            row = merge_validators(element[1]["old"], element[1]["new"], oldest)
            if row is not None:
                yield row

        # keyed with their types told: `beam.CoGroupByKey` would pickle all this, at three times the size
        known = (
            self.remembered.seen | "old by id" >> _known(lambda row: (row.id, Known(old=row))),
            seen | "new by id" >> _known(lambda row: (row.id, Known(new=row))),
            self.failed_ids | "failed by id" >> _known(lambda id: (id, Known(failed=True))),
        )
        rows = (
            known
            | "all known" >> beam.Flatten()
            | "group seen" >> beam.GroupByKey()
            | "merge seen" >> beam.FlatMap(merged_seen, AsIter(self.unchanged_feeds)).with_output_types(Seen)
        )
        validators = (
            {
                "old": self.remembered.validators | "old by feed" >> beam.WithKeys(lambda v: v.feed_url),
                "new": self.validators | "new by feed" >> beam.WithKeys(lambda v: v.feed_url),
            }
            | "group feeds" >> beam.CoGroupByKey()
            | "merge feeds" >> beam.FlatMap(merged_validators).with_output_types(FeedValidators)
        )
        return Memory(rows, validators)
