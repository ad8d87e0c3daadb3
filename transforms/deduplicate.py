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

from transforms.coders import StructCoder, struct_coder, typed
from transforms.memory import Seen
from transforms.outcomes import utc_now
from transforms.records import Record
from transforms.spool import Place, SpoolReader, SpoolWriter

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


class Held(msgspec.Struct, frozen=True, array_like=True):
    """An article as it passes the shuffle: what is compared of it, and the rest, or where that lies."""

    id: str
    by_content: bool
    """Whether the text is long enough to be compared by its content."""
    length: int
    """Characters of the text."""
    url: str | None
    title: str | None
    content_hash: str
    feed_url: str | None
    body: bytes | Place
    """The whole record, encoded; or where in the spool that lies."""

    @property
    def content(self) -> str | None:
        """What exact duplicates share, as `content_key` of the record."""
        return self.content_hash if self.by_content else None


def held(record: Record, body: bytes | Place) -> Held:
    """Return what passes the shuffle of `record`, whose encoded whole is, or lies at, `body`."""
    by_content = content_key(record) is not None
    url, title, feed_url = record.url, record.title, record.source.feed_url
    return Held(record.id, by_content, len(record.text), url, title, record.content_hash, feed_url, body)


def fullest(articles: Iterable[Held]) -> list[Held]:
    """Return `articles` ordered, the one to keep first: the longest text, then what any runner would choose alike."""
    return sorted(
        articles, key=lambda a: (-a.length, a.id, a.url or "", a.title or "", a.content_hash, a.feed_url or "")
    )


def first_seen(article: Held) -> Seen:
    """Return what the memory keeps of an article met now."""
    return Seen(id=article.id, content=article.content, feed_url=article.feed_url, at=utc_now())


class Candidate(msgspec.Struct, frozen=True, array_like=True):
    """What is compared under one key: an article of this run, or what the memory knows of one."""

    article: Held | None = None
    seen: Seen | None = None


struct_coder(Held)
struct_coder(Candidate)


class _LayAside(beam.DoFn):
    """Records to what passes the shuffle of them; the whole goes along, or into the spool where there is one."""

    def __init__(self, spool: str | None) -> None:
        self.spool = spool
        self.coder = StructCoder(Record)
        self.writer: SpoolWriter | None = None

    def process(self, record: Record) -> Iterator[Held]:
        body = self.coder.encode(record)
        if self.spool is None:
            yield held(record, body)
            return
        if self.writer is None:
            self.writer = SpoolWriter(self.spool)
        yield held(record, self.writer.put(body))

    def finish_bundle(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None


class _TakeUp(beam.DoFn):
    """What has passed the shuffle to records."""

    def __init__(self, spool: str | None) -> None:
        self.spool = spool
        self.coder = StructCoder(Record)

    def start_bundle(self) -> None:
        self.reader = SpoolReader(self.spool or "")

    def process(self, article: Held) -> Iterator[Record]:
        body = self.reader.get(article.body) if isinstance(article.body, Place) else article.body
        record: Record = self.coder.decode(body)
        yield record

    def finish_bundle(self) -> None:
        self.reader.close()


class _Group(beam.PTransform[Any, Any]):
    """Groups articles and what the memory knows by a key.

    `beam.CoGroupByKey` does the same, but forgets the types of what it groups: it would all pass the shuffle pickled.

    Args:
      of_article: key of an article.
      of_seen: key of a row of the memory.
    """

    def __init__(self, of_article: Callable[[Held], str], of_seen: Callable[[Seen], Any]) -> None:
        super().__init__()
        self.of_article = of_article
        self.of_seen = of_seen

    def expand(self, inputs: tuple[PCollection[Held], PCollection[Seen]]) -> Any:
        of_article, of_seen = self.of_article, self.of_seen
        articles, seen = inputs
        both = (
            articles
            | "articles"
            >> beam.Map(lambda article: (of_article(article), Candidate(article=article))).with_output_types(
                tuple[str, Candidate]
            ),
            seen
            | "memory"
            >> beam.Map(lambda row: (of_seen(row), Candidate(seen=row))).with_output_types(tuple[str, Candidate]),
        )
        return both | "both" >> beam.Flatten() | beam.GroupByKey()


class _KeepOne(beam.DoFn):
    """Keeps one of the articles that share a key, and none where the memory has the key."""

    def __init__(self, reason: str, replay: bool) -> None:
        self.reason = reason
        self.replay = replay

    def process(self, element: tuple[str, Iterable[Candidate]]) -> Iterator[Held | TaggedOutput[Any, Any]]:
        candidates = list(element[1])
        remembered = [candidate.seen for candidate in candidates if candidate.seen is not None]
        articles = fullest(candidate.article for candidate in candidates if candidate.article is not None)
        known = bool(remembered) and not (self.replay and all(seen.failed for seen in remembered))
        if not known and articles:
            kept = articles.pop(0)
            yield kept
        for article in articles:
            reason = f"{self.reason} in an earlier run" if known else f"{self.reason} in this run"
            yield TaggedOutput(DUPLICATE, Duplicate(article.id, reason, article.feed_url))
            if known:
                failed = all(seen.failed for seen in remembered)
                yield TaggedOutput(SEEN, msgspec.structs.replace(first_seen(article), failed=failed))


class Deduplicate(beam.PTransform[PCollection[Record], DeduplicateOutcome]):
    """Keeps one record of each article.

    The input's records come with the memory's `Seen` rows. Of records that share an id or their exact content the
    fullest is kept, so the result does not depend on the order in which a runner delivers them.

    Args:
      remembered: what earlier runs have seen.
      replay: let articles through that the memory knows only as failed.
      spool: a folder that all workers share, for the articles to wait in while only what is compared of them passes the
        shuffle; None where there is no such folder: they then pass the shuffle whole.
    """

    def __init__(self, remembered: PCollection[Seen], *, replay: bool = False, spool: str | None = None) -> None:
        super().__init__()
        self.remembered = remembered
        self.replay = replay
        self.spool = spool

    def expand(self, records: PCollection[Record]) -> DeduplicateOutcome:
        articles = records | "lay aside" >> beam.ParDo(_LayAside(self.spool)).with_output_types(Held)
        by_id = (
            (articles, self.remembered)
            | "group by id" >> _Group(lambda article: article.id, lambda seen: seen.id)
            | "one per id" >> beam.ParDo(_KeepOne("same id", self.replay)).with_outputs(DUPLICATE, SEEN, main="kept")
        )
        kept = by_id["kept"] | "kept" >> typed(Held)
        with_content = self.remembered | "with content" >> beam.Filter(lambda seen: seen.content is not None)
        by_content = (
            (kept, with_content)
            | "group by content" >> _Group(lambda article: article.content or article.id, lambda seen: seen.content)
            | "one per content"
            >> beam.ParDo(_KeepOne("same content", self.replay)).with_outputs(DUPLICATE, SEEN, main="kept")
        )
        fresh = by_content["kept"] | "fresh" >> typed(Held)
        seen = (
            by_id[SEEN] | "seen by id" >> typed(Seen),
            by_content[SEEN] | "seen by content" >> typed(Seen),
            fresh | "remember" >> beam.Map(first_seen).with_output_types(Seen),
        ) | "all seen" >> beam.Flatten()
        duplicates = (by_id[DUPLICATE], by_content[DUPLICATE]) | "all duplicates" >> beam.Flatten()
        taken_up = fresh | "take up" >> beam.ParDo(_TakeUp(self.spool)).with_output_types(Record)
        return DeduplicateOutcome(taken_up, duplicates, seen)
