"""When a feed is asked for again."""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.feeds.schedule import (
    JITTER,
    LONGEST_PAUSE,
    Outcome,
    Pace,
    Schedule,
    first_schedule,
    fraction,
    next_schedule,
    past_skipped,
)

PACE = Pace(300, 7200)
URL = "https://example.com/feed.xml"
MONDAY = dt.datetime(2026, 11, 23, 10, 30, tzinfo=dt.timezone.utc).timestamp()

paces = st.builds(lambda shortest, factor: Pace(shortest, shortest * factor), st.floats(1, 86_400), st.floats(1, 1000))
seconds = st.floats(0, 1e9)
outcomes = st.builds(
    Outcome,
    kind=st.sampled_from(["first", "news", "same", "failed", "postponed"]),
    overrun=st.booleans(),
    too_many=st.booleans(),
    at_least=seconds,
    retry_after=seconds,
)
skips = st.lists(st.integers(0, 23), unique=True).map(tuple)
skipped_days = st.lists(st.integers(0, 6), unique=True).map(tuple)
times = st.floats(1.6e9, 2.5e9)


def wait_after(outcome: Outcome, before: Schedule | None = None, now: float = MONDAY) -> float:
    return next_schedule(before or Schedule(now, 900), outcome, now, PACE, URL).due - now


@given(paces, st.lists(outcomes, min_size=1, max_size=30), times, st.text(max_size=20))
def test_every_wait_is_bounded_both_ways(pace, polls, now, url):
    schedule = first_schedule(url, now, 1000, pace)
    assert now <= schedule.due <= now + pace.min_interval
    for outcome in polls:
        schedule = next_schedule(schedule, outcome, now, pace, url)
        assert pace.min_interval <= schedule.interval <= pace.max_interval
        asked = min(outcome.retry_after, LONGEST_PAUSE)
        shortest = 0 if outcome.kind == "postponed" else pace.min_interval
        assert max(shortest, asked) * (1 - 1e-9) <= schedule.due - now + 1e-3
        assert schedule.due - now <= max(pace.max_interval, asked) * (1 + JITTER) + 1e-3
        now = schedule.due


@given(outcomes, times, skips, skipped_days)
def test_skipped_hours_and_days_are_skipped_unless_all_are(outcome, now, hours, days):
    before = Schedule(now, 900)
    plain = next_schedule(before, outcome, now, PACE, URL)
    skipping = msgspec.structs.replace(outcome, skip_hours=hours, skip_days=days)
    due = next_schedule(before, skipping, now, PACE, URL).due
    moment = dt.datetime.fromtimestamp(due, dt.timezone.utc)
    if len(hours) == 24 or len(days) == 7:
        assert due == plain.due
    else:
        assert moment.hour not in hours
        assert moment.weekday() not in days
        assert plain.due <= due <= plain.due + 8 * 86_400


@given(outcomes, times)
def test_the_same_is_always_decided_alike(outcome, now):
    schedules = {next_schedule(Schedule(now, 900), outcome, now, PACE, URL) for _ in range(3)}
    assert len(schedules) == 1


def test_news_shorten_the_interval_and_their_absence_lengthens_it():
    before = Schedule(MONDAY, 900)
    assert next_schedule(before, Outcome(kind="news"), MONDAY, PACE, URL).interval == 450
    assert next_schedule(before, Outcome(kind="same"), MONDAY, PACE, URL).interval == 1125
    assert next_schedule(before, Outcome(kind="first"), MONDAY, PACE, URL).interval == 900
    assert next_schedule(before, Outcome(kind="news", overrun=True), MONDAY, PACE, URL).interval == 300


def test_failures_back_off_and_are_forgotten_at_once():
    schedule, waits = Schedule(MONDAY, 1800), []
    for _ in range(8):
        now = schedule.due
        schedule = next_schedule(schedule, Outcome(kind="failed"), now, PACE, URL)
        waits.append(schedule.due - now)
    assert waits[0] < 330
    assert all(later > earlier * 1.6 for earlier, later in itertools.pairwise(waits[:5]))
    assert waits[-1] >= PACE.max_interval
    assert schedule.interval == 1800
    assert next_schedule(schedule, Outcome(kind="same"), MONDAY, PACE, URL).failures == 0


def test_what_the_server_asks_for_is_kept():
    assert wait_after(Outcome(kind="news", at_least=3600)) >= 3600
    assert wait_after(Outcome(kind="news", at_least=10 * 86_400)) <= PACE.max_interval * (1 + JITTER)
    assert wait_after(Outcome(kind="failed", retry_after=20_000)) >= 20_000
    assert wait_after(Outcome(kind="postponed", retry_after=40)) < 45
    too_many = next_schedule(Schedule(MONDAY, 900), Outcome(kind="failed", too_many=True), MONDAY, PACE, URL)
    assert too_many.interval == 1800


def test_where_the_server_says_when_that_is_when():
    schedule = Schedule(MONDAY, 1800)
    for _ in range(8):
        now = schedule.due
        schedule = next_schedule(schedule, Outcome(kind="failed", retry_after=400), now, PACE, URL)
        assert 400 <= schedule.due - now <= 440


def test_a_skipped_hour_is_waited_out_without_all_feeds_coming_at_its_end():
    due = MONDAY + 300
    eleven = MONDAY + 1800
    assert past_skipped(due, (), (), 0.5) == due
    assert past_skipped(due, (11, 12), (), 0.5) == due
    assert past_skipped(due, (10,), (), 0.5) == eleven + 300
    assert past_skipped(due, (), (0,), 0) == MONDAY - 10.5 * 3600 + 86_400


def test_ten_thousand_feeds_do_not_fire_at_once():
    pace, now = Pace(300, 7200), MONDAY
    urls = [f"https://example{n % 500}.com/{n}" for n in range(10_000)]
    schedules = {url: first_schedule(url, now, len(urls), pace) for url in urls}
    busiest = collections.Counter(int(schedule.due) for schedule in schedules.values()).most_common(1)[0][1]
    assert busiest < 80  # 33 a second on average
    # even where all of them were asked for in the same second, they drift apart
    later = [next_schedule(Schedule(now, 900), Outcome(kind="same"), now, pace, url).due for url in urls]
    assert collections.Counter(int(due) for due in later).most_common(1)[0][1] < 170


@pytest.mark.parametrize("gap", [1200, 3600, 14_400])
def test_a_feed_is_asked_for_a_few_times_for_each_of_its_articles(gap):
    chance = random.Random(gap)
    now, end = MONDAY, MONDAY + 400 * gap
    arrivals, at = [], now
    while at < end:
        at += chance.expovariate(1 / gap)
        arrivals.append(at)
    schedule, polls, delays = first_schedule(URL, now, 1, PACE), 0, []
    while schedule.due < end:
        now, polls = schedule.due, polls + 1
        news = [at for at in arrivals if at <= now]
        arrivals = arrivals[len(news) :]
        delays += [now - at for at in news]
        schedule = next_schedule(schedule, Outcome(kind="news" if news else "same"), now, PACE, URL)
    assert polls / len(delays) < 5
    assert sum(delays) / len(delays) < max(gap / 3, PACE.min_interval)


def test_fractions_are_spread_evenly():
    buckets = collections.Counter(int(10 * fraction(f"https://example.com/{n}", 0)) for n in range(10_000))
    assert set(buckets) == set(range(10))
    assert all(850 < count < 1150 for count in buckets.values())
