"""Breaks things while articles stream from Pub/Sub to PostgreSQL, and counts what was sent, stored, lost and doubled.

    python tests/integration/faults.py [FAULT ...] [--messages 300] [--rate 50] [--runner prism|flink]

Faults: none, kill (kill -9 of the pipeline and its runner), taskmanager (kill -9 of a Flink TaskManager), savepoint
(stop with a savepoint, resume with a changed configuration), postgres (its server stopped), pubsub (its server
unreachable), poison (every 100th message can't be read), disk (of the file sink full). Exit status 1 where anything is
lost or doubled.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import yaml
from servers import Flink, FlinkJobServer, Postgres, Prism, Proxy, PubSub, WorkerPool, wait_until

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from transforms.pubsub.client import ensure_subscription, publisher, subscriber  # noqa: E402

TOPIC = "projects/test/topics/news"
SUBSCRIPTION = "projects/test/subscriptions/news"
POISON_EVERY = 100
AWAY_SECONDS = 20
MOST_RESTARTS = 5
FLINK_SETTLES = 90
WORDS = [
    "harbour",
    "council",
    "ferry",
    "storm",
    "budget",
    "bridge",
    "mayor",
    "season",
    "railway",
    "market",
    "repair",
    "winter",
    "school",
    "northern",
    "vote",
]
"""What made-up articles are made of, here and in `badfeeds.py`."""


def article(number: int, seed: int = 1) -> dict[str, Any]:
    """Return the article of this number: always the same, and unlike every other."""
    chance = random.Random(f"{seed} {number}")
    sentences = [" ".join(chance.choices(WORDS, k=12)).capitalize() + f" {number}." for _ in range(12)]
    return {
        "url": f"https://example.com/articles/{number}",
        "title": f"Report {number}: {' '.join(chance.choices(WORDS, k=4))}",
        "text": "\n\n".join(" ".join(sentences[i : i + 4]) for i in range(0, 12, 4)),
        "published_at": "2026-11-20T08:30:00Z",
    }


class Bench:
    """The servers, the configuration and the running pipeline of one fault test."""

    def __init__(self, runner: str, stack: contextlib.ExitStack, *, files: bool = False) -> None:
        self.runner = runner
        self.folder = Path(tempfile.mkdtemp(prefix="newsbeam-faults-"))
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.pubsub = stack.enter_context(PubSub())
        self.proxy = Proxy(self.pubsub.port)
        stack.callback(self.proxy.close)
        self.postgres = stack.enter_context(Postgres())
        self.topic = publisher(self.pubsub.address)
        self.topic.create_topic(name=TOPIC)
        ensure_subscription(self.pubsub.address, SUBSCRIPTION, TOPIC, 10)
        self.letters = self.folder / "dead-letters"
        self.files = self.folder / "disk" / "records" if files else None
        self.pipeline: subprocess.Popen[bytes] | None = None
        self.log = self.folder / "pipeline.log"
        self.settings: list[str] = []
        self.flink: Flink | None = None
        self.pool: WorkerPool | None = None
        self.options = ["--runner=PrismRunner", f"--prism_location={Prism.fetch()}"]
        if runner == "flink":
            self.flink = stack.enter_context(Flink())
            self.pool = stack.enter_context(WorkerPool())
            jobs = stack.enter_context(FlinkJobServer(self.flink.port))
            self.options = [
                *["--runner=PortableRunner", f"--job_endpoint={jobs.address}", "--parallelism=2"],
                "--checkpointing_interval=5000",
                *["--environment_type=EXTERNAL", f"--environment_config={self.pool.address}"],
            ]
        stack.callback(self.kill)
        self.config = self.folder / "faults.yaml"
        self.config.write_text(yaml.safe_dump(self.configuration()))

    def configuration(self) -> dict[str, Any]:
        sinks: list[dict[str, Any]] = [{"type": "postgres", "dsn": self.postgres.dsn, "batch": 100}]
        if self.files is not None:
            sinks = [{"type": "jsonl", "path": str(self.files)}]
        return {
            "source": {
                "type": "pubsub",
                "subscription": SUBSCRIPTION,
                "emulator": self.proxy.address,
                "lease_seconds": 20,
                "max_messages": 100,
                "pullers": 2 if self.runner == "flink" else 1,
            },
            "entities": {"backend": "none"},
            "sinks": sinks,
            "dead_letters": {"path": str(self.letters)},
        }

    def start(self, *options: str) -> None:
        """Start the pipeline as a user does."""
        command = [sys.executable, "-m", "pipeline", "--verbose", "run", str(self.config)]
        for setting in self.settings:
            command += ["--set", setting]
        with open(self.log, "ab") as log:
            self.pipeline = subprocess.Popen(
                [*command, "--", *self.options, *options], cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, with_signal: int = signal.SIGKILL) -> None:
        """End the pipeline, its runner and its workers, which are one process group of ours."""
        if self.pipeline is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pipeline.pid, with_signal)
            self.pipeline.wait(60)
            self.pipeline = None

    def stored(self) -> list[str]:
        """Return the addresses of all articles stored so far, one for each time."""
        if self.files is not None:
            lines = [line for path in sorted(self.files.glob("*.jsonl")) for line in path.read_text().splitlines()]
            return [json.loads(line)["url"] for line in lines]
        try:
            with psycopg.connect(self.postgres.dsn, connect_timeout=2) as connection:
                return [row[0] for row in connection.execute("SELECT url FROM articles")]
        except (psycopg.errors.UndefinedTable, psycopg.OperationalError):
            return []

    def dead(self) -> list[dict[str, Any]]:
        paths = sorted(self.letters.glob("*.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]

    def unacknowledged(self) -> int:
        """Return how many messages the server would still hand out (at most 1000); takes a lease on them."""
        pull = {"subscription": SUBSCRIPTION, "max_messages": 1000, "return_immediately": True}
        return len(subscriber(self.pubsub.address).pull(request=pull, retry=None, timeout=10).received_messages)


def publish(
    bench: Bench, messages: int, rate: float, poison: bool, second_half: threading.Event | None = None
) -> threading.Thread:
    """Publish in the background at a steady rate; the second half waits for its event, if there is one."""

    def run() -> None:
        started = time.monotonic()
        for first in range(0, messages, 10):
            if second_half is not None and first >= messages // 2 and not second_half.is_set():
                second_half.wait()
                started = time.monotonic() - first / rate
            batch = []
            for number in range(first, min(first + 10, messages)):
                if poison and number % POISON_EVERY == POISON_EVERY - 1:
                    batch.append({"data": f"poison {number}".encode(), "attributes": {"content-type": "application/x"}})
                else:
                    data = json.dumps(article(number)).encode()
                    batch.append({"data": data, "attributes": {"content-type": "application/json"}})
            bench.topic.publish(topic=TOPIC, messages=batch)
            time.sleep(max(0.0, started + (first + 10) / rate - time.monotonic()))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def wait_for(bench: Bench, count: int, seconds: float) -> None:
    """Wait until `count` articles are stored; a pipeline that ended is started again, as a service manager would."""
    end, restarts = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        if len(set(bench.stored())) >= count:
            return
        if bench.pipeline is not None and bench.pipeline.poll() is not None:
            if restarts == MOST_RESTARTS:
                raise RuntimeError(f"the pipeline ends again and again: {bench.log.read_text()[-3000:]}")
            restarts += 1
            print(f"  the pipeline ended with {bench.pipeline.returncode}; started again", flush=True)
            bench.start()
        time.sleep(1)


def no_fault(bench: Bench) -> None:
    """Leave everything as it is."""


def kill_pipeline(bench: Bench) -> None:
    bench.kill(signal.SIGKILL)
    bench.start()


def kill_task_manager(bench: Bench) -> None:
    assert bench.flink is not None
    completed = bench.flink.checkpoints()
    print(f"  {completed} checkpoints completed before the fault", flush=True)
    os.kill(bench.flink.task_manager_pids()[0], signal.SIGKILL)
    bench.flink.start_task_manager()


def savepoint(bench: Bench) -> None:
    """Cancel with a savepoint, and resume from it with a changed configuration."""
    flink = bench.flink
    assert flink is not None
    path = flink.cancel_with_savepoint()
    bench.kill()
    bench.settings = ["normalize.min_confidence=0.95"]
    bench.start(f"--savepoint_path={path}")
    wait_until(lambda: flink.restored() > 0, "the job restored from its savepoint", 300)
    print("  the job was restored from its savepoint", flush=True)


def stop_postgres(bench: Bench) -> None:
    bench.postgres.kill(signal.SIGINT)  # PostgreSQL's fast shutdown: open transactions are rolled back
    time.sleep(AWAY_SECONDS)
    bench.postgres.start()


def cut_pubsub(bench: Bench) -> None:
    bench.proxy.cut()
    time.sleep(AWAY_SECONDS)
    bench.proxy.restore()


def fill_disk(bench: Bench) -> None:
    """Fill the small file system that the file sink writes to, for a while."""
    filler = bench.folder / "disk" / "filler"
    with open(filler, "wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 20))
            file.flush()
    time.sleep(AWAY_SECONDS + 20)  # longer than a window, so that one is written meanwhile
    filler.unlink()


FAULTS: dict[str, Callable[[Bench], None]] = {
    "none": no_fault,
    "kill": kill_pipeline,
    "taskmanager": kill_task_manager,
    "savepoint": savepoint,
    "postgres": stop_postgres,
    "pubsub": cut_pubsub,
    "poison": no_fault,
    "disk": fill_disk,
}
ONLY_FLINK = {"taskmanager", "savepoint"}


def run(fault: str, runner: str, messages: int, rate: float, patience: float) -> bool:
    """Run one fault and print its line; return whether nothing was lost or doubled."""
    poison = fault == "poison"
    good = messages - (messages // POISON_EVERY if poison else 0)
    with contextlib.ExitStack() as stack:
        bench = Bench(runner, stack, files=fault == "disk")
        if fault == "disk":
            stack.enter_context(small_disk(bench.folder / "disk", mebibytes=16 + messages // 100))
        bench.start()
        over = threading.Event()
        # what comes after the resumption shows that the resumed job works
        publishing = publish(bench, messages, rate, poison, over if fault == "savepoint" else None)
        # a file sink shows nothing before its window ends: its fault comes while the first window is being collected
        wait_for(bench, 0 if fault == "disk" else good // 3, patience)
        before = len(set(bench.stored()))
        started = time.monotonic()
        FAULTS[fault](bench)
        over.set()
        publishing.join()
        wait_for(bench, good, patience)
        took = time.monotonic() - started
        if poison:
            with contextlib.suppress(TimeoutError):
                wait_until(lambda: len(bench.dead()) >= messages - good, "dead letters", patience)
        stored, dead = Counter(bench.stored()), bench.dead()
        sent = {article(n)["url"] for n in range(messages) if not (poison and n % POISON_EVERY == POISON_EVERY - 1)}
        lost, doubled = len(sent - set(stored)), sum(stored.values()) - len(stored)
        expected_dead = messages - good
        ok = not lost and not doubled and set(stored) == sent and len({str(d["input"]) for d in dead}) == expected_dead
        drained, left = drain(bench, patience)
        print(
            f"{runner:5} {fault:11} sent {messages:6} stored {sum(stored.values()):6} lost {lost} doubled {doubled} "
            f"dead letters {len(dead)} ({before} stored before the fault, all {took:.0f} s after it began; "
            f"SIGTERM: exit {drained}, {left} not acknowledged)",
            flush=True,
        )
        if bench.flink is not None and bench.pool is not None and not ok:
            for log in [*(bench.flink.folder / "logs").glob("*.log"), bench.pool.log]:
                print(f"== {log}", log.read_text()[-3000:], file=sys.stderr)
        if not ok:
            print(bench.log.read_text()[-6000:], file=sys.stderr)
        return ok


def drain(bench: Bench, patience: float) -> tuple[int | None, int]:
    """Ask the pipeline to stop; return its exit status and how many messages it left unacknowledged."""
    process = bench.pipeline
    if bench.flink is not None:
        time.sleep(FLINK_SETTLES)  # a job has no drain that this process could wait for
        bench.flink.cancel()
        time.sleep(21)
        return None, bench.unacknowledged()
    if process is None:
        return None, -1
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(patience)
    except subprocess.TimeoutExpired:
        return None, -1
    time.sleep(21)  # leases last 20 s; what was not acknowledged is handed out after that
    return status, bench.unacknowledged()


@contextlib.contextmanager
def small_disk(folder: Path, mebibytes: int) -> Any:
    """Mount a small file system (needs root)."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "newsbeam-test", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=", ".join(FAULTS))
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--rate", type=float, default=50, help="messages a second")
    parser.add_argument("--runner", choices=["prism", "flink"], default="prism")
    parser.add_argument("--patience", type=float, default=300, help="seconds to wait for the last article")
    options = parser.parse_args()
    faults = options.faults or [name for name in FAULTS if options.runner == "flink" or name not in ONLY_FLINK]
    if unknown := set(faults) - set(FAULTS):
        parser.error(f"no such fault: {', '.join(unknown)}")
    results = [run(fault, options.runner, options.messages, options.rate, options.patience) for fault in faults]
    return 0 if all(results) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what was started, as Ctrl-C does
    sys.exit(main())
