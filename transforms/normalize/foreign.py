"""Words that a translator left in another language, and phrases that it translated word by word.

Both are repaired only on pages that show damage or a pivot language, and only where the tables know one meaning; all
other such words are suspects (`suspects.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from transforms.normalize.damage import mangled
from transforms.normalize.document import Document, Proposal
from transforms.normalize.lexicon import frequencies
from transforms.normalize.namebook import vocabulary, words_of
from transforms.normalize.names import find_words, pivot, word_after, word_before
from transforms.normalize.tables import rows

_MAX_FREQUENCY = 24
"""Words that English texts use more often (tenths of the Zipf scale) are taken for English."""
_MIN_FUZZY = 8
"""Shortest word of which one letter may be wrong (`micropuaces`: micropuces)."""
_EXACT, _FUZZY, _CALQUE = 0.92, 0.9, 0.9


def damaged(page: Document) -> bool:
    """Gate: the page shows damage, or names of a language that it came through."""
    shown = page.once(pivot)
    return page.once(mangled) or any(len(names) >= shown.needed for names in shown.names.values())


# Words left behind ----------------------------------------------------------------------------------------------


@cache
def leftovers() -> dict[str, str]:
    """Return foreign words that news translators leave behind, in lower case, with what they mean in English."""
    table: dict[str, str] = {}
    for _, words in rows("names/leftovers"):
        for pair in words.split(" "):
            word, _, meaning = pair.partition("=")
            table.setdefault(word, meaning.replace("_", " "))
    known = frequencies()
    return {word: meaning for word, meaning in table.items() if known.get(word, 0) <= _MAX_FREQUENCY}


@cache
def _shortened() -> dict[str, str]:
    """Return the longer words of `leftovers` with one letter left out, each with the word."""
    return {cut: word for word in leftovers() if len(word) >= _MIN_FUZZY for cut in (word, *_cuts(word))}


def _cuts(word: str) -> Iterator[str]:
    return (word[:place] + word[place + 1 :] for place in range(len(word)))


def left_words(document: Document) -> Iterator[Proposal]:
    """Translate words of another language that stand alone among English ones: `[réunion]` -> `[meeting]`."""
    table, known = leftovers(), frequencies()
    found: dict[str, tuple[str, float]] = {}
    for word in document.once(vocabulary):
        if word in table:
            found[word] = (table[word], _EXACT)
        elif len(word) >= _MIN_FUZZY and word not in known and word.islower():
            near = next((_shortened()[cut] for cut in (word, *_cuts(word)) if cut in _shortened()), None)
            if near is not None:
                found[word] = (table[near], _FUZZY)
    yield from foreign_titles(document)
    for word, start, end in find_words(found, document.text):
        if not _among_foreign(document.text, start, end):
            meaning, confidence = found[word]
            yield Proposal(start, end, meaning, confidence)


@cache
def titles() -> dict[str, str]:
    """Return the titles of office in other languages, in lower case, with what stands before a name in English."""
    return {
        title.replace("_", " "): meaning.replace("_", " ")
        for _, words in rows("names/titles")
        for title, _, meaning in (pair.partition("=") for pair in words.split(" "))
    }


@cache
def _title_words() -> frozenset[str]:
    """Return the words that the titles begin with."""
    return frozenset(title.split(" ")[0].split("-")[0] for title in titles())


@cache
def _title_pattern() -> re.Pattern[str]:
    longest_first = sorted(titles(), key=len, reverse=True)
    initials = "".join(sorted({title[0] for title in longest_first}))
    either = "".join(sorted(set(initials) | set(initials.upper())))
    return re.compile(
        rf"(?<![\w'’\"“„«-])(?=[{either}])(?i:{'|'.join(map(re.escape, longest_first))})(?= [^\W\d_a-z][^\W\d_]+)"
    )


def foreign_titles(document: Document) -> Iterator[Proposal]:
    """Translate a title of office that stands before a name: `Bundeskanzler Scholz` -> `Chancellor Scholz`."""
    if _title_words().isdisjoint(map(str.lower, document.once(vocabulary))):
        return
    for match in _title_pattern().finditer(document.text):
        start, end = match.span()
        before, after = word_before(document.text, start), word_after(document.text, end)
        named = after.lower() in words_of("named-after") or after.lower() in words_of("foreign")
        if not named and not (before[:1].isupper() and before.lower() not in words_of("titles")):
            yield Proposal(start, end, titles()[match.group().lower()], _EXACT)


def _among_foreign(text: str, start: int, end: int) -> bool:
    """Tell whether a word stands in a phrase of its own language, a quotation or a name."""
    around = (word_before(text, start), word_after(text, end))
    if text[max(0, start - 1) : start] in _QUOTES or text[end : end + 1] in _QUOTES:
        return True
    table, known = leftovers(), frequencies()
    return any(
        word in table
        or word.lower() in words_of("foreign")
        or (word[:1].isupper() and word.lower() not in known)
        or not word.isascii()
        for word in around
        if word
    )


_QUOTES = frozenset("\"'“”„«»‘’-")


# Phrases translated word by word --------------------------------------------------------------------------------


class Calque(NamedTuple):
    """A phrase translated word by word, what English says, and words one of which must stand on the page."""

    found: str
    expected: str
    context: frozenset[str]
    words: frozenset[str]
    """The words of `found`."""


@cache
def calques() -> tuple[Calque, ...]:
    """Return the table of phrases."""
    return tuple(
        Calque(cased, meant, frozenset(" ".join(context).split()), frozenset(re.findall(r"[^\W_]+", cased)))
        for found, expected, *context in rows("names/calques")
        for cased, meant in ((found, expected), (_capitalised(found), _capitalised(expected)))
    )


def _capitalised(phrase: str) -> str:
    """Return a phrase as it opens a sentence."""
    return phrase[0].upper() + phrase[1:]


def calque_phrases(document: Document) -> Iterator[Proposal]:
    """Say what English newspapers say: `a key rescue buoy for Moscow` -> `a key lifeline for Moscow`."""
    words, page = document.once(vocabulary), document.page.once(vocabulary)
    for calque in calques():
        if not calque.words <= words or (calque.context and calque.context.isdisjoint(page)):
            continue
        for _, start, end in find_words([calque.found], document.text, "-"):
            yield Proposal(start, end, calque.expected, _CALQUE)
