"""From the model's spans to names: trimmed to the name itself, and without what is no name."""

from __future__ import annotations

import re

from transforms.entities.recognise import Span
from transforms.entities.words import words

_LEAD = re.compile(r"(?:[^\w]+|(?:the|a|an)\s+)+", re.IGNORECASE)
_TAIL = re.compile(r"(?:['’]s|['’]S|[^\w.)]+|(?<=\w\w\w)\.)$")
_CREDIT_LINE = re.compile(
    r"^[^\S\n]*\(?(?:file photo|photos?|images?|pictures?|photographs?|credits?)\b"
    r"[^\S\n]*(?:by\b|credit\b|courtesy\b|:|/)[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_CREDIT_MARK = re.compile(r"\((?:AP|AFP|EPA|Reuters|Getty|Photo)\b[^()\n]{0,99}\)")
_AGENCY_SLASH = re.compile(r"/(?:AFP|AP|EPA|Reuters|Getty|Shutterstock|Bloomberg)\b[^\n.]{0,40}", re.IGNORECASE)
_NO_NAME = re.compile(r"https?:|www\.|[@#©|<>{}\\=]|\w/\w|^\W*\w\W*$")
LONGEST = 150
"""No name has more characters."""
_SMALL = frozenset({"of", "and", "or", "in", "on", "at", "for", "to", "the", "from", "by", "with", "a"})
_UNDATED = frozenset({"PERSON", "ORG", "PLACE"})
_LETTER = re.compile(r"[^\W\d_]")


def credits(text: str) -> list[tuple[int, int]]:
    """Return where photo credits stand, as in `Jane Roe/AFP via Getty`: who is named there is not in the story."""
    found = [match.span() for pattern in (_CREDIT_LINE, _CREDIT_MARK) for match in pattern.finditer(text)]
    for match in _AGENCY_SLASH.finditer(text):
        before = text[max(0, match.start() - 60) : match.start()]
        words_before = re.search(r"(?:[\w.-]+ ){0,2}[\w.-]+$", before)
        found.append((match.start() - len(words_before[0]) if words_before else match.start(), match.end()))
    return found


def clean(text: str, span: Span) -> Span | None:
    """Return the span without possessive, articles, titles and edge punctuation; None where no name remains."""
    start, end = span.start, span.end
    if end - start > LONGEST:
        return None
    newline = text.find("\n", start, end)
    if newline > start:
        end = newline
    lead = _LEAD.match(text, start, end)
    if lead and lead.end() < end:
        start = lead.end()
    while tail := _TAIL.search(text[start:end]):
        if "." in tail[0] and text[start:end].count(".") > 1:
            break  # U.S.
        end = start + tail.start()
    if text[start:end].endswith(")") and "(" not in text[start:end]:
        end -= 1
    end = _before_loose_end(text, start, end, span.label)
    if span.label == "PERSON":
        start = _after_titles(text, start, end)
    return None if _is_junk(text[start:end]) else span._replace(start=start, end=end)


def _after_titles(text: str, start: int, end: int) -> int:
    """Return where the name begins after titles such as `Prime Minister`."""
    titles = words("title")
    while True:
        parts = text[start:end].split(" ", 2)
        if len(parts) > 2 and f"{parts[0]} {parts[1]}".lower() in titles:
            start += len(parts[0]) + len(parts[1]) + 2
        elif len(parts) > 1 and parts[0].lower() in titles:
            start += len(parts[0]) + 1
        else:
            return start


def _before_loose_end(text: str, start: int, end: int, label: str) -> int:
    """Return where the name ends before words such as the `of` of `Ministry of Finance of`, and weekdays."""
    while True:
        name, _, last = text[start:end].rpartition(" ")
        loose = last in _SMALL or (label in _UNDATED and last.lower() in words("date") and not last.islower())
        if not name or not loose:
            return end
        end = start + len(name.rstrip())


def _is_junk(name: str) -> bool:
    """Tell whether nothing is named: no capital, one letter, dates, addresses, markup."""
    if len(name) < 2 or not _LETTER.search(name) or _NO_NAME.search(name):
        return True
    if name.islower():
        return True
    dates = words("date")
    return all(word.lower().strip(".,") in dates or not _LETTER.search(word) for word in name.split())
