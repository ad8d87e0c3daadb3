"""When to ask for a feed again: pure functions of what is known of it, what came of asking, and the time.

A feed is asked for about four times as often as it has news: half the interval after a poll with news, a quarter more
after one without. The interval stays between `min_interval` and `max_interval`; what publisher and server ask for (RSS
`ttl`, `sy:updatePeriod`, `Cache-Control: max-age`) lengthens it up to `max_interval`, and hours and days that they
wish to be left alone (`skipHours`, `skipDays`, `Retry-After`) are kept even beyond it. Each wait is lengthened by up
to a tenth, by a hash of the feed's address, so that feeds which fall into step leave it again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Literal, NamedTuple

import msgspec

LESS = 0.5
"""What a poll with news makes of the interval."""
MORE = 1.25
"""What a poll without news makes of it: with `LESS`, the interval rests where every fourth poll has news."""
FIRST = 3.0
"""A feed's first interval, in shortest intervals."""
JITTER = 0.1
LONGEST_PAUSE = 7 * 86_400.0
"""Seconds to which a server's `Retry-After` is believed."""
SECONDS_A_FEED = 0.05
"""When a list is first read, its feeds are asked for at this distance, within the shortest interval at most."""
SECONDS_INTO_HOUR = 600.0
"""Polls that skipped hours moved are spread over so much of the first hour that is allowed."""


class Pace(NamedTuple):
    """Bounds of the interval, in seconds."""

    min_interval: float
    max_interval: float


class Schedule(msgspec.Struct, frozen=True):
    """When a feed is due, Unix time; the interval, in seconds, that it has come to; failures in a row."""

    due: float
    interval: float
    failures: int = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What asking for a feed came to.

    `first`: read for the first time; `news`, `same`: read, with new entries or without (or 304); `failed`;
    `postponed`: not asked for, as its host wanted to be left alone.
    """

    kind: Literal["first", "news", "same", "failed", "postponed"]
    overrun: bool = False
    """No entry of the last poll was left: some may have come and gone in between."""
    too_many: bool = False
    """The server said that it is asked too often (HTTP 429)."""
    at_least: float = 0.0
    """Seconds for which the answer is good: the longest of `max-age`, `ttl` and the update period."""
    retry_after: float = 0.0
    """Seconds for which the server wants to be left alone."""
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    """Days of the week, Monday is 0. Both are UTC."""


def fraction(url: str, salt: int) -> float:
    """Return a number from 0 up to 1 that is always the same for an address and a salt."""
    digest = hashlib.blake2b(f"{salt} {url}".encode("utf-8", "replace"), digest_size=7).digest()
    return int.from_bytes(digest, "big") / 256**7


def first_schedule(url: str, now: float, feeds: int, pace: Pace) -> Schedule:
    """Return the schedule of a feed that is new on a list of `feeds`."""
    spread = min(pace.min_interval, SECONDS_A_FEED * feeds)
    return Schedule(now + fraction(url, 0) * spread, _within(FIRST * pace.min_interval, pace))


def next_schedule(before: Schedule, outcome: Outcome, now: float, pace: Pace, url: str) -> Schedule:
    """Return when to ask again.

    Args:
      before: the schedule that led to this poll.
      outcome: of the poll.
      now: when it ended, Unix time.
      pace: bounds.
      url: the feed's address, for the jitter.
    """
    interval, failures = before.interval, before.failures
    if outcome.kind == "postponed":
        wait = 0.0
    elif outcome.kind == "failed":
        failures += 1
        interval = interval / LESS if outcome.too_many else interval
        # where the server says when, that is when: a feed that backed off further would lose its turn to its neighbours
        doubled = 0 if outcome.retry_after else min(failures - 1, 60)
        wait = min(pace.max_interval, pace.min_interval * 2.0**doubled)
    else:
        failures = 0
        if outcome.kind != "first":
            interval *= LESS if outcome.kind == "news" else MORE
        interval = pace.min_interval if outcome.overrun else interval
        wait = max(_within(interval, pace), min(outcome.at_least, pace.max_interval))
    wait = max(wait, min(outcome.retry_after, LONGEST_PAUSE))
    chance = fraction(url, int(now))
    due = past_skipped(now + wait * (1 + JITTER * chance), outcome.skip_hours, outcome.skip_days, chance)
    return Schedule(due, _within(interval, pace), failures)


def _within(interval: float, pace: Pace) -> float:
    return min(max(interval, pace.min_interval), pace.max_interval)


def past_skipped(due: float, hours: tuple[int, ...], days: tuple[int, ...], chance: float) -> float:
    """Return `due`, or a time in the first hour after it that is not to be skipped; `due` where all are.

    Args:
      due: Unix time.
      hours: of the day, UTC, to skip.
      days: of the week, Monday is 0, to skip.
      chance: from 0 up to 1: how far into the spread.
    """
    if not hours and not days:
        return due
    hour = dt.datetime.fromtimestamp(due, dt.timezone.utc).replace(minute=0, second=0, microsecond=0)
    for later in range(8 * 24):
        moment = hour + dt.timedelta(hours=later)
        if moment.hour not in hours and moment.weekday() not in days:
            return due if later == 0 else moment.timestamp() + chance * SECONDS_INTO_HOUR
    return due
