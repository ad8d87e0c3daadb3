from __future__ import annotations

import base64
import datetime as dt
import gzip
import io
import json
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec
import pytest
from apache_beam.testing.util import assert_that
from hypothesis import given
from hypothesis import strategies as st

from transforms import files
from transforms.feeds.config import FeedsConfig
from transforms.feeds.read import feed_dead_letter
from transforms.files import (
    ReadArticleFiles,
    ReadDeadLetters,
    bounded_lines,
    parse_article_line,
    parse_dead_letter,
    read_articles,
    replayed,
    restarted,
)
from transforms.outcomes import dead_letter
from transforms.records import DeadLetter, Edit, Language, Record, Source

NOW = dt.datetime(2025, 5, 8, 12, tzinfo=dt.timezone.utc)
CONFIG = FeedsConfig(feeds=["unused"], allow_private=True)
FEED = b"""<rss version="2.0"><channel><title>T</title><item><title>One</title><link>https://example.com/1</link>
<description>Text one</description></item></channel></rss>"""


def article(**fields: Any) -> Record:
    return parse_article_line(json.dumps(fields).encode(), "in.jsonl", fetched_at=NOW)


def test_all_fields() -> None:
    record = article(
        id="a1",
        url="https://www.example.com/a?utm_source=x",
        title="Fish &amp; <b>chips</b>",
        text="One.\n\nTwo.",
        summary="Short.",
        authors=["Ada Byron", {"name": "Joe Doe"}, "Ada Byron"],
        categories="food",
        published_at="2025-05-07T10:00:00+02:00",
        updated_at=1746612000,
        language="en_us",
        source={"type": "feeds", "name": "The Sample", "feed_url": "https://example.com/rss"},
        unknown=[1],
    )
    assert record.id == "a1"
    assert record.url == "https://www.example.com/a?utm_source=x"
    assert record.canonical_url == "https://www.example.com/a"
    assert record.title == "Fish & chips"
    assert record.text == "One.\n\nTwo."
    assert record.summary == "Short."
    assert record.authors == ["Ada Byron", "Joe Doe"]
    assert record.categories == ["food"]
    assert record.published_at == dt.datetime(2025, 5, 7, 8, tzinfo=dt.timezone.utc)
    assert record.updated_at == dt.datetime(2025, 5, 7, 10, tzinfo=dt.timezone.utc)
    assert record.fetched_at == NOW
    assert record.language == Language(declared="en-US")
    assert record.source == Source(type="feeds", name="The Sample", feed_url="https://example.com/rss")


def test_html_becomes_text_and_the_file_is_the_source() -> None:
    record = article(html="<p>One</p><p>Two</p><script>x()</script>")
    assert record.text == "One\n\nTwo"
    assert record.source == Source(type="files", name="in.jsonl")


def test_same_article_same_id_as_from_a_feed() -> None:
    assert article(text="a", url="http://example.com/x#top").id == article(text="b", url="https://www.example.com/x").id


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Wed, 07 May 2025 10:00:00 GMT", dt.datetime(2025, 5, 7, 10, tzinfo=dt.timezone.utc)),
        ("2025-05-07", dt.datetime(2025, 5, 7, tzinfo=dt.timezone.utc)),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2031-01-01", None),
        ("yesterday", None),
        (1e300, None),
        (None, None),
    ],
)
def test_dates_are_true_or_absent(value: Any, expected: dt.datetime | None) -> None:
    assert article(text="a", published_at=value).published_at == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not JSON"),
        (b'<rss version="2.0">', "not JSON but XML or HTML; feeds are read with"),
        (b"[1]", "one article a line; this is a list"),
        (b'"text"', "this is a string"),
        (b"{}", "neither `text` nor `html`"),
        (b'{"text": "  "}', "neither `text` nor `html`"),
        (b'{"text": 1}', "`text` must be a string; this is a number"),
        (b'{"text": "a", "url": []}', "`url` must be a string; this is a list"),
        (b'{"text": "a", "authors": [1]}', "`authors` must be a list of strings"),
        (b'{"text": "a", "published_at": true}', "`published_at` must be a date"),
        (b'{"text": "a", "source": {"type": 1}}', "`source`"),
        (b'{"text": "a", "id": {}}', "`id` must be a string"),
        (b'{"text": "\xff"}', "not UTF-8: byte 10 is 0xff"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_bad_lines_are_named(line: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_article_line(line, "in.jsonl")
    assert "\n" not in str(caught.value)


def test_nothing_unwritable_comes_through() -> None:
    record = article(text="a\x00b\ud800c", title="t\ud800", url="javascript:alert(1)", categories=["\x00"])
    assert (record.text, record.title, record.url, record.categories) == ("abc", "t", None, [])
    assert msgspec.json.encode(record)


@given(
    st.dictionaries(
        st.sampled_from(["text", "html", "url", "title", "id", "source", "authors"]),
        st.from_type(object) | st.text() | st.lists(st.text()),
    )
)
def test_a_line_becomes_a_writable_record_or_a_value_error(fields: dict[str, Any]) -> None:
    line = json.dumps(fields, default=lambda value: None).encode()
    try:
        record = parse_article_line(line, "in.jsonl")
    except ValueError:
        return
    assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record


@given(st.lists(st.binary(max_size=30).filter(lambda part: b"\n" not in part)), st.integers(1, 20))
def test_lines_are_bounded_and_counted(parts: list[bytes], chunk: int) -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(chunk)

    lines = list(bounded_lines(Dripping(b"".join(part + b"\n" for part in parts)), 10))
    assert [line.length for line in lines] == [len(part) for part in parts]
    assert [line.number for line in lines] == list(range(1, len(parts) + 1))
    assert all(
        line.content == part.removesuffix(b"\r") for line, part in zip(lines, parts, strict=True) if len(part) <= 10
    )


def write(path: Path, *lines: bytes) -> str:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return str(path)


def test_a_bad_line_leaves_its_neighbours(tmp_path: Path) -> None:
    path = write(
        tmp_path / "in.jsonl", b'\xef\xbb\xbf{"text": "a"}', b"", b"{bad", b'{"text": "\xff"}', b'{"text": "b"}\r'
    )
    results = list(read_articles(path))
    assert [result.text for result in results if isinstance(result, Record)] == ["a", "b"]
    letters = [result for result in results if isinstance(result, DeadLetter)]
    assert [letter.input for letter in letters] == [
        {"line": "{bad", "file": path, "number": 3},
        {"data": base64.b64encode(b'{"text": "\xff"}').decode(), "file": path, "number": 4},
    ]


def test_a_huge_line_is_cut_short_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_LINE_BYTES", 2000)
    monkeypatch.setattr(files, "_KEPT_OF_LONG_LINE", 100)
    path = write(tmp_path / "in.jsonl", b'{"text": "a"}', b"x" * 5_000_000, b'{"text": "b"}')
    first, letter, last = read_articles(path)
    assert (first.text, last.text) == ("a", "b")  # type: ignore[union-attr]
    assert isinstance(letter, DeadLetter)
    assert letter.error == "a line of 5,000,000 bytes; 2,000 are allowed"
    assert letter.input == {"line": "x" * 100, "file": path, "number": 2}


def test_a_damaged_gzip_file_gives_what_can_be_read(tmp_path: Path) -> None:
    lines = b"".join(
        json.dumps({"text": base64.b64encode(bytes([n % 256, n // 256]) * 99).decode()}).encode() + b"\n"
        for n in range(3000)
    )
    path = tmp_path / "in.jsonl.gz"
    path.write_bytes(gzip.compress(lines)[:-2000])
    results = list(read_articles(str(path)))
    letters = [result for result in results if isinstance(result, DeadLetter)]
    assert len(letters) in (1, 2)  # the end of the file, and the line it cuts through
    assert len(results) >= 1


def test_read_article_files(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", b'{"text": "a"}', b"{bad")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "b"}\n{"text": "c"}'))

    def records(found: list[Record]) -> None:
        assert sorted(record.text for record in found) == ["a", "b", "c"]

    def failures(found: list[DeadLetter]) -> None:
        assert sorted(letter.input["file"] for letter in found) == [str(tmp_path / "a.jsonl"), str(tmp_path / "none")]

    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        paths = [str(tmp_path / "*.jsonl*"), str(tmp_path / "a.jsonl"), str(tmp_path / "none")]
        outcome = pipeline | ReadArticleFiles(paths)
        assert_that(outcome.records, records, label="records")
        assert_that(outcome.failures, failures, label="failures")


def test_dead_letters_run_again(tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_bytes(FEED)
    letters = [
        dead_letter("entities", "record", article(text="from a record"), "boom"),
        dead_letter("files", "line", {"line": '{"text": "from a line"}', "file": "x", "number": 1}, "boom"),
        dead_letter("files", "line", {"line": "{", "file": "x", "number": 2}, "boom"),
        feed_dead_letter("https://example.com/rss", "boom", FEED.replace(b"Text one", b"from a document")),
        feed_dead_letter(str(feed), "boom"),
        feed_dead_letter(str(tmp_path / "none.xml"), "boom"),
        dead_letter("pubsub", "message", b'{"text": "from a message"}', "boom"),
    ]
    path = write(tmp_path / "letters.jsonl", *[msgspec.json.encode(letter) for letter in letters], b"not a letter")

    def records(found: list[Record]) -> None:
        expected = ["Text one", "from a document", "from a line", "from a message", "from a record"]
        assert sorted(record.text for record in found) == expected

    def failures(found: list[DeadLetter]) -> None:
        assert sorted(letter.kind for letter in found) == ["feed", "line", "line"]

    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        outcome = pipeline | ReadDeadLetters([path], CONFIG)
        assert_that(outcome.records, records, label="records")
        assert_that(outcome.failures, failures, label="failures")


def test_a_letter_that_fails_again_keeps_its_input() -> None:
    letter = dead_letter("files", "line", {"line": "{", "file": "x", "number": 2}, "old")
    (again,) = replayed(letter, CONFIG)
    assert isinstance(again, DeadLetter)
    assert (again.stage, again.kind, again.input) == ("files", "line", letter.input)
    assert again.error.startswith("ValueError: not JSON")


@pytest.mark.parametrize(
    "changes", [{"kind": "other"}, {"input": {}}, {"input": {"data": "%"}}, {"kind": "feed", "input": {}}]
)
def test_a_letter_without_use_stays_one(changes: dict[str, Any]) -> None:
    letter = msgspec.structs.replace(dead_letter("files", "line", {"line": "{}"}, "old"), **changes)
    (again,) = replayed(letter, CONFIG)
    assert isinstance(again, DeadLetter)
    assert again.input == letter.input


def test_a_restarted_record_is_as_its_source_gave_it() -> None:
    fresh = article(text="Chinas growth", language="en")
    edit = Edit(start=4, end=5, before="a", after="a'", rule="r", confidence=1)
    done = msgspec.structs.replace(
        fresh,
        text="China's growth",
        original_text=fresh.text,
        edits=[edit],
        garble_score=0.5,
        language=Language(code="en", confidence=0.9, declared="en"),
    )
    assert restarted(done) == fresh


def test_no_dead_letter() -> None:
    with pytest.raises(ValueError, match="not a dead letter"):
        parse_dead_letter(b'{"stage": 1}')
