"""Tables of words and patterns, read once a process from the files in `data/`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files


def rows(name: str) -> Iterator[list[str]]:
    """Yield the rows of `data/<name>.tsv`; lines that start with `#` are comments."""
    text = files("transforms.normalize").joinpath("data", f"{name}.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


@cache
def word_sets(name: str) -> dict[str, frozenset[str]]:
    """Return the words of `data/<name>.tsv`, whose rows are a set's name and words parted by spaces."""
    sets: dict[str, frozenset[str]] = {}
    for key, words in rows(name):
        sets[key] = sets.get(key, frozenset()) | frozenset(words.split(" "))
    return sets
