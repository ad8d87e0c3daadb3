"""Measures language detection: accuracy, confidence on unknown languages, speed, pages of two languages, determinism.

Nothing measured is in the repository. Get the test sets first, each a `git clone` away:

  lingua: the folder `language-models` of github.com/pemistahl/lingua-rs (Apache-2.0), which holds
    `<language>/testdata/sentences.txt`, 1,000 sentences in each of 75 languages;
  udhr: `packages/corpora/udhr2.zip` of github.com/nltk/nltk_data, unpacked: the Universal Declaration of Human Rights.

  python benchmarks/language.py --lingua language-models --udhr udhr2
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import langdetect

from transforms.language import LanguageConfig, detect, detection, identify
from transforms.language.tags import canonical, primary

Sample = tuple[str, str]
"""A language code and a text in it."""

CONFIGS = {
    "langdetect": LanguageConfig(),
    "langdetect, check": LanguageConfig(check="py3langid"),
    "langdetect-rs": LanguageConfig(backend="langdetect-rs"),
    "langdetect-rs, check": LanguageConfig(backend="langdetect-rs", check="py3langid"),
    "py3langid": LanguageConfig(backend="py3langid"),
}

OWN = {primary(name) for name in os.listdir(langdetect.PROFILES_DIRECTORY) if not name.startswith(".")}

ARTICLES = (
    "eng fra spa ita rus ukr pol ces nld swe dan fin hun ell_monotonic tur vie hin arb heb ind bul hrv lit por_BR"
)


def sentences(folder: Path, count: int, kind: str = "sentences") -> list[Sample]:
    """Return `count` test texts of each language, drawn with a fixed seed."""
    draw = random.Random(7)
    found: list[Sample] = []
    for file in sorted(folder.glob(f"*/testdata/{kind}.txt")):
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        found += [(primary(file.parents[1].name), line) for line in draw.sample(lines, min(count, len(lines)))]
    return found


def articles(folder: Path, size: int = 5000) -> list[str]:
    """Return one text of `size` characters in paragraphs for each of 24 languages."""
    texts = []
    for name in ARTICLES.split():
        lines = (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        texts.append("\n\n".join(line.strip() for line in lines if line.strip())[:size])
    return texts


def plain_langdetect(text: str) -> tuple[str, float]:
    """Return what langdetect itself says, seeded."""
    try:
        best = langdetect.detect_langs(text)[0]
    except langdetect.LangDetectException:
        return "und", 0.0
    return primary(canonical(best.lang)), best.prob


def newsbeam(config: LanguageConfig, declared: bool = False) -> Callable[[Sample], tuple[str, float]]:
    """Return the detector under test as a function of a sample."""

    def ask(sample: Sample) -> tuple[str, float]:
        found = detect(sample[1], declared=sample[0] if declared else None, config=config)
        return primary(found.code), found.confidence

    return ask


def percent(parts: Sequence[bool]) -> float:
    """Return the percentage of true ones."""
    return 100 * sum(parts) / len(parts) if parts else 0.0


def accuracy(data: list[Sample]) -> None:
    """Print accuracy on langdetect's languages and on others, and how often a wrong answer is sure of itself."""
    own = [sample for sample in data if sample[0] in OWN]
    lacking = [sample for sample in data if sample[0] not in OWN]
    languages = len({code for code, _ in data})
    print(f"\n{len(data):,} texts in {languages} languages, {len(own):,} of them in langdetect's own")
    print(f"{'detector':24}{'own: right':>12}{'own: wrong >= .9':>18}{'others: right':>15}{'others: wrong >= .9':>21}")
    asked: dict[str, Callable[[Sample], tuple[str, float]]] = {
        "langdetect itself": lambda sample: plain_langdetect(sample[1])
    }
    asked |= {name: newsbeam(CONFIGS[name]) for name in ("langdetect", "langdetect-rs, check", "py3langid")}
    asked["langdetect-rs, declared"] = newsbeam(CONFIGS["langdetect-rs"], declared=True)
    for name, ask in asked.items():
        columns = []
        for part in (own, lacking):
            answers = [(code, *ask((code, text))) for code, text in part]
            columns.append(percent([truth == code for truth, code, _ in answers]))
            columns.append(percent([truth != code and sure >= 0.9 for truth, code, sure in answers]))
        print(f"{name:24}{columns[0]:12.2f}{columns[1]:18.2f}{columns[2]:15.2f}{columns[3]:21.2f}", flush=True)


def speed(texts: list[str], rounds: int) -> None:
    """Print CPU time an article, each detector on each article in turn; the best of `rounds` counts."""
    best = {name: [float("inf")] * len(texts) for name in ("langdetect itself", *CONFIGS)}

    def clock(name: str, index: int, function: Callable[[], Any]) -> None:
        detection._answer.cache_clear()
        start = time.process_time()
        function()
        best[name][index] = min(best[name][index], time.process_time() - start)

    for config in CONFIGS.values():
        detect("The first call loads the model of the detector.", config=config)
    for _ in range(rounds):
        for index, text in enumerate(texts):
            clock("langdetect itself", index, lambda text=text: plain_langdetect(text))  # type: ignore[misc]
            for name, config in CONFIGS.items():
                clock(name, index, lambda text=text, config=config: identify(text, config=config))  # type: ignore[misc]
    base = sum(best["langdetect itself"])
    print(f"\n{len(texts)} articles of {len(texts[0]):,} characters, language and shares, empty cache")
    print(f"{'detector':24}{'ms an article':>15}{'articles/s':>12}{'times langdetect':>18}")
    for name, seconds in best.items():
        each = sum(seconds) / len(texts)
        print(f"{name:24}{1000 * each:15.2f}{1 / each:12.0f}{base / sum(seconds):17.1f}x")


def pages(data: list[Sample], count: int) -> None:
    """Print how often pages made of test sentences in one and in two languages are told apart."""
    draw = random.Random(11)
    texts: dict[str, list[str]] = {}
    for code, text in data:
        if code in OWN:
            texts.setdefault(code, []).append(text)
    print(f"\n{count:,} pages of each kind, 4 to 12 paragraphs of 1 to 3 sentences")
    print(f"{'page':24}{'largest right':>15}{'languages right':>17}")
    for kind in ("one language", "one, then the other", "alternating"):
        largest, exact = [], []
        for _ in range(count):
            pair = draw.sample(sorted(texts), 2)
            half = draw.choice((2, 4, 6))
            order = {
                "one language": pair[:1] * 2 * half,
                "one, then the other": pair[:1] * half + pair[1:] * half,
                "alternating": pair * half,
            }[kind]
            paragraphs = [" ".join(draw.sample(texts[code], draw.choice((1, 1, 2, 2, 3)))) for code in order]
            language, shares = identify("\n\n".join(paragraphs), config=CONFIGS["langdetect-rs"])
            found = {primary(share.code) for share in shares} or {primary(language.code)}
            largest.append(primary(language.code) in set(order))
            exact.append(found == set(order))
        print(f"{kind:24}{percent(largest):15.2f}{percent(exact):17.2f}")


def determinism(texts: list[str]) -> None:
    """Print whether 10 runs, 8 threads and 2 new processes give one answer."""

    def run(_: int = 0) -> list[tuple[str, float]]:
        detection._answer.cache_clear()
        return [(found.code, found.confidence) for found in map(detect, texts)]

    expected = run()
    print(f"\ndeterminism on {len(texts):,} texts")
    print(f"10 runs: {'identical' if all(run() == expected for _ in range(10)) else 'DIFFERENT'}")
    with ThreadPoolExecutor(8) as pool:
        threads = list(pool.map(run, range(8)))
    print(f"8 threads: {'identical' if all(found == expected for found in threads) else 'DIFFERENT'}")
    program = (
        "import json, sys; from transforms.language import detect\n"
        "print(json.dumps([(f.code, f.confidence) for f in map(detect, json.load(sys.stdin))]))"
    )
    outputs = [_process(program, texts, seed) for seed in ("1", "2")]
    print(f"2 processes: {'identical' if all(found == expected for found in outputs) else 'DIFFERENT'}")


def _process(program: str, texts: list[str], hash_seed: str) -> list[tuple[str, float]]:
    root = str(Path(__file__).resolve().parents[1])
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(texts),
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": root},
    )
    return [(code, confidence) for code, confidence in json.loads(run.stdout)]


def main() -> None:
    """Run the measurements that there is data for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lingua", type=Path, required=True, help="folder language-models of lingua-rs")
    parser.add_argument("--udhr", type=Path, required=True, help="unpacked udhr2 of nltk_data")
    parser.add_argument("--each", type=int, default=150, help="sentences a language (default 150)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the speed test (default 5)")
    parser.add_argument("--pages", type=int, default=1000, help="pages of each kind (default 1000)")
    args = parser.parse_args()
    langdetect.DetectorFactory.seed = 0
    data = sentences(args.lingua, args.each)
    speed(articles(args.udhr), args.rounds)
    accuracy(data)
    accuracy(sentences(args.lingua, args.each // 3, "word-pairs"))
    pages(sentences(args.lingua, 300), args.pages)
    determinism([text for _, text in data[:: max(1, len(data) // 300)]])


if __name__ == "__main__":
    main()
