"""The part of a text that is looked at: a few hundred characters from its body."""

from __future__ import annotations

import html
import re
import unicodedata

from ftfy import fix_encoding

_MAX_READ = 20_000
"""Characters of a text that a sample is taken from: bounds the time a huge text costs."""

_PARTS = 3

_LIKENESS_KNOWN = 500
_LIKENESS_CHARS = 100

_MARKUP = re.compile(r"<(?:script|style)\b.*?</(?:script|style)\s*>|<!--.*?-->|</?[a-zA-Z][^<>]{0,2000}>", re.DOTALL)
# What page builders of WordPress leave in feeds: [name attribute="value" ...] and [/name].
_SHORTCODE = re.compile(r"\[/?[a-zA-Z][\w-]*(?:\s+[\w-]+=[^\[\]]{0,4000})?\s*/?\]")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|\w+);")
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_HANDLE = re.compile(r"[\w.+-]{0,64}[@#][\w.-]+")

# UTF-8 that was read as Windows-1252 or Latin-1 (a first byte, then a following byte), or, twice in a row at least,
# as Windows-1251. Where neither stands, ftfy, which takes longer than a detection, has nothing to repair.
_MOJIBAKE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
    "|(?:[\u0420\u0421][\u0402-\u040f\u0452-\u045f\u0080-\u00bf\u2013-\u2122]){2}"
)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs (lines that aren't blank) of the beginning of `text`, without mark-up and addresses."""
    text = text[:_MAX_READ]
    if "<" in text:
        text = _MARKUP.sub("\n", text)
    if "[" in text:
        text = _SHORTCODE.sub("\n", text)
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    if "://" in text or "www." in text:
        text = _LINK.sub(" ", text)
    if "@" in text or "#" in text:
        text = _HANDLE.sub(" ", text)
    return [line for line in map(str.strip, text.splitlines()) if line]


def sample(lines: list[str], size: int) -> str:
    """Return about `size` characters of the longest of `lines`, each piece from the middle of its paragraph.

    Bylines, datelines, captions and footers are short lines or the first words of a paragraph, so that the middle of
    the longest paragraphs shows the body's language even where the boilerplate is in another one.
    """
    if sum(map(len, lines)) <= size:
        return repaired(" ".join(lines))
    longest = sorted(range(len(lines)), key=lambda index: -len(lines[index]))
    body = [index for index in longest[:_PARTS] if _PARTS * len(lines[index]) >= size]
    while sum(len(lines[index]) for index in body) < size:
        body.append(longest[len(body)])
    pieces: dict[int, str] = {}
    left = size
    for remaining, index in zip(range(len(body), 0, -1), reversed(body), strict=True):
        pieces[index] = middle(lines[index], left // remaining)
        left -= len(pieces[index])
    return repaired(" ".join(pieces[index] for index in sorted(pieces)))


def odd_one_out(lines: list[str]) -> str:
    """Return the one of several `lines` that is least like the first, the likeliest to be in another language.

    Likeness is the share of a line's trigrams that the first line has too; it costs a small part of a detection.
    """
    known = _trigrams(lines[0][:_LIKENESS_KNOWN])
    return min(lines[1:], key=lambda line: _likeness(known, line))


def _likeness(known: set[tuple[str, str, str]], line: str) -> float:
    trigrams = _trigrams(line[:_LIKENESS_CHARS])
    return len(trigrams & known) / len(trigrams) if trigrams else 1.0


def _trigrams(line: str) -> set[tuple[str, str, str]]:
    line = line.lower()
    return set(zip(line, line[1:], line[2:], strict=False))


def middle(line: str, size: int) -> str:
    """Return at most `size` characters from the middle of `line`, at word borders where it has any."""
    if len(line) <= size:
        return line
    start = (len(line) - size) // 2
    piece = line[start : start + size]
    words = piece.split(" ")
    if len(words) < 4:
        return piece
    return " ".join(words[1:-1])


def repaired(text: str) -> str:
    """Return `text` composed (NFC), without lone surrogates and with its encoding damage repaired (`Ã©` is `é`).

    Damaged and decomposed letters mislead every detector.
    """
    if text.isascii():
        return text
    text = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", fix_encoding(text) if _MOJIBAKE.search(text) else text)
