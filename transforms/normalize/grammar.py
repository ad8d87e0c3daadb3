"""`a` and `an` by the sound that follows; only for pages that show damage."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.normalize.document import Document, Proposal
from transforms.normalize.tables import word_sets

_A = re.compile(r" a (?<=[\w,] a )(?=([a-zA-Z]{4,20})(?![\w'’-]))")
_A_INITIAL = re.compile(r"A (?<![\w'’-]A )(?=([a-z]{4,20})(?![\w'’-]))")
_AN = re.compile(r" an (?<=[\w,] an )(?=([a-zA-Z]{3,20})(?![\w'’-]))")

_VOWEL = re.compile(r"(?:[ai]|e(?!u|we)|o(?!n[ce]|ui)|un(?!i|a[nl]i)|u(?:p|l|g|m[bp]))")
"""Starts that are spoken with a vowel beyond doubt."""
_CONSONANT = re.compile(r"[bcdfgjklmnpqrstvwz][a-z]*[aeiouy]")
"""Starts that are spoken with a consonant; `h`, `y`, `x` and names of letters are left alone."""


def articles(document: Document) -> Iterator[Proposal]:
    """Write `an` before a vowel and `a` before a consonant."""
    text = document.text
    for match in _A.finditer(text):
        if _starts_with_vowel(match[1]):
            yield Proposal(match.start() + 1, match.end() - 1, "an", 0.96)
    for match in _A_INITIAL.finditer(text):
        token = document.token_at(match.start())
        if token is not None and document.is_initial(token) and _starts_with_vowel(match[1]):
            yield Proposal(match.start(), match.end() - 1, "An", 0.95)
    for match in _AN.finditer(text):
        word = match[1]
        no_noun = word.lower() in word_sets("function-words")["no-noun"] or word.lower() in _NO_NOUN
        if (word.islower() or word.istitle()) and not no_noun and _CONSONANT.match(word.lower()):
            yield Proposal(match.start() + 1, match.end() - 1, "a", 0.95)


_NO_NOUN = frozenset(
    ["the", "this", "that", "these", "those", "to", "for", "from", "with", "but", "when", "where", "while"]
)
"""Words before which `an` is a slip for something else (`24 hours an the front page`)."""


def _starts_with_vowel(word: str) -> bool:
    """Tell whether a word, in lower case or with a capital, starts with the sound of a vowel beyond doubt."""
    lower = word.lower()
    return (
        word[1:].islower() and lower not in word_sets("function-words")["no-noun"] and _VOWEL.match(lower) is not None
    )
