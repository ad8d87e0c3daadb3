"""The memory between runs: merging and expiry."""

from __future__ import annotations

import datetime as dt

import pytest

from transforms.memory import FeedValidators, Seen, merge_seen, merge_validators

NOW = dt.datetime.now(dt.timezone.utc)
OLDEST = NOW - dt.timedelta(days=30)


def seen(days_ago: float, *, feed: str = "f", failed: bool = False) -> Seen:
    return Seen(id="a", content=None, feed_url=feed, at=NOW - dt.timedelta(days=days_ago), failed=failed)


def merged(
    old: list[Seen], new: list[Seen], *, failed: bool = False, unchanged: frozenset[str] = frozenset()
) -> Seen | None:
    return merge_seen(old, new, failed_now=failed, unchanged_feeds=unchanged, oldest=OLDEST)


def test_an_article_met_again_is_remembered_from_now() -> None:
    assert merged([seen(20)], [seen(0)]) == seen(0)


def test_an_article_not_met_for_too_long_is_forgotten() -> None:
    assert merged([seen(29)], []) == seen(29)
    assert merged([seen(31)], []) is None


def test_an_unchanged_feed_still_shows_its_articles() -> None:
    row = merged([seen(31)], [], unchanged=frozenset({"f"}))
    assert row is not None
    assert row.at > OLDEST
    assert merged([seen(31)], [], unchanged=frozenset({"other"})) is None


@pytest.mark.parametrize(
    ("old", "new", "failed_now", "failed"),
    [
        ([], [seen(0)], True, True),
        ([], [seen(0)], False, False),
        ([seen(1, failed=True)], [], False, True),
        ([seen(1, failed=True)], [seen(0)], False, False),  # a replay that went well
    ],
)
def test_failed_articles_stay_open_for_replay(old: list[Seen], new: list[Seen], failed_now: bool, failed: bool) -> None:
    row = merged(old, new, failed=failed_now)
    assert row is not None
    assert row.failed is failed


def test_the_newest_validators_win_and_expire() -> None:
    def row(days_ago: float) -> FeedValidators:
        return FeedValidators(
            feed_url="f", etag=f'"{days_ago}"', last_modified=None, at=NOW - dt.timedelta(days=days_ago)
        )

    assert merge_validators([row(3)], [row(0)], OLDEST) == row(0)
    assert merge_validators([row(3)], [], OLDEST) == row(3)
    assert merge_validators([row(31)], [], OLDEST) is None
