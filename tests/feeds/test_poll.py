"""What follows from a poll, and a group of feeds against a real server; the runners are in tests/integration."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from apache_beam.pvalue import TaggedOutput
from apache_beam.utils.timestamp import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from transforms.coders import StructCoder
from transforms.endless import IN_FLIGHT
from transforms.feeds.config import FeedsConfig
from transforms.feeds.fetch import Fetched
from transforms.feeds.poll import (
    FETCHES,
    GROUPS,
    HARVEST_SECONDS,
    MOST_SEEN,
    MOVED_BACK_AFTER,
    RECEIPTS,
    FeedState,
    GroupState,
    Polled,
    Watched,
    _Poll,
    after_poll,
    due_feeds,
    feeds_by_state,
    first_state,
    group_of,
    next_wake,
    read_lists,
    regrouped,
    watched_groups,
)
from transforms.feeds.read import FeedFetch, parse_fetched
from transforms.feeds.schedule import Pace, Schedule
from transforms.feeds.sources import Expanded, Problem
from transforms.outcomes import FAILED

from .server import Handler, Server, serving

PACE = Pace(10, 100)
URL = "https://example.com/feed"
CONFIG = FeedsConfig(feeds=["-"], allow_private=True, retries=0, min_interval=10, max_interval=100)
NOW = 1_800_000_000.0


def rss(*tokens: str, head: str = "") -> bytes:
    items = "".join(
        f"<item><title>Title {token}</title><link>https://example.com/{token}</link>"
        f"<description>Text of {token}</description></item>"
        for token in tokens
    )
    return f'<rss version="2.0"><channel><title>Sample</title>{head}{items}</channel></rss>'.encode()


def polled(state: FeedState, now: float = NOW, renew: float = 1e9, **fetched: Any) -> Polled:
    return after_poll(URL, state, parse_fetched(Fetched(address=URL, **fetched), CONFIG), now, PACE, renew)


def fresh() -> FeedState:
    return first_state(URL, NOW, 1, PACE)


def titles(poll: Polled) -> list[str]:
    return [(record.title or "").removeprefix("Title ") for record in poll.records]


def failing(state: FeedState, *errors: str, now: float = NOW, **fetched: Any) -> tuple[FeedState, list[int]]:
    """Return the state after failures, and how many dead letters each gave."""
    letters = []
    for error in errors:
        poll = polled(state, now, error=error, **fetched)
        state = poll.state
        letters.append(len(poll.failures))
    return state, letters


def test_only_entries_that_are_new_are_passed_on():
    first = polled(fresh(), document=rss("a", "b"))
    assert titles(first) == ["a", "b"]
    second = polled(first.state, document=rss("c", "b"))
    assert titles(second) == ["c"]
    assert second.fetch.entries == 2
    third = polled(second.state, document=rss("c", "a"))
    assert titles(third) == []  # a copy of another age: nothing new
    assert third.state.schedule.interval > second.state.schedule.interval


def test_an_entry_that_can_not_be_read_is_told_once():
    document = b'<rss version="2.0"><channel><title>Sample</title><item><author>A</author></item></channel></rss>'
    first = polled(fresh(), document=document)
    assert len(first.failures) == 1
    assert polled(first.state, document=document).failures == []


def test_what_is_still_in_the_feed_is_renewed():
    first = polled(fresh(), document=rss("a"))
    assert titles(polled(first.state, NOW + 50, 100, document=rss("a"))) == []
    renewed = polled(first.state, NOW + 100, 100, document=rss("a"))
    assert titles(renewed) == ["a"]
    assert titles(polled(renewed.state, NOW + 150, 100, document=rss("a"))) == []


def test_a_feed_that_has_turned_over_whole_is_asked_for_soon():
    first = polled(fresh(), document=rss("a", "b"))
    second = polled(first.state, document=rss("c", "d"))
    assert "overrun" in second.events
    assert second.state.schedule.interval == PACE.min_interval


def test_validators_are_kept_and_dropped_with_a_failure():
    first = polled(fresh(), document=rss("a"), etag='"1"', last_modified="yesterday")
    assert (first.state.etag, first.state.last_modified) == ('"1"', "yesterday")
    same = polled(first.state, unchanged=True, etag='"1"', http_status=304)
    assert same.state.seen == first.state.seen
    assert same.state.etag == '"1"'
    assert polled(same.state, error="reset").state.etag is None
    assert polled(first.state, document=rss("a"), etag="x" * 5000).state.etag is None


def test_a_failure_is_a_dead_letter_once_for_each_kind():
    state = polled(fresh(), document=rss("a")).state
    state, letters = failing(state, "HTTP 404", "HTTP 404", "HTTP 403", "HTTP 404", http_status=404)
    assert letters == [1, 0, 0, 0]  # wording without figures
    state = polled(state, document=rss("a")).state
    assert failing(state, "HTTP 404", now=NOW + 3600, http_status=404)[1] == [0]  # back within the day: nothing new
    state = polled(state, NOW + 90_000, document=rss("a")).state
    assert failing(state, "HTTP 404", now=NOW + 90_001, http_status=404)[1] == [1]


def test_a_failure_that_may_pass_is_told_when_it_lasts():
    state = polled(fresh(), document=rss("a")).state
    state, letters = failing(state, "timed out after 20 s", "reset", "timed out after 21 s", "timed out after 5 s")
    assert letters == [0, 0, 1, 0]
    state, letters = failing(state, "HTTP 503", "HTTP 503", http_status=503)
    assert letters == [1, 0]
    again, letters = failing(polled(state, document=rss("a")).state, "HTTP 503", http_status=503)
    assert letters == [0]
    assert failing(again, "HTTP 429", http_status=429)[1] == [0]


def test_a_document_that_is_no_feed_is_in_its_dead_letter():
    poll = polled(fresh(), document=b"<html><body>Moved</body></html>")
    (letter,) = poll.failures
    assert letter.kind == "feed"
    assert letter.input["feed_url"] == URL
    assert letter.input["data"]


def test_beginning_to_fail_and_recovering_are_counted():
    first = polled(fresh(), error="reset")
    assert first.events == ["began to fail"]
    second = polled(first.state, error="reset")
    assert second.events == []
    assert polled(second.state, document=rss("a")).events == ["recovered"]


def test_feeds_are_counted_by_how_their_last_poll_went():
    well = polled(fresh(), document=rss("a")).state
    failing = polled(well, error="reset").state
    gone = polled(failing, error="HTTP 410 Gone", http_status=410).state
    group = GroupState(feeds={"a": well, "b": failing, "c": gone, "d": fresh(), "e": failing})
    assert feeds_by_state(group) == {"well": 2, "failing": 2, "gone": 1}
    assert feeds_by_state(GroupState()) == {"well": 0, "failing": 0, "gone": 0}
    recovered = polled(failing, document=rss("a")).state
    assert feeds_by_state(GroupState(feeds={"b": recovered})) == {"well": 1, "failing": 0, "gone": 0}


def test_a_permanent_redirect_is_remembered_and_told_once():
    first = polled(fresh(), document=rss("a"), new_address="https://new.example/feed")
    assert first.state.moved_to == "https://new.example/feed"
    assert "moved" in first.events
    assert first.records[0].source.feed_url == URL
    assert "moved" not in polled(first.state, document=rss("a")).events
    assert polled(fresh(), document=b"<html>", new_address="https://new.example/").state.moved_to is None


def test_the_configured_address_has_the_last_word():
    state = polled(fresh(), document=rss("a"), new_address="https://new.example/feed").state
    state, _ = failing(state, *["reset"] * (MOVED_BACK_AFTER - 1))
    assert state.moved_to
    state, _ = failing(state, "reset")
    assert state.moved_to is None
    moved = polled(fresh(), document=rss("a"), new_address="https://new.example/feed").state
    busy, _ = failing(moved, *["HTTP 429"] * 5, http_status=429)
    assert busy.moved_to
    gone, _ = failing(moved, "HTTP 410 Gone", http_status=410)
    assert (gone.moved_to, gone.gone) == (None, False)


def test_a_feed_that_is_gone_is_told_and_not_asked_for_again():
    state = polled(fresh(), document=rss("a")).state
    poll = polled(state, error="HTTP 410 Gone", http_status=410)
    assert poll.state.gone
    assert "gone" in poll.events
    assert "take it off the list" in poll.failures[0].error
    group = GroupState(feeds={URL: poll.state})
    assert due_feeds(group, NOW + 1e9, set(), 2) == []
    assert next_wake(group, NOW, busy=False) is None


def test_the_state_survives_its_coder():
    state = polled(fresh(), document=rss("a"), etag='"1"').state
    state, _ = failing(state, "reset")
    group = GroupState(feeds={URL: state}, quiet={"example.com:443": NOW}, problems={"x": "no such file"})
    coder = StructCoder(GroupState)
    assert coder.decode(coder.encode(group)) == group


def test_a_feeds_state_is_bounded():
    state = fresh()
    for turn in range(10):
        document = rss(*(f"{turn}-{n}" for n in range(1000)))
        state = polled(state, document=document, etag='"1"').state
        state, _ = failing(state, *(f"error {'x' * n}" for n in range(20)))
    assert len(state.seen) <= 8 * MOST_SEEN
    assert len(state.told) <= 8
    assert len(StructCoder(GroupState).encode(GroupState(feeds={URL: state}))) < 20_000


urls = st.lists(st.sampled_from([f"https://h{n % 5}.example/{n}" for n in range(30)]), unique=True)


@given(urls, urls, st.booleans())
def test_a_reread_list_keeps_what_is_known_and_adds_and_removes(before, after, complete):
    group, _ = regrouped(GroupState(), Watched(feeds=before, problems={}, complete=True, of=9), NOW, PACE)
    known = {url: msgspec.structs.replace(state, etag='"1"') for url, state in group.feeds.items()}
    group = msgspec.structs.replace(group, feeds=known)
    later, _ = regrouped(group, Watched(feeds=after, problems={}, complete=complete, of=9), NOW + 5, PACE)
    assert set(later.feeds) == set(after) | (set() if complete else set(before))
    assert all(later.feeds[url].etag == ('"1"' if url in known else None) for url in later.feeds)


@given(urls, st.lists(st.floats(-100, 100), min_size=30, max_size=30), st.integers(1, 3), st.data())
def test_a_host_is_asked_no_more_than_it_may_be_at_once(feeds, dues, per_host, data):
    group = GroupState(
        feeds={url: FeedState(schedule=Schedule(NOW + due, 10)) for url, due in zip(feeds, dues, strict=False)},
        quiet={"h1.example:443": NOW + 5, "h2.example:443": NOW - 5},
    )
    busy: set[str] = set()
    for url in feeds:
        if sum(url.split("/")[2] == other.split("/")[2] for other in busy) < per_host and data.draw(st.booleans()):
            busy.add(url)
    chosen = due_feeds(group, NOW, busy, per_host)
    assert not busy & set(chosen)
    assert all(group.feeds[url].schedule.due <= NOW and "h1." not in url for url in chosen)
    hosts = Counter(url.split("/")[2] for url in [*chosen, *busy])
    assert all(count <= per_host for count in hosts.values())
    left = [url for url in feeds if group.feeds[url].schedule.due <= NOW and url not in busy and url not in chosen]
    assert all("h1." in url or hosts[url.split("/")[2]] >= per_host for url in left)


@given(urls)
def test_all_feeds_of_a_host_are_in_one_group(feeds):
    groups = watched_groups(Expanded(feeds, []))
    assert len(groups) == GROUPS
    for group, watched in groups.items():
        assert all(group_of(url) == group for url in watched.feeds)
    assert sorted(url for watched in groups.values() for url in watched.feeds) == sorted(feeds)
    assert len({group_of(url) for url in feeds}) <= 5


def test_a_list_that_can_not_be_read_removes_nothing():
    assert all(w.complete for w in watched_groups(Expanded([], [Problem("a.xml", "no such file")])).values())
    assert not any(w.complete for w in watched_groups(Expanded([], [Problem("a.opml", "no such file")])).values())


def test_a_new_problem_of_a_list_is_told_once():
    watched = Watched(feeds=[], problems={"a.opml": "no such file"}, complete=False, of=0)
    group, told = regrouped(GroupState(), watched, NOW, PACE)
    assert told == {"a.opml": "no such file"}
    assert regrouped(group, watched, NOW, PACE)[1] == {}


class Cell:
    """Stands for a runner's state cell and for its timer."""

    def __init__(self) -> None:
        self.value: Any = None

    def read(self) -> Any:
        return self.value

    def write(self, value: Any) -> None:
        self.value = value

    set = write


class Group:
    """A group of feeds that is polled without a runner: wakes whenever its timer is due."""

    def __init__(self, server: Server, *paths: str, **settings: Any) -> None:
        self.config = CONFIG.model_copy(update={"min_interval": 1.0, "max_interval": 2.0, **settings})
        self.poll = _Poll(self.config, f"test {server.server_address[1]}", 1e9)
        self.state, self.timer = Cell(), Cell()
        self.outputs: list[Any] = []
        self.watch([server.url(path) for path in paths])

    def watch(self, urls: list[str]) -> None:
        watched = Watched(feeds=urls, problems={}, complete=True, of=len(urls))
        self.outputs += self.poll.process((0, watched), Timestamp.now(), self.state, self.timer)

    def until(self, done: Callable[[], bool]) -> None:
        """Wake the group, as its timer says, until something is so (half a minute at most)."""
        end = time.monotonic() + 30
        while not done():
            assert time.monotonic() < end
            if self.timer.value is not None and float(self.timer.value) <= time.time():
                fired, self.timer.value = self.timer.value, None
                self.outputs += self.poll.woken(0, fired, self.state, self.timer)
            time.sleep(0.01)

    def of(self, tag: str | None) -> list[Any]:
        """Return the values of an output."""
        found = []
        for output in self.outputs:
            if tag is None and not isinstance(output, TaggedOutput):
                found.append(output.value)
            elif isinstance(output, TaggedOutput) and output.tag == tag:
                found.append(output.value.value)
        return found


@pytest.fixture
def server() -> Iterator[Server]:
    IN_FLIGHT.reset()
    with serving() as running:
        yield running
    IN_FLIGHT.reset()


def test_feeds_are_polled_again_and_again(server):
    asked: Counter[str] = Counter()

    def growing(handler: Handler) -> None:
        asked[handler.path] += 1
        if handler.headers.get("If-None-Match") == '"3"':
            handler.reply(304, ETag='"3"')
            return
        turn = min(asked[handler.path], 3)
        handler.reply(200, rss(*(f"{handler.path[1:]}{n}" for n in range(turn))), ETag=f'"{turn}"')

    server.answers |= {"/a": growing, "/b": growing}
    group = Group(server, "/a", "/b")
    group.until(lambda: min(asked["/a"], asked["/b"]) >= 4 and len(group.of(FETCHES)) >= 8)
    assert sorted(record.title for record in group.of(None)) == [f"Title {f}{n}" for f in "ab" for n in range(3)]
    assert {fetch.status for fetch in group.of(FETCHES)} == {"fetched", "unchanged"}
    assert sum(count for _, count in group.of(RECEIPTS)) == 6
    assert group.of(FAILED) == []


def test_a_host_that_wants_to_be_left_alone_is(server):
    def busy(handler: Handler) -> None:
        handler.reply(429, Retry_After="2")

    server.answers |= {"/a": busy, "/b": lambda handler: handler.reply(200, rss("b"))}
    group = Group(server, "/a")
    group.until(lambda: bool(group.of(FETCHES)))
    refused = time.time()
    group.watch([server.url("/a"), server.url("/b")])
    group.until(lambda: bool(group.of(None)))
    assert time.time() - refused > 1.5
    assert [path for path, _ in server.requests][:1] == ["/a"]


def test_nothing_is_asked_for_while_sinks_are_behind_or_the_job_drains(server):
    server.answers["/a"] = lambda handler: handler.reply(200, rss("a"))
    IN_FLIGHT.add("before", 10, 60)
    group = Group(server, "/a", max_outstanding=10)
    woken = Cell()
    for _ in range(3):
        assert list(group.poll.woken(0, Timestamp.now(), group.state, woken)) == []
    assert woken.value > Timestamp.now()
    IN_FLIGHT.remove("before")
    IN_FLIGHT.drain()
    assert list(group.poll.woken(0, Timestamp.now(), group.state, woken)) == []
    assert server.requests == []


def test_what_comes_of_a_fetch_is_dated_no_earlier_than_its_timer(server):
    server.answers["/a"] = lambda handler: handler.reply(200, rss("a"))
    group = Group(server, "/a")
    ahead = Timestamp.now() + 3600
    fetched: list[Any] = []
    while not fetched:
        fetched = list(group.poll.woken(0, ahead, group.state, group.timer))
        time.sleep(0.01)
    assert all((output.value if isinstance(output, TaggedOutput) else output).timestamp >= ahead for output in fetched)
    assert group.timer.value >= ahead


def test_a_feed_that_was_taken_off_the_list_is_not_asked_for(server):
    server.answers |= {path: lambda handler: handler.reply(200, rss("x")) for path in ("/a", "/b")}
    group = Group(server, "/a", "/b")
    group.until(lambda: {path for path, _ in server.requests} == {"/a", "/b"})
    group.watch([server.url("/b")])
    so_far = len(server.requests)
    group.until(lambda: len(server.requests) >= so_far + 3)
    assert {path for path, _ in server.requests[so_far:]} <= {"/b"}


def test_lists_are_read_from_what_is_configured(tmp_path):
    (tmp_path / "feeds.yaml").write_text("feeds:\n  - https://example.com/1\n  - https://example.com/2\n")
    (tmp_path / "more.txt").write_text("# all the others\nhttps://example.com/3#x\nhttps://example.com/4 # the last\n")
    config = CONFIG.model_copy(update={"feeds": [str(tmp_path / "feeds.yaml"), str(tmp_path / "more.txt")]})
    assert read_lists(config).feeds == [f"https://example.com/{n}" for n in ("1", "2", "3#x", "4")]


def test_a_group_wakes_for_its_fetches_and_for_what_is_due_next():
    group = GroupState(feeds={URL: FeedState(schedule=Schedule(NOW + 7, 10))})
    assert next_wake(group, NOW, busy=True) == NOW + HARVEST_SECONDS
    assert next_wake(group, NOW, busy=False) == NOW + 7
    quiet = msgspec.structs.replace(group, quiet={"example.com:443": NOW + 60})
    assert next_wake(quiet, NOW, busy=False) == NOW + 60
    assert next_wake(GroupState(), NOW, busy=False) is None


def test_a_fetch_is_unconditional_where_entries_are_to_be_renewed():
    poll = _Poll(CONFIG, "job", 100)
    state = polled(fresh(), document=rss("a"), etag='"1"').state
    known = FeedFetch(feed_url=URL, status="fetched", etag='"1"')
    background: Any = type("Background", (), {"stop": None})
    assert poll._fetch(URL, state, background, NOW + 50).args[2] == known
    assert poll._fetch(URL, state, background, NOW + 150).args[2] is None
