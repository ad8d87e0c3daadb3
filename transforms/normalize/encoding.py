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
    if not document.characters.isdisjoint(_C1_CHARACTERS):
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
