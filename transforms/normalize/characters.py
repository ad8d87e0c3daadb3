"""Characters that a reader can't see: controls, zero-width characters, odd white space."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.normalize.document import Document, Proposal

_INVISIBLE = "\u00ad\u200b\u2060-\u2064\ufeff\u180e\x00-\x08\x0e-\x1f\x7f"
_JOINERS = "\u200c\u200d"
_DIRECTIONS = "\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSEEN = re.compile(f"(?P<invisible>[{_INVISIBLE}]+)|(?P<joiners>[{_JOINERS}]+)|(?P<directions>[{_DIRECTIONS}]+)")
_UNSEEN_CHARACTERS = frozenset(
    char for char in map(chr, (*range(0x200), *range(0x1800, 0x2100), 0xFEFF)) if _UNSEEN.match(char)
)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")

_RUNS = re.compile(r"\s\s+")
_ODD = re.compile(r"(?<!\s)[\t\r\x0b\x0c\x85\u2028\u2029](?!\s)")
_ODD_CHARACTERS = frozenset("\t\r\x0b\x0c\x85\u2028\u2029")
_NO_BREAK_CHARACTERS = frozenset("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f")
_NO_BREAK = re.compile("[\u00a0\u2000-\u200a\u202f\u205f]")
_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_NARROW = frozenset("\u00a0\u202f")

_SPACED_PUNCTUATION = frozenset(":;!?»%€$")
"""Marks that languages like French put a no-break space before."""


def invisible(document: Document) -> Iterator[Proposal]:
    """Remove zero-width spaces, soft hyphens, byte order marks and control characters.

    Direction marks go only from a text without right-to-left letters.
    """
    if document.marks.isdisjoint(_UNSEEN_CHARACTERS):
        return
    text = document.text
    right_to_left = bool(_RIGHT_TO_LEFT.search(text))
    for match in _UNSEEN.finditer(text):
        start, end = match.span()
        if match["joiners"] and not (_is_latin(text[start - 1 : start]) and _is_latin(text[end : end + 1])):
            continue
        if not (match["directions"] and right_to_left):
            yield Proposal(start, end, "", 1.0)


def _is_latin(char: str) -> bool:
    """Tell whether `char` is a Latin letter: zero-width joiners mean something in emoji, Arabic and Indic scripts."""
    return char.isalpha() and char < "ɐ"


def white_space(document: Document) -> Iterator[Proposal]:
    """Make white space one space, one line break or one blank line; none at the ends of the text."""
    text = document.text
    usual = {"\n\n"}.issuperset(run for gap in document.gaps for run in _RUNS.findall(gap))
    matches = [] if usual else list(_RUNS.finditer(text))
    if not document.marks.isdisjoint(_ODD_CHARACTERS):
        matches += _ODD.finditer(text)
    for match in matches:
        run = match.group()
        if match.start() > 0 and match.end() < len(text):
            after = _one_space(run, text[match.end()], text[match.start() - 1])
            if after != run:
                yield Proposal(match.start(), match.end(), after, 1.0)
    inside = text.strip()
    start = text.find(inside)
    if start > 0:
        yield Proposal(0, start, "", 1.0)
    if inside and start + len(inside) < len(text):
        yield Proposal(start + len(inside), len(text), "", 1.0)
    elif not inside and text:
        yield Proposal(0, len(text), "", 1.0)


def _one_space(run: str, following: str, preceding: str) -> str:
    """Return what a run of white space inside a text amounts to."""
    breaks = len(_LINE_END.findall(run))
    if breaks:
        return "\n" * min(breaks, 2)
    if "\u3000" in run:
        return "\u3000" if set(run) == {"\u3000"} else " "
    if following in _SPACED_PUNCTUATION or preceding == "«":
        return next((char for char in run if char in _NARROW), " ")
    return " "


def no_break_spaces(document: Document) -> Iterator[Proposal]:
    """Make no-break and thin spaces plain ones, in languages whose typography doesn't need them."""
    if document.marks.isdisjoint(_NO_BREAK_CHARACTERS):
        return
    for match in _NO_BREAK.finditer(document.text):
        yield Proposal(match.start(), match.end(), " ", 1.0)
