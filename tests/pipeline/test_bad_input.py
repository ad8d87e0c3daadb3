"""One run over everything that feeds do wrong: each ends in records or a reason, and good neighbours are not lost."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.feeds.server import Handler, serving
from tests.pipeline.test_run import Job

MAX_BYTES = 2_000_000


def rss(*items: str, prolog: str = '<?xml version="1.0"?>') -> str:
    return f'{prolog}<rss version="2.0"><channel><title>A feed</title>{"".join(items)}</channel></rss>'


def item(name: str, text: str = "A text of the article", more: str = "") -> str:
    link = f"<link>https://example.com/{name}</link>"
    return f"<item><title>{name}</title>{link}<description>{text}</description>{more}</item>"


def silent(handler: Handler) -> None:
    time.sleep(6)


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"<item>" * 10_000)


def announced(handler: Handler) -> None:
    """A feed of 100 MB that says so."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000000")
    handler.end_headers()
    handler.wfile.write(b"<rss>" + b" " * 100_000)


def reply(status: int, body: str | bytes = b"", **headers: str) -> Any:
    content = body if isinstance(body, bytes) else body.encode()
    return lambda handler: handler.reply(status, content, **headers)


LAUGHS = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
SECRET = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
DATES = ["<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>", "<pubDate>Fri, 01 Jan 2999 00:00:00 GMT</pubDate>"]

FAILING = {
    "404": (reply(404), "HTTP 404"),
    "410": (reply(410), "HTTP 410"),
    "500": (reply(500), "HTTP 500"),
    "silent": (silent, "timed out: no bytes from"),
    "endless": (endless, f"larger than {MAX_BYTES:,} bytes"),
    "bomb": (
        reply(200, gzip.compress(b" " * 100_000_000), Content_Encoding="gzip"),
        f"larger than {MAX_BYTES:,} bytes",
    ),
    "hundred-megabytes": (announced, f"larger than {MAX_BYTES:,} bytes"),
    "loop": (reply(302, Location="/loop"), "redirect"),
    "html": (reply(200, "<!DOCTYPE html><html><body>Sign in</body></html>"), "an HTML page, not a feed"),
    "empty": (reply(200, b""), "empty document"),
    "binary": (reply(200, bytes(range(256)) * 50), "not a feed"),
}
READ = {
    "good": (reply(200, rss(item("good"))), 1),
    "wrong-type": (reply(200, rss(item("wrong-type")), Content_Type="image/png"), 1),
    "laughs": (reply(200, rss(item("laughs", "x &b; y"), prolog=LAUGHS)), 1),
    "external": (reply(200, rss(item("external", "x &x; y"), prolog=SECRET)), 1),
    "wrong-encoding": (
        reply(200, rss(item("wrong-encoding", "Café"), prolog='<?xml version="1.0" encoding="us-ascii"?>')),
        1,
    ),
    "utf-16": (reply(200, rss(item("utf-16", "Café")).encode("utf-16")), 1),
    "nul": (reply(200, rss(item("nul", "A\x00 te\x00xt"))), 1),
    "dates": (reply(200, rss(item("zero", more=DATES[0]), item("ahead", more=DATES[1]))), 2),
    "bare": (reply(200, rss("<item><description>Neither link, guid, title nor date.</description></item>")), 1),
    "script": (reply(200, rss("<item><title>script</title><link>javascript:alert(1)</link></item>")), 1),
    "one-guid": (reply(200, rss(*(item(f"one-{n}", f"Text {n}", "<guid>same</guid>") for n in range(300)))), 300),
}


def test_one_run_over_all_that_is_bad(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(tmp_path, "")
    (tmp_path / "large.xml").write_text(rss(" " * MAX_BYTES))
    with serving() as server:
        for name, (answer, _) in {**FAILING, **READ}.items():
            server.answers[f"/{name}"] = answer
        # the end of the document is missing, and with it the second entry's
        server.answers["/truncated"] = reply(200, rss(item("whole"), item("half"))[:-40])
        feeds = [server.url(path) for path in server.answers] + [
            str(tmp_path / name) for name in ("large.xml", "no.xml")
        ]
        limits = {"retries": 0, "read_timeout": 4, "total_timeout": 60, "max_bytes": MAX_BYTES, "per_host": 8}
        job.settings["source"] = {"type": "feeds", "feeds": feeds, "allow_private": True, **limits}
        job.write()
        assert job.run() == 0
    assert capsys.readouterr().err == ""

    summary = job.summary()
    assert summary["balanced"]
    assert summary["entries"] == sum(count for _, count in READ.values()) + 2
    assert (summary["dead_letters"], summary["duplicates"]) == (1, 0)
    assert summary["feeds"] == {"fetched": len(READ) + 1, "unchanged": 0, "failed": len(FAILING) + 2}

    told = {Path(failure["feed_url"]).name: failure["error"] for failure in summary["failed_feeds"]}
    expected = {name: reason for name, (_, reason) in FAILING.items()} | {
        "large.xml": f"larger than {MAX_BYTES:,} bytes",
        "no.xml": "no such file",
    }
    assert {name: reason in told[name] for name, reason in expected.items()} == dict.fromkeys(expected, True), told

    letters = job.letters()
    assert {letter["kind"] for letter in letters} == {"feed", "line"}
    assert "the document ends inside this entry" in " ".join(letter["error"] for letter in letters)

    records = {record["title"]: record for record in job.records()}
    assert "root:" not in json.dumps(records["external"])
    assert len(records["laughs"]["text"]) < 20
    assert records["wrong-encoding"]["text"] == records["utf-16"]["text"] == "Café"
    assert records["nul"]["text"] == "A text"
    assert records["zero"]["published_at"] is records["ahead"]["published_at"] is None
    assert records["script"]["url"] is None
    assert "whole" in records
    assert "half" not in records


def test_addresses_that_are_not_public_are_refused_unless_allowed(tmp_path: Path) -> None:
    job = Job(tmp_path, "")
    with serving() as server:
        server.answers["/good"] = reply(200, rss(item("good")))
        job.settings["source"] = {"type": "feeds", "feeds": [server.url("/good")]}
        job.write()
        assert job.run() == 1
        assert server.requests == []
    (failure,) = job.summary()["failed_feeds"]
    assert "allow_private" in failure["error"]
