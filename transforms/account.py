"""The account of a run: where every entry went, counted from the collections themselves, so that it balances.

The same numbers are Beam counters, which a runner may show while the job runs; those may count a retried bundle twice,
the account never does.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection

from transforms import live
from transforms.deduplicate import Duplicate
from transforms.feeds.read import FeedFetch
from transforms.outcomes import NAMESPACE
from transforms.records import DeadLetter, Record

TOP_ENTITIES = 20
"""Entities that the summary names."""

TOP_ERRORS = 20
"""Errors of dead letters that the summary names, each cut to `LONGEST_ERROR` characters."""

LONGEST_ERROR = 200

Tally = tuple[str, str]
"""What is counted: a group (`records`, `language` …) and a name in it (empty where the group has only one)."""


class FeedFailure(msgspec.Struct, frozen=True):
    """A feed that could not be had."""

    feed_url: str
    error: str


class EntityCount(msgspec.Struct, frozen=True):
    """An entity and in how many records it is named."""

    name: str
    label: str
    records: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The account of a run, written to `summary.json`. `entries = records + duplicates + filtered + dead_letters`."""

    run: str
    started_at: dt.datetime
    seconds: float
    feeds: dict[str, int]
    """Feeds by status: `fetched`, `unchanged`, `failed`."""
    entries: int
    records: int
    duplicates: int
    filtered: int
    dead_letters: int
    """Entries that became dead letters. Feeds that did are counted in `feeds`."""
    balanced: bool
    repaired: int
    """Records whose text was edited."""
    edits: int
    duplicates_by_reason: dict[str, int]
    filtered_by_reason: dict[str, int]
    dead_letters_by_stage: dict[str, int]
    languages: dict[str, int]
    edits_by_rule: dict[str, int]
    entities: list[EntityCount]
    failed_feeds: list[FeedFailure]
    errors: dict[str, int] = {}
    """Why entries became dead letters: stage and error, the most frequent ones."""

    @property
    def nothing_read(self) -> bool:
        """Whether something came in and all of it failed: no feed was had, and no entry became anything else."""
        read = self.feeds["fetched"] + self.feeds["unchanged"]
        return read == 0 and self.entries == self.dead_letters and self.entries + self.feeds["failed"] > 0


def of_record(record: Record) -> Iterator[tuple[Tally, int]]:
    """Yield what one record adds to the account."""
    yield ("records", ""), 1
    yield ("language", record.language.code), 1
    if record.edits:
        yield ("repaired", ""), 1
        for rule, count in Counter(edit.rule for edit in record.edits).items():
            yield ("edits", rule), count
    for label, name in {(entity.label, entity.name) for entity in record.entities}:
        yield ("entity", f"{label} {name}"), 1


def of_duplicate(duplicate: Duplicate) -> Iterator[tuple[Tally, int]]:
    """Yield what one dropped duplicate adds to the account."""
    yield ("duplicates", duplicate.reason), 1


def of_filtered(filtered: tuple[str, Record]) -> Iterator[tuple[Tally, int]]:
    """Yield what one filtered record adds to the account."""
    yield ("filtered", filtered[0]), 1


def of_failure(letter: DeadLetter) -> Iterator[tuple[Tally, int]]:
    """Yield what one dead letter adds to the account; a feed that failed is no entry."""
    if letter.kind != "feed":
        yield ("dead_letters", letter.stage), 1
        yield ("error", f"{letter.stage}: {letter.error[:LONGEST_ERROR]}"), 1


def of_fetch(fetch: FeedFetch) -> Iterator[tuple[Tally, int]]:
    """Yield what one fetch adds to the account."""
    yield ("feeds", fetch.status), 1
    if fetch.status == "failed":
        yield ("failed feed", f"{fetch.feed_url}\n{fetch.error or ''}"), 1


def of_entry(record: Record) -> Iterator[tuple[Tally, int]]:
    """Yield what one article from the source adds to the account."""
    yield ("entries", ""), 1


def of_lost_entry(letter: DeadLetter) -> Iterator[tuple[Tally, int]]:
    """Yield what one dead letter of the source adds to the account: it was an entry, too."""
    if letter.kind != "feed":
        yield ("entries", ""), 1


class _Count(beam.DoFn):
    """Turns elements into tallies, and counts them for Beam and for the progress line."""

    def __init__(self, tallies: Any) -> None:
        self.tallies = tallies

    def process(self, element: Any) -> Iterator[tuple[Tally, int]]:
        for tally, count in self.tallies(element):
            if tally[0] not in ("entity", "failed feed", "error"):  # their names are without bound
                Metrics.counter(NAMESPACE, "/".join(filter(None, tally))).inc(count)
            live.add(tally[0], count)
            yield tally, count


class Account(beam.PTransform[Any, PCollection[tuple[Tally, int]]]):
    """Sums up the account of a run."""

    def expand(self, counted: tuple[PCollection[Any], ...]) -> PCollection[tuple[Tally, int]]:
        summed: PCollection[tuple[Tally, int]] = counted | beam.Flatten() | beam.CombinePerKey(sum)
        return summed


def count(tallies: Any) -> Any:
    """Return the transform that counts elements by `tallies`, one of the `of_…` functions above."""
    return beam.ParDo(_Count(tallies)).with_output_types(tuple[Tally, int])


def summarise(tallies: Iterable[tuple[Tally, int]], run: str, started: float) -> Summary:
    """Return the summary of a run from its tallies.

    Args:
      tallies: counts by group and name, each once.
      run: the run's name.
      started: Unix time at which it started.
    """
    groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (group, name), number in tallies:
        groups[group][name] += number
    total = {group: sum(names.values()) for group, names in groups.items()}
    entries, records = total.get("entries", 0), total.get("records", 0)
    duplicates, filtered = total.get("duplicates", 0), total.get("filtered", 0)
    dead_letters = total.get("dead_letters", 0)
    entities = sorted(groups["entity"].items(), key=lambda item: (-item[1], item[0]))[:TOP_ENTITIES]
    return Summary(
        run=run,
        started_at=dt.datetime.fromtimestamp(started, dt.timezone.utc).replace(microsecond=0),
        seconds=round(time.time() - started, 1),
        feeds={status: groups["feeds"][status] for status in ("fetched", "unchanged", "failed")},
        entries=entries,
        records=records,
        duplicates=duplicates,
        filtered=filtered,
        dead_letters=dead_letters,
        balanced=entries == records + duplicates + filtered + dead_letters,
        repaired=total.get("repaired", 0),
        edits=total.get("edits", 0),
        duplicates_by_reason=_by_count(groups["duplicates"]),
        filtered_by_reason=_by_count(groups["filtered"]),
        dead_letters_by_stage=_by_count(groups["dead_letters"]),
        languages=_by_count(groups["language"]),
        edits_by_rule=_by_count(groups["edits"]),
        entities=[_entity(name, number) for name, number in entities],
        failed_feeds=[FeedFailure(*name.split("\n", 1)) for name in sorted(groups["failed feed"])],
        errors=dict(list(_by_count(groups["error"]).items())[:TOP_ERRORS]),
    )


def _entity(tally: str, records: int) -> EntityCount:
    label, name = tally.split(" ", 1)
    return EntityCount(name, label, records)


def _by_count(names: Counter[str]) -> dict[str, int]:
    return dict(sorted(names.items(), key=lambda item: (-item[1], item[0])))
