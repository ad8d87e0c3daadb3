"""What is left of HTML in a text that should be plain: entities, tags, scripts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5

from transforms.normalize.document import Document, Proposal
from transforms.normalize.encoding import without_surrogates

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_ESCAPED = re.compile(_ENTITY.pattern[1:])
"""What follows the `&` of an entity; in `&amp;amp;quot;` it follows the `&` that was escaped twice."""

_BLOCK = (
    "p|br|div|li|ul|ol|dl|dt|dd|h[1-6]|tr|table|tbody|thead|blockquote|section|article|figure|figcaption|hr|header"
    "|footer|aside|main|nav|form|pre|iframe|video|audio|picture|noscript|center"
)
_INLINE = (
    "a|abbr|b|big|cite|code|del|em|font|i|img|input|ins|kbd|label|mark|q|s|small|source|span|strike|strong|sub|sup|svg"
    "|td|th|time|tt|u|button|path|col|colgroup|wbr|script|style|param|embed|object|html|body|head|meta|link"
)
_ATTRIBUTE = r"""\s{1,20}[\w:.@-]{1,60}(?:\s?=\s?(?:"[^"<>]{0,2000}"|'[^'<>]{0,2000}'|[^\s"'<>=`]{1,2000}))"""
_TAG = re.compile(rf"</?(?:(?P<block>{_BLOCK})|(?:{_INLINE}))(?:{_ATTRIBUTE}){{0,30}}\s{{0,20}}/?>", re.IGNORECASE)
_OPENING = re.compile(r"<(?:(script|style)\b|!--|!\[CDATA\[)", re.IGNORECASE)
_CLOSING = {
    "script": re.compile(r"</script\s{0,20}>", re.IGNORECASE),
    "style": re.compile(r"</style\s{0,20}>", re.IGNORECASE),
    "<!--": re.compile("-->"),
}
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_SHORTCODE = re.compile(r"\[/?(?:caption|gallery|embed|video|audio|playlist)(?: [^\[\]\n]{0,500})?\]")

_SCRIPT_LINE = re.compile(
    r"^[ \t]{0,20}(?:(?:var|let|const) [\w$]{1,40} ?=|function ?[\w$]{0,40} ?\(|!function ?\(|\(function ?\("
    r"|window[.\[]|document\.|googletag\.|\(adsbygoogle |gtag\(|fbq\(|jQuery\(|\$\(|if ?\(typeof )[^\n]{0,2000}[;})]$",
    re.MULTILINE,
)


def entities(document: Document) -> Iterator[Proposal]:
    """Decode HTML entities that end in a semicolon, however often they were escaped."""
    text = document.text
    if "&" not in text:
        return
    for match in _ENTITY.finditer(text):
        end = match.end()
        found = match.group()
        after = _decoded(found)
        while after.endswith("&"):  # &amp;quot; → &quot; → "
            more = _ESCAPED.match(text, end)
            if more is None:
                break
            end = more.end()
            after = after[:-1] + _decoded("&" + more.group())
        if after != text[match.start() : end]:
            yield Proposal(match.start(), end, after, 0.99)


def _decoded(entity: str) -> str:
    if entity[1] != "#" and entity[1:] not in html5:
        return entity
    return without_surrogates(html.unescape(entity))


def elements(document: Document) -> Iterator[Proposal]:
    """Remove scripts, styles and comments with what they hold."""
    text = document.text
    position = 0
    missing: set[str] = set()
    for match in _OPENING.finditer(text) if "<" in text else ():
        kind = (match.group(1) or match.group()).lower()
        closing = _CLOSING.get(kind)
        if match.start() < position or closing is None or kind in missing:
            continue
        end = closing.search(text, match.end())
        if end is None:
            missing.add(kind)
            continue
        position = end.end()
        yield Proposal(match.start(), position, "", 0.99)


def tags(document: Document) -> Iterator[Proposal]:
    """Remove tags; those of blocks leave a paragraph break, `<br>` a line break."""
    text = document.text
    if "<" in text:
        for match in _TAG.finditer(text):
            block = (match.group("block") or "").lower()
            after = "\n" if block == "br" else "\n\n" if block else ""
            yield Proposal(match.start(), match.end(), after, 0.99)
        for match in _CDATA.finditer(text):
            yield Proposal(match.start(), match.end(), "", 0.99)
    if "[" in text:
        for match in _SHORTCODE.finditer(text):
            yield Proposal(match.start(), match.end(), "", 0.97)


def script_lines(document: Document) -> Iterator[Proposal]:
    """Remove lines that are a program, not a text."""
    for match in _SCRIPT_LINE.finditer(document.text):
        yield Proposal(match.start(), match.end(), "", 0.96)
