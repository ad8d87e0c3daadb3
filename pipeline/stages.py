"""The stages whose shape depends on the configuration: what is read, what is written, and how a run ends."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection
from apache_beam.transforms.window import GlobalWindows

from pipeline import __version__
from pipeline.config import Config
from transforms import account
from transforms.coders import typed
from transforms.commit import Commit, CommitRun
from transforms.deduplicate import Deduplicate, DeduplicateOutcome
from transforms.deduplicate_streaming import DeduplicateStream
from transforms.feeds.config import FeedsConfig
from transforms.feeds.poll import NoteStored, PollFeeds
from transforms.feeds.read import FeedFetch, ReadFeeds
from transforms.files import FilesConfig, ReadArticleFiles, ReadDeadLetters
from transforms.language import LanguageOutcome
from transforms.memory import FeedValidators, Memory, MergeMemory
from transforms.outcomes import FAILED, NAMESPACE, GuardedMap, utc_now
from transforms.pubsub.config import PubSubConfig, PubSubSinkConfig
from transforms.records import DeadLetter, Record
from transforms.sinks.bigquery import BigQuerySink, WriteBigQuery
from transforms.sinks.files import JsonlSink, ParquetSink, WriteShards, extension_of
from transforms.sinks.postgres import PostgresSink, WritePostgres
from transforms.sinks.windowed import WriteWindowed


class Run(NamedTuple):
    """What tells one run of a configuration from another."""

    name: str
    started: float
    """Unix time."""
    replay: str | None = None
    """Dead letters to run again instead of the configured source."""
    streaming: bool = False
    spool: str | None = None
    """Folder that all workers share, for articles to wait in; None where there is none."""


def new_run(config: Config, replay: str | None = None) -> Run:
    """Return a run with a name of its own that sorts by time. A replay is a batch run, of streaming jobs too."""
    now = time.time()
    stamp = dt.datetime.fromtimestamp(now, dt.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    streaming = config.streaming and replay is None
    return Run(f"{stamp}-{secrets.token_hex(3)}", now, replay, streaming)


class ReadOutcome(NamedTuple):
    """The outputs of `ReadArticles`."""

    records: PCollection[Record]
    failures: PCollection[DeadLetter]
    fetches: PCollection[FeedFetch]
    receipts: PCollection[Any]
    """What has to be acknowledged when it is stored; empty where the source needs no acknowledging."""


class WriteOutcome(NamedTuple):
    """The outputs of `WriteRecords`."""

    records: PCollection[Record]
    failures: PCollection[DeadLetter]
    stored: PCollection[Any]
    """What the sinks have written: `WrittenFile`s to be committed, in batch; else names or ids."""


class LettersOutcome(NamedTuple):
    """The outputs of `WriteDeadLetters`."""

    letters: PCollection[DeadLetter]
    stored: PCollection[Any]


def last_fetch(validators: FeedValidators) -> FeedFetch:
    """Return a feed's remembered validators as the fetch they came from."""
    return FeedFetch(
        feed_url=validators.feed_url, status="fetched", etag=validators.etag, last_modified=validators.last_modified
    )


def failed_fetch(letter: DeadLetter) -> FeedFetch:
    """Return the dead letter of a feed as the fetch that failed."""
    return FeedFetch(feed_url=str(letter.input.get("feed_url")), status="failed", error=letter.error)


class ReadArticles(beam.PTransform[Any, ReadOutcome]):
    """Reads articles from the configured source, or again from dead letters where the run is a replay."""

    def __init__(self, config: Config, memory: Memory, run: Run) -> None:
        super().__init__()
        self.source = config.source
        self.renew_seconds = config.state.ttl.total_seconds() / 2
        self.memory = memory
        self.run = run

    def expand(self, root: Any) -> ReadOutcome:
        if self.run.replay is not None:
            records, failures = root | ReadDeadLetters([self.run.replay], self._feeds_config())
            fetches = (
                failures
                | "feeds failed again" >> beam.Filter(lambda letter: letter.kind == "feed")
                | "their fetches" >> beam.Map(failed_fetch).with_output_types(FeedFetch)
            )
            return ReadOutcome(records, failures, fetches, root | _none_of("receipts", Any))
        if isinstance(self.source, FilesConfig):
            records, failures = root | ReadArticleFiles(self.source.paths)
        elif isinstance(self.source, PubSubConfig):
            from transforms.pubsub.read import ReadPubSub  # needs the gcp extra

            records, failures, receipts = root | ReadPubSub(self.source)
            return ReadOutcome(
                records, failures, root | _none_of("fetches", FeedFetch), receipts or root | _none_of("receipts", Any)
            )
        elif self.run.streaming:
            return ReadOutcome(*(root | PollFeeds(self.source, self.renew_seconds)))
        else:
            known = self.memory.validators | "known" >> beam.Map(last_fetch).with_output_types(FeedFetch)
            records, failures, fetches = root | ReadFeeds(self.source, known)
            return ReadOutcome(records, failures, fetches, root | _none_of("receipts", Any))
        return ReadOutcome(records, failures, root | _none_of("fetches", FeedFetch), root | _none_of("receipts", Any))

    def _feeds_config(self) -> FeedsConfig:
        """Return how to fetch a failed feed again: as configured, or with the defaults where no feeds are."""
        return self.source if isinstance(self.source, FeedsConfig) else FeedsConfig(feeds=["-"])


def _none_of(name: str, kind: Any) -> Any:
    """Return the transform that makes an empty collection."""
    return f"no {name}" >> beam.Create([]).with_output_types(kind)


class DropDuplicates(beam.PTransform[PCollection[Record], DeduplicateOutcome]):
    """Drops duplicates: against the memory between runs in batch, by Beam's own state in a stream."""

    def __init__(self, config: Config, memory: Memory, run: Run) -> None:
        super().__init__()
        self.config = config
        self.memory = memory
        self.run = run

    def expand(self, records: PCollection[Record]) -> DeduplicateOutcome:
        if not self.run.streaming:
            replay = self.run.replay is not None
            outcome: DeduplicateOutcome = records | Deduplicate(self.memory.seen, replay=replay, spool=self.run.spool)
            return outcome
        fresh, duplicates = records | DeduplicateStream(self.config.state.ttl.total_seconds())
        return DeduplicateOutcome(fresh, duplicates, self.memory.seen)


def finished(record: Record) -> Record:
    """Return the record with the version that wrote it.

    Raises:
      UnicodeEncodeError: the record holds what is not valid Unicode, which no sink could write.
    """
    record = msgspec.structs.replace(record, pipeline_version=__version__)
    msgspec.json.encode(record)
    return record


_lag = Metrics.distribution(NAMESPACE, "records/milliseconds from publication to the sinks")


def with_lag_noted(record: Record) -> Record:
    """Return the record; Beam's metrics note how far it is behind its publication."""
    if record.published_at is not None:
        _lag.update(max(0, int((time.time() - record.published_at.timestamp()) * 1000)))
    return record


class WriteRecords(beam.PTransform[PCollection[Record], WriteOutcome]):
    """Writes each record to every sink."""

    def __init__(self, config: Config, run: Run) -> None:
        super().__init__()
        self.config = config
        self.run = run

    def expand(self, records: PCollection[Record]) -> WriteOutcome:
        checked = records | "finish" >> beam.ParDo(GuardedMap("WriteRecords", finished)).with_output_types(
            Record
        ).with_outputs(FAILED, main="records")
        done = checked["records"] | "finished" >> beam.Map(with_lag_noted).with_output_types(Record)
        failures, stored = [checked[FAILED]], []
        for number, sink in enumerate(self.config.sinks):
            label = f"sink {number} {sink.type}"
            if isinstance(sink, PostgresSink):
                ids, refused = done | label >> WritePostgres(sink)
                stored.append(ids)
                failures.append(refused)
            elif isinstance(sink, PubSubSinkConfig):
                from transforms.pubsub.sink import WritePubSub  # needs the gcp extra

                ids, refused = done | label >> WritePubSub(sink)
                stored.append(ids)
                failures.append(refused)
            elif isinstance(sink, BigQuerySink):
                loaded, refused = done | label >> WriteBigQuery(sink, streaming=self.run.streaming)
                stored.append(loaded)
                failures.append(refused)
            else:
                stored.append(done | label >> write_files(self.config, self.run, sink))
        in_one_window = [
            ids | f"stored {number}" >> beam.WindowInto(GlobalWindows()) for number, ids in enumerate(stored)
        ]
        return WriteOutcome(
            done,
            failures | "all write failures" >> beam.Flatten(),
            in_one_window | "all stored" >> beam.Flatten(),
        )


def write_files(config: Config, run: Run, sink: JsonlSink | ParquetSink) -> Any:
    """Return the transform that writes records to files: of a run in batch, of windows of time in a stream."""
    if not run.streaming:
        return WriteShards(sink.path, run.name, "records", extension_of(sink))
    return WriteWindowed(sink.path, "records", extension_of(sink), seconds=sink.window, shards=sink.shards)


class WriteDeadLetters(beam.PTransform[Any, LettersOutcome]):
    """Writes the failures of all stages, one a line."""

    def __init__(self, config: Config, run: Run) -> None:
        super().__init__()
        self.config = config
        self.run = run

    def expand(self, failures: tuple[PCollection[DeadLetter], ...]) -> LettersOutcome:
        letters = failures | "all failures" >> beam.Flatten() | "letters" >> typed(DeadLetter)
        target = self.config.dead_letters
        if self.run.streaming:
            stored = letters | "write" >> WriteWindowed(target.path, "dead-letters", "jsonl", seconds=target.window)
        else:
            stored = letters | "write" >> WriteShards(target.path, self.run.name, "dead-letters", "jsonl")
        return LettersOutcome(letters, stored)


def written_folders(config: Config, run: Run) -> list[str]:
    """Return all folders that a run writes to."""
    folders = [sink.path for sink in config.sinks if isinstance(sink, (JsonlSink, ParquetSink))]
    return [*folders, config.dead_letters.path, *([] if run.streaming else [config.state_path])]


def run_folder(config: Config, run: Run) -> str:
    """Return the folder beside the first file sink's folder (or the dead letters'), for the summary."""
    return FileSystems.split(written_folders(config, run)[0].rstrip("/"))[0] or "."


def validators_of(fetch: FeedFetch) -> Iterator[FeedValidators]:
    """Yield what makes the next request for a fetched feed conditional, if its server gave any."""
    if fetch.status == "fetched" and (fetch.etag or fetch.last_modified):
        yield FeedValidators(feed_url=fetch.feed_url, etag=fetch.etag, last_modified=fetch.last_modified, at=utc_now())


def tallies_of(
    stages: tuple[ReadOutcome, DeduplicateOutcome, LanguageOutcome, WriteOutcome, LettersOutcome],
) -> tuple[PCollection[tuple[account.Tally, int]], ...]:
    """Return what each stage adds to the account; Beam's counters are kept on the way."""
    read, fresh, located, written, letters = stages
    return (
        read.records | "count entries" >> account.count(account.of_entry),
        read.failures | "count lost entries" >> account.count(account.of_lost_entry),
        read.fetches | "count feeds" >> account.count(account.of_fetch),
        fresh.duplicates | "count duplicates" >> account.count(account.of_duplicate),
        located.filtered | "count filtered" >> account.count(account.of_filtered),
        written.records | "count records" >> account.count(account.of_record),
        letters.letters | "count dead letters" >> account.count(account.of_failure),
    )


class Acknowledge(beam.PTransform[Any, Any]):
    """Acknowledges the messages of a stream as soon as every sink has stored what became of them."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config

    def expand(
        self, stages: tuple[ReadOutcome, DeduplicateOutcome, LanguageOutcome, WriteOutcome, LettersOutcome]
    ) -> Any:
        read, _, _, written, letters = stages
        tallies_of(stages)
        windows = [sink.window for sink in self.config.sinks if isinstance(sink, (JsonlSink, ParquetSink))]
        longest = max([*windows, self.config.dead_letters.window])
        if isinstance(self.config.source, FeedsConfig):
            return read.receipts | NoteStored([written.stored, letters.stored], longest)
        if not isinstance(self.config.source, PubSubConfig) or self.config.source.native:
            return ()
        from transforms.pubsub.source import AcknowledgeStored  # needs the gcp extra

        return read.receipts | AcknowledgeStored(self.config.source, [written.stored, letters.stored], longest)


class FinishRun(beam.PTransform[Any, PCollection[Commit]]):
    """Draws up the account, renews the memory, and commits both together with the written files."""

    def __init__(self, config: Config, memory: Memory, run: Run) -> None:
        super().__init__()
        self.config = config
        self.memory = memory
        self.run = run

    def expand(
        self, stages: tuple[ReadOutcome, DeduplicateOutcome, LanguageOutcome, WriteOutcome, LettersOutcome]
    ) -> PCollection[Commit]:
        read, fresh, _, written, letters = stages
        tallies = tallies_of(stages) | account.Account()
        renewed = fresh.seen | MergeMemory(
            self.memory,
            failed_ids=letters.letters
            | "failed records" >> beam.Filter(lambda letter: letter.kind == "record")
            | "failed ids" >> beam.Map(lambda letter: letter.input["id"]).with_output_types(str),
            unchanged_feeds=read.fetches
            | "unchanged" >> beam.Filter(lambda fetch: fetch.status == "unchanged")
            | "addresses" >> beam.Map(lambda fetch: fetch.feed_url).with_output_types(str),
            validators=read.fetches | "validators" >> beam.FlatMap(validators_of).with_output_types(FeedValidators),
            ttl=self.config.state.ttl,
        )
        state = self.config.state_path
        files = (
            written.stored,
            letters.stored,
            renewed.seen | "write seen" >> WriteShards(state, self.run.name, "seen", "jsonl.gz"),
            renewed.validators | "write validators" >> WriteShards(state, self.run.name, "feeds", "jsonl.gz"),
        ) | "all that is written" >> beam.Flatten()
        commit: PCollection[Commit] = files | CommitRun(
            run=self.run.name,
            state=state,
            folders=written_folders(self.config, self.run),
            summary=FileSystems.join(run_folder(self.config, self.run), "summary.json"),
            account=tallies,
            started=self.run.started,
        )
        return commit
