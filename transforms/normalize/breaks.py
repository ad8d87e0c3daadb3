"""Words that ran together where a page lost its markup: `left GermanyThe chancellor`, `ended.He`, `March 26launched`.

A word is split only where both halves are known, from the page or from the lexicon, and the whole is not: names with a
capital inside (`YouTube`, `DeSantis`, `eBay`) are in the lexicon, are repeated on the page, or have no such halves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from transforms.normalize.document import Document, Proposal
from transforms.normalize.lexicon import UNKNOWN, classes, frequencies, read_groups, word_class


@cache
def _glue() -> dict[str, frozenset[str]]:
    """Return the groups of words of `models/glue.tsv`."""
    return {group: frozenset(words) for group, words in read_groups("glue.tsv")}


_FREQUENT = 35
"""Tenths of the Zipf scale: about once in 300,000 words."""
_KNOWN = 28


def capital_inside(document: Document) -> Iterator[Proposal]:
    """Propose to part words at a capital inside: `StatesEven` to `States. Even`, `saidPutin` to `said Putin`."""
    for match in _CAPITAL_INSIDE.finditer(document.text):
        left, right = _run_before(document.text, match.start()), match.group()
        if not left:
            continue
        break_ = _at_capital(document, left, right, match)
        if break_:
            yield Proposal(match.start(), match.start(), *break_)


_CAPITAL_INSIDE = re.compile(r"[A-Z](?<=[A-Za-z0-9][A-Z])(?:[a-z]+|(?= [a-z]))(?![A-Za-z0-9'’_@]|\.\w| ?\()")


def _run_before(text: str, end: int) -> str:
    """Return the letters right before `end`; nothing where they belong to an address, a code or a longer compound."""
    start = end
    while start > 0 and end - start < 30 and text[start - 1].isalnum():
        start -= 1
    if text[start - 1 : start] in _ADDRESS_MARKS and start > 0:
        return ""
    return text[start:end]


_ADDRESS_MARKS = frozenset("/@#_.&=-'’")


def _at_capital(document: Document, left: str, right: str, match: re.Match[str]) -> tuple[str, float] | None:
    """Return what to put between two halves and how surely, or None where they are one word."""
    page, zipf, low, low_right = document.page, frequencies().get, left.lower(), right.lower()
    whole = (left + right).lower()
    if zipf(whole, 0) or page.all_forms[left + right] > 1 or low in _glue()["name-prefix"]:
        return None
    follows = document.text[match.end() : match.end() + 2]
    starts = (
        low_right in _glue()["sentence-start"] and len(follows) == 2 and follows[0] in " ," and not follows[1].isupper()
    )
    if left.isdigit():
        if document.text[match.start() - len(left) - 1 : match.start() - len(left)] != " ":
            return None
        return (". ", 0.93) if starts and len(low_right) > 2 and len(left) in (1, 2, 4) else None
    if not left.isalpha() or not left.isascii():
        return None
    seen_left = page.all_forms[left] > 0
    if left.isupper():
        known = len(left) > 1 and seen_left
        return (". ", 0.93) if known and starts and low_right not in _glue()["name-end"] else None
    if left[1:] != low[1:]:
        return None
    seen_right = page.all_forms[right] > 0
    if left == low:
        least = _KNOWN if starts or seen_right else _FREQUENT
        known = (len(low) > 2 and zipf(low, 0) >= least) or (low in _glue()["never-last"] and len(low) > 1)
        if not known or not (starts or seen_right or zipf(low_right, 0) >= _KNOWN):
            return None
        return (
            (". ", 0.95)
            if starts and low not in _glue()["never-last"]
            else (" ", 0.92 if seen_right or starts else 0.9)
        )
    if starts:
        named = word_class(low) in "P?" or low_right in _glue()["subject"]
        known = seen_left or (
            zipf(low, 0) >= _KNOWN and len(low) > 3 and low_right not in _glue()["name-end"] and named
        )
        return (". ", 0.95) if known else None
    return (" ", 0.95) if f"{left} {right}" in page.text else None


def missing_space(document: Document) -> Iterator[Proposal]:
    """Propose the space that is missing after the end of a sentence: `ended.He said`."""
    for match in _NO_SPACE.finditer(document.text):
        left = _run_before(document.text, match.start())
        right = match.group(2)
        if len(left) > 1 and _knows(document, left) and (right == "I" or _knows(document, right)):
            yield Proposal(match.end(1), match.end(1), " ", 0.96)


_NO_SPACE = re.compile(r"([.!?])([A-Z][a-z]+|I(?= [a-z]))(?=[ ,;:!?\n]|[.](?!\w)|['’]|\Z)")


def _knows(document: Document, word: str) -> bool:
    """Tell whether a half is a word: frequent English, or used by itself elsewhere on the page."""
    low = word.lower()
    if low in _glue()["ending"] or not word.isalpha():
        return False
    return frequencies().get(low, 0) >= _KNOWN or document.page.all_forms[word] > 1


def after_number(document: Document) -> Iterator[Proposal]:
    """Propose the space that is missing after a number: `March 26launched`."""
    for match in _AFTER_NUMBER.finditer(document.text):
        word, before = match.group(2), document.text[max(0, match.start() - 1) : match.start()]
        if before.isalnum() or (before and before in ".,:/-_"):
            continue
        verb_like = classes().get(word, "N")[0] in "VDZMICWXTR" and word not in _glue()["unit"]
        if word in _glue()["counted"] or (verb_like and frequencies().get(word, 0) >= _FREQUENT):
            yield Proposal(match.end(1), match.end(1), " ", 0.93)


_AFTER_NUMBER = re.compile(r"(\d{1,4})([a-z]{4,})(?![\w-])")


def glued_tail(document: Document) -> Iterator[Proposal]:
    """Propose to part a function word that ran into the word before it: `Prosecutorwho`."""
    zipf, forms = frequencies().get, document.page.all_forms
    for match in _tails().finditer(document.text):
        place = match.start(1)
        left = _run_before(document.text, place)
        whole, low = left + match.group(1), left.lower()
        if len(left) < 4 or not left.isalpha() or zipf(whole.lower(), 0) or forms[whole] > 1:
            continue
        frequent = zipf(low, UNKNOWN) >= _FREQUENT
        common = left == low or (len(left) > 5 and word_class(low) in "NSJ" and low in classes())
        if (frequent and common) or (forms[left] > 0 and len(left) > 4):
            yield Proposal(place, place, " ", 0.92)


@cache
def _tails() -> re.Pattern[str]:
    return re.compile(rf"({'|'.join(sorted(_glue()['tail']))})(?<=[a-z]{{7}})(?![\w'’-])")
