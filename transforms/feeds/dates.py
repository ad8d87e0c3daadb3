"""Timestamps of sources: read leniently, kept only where they can be true, never invented."""

from __future__ import annotations

import calendar
import datetime as dt
import email.utils
import time

import msgspec

EARLIEST = dt.datetime(1970, 1, 3, tzinfo=dt.timezone.utc)
"""Earlier dates are those of unset clocks (0001, 1899, 1900 and 1970 in any time zone)."""

LATEST_AHEAD = dt.timedelta(hours=48)
"""How far after it was fetched an article may be dated: time zones written wrongly make up to a day."""


def plausible(moment: dt.datetime | None, fetched_at: dt.datetime) -> dt.datetime | None:
    """Return `moment` in UTC, or None where it is a clock's zero or lies in the future of `fetched_at`."""
    if moment is None:
        return None
    try:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)).astimezone(dt.timezone.utc)
    except OverflowError:
        return None
    return moment if EARLIEST <= moment <= fetched_at + LATEST_AHEAD else None


def from_struct(value: time.struct_time | None) -> dt.datetime | None:
    """Return the moment of feedparser's `*_parsed` (UTC); None for absent and impossible ones."""
    if value is None:
        return None
    try:
        return dt.datetime.fromtimestamp(calendar.timegm(value), dt.timezone.utc)
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def parse_timestamp(text: str) -> dt.datetime | None:
    """Return the moment that an ISO 8601 / RFC 3339 or RFC 2822 text names; without a zone it is UTC.

    None for any other text.
    """
    text = text.strip()
    try:
        moment = msgspec.convert(text, dt.datetime)
    except msgspec.ValidationError:
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            try:
                moment = email.utils.parsedate_to_datetime(text)
            except (ValueError, TypeError, IndexError, OverflowError):
                return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
