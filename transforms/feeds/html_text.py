"""HTML fragments of feeds and messages to plain text, paragraphs kept."""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

# Characters that no text holds (non-characters of Unicode) stand for breaks until white space is folded.
_PARAGRAPH = "\ufdd0"
_LINE = "\ufdd1"
_ROW = "\ufdd2"
_CELL = "\ufdd3"

_DROPPED = (
    "script, style, noscript, template, iframe, object, embed, svg, math, canvas, audio, video, head, title, "
    "button, select, textarea, map, datalist, dialog"
)
_PARAGRAPH_TAGS = (
    "p, div, h1, h2, h3, h4, h5, h6, blockquote, ul, ol, dl, table, section, article, header, footer, main, aside, "
    "nav, figure, figcaption, pre, hr, address, form, fieldset, details, summary, center"
)
_ROW_TAGS = "li, dt, dd, tr, caption"
_CELL_TAGS = "td, th"

_TAG = re.compile(
    r"</?(?:p|br|div|span|a|b|i|em|strong|u|s|small|sub|sup|font|img|ul|ol|li|dl|dt|dd|h[1-6]|blockquote|table|tbody|thead|"
    r"tr|td|th|hr|pre|code|figure|figcaption|section|article|aside|header|footer|center|iframe|script|style|video|"
    r"audio|picture|source|cite|q|abbr|mark|del|ins|time|noscript|address|main|nav|details|summary)\b[^<>]*>|<!--",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BREAKS = re.compile(f" ?[{_PARAGRAPH}{_LINE}{_ROW}][{_PARAGRAPH}{_LINE}{_ROW} ]*")
_UNUSABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")


# A parser of HTML takes time and memory in proportion to tags times depth (every new block opens again all formatting
# that is still open), so markup made for that must not reach it. Articles stay below a hundredth of this.
_MOST_WORK = 2_000_000
_WORK_PER_TAG = 4
_ANY_TAG = re.compile(r"<(/)?([A-Za-z][^\s<>/]*)")
_CLOSED_BY_NEXT = frozenset(("p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "option"))
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)


def looks_like_html(text: str) -> bool:
    """Whether a text holds a tag of HTML."""
    return _TAG.search(text) is not None


def without_unusable(text: str) -> str:
    """Return the text without control characters, non-characters and lone surrogates, which no output can hold."""
    return _UNUSABLE.sub("", text)


def html_to_text(markup: str) -> str:
    """Return the plain text of an HTML fragment, or of a plain text that may hold entities.

    Paragraphs are separated by one blank line; a line break, a list item or a table row starts a new line; scripts,
    styles and embedded media are dropped. A text without any tag keeps its own paragraphs. Markup that was escaped
    twice is read twice.

    Raises:
      ValueError: the markup is made to keep a parser busy.
    """
    markup = without_unusable(markup)
    if not looks_like_html(markup):
        text = html.unescape(markup)
        if not looks_like_html(text):
            return _plain_paragraphs(without_unusable(text))
        markup = text
    _check_work(markup)
    tree = LexborHTMLParser(markup)
    body = tree.body
    if body is None:
        return ""
    _mark_breaks(body)
    return _fold(without_marks_in_source(body.text(deep=True, separator="")))


def without_marks_in_source(text: str) -> str:
    """Return the text without control characters that came in as entities; the marks of breaks stay."""
    return re.sub("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]", "", text)


def inline_text(markup: str) -> str:
    """Return a headline, name or category as one line of plain text, without tags and entities."""
    text = html_to_text(markup) if looks_like_html(markup) or _ENTITY.search(markup) else without_unusable(markup)
    if _ENTITY.search(text):
        text = without_unusable(html.unescape(text))
    return " ".join(text.split())


def _check_work(markup: str) -> None:
    """Raise ValueError where parsing the markup would take out of proportion long."""
    depth = work = 0
    for match in _ANY_TAG.finditer(markup):
        name = match[2].lower()
        if name not in _CLOSED_BY_NEXT and name not in _VOID:
            depth = max(0, depth - 1) if match[1] else depth + 1
        work += depth + _WORK_PER_TAG
        if work > _MOST_WORK:
            raise ValueError("HTML with too many or too deeply nested tags")


def _mark_breaks(body: LexborNode) -> None:
    for node in body.css(_DROPPED):
        node.decompose()
    for node in body.css("br"):
        node.replace_with(_LINE)
    for node in body.css("pre"):
        for part in list(node.traverse(include_text=True)):
            if part.tag == "-text" and "\n" in (content := part.text(deep=False) or ""):
                part.replace_with(content.replace("\n", _LINE))
    for tags, mark in ((_PARAGRAPH_TAGS, _PARAGRAPH), (_ROW_TAGS, _ROW), (_CELL_TAGS, _CELL)):
        for node in body.css(tags):
            node.insert_before(mark)
            node.insert_after(mark)


def _fold(text: str) -> str:
    """White space folded, marks turned into breaks."""
    text = " ".join(text.replace(_CELL, " ").split())
    return _BREAKS.sub(_break, text).strip()


def _break(match: re.Match[str]) -> str:
    """Rows next to each other are lines; two line breaks in a row separate paragraphs."""
    marks = match[0]
    return "\n\n" if _PARAGRAPH in marks or marks.count(_LINE) > 1 else "\n"


def _plain_paragraphs(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
