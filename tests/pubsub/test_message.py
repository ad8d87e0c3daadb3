"""What a message becomes, told by its content type."""

from __future__ import annotations

import datetime as dt
import json
from importlib.util import find_spec

import pytest

from transforms.files import parse_article_line
from transforms.pubsub.message import parse_message
from transforms.records import Source

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.timezone.utc)
NAME = "projects/p/subscriptions/news"
ARTICLE = {
    "url": "https://example.com/harbour?utm_source=feed",
    "title": "Harbour reopens after storm",
    "text": "The harbour of the small town reopened on Tuesday.\n\nFerries run again from the old pier.",
    "published_at": "2026-11-20T08:30:00Z",
}
FEED = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Coast Daily</title><link>https://example.com/</link>
<item><title>Harbour reopens</title><link>https://example.com/harbour</link>
<description>The harbour of the small town reopened on Tuesday.</description></item>
<item><title>Lighthouse sold</title><link>https://example.com/lighthouse</link>
<description>The lighthouse on the northern cape has a new owner.</description></item>
</channel></rss>"""
PAGE = """<!doctype html><html lang="en"><head><title>Harbour reopens | Coast Daily</title>
<meta property="og:title" content="Harbour reopens"><meta name="author" content="Ada Lund"></head><body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a> <a href="/weather">Weather</a></nav>
<article><h1>Harbour reopens</h1>
<p>The harbour of the small town reopened on Tuesday after four days of repairs to its outer wall, the mayor said.</p>
<p>Ferries run again from the old pier, and the fishing fleet is expected back before the end of the week.</p>
</article><footer>Copyright Coast Daily. All rights reserved. Imprint, privacy, contact.</footer></body></html>"""

needs_trafilatura = pytest.mark.skipif(find_spec("trafilatura") is None, reason="the extra `html` is not installed")


def parse(data: bytes, content_type: str | None, **attributes: str):
    given = attributes if content_type is None else {"content-type": content_type, **attributes}
    return parse_message(data, given, name=NAME, message_id="17", fetched_at=NOW, timestamp_attribute="ts")


def test_article_is_the_same_as_from_a_file_but_for_its_source():
    line = json.dumps(ARTICLE).encode()
    (record,), failures = parse(line, "application/json; charset=utf-8")
    from_file = parse_article_line(line, "news.jsonl", fetched_at=NOW)
    assert not failures
    assert record.source == Source(type="pubsub", name=NAME, message_id="17")
    assert {f: getattr(record, f) for f in record.__struct_fields__ if f != "source"} == {
        f: getattr(from_file, f) for f in from_file.__struct_fields__ if f != "source"
    }


def test_feed_gives_all_its_articles():
    (first, second), _ = parse(FEED, "application/rss+xml", url="https://example.com/feed.xml")
    assert (first.title, second.title) == ("Harbour reopens", "Lighthouse sold")
    assert first.source == Source(
        type="pubsub", name="Coast Daily", feed_url="https://example.com/feed.xml", message_id="17"
    )


@needs_trafilatura
def test_page_gives_its_article_without_menus_and_footer():
    (record,), _ = parse(PAGE.encode(), "text/html; charset=utf-8", url="https://example.com/harbour")
    assert record.url == "https://example.com/harbour"
    assert record.title == "Harbour reopens"
    assert record.text.startswith("The harbour of the small town reopened on Tuesday")
    assert "\n\nFerries run again" in record.text
    assert "Weather" not in record.text
    assert "Imprint" not in record.text
    assert record.published_at is None


def test_the_time_attribute_fills_in_only_what_the_article_lacks():
    without = {key: value for key, value in ARTICLE.items() if key != "published_at"}
    (filled,), _ = parse(json.dumps(without).encode(), "application/json", ts="1763630000000")
    (kept,), _ = parse(json.dumps(ARTICLE).encode(), "application/json", ts="1763630000000")
    assert filled.published_at == dt.datetime.fromtimestamp(1763630000, dt.timezone.utc)
    assert kept.published_at == dt.datetime(2026, 11, 20, 8, 30, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize(
    ("data", "content_type", "attributes", "complaint"),
    [
        (b"{}", None, {}, "no content-type"),
        (b"%PDF-1.7", "application/pdf", {}, "none that newsbeam reads"),
        (b"{", "application/json", {}, "not JSON"),
        (b"\xff\xfe", "application/json", {}, "not JSON"),
        (b"[]", "application/json", {}, "object"),
        (b"[" * 100_000, "application/json", {}, "not JSON"),
        (b'{"title": "no text"}', "application/json", {}, "neither"),
        (b"<html><p>Not a feed</p></html>", "application/atom+xml", {}, "feed"),
        (PAGE.encode(), "text/html", {}, "needs its address"),
        (PAGE.encode(), "text/html", {"url": "javascript:alert(1)"}, "needs its address"),
        pytest.param(b"", "text/html", {"url": "https://example.com/"}, "no article", marks=needs_trafilatura),
    ],
)
def test_anything_else_is_refused_in_one_line(data, content_type, attributes, complaint):
    with pytest.raises(ValueError, match=complaint) as error:
        parse(data, content_type, **attributes)
    assert "\n" not in str(error.value)
