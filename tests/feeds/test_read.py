from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec
import pytest
from apache_beam.testing.util import assert_that

from transforms.feeds import fetch as fetching
from transforms.feeds.config import FeedsConfig
from transforms.feeds.read import FeedFetch, FeedResult, ReadFeeds, fetch_feeds, read_feed
from transforms.outcomes import FAILED
from transforms.records import DeadLetter, Record

from .server import Handler, Server, serving

ITEM = "<item><title>Title {0}</title><link>https://example.com/{0}</link><description>Text {0}</description></item>"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def rss(*items: str) -> bytes:
    channel = "<title>Sample</title><link>https://example.com/</link>" + "".join(items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{channel}</channel></rss>'.encode()


def reply(status: int, body: bytes = b"", **headers: str) -> Any:
    return lambda handler: handler.reply(status, body, **headers)


def config(*feeds: str, **changes: Any) -> FeedsConfig:
    settings = {"feeds": list(feeds) or ["unused"], "allow_private": True, "retries": 0, "read_timeout": 5, **changes}
    return FeedsConfig(**settings)


def by_address(results: Iterator[FeedResult]) -> dict[str, FeedResult]:
    return {result.fetch.feed_url: result for result in results}


def test_a_feed(server: Server) -> None:
    document = rss("<ttl>30</ttl>", ITEM.format(1), "<item/>")
    server.answers["/feed"] = reply(200, document, ETag='"v1"', Cache_Control="max-age=60")
    result = read_feed(server.url("/feed"), config())
    fetch = msgspec.structs.replace(result.fetch, seconds=0)
    assert fetch == FeedFetch(
        feed_url=server.url("/feed"),
        status="fetched",
        http_status=200,
        etag='"v1"',
        entries=2,
        bytes=len(document),
        max_age_seconds=60,
        ttl_minutes=30,
    )
    assert [record.title for record in result.records] == ["Title 1"]
    assert [letter.kind for letter in result.failures] == ["line"]


def test_an_unchanged_feed(server: Server) -> None:
    server.answers["/feed"] = lambda handler: handler.reply(304 if "If-None-Match" in handler.headers else 200, rss())
    known = FeedFetch(feed_url=server.url("/feed"), status="fetched", etag='"v1"')
    result = read_feed(server.url("/feed"), config(), known)
    assert (result.fetch.status, result.records, result.failures) == ("unchanged", [], [])
    assert result.fetch.etag == '"v1"'


def test_a_document_that_is_no_feed_is_kept_in_its_dead_letter(server: Server) -> None:
    server.answers["/feed"] = reply(200, b"<html>Sign in</html>", ETag='"v1"', Content_Type="application/rss+xml")
    result = read_feed(server.url("/feed"), config())
    assert (result.fetch.status, result.fetch.error) == ("failed", "an HTML page, not a feed")
    assert result.fetch.etag is None
    (letter,) = result.failures
    assert (letter.stage, letter.kind) == ("feeds", "feed")
    data = base64.b64encode(b"<html>Sign in</html>").decode()
    assert letter.input == {"feed_url": server.url("/feed"), "data": data}


def test_a_wrong_content_type_does_not_matter(server: Server) -> None:
    server.answers["/feed"] = reply(200, rss(ITEM.format(1)), Content_Type="text/html; charset=us-ascii")
    assert len(read_feed(server.url("/feed"), config()).records) == 1


def test_a_truncated_feed_is_fetched_again_next_time(server: Server) -> None:
    server.answers["/feed"] = reply(200, rss(ITEM.format(1), ITEM.format(2))[:-60], ETag='"v1"')
    result = read_feed(server.url("/feed"), config())
    assert (result.fetch.status, result.fetch.entries, result.fetch.etag) == ("fetched", 2, None)
    assert (len(result.records), len(result.failures)) == (1, 1)


def test_bad_neighbours(server: Server, tmp_path: Path) -> None:
    """Every feed that can be read is read, whatever the others do."""

    def silent(handler: Handler) -> None:
        time.sleep(1.5)

    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"<item>" * 10_000)

    bad = {
        "/404": reply(404),
        "/410": reply(410),
        "/500": reply(500),
        "/silent": silent,
        "/endless": endless,
        "/loop": reply(302, Location="/loop"),
        "/html": reply(200, b"<!DOCTYPE html><html></html>"),
        "/empty": reply(200, b""),
        "/binary": reply(200, bytes(range(256)) * 100),
        "/reset": lambda handler: handler.connection.close(),
    }
    server.answers.update(bad)
    good = [f"/good{number}" for number in range(5)]
    for number, path in enumerate(good):
        server.answers[path] = reply(200, rss(ITEM.format(number)))
    (tmp_path / "good.xml").write_bytes(rss(ITEM.format(99)))
    (tmp_path / "large.xml").write_bytes(rss(" " * 1_000_000))
    paths = [str(tmp_path / name) for name in ("good.xml", "large.xml", "none.xml")]
    addresses = [server.url(path) for path in (*bad, *good)] + paths
    settings = config(read_timeout=1, max_bytes=900_000)
    results = by_address(fetch_feeds(addresses, settings))
    assert set(results) == set(addresses)
    fetched = {address for address, result in results.items() if result.fetch.status == "fetched"}
    assert fetched == {server.url(path) for path in good} | {paths[0]}
    for address in set(addresses) - fetched:
        result = results[address]
        assert (result.fetch.status, result.records, len(result.failures)) == ("failed", [], 1)
        assert result.fetch.error
        assert "\n" not in result.fetch.error


def test_a_slow_host_does_not_hold_up_the_others(server: Server, tmp_path: Path) -> None:
    released = threading.Event()

    def held(handler: Handler) -> None:
        released.wait(20)
        handler.reply(200, rss())

    server.answers["/held"] = held
    path = tmp_path / "feed.xml"
    path.write_bytes(rss(ITEM.format(1)))
    results = fetch_feeds([server.url(f"/held?{n}") for n in range(5)] + [str(path)], config(read_timeout=20))
    assert next(results).fetch.feed_url == str(path)
    released.set()
    assert len(list(results)) == 5


def test_a_reader_that_stops_ends_the_fetching(server: Server, tmp_path: Path) -> None:
    released = threading.Event()
    server.answers["/held"] = lambda handler: released.wait(20) and None
    path = tmp_path / "feed.xml"
    path.write_bytes(rss(ITEM.format(1)))
    results = fetch_feeds([str(path), *(server.url(f"/held?{n}") for n in range(9))], config(read_timeout=20))
    next(results)
    results.close()  # type: ignore[attr-defined]
    released.set()
    assert len(server.requests) <= 2


def comparable(record: Record) -> Record:
    return msgspec.structs.replace(record, fetched_at=None, source=None)  # type: ignore[arg-type]


def test_the_samples_over_http_and_from_files_are_the_same(server: Server) -> None:
    samples = sorted((Path(__file__).parents[2] / "configs" / "samples").iterdir())
    assert len(samples) >= 5
    for sample in samples:
        server.answers[f"/{sample.name}"] = reply(200, sample.read_bytes(), Content_Type="text/xml; charset=us-ascii")
    over_http = by_address(fetch_feeds([server.url(f"/{sample.name}") for sample in samples], config()))
    from_files = by_address(fetch_feeds([str(sample) for sample in samples], config()))
    for sample in samples:
        web, file = over_http[server.url(f"/{sample.name}")], from_files[str(sample)]
        assert (web.failures, file.failures) == ([], [])
        assert file.records
        assert [comparable(record) for record in web.records] == [comparable(record) for record in file.records]


def test_nothing_ends_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> None:
        raise RuntimeError("boom\nboom")

    monkeypatch.setattr(fetching, "_follow", failing)
    assert read_feed("https://example.com/rss", config()).fetch.error == "RuntimeError: boom boom"


def test_read_feeds(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(rss(ITEM.format(1), ITEM.format(2)))
    (tmp_path / "b.xml").write_bytes(b"<html><body>Not found</body></html>")
    server.answers["/web"] = reply(200, rss(ITEM.format(3), "<item/>"))
    server.answers["/same"] = lambda handler: handler.reply(304 if handler.headers["If-None-Match"] == "x" else 500)

    def records(found: list[Record]) -> None:
        assert sorted(record.url or "" for record in found) == [f"https://example.com/{n}" for n in (1, 2, 3)]

    def failures(found: list[DeadLetter]) -> None:
        assert sorted(letter.input.get("feed_url", "an entry") for letter in found) == [
            str(tmp_path / "b.xml"),
            str(tmp_path / "none*.xml"),
            "an entry",
        ]

    def fetches(found: list[FeedFetch]) -> None:
        assert sorted((fetch.status, fetch.entries) for fetch in found) == [
            ("failed", 0),
            ("failed", 0),
            ("fetched", 2),
            ("fetched", 2),
            ("unchanged", 0),
        ]

    feeds = [str(tmp_path / "[ab].xml"), str(tmp_path / "none*.xml"), server.url("/web"), server.url("/same")]
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        known = pipeline | "Known" >> beam.Create(
            [FeedFetch(feed_url=server.url("/same"), status="fetched", etag="x")]
        ).with_output_types(FeedFetch)
        outcome = pipeline | ReadFeeds(config(*feeds), known)
        assert outcome.records.element_type == Record
        assert_that(outcome.records, records, label="records")
        assert_that(outcome.failures, failures, label=FAILED)
        assert_that(outcome.fetches, fetches, label="fetches")
