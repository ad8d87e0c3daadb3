"""What is known of English words: how frequent each is, and which word classes it can have.

The tables come from wordfreq and MASC (see their headers and `training/make_lexicon.py`); loaded once a process, on
first use.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

UNKNOWN = 9
"""Frequency given to words that aren't in the list (its rarest words have 10 to 15)."""


def read_groups(name: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the lines of a table among this package's models: a value and the words that have it."""
    source = (files("transforms.normalize") / "models" / name).read_text(encoding="utf-8")
    for line in source.splitlines():
        if not line.startswith("#"):
            value, _, words = line.partition("\t")
            yield value, words.split(" ")


@cache
def frequencies() -> dict[str, int]:
    """Return the frequency of words in lower case, in tenths of the Zipf scale (10: once in 100 million words)."""
    table: dict[str, int] = {}
    for value, words in read_groups("lexicon.tsv"):
        table.update(dict.fromkeys(words, int(value)))
    return table


@cache
def classes() -> dict[str, str]:
    """Return the word classes of words in lower case, commonest first (letters as in `training/make_lexicon.py`)."""
    table: dict[str, str] = {}
    for value, words in read_groups("classes.tsv"):
        table.update(dict.fromkeys(words, value))
    return table


@lru_cache(maxsize=1 << 15)
def word_class(word: str) -> str:
    """Return the commonest class of a word in lower case; by its ending where the word isn't listed."""
    known = classes().get(word)
    if known:
        return known[0]
    for ending, guess in _ENDINGS:
        if word.endswith(ending):
            return guess
    return "U" if word[:1].isdigit() else "?"


_ENDINGS = (
    ("ing", "G"), ("ed", "M"), ("ly", "R"), ("ness", "N"), ("ment", "N"), ("tion", "N"), ("sion", "N"), ("ity", "N"),
    ("ship", "N"), ("ism", "N"), ("ance", "N"), ("ence", "N"), ("ous", "J"), ("ful", "J"), ("less", "J"), ("able", "J"),
    ("ible", "J"), ("al", "J"), ("ic", "J"), ("ive", "J"), ("ese", "J"), ("ish", "J"), ("ers", "S"), ("ors", "S"),
    ("ists", "S"), ("ments", "S"), ("tions", "S"), ("er", "N"), ("or", "N"), ("ist", "N"), ("s", "S"),
)  # fmt: skip
