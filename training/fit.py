"""Fits the logistic models of `transforms/normalize`: features as strings in, weights out. Needs numpy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def fit(
    rows: Sequence[Sequence[str]],
    labels: Sequence[bool],
    weights: Sequence[float] | None = None,
    decay: float = 1.0,
    rounds: int = 200,
    least: int = 3,
) -> dict[str, float]:
    """Return the weights of a logistic regression with an L2 penalty.

    Args:
      rows: the features of each example; a feature stands in a row at most once. Give every row a constant one.
      labels: what is to be told.
      weights: how much each example counts (1 where not given).
      decay: strength of the penalty (inverse variance of the weights).
      rounds: steps of Adam over all examples.
      least: features seen in fewer rows are left out.
    """
    seen = Counter(feature for row in rows for feature in row)
    names = sorted(feature for feature, count in seen.items() if count >= least)
    place = {feature: index for index, feature in enumerate(names)}
    used = [[place[feature] for feature in row if feature in place] for row in rows]
    columns = np.fromiter((index for row in used for index in row), dtype=np.int64)
    lengths = np.array([len(row) for row in used])
    row_of = np.repeat(np.arange(len(rows)), lengths)
    truth = np.asarray(labels, dtype=np.float64)
    importance = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    theta, first, second = np.zeros(len(names)), np.zeros(len(names)), np.zeros(len(names))
    for step in range(1, rounds + 1):
        odds = np.bincount(row_of, weights=theta[columns], minlength=len(rows))
        error = importance * (1 / (1 + np.exp(-odds)) - truth)
        gradient = np.bincount(columns, weights=error[row_of], minlength=len(names)) + decay * theta
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        rate = 0.1 * min(1.0, 2 * (1 - step / (rounds + 1)))
        theta -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return {name: round(float(weight), 2) for name, weight in zip(names, theta, strict=True) if abs(weight) >= 0.02}


def write(path: Path, header: str, model: dict[str, float]) -> None:
    """Write a model with a header of comment lines."""
    lines = [f"{feature}\t{weight:g}\n" for feature, weight in sorted(model.items())]
    path.write_text("".join(f"# {line}\n" for line in header.splitlines()) + "".join(lines), encoding="utf-8")
