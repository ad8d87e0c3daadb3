"""Words that ran together where a page lost its markup: `left GermanyThe chancellor`, `ended.He`, `March 26launched`.

A word is split only where both halves are known, from the page or from the lexicon, and the whole is not: names with a
capital inside (`YouTube`, `DeSantis`, `eBay`) are in the lexicon, are repeated on the page, or have no such halves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from transforms.normalize.case import is_name
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
    """Propose to part words at a capital inside: `StatesEven` to `States. Even`, `saidPutin` to `said Putin`.

    Where no sentence begins at the capital, the word may be a name in camelCase: it is parted only on a page whose
    sentences ran together elsewhere, and never on one about software.
    """
    evidence = document.page
    for split in evidence.once(_splits) if document is evidence else _splits(document):
        confidence = split.confidence
        if not split.begins and not evidence.once(_ran_together):
            confidence = min(confidence, _CAMEL)
        if not split.sure and evidence.once(_code_marks) >= _CODE:
            confidence = min(confidence, _CAMEL)
        yield Proposal(split.place, split.place, split.between, confidence)


class _Split(NamedTuple):
    """A place where two words may have run together."""

    place: int
    between: str
    confidence: float
    begins: bool
    """Whether the capital is that of a word that begins sentences, or of a name after `of`, `said` …"""
    sure: bool
    """Whether no name in camelCase can end so."""


_CAMEL = 0.5
"""Confidence in a split that may be a name in camelCase."""
_CODE = 2
_CODE_WORDS = ("const", "import", "return", "async")
_CODE_MARK = re.compile(rf"\w\(\)|=>|::|[=!]=|[{{}};]\n|</|[a-z]\.[a-z]+[A-Z(]|\b(?:{'|'.join(_CODE_WORDS)}) [a-z]")
_CODE_SIGN = re.compile(
    r"[(=!:{};<.](?:(?<=\()\)|(?<==)>|(?<=[=!])=|(?<=:):|(?<=[{};])\n|(?<=<)/|(?<=[a-z]\.)[a-z]+[A-Z(])"
)
"""Found much faster, in any text that has one of `_CODE_MARK` but for the words."""


def _code_marks(page: Document) -> int:
    """Return how many marks of program code stand on a page, names in camelCase that it repeats among them."""
    text, forms = page.text, page.all_forms
    repeated = any(count > 1 and not (word.islower() or word.istitle()) for word, count in forms.items())
    marks = _CODE_MARK.findall(text) if _CODE_SIGN.search(text) or not forms.keys().isdisjoint(_CODE_WORDS) else ()
    return len(marks) + (sum(forms[word] > 1 for word in set(_CAMEL_CASE.findall(text))) if repeated else 0)


_CAMEL_CASE = re.compile(r"\b[a-z]+[A-Z](?<=[a-z]{2}[A-Z])[A-Za-z]+\b")


def _splits(document: Document) -> list[_Split]:
    found = []
    for match in _CAPITAL_INSIDE.finditer(document.text):
        left, right = _run_before(document.text, match.start()), match.group()
        split = _at_capital(document, left, right, match) if left else None
        if split:
            found.append(split)
    return found


def _ran_together(page: Document) -> bool:
    """Tell whether sentences ran together on a page: names in camelCase then aren't the reason for inner capitals."""
    splits = page.once(_splits)
    begins = sum(split.begins for split in splits)
    return 3 * (begins + sum(1 for _ in missing_space(page))) >= len(splits)


_CAPITAL_INSIDE = re.compile(
    r"[A-Z](?<=[A-Za-z0-9][A-Z])(?:[a-z]+|(?= [a-z]))(?!['’](?!(?:s|re|ve|ll|d|m|t)\b)|[A-Za-z0-9_@=]|\.\w| ?\()"
)


def _run_before(text: str, end: int) -> str:
    """Return the letters right before `end`; nothing where they belong to an address, a code or a longer compound."""
    start = end
    while start > 0 and end - start < 30 and text[start - 1].isalnum():
        start -= 1
    if text[start - 1 : start] in _ADDRESS_MARKS and start > 0:
        return ""
    return text[start:end]


_ADDRESS_MARKS = frozenset("/@#_.&=-'’?$")


def _at_capital(document: Document, left: str, right: str, match: re.Match[str]) -> _Split | None:
    """Return how to part two halves, or None where they are one word."""
    page, zipf, low, low_right = document.page, frequencies().get, left.lower(), right.lower()
    glue = _glue()
    place = match.start()
    whole = (left + right).lower()
    if zipf(whole, 0) or page.all_forms[left + right] > 1 or low in glue["name-prefix"]:
        return None
    follows = document.text[match.end() : match.end() + 2]
    clitic_or_verb = follows[:1] in ("'", "’") or (left == low and len(low) > 3 and follows[:1] == " ")
    subject = low_right in glue["subject"] or (low_right in ("it", "we") and clitic_or_verb)
    ends_names = low_right in glue["name-end"] and not subject
    starts = low_right in glue["sentence-start"] and len(follows) == 2 and follows[0] in " ,'’"
    starts = starts and (subject or not follows[1].isupper())
    if left.isdigit():
        if document.text[place - len(left) - 1 : place - len(left)] != " ":
            return None
        parted = starts and len(low_right) > 2 and len(left) in (1, 2, 4)
        return _Split(place, ". ", 0.93, True, True) if parted else None
    if not left.isalpha() or not left.isascii():
        return None
    seen_left = page.all_forms[left] > 0
    if left.isupper():
        known = len(left) > 1 and seen_left
        return _Split(place, ". ", 0.93, True, subject) if known and starts and not ends_names else None
    if left[1:] != low[1:]:
        known = starts and not ends_names and (seen_left or (subject and zipf(low, 0) > 0))
        return _Split(place, ". ", 0.93, True, subject) if known else None
    seen_right = page.all_forms[right] > 0
    name = is_name(low_right)
    if left == low:
        last = low not in glue["never-last"]
        least = (1 if not ends_names else _KNOWN) if starts else _KNOWN if seen_right else _FREQUENT
        known = (len(low) > 2 and zipf(low, 0) >= least) or (not last and len(low) > 1) or (starts and low in _SHORT)
        if not known or not (starts or seen_right or name or zipf(low_right, 0) >= _KNOWN):
            return None
        if starts and last:
            return _Split(place, ". ", 0.95, not ends_names, not ends_names)
        sentence = last and not name and not starts
        begins = starts or (name and not last)
        return _Split(place, ". " if sentence else " ", 0.92 if seen_right or begins else 0.9, begins, begins)
    if starts:
        named = word_class(low) in "P?" or subject
        known = (
            seen_left
            or (subject and len(low) > 3)
            or (zipf(low, 0) >= _KNOWN and len(low) > 3 and not ends_names and named)
        )
        return _Split(place, ". ", 0.95, True, subject) if known else None
    if f"{left} {right}" in page.text:
        return _Split(place, " ", 0.95, False, False)
    return _Split(place, " ", 0.92, False, False) if seen_left and seen_right else None


_SHORT = frozenset(["up", "us", "it", "me", "go", "so", "do", "he", "we"])
"""Words of two letters that end sentences."""


def missing_space(document: Document) -> Iterator[Proposal]:
    """Propose the space that is missing after the end of a sentence: `ended.He said`."""
    if document.gaps.isdisjoint(".!?"):
        return
    for match in _NO_SPACE.finditer(document.text):
        left = _run_before(document.text, match.start())
        right = match.group(2)
        if right.lower() not in _glue()["sentence-start"] and document.page.once(_code_marks) >= _CODE:
            continue
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


_AFTER_NUMBER = re.compile(r"(\d\d{0,3})([a-z]{4,})(?![\w-])")


def glued_tail(document: Document) -> Iterator[Proposal]:
    """Propose to part a function word that ran into the word before it: `Prosecutorwho`."""
    zipf, forms = frequencies().get, document.page.all_forms
    tails = tuple(_glue()["tail"])
    if all(
        word.lower() in frequencies() for word in document.all_forms if len(word) > _TAILED and word.endswith(tails)
    ):
        return
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


_TAILED = 6
"""Letters that a word has more of, the last of them in lower case, if `_tails` can match in it."""


@cache
def _tails() -> re.Pattern[str]:
    return re.compile(rf"({'|'.join(sorted(_glue()['tail']))})(?<=[a-z]{{7}})(?![\w'’-])")
