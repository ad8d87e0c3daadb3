"""Tables of words and patterns, read once a process from the files in `data/`."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from importlib.resources import files


def rows(name: str) -> Iterator[list[str]]:
    """Yield the rows of `data/<name>.tsv`, or of `.tsv.gz` for a long table; lines that start with `#` are comments."""
    data = files("transforms.normalize").joinpath("data")
    plain = data.joinpath(f"{name}.tsv")
    raw = plain.read_bytes() if plain.is_file() else gzip.decompress(data.joinpath(f"{name}.tsv.gz").read_bytes())
    for line in raw.decode("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


@cache
def word_sets(name: str) -> dict[str, frozenset[str]]:
    """Return the words of `data/<name>.tsv`, whose rows are a set's name and words parted by spaces."""
    sets: dict[str, frozenset[str]] = {}
    for key, words in rows(name):
        sets[key] = sets.get(key, frozenset()) | frozenset(words.split(" "))
    return sets
