"""Deduplicate: within a run, across runs, and for replays."""

from __future__ import annotations

from pathlib import Path

import apache_beam as beam
import msgspec
import pytest
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from transforms.coders import StructCoder
from transforms.deduplicate import (
    MIN_CONTENT_CHARS,
    Candidate,
    Deduplicate,
    Held,
    content_key,
    first_seen,
    fullest,
    held,
)
from transforms.memory import Seen
from transforms.outcomes import utc_now
from transforms.records import Record
from transforms.spool import Place

LONG = "A long enough article. " * 10


def article(id: str, text: str = LONG, content: str | None = None) -> Record:
    return Record(id=id, text=text, content_hash=content or f"hash of {id}")


def remembered(id: str, content: str | None = None, failed: bool = False) -> Seen:
    return Seen(id=id, content=content, feed_url=None, at=utc_now(), failed=failed)


@pytest.mark.parametrize(
    ("records", "memory", "replay", "kept", "dropped"),
    [
        pytest.param([], [], False, [], [], id="nothing"),
        pytest.param([article("a"), article("b")], [], False, ["a", "b"], [], id="two articles"),
        pytest.param([article("a"), article("a")], [], False, ["a"], ["a same id in this run"], id="same id"),
        pytest.param(
            [article("a", content="c"), article("b", content="c")],
            [],
            False,
            ["a"],
            ["b same content in this run"],
            id="same content",
        ),
        pytest.param(
            [article("a", "short", content="c"), article("b", "short", content="c")],
            [],
            False,
            ["a", "b"],
            [],
            id="short texts may be alike by chance",
        ),
        pytest.param(
            [article("a")], [remembered("a")], False, [], ["a same id in an earlier run"], id="seen in an earlier run"
        ),
        pytest.param(
            [article("b", content="c")],
            [remembered("a", content="c")],
            False,
            [],
            ["b same content in an earlier run"],
            id="content seen in an earlier run",
        ),
        pytest.param(
            [article("a")],
            [remembered("a", failed=True)],
            False,
            [],
            ["a same id in an earlier run"],
            id="failed before: waits for its replay",
        ),
        pytest.param([article("a")], [remembered("a", failed=True)], True, ["a"], [], id="replay of a failed one"),
        pytest.param(
            [article("a")],
            [remembered("a")],
            True,
            [],
            ["a same id in an earlier run"],
            id="second replay",
        ),
    ],
)
@pytest.mark.parametrize("spooled", [False, True], ids=["whole", "spooled"])
def test_deduplicate(
    records: list[Record],
    memory: list[Seen],
    replay: bool,
    kept: list[str],
    dropped: list[str],
    spooled: bool,
    tmp_path: Path,
) -> None:
    deduplicate = {"replay": replay, "spool": str(tmp_path / "spool") if spooled else None}
    with beam.Pipeline(runner="FnApiRunner") as p:
        seen = p | "memory" >> beam.Create(memory).with_output_types(Seen)
        outcome = p | "articles" >> beam.Create(records).with_output_types(Record) | Deduplicate(seen, **deduplicate)
        ids = outcome.records | beam.Map(lambda record: record.id)
        reasons = outcome.duplicates | beam.Map(lambda duplicate: f"{duplicate.id} {duplicate.reason}")
        assert_that(ids, equal_to(kept), label="kept")
        assert_that(reasons, equal_to(dropped), label="dropped")


@pytest.mark.parametrize("spooled", [False, True], ids=["whole", "spooled"])
def test_records_come_out_as_they_went_in(spooled: bool, tmp_path: Path) -> None:
    records = [
        msgspec.structs.replace(article(str(number), LONG + "ë " * number), authors=["A"], fetched_at=utc_now())
        for number in range(50)
    ]
    with beam.Pipeline(runner="FnApiRunner") as p:
        seen = p | "memory" >> beam.Create([]).with_output_types(Seen)
        spool = str(tmp_path) if spooled else None
        outcome = p | "articles" >> beam.Create(records).with_output_types(Record) | Deduplicate(seen, spool=spool)
        assert_that(outcome.records, equal_to(records))


def test_of_a_spooled_article_only_what_is_compared_passes_the_shuffle() -> None:
    text = "".join(map(chr, range(0x4E00, 0x9FA5)))  # hardly compressible
    light = StructCoder(Candidate).encode(Candidate(held(article("a", text), Place("file", 10**9, 10**6))))
    assert len(light) < 200


@given(st.permutations([held(article("a", LONG + "x" * n), b"") for n in range(5)]))
def test_the_fullest_copy_wins_in_whatever_order_they_come(articles: list[Held]) -> None:
    assert fullest(articles)[0].length == len(LONG) + 4


def test_content_is_compared_from_a_minimum_on() -> None:
    assert content_key(article("a", "x" * (MIN_CONTENT_CHARS - 1))) is None
    assert content_key(article("a", "x" * MIN_CONTENT_CHARS)) == "hash of a"


def test_the_memory_keeps_the_key_not_the_text() -> None:
    row = first_seen(held(article("a", content="c"), b""))
    assert (row.id, row.content, row.failed) == ("a", "c", False)
