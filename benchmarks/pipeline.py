"""The whole pipeline beside a plain loop that calls the same functions, and beside its NER model alone.

    python benchmarks/pipeline.py                     # articles a second, 2,000 articles
    python benchmarks/pipeline.py --where             # CPU time of each stage, of Beam, of the model
    python benchmarks/pipeline.py --workers           # and one worker process against two
    python benchmarks/pipeline.py --memory            # peak memory at 2,000 and at 20,000 articles
    python benchmarks/pipeline.py --articles 500 --rounds 3
    python benchmarks/pipeline.py --where --texts FOLDER --articles 400   # news of your own, one article a file

All variants run in turn in one process (those of --workers and --memory in processes of their own), several rounds, so
that a machine whose speed drifts does not favour one; the ratio of each round is printed, their median is the figure.
The articles are made from the sentences of the sample feeds, in random order (seeded): most are garbled, with eight
lost apostrophes each. With `--texts` (not for --workers and --memory) they are files of a folder, drawn at random.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import msgspec  # noqa: E402

from pipeline.config import load_config  # noqa: E402
from pipeline.run import run_batch  # noqa: E402
from pipeline.stages import finished, new_run  # noqa: E402
from transforms.entities import EntitiesConfig  # noqa: E402
from transforms.entities.extract import Extractor, from_spans  # noqa: E402
from transforms.entities.gazetteer import gazetteer  # noqa: E402
from transforms.entities.recognise import load_model, recognise  # noqa: E402
from transforms.feeds.config import FeedsConfig  # noqa: E402
from transforms.feeds.read import read_feed  # noqa: E402
from transforms.files import parse_article_line  # noqa: E402
from transforms.language import detection, identify  # noqa: E402
from transforms.normalize import NormalizeConfig  # noqa: E402
from transforms.normalize.stage import normalize_record  # noqa: E402

BATCH = 32


def make_articles(count: int, words: int) -> list[bytes]:
    """Return `count` articles of about `words` words as JSON lines."""
    sentences: list[str] = []
    for feed in sorted((ROOT / "configs" / "samples").iterdir()):
        for record in read_feed(str(feed), FeedsConfig(feeds=["-"])).records:
            if record.language.declared is None or record.language.declared.startswith("en"):
                sentences += re.split(r"(?<=[.!?])\s+", record.text)
    picker = random.Random(7)
    lines = []
    for number in range(count):
        text: list[str] = []
        while sum(len(sentence.split()) for sentence in text) < words:
            text.append(picker.choice(sentences))
        paragraphs = "\n\n".join(" ".join(text[start : start + 4]) for start in range(0, len(text), 4))
        article = {"url": f"https://example.org/{number}", "title": f"Article {number}", "text": paragraphs}
        lines.append(json.dumps(article).encode())
    return lines


def read_articles(folder: Path, count: int) -> list[bytes]:
    """Return `count` of the texts in a folder as JSON lines; a first line that is an address is left out."""
    files = random.Random(7).sample(sorted(folder.glob("*.txt")), count)
    texts = [re.sub(r"\Ahttps?://\S+\s+", "", file.read_text(encoding="utf-8")) for file in files]
    pages = [{"url": f"https://example.org/{number}", "text": text} for number, text in enumerate(texts)]
    return [json.dumps(page).encode() for page in pages]


def plain_loop(lines: list[bytes], out: Path, backend: str) -> int:
    """Do what the pipeline does in a loop of one process; return the number of records."""
    seen: set[str] = set()
    extractor = Extractor(EntitiesConfig(backend=backend))
    config = NormalizeConfig()
    written = 0
    with out.open("wb") as file:
        for start in range(0, len(lines), BATCH):
            batch = []
            for line in lines[start : start + BATCH]:
                record = parse_article_line(line, "bench")
                if record.id in seen or record.content_hash in seen:
                    continue
                seen |= {record.id, record.content_hash}
                language, shares = identify(record.text, declared=record.language.declared)
                batch.append(
                    normalize_record(msgspec.structs.replace(record, language=language, languages=shares), config)
                )
            found = extractor.extract([(record.text, record.language.code) for record in batch])
            for record, extraction in zip(batch, found, strict=True):
                done = finished(msgspec.structs.replace(record, entities=extraction.entities))
                file.write(msgspec.json.encode(done) + b"\n")
                written += 1
    return written


def through_pipeline(source: Path, folder: Path, backend: str, *beam: str) -> int:
    """Run the pipeline over the articles in `source`; return the number of records."""
    settings = [
        f"source.paths=[{source}]",
        f"state.path={folder}/state",
        f"sinks.0.path={folder}/records",
        f"dead_letters.path={folder}/letters",
        f"entities.backend={backend}",
    ]
    config = load_config(str(ROOT / "benchmarks" / "pipeline.yaml"), settings)
    return run_batch(config, new_run(config), list(beam)).records


def model_alone(lines: list[bytes]) -> int:
    """Run the NER model, and nothing else, over the same texts."""
    nlp = load_model(EntitiesConfig().models["en"])
    texts = [json.loads(line)["text"] for line in lines]
    return sum(1 for _ in nlp.pipe(texts, batch_size=BATCH))


class Clock:
    """Adds up the CPU time of stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count the CPU time of the `with` block for `stage`."""
        start = time.process_time()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.process_time() - start


def stage_by_stage(lines: list[bytes], clock: Clock) -> None:
    """Do what the pipeline does, one stage after the other for each batch."""
    config = NormalizeConfig()
    places = gazetteer("en")
    nlp = load_model(EntitiesConfig().models["en"])
    for start in range(0, len(lines), BATCH):
        with clock("read and give ids"):
            records = [parse_article_line(line, "bench") for line in lines[start : start + BATCH]]
        with clock("tell the language"):
            records = [
                msgspec.structs.replace(record, language=language, languages=shares)
                for record in records
                for language, shares in [identify(record.text)]
            ]
        with clock("repair"):
            records = [normalize_record(record, config) for record in records]
        texts = [record.text for record in records]
        with clock("the model"):
            spans = recognise(nlp, texts)
        with clock("resolve and link"):
            found = [from_spans(text, named, places) for text, named in zip(texts, spans, strict=True)]
        with clock("encode"):
            for record, extraction in zip(records, found, strict=True):
                msgspec.json.encode(finished(msgspec.structs.replace(record, entities=extraction.entities)))


def where(lines: list[bytes], rounds: int) -> None:
    """Print the CPU time of each stage, and what the whole pipeline takes beyond their sum.

    What a run costs however short it is (building the graph, opening and committing files) is the time of a run of ten
    articles less the stages' share of it.
    """
    articles, few = len(lines), 10
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source, short = folder / "articles.jsonl", folder / "few.jsonl"
        source.write_bytes(b"\n".join(lines) + b"\n")
        short.write_bytes(b"\n".join(lines[:few]) + b"\n")
        stage_by_stage(lines[:40], Clock())
        through_pipeline(short, folder / "warm", "spacy")
        for number in range(rounds):
            clock = Clock()
            detection._answer.cache_clear()
            stage_by_stage(lines, clock)
            detection._answer.cache_clear()
            with clock("whole"):
                through_pipeline(source, folder / str(number), "spacy")
            detection._answer.cache_clear()
            with clock("few"):
                through_pipeline(short, folder / f"few-{number}", "spacy")
            with clock("alone"):
                model_alone(lines)
            for stage, seconds in clock.seconds.items():
                best[stage] = min(best.get(stage, seconds), seconds)
    whole, short_run, alone = best.pop("whole"), best.pop("few"), best.pop("alone")
    stages = sum(best.values())
    once = short_run - stages * few / articles
    best["Beam, deduplication, files"] = whole - once - stages
    print(
        f"{articles} articles of {words(lines):.0f} words, CPU time, the best of {rounds} rounds; "
        f"{once:.2f} s a run not counted"
    )
    whole -= once
    for stage, seconds in best.items():
        print(f"{stage:28} {1000 * seconds / articles:7.2f} ms an article  {100 * seconds / whole:5.1f} %")
    print(f"{'whole pipeline':28} {1000 * whole / articles:7.2f} ms an article  {articles / whole:5.1f} articles/s")
    print(f"{'nlp.pipe alone':28} {1000 * alone / articles:7.2f} ms an article  {articles / alone:5.1f} articles/s")
    print(f"pipeline / model alone: {alone / whole:.3f}")


def words(lines: list[bytes]) -> float:
    """Return the mean number of words of articles."""
    return statistics.mean(len(json.loads(line)["text"].split()) for line in lines)


def timed(work: Callable[[], int], articles: int) -> float:
    """Return articles a second."""
    start = time.perf_counter()
    done = work()
    assert done == articles, f"{done} of {articles} came out"
    return articles / (time.perf_counter() - start)


def throughput(lines: list[bytes], rounds: int, backend: str) -> None:
    """Print articles a second of the pipeline, the loop and the model, and their ratios."""
    articles = len(lines)
    rates: dict[str, list[float]] = {"pipeline": [], "plain loop": [], "model alone": []}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source = folder / "articles.jsonl"
        source.write_bytes(b"\n".join(lines) + b"\n")
        warm = folder / "warm.jsonl"
        warm.write_bytes(b"\n".join(lines[:40]) + b"\n")
        through_pipeline(warm, folder / "warm", backend)
        plain_loop(lines[:40], folder / "warm.out", backend)
        for number in range(rounds):
            rates["pipeline"].append(
                timed(lambda n=number: through_pipeline(source, folder / str(n), backend), articles)  # type: ignore[misc]
            )
            rates["plain loop"].append(timed(lambda: plain_loop(lines, folder / "loop.out", backend), articles))
            if backend == "spacy":
                rates["model alone"].append(timed(lambda: model_alone(lines), articles))
    print(f"{articles} articles of {words(lines):.0f} words, {rounds} rounds, entities: {backend}")
    for name, values in rates.items():
        if values:
            print(f"{name:12} {statistics.median(values):8.1f} articles/s   {[round(value, 1) for value in values]}")
    for name in ("plain loop", "model alone"):
        if rates[name]:
            ratios = [mine / other for mine, other in zip(rates["pipeline"], rates[name], strict=True)]
            print(f"pipeline / {name}: {statistics.median(ratios):.3f}   {[round(ratio, 3) for ratio in ratios]}")


def child(articles: int, words: int, backend: str, *beam: str) -> tuple[float, float]:
    """Run the pipeline in a process of its own; return seconds and peak MiB (of the largest process)."""
    command = [sys.executable, __file__, "--child", "--articles", str(articles), "--words", str(words)]
    done = subprocess.run([*command, "--entities", backend, *beam], capture_output=True, text=True, check=True)
    seconds, peak = done.stdout.split()[-2:]
    return float(seconds), float(peak)


def run_child(articles: int, words: int, backend: str, beam: list[str]) -> None:
    """What a child process does: one run; print its seconds and its peak memory."""
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary) / "articles.jsonl"
        with source.open("wb") as file:
            for start in range(0, articles, 1000):
                for line in make_articles(min(1000, articles - start), words):
                    article = json.loads(line)
                    article["url"] += f"/{start}"
                    article["text"] += f" Part {start}."
                    file.write(json.dumps(article).encode() + b"\n")
        start_time = time.perf_counter()
        assert through_pipeline(source, Path(temporary), backend, *beam) == articles
        seconds = time.perf_counter() - start_time
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"{seconds:.1f} {peak / 1024:.0f}")


def memory(words: int, backend: str) -> None:
    """Print the peak memory of a small and a large run."""
    peaks = {articles: child(articles, words, backend)[1] for articles in (2_000, 20_000)}
    for articles, peak in peaks.items():
        print(f"{articles:6} articles of {words} words: peak {peak:.0f} MiB")
    print(f"ratio {peaks[20_000] / peaks[2_000]:.2f}")


def workers(articles: int, words: int, rounds: int, backend: str) -> None:
    """Print what a second worker process brings."""
    two = ("--", "--direct_num_workers=2")
    one = ("--", "--direct_num_workers=1", "--direct_running_mode=multi_processing")
    ratios = []
    for _ in range(rounds):
        (alone, peak), (shared, _) = child(articles, words, backend, *one), child(articles, words, backend, *two)
        ratios.append(alone / shared)
        print(f"{articles} articles: 1 worker {alone:.1f} s ({peak:.0f} MiB), 2 workers {shared:.1f} s")
    print(f"2 workers / 1 worker: {statistics.median(ratios):.2f}   {[round(ratio, 2) for ratio in ratios]}")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--words", type=int, default=400)
    parser.add_argument("--texts", type=Path, help="folder of .txt files to take articles from")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--entities", default="spacy", choices=("spacy", "gazetteer", "none"))
    parser.add_argument("--where", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--workers", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("beam", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(options.articles, options.words, options.entities, options.beam)
    elif options.memory:
        memory(options.words, options.entities)
    elif options.workers:
        workers(options.articles, options.words, options.rounds, options.entities)
    else:
        if options.texts:
            lines = read_articles(options.texts, options.articles)
        else:
            lines = make_articles(options.articles, options.words)
        if options.where:
            where(lines, options.rounds)
        else:
            throughput(lines, options.rounds, options.entities)


if __name__ == "__main__":
    main()
