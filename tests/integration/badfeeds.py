"""Polls 200 feeds of a server that behaves badly on purpose, and counts what it published, stored, lost and doubled.

    python tests/integration/badfeeds.py [--minutes 10] [--runner prism|flink] [--kill]

The server (25 loopback addresses, 8 feeds each) answers with 304s, 429 and Retry-After, 503, 301s within a host and to
another, 410, slow drips, connections that are reset, gzip; items are changed, re-dated, get other guids and other
links. Meanwhile feeds are added to and removed from the watched list. From the server's own log: how many requests a
host had at once, and whether any came before its Retry-After was over. With `--kill` the pipeline is killed (`kill -9`)
half-way and started again, and PostgreSQL is the sink; what feeds that change both guid and link at every request give
may then be doubled. Exit status 1 where anything else is doubled or anything lost, or a host had cause to complain.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import email.utils
import gzip
import http.server
import json
import os
import random
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import psycopg
import yaml
from faults import ROOT, WORDS
from prometheus_client.parser import text_string_to_metric_families
from servers import Flink, FlinkJobServer, Postgres, Prism, WorkerPool, free_port

HOSTS = 25
FEEDS_A_HOST = 8
ADDED_LATER = 5
REMOVED = 5
SHOWN = 10
"""Items that a feed shows: the newest."""
MIN_INTERVAL, MAX_INTERVAL, REREAD = 5, 30, 10
PER_HOST = 2
MEAN_GAP = 60.0
"""Seconds between two items of a feed, on average."""
RETRY_AFTER = 8
ALLOWED_IN_WINDOW, WINDOW = 3, 10.0
"""Requests that a strict host answers before it says 429."""
REACTION = 0.25
"""Seconds within which a request may have been under way when its host said 429."""
MANNERS = [
    "plain",
    "etag",
    "last-modified",
    "gzip",
    "moved",
    "moved to another host",
    "gone",
    "slow",
    "drip without end",
    "reset",
    "unavailable",
    "changed items",
    "re-dated items",
    "other guids",
    "other links",
    "max-age",
]
STRICT_HOSTS = (3, 11, 19)


class Request(NamedTuple):
    """A line of the server's log."""

    host: str
    path: str
    start: float
    end: float
    status: int
    retry_after: int


class Feed:
    """A feed of the server: what it publishes, and how it behaves."""

    def __init__(self, number: int, manner: str) -> None:
        self.number = number
        self.manner = manner
        self.items: list[tuple[str, float]] = []
        self.closed = False
        """Publishes nothing more."""
        self.gone = False
        self.asked = 0

    def publish(self, now: float) -> None:
        self.items.append((f"f{self.number}-i{len(self.items)}", now))

    def document(self, address: str) -> bytes:
        """Return the RSS document as of now, with the trouble that this feed makes."""
        items = "".join(self._item(token, at, address) for token, at in reversed(self.items[-SHOWN:]))
        return (
            f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Feed {self.number}</title>'
            f"<link>http://news{self.number}.example/</link><language>en</language>{items}</channel></rss>"
        ).encode()

    def _item(self, token: str, at: float, address: str) -> str:
        chance = random.Random(token)
        text = " ".join(
            " ".join(chance.choices(WORDS, k=12)).capitalize() + f", the {token} desk said." for _ in range(5)
        )
        guid, link, date = token, f"http://news{self.number}.example/{token}", at
        if self.manner == "changed items":
            text += f" Correction number {self.asked}."
        elif self.manner == "re-dated items":
            date = time.time()
        elif self.manner == "other guids":
            guid = f"{token}-{self.asked}"
        elif self.manner == "other links":
            link, guid = f"{link}?session={self.asked}", f"{token}-{self.asked}"
        return (
            f"<item><title>Report {token}</title><link>{escape(link)}</link><guid isPermaLink='false'>{guid}</guid>"
            f"<pubDate>{email.utils.formatdate(date, usegmt=True)}</pubDate>"
            f"<description>{escape(text)}</description></item>"
        )


class World:
    """All feeds, and the log of what was asked for."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.log: list[Request] = []
        self.under_way: dict[str, list[Handler]] = {}
        self.most_at_once: Counter[str] = Counter()
        self.crowds: list[str] = []
        """What was asked for where a host had more requests at once than allowed."""
        self.quiet_until: dict[str, float] = {}
        self.recent: dict[str, list[float]] = {}
        self.hosts = [f"127.0.1.{n + 1}" for n in range(HOSTS)]
        self.feeds = [Feed(n, MANNERS[(n + n // FEEDS_A_HOST) % len(MANNERS)]) for n in range(HOSTS * FEEDS_A_HOST)]
        self.servers = [Server(host, self) for host in self.hosts]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def address(self, feed: Feed) -> str:
        return self.servers[feed.number // FEEDS_A_HOST].url(f"/feed/{feed.number}")

    def elsewhere(self, feed: Feed) -> str:
        """Return where a feed has moved to."""
        host = feed.number // FEEDS_A_HOST
        if feed.manner == "moved to another host":
            host = (host + 5) % HOSTS
        return self.servers[host].url(f"/new/{feed.number}")

    def close(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()


class Server(http.server.ThreadingHTTPServer):
    """One host."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, world: World) -> None:
        super().__init__((host, 0), Handler)
        self.host = host
        self.world = world

    def url(self, path: str) -> str:
        return f"http://{self.host}:{self.server_address[1]}{path}"

    def handle_error(self, *_: object) -> None:
        """A client that goes away is part of the test."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the feed's manner has it, and logs from the first byte to the last."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        world, host = self.server.world, self.server.host
        self.close_connection = True
        self.status, self.retry_after = 0, 0
        self.answered = False
        start = time.time()
        with world.lock:
            under_way = world.under_way.setdefault(host, [])
            under_way.append(self)
            at_once = sum(handler.waited_for() for handler in under_way)
            world.most_at_once[host] = max(world.most_at_once[host], at_once)
            if at_once > PER_HOST:
                world.crowds.append(" ".join(sorted(handler.path for handler in under_way if handler.waited_for())))
        try:
            with contextlib.suppress(OSError):
                self.answer()
        finally:
            with world.lock:
                under_way.remove(self)
                world.log.append(Request(host, self.path, start, time.time(), self.status, self.retry_after))

    def waited_for(self) -> bool:
        """Tell whether the client still waits: neither has all been sent nor has it left.

        This thread may be late to notice either on a busy machine; the connection itself knows.
        """
        if self.answered:
            return False
        try:
            gone = bool(select.select([self.connection], [], [], 0)[0])  # it sends nothing more
        except (OSError, ValueError):
            gone = True
        return not gone

    def answer(self) -> None:
        world, host = self.server.world, self.server.host
        feed = world.feeds[int(self.path.rpartition("/")[2])]
        chance = random.Random(f"{feed.number} {feed.asked}")
        with world.lock:
            feed.asked += 1
        if self.refused(host):
            return
        time.sleep(chance.uniform(0.05, 0.4))
        if self.path.startswith("/feed/") and feed.manner.startswith("moved"):
            self.reply(308 if feed.number % 2 else 301, Location=world.elsewhere(feed))
            return
        if feed.gone:
            self.reply(410)
            return
        if feed.manner == "unavailable" and chance.random() < 0.4:
            self.reply(503)
            return
        body = feed.document(self.path)
        if feed.manner == "reset" and chance.random() < 0.4:
            self.begin(200, len(body))
            self.wfile.write(body[: len(body) // 2])
            self.answered = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        if feed.manner == "slow":
            self.begin(200, len(body))
            self.drip(body, seconds=6)
            return
        if feed.manner == "drip without end" and chance.random() < 0.4:
            self.begin(200, len(body))
            self.drip(body, seconds=3600)
            return
        self.whole(feed, body)

    def refused(self, host: str) -> bool:
        """Answer 429 where a strict host is asked too often; asking on before its time is over prolongs it."""
        world = self.server.world
        if world.hosts.index(host) not in STRICT_HOSTS:
            return False
        now = time.time()
        with world.lock:
            recent = world.recent[host] = [at for at in world.recent.get(host, []) if at > now - WINDOW]
            if len(recent) < ALLOWED_IN_WINDOW and world.quiet_until.get(host, 0) <= now:
                recent.append(now)
                return False
            world.quiet_until[host] = now + RETRY_AFTER
        self.retry_after = RETRY_AFTER
        self.reply(429, Retry_After=str(RETRY_AFTER))
        return True

    def whole(self, feed: Feed, body: bytes) -> None:
        tag = f'"{feed.number}-{len(feed.items)}"'
        modified = email.utils.formatdate(feed.items[-1][1] if feed.items else 0, usegmt=True)
        if feed.manner in ("etag", "gzip") and self.headers.get("If-None-Match") == tag:
            self.reply(304, ETag=tag)
        elif feed.manner == "last-modified" and self.headers.get("If-Modified-Since") == modified:
            self.reply(304)
        elif feed.manner in ("etag", "gzip"):
            packed = gzip.compress(body) if feed.manner == "gzip" else body
            self.reply(200, packed, ETag=tag, **({"Content_Encoding": "gzip"} if feed.manner == "gzip" else {}))
        elif feed.manner == "last-modified":
            # to the second, so what comes in the same second as this answer would be missed: say a second less
            self.reply(200, body, Last_Modified=modified)
        elif feed.manner == "max-age":
            self.reply(200, body, Cache_Control="public, max-age=12")
        else:
            self.reply(200, body)

    def begin(self, status: int, length: int) -> None:
        self.status = status
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.flush()

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.status = status
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        status_line = f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n"
        length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.answered = True
        self.wfile.write((status_line + head + length).encode() + body)

    def drip(self, body: bytes, seconds: float) -> None:
        """Send the body in small pieces, until it is sent or the client has left."""
        size = max(1, int(len(body) / (seconds / 0.2)))
        for first in range(0, len(body), size):
            self.answered = first + size >= len(body)
            self.wfile.write(body[first : first + size])
            self.wfile.flush()
            if select.select([self.connection], [], [], 0.2)[0]:  # nothing more is sent to us: the client has left
                return

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class Bench:
    """The pipeline that polls the server's feeds."""

    def __init__(self, runner: str, kill: bool, world: World, stack: contextlib.ExitStack) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="newsbeam-badfeeds-"))
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.world = world
        self.list = self.folder / "watched.opml"
        self.records = self.folder / "records"
        self.letters = self.folder / "letters"
        self.log = self.folder / "pipeline.log"
        self.pipeline: subprocess.Popen[bytes] | None = None
        self.began = time.time()
        self.postgres = stack.enter_context(Postgres()) if kill else None
        self.metrics_port = free_port()
        self.flink: Flink | None = None
        self.options = ["--runner=PrismRunner", f"--prism_location={Prism.fetch()}"]
        if runner == "flink":
            self.flink = stack.enter_context(Flink())
            pool = stack.enter_context(WorkerPool())
            jobs = stack.enter_context(FlinkJobServer(self.flink.port))
            self.options = [
                *["--runner=PortableRunner", f"--job_endpoint={jobs.address}", "--parallelism=2"],
                "--checkpointing_interval=5000",
                *["--environment_type=EXTERNAL", f"--environment_config={pool.address}"],
            ]
        stack.callback(self.end, signal.SIGKILL)
        sink: dict[str, Any] = {"type": "jsonl", "path": str(self.records), "window": 5}
        if self.postgres is not None:
            sink = {"type": "postgres", "dsn": self.postgres.dsn}
        config = {
            "source": {
                "type": "feeds",
                "streaming": True,
                "feeds": [str(self.list)],
                "min_interval": MIN_INTERVAL,
                "max_interval": MAX_INTERVAL,
                "reread": REREAD,
                "per_host": PER_HOST,
                "concurrency": 32,
                "read_timeout": 5,
                "total_timeout": 15,
                "allow_private": True,
            },
            "entities": {"backend": "none"},
            "sinks": [sink],
            "dead_letters": {"path": str(self.letters), "window": 5},
            "metrics": {"port": self.metrics_port},
        }
        self.config = self.folder / "badfeeds.yaml"
        self.config.write_text(yaml.safe_dump(config))

    def watch(self, feeds: list[Feed]) -> None:
        """Write the list of feeds, in one step."""
        lines = "".join(f'<outline type="rss" xmlUrl="{self.world.address(feed)}"/>' for feed in feeds)
        part = self.list.with_suffix(".part")
        part.write_text(f'<?xml version="1.0"?><opml version="2.0"><body>{lines}</body></opml>')
        part.rename(self.list)

    def start(self) -> None:
        command = [sys.executable, "-m", "pipeline", "--verbose", "run", str(self.config), "--", *self.options]
        with open(self.log, "ab") as log:
            self.pipeline = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)

    def end(self, with_signal: int) -> int | None:
        """Send a signal to the pipeline (all of its process group with SIGKILL) and return its exit status."""
        if self.pipeline is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            if with_signal == signal.SIGKILL:
                os.killpg(self.pipeline.pid, with_signal)
            else:
                os.kill(self.pipeline.pid, with_signal)
        status = self.pipeline.wait(120)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pipeline.pid, signal.SIGKILL)
        self.pipeline = None
        return status

    def feeds(self) -> dict[str, int] | None:
        """Return how many feeds are in which state, as the metrics tell; None on Flink, whose job server tells none."""
        if self.flink is not None:
            return None
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=30) as answer:
            families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
        return {sample.labels["state"]: int(sample.value) for sample in families["newsbeam_feeds"].samples}

    def stored(self) -> list[str]:
        """Return the token of every stored article, once for each time."""
        return [token for token, _ in self.articles()]

    def articles(self) -> list[tuple[str, float]]:
        """Return the token of every stored article, and when it was fetched, Unix time."""
        if self.postgres is not None:
            try:
                with psycopg.connect(self.postgres.dsn, connect_timeout=2) as connection:
                    rows = connection.execute("SELECT title, fetched_at FROM articles").fetchall()
            except (psycopg.errors.UndefinedTable, psycopg.OperationalError):
                return []
            return [(title.split()[-1], at.timestamp()) for title, at in rows]
        found = [json.loads(line) for line in self.lines(self.records)]
        return [(one["title"].split()[-1], dt.datetime.fromisoformat(one["fetched_at"]).timestamp()) for one in found]

    @staticmethod
    def lines(folder: Path) -> list[str]:
        return [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def publish(world: World, seconds: float, watched: set[int], over: threading.Event) -> None:
    """Have the watched feeds publish at random for so long."""
    chance = random.Random(7)
    end = time.time() + seconds
    while time.time() < end and not over.is_set():
        now = time.time()
        for feed in world.feeds:
            open_now = feed.number in watched and not feed.closed
            # not twice within a second: Last-Modified could not tell them apart
            last = feed.items[-1][1] if feed.items else 0
            if open_now and now - last > 1.5 and chance.random() < 0.5 / MEAN_GAP:
                with world.lock:
                    feed.publish(now)
        time.sleep(0.5)


def wait_for(bench: Bench, seconds: float, which: Callable[[Feed], bool] = lambda feed: True) -> None:
    """Wait until all that these feeds have published is stored."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        published = {token for feed in bench.world.feeds if which(feed) for token, _ in feed.items}
        if published <= set(bench.stored()):
            return
        if bench.pipeline is not None and bench.pipeline.poll() is not None:
            raise RuntimeError(f"the pipeline has ended: {bench.log.read_text()[-3000:]}")
        time.sleep(1)


def early_requests(log: list[Request]) -> list[float]:
    """Return for each request that began before its host's Retry-After was over how many seconds after the 429."""
    early = []
    for refusal in (request for request in log if request.retry_after):
        for request in log:
            after = request.start - refusal.end
            if request.host == refusal.host and REACTION < after < refusal.retry_after:
                early.append(after)
    return early


def run(runner: str, minutes: float, kill: bool, patience: float, keep: Path | None) -> bool:
    """Run it all and print what came of it; return whether it is as it should be."""
    with contextlib.ExitStack() as stack:
        world = World()
        stack.callback(world.close)
        bench = Bench(runner, kill, world, stack)
        later, first = world.feeds[:ADDED_LATER], world.feeds[ADDED_LATER:]
        removed = world.feeds[-REMOVED:]
        for feed in first:
            for back in range(3):
                feed.publish(time.time() - 3600 * (3 - back))
        bench.watch(first)
        bench.start()
        watched = {feed.number for feed in first}
        over = threading.Event()
        publishing = threading.Thread(target=publish, args=(world, 60 * minutes, watched, over), daemon=True)
        publishing.start()
        time.sleep(30 * minutes)
        # half-way: some feeds are added, some removed; others are gone
        for feed in [*removed, *(feed for feed in world.feeds if feed.manner == "gone")]:
            feed.closed = True
        wait_for(bench, patience, lambda feed: feed.closed)  # a gone feed can't be read later
        for feed in world.feeds:
            feed.gone = feed.manner == "gone"
        bench.watch([*later, *first[:-REMOVED]])
        taken_off = time.time()
        watched |= {feed.number for feed in later}
        if kill:
            bench.end(signal.SIGKILL)
            bench.start()
        publishing.join()
        for feed in later:  # at least one item each
            feed.publish(time.time())
        ended = time.monotonic()
        wait_for(bench, patience)
        took = time.monotonic() - ended
        time.sleep(MAX_INTERVAL)  # what would wrongly be stored again would be by now
        feeds = bench.feeds()
        exit_status = bench.end(signal.SIGTERM) if bench.flink is None else None
        ok = account(bench, removed, taken_off, took, exit_status)
        gone = sum(feed.gone for feed in world.feeds)
        listed = len(watched) - REMOVED
        print(f"feeds by their last poll, as the metrics have it: {feeds}; {listed} are on the list, {gone} gone")
        ok = ok and (feeds is None or sum(feeds.values()) == listed)
        if bench.flink is not None:
            bench.flink.cancel()
        if keep is not None:
            keep.write_bytes(bench.log.read_bytes())
        elif not ok:
            print(bench.log.read_text()[-6000:], file=sys.stderr)
        return ok


def manner_of(world: World, token: str) -> str:
    """Return how the feed behaves that an item is of."""
    return world.feeds[int(token[1:].partition("-")[0])].manner


def account(bench: Bench, removed: list[Feed], taken_off: float, took: float, exit_status: int | None) -> bool:
    """Print what was published and stored and what the server saw; return whether it is as it should be."""
    world = bench.world
    with world.lock:
        log = list(world.log)
    published = {token for feed in world.feeds for token, _ in feed.items}
    stored = Counter(bench.stored())
    lost, doubled = published - set(stored), {token for token, times in stored.items() if times > 1}
    strange = set(stored) - published
    early = early_requests(log)
    most = max(world.most_at_once.values())
    statuses = Counter(request.status for request in log)
    gone = {f"/feed/{feed.number}" for feed in world.feeds if feed.manner == "gone"}
    asked_when_gone = Counter(request.path for request in log if request.path in gone and request.status == 410)
    paths = {f"/{kind}/{feed.number}" for feed in removed for kind in ("feed", "new")}
    still_asked = sum(request.path in paths and request.start > taken_off + REREAD + 5 for request in log)
    by_old_address = Counter(
        request.path for request in log if request.status in (301, 308) and request.path.startswith("/feed/")
    )
    letters = Counter(json.loads(line)["error"].partition(": ")[2] for line in bench.lines(bench.letters))
    print(f"published {len(published)} stored {sum(stored.values())} lost {len(lost)} doubled {len(doubled)}")
    if bench.postgres is not None:
        # only deduplication can tell these, and Prism has forgotten it with all else
        changing = {token for token in doubled if manner_of(world, token) == "other links"}
        print(f"  {len(changing)} of the doubled are of feeds that change link and guid at every request")
        doubled -= changing
    print(f"all stored {took:.0f} s after the last was published; SIGTERM: exit {exit_status}")
    published_at = {token: at for feed in world.feeds for token, at in feed.items if at > bench.began}
    delays = sorted(max(0.0, at - published_at[token]) for token, at in bench.articles() if token in published_at)
    if delays:
        half, most_of, longest = delays[len(delays) // 2], delays[int(0.95 * len(delays))], delays[-1]
        print(f"from publication to arrival: p50 {half:.0f} s, p95 {most_of:.0f} s, longest {longest:.0f} s")
        slowest = sorted(bench.articles(), key=lambda one: one[1] - published_at.get(one[0], one[1]))[-5:]
        for token, at in slowest:
            feed = world.feeds[int(token[1:].partition("-")[0])]
            host = feed.number // FEEDS_A_HOST
            strict = ", its host says 429" if host in STRICT_HOSTS else ""
            print(f"  {at - published_at.get(token, at):.0f} s: {token}, of a feed that is: {feed.manner}{strict}")
    print(f"requests {len(log)}: " + ", ".join(f"{status} {n}" for status, n in sorted(statuses.items())))
    print(f"most requests to a host at once: {most} (allowed {PER_HOST})")
    for crowd in world.crowds[:5]:
        print(f"  at once: {crowd}")
    print(f"requests before a Retry-After was over: {len(early)}, after {statuses[429]} refusals {early[:5]}")
    print(f"redirects met again and again by the old address, at most: {max(by_old_address.values(), default=0)}")
    print(f"gone feeds asked again, at most: {max(asked_when_gone.values(), default=1) - 1}")
    print(f"requests for feeds taken off the list, later than {REREAD + 5} s after: {still_asked}")
    print(
        f"dead letters {sum(letters.values())}: "
        + ", ".join(f"{n} {error[:60]}" for error, n in letters.most_common(9))
    )
    for number in sorted({int(token[1:].partition("-")[0]) for token in lost})[:20]:
        asked = [request for request in log if request.path.endswith(f"/{number}")][-5:]
        last = ", ".join(f"{request.status} {time.time() - request.start:.0f} s ago" for request in asked)
        print(f"  lost: of feed {number}, that is: {world.feeds[number].manner}; asked last: {last}")
    for token in sorted(doubled)[:5]:
        print(f"  doubled: {token} of a feed that is: {manner_of(world, token)}")
    again = 1 if bench.postgres is not None else 0  # after a kill Prism has forgotten all
    polite = most <= PER_HOST and not early and not still_asked
    once = max(asked_when_gone.values(), default=1) <= 1 + again
    return not (lost or doubled or strange) and polite and once and exit_status in (0, None)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="for which items are published")
    parser.add_argument("--runner", choices=["prism", "flink"], default="prism")
    parser.add_argument("--kill", action="store_true", help="kill -9 half-way and start again; sink PostgreSQL")
    parser.add_argument("--patience", type=float, default=120, help="seconds to wait for the last item")
    parser.add_argument("--keep", type=Path, help="where to keep the pipeline's log")
    options = parser.parse_args()
    return 0 if run(options.runner, options.minutes, options.kill, options.patience, options.keep) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what was started, as Ctrl-C does
    sys.exit(main())
