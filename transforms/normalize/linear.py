"""A logistic model over named features: the shape of all small models of this package.

A model file (`models/*.tsv`) holds a header of comments and lines of a feature, a tab, and its weight.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import repeat
from math import exp

Weights = dict[str, float]


@cache
def load(name: str) -> Weights:
    """Return the weights of the model `name`; read once a process."""
    source = (files("transforms.normalize") / "models" / f"{name}.tsv").read_text(encoding="utf-8")
    lines = (line.rpartition("\t") for line in source.split("\n") if line and not line.startswith("#"))
    numbers: dict[str, float] = {}  # each once: a table that fits the processor's cache is read much faster
    return {feature: numbers.setdefault(weight, float(weight)) for feature, _, weight in lines}


def score(weights: Weights, features: Iterable[str], known: float = 0.0) -> float:
    """Return the log odds that a model gives to something with `features`; unknown ones count nothing.

    Args:
      weights: of the model.
      features: names of features.
      known: log odds of other features that were scored before.
    """
    return sum(map(weights.get, features, repeat(0.0)), known)


def probability(log_odds: float) -> float:
    """Return log odds as a probability."""
    return 1.0 / (1.0 + exp(-max(-50.0, min(50.0, log_odds))))
