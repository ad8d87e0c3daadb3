"""Text that was decoded with the wrong encoding (`donâ€™t`), and code points that no text may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import ftfy
from ftfy import TextFixerConfig

from transforms.normalize.document import Document, Proposal

_RUN = re.compile("[^\x00-\x7f][^\x00-\x7f]{1,3999}")
"""UTF-8 read as a one-byte encoding leaves two or more characters in a row that aren't ASCII."""

_C1 = re.compile("(?<![^\x00-\x7f])[\x80-\x9f](?![^\x00-\x7f])")
"""A control character alone: a quotation mark or dash of Windows-1252 read as Latin-1."""

_C1_CHARACTERS = frozenset(map(chr, range(0x80, 0xA0)))

_SIGN = re.compile(
    "[\x80-\x9f]"
    "|[\xc2-\xf4][\xa0-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"  # read as Latin-1 or Windows-1252
    "|[ВГРСвгр][\xa0-\xbf€‚ƒ„…†‡ˆ‰‹‘’“”•–—™›ЂЃЉЊЌЋЏђѓљњќћџЎўЈҐЁЄЇІіґё№єјЅѕї]"  # as Windows-1251
    "|[√‚≈Œœ][\xa0-\xff†•™≠∞±≤≥∂∑∏π∫Ωƒ∆…]"  # as Mac Roman
)
"""A cheap test for what is worth ftfy's time."""

_SURROGATES = re.compile("[\ud800-\udfff]+")


@cache
def _config() -> TextFixerConfig:
    """ftfy with the repair of encodings only: nothing that would change clean text."""
    return TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )


def encoding(document: Document) -> Iterator[Proposal]:
    """Decode anew what ftfy recognises as read with the wrong encoding."""
    if document.text.isascii():
        return
    runs = [match for match in _RUN.finditer(document.text) if _SIGN.search(match.group())]
    if not document.marks.isdisjoint(_C1_CHARACTERS):
        runs += _C1.finditer(document.text)
    for match in runs:
        run = match.group()
        fixed = ftfy.fix_text(run, _config())
        if fixed != run:
            yield Proposal(*_trimmed(match.start(), run, fixed), 0.99)


def _trimmed(start: int, before: str, after: str) -> tuple[int, int, str]:
    """Return place and replacement without what `before` and `after` share at both ends."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return start + head, start + len(before) - tail, after[head : len(after) - tail]


def surrogates(document: Document) -> Iterator[Proposal]:
    """Join surrogate pairs; a lone surrogate, which no valid text can hold, becomes U+FFFD."""
    if document.text.isascii():
        return
    for match in _SURROGATES.finditer(document.text):
        yield Proposal(match.start(), match.end(), without_surrogates(match.group()), 1.0)


def without_surrogates(text: str) -> str:
    """Return `text` with surrogate pairs joined and lone surrogates replaced by U+FFFD."""
    if not _SURROGATES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# Quotation marks that became daggers ------------------------------------------------------------------------------

_DAGGER = re.compile(r"†[œ™˜¦\x9d\x9c\x99\x98]?")
_SECOND = {"œ": "“", "\x9c": "“", "\x9d": "”", "™": "’", "\x99": "’", "˜": "‘", "\x98": "‘", "¦": "…"}
_CONTRACTED = re.compile(r"(?:s|t|d|m|ll|re|ve)(?![\w†])")
_OPENING_AFTER = frozenset(" \n([—–-")
_STOPS = frozenset(".,!?…")


def daggers(document: Document) -> Iterator[Proposal]:
    """Write the marks that the first half of a broken `â€œ` has left: `†Go,† he said`, `doesn†t`.

    A dagger between letters that make a contraction was an apostrophe. Those around words were quotation marks where
    a paragraph has as many that open as that close, in turn, and one at least closes after a stop or comma: what is
    left are the daggers of footnotes and of the dead.
    """
    text = document.text
    if "†" not in document.marks:
        return
    for start, end in document.paragraphs:
        marks = list(_DAGGER.finditer(text, start, end))
        around: list[tuple[re.Match[str], bool]] = []
        for mark in marks:
            before, after = text[mark.start() - 1 : mark.start()], text[mark.end() : mark.end() + 1]
            if len(mark.group()) == 2:
                yield Proposal(mark.start(), mark.end(), _SECOND[mark.group()[1]], 0.98)
            elif before.isalpha() and _CONTRACTED.match(text, mark.end()):
                yield Proposal(mark.start(), mark.end(), document.apostrophe, 0.97)
            elif (mark.start() == start or before in _OPENING_AFTER) != (not after or not after.isalnum()):
                around.append((mark, mark.start() == start or before in _OPENING_AFTER))
        opens = [opening for _, opening in around]
        closed = any(text[mark.start() - 1] in _STOPS for mark, opening in around if not opening)
        if closed and opens == [True, False] * (len(opens) // 2):
            for mark, _ in around:
                yield Proposal(mark.start(), mark.end(), '"', 0.95)
