"""Make machine round trips (English, a pivot, English) of clean news with Apertium, an optional system package.

    apt-get install apertium apertium-eng-spa apertium-eng-cat apertium-en-gl apertium-eo-en apertium-hbs-eng \\
        apertium-fr-es apertium-es-pt
    python benchmarks/round_trips.py --gum PATH --pud PATH -o round_trips.jsonl

Before the trip a text loses its quotation marks and apostrophes, as the pages do that newsbeam repairs. Each line of
the result holds `name`, `pivot`, `original` (without quotation marks) and `text` (after the trip). French and
Portuguese have no pair with English, so they go by Spanish. The paths are those of `benchmarks/repair.py`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.repair_eval.corpora import READERS, Document, add_corpus_arguments, corpus_paths, load
from benchmarks.repair_eval.corruption import strip_quotes

TRIPS = {
    "spa": ("eng-spa", "spa-eng"),
    "cat": ("eng-cat", "cat-eng"),
    "glg": ("en-gl", "gl-en"),
    "epo": ("en-eo", "eo-en"),
    "hbs": ("eng-hbs", "hbs-eng"),
    "fra": ("eng-spa", "es-fr", "fr-es", "spa-eng"),
    "por": ("eng-spa", "es-pt", "pt-es", "spa-eng"),
}
_UNKNOWN = re.compile(r"(?<!\w)[*@#]+(?=\w)")  # Apertium's marks for words it does not know
_MARKER = re.compile(r"\n\s*77(\d{4})77[ .]*\n")  # a number comes through every translation unchanged


def translate(text: str, modes: Sequence[str]) -> str:
    """Send `text` through Apertium's `modes`, one after the other.

    Raises:
      subprocess.CalledProcessError: Apertium failed, or lacks a mode.
    """
    for mode in modes:
        done = subprocess.run(["apertium", "-u", mode], input=text, capture_output=True, check=True, encoding="utf-8")
        text = _UNKNOWN.sub("", done.stdout)
    return text


def round_trip(originals: Sequence[str], modes: Sequence[str]) -> list[str | None]:
    """The texts after the trip, all in one run of Apertium; None for one that got lost."""
    stripped = [re.sub(r"['’‘]", "", text) for text in originals]
    joined = "".join(f"\n\n77{i:04d}77\n\n{text}" for i, text in enumerate(stripped)) + "\n\n77999977\n\n"
    parts = _MARKER.split(translate(joined, modes))
    found = {int(number): text.strip() for number, text in zip(parts[1::2], parts[2::2], strict=True)}
    return [found.get(i) or None for i in range(len(originals))]


def sample(documents: Sequence[Document], per_corpus: int) -> list[Document]:
    """Up to `per_corpus` documents of at least 120 words of each corpus, the same ones in every run."""
    chosen: list[Document] = []
    for corpus in READERS:
        fit = [document for document in documents if document.corpus == corpus and document.words >= 120]
        chosen += random.Random(corpus).sample(fit, min(per_corpus, len(fit)))
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_corpus_arguments(parser)
    parser.add_argument("--pivots", nargs="+", choices=TRIPS, default=list(TRIPS))
    parser.add_argument("--sample", type=int, default=30, help="documents a corpus (default: %(default)s)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    documents = sample(load(corpus_paths(args)), args.sample)
    originals = [strip_quotes(document.text) for document in documents]
    with args.output.open("w", encoding="utf-8") as output:
        for pivot in args.pivots:
            made = 0
            for document, original, text in zip(documents, originals, round_trip(originals, TRIPS[pivot]), strict=True):
                if text is not None:
                    row = {"name": document.name, "pivot": pivot, "original": original, "text": text}
                    output.write(json.dumps(row, ensure_ascii=False) + "\n")
                    made += 1
            print(f"{pivot}: {made} of {len(documents)} documents", file=sys.stderr)


if __name__ == "__main__":
    main()
