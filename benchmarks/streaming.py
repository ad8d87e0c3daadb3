"""How fast the stream is, and what it does over time: from Pub/Sub to PostgreSQL, on Prism or on Flink.

    python tests/integration/servers.py fetch                   # once: the servers, see tests/integration/README.md
    python benchmarks/streaming.py speed                        # articles a second, beside a plain subscriber
    python benchmarks/streaming.py workers                      # Flink: parallelism 2 against 1
    python benchmarks/streaming.py soak --minutes 20 --rate 40  # latency, memory and state over time

`speed` publishes all messages first, then lets each variant take the same ones from a subscription of its own, one
variant after the other, several rounds; the clock runs from the first stored article to the last, so starting up does
not count. The plain subscriber is a loop around google-cloud-pubsub that calls the same functions and writes with the
same statement, and acknowledges what it has committed.

`soak` publishes at a steady rate. PostgreSQL notes when it stores an article; latency is from just before the message
is published. Memory is the resident memory of the pipeline's processes (on Flink: the Python workers with their pool,
the TaskManagers, and the process that submitted the job); state is the size of Flink's checkpoints.
`--plot` writes a chart (needs matplotlib), `--json` the figures behind it.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "integration")]

import msgspec  # noqa: E402
import psycopg  # noqa: E402
from faults import SUBSCRIPTION, TOPIC, Bench, article  # noqa: E402
from google.api_core.exceptions import DeadlineExceeded  # noqa: E402

from pipeline.stages import finished  # noqa: E402
from transforms.entities import EntitiesConfig  # noqa: E402
from transforms.entities.extract import Extractor  # noqa: E402
from transforms.language import identify  # noqa: E402
from transforms.normalize import NormalizeConfig  # noqa: E402
from transforms.normalize.stage import normalize_record  # noqa: E402
from transforms.pubsub.client import ensure_subscription, subscriber  # noqa: E402
from transforms.pubsub.message import parse_message  # noqa: E402
from transforms.sinks.postgres import row_of, table_statements, upsert_statement  # noqa: E402

BATCH = 100
SAMPLE_SECONDS = 5.0
WARM = 0.1
"""Share of the articles after whose storing the clock of `speed` starts."""


def news(number: int) -> dict[str, Any]:
    """Return an article with names in it, so that the NER model has its usual work."""
    made = article(number)
    chance = random.Random(number)
    names = ["Maria Quintela", "Lisbon", "the Meridian Bank", "Kenya", "Jonas Weber", "Dresden", "the Harbour Union"]
    made["text"] += f"\n\n{chance.choice(names)} said in {chance.choice(names)} that {chance.choice(names)} had agreed."
    return made


def publish(bench: Bench, first: int, count: int) -> None:
    """Publish so many articles in one request."""
    messages = [
        {"data": json.dumps(news(n)).encode(), "attributes": {"content-type": "application/json"}}
        for n in range(first, first + count)
    ]
    bench.topic.publish(topic=TOPIC, messages=messages)


def empty_table(bench: Bench) -> None:
    with psycopg.connect(bench.postgres.dsn) as connection:
        connection.execute("DROP TABLE IF EXISTS articles")


def count_stored(bench: Bench) -> int:
    try:
        with psycopg.connect(bench.postgres.dsn, connect_timeout=2) as connection:
            row = connection.execute("SELECT count(*) FROM articles").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.OperationalError):
        return 0
    return int(row[0]) if row else 0


def rate_of(bench: Bench, messages: int, patience: float = 1800) -> float:
    """Return articles a second between the first that are stored and the last."""
    begin, at_begin = 0.0, 0
    end = time.monotonic() + patience
    while time.monotonic() < end:
        stored, now = count_stored(bench), time.monotonic()
        if not begin and stored >= WARM * messages:
            begin, at_begin = now, stored
        if stored >= messages:
            return (stored - at_begin) / (now - begin) if now > begin else float("inf")
        time.sleep(0.1)
    raise TimeoutError(f"{count_stored(bench)} of {messages} articles were stored; {bench.log.read_text()[-2000:]}")


def plain_subscriber(address: str, subscription: str, dsn: str, backend: str, messages: int) -> None:
    """Take, process and store messages in a loop, without Beam."""
    client = subscriber(address)
    extractor = Extractor(EntitiesConfig(backend=backend))
    config = NormalizeConfig()
    statement = upsert_statement("articles")
    done = 0
    with psycopg.connect(dsn) as connection:
        for made in table_statements("articles"):
            connection.execute(made)
        connection.commit()
        while done < messages:
            pull = {"subscription": subscription, "max_messages": BATCH}
            try:
                received = client.pull(request=pull, retry=None, timeout=5).received_messages
            except DeadlineExceeded:
                continue
            batch = []
            for one in received:
                parsed = parse_message(
                    one.message.data,
                    dict(one.message.attributes),
                    name=subscription,
                    message_id=one.message.message_id,
                    fetched_at=dt.datetime.now(dt.timezone.utc),
                )
                for record in parsed.records:
                    language, shares = identify(record.text, declared=record.language.declared)
                    located = msgspec.structs.replace(record, language=language, languages=shares)
                    batch.append(normalize_record(located, config))
            found = extractor.extract([(record.text, record.language.code) for record in batch])
            rows = [
                row_of(finished(msgspec.structs.replace(record, entities=extraction.entities)))
                for record, extraction in zip(batch, found, strict=True)
            ]
            with connection.cursor() as cursor:
                cursor.executemany(statement, rows)
            connection.commit()
            if received:
                client.acknowledge(request={"subscription": subscription, "ack_ids": [one.ack_id for one in received]})
            done += len(received)


@contextlib.contextmanager
def variant(bench: Bench, name: str, backend: str, messages: int) -> Iterator[None]:
    """Publish to a subscription of its own, run the variant on it, end it."""
    subscription = f"{SUBSCRIPTION}-{name}-{time.monotonic_ns()}"
    ensure_subscription(bench.pubsub.address, subscription, TOPIC, 600)
    empty_table(bench)
    for first in range(0, messages, BATCH):
        publish(bench, first, min(BATCH, messages - first))
    if name == "plain":
        command = [sys.executable, __file__, "plain", bench.pubsub.address, subscription, bench.postgres.dsn, backend]
        process = subprocess.Popen([*command, str(messages)], cwd=ROOT)
        try:
            yield
        finally:
            process.kill()
            process.wait()
    else:
        bench.settings = [f"source.subscription={subscription}", f"entities.backend={backend}"]
        bench.start()
        try:
            yield
        finally:
            bench.kill()
    subscriber(bench.pubsub.address).delete_subscription(subscription=subscription)


def speed(messages: int, rounds: int) -> None:
    """Print articles a second of the stream on Prism and of a plain subscriber, without NER and with it."""
    with contextlib.ExitStack() as stack:
        bench = Bench("prism", stack)
        for backend in ("none", "spacy"):
            rates: dict[str, list[float]] = defaultdict(list)
            for _ in range(rounds):
                for name in ("stream", "plain"):
                    with variant(bench, name, backend, messages):
                        rates[name].append(rate_of(bench, messages))
            ratios = [mine / plain for mine, plain in zip(rates["stream"], rates["plain"], strict=True)]
            print(f"entities: {backend}, {messages} messages, {rounds} rounds")
            for name, values in rates.items():
                print(f"  {name:6} {statistics.median(values):7.1f} articles/s  {[round(v, 1) for v in values]}")
            print(f"  stream / plain {statistics.median(ratios):.2f}  {[round(r, 2) for r in ratios]}", flush=True)


def workers(messages: int, rounds: int, backend: str) -> None:
    """Print what a second worker brings on Flink."""
    rates: dict[int, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for parallelism in (1, 2):
            with contextlib.ExitStack() as stack:
                bench = Bench("flink", stack)
                bench.options = [
                    f"--parallelism={parallelism}" if option.startswith("--parallelism") else option
                    for option in bench.options
                ]
                for first in range(0, messages, BATCH):
                    publish(bench, first, min(BATCH, messages - first))
                bench.settings = [f"entities.backend={backend}", f"source.pullers={parallelism}"]
                bench.start()
                rates[parallelism].append(rate_of(bench, messages))
    for parallelism, values in rates.items():
        print(f"parallelism {parallelism}: {statistics.median(values):.1f} articles/s {[round(v, 1) for v in values]}")
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    print(f"2 workers / 1 worker: {statistics.median(ratios):.2f}  {[round(r, 2) for r in ratios]}")


def resident(*selection: str) -> dict[str, float]:
    """Return the resident memory, in MiB, of each program among the processes that `ps` selects."""
    listed = subprocess.run(["ps", "-o", "rss=,comm=", *selection], capture_output=True, text=True, check=False)
    sizes: dict[str, float] = defaultdict(float)
    for line in listed.stdout.splitlines():
        size, program = line.split(None, 1)
        sizes[program.strip()] += int(size) / 1024
    return dict(sizes)


def memory(bench: Bench) -> dict[str, float]:
    """Return the resident memory, in MiB, of what the pipeline consists of."""
    assert bench.pipeline is not None
    sizes = resident("-s", str(bench.pipeline.pid))
    if bench.flink is None:
        return sizes
    managers = ",".join(str(pid) for pid in bench.flink.task_manager_pids())
    assert bench.pool is not None
    assert bench.pool.process is not None
    return {
        "workers": sum(resident("-s", str(bench.pool.process.pid)).values()),
        "TaskManagers": sum(resident("-p", managers).values()),
        "submitter": sum(sizes.values()),
    }


def soak(runner: str, minutes: float, rate: float, backend: str, ttl: int) -> dict[str, Any]:
    """Stream at a steady rate; return samples of memory and state, and each article's latency."""
    messages = int(minutes * 60 * rate)
    sent: dict[str, float] = {}
    samples: list[dict[str, Any]] = []
    with contextlib.ExitStack() as stack:
        bench = Bench(runner, stack)
        with psycopg.connect(bench.postgres.dsn) as connection:
            for statement in table_statements("articles"):
                connection.execute(statement)
            connection.execute("ALTER TABLE articles ADD COLUMN stored_at timestamptz DEFAULT clock_timestamp()")
        bench.settings = [f"entities.backend={backend}", f"state.ttl={ttl}s"]
        bench.start()
        publish(bench, messages, 1)  # one more than is counted: it tells when the pipeline has started
        end = time.monotonic() + 300
        while not count_stored(bench) and time.monotonic() < end:
            time.sleep(0.5)
        started = time.time()

        def steadily() -> None:
            step = max(1, int(rate / 10))
            for first in range(0, messages, step):
                now = time.time()
                count = min(step, messages - first)
                sent.update((article(n)["url"], now) for n in range(first, first + count))
                publish(bench, first, count)
                time.sleep(max(0.0, started + (first + count) / rate - time.time()))

        publishing = threading.Thread(target=steadily, daemon=True)
        publishing.start()
        patience = minutes * 60 + 300
        while time.time() - started < patience:
            stored = count_stored(bench)
            sample: dict[str, Any] = {"seconds": time.time() - started, "stored": stored}
            sample["memory"] = memory(bench)
            if bench.flink is not None:
                with contextlib.suppress(Exception):
                    latest = bench.flink.ask(f"/jobs/{bench.flink.running_job()}/checkpoints")["latest"]["completed"]
                    sample["state"] = latest["state_size"]
            samples.append(sample)
            if stored > messages and not publishing.is_alive():
                break
            time.sleep(SAMPLE_SECONDS)
        with psycopg.connect(bench.postgres.dsn) as connection:
            rows = connection.execute("SELECT url, extract(epoch FROM stored_at) FROM articles").fetchall()
    stored_at = {url: float(at) for url, at in rows}
    latencies = [
        (sent[url] - started, at - sent[url]) for url, at in stored_at.items() if url in sent and sent[url] >= started
    ]
    return {"sent": len(sent), "samples": samples, "latencies": sorted(latencies)}


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(figures: dict[str, Any]) -> None:
    """Print a soak's figures, by the minute and in all."""
    latencies = figures["latencies"]
    by_minute: dict[int, list[float]] = defaultdict(list)
    for at, latency in latencies:
        by_minute[int(at // 60)].append(latency)
    print("minute  stored  p50 s  p95 s  p99 s  memory MiB            state KiB")
    for minute, values in sorted(by_minute.items()):
        samples = [s for s in figures["samples"] if int(s["seconds"] // 60) == minute]
        memory = ", ".join(f"{name} {size:.0f}" for name, size in samples[-1]["memory"].items()) if samples else ""
        state = f"{samples[-1]['state'] / 1024:.0f}" if samples and "state" in samples[-1] else ""
        p50, p95, p99 = (percentile(values, share) for share in (0.5, 0.95, 0.99))
        print(f"{minute:6} {len(values):7} {p50:6.2f} {p95:6.2f} {p99:6.2f}  {memory:24} {state}")
    values = [latency for _, latency in latencies]
    seconds = max(at + latency for at, latency in latencies)
    print(
        f"sent {figures['sent']}, stored {len(values)} in {seconds:.0f} s: {len(values) / seconds:.1f} articles/s; "
        f"latency p50 {percentile(values, 0.5):.2f} s, p95 {percentile(values, 0.95):.2f} s, "
        f"p99 {percentile(values, 0.99):.2f} s",
        flush=True,
    )


def plot(figures: dict[str, Any], path: str) -> None:
    """Draw latency, memory and state over time."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    by_minute: dict[int, list[float]] = defaultdict(list)
    for at, latency in figures["latencies"]:
        by_minute[int(at // 60)].append(latency)
    with_state = any("state" in sample for sample in figures["samples"])
    figure, axes = pyplot.subplots(2 + with_state, 1, sharex=True, figsize=(7, 5 + 1.5 * with_state))
    minutes = sorted(by_minute)
    for share in (0.5, 0.95, 0.99):
        axes[0].plot(minutes, [percentile(by_minute[m], share) for m in minutes], label=f"p{round(share * 100)}")
    axes[0].set_ylabel("latency, s")
    axes[0].set_ylim(bottom=0)
    axes[0].legend()
    times = [sample["seconds"] / 60 for sample in figures["samples"]]
    for program in sorted({name for sample in figures["samples"] for name in sample["memory"]}):
        axes[1].plot(times, [sample["memory"].get(program) for sample in figures["samples"]], label=program)
    axes[1].set_ylabel("memory, MiB")
    axes[1].set_ylim(bottom=0)
    axes[1].legend()
    if with_state:
        state = [sample["state"] / 1024 if "state" in sample else None for sample in figures["samples"]]
        axes[2].plot(times, state)
        axes[2].set_ylabel("checkpoint, KiB")
        axes[2].set_ylim(bottom=0)
    axes[-1].set_xlabel("minutes")
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    fast = commands.add_parser("speed")
    fast.add_argument("--messages", type=int, default=3000)
    fast.add_argument("--rounds", type=int, default=3)
    two = commands.add_parser("workers")
    two.add_argument("--messages", type=int, default=3000)
    two.add_argument("--rounds", type=int, default=1)
    two.add_argument("--entities", default="spacy", choices=("spacy", "gazetteer", "none"))
    long = commands.add_parser("soak")
    long.add_argument("--runner", default="prism", choices=("prism", "flink"))
    long.add_argument("--minutes", type=float, default=20)
    long.add_argument("--rate", type=float, default=40, help="articles a second")
    long.add_argument("--entities", default="none", choices=("spacy", "gazetteer", "none"))
    long.add_argument("--ttl", type=int, default=120, help="seconds for which duplicates are remembered")
    long.add_argument("--plot", metavar="FILE")
    long.add_argument("--json", metavar="FILE")
    plain = commands.add_parser("plain", help="the plain subscriber itself, as speed calls it")
    for name in ("address", "subscription", "dsn", "backend"):
        plain.add_argument(name)
    plain.add_argument("messages", type=int)
    options = parser.parse_args()
    if options.command == "speed":
        speed(options.messages, options.rounds)
    elif options.command == "workers":
        workers(options.messages, options.rounds, options.entities)
    elif options.command == "plain":
        plain_subscriber(options.address, options.subscription, options.dsn, options.backend, options.messages)
    else:
        figures = soak(options.runner, options.minutes, options.rate, options.entities, options.ttl)
        report(figures)
        if options.json:
            Path(options.json).write_text(json.dumps(figures))
        if options.plot:
            plot(figures, options.plot)


if __name__ == "__main__":
    main()
