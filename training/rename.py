"""Replaces names by invented ones, so that a model learns from the page instead of from the names it knows."""

from __future__ import annotations

import random
import re

from transforms.normalize.apostrophes import contractions
from transforms.normalize.lexicon import frequencies

_ONSETS = ("b", "d", "k", "m", "t", "v", "z", "s", "r", "n", "l", "g", "p", "f", "h", "j", "st", "br", "kr", "sh", "ch")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ou")
_CODAS = ("n", "l", "r", "k", "m", "t", "v", "d", "y", "", "h")
_WITH_S = re.compile(r"\b([A-Z][A-Za-z]{2,}?)['’]?s\b")
_COMMON = 55
"""Words more frequent than this (tenths of the Zipf scale) keep their place: `That`, `There`."""


def renamed(text: str, chance: random.Random, share: float = 0.6) -> str:
    """Return `text` with a share of the names that it uses with an s replaced, each everywhere; empty if none."""
    zipf = frequencies().get
    names = {match.group(1) for match in _WITH_S.finditer(text)}
    names = {name for name in names if name.lower() not in contractions() and zipf(name.lower(), 0) < _COMMON}
    table = {name: invented(chance) for name in sorted(names) if chance.random() < share}
    if not table:
        return ""
    longest_first = sorted(map(re.escape, table), key=len, reverse=True)
    pattern = re.compile(rf"\b({'|'.join(longest_first)})(?=(?:['’]?s)?\b)")
    return pattern.sub(lambda match: table[match.group(1)], text)


def invented(chance: random.Random) -> str:
    """Return an acronym or name that isn't in the lexicon."""
    while True:
        if chance.random() < 0.45:
            name = "".join(chance.choices("ABCDEFGIKLMNOPRTUVW", k=chance.choice((2, 3, 3, 3, 4, 4, 5))))
        else:
            syllables = (chance.choice(_ONSETS) + chance.choice(_VOWELS) for _ in range(chance.choice((1, 2, 2, 3))))
            name = ("".join(syllables) + chance.choice(_CODAS)).capitalize()
        if name.lower() not in frequencies():
            return name
