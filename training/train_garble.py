"""Trains `garble_score` on clean text, the same text damaged in many ways, and machine round trips.

Usage: python -m training.train_garble MASC_ZIP STATE_OF_THE_UNION_DIR [--trips TRIPS_JSONL]

`TRIPS_JSONL` holds round trips as `benchmarks/round_trips.py` makes them (`original`, `text`).
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training import masc
from training.damage import damaged
from training.make_lexicon import MODELS
from training.train_apostrophes import address, pieces
from transforms.normalize.config import NormalizeConfig
from transforms.normalize.engine import repair
from transforms.normalize.garble import features
from transforms.normalize.rules import RULES

PROSE = frozenset(["newspaper", "letters", "essays", "non-fiction", "travel-guides", "govt-docs", "debate-transcript"])
_CEILINGS = {"boilerplate": 0.12, "layout": 0.12}
"""Most weight of what tells that a page was scraped carelessly: it may break a tie, but mangles no word."""
_CLEAN_WEIGHT = 12.0
"""What a clean page counts against a damaged one: false alarms cost more."""

NOTE = (
    "Weights of garble_score, made by training/train_garble.py from the Manually Annotated Sub-Corpus of the Open "
    "American National Corpus (free of restrictions on use) and State of the Union addresses (public domain)"
)


def page_features(text: str) -> dict[str, float]:
    """Return the features of a text after repair with default settings."""
    done = repair(text, "en", RULES, NormalizeConfig().min_confidence)
    return features(done.page, done.edits, done.doubtful)


def fit(rows: Sequence[dict[str, float]], labels: Sequence[bool], decay: float = 20.0) -> dict[str, float]:
    """Return a logistic regression with weights of zero or more and a bias (projected gradient)."""
    names = sorted({name for row in rows for name in row})
    matrix = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    truth = np.asarray(labels, dtype=np.float64)
    ceiling = np.array([_CEILINGS.get(name, np.inf) for name in names])
    importance = np.where(truth > 0, 1.0, _CLEAN_WEIGHT)
    theta, bias = np.zeros(len(names)), -2.0
    for _ in range(4000):
        error = importance * (1 / (1 + np.exp(-(matrix @ theta + bias))) - truth)
        theta = np.clip(theta - 0.3 * (matrix.T @ error + decay * theta) / len(rows), 0.0, ceiling)
        bias -= 0.3 * error.sum() / len(rows)
    weights = {name: round(float(weight), 3) for name, weight in zip(names, theta, strict=True) if weight > 0.005}
    return {"bias": round(float(bias), 3), **weights}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("masc", type=Path, help="masc_tagged.zip")
    parser.add_argument("addresses", type=Path, help="the folder state_union")
    parser.add_argument("--trips", type=Path, help="machine round trips")
    arguments = parser.parse_args()
    chance = random.Random(4)
    texts = [document.text for document in masc.read(arguments.masc, PROSE)]
    texts += [address(path) for path in sorted(arguments.addresses.glob("*.txt"))[::6]]
    rows, labels = [], []
    for text in texts:
        for piece in pieces(text, chance.choice((120, 300, 600)))[:20]:
            for bad in (False, True):
                rows.append(page_features(damaged(piece, chance) if bad else piece))
                labels.append(bad)
    if arguments.trips:
        for line in arguments.trips.read_text(encoding="utf-8").splitlines():
            trip = json.loads(line)
            rows += [page_features(trip["original"]), page_features(trip["text"])]
            labels += [False, True]
    table = {"note": NOTE, "weights": fit(rows, labels)}
    (MODELS / "garble.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
