"""From the model's spans to names: trimmed to the name itself, and without what is no name."""

from __future__ import annotations

import re

from transforms.entities.recognise import Span
from transforms.entities.words import words

_LEAD = re.compile(
    r"(?:['’][sS]\s+|[^\w]+|(?i:the|a|an)\s+|(?:this|that|these|those|his|her|its|their|our|my|your|some|any|every|no)\s+)+"
)
_TITLE_LEAD = re.compile(r"(?:['’][sS]\s+|[^\w]+|(?:the|an?|this|that|these|those|his|her|its|their|our|my|your)\s+)+")
"""Of a book's or a film's title an article with a capital is a part: `The Old Man and the Sea`."""
_TAIL = re.compile(r"(?:['’]s|['’]S|[^\w.)]+|(?<=\w\w\w)\.)$")
_CREDIT_LINE = re.compile(
    r"^[^\S\n]*\(?(?:file photo|photos?|images?|pictures?|photographs?|credits?)\b"
    r"[^\S\n]*(?:by\b|credit\b|courtesy\b|:|/)[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_CREDIT_MARK = re.compile(r"\((?:AP|AFP|EPA|Reuters|Getty|Photo)\b[^()\n]{0,99}\)")
_AGENCY_SLASH = re.compile(r"/(?:AFP|AP|EPA|Reuters|Getty|Shutterstock|Bloomberg)\b[^\n.]{0,40}", re.IGNORECASE)
_NO_NAME = re.compile(r"https?:|www\.|[@#©|<>{}\\=_]|::|&&|\w/\w|^\W*\w\W*$")
_CLOSING = {")": "(", "]": "[", "}": "{", "”": "“", "»": "«"}
_QUOTES = {'"', "`"}
"""Marks that open and close alike."""
LONGEST = 150
"""No name has more characters."""
_SMALL = frozenset({"of", "and", "or", "in", "on", "at", "for", "to", "the", "from", "by", "with", "a"})
_UNDATED = frozenset({"PERSON", "ORG", "PLACE"})
_SIMPLE = frozenset({"PERSON", "ORG", "PLACE", "GROUP"})
"""Labels of names that have no subtitle after a colon."""
_SYLLABLE = re.compile(r"-([a-z]{2,6})\b(?!-)")
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
    start, end = _without_halves(text, start, end)
    if span.label in _SIMPLE:
        start, end = _longest_between_colons(text, start, end)
    start = _after_small_words(text, start, end, span.label)
    while tail := _TAIL.search(text[start:end]):
        if "." in tail[0] and text[start:end].count(".") > 1:
            break  # U.S.
        end = start + tail.start()
    end = _before_loose_end(text, start, end, span.label)
    if span.label in _SIMPLE and _is_person_with_title(text[start:end]):
        span = span._replace(label="PERSON")
    if span.label == "PERSON":
        start = _after_titles(text, start, end)
        end = _after_syllables(text, start, end)
    return None if _is_junk(text[start:end]) else span._replace(start=start, end=end)


def _without_halves(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the part that has no bracket or quote without its other half: `Oslo` of `Oslo (Northwire`."""
    opened: list[int] = []
    for index in range(start, end):
        mark = text[index]
        if mark in _CLOSING and not (opened and text[opened[-1]] == _CLOSING[mark]):
            return _part_with_name(text, start, index, end)
        if mark in _CLOSING or (mark in _QUOTES and opened and text[opened[-1]] == mark):
            opened.pop()
        elif mark in _QUOTES or mark in _CLOSING.values():
            opened.append(index)
    if not opened:
        return start, end
    first = opened[0]
    opens_quotation = text[first] in "“«" or (text[first] in _QUOTES and text[first - 1 : first].isspace())
    if opens_quotation and first > start:
        return first + 1, end
    return _part_with_name(text, start, first, end)


def _part_with_name(text: str, start: int, cut: int, end: int) -> tuple[int, int]:
    """Return what stands before a cut, or what stands behind it where no letter stands before."""
    return (start, cut) if _LETTER.search(text, start, cut) else (cut + 1, end)


def _longest_between_colons(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the part of most words where a colon divides the span: `City Press` of `MA: City Press`."""
    parts = list(re.finditer(r"\S.*?(?=:\s|$)", text[start:end]))
    if len(parts) < 2:
        return start, end
    longest = max(parts, key=lambda part: len(part[0].strip(": ").split()))
    return start + longest.start() + len(longest[0]) - len(longest[0].lstrip(": ")), start + longest.end()


def _after_small_words(text: str, start: int, end: int, label: str) -> int:
    """Return where the name begins after articles and, in names of people and organisations, words such as `former`."""
    while True:
        lead = (_TITLE_LEAD if label == "WORK" else _LEAD).match(text, start, end)
        if lead and lead.end() < end:
            start = lead.end()
        word, _, rest = text[start:end].partition(" ")
        ordinary = word.isalpha() and word.islower() and word not in words("particle")
        if label not in {"PERSON", "ORG"} or not ordinary or rest.islower() or not rest:
            return start
        start += len(word) + 1


def _is_person_with_title(name: str) -> bool:
    """Tell whether a name begins with a title that no organisation's or place's name begins with: `Senator Novak`."""
    title, _, rest = name.partition(" ")
    known = rest[:1].isupper() and title.lower() in words("person_title")
    return known and not any(part.lower() in words("org_generic") for part in rest.split())


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


def _after_syllables(text: str, start: int, end: int) -> int:
    """Return where a name ends whose given name the model cut at its hyphen: `Park Min` of `Park Min-seok`."""
    family, _, given = text[start:end].partition(" ")
    rest = _SYLLABLE.match(text, end)
    if not given or " " in given or family.lower() not in words("family_first") or not rest:
        return end
    return end if rest[1] in words("compound_end") else rest.end()


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
