"""Counts for the progress line of a run whose workers live in this process.

Beam hands out its counters only when a local run has ended; the account is kept by `transforms.account`. This is for
the eye alone: with workers elsewhere it stays empty, and nothing else may depend on it.
"""

from __future__ import annotations

import threading
from collections import Counter

_lock = threading.Lock()
_counts: Counter[str] = Counter()


def add(name: str, number: int = 1) -> None:
    """Count `number` more of `name`."""
    with _lock:
        _counts[name] += number


def counts() -> dict[str, int]:
    """Return the counts so far."""
    with _lock:
        return dict(_counts)
