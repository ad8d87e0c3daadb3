"""Runs `newsbeam run` over a folder of real feeds as a user would, breaks it, and compares what comes out.

    python tests/integration/batch.py ways FOLDER     # as files, over HTTP, each twice
    python tests/integration/batch.py kill FOLDER     # kill -9 at random moments, then run again

`ways` checks that each account balances, that a second run adds nothing and fetches nothing that answered 304, that no
feed is a dead letter that feedparser by itself can read, and that the records of both ways differ in nothing but their
source and the time of their fetching (and in the address, where a feed gives relative links and names no site). `kill`
checks that what stands after a killed run and the next is what an undisturbed run gives. Exit status 1 where something
is not so.
"""

from __future__ import annotations

import argparse
import email.utils
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import feedparser
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.feeds.server import Handler, Server, serving  # noqa: E402

NOT_COMPARED = ("source", "fetched_at")
failed: list[str] = []


def check(told: str, fits: bool) -> None:
    """Print what was checked, and remember it where it is not so."""
    print(f"{'ok  ' if fits else 'NOT '} {told}", flush=True)
    if not fits:
        failed.append(told)


class Job:
    """A configuration in a folder of its own, and what its runs have written."""

    def __init__(self, folder: Path, feeds: list[str], entities: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.config = folder / "job.yaml"
        settings = {
            "source": {"type": "feeds", "feeds": feeds, "allow_private": True},
            "state": {"path": str(folder / "state")},
            "entities": {"backend": entities},
            "sinks": [
                {"type": "jsonl", "path": str(folder / "out" / "records")},
                {"type": "parquet", "path": str(folder / "out" / "parquet")},
            ],
            "dead_letters": {"path": str(folder / "out" / "dead-letters")},
        }
        self.config.write_text(yaml.safe_dump(settings), encoding="utf-8")

    def start(self) -> subprocess.Popen[bytes]:
        """Start a run."""
        command = [sys.executable, "-m", "pipeline", "run", str(self.config)]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def run(self) -> dict[str, Any]:
        """Run to the end; return the account."""
        process = self.start()
        _, error = process.communicate()
        if process.returncode != 0 or error:
            check(f"{self.folder.name}: exit status 0 and no message ({process.returncode}, {error!r})", False)
        return self.summary()

    def summary(self) -> dict[str, Any]:
        """Return the account of the last run."""
        summary: dict[str, Any] = json.loads((self.folder / "out" / "summary.json").read_text())
        return summary

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """Return what lies in a folder of JSONL files."""
        files = sorted((self.folder / "out" / kind).glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]

    def records(self) -> Counter[str]:
        """Return all records as they may be compared."""
        return Counter(
            json.dumps({name: value for name, value in record.items() if name not in NOT_COMPARED}, sort_keys=True)
            for record in self.lines("records")
        )

    def left_over(self) -> list[Path]:
        """Return what only a run that is under way may have."""
        return [*self.folder.rglob(".newsbeam-*"), *self.folder.rglob("PENDING.json*")]


def conditional(document: bytes, number: int) -> Any:
    """Return a function that serves a document as servers do, half of them with each kind of validator."""
    tag = f'"{hashlib.sha256(document).hexdigest()[:16]}"'
    changed = email.utils.formatdate(1_700_000_000 + number, usegmt=True)

    def answer(handler: Handler) -> None:
        same = (
            (handler.headers["If-None-Match"] == tag)
            if number % 2
            else (handler.headers["If-Modified-Since"] == changed)
        )
        validator = {"ETag": tag} if number % 2 else {"Last_Modified": changed}
        handler.server.statuses[304 if same else 200] += 1  # type: ignore[attr-defined]
        handler.reply(304 if same else 200, b"" if same else document, Content_Type="text/xml", **validator)

    return answer


def serve(server: Server, feeds: list[Path]) -> list[str]:
    """Serve feeds; return their addresses."""
    server.statuses = Counter()  # type: ignore[attr-defined]
    for number, feed in enumerate(feeds):
        server.answers[f"/{feed.name}"] = conditional(feed.read_bytes(), number)
    return [server.url(f"/{feed.name}") for feed in feeds]


def account(name: str, summary: dict[str, Any]) -> str:
    """Return an account in one line."""
    parts = ("entries", "records", "duplicates", "filtered", "dead_letters")
    counts = ", ".join(f"{summary[part]} {part.replace('_', ' ')}" for part in parts)
    statuses = ", ".join(f"{count} {status}" for status, count in summary["feeds"].items())
    return f"{name}: {statuses} feeds; {counts}; {summary['seconds']} s"


def balances(summary: dict[str, Any]) -> bool:
    """Whether every entry went somewhere."""
    gone = sum(int(summary[part]) for part in ("records", "duplicates", "filtered", "dead_letters"))
    return bool(summary["balanced"]) and summary["entries"] == gone


def ways(feeds: list[Path], folder: Path, entities: str) -> None:
    """Run feeds as files and over HTTP, each twice, and compare."""
    readable = {feed.name: len(feedparser.parse(feed.read_bytes()).entries) for feed in feeds}
    print(f"{len(feeds)} feeds; feedparser by itself reads {sum(readable.values())} entries", flush=True)
    outcome: dict[str, tuple[Counter[str], int]] = {}
    with serving() as server:
        addresses = serve(server, feeds)
        for name, given in (("files", [str(feed) for feed in feeds]), ("http", addresses)):
            job = Job(folder / name, given, entities)
            first = job.run()
            records = job.records()
            check(account(f"{name}, first run", first), balances(first) and first["records"] == records.total())
            letters = job.lines("dead-letters")
            lost = {Path(letter["input"].get("feed_url") or "?").name for letter in letters if letter["kind"] == "feed"}
            check(f"{name}: no feed is a dead letter that feedparser reads", not any(map(readable.get, lost)))
            check(f"{name}: at least the entries that feedparser reads", first["entries"] >= sum(readable.values()))
            server.statuses.clear()  # type: ignore[attr-defined]
            second = job.run()
            check(account(f"{name}, second run", second), balances(second) and second["records"] == 0)
            check(f"{name}: the second run added nothing", job.records() == records and not job.left_over())
            if name == "http":
                statuses = dict(server.statuses)  # type: ignore[attr-defined]
                again = statuses.get(200, 0)
                check(
                    f"http: the second run was answered {statuses}", again == first["feeds"]["failed"] + truncated(job)
                )
            outcome[name] = records, first["entries"]
    (from_files, entries), (over_http, entries_http) = outcome["files"], outcome["http"]
    completed = sum((over_http - from_files).values())
    print(f"{completed} records differ in their address, which only the server's completes")
    same = entries == entries_http and without_address(from_files) == without_address(over_http)
    check("the records of both ways are the same but for source and time, and for those addresses", same)


def without_address(records: Counter[str]) -> Counter[str]:
    """Return records so that those of feeds whose links are relative to an address they don't name can be compared:
    from a file such a record has no address, over HTTP the server's completes it, and the id follows from it."""
    compared: Counter[str] = Counter()
    for line, count in records.items():
        record = json.loads(line)
        if record["url"] is None or record["url"].startswith("http://127.0.0.1:"):
            record |= dict.fromkeys(("id", "url", "canonical_url"))
        compared[json.dumps(record, sort_keys=True)] += count
    return compared


def truncated(job: Job) -> int:
    """Return how many feeds ended inside an entry: those are asked for again, whole."""
    return sum("the document ends inside" in letter["error"] for letter in job.lines("dead-letters"))


def kill(feeds: list[Path], folder: Path, entities: str, rounds: int, seed: int) -> None:
    """Kill runs at moments all over their time and in their commit, run again, and compare."""
    addresses = [str(feed) for feed in feeds]
    undisturbed = Job(folder / "undisturbed", addresses, entities)
    start = time.monotonic()
    undisturbed.run()
    seconds = time.monotonic() - start
    expected = undisturbed.records()
    print(f"{len(feeds)} feeds, {expected.total()} records, {seconds:.0f} s undisturbed; seed {seed}", flush=True)
    moments = random.Random(seed)
    for number in range(rounds):
        job = Job(folder / str(number), addresses, entities)
        process = job.start()
        in_commit = number % 3 == 2
        end = time.monotonic() + moments.uniform(0.1, 1.0) * seconds
        pending = job.folder / "state" / "PENDING.json"
        while process.poll() is None and not (pending.exists() if in_commit else time.monotonic() > end):
            time.sleep(0.0002 if in_commit else 0.01)
        if in_commit:
            time.sleep(moments.uniform(0, 0.004))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        where = stage_of(job)
        seen = job.records()
        check(
            f"{number}: killed {where}: {seen.total()} records stand",
            where == "in its commit" or seen in (Counter(), expected),
        )
        job.run()
        whole = job.records() == expected and not job.left_over()
        check(f"{number}: the next run makes it {job.records().total()} records, all as undisturbed", whole)


def stage_of(job: Job) -> str:
    """Return how far a killed run has come."""
    if (job.folder / "state" / "PENDING.json").exists():
        return "in its commit"
    if (job.folder / "out" / "summary.json").exists():
        return "after its commit"
    return "while writing" if job.left_over() else "before writing"


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("ways", "kill"))
    parser.add_argument("feeds", type=Path, help="a folder of feeds")
    parser.add_argument("--entities", default="spacy", choices=("spacy", "gazetteer", "none"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    feeds = sorted(path for path in options.feeds.iterdir() if path.is_file())
    with tempfile.TemporaryDirectory() as temporary:
        if options.what == "ways":
            ways(feeds, Path(temporary), options.entities)
        else:
            kill(feeds, Path(temporary), options.entities, options.rounds, options.seed)
    for told in failed:
        print(f"failed: {told}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
