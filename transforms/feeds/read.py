"""Feeds to records: fetched side by side, politely, each feed's failure its own."""

from __future__ import annotations

import collections
import concurrent.futures
import math
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import apache_beam as beam
import msgspec
from apache_beam.coders.typecoders import registry
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import AsIter, PBegin, PCollection, TaggedOutput

from transforms.coders import StructCoder, typed
from transforms.feeds.config import FeedsConfig
from transforms.feeds.fetch import Fetched, fetch
from transforms.feeds.parse import NotAFeedError, ParsedFeed, parse_feed
from transforms.feeds.sources import SourceError, expand_feeds, is_http, load, read_path
from transforms.outcomes import FAILED, NAMESPACE, dead_letter, utc_now
from transforms.records import DeadLetter, Record

STAGE = "feeds"
FETCHES = "fetches"
FEEDS_PER_GROUP = 512
"""A group of feeds is fetched by one worker; the feeds of a host are always in one group."""


class FeedFetch(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one feed in one run; its validators make the next run's request conditional."""

    feed_url: str
    status: Literal["fetched", "unchanged", "failed"]
    http_status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    new_address: str | None = None
    entries: int = 0
    error: str | None = None
    warning: str | None = None
    bytes: int = 0
    seconds: float = 0.0
    max_age_seconds: int | None = None
    retry_after_seconds: float | None = None
    ttl_minutes: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


class FeedFetchCoder(StructCoder):
    """Codes `FeedFetch`."""

    def __init__(self) -> None:
        super().__init__(FeedFetch)

    @classmethod
    def from_type_hint(cls, unused_typehint: Any, unused_registry: Any) -> FeedFetchCoder:  # type: ignore[override]
        return cls()


registry.register_coder(FeedFetch, FeedFetchCoder)


class FeedResult(NamedTuple):
    """All that one feed gave: `fetch.entries == len(records) + entry failures`; a feed that failed adds one failure."""

    fetch: FeedFetch
    records: list[Record]
    failures: list[DeadLetter]


def read_feed(
    address: str, config: FeedsConfig, known: FeedFetch | None = None, stop: threading.Event | None = None
) -> FeedResult:
    """Fetch and parse one feed; never raises because of the feed.

    Args:
      address: a path or an http(s) address.
      config: bounds and manners.
      known: the feed's last fetch, whose validators make the request conditional.
      stop: when set, the fetch ends soon, with an error.
    """
    return parse_fetched(download(address, config, known, stop), config)


def download(
    address: str, config: FeedsConfig, known: FeedFetch | None = None, stop: threading.Event | None = None
) -> Fetched:
    """Return the document of a feed, unparsed; failures are told in `Fetched.error`."""
    if is_http(address):
        etag, last_modified = (known.etag, known.last_modified) if known else (None, None)
        return fetch(address, config, etag=etag, last_modified=last_modified, stop=stop)
    started = time.monotonic()
    result = Fetched(address=address)
    try:
        result.document = read_path(address, config.max_bytes)
        result.received_bytes = len(result.document)
    except SourceError as error:
        result.error = str(error)
    result.seconds = round(time.monotonic() - started, 3)
    return result


def parse_fetched(fetched: Fetched, config: FeedsConfig) -> FeedResult:
    """Return what a fetched document gives; never raises because of it."""
    base = FeedFetch(
        feed_url=fetched.address,
        status="unchanged" if fetched.unchanged and not fetched.error else "failed",
        http_status=fetched.http_status,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        new_address=fetched.new_address,
        bytes=fetched.received_bytes,
        seconds=fetched.seconds,
        max_age_seconds=fetched.max_age_seconds,
        retry_after_seconds=fetched.retry_after_seconds,
    )
    if base.status == "unchanged":
        return FeedResult(base, [], [])
    if fetched.document is None:
        return _failed(base, fetched.error or "no document", None)
    try:
        parsed = parse_feed(
            fetched.document,
            address=fetched.address,
            fetched_at=utc_now(),
            content_type=fetched.content_type,
            max_bytes=config.max_bytes,
        )
    except NotAFeedError as error:
        return _failed(base, str(error), fetched.document)
    except Exception as error:  # a document must never end the run
        return _failed(base, f"{type(error).__name__}: {error}", fetched.document)
    return FeedResult(_described(base, parsed), parsed.records, parsed.failures)


def _described(base: FeedFetch, parsed: ParsedFeed) -> FeedFetch:
    complete = not parsed.truncated
    return msgspec.structs.replace(
        base,
        status="fetched",
        # without validators the next run fetches again what was cut short in this one
        etag=base.etag if complete else None,
        last_modified=base.last_modified if complete else None,
        entries=parsed.entries,
        warning=parsed.warning,
        ttl_minutes=parsed.hints.ttl_minutes,
        skip_hours=parsed.hints.skip_hours,
        skip_days=parsed.hints.skip_days,
    )


def _failed(base: FeedFetch, error: str, document: bytes | None) -> FeedResult:
    """A failed feed: its validators are dropped, so that the next run asks for the whole of it."""
    error = " ".join(error.split())[:1000]
    failed = msgspec.structs.replace(base, status="failed", error=error, etag=None, last_modified=None)
    letter = feed_dead_letter(base.feed_url, error, document)
    return FeedResult(failed, [], [letter])


def feed_dead_letter(feed_url: str, error: str, document: bytes | None = None) -> DeadLetter:
    """Return the dead letter of a feed: its address, and the document if there was one."""
    letter = dead_letter(STAGE, "feed", document if document is not None else {}, f"{feed_url}: {error}")
    return msgspec.structs.replace(letter, input={"feed_url": feed_url, **letter.input})


def fetch_feeds(
    addresses: Iterable[str],
    config: FeedsConfig,
    known: Mapping[str, FeedFetch] | None = None,
    *,
    stop: threading.Event | None = None,
) -> Iterator[FeedResult]:
    """Yield what each feed gives, as it comes in.

    Up to `config.concurrency` feeds are fetched at once, of one host never more than `config.per_host`; a slow host
    delays only its own feeds. At most that many documents are held at a time.

    Args:
      addresses: paths and http(s) addresses of feeds, as of `expand_feeds`.
      config: bounds and manners.
      known: the last fetch of each feed, by address.
      stop: when set, what is not yet done fails soon.
    """
    known = known or {}
    stop = stop or threading.Event()
    waiting = _by_host(addresses)
    running: dict[concurrent.futures.Future[Fetched], str] = {}
    busy: collections.Counter[str] = collections.Counter()
    pool = concurrent.futures.ThreadPoolExecutor(config.concurrency, thread_name_prefix="feeds")
    try:
        while waiting or running:
            for host in _free_hosts(waiting, busy, config.per_host, config.concurrency - len(running)):
                address = waiting[host].popleft()
                if not waiting[host]:
                    del waiting[host]
                busy[host] += 1
                running[pool.submit(download, address, config, known.get(address), stop)] = host
            done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                busy[running.pop(future)] -= 1
                yield parse_fetched(future.result(), config)
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _host(address: str) -> str:
    """What limits how many are fetched at once: the host, or the filesystem."""
    try:
        split = urlsplit(address)
        return (split.hostname or "") if is_http(address) else split.scheme
    except ValueError:
        return ""


def _by_host(addresses: Iterable[str]) -> dict[str, collections.deque[str]]:
    waiting: dict[str, collections.deque[str]] = {}
    for address in addresses:
        waiting.setdefault(_host(address), collections.deque()).append(address)
    return waiting


def _free_hosts(
    waiting: Mapping[str, collections.deque[str]], busy: Mapping[str, int], per_host: int, slots: int
) -> list[str]:
    """The hosts of the next requests: at most `slots`, no host above its limit, each host's turn before the next."""
    chosen: list[str] = []
    for turn in range(per_host):
        for host, queue in waiting.items():
            if len(chosen) >= slots:
                return chosen
            if turn < len(queue) and busy.get(host, 0) + turn < per_host:
                chosen.append(host)
    return chosen


class FeedsOutcome(NamedTuple):
    """The outputs of `ReadFeeds`."""

    records: PCollection[Record]
    failures: PCollection[DeadLetter]
    fetches: PCollection[FeedFetch]


class ReadFeeds(beam.PTransform[PBegin, FeedsOutcome]):
    """Reads all feeds that a configuration names, once.

    Args:
      config: the feeds, bounds and manners.
      known: the fetches of the last run (`FeedFetch`, with feed_url and validators); feeds that have not changed since
        then give no records.

    Returns:
      `FeedsOutcome`: a `Record` for each entry, a `DeadLetter` for each entry and feed that failed, and a `FeedFetch`
      for each feed. The entries of all fetches are the records plus the dead letters of kind `line`; dead letters of
      kind `feed` are the fetches that failed.
    """

    def __init__(self, config: FeedsConfig, known: PCollection[FeedFetch] | None = None) -> None:
        super().__init__()
        self.config = config
        self.known = known

    def expand(self, root: Any) -> FeedsOutcome:
        settings = self.config.model_dump()
        addresses = (
            root
            | "Configured" >> beam.Create([self.config.feeds], reshuffle=False)
            | "Expand" >> beam.ParDo(_Expand(settings)).with_outputs(FAILED, FETCHES, main="feeds")
        )
        groups = addresses["feeds"] | "Group" >> beam.GroupByKey()
        side_inputs = {"known": AsIter(self.known)} if self.known is not None else {}
        read = groups | "Fetch" >> beam.ParDo(_Fetch(settings), **side_inputs).with_outputs(
            FAILED, FETCHES, main="records"
        )
        failures = (addresses[FAILED], read[FAILED]) | "Failures" >> beam.Flatten()
        fetches = (addresses[FETCHES], read[FETCHES]) | "Fetches" >> beam.Flatten()
        return FeedsOutcome(
            read["records"] | "Records" >> typed(Record),
            failures | "Letters" >> typed(DeadLetter),
            fetches | "Accounts" >> typed(FeedFetch),
        )


class _Expand(beam.DoFn):
    """The configured addresses to `(group, feed)`; one that leads nowhere is a failed feed."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings

    def process(self, addresses: list[str]) -> Iterator[tuple[int, str] | TaggedOutput[Any, Any]]:
        config = FeedsConfig(**self.settings)
        expanded = expand_feeds(addresses, lambda address: load(address, config))
        for problem in expanded.problems:
            result = _failed(FeedFetch(feed_url=problem.address, status="failed"), problem.error, None)
            yield TaggedOutput(FETCHES, result.fetch)
            yield TaggedOutput(FAILED, result.failures[0])
        groups = math.ceil(len(expanded.feeds) / FEEDS_PER_GROUP)
        for address in expanded.feeds:
            # by host, so that the limit per host, kept within a process, holds on many workers
            name = _host(address) if is_http(address) else address
            yield zlib.crc32(name.encode("utf-8", "replace")) % groups, address


class _Fetch(beam.DoFn):
    """A group of feeds to records, failures and fetches."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.counters: dict[str, Callable[..., None]] = {}

    def setup(self) -> None:
        names = ("fetched", "unchanged", "failed", "entries")
        self.counters = {name: Metrics.counter(NAMESPACE, f"{STAGE}/{name}").inc for name in names}

    def process(
        self, group: tuple[int, Iterable[str]], known: Iterable[FeedFetch] = ()
    ) -> Iterator[Record | TaggedOutput[Any, Any]]:
        config = FeedsConfig(**self.settings)
        last = {fetch.feed_url: fetch for fetch in known}
        for result in fetch_feeds(sorted(group[1]), config, last):
            self.counters[result.fetch.status](1)
            self.counters["entries"](result.fetch.entries)
            yield TaggedOutput(FETCHES, result.fetch)
            yield from result.records
            for failure in result.failures:
                yield TaggedOutput(FAILED, failure)


__all__ = [
    "FeedFetch",
    "FeedResult",
    "FeedsOutcome",
    "ReadFeeds",
    "download",
    "feed_dead_letter",
    "fetch_feeds",
    "parse_fetched",
    "read_feed",
]
