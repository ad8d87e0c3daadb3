from __future__ import annotations

import contextlib
import gzip
import socket
import subprocess
import sys
import threading
import time
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.feeds import fetch as fetching
from transforms.feeds.config import FeedsConfig
from transforms.feeds.fetch import FetchError, HostGate, Inflater, claimed, fetch, unzipped
from transforms.feeds.guard import Budget, is_public

from .server import Handler, Server, serving

ROOT = Path(__file__).resolve().parents[2]
FEED = b"<rss version='2.0'><channel><title>T</title></channel></rss>"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_BACKOFF_SECONDS", 0.01)


def config(**changes: Any) -> FeedsConfig:
    settings = {"feeds": ["unused"], "allow_private": True, "read_timeout": 5, "retries": 0, **changes}
    return FeedsConfig(**settings)


def reply(status: int, body: bytes = b"", **headers: str) -> Any:
    return lambda handler: handler.reply(status, body, **headers)


def test_a_document_and_what_the_server_says_of_it(server: Server) -> None:
    headers = {"ETag": '"v1"', "Last_Modified": "Wed, 07 May 2025 10:00:00 GMT", "Content_Type": "text/xml; charset=x"}
    server.answers["/feed"] = reply(200, FEED, Cache_Control="public, max-age=600", **headers)
    got = fetch(server.url("/feed#top"), config(contact="desk@example.org"))
    assert (got.document, got.error, got.http_status, got.etag) == (FEED, None, 200, '"v1"')
    assert (got.last_modified, got.max_age_seconds) == ("Wed, 07 May 2025 10:00:00 GMT", 600)
    assert (got.content_type, got.received_bytes) == ("text/xml; charset=x", len(FEED))
    ((path, sent),) = server.requests
    assert path == "/feed"
    assert sent["User-Agent"].startswith("newsbeam/")
    assert sent["User-Agent"].endswith("(+desk@example.org)")
    assert "If-None-Match" not in sent


def test_not_modified(server: Server) -> None:
    def answer(handler: Handler) -> None:
        handler.reply(304 if handler.headers["If-None-Match"] == '"v1"' else 200, ETag='"v1"')

    server.answers["/feed"] = answer
    got = fetch(server.url("/feed"), config(), etag='"v1"', last_modified="Wed, 07 May 2025 10:00:00 GMT")
    assert (got.unchanged, got.document, got.error, got.etag) == (True, None, None, '"v1"')
    assert server.requests[0][1]["If-Modified-Since"] == "Wed, 07 May 2025 10:00:00 GMT"


def test_not_modified_without_an_earlier_answer_is_a_failure(server: Server) -> None:
    server.answers["/feed"] = reply(304)
    got = fetch(server.url("/feed"), config())
    assert got.error == "HTTP 304 Not Modified, though no earlier answer is known"


def test_a_damaged_validator_is_not_sent(server: Server) -> None:
    server.answers["/feed"] = reply(200, FEED)
    assert fetch(server.url("/feed"), config(), etag="a\r\nX-Evil: 1", last_modified="\u2603").document == FEED
    assert not {"If-None-Match", "If-Modified-Since", "X-Evil"} & set(server.requests[0][1])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 500, 503, 429, 799])
def test_statuses_without_a_document(server: Server, status: int) -> None:
    server.answers["/feed"] = reply(status, Retry_After="7")
    got = fetch(server.url("/feed"), config())
    assert got.document is None
    assert (got.http_status, got.retry_after_seconds) == (status, 7.0)
    assert got.error
    assert got.error.startswith(f"HTTP {status}")


@pytest.mark.parametrize(("status", "requests"), [(503, 3), (429, 3), (500, 3), (404, 1), (410, 1)])
def test_only_what_may_pass_is_tried_again(server: Server, status: int, requests: int) -> None:
    server.answers["/feed"] = reply(status)
    assert fetch(server.url("/feed"), config(retries=2)).error
    assert len(server.requests) == requests


def test_a_second_attempt_succeeds_after_the_wait_asked_for(server: Server) -> None:
    def answer(handler: Handler) -> None:
        times.append(time.monotonic())
        handler.reply(503 if len(times) == 1 else 200, FEED, Retry_After="1")

    times: list[float] = []
    server.answers["/feed"] = answer
    assert fetch(server.url("/feed"), config(retries=1)).document == FEED
    assert times[1] - times[0] >= 1


def test_a_wait_beyond_the_time_for_the_feed_is_not_begun(server: Server) -> None:
    server.answers["/feed"] = reply(429, Retry_After="3600")
    got = fetch(server.url("/feed"), config(retries=5))
    assert (got.error, got.retry_after_seconds, len(server.requests)) == ("HTTP 429 Too Many Requests", 3600.0, 1)


def test_a_server_that_wants_to_be_left_alone_is_not_asked_for_another_feed(server: Server) -> None:
    server.answers |= {"/a": reply(429, Retry_After="3600"), "/b": reply(200, FEED)}
    fetch(server.url("/a"), config())
    got = fetch(server.url("/b"), config(retries=5))
    assert got.postponed
    assert 3590 < (got.retry_after_seconds or 0) <= 3600
    assert got.error == "127.0.0.1 wants to be left alone for 3600 s more"
    assert got.server == f"127.0.0.1:{server.server_address[1]}"
    assert [path for path, _ in server.requests] == ["/a"]


def test_a_short_wish_to_be_left_alone_is_waited_for(server: Server) -> None:
    server.answers |= {"/a": reply(503, Retry_After="1"), "/b": reply(200, FEED)}
    fetch(server.url("/a"), config())
    asked = time.monotonic()
    assert fetch(server.url("/b"), config(retries=1)).document == FEED
    assert time.monotonic() - asked > 0.5


def test_freshness_is_what_is_left_of_it(server: Server) -> None:
    server.answers |= {
        "/a": reply(200, FEED, Cache_Control="public, max-age=600", Age="100"),
        "/b": reply(200, FEED, Cache_Control="max-age=600", Age="soon"),
        "/c": reply(200, FEED, Cache_Control="max-age=600", Age="700"),
    }
    assert [fetch(server.url(path), config()).max_age_seconds for path in ("/a", "/b", "/c")] == [500, 600, 0]


def test_redirects(server: Server) -> None:
    server.answers["/old"] = reply(301, Location="/newer?a=1")
    server.answers["/newer"] = reply(308, Location=server.url("/new"))
    server.answers["/new"] = reply(302, Location="feed")
    server.answers["/feed"] = reply(200, FEED)
    got = fetch(server.url("/old"), config())
    assert got.document == FEED
    assert got.new_address == server.url("/new")  # the temporary redirect from there on is not reported


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("/start", "redirect loop at http://127.0.0.1"),
        ("file:///etc/passwd", "not an http(s) address: 'file:///etc/passwd'"),
        ("gopher://example.org/", "not an http(s) address"),
        ("http://[bad", "not an http(s) address"),
        ("http://a:b/", "not an http(s) address"),
    ],
)
def test_redirects_to_nowhere(server: Server, location: str, message: str) -> None:
    server.answers["/start"] = reply(302, Location=location)
    got = fetch(server.url("/start"), config())
    assert got.document is None
    assert got.error
    assert message in got.error


def test_a_redirect_without_a_place(server: Server) -> None:
    server.answers["/start"] = reply(302)
    assert fetch(server.url("/start"), config()).error == "HTTP 302 Found without a Location"


def test_endless_redirects(server: Server) -> None:
    for number in range(10):
        server.answers[f"/{number}"] = reply(302, Location=f"/{number + 1}")
    assert fetch(server.url("/0"), config()).error == "more than 5 redirects"
    assert len(server.requests) == 6


def test_private_addresses_are_refused(server: Server) -> None:
    got = fetch(server.url("/feed"), config(allow_private=False, retries=2))
    assert got.error == (
        "refused: 127.0.0.1 is at 127.0.0.1, not a public address; allow_private: true would permit it"
    )
    assert server.requests == []


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_private_addresses_in_disguise(host: str) -> None:
    got = fetch(f"http://{host}:9/feed", config(allow_private=False))
    assert got.document is None
    assert got.error
    assert got.error.startswith(("refused: ", "no address found", "not an http"))


def test_a_redirect_to_a_private_address_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first host counts as public here, the second is told from the very address that would be connected to."""
    server.answers["/feed"] = reply(302, Location=f"http://inner.example:{server.server_address[1]}/secret")
    server.answers["/secret"] = reply(200, b"secret")
    names = {"outer.example": "127.0.0.1", "inner.example": "127.0.0.2"}
    monkeypatch.setattr("transforms.feeds.guard.is_public", lambda address: address == "127.0.0.1")
    address = f"http://outer.example:{server.server_address[1]}/feed"
    got = fetch(address, config(allow_private=False), resolver=lambda host, port: [names[host]])
    assert got.error
    assert got.error.startswith("refused: inner.example is at 127.0.0.2")
    assert [path for path, _ in server.requests] == ["/feed"]
    assert server.requests[0][1]["Host"] == f"outer.example:{server.server_address[1]}"


def test_a_name_that_changes_its_address_is_resolved_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    server.answers["/feed"] = reply(200, FEED)
    monkeypatch.setattr("transforms.feeds.guard.is_public", lambda address: address == "127.0.0.1")
    address = f"http://turning.example:{server.server_address[1]}/feed"
    assert fetch(address, config(allow_private=False), resolver=resolver).document == FEED
    assert asked == ["turning.example"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("240.0.0.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("2002:7f00:0001::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_an_unknown_name() -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    got = fetch("http://nowhere.example/feed", config(retries=3), resolver=resolver)
    assert got.error
    assert got.error.startswith("no address found for nowhere.example")


def test_nobody_listens() -> None:
    with serving() as gone:
        address = gone.url("/feed")
    got = fetch(address, config())
    assert got.error
    assert got.error.startswith("connection to 127.0.0.1 failed")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://example.org/", "http://", "", "http://a:b:c/", "x"])
def test_not_addresses(address: str) -> None:
    got = fetch(address, config())
    assert got.error
    assert got.error.startswith("not an http(s) address")


def test_a_server_that_says_nothing(server: Server) -> None:
    released = threading.Event()
    server.answers["/feed"] = lambda handler: released.wait(20) and None
    got = fetch(server.url("/feed"), config(read_timeout=0.2))
    released.set()
    assert got.error == "timed out: no bytes from 127.0.0.1 for 0.2 s"


@pytest.mark.parametrize("in_header", [True, False])
def test_a_server_that_drips_for_ever(server: Server, in_header: bool) -> None:
    def drip(handler: Handler) -> None:
        if not in_header:
            handler.send_response(200)
            handler.end_headers()
        while True:
            handler.wfile.write(b"X: 1\r\n" if in_header else b" ")
            time.sleep(0.05)

    if in_header:

        def drip_header(handler: Handler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            drip(handler)

        server.answers["/feed"] = drip_header
    else:
        server.answers["/feed"] = drip
    got = fetch(server.url("/feed"), config(total_timeout=0.6, retries=3))
    assert got.error == "timed out: not done within 0.6 s in all"


def test_an_endless_body_ends_at_the_limit(server: Server) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    server.answers["/feed"] = endless
    got = fetch(server.url("/feed"), config(max_bytes=1_000_000))
    assert got.error == "larger than 1,000,000 bytes after decompression (max_bytes)"
    assert got.received_bytes < 1_300_000


def test_a_length_beyond_the_limit_is_not_received(server: Server) -> None:
    server.answers["/feed"] = lambda handler: handler.reply(200, b"x", Content_Length="104857600")
    got = fetch(server.url("/feed"), config())
    assert (got.error, got.received_bytes) == ("larger than 16,777,216 bytes after decompression (max_bytes)", 0)


def test_a_gzip_bomb_ends_at_the_limit(server: Server) -> None:
    bomb = gzip.compress(bytes(30_000_000), 9)
    server.answers["/feed"] = reply(200, bomb, Content_Encoding="gzip")
    got = fetch(server.url("/feed"), config(max_bytes=2_000_000))
    assert got.error == "larger than 2,000,000 bytes after decompression (max_bytes)"
    server.answers["/file.gz"] = reply(200, bomb)
    got = fetch(server.url("/file.gz"), config(max_bytes=2_000_000))
    assert got.error == "larger than 2,000,000 bytes after decompression (max_bytes)"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(FEED)),
        ("x-gzip", gzip.compress(FEED[:20]) + gzip.compress(FEED[20:])),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED)[2:-4]),
        ("identity", FEED),
        ("identity", gzip.compress(FEED)),
    ],
)
def test_compressed_documents(server: Server, encoding: str, body: bytes) -> None:
    server.answers["/feed"] = reply(200, body, Content_Encoding=encoding)
    assert fetch(server.url("/feed"), config()).document == FEED


@pytest.mark.parametrize(
    ("encoding", "body", "message"),
    [
        ("gzip", b"plain", "damaged"),
        ("gzip", gzip.compress(FEED)[:-9], "ends too early"),
        ("br", b"xx", "compressed as 'br', which was not asked for"),
        ("gzip, gzip", gzip.compress(gzip.compress(FEED)), "not asked for"),
    ],
)
def test_damaged_compression(server: Server, encoding: str, body: bytes, message: str) -> None:
    server.answers["/feed"] = reply(200, body, Content_Encoding=encoding)
    got = fetch(server.url("/feed"), config())
    assert got.document is None
    assert got.error
    assert message in got.error


def test_a_connection_that_breaks_off(server: Server) -> None:
    server.answers["/feed"] = lambda handler: handler.reply(200, FEED, Content_Length=str(len(FEED) + 10))
    got = fetch(server.url("/feed"), config())
    assert got.document is None
    assert got.error
    assert got.error.startswith("connection to 127.0.0.1 failed: peer closed connection")


@pytest.mark.parametrize("answer", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", b"\x00" * 100])
def test_not_http(server: Server, answer: bytes) -> None:
    server.answers["/feed"] = lambda handler: handler.wfile.write(answer)
    got = fetch(server.url("/feed"), config())
    assert got.error
    assert got.error.startswith("connection to 127.0.0.1 failed")


def test_a_stop_ends_the_wait(server: Server) -> None:
    server.answers["/feed"] = reply(503, Retry_After="30")
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    assert fetch(server.url("/feed"), config(retries=5), stop=stop).error == "HTTP 503 Service Unavailable"
    assert len(server.requests) == 1
    assert fetch(server.url("/feed"), config(), stop=stop).error == "stopped"


def test_a_host_is_never_asked_more_than_its_limit_at_once(server: Server) -> None:
    lock, now, most = threading.Lock(), 0, 0

    def slow(handler: Handler) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
        handler.reply(200, FEED)

    server.answers["/feed"] = slow
    threads = [threading.Thread(target=fetch, args=(server.url(f"/feed?{n}"), config())) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 12
    assert most <= 2


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each process counts for itself")
def test_the_processes_of_a_machine_count_together() -> None:
    host = f"{uuid.uuid4()}.example"
    holding = (
        "import sys; from transforms.feeds.fetch import claimed;"
        f"held = [claimed({host!r}, 2), claimed({host!r}, 2)]; print(None in held, flush=True); sys.stdin.read()"
    )
    gate, entered = HostGate(2), threading.Event()

    def enter() -> None:
        with gate.slot(host, Budget(30, threading.Event())):
            entered.set()

    with subprocess.Popen([sys.executable, "-c", holding], stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "False\n"
        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.3)
        other.kill()  # a process that dies lets go
    assert entered.wait(20)
    waiting.join()
    claims = [claimed(host, 2) for _ in range(3)]
    assert [claim is None for claim in claims] == [False, False, True]
    for claim in claims[:2]:
        assert claim is not None
        with claim:
            pass
    assert isinstance(claimed(host, 2), socket.socket)


def test_waiting_for_a_slot_of_the_machine_takes_nothing_from_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = iter([None] * 10)
    monkeypatch.setattr(fetching, "claimed", lambda host, slots: next(taken, contextlib.nullcontext()))
    budget = Budget(0.3, threading.Event())
    with HostGate(2).slot("host.example", budget):
        assert budget.remaining() > 0.1


@given(st.binary(max_size=3000), st.integers(1, 50), st.sampled_from([gzip.compress, zlib.compress]))
def test_inflating_in_pieces(content: bytes, size: int, compress: Any) -> None:
    packed, inflater, limit = compress(content), Inflater(), 1000
    body = b""
    for start in range(0, len(packed), size):
        if len(body) > limit:
            break
        body += inflater.feed(packed[start : start + size], limit - len(body) + 1)
    assert body == content[: limit + 1]


def test_unzipped() -> None:
    assert unzipped(FEED, 1000) == FEED
    assert unzipped(gzip.compress(FEED), 1000) == FEED
    with pytest.raises(FetchError, match="ends too early"):
        unzipped(gzip.compress(FEED)[:-9], 1000)
