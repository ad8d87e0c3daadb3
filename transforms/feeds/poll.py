"""Feeds, for ever: each at its own pace, its state in Beam's state.

Two parts. `_Watch`, an endless splittable DoFn, is the clock: it moves the watermark with the time of day, and reads
the lists of feeds again from time to time. `_Poll` keeps the feeds in groups, by host, so that a host's feeds are
always with one worker; an event-time timer wakes a group when one of its feeds is due. Event time is the time of
arrival, so that is a timer by the clock; one of processing time would hold the watermark back for as long as it waits,
and no window behind it would ever be written.

A bundle never waits for a server: it begins fetches in the background and takes, some bundles later, what came of them.
Only then the feed's state changes. A worker that dies in between has lost nothing: its feeds are still due.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import re
import time
import uuid
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import apache_beam as beam
import msgspec
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Duration, Timestamp

from transforms.coders import StructCoder, struct_coder, typed
from transforms.endless import (
    IN_FLIGHT,
    EndlessRestrictions,
    EndlessTracker,
    advance,
    to_milliseconds,
    with_what_is_stored,
)
from transforms.feeds.background import Background, shared_background
from transforms.feeds.config import FeedsConfig
from transforms.feeds.fetch import Fetched
from transforms.feeds.read import FETCHES, STAGE, FeedFetch, FeedResult, download, feed_dead_letter, parse_fetched
from transforms.feeds.schedule import LONGEST_PAUSE, Outcome, Pace, Schedule, first_schedule, next_schedule
from transforms.feeds.sources import Expanded, expand_feeds, is_http, is_list, load
from transforms.outcomes import FAILED, NAMESPACE
from transforms.records import DeadLetter, Record

RECEIPTS = "receipts"
GROUPS = 256
"""Groups of feeds. Part of the state's layout: with another number, feeds of a resumed job would be polled twice."""
TICK_SECONDS = 0.5
"""Between two movements of the watermark, and so the precision of all that is timed."""
HARVEST_SECONDS = 0.5
"""After which a group looks for what came of its fetches."""
STALLED_SECONDS = 5.0
"""Pause of a group's fetches while too much is not stored yet."""
MOST_SEEN = 2000
"""Entries of a feed that its state remembers, 8 bytes each."""
DIGEST_BYTES = 8
MOST_TOLD = 8
"""Kinds of failure of a feed that are remembered as told."""
PASSING = frozenset({408, 425, 429})
"""Statuses below 500 that may pass by themselves."""
TOLD_AFTER = 3
"""Failures in a row after which one that may pass by itself is told, too."""
TOLD_SECONDS = 86_400.0
"""A feed that was fine for so long has its next failure told even if it is of a kind it had before."""
FEED_STATES = ("well", "failing", "gone")
MOVED_BACK_AFTER = 3
"""Failures in a row at the address that a permanent redirect gave, after which the configured one is tried again."""
LONGEST_ADDRESS = 4096
LONGEST_VALIDATOR = 1024
STORED_WITHIN = 900.0
"""Seconds after which draining waits no longer for the sinks: they give up before."""

_log = logging.getLogger(__name__)


class FeedState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a feed between two polls."""

    schedule: Schedule
    moved_to: str | None = None
    """Where permanent redirects led."""
    etag: str | None = None
    last_modified: str | None = None
    seen: bytes = b""
    """Digests of the ids of the entries met last, the newest first."""
    read_at: float = 0.0
    """Unix time at which all its entries were last passed on, which renews what deduplication remembers of them."""
    told: dict[str, float] = {}
    """Kinds of failure that were told, and when each was met last, Unix time."""
    gone: bool = False
    """The server said so (HTTP 410): it is not asked for any more while it stays on the list."""


class GroupState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a group of feeds."""

    feeds: dict[str, FeedState] = {}
    quiet: dict[str, float] = {}
    """Servers (host:port) that want to be left alone, and until when, Unix time."""
    problems: dict[str, str] = {}
    """Addresses of the configuration or of a list that lead to no feed, and why."""


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """The feeds of a group, as just read."""

    feeds: list[str]
    problems: dict[str, str]
    complete: bool
    """All lists could be read, so what is missing was removed."""
    of: int
    """Feeds of all groups."""


class Rereading(msgspec.Struct, frozen=True):
    """The restriction of `_Watch`: when the lists are read next, Unix time."""

    due: float


struct_coder(Watched)


class Polled(NamedTuple):
    """What a poll came to: the feed's new state, and what is passed on."""

    state: FeedState
    fetch: FeedFetch
    records: list[Record]
    failures: list[DeadLetter]
    events: list[str]
    """Names of the counters that it adds to."""


def first_state(url: str, now: float, feeds: int, pace: Pace) -> FeedState:
    """Return the state of a feed that is new on a list of `feeds`."""
    return FeedState(schedule=first_schedule(url, now, feeds, pace))


def group_of(address: str) -> int:
    """Return the group of a feed: the same for all of a host."""
    return zlib.crc32((server_of(address) if is_http(address) else address).encode("utf-8", "replace")) % GROUPS


def server_of(address: str) -> str:
    """Return the host, which is what requests are counted by; empty where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def regrouped(state: GroupState, watched: Watched, now: float, pace: Pace) -> tuple[GroupState, dict[str, str]]:
    """Return a group's state after its list was read, and the problems that are new."""
    feeds = {} if watched.complete else dict(state.feeds)
    for url in watched.feeds:
        feeds[url] = state.feeds.get(url) or first_state(url, now, watched.of, pace)
    told = {address: error for address, error in watched.problems.items() if address not in state.problems}
    return msgspec.structs.replace(state, feeds=feeds, problems=watched.problems), told


def entry_digest(entry: Record | DeadLetter) -> bytes:
    """Return what an entry is known by from one poll to the next."""
    name = entry.id if isinstance(entry, Record) else str(sorted(entry.input.items()))
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


def after_poll(url: str, state: FeedState, result: FeedResult, now: float, pace: Pace, renew_seconds: float) -> Polled:
    """Return what follows from a poll.

    Passed on are entries that the feed's last documents did not have; all of them where that was not done for
    `renew_seconds`. A failure is a dead letter where it is the first of its kind (status and wording without figures)
    since the feed was last fine for a day; one that may pass by itself only when it is the third in a row.

    Args:
      url: the feed's address on the list.
      state: before.
      result: of the poll.
      now: Unix time.
      pace: bounds.
      renew_seconds: how long deduplication may go without meeting an entry that is still in the feed.
    """
    if result.fetch.status == "failed":
        return _after_failure(url, state, result, now, pace)
    fetch = result.fetch
    events = ["recovered"] if state.schedule.failures else []
    kept = _before(state.seen)
    entries: list[Record | DeadLetter] = [*result.records, *result.failures]
    digests = [entry_digest(entry) for entry in entries]
    fresh = {digest for digest in digests if digest not in kept}
    first = not state.read_at
    news, same = bool(fresh), fetch.status == "unchanged"
    overrun = bool(kept) and news and not any(digest in kept for digest in digests)
    if overrun:
        events.append("overrun")
    renew = not same and now - state.read_at >= renew_seconds
    outcome = Outcome(
        kind="first" if first and not same else "news" if news else "same",
        overrun=overrun,
        at_least=float(max(fetch.max_age_seconds or 0, 60 * (fetch.ttl_minutes or 0))),
        skip_hours=fetch.skip_hours,
        skip_days=fetch.skip_days,
    )
    moved_to = state.moved_to
    if fetch.new_address and fetch.new_address != moved_to and len(fetch.new_address) <= LONGEST_ADDRESS:
        moved_to = fetch.new_address
        events.append("moved")
        _log.warning("%s has moved for good to %s: change it on the list", url, moved_to, extra={"stage": STAGE})
    after = msgspec.structs.replace(
        state,
        schedule=next_schedule(state.schedule, outcome, now, pace, url),
        moved_to=moved_to,
        etag=_short(fetch.etag),
        last_modified=_short(fetch.last_modified),
        seen=state.seen if same else _remembered(digests, state.seen),
        read_at=now if renew else state.read_at,
        told={kind: at for kind, at in state.told.items() if now - at < TOLD_SECONDS},
    )
    return Polled(
        after,
        fetch,
        [record for record in result.records if renew or entry_digest(record) in fresh],
        [failure for failure in result.failures if entry_digest(failure) in fresh],
        events,
    )


def _after_failure(url: str, state: FeedState, result: FeedResult, now: float, pace: Pace) -> Polled:
    fetch = result.fetch
    events = [] if state.schedule.failures else ["began to fail"]
    gone = fetch.http_status == 410
    outcome = Outcome(
        kind="failed",
        too_many=fetch.http_status == 429,
        retry_after=fetch.retry_after_seconds or 0.0,
    )
    schedule = next_schedule(state.schedule, outcome, now, pace, url)
    kind = failure_kind(fetch)
    worth_telling = schedule.failures >= TOLD_AFTER or not may_pass(result)
    failures = result.failures if worth_telling and kind not in state.told else []
    told = dict(state.told)
    if worth_telling or kind in told:
        told[kind] = now
    told = dict(sorted(told.items(), key=lambda item: -item[1])[:MOST_TOLD])
    moved_to = state.moved_to
    busy = fetch.http_status in (429, 503)
    if moved_to is not None and (gone or (schedule.failures >= MOVED_BACK_AFTER and not busy)):
        moved_to, gone = None, False  # the address on the list has the last word
    if gone:
        events.append("gone")
        error = f"{fetch.error}: it is not asked for any more; take it off the list"
        fetch = msgspec.structs.replace(fetch, error=error)
        failures = [feed_dead_letter(url, error)]
        _log.warning("%s: %s", url, error, extra={"stage": STAGE})
    after = msgspec.structs.replace(
        state, schedule=schedule, moved_to=moved_to, etag=None, last_modified=None, told=told, gone=gone
    )
    return Polled(after, fetch, [], failures, events)


def failure_kind(fetch: FeedFetch) -> str:
    """Return what a failure has in common with others of its kind: its status and wording, without figures."""
    return f"{fetch.http_status or ''} {re.sub(r'[0-9]+', '#', fetch.error or '')}"[:120]


def may_pass(result: FeedResult) -> bool:
    """Tell whether a failure may pass by itself: not one of a document that is no feed, nor of most 4xx statuses."""
    status = result.fetch.http_status
    refused = status is not None and 400 <= status < 500 and status not in PASSING
    return not refused and not any("data" in letter.input for letter in result.failures)


def _short(validator: str | None) -> str | None:
    return validator if validator and len(validator) <= LONGEST_VALIDATOR else None


def _before(seen: bytes) -> set[bytes]:
    return {seen[i : i + DIGEST_BYTES] for i in range(0, len(seen), DIGEST_BYTES)}


def _remembered(digests: list[bytes], seen: bytes) -> bytes:
    """Return the entries to remember: those of this document, then earlier ones, twice as many in all.

    Servers that answer in turn from copies of different age would else give news at every poll.
    """
    earlier = [seen[i : i + DIGEST_BYTES] for i in range(0, len(seen), DIGEST_BYTES)]
    most = min(MOST_SEEN, max(2 * len(digests), 50))
    return b"".join(list(dict.fromkeys([*digests, *earlier]))[:most])


def next_wake(state: GroupState, now: float, busy: bool) -> float | None:
    """Return when a group has something to do again; None where nothing is due, ever."""
    if busy:
        return now + HARVEST_SECONDS
    times = []
    for url, feed in state.feeds.items():
        if not feed.gone:
            times.append(max(feed.schedule.due, state.quiet.get(authority_of(feed.moved_to or url), 0.0)))
    return max(min(times), now + HARVEST_SECONDS) if times else None


def authority_of(address: str) -> str:
    """Return the server of an address, host:port; empty for paths."""
    if not is_http(address):
        return ""
    try:
        split = urlsplit(address)
        return f"{split.hostname}:{split.port or (443 if split.scheme.lower() == 'https' else 80)}"
    except ValueError:
        return ""


def feeds_by_state(state: GroupState) -> dict[str, int]:
    """Return how many of a group's feeds are `well`, `failing` (their last poll failed) and `gone`."""
    counted = dict.fromkeys(FEED_STATES, 0)
    for feed in state.feeds.values():
        counted["gone" if feed.gone else "failing" if feed.schedule.failures else "well"] += 1
    return counted


def due_feeds(state: GroupState, now: float, busy: set[str], per_host: int) -> list[str]:
    """Return the feeds to ask for now: the longest overdue first, of a host no more than it may be asked at once.

    Args:
      state: of the group.
      now: Unix time.
      busy: feeds that are being fetched.
      per_host: how many requests a host gets at once.
    """
    running = Counter(server_of(state.feeds[url].moved_to or url) for url in busy if url in state.feeds)
    chosen = []
    for url, feed in sorted(state.feeds.items(), key=lambda item: item[1].schedule.due):
        if feed.schedule.due > now:
            break
        address = feed.moved_to or url
        if feed.gone or url in busy or state.quiet.get(authority_of(address), 0.0) > now:
            continue
        if is_http(address):
            host = server_of(address)
            if running[host] >= per_host:
                continue
            running[host] += 1
        chosen.append(url)
    return chosen


class _RereadingTracker(EndlessTracker):
    """Tracks an endless watch; the position claimed last is when the lists are read next."""

    def try_claim(self, position: float) -> bool:
        if not super().try_claim(position):
            return False
        self._restriction = Rereading(position)
        return True


class _RereadingRestrictions(EndlessRestrictions):
    def initial_restriction(self, element: int) -> Rereading:
        return Rereading(0.0)

    def create_tracker(self, restriction: Rereading) -> _RereadingTracker:
        return _RereadingTracker(restriction)

    def restriction_coder(self) -> StructCoder:
        return StructCoder(Rereading)


LISTS = "lists"


class _Watch(beam.DoFn):
    """Moves the watermark with the clock, and gives each group its feeds whenever the lists have been read."""

    def __init__(self, config: FeedsConfig, job: str) -> None:
        self.config = config
        self.job = job
        self.begun = False

    def setup(self) -> None:
        self.begun = False

    @beam.DoFn.unbounded_per_element()  # type: ignore[untyped-decorator]
    def process(
        self,
        _: int,
        tracker: Any = beam.DoFn.RestrictionParam(_RereadingRestrictions()),
        watermark: Any = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider()),
    ) -> Iterator[Any]:
        due = tracker.current_restriction().due
        if not tracker.try_claim(due):
            return
        arrived = advance(watermark)
        background = shared_background(self.job, self.config.concurrency)
        expanded: Expanded | None = background.take(LISTS)
        if expanded is not None:
            tracker.try_claim(time.time() + self.config.reread)
            for group, watched in watched_groups(expanded).items():
                yield TimestampedValue((group, watched), arrived)
        elif time.time() >= due or not self.begun:  # a process that is new reads its lists, which may be new, too
            self.begun = True
            background.begin(LISTS, functools.partial(read_lists, self.config))
        tracker.defer_remainder(Duration(seconds=TICK_SECONDS))


def read_lists(config: FeedsConfig) -> Expanded:
    """Return the feeds that a configuration and its lists name."""
    return expand_feeds(config.feeds, lambda address: load(address, config))


def watched_groups(expanded: Expanded) -> dict[int, Watched]:
    """Return the feeds of each group; groups without any, too, as they may have had some."""
    feeds: dict[int, list[str]] = {group: [] for group in range(GROUPS)}
    problems: dict[int, dict[str, str]] = {group: {} for group in range(GROUPS)}
    for url in expanded.feeds:
        feeds[group_of(url)].append(url)
    for problem in expanded.problems:
        problems[group_of(problem.address)][problem.address] = problem.error
    complete = not any(is_list(problem.address) for problem in expanded.problems)
    return {
        group: Watched(feeds=feeds[group], problems=problems[group], complete=complete, of=len(expanded.feeds))
        for group in range(GROUPS)
    }


class _Poll(beam.DoFn):
    """Polls a group's feeds when they are due."""

    GROUP = ReadModifyWriteStateSpec("group", StructCoder(GroupState))
    WAKE = TimerSpec("wake", TimeDomain.WATERMARK)

    def __init__(self, config: FeedsConfig, job: str, renew_seconds: float) -> None:
        self.config = config
        # the schedule tries again, and lets others have their turn meanwhile
        self.once = config.model_copy(update={"retries": 0})
        self.job = job
        self.pace = Pace(config.min_interval, config.max_interval)
        self.renew_seconds = renew_seconds
        names = ("polls", "postponed", "began to fail", "recovered", "moved", "gone", "overrun", "passed on")
        self.counters = {name: Metrics.counter(NAMESPACE, f"{STAGE}/{name}") for name in names}
        self.overdue = Metrics.distribution(NAMESPACE, f"{STAGE}/milliseconds overdue")

    def _gauge(self, group: int, state: GroupState) -> None:
        """Tell how the group's feeds are: a gauge for each group, as a runner keeps of a gauge only what came last."""
        for name, feeds in feeds_by_state(state).items():
            Metrics.gauge(NAMESPACE, f"{STAGE}/{name} in group {group}").set(feeds)

    def process(
        self,
        element: tuple[int, Watched],
        arrived: Any = beam.DoFn.TimestampParam,
        group: Any = beam.DoFn.StateParam(GROUP),
        wake: Any = beam.DoFn.TimerParam(WAKE),
    ) -> Iterator[Any]:
        number, watched = element
        before: GroupState = group.read() or GroupState()
        after, told = regrouped(before, watched, time.time(), self.pace)
        if after != before:
            group.write(after)
        if before.feeds or after.feeds:
            self._gauge(number, after)
        for address, error in told.items():
            yield TaggedOutput(FETCHES, FeedFetch(feed_url=address, status="failed", error=error))
            yield TaggedOutput(FAILED, feed_dead_letter(address, error))
        due = next_wake(after, 0.0, busy=False)
        if due is not None:
            wake.set(max(arrived, to_milliseconds(due)))

    @on_timer(WAKE)
    def woken(
        self,
        key: Any = beam.DoFn.KeyParam,
        fired: Any = beam.DoFn.TimestampParam,
        group: Any = beam.DoFn.StateParam(GROUP),
        wake: Any = beam.DoFn.TimerParam(WAKE),
    ) -> Iterator[Any]:
        state: GroupState | None = group.read()
        if state is None:
            return
        now = time.time()
        arrived = max(fired, to_milliseconds(now))
        background = shared_background(self.job, self.config.concurrency)
        if IN_FLIGHT.draining:
            background.stop.set()
            wake.set(arrived + TICK_SECONDS)
            return
        feeds, quiet = dict(state.feeds), {server: until for server, until in state.quiet.items() if until > now}
        busy: set[str] = set()
        changed = False
        for url in state.feeds:
            fetched: Fetched | None = background.take((key, url))
            if fetched is None:
                if background.busy((key, url)):
                    busy.add(url)
                continue
            changed = True
            if fetched.retry_after_seconds and (fetched.postponed or fetched.http_status in (429, 503)):
                quiet[fetched.server or ""] = now + min(fetched.retry_after_seconds, LONGEST_PAUSE)
            if fetched.postponed:
                self.counters["postponed"].inc()
                if fetched.server != authority_of(feeds[url].moved_to or url):  # it was redirected there
                    outcome = Outcome(kind="postponed", retry_after=fetched.retry_after_seconds or 0.0)
                    schedule = next_schedule(feeds[url].schedule, outcome, now, self.pace, url)
                    feeds[url] = msgspec.structs.replace(feeds[url], schedule=schedule)
                continue  # still due, so that it is the first when its server may be asked again
            fetched.address = url  # where it was had from may have been another address
            result = parse_fetched(fetched, self.config)
            polled = after_poll(url, feeds[url], result, now, self.pace, self.renew_seconds)
            feeds[url] = polled.state
            yield from self._passed_on(polled, arrived)
        state = msgspec.structs.replace(state, feeds=feeds, quiet=quiet)
        if changed:
            group.write(state)
            self._gauge(key, state)
        if IN_FLIGHT.messages() >= self.config.max_outstanding:
            wake.set(arrived + (HARVEST_SECONDS if busy else STALLED_SECONDS))
            return
        for url in due_feeds(state, now, busy, self.config.per_host):
            busy.add(url)
            self.overdue.update(int(1000 * (now - feeds[url].schedule.due)))
            background.begin((key, url), self._fetch(url, feeds[url], background, now))
        due = next_wake(state, now, busy=bool(busy))
        if due is not None:
            wake.set(max(arrived, to_milliseconds(due)))

    def _fetch(self, url: str, feed: FeedState, background: Background, now: float) -> Any:
        known = None
        if now - feed.read_at < self.renew_seconds:
            known = FeedFetch(feed_url=url, status="fetched", etag=feed.etag, last_modified=feed.last_modified)
        return functools.partial(download, feed.moved_to or url, self.once, known, background.stop)

    def _passed_on(self, polled: Polled, arrived: Timestamp) -> Iterator[Any]:
        self.counters["polls"].inc()
        for event in polled.events:
            self.counters[event].inc()
        yield TaggedOutput(FETCHES, TimestampedValue(polled.fetch, arrived))
        passed_on = len(polled.records) + len(polled.failures)
        if not passed_on:
            return
        self.counters["passed on"].inc(passed_on)
        receipt = uuid.uuid4().hex
        IN_FLIGHT.pulled(receipt, STORED_WITHIN)
        yield TaggedOutput(RECEIPTS, TimestampedValue((receipt, passed_on), arrived))
        for record in polled.records:
            yield TimestampedValue(record, arrived)
        for failure in polled.failures:
            yield TaggedOutput(FAILED, TimestampedValue(failure, arrived))


class PollOutcome(NamedTuple):
    """The outputs of `PollFeeds`: as `FeedsOutcome`, with what `NoteStored` needs."""

    records: PCollection[Record]
    failures: PCollection[DeadLetter]
    fetches: PCollection[FeedFetch]
    receipts: PCollection[tuple[str, int]]


class PollFeeds(beam.PTransform[Any, PollOutcome]):
    """Reads all feeds that a configuration and its lists name, for ever.

    Entries that come again are passed on again only where their feed's state was lost, or to renew what deduplication
    remembers: `DeduplicateStream` drops them.

    Args:
      config: the feeds, their pace, bounds and manners.
      renew_seconds: how long deduplication may go without meeting an entry that is still in the feed; half of how long
        it remembers one.
    """

    def __init__(self, config: FeedsConfig, renew_seconds: float) -> None:
        super().__init__()
        self.config = config
        self.renew_seconds = renew_seconds

    def expand(self, pipeline: Any) -> PollOutcome:
        job = uuid.uuid4().hex
        polled = (
            pipeline
            | "once" >> beam.Create([0])
            | "watch" >> beam.ParDo(_Watch(self.config, job)).with_output_types(tuple[int, Watched])
            | "poll"
            >> beam.ParDo(_Poll(self.config, job, self.renew_seconds)).with_outputs(
                FAILED, FETCHES, RECEIPTS, main="records"
            )
        )
        return PollOutcome(
            polled["records"] | "records" >> typed(Record),
            polled[FAILED] | "failures" >> typed(DeadLetter),
            polled[FETCHES] | "fetches" >> typed(FeedFetch),
            polled[RECEIPTS] | "receipts" >> typed(tuple[str, int]),
        )


class _Note(beam.DoFn):
    """Keeps a receipt in mind until the watermark has passed it."""

    HELD = ReadModifyWriteStateSpec("held", beam.coders.BooleanCoder())
    STORED = TimerSpec("stored", TimeDomain.WATERMARK)

    def __init__(self, longest_window: float) -> None:
        self.wait = Duration(seconds=longest_window) + Duration(micros=1000)

    def process(
        self,
        element: tuple[str, int],
        arrived: Any = beam.DoFn.TimestampParam,
        held: Any = beam.DoFn.StateParam(HELD),
        stored: Any = beam.DoFn.TimerParam(STORED),
    ) -> None:
        key, entries = element
        IN_FLIGHT.add(key, entries, STORED_WITHIN)
        held.write(True)
        stored.set(arrived + self.wait)

    @on_timer(STORED)
    def note(self, key: Any = beam.DoFn.KeyParam, held: Any = beam.DoFn.StateParam(HELD)) -> None:
        held.clear()
        IN_FLIGHT.remove(key)


class NoteStored(beam.PTransform[PCollection[tuple[str, int]], PCollection[Any]]):
    """Notes when what polls gave is stored: for backpressure, and for draining to know when it is done.

    Args:
      stored: the outputs of all that writes.
      longest_window: seconds of the longest window that a sink collects.
    """

    def __init__(self, stored: list[PCollection[Any]], longest_window: float) -> None:
        super().__init__()
        self.stored = stored
        self.longest_window = longest_window

    def expand(self, receipts: PCollection[tuple[str, int]]) -> PCollection[Any]:
        noted: PCollection[Any] = with_what_is_stored(receipts, self.stored, tuple[str, int]) | "note" >> beam.ParDo(
            _Note(self.longest_window)
        )
        return noted
