"""Spaces where the language wants none, and none where it wants one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.normalize.document import Document, Proposal
from transforms.normalize.lexicon import word_class
from transforms.normalize.tables import word_sets

# Each pattern starts with the rarest character it needs and looks behind afterwards: Python's `re` then skips quickly.
_BEFORE_MARK = re.compile(r" (?:[,;!?]|:(?! \d)|\.(?! ?\.))(?<=[\w)\]\"”’%] .)(?=[\s\"”]|\Z)")
_SPACED = re.compile(r" [,;!?:.)]|\( ")
"""What stands between the words of a text that has something for `before_marks`."""
_BEFORE_COMMA = re.compile(r" (?:,|\.(?! ?\.))(?<=[\w)\]\"”’%] .)(?=\s|\Z)")
_WRONG_SIDE = re.compile(
    r" (?:\.(?<=[a-z]{3} \.)(?!(?:Net|Com|Org|Info|Mac|Zip|Doc|Pdf|Exe) )(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2,} )"
    r"|[,;](?<=[a-z]{2} [,;])(?=[A-Za-zÀ-ÖØ-öø-ÿ]{2,}[ ,]))"
)
_BRACKET_OPENED = re.compile(r"\( (?=\w)")
_BRACKET_CLOSED = re.compile(r" \)(?<=[\w.!?] \))")
_PERCENT = re.compile(r" %(?<=\d %)(?!\w)")
_CURRENCY = re.compile(r"[$£€] (?<=[ (][$£€] )(?=\d)")
_AFTER_COMMA = re.compile(r"[,;](?=[A-Za-z])(?<=[a-z]{3}[,;])(?=[A-Za-z][a-z]{1,20}[ ,.])")
_APOSTROPHE = re.compile(
    r"['’](?:(?<=[A-Za-z]{2} ['’]) ?(?=(?:s|re|ve|ll)(?: |[,.;:!?]|\Z))|(?<=[a-z]n ['’]) ?(?=t(?: |[,.;:!?]|\Z)))"
)
_HYPHEN = re.compile(r"-(?: |(?<= -))(?=([A-Za-z]{2,20})(?![\w'’]))")
_LEFT = re.compile(r"(?<![\w-])\w{1,20}\Z")
_DIGITS = re.compile(r"\d{1,4}\Z")


def before_marks(document: Document) -> Iterator[Proposal]:
    """Remove the space before a comma, full stop, colon … and inside brackets."""
    text = document.text
    if not any(_SPACED.search(gap) for gap in document.gaps):
        return
    for match in _BEFORE_MARK.finditer(text):
        yield Proposal(match.start(), match.start() + 1, "", 0.97)
    if "( " in text:
        for match in _BRACKET_OPENED.finditer(text):
            yield Proposal(match.end() - 1, match.end(), "", 0.97)
    if " )" in text:
        for match in _BRACKET_CLOSED.finditer(text):
            yield Proposal(match.start(), match.start() + 1, "", 0.97)


def before_commas(document: Document) -> Iterator[Proposal]:
    """Remove the space before a comma or full stop, in languages that want one before `: ; ! ?`."""
    for match in _BEFORE_COMMA.finditer(document.text):
        yield Proposal(match.start(), match.start() + 1, "", 0.97)


def units(document: Document) -> Iterator[Proposal]:
    """Remove the space between a number and `%`, and after a currency sign."""
    text = document.text
    if " %" in text:
        for match in _PERCENT.finditer(text):
            yield Proposal(match.start(), match.start() + 1, "", 0.95)
    if not document.marks.isdisjoint("$£€"):
        for match in _CURRENCY.finditer(text):
            yield Proposal(match.end() - 1, match.end(), "", 0.96)


def after_commas(document: Document) -> Iterator[Proposal]:
    """Put a space after a comma or semicolon between two words."""
    if "," not in document.gaps and ";" not in document.gaps:
        return
    for match in _AFTER_COMMA.finditer(document.text):
        yield Proposal(match.end(), match.end(), " ", 0.93)


def wrong_side(document: Document) -> Iterator[Proposal]:
    """Move a space from before a full stop or comma to behind it: `elections .Sánchez said`, `Russia ,said`."""
    text = document.text
    for match in _WRONG_SIDE.finditer(text):
        before = document.token_at(match.start() - 1)
        if match.group() == " ." and (before is None or word_class(before.text.lower()) not in _MAY_END):
            continue  # `the .Net world`: no sentence ends in an article
        yield Proposal(match.start(), match.end(), f"{match.group()[1]} ", 0.93)


_MAY_END = frozenset("NSVDGJRZP?")
"""Classes of words that a sentence may end in, names and unknown words among them."""


def apostrophes(document: Document) -> Iterator[Proposal]:
    """Close up an apostrophe that a tokenizer or translator has set apart (`China ' s`)."""
    if not any(" '" in gap or " ’" in gap for gap in document.gaps):
        return
    for match in _APOSTROPHE.finditer(document.text):
        yield Proposal(match.start() - 1, match.end(), match.group().strip(), 0.95)


def hyphens(document: Document) -> Iterator[Proposal]:
    """Close up the hyphen of a compound (`four -day`), where the words are known to make one."""
    sets = word_sets("hyphens")
    for match in _HYPHEN.finditer(document.text):
        right = match[1]
        loose = match.group() == "-"  # `four -day`; the other way round, `pro- and anti-` is right
        start = match.start() - loose
        before = _LEFT.search(document.text[max(0, start - 21) : start])
        if before is None:
            continue
        left = before.group()
        number = left.lower() in sets["number"] or _DIGITS.match(left) is not None
        compound = (
            (number and right in sets["unit"])
            or (loose and left.lower() in sets["prefix"] and right not in sets["function"])
            or (loose and right in sets["suffix"])
            or (loose and left.lower() in sets["adverb"] and right in sets["participle"])
        )
        if compound:
            yield Proposal(start, match.end(), "-", 0.97)
        elif loose and number and left.lower() not in _SINGULAR and right.islower() and word_class(right) == "S":
            yield Proposal(start, match.end(), " ", 0.95)  # `three -weeks`: a plural makes no compound


_SINGULAR = frozenset(["one", "single", "multi", "half", "1"])
