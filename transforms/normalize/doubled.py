"""Phrases that a translator has put down twice: `on May 9 of May 9`, `Wednesday in Moscow on Wednesday`.

English repeats for effect (`long, long way`, `year after year`, `what will be will be`), so a rule here needs either
a form that rhetoric doesn't take or the page's own damage as a gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.normalize.document import Document, Proposal
from transforms.normalize.tables import word_sets

_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September")
_DATE = _DAYS + "".join(rf"|{month} \d{{1,2}}(?:, \d{{4}})?" for month in (*_MONTHS, "October", "November", "December"))
_PLACE = r"[A-Z][\w'’-]{1,20}(?: [A-Z][\w'’-]{1,20}){0,3}"

_DATE_TWICE = re.compile(rf"(?P<date>{_DATE})(?:,? (?:of|on|in|at) | )(?P=date)(?![\w-])")
_DATE_AROUND = re.compile(rf"(?P<date>{_DATE}) (?P<rest>(?:in|at|to|from) (?:the )?{_PLACE} on (?P=date)(?![\w-]))")
_MONTH_TWICE = re.compile(rf"(?P<month>{'|'.join(_MONTHS)}|October|November|December) of (?P=month)(?![\w-])")
_TIME_AROUND = re.compile(
    r" later(?<=(?:week|onth|year|.day|ning|noon|ight) later)(?![\w-])"
    r"| earlier(?<=(?:week|onth|year|.day|ning) earlier)(?![\w-])"
)
_TIME_BEFORE = re.compile(
    r"(?<![\w-])(?:[Ll]ater (?:this|next|that)|[Ee]arlier (?:this|last|that))"
    r" (?:week|month|year|day|morning|afternoon|evening|night)\Z"
)

_MAX_WORDS = 6
"""Longer phrases that stand twice are rather two copies of a sentence, which is not for a rule about words to judge."""


def dates(document: Document) -> Iterator[Proposal]:
    """Collapse a date or time that stands on both sides of a preposition or place."""
    text = document.text
    for match in _DATE_TWICE.finditer(text):
        yield Proposal(match.start(), match.end(), match["date"], 0.97)
    for match in _MONTH_TWICE.finditer(text):
        yield Proposal(match.end("month"), match.end(), "", 0.95)
    for match in _DATE_AROUND.finditer(text):
        lead = 3 if text[: match.start()].endswith(" on ") else 0
        yield Proposal(match.start() - lead, match.start("rest"), "", 0.96)
    for match in _TIME_AROUND.finditer(text) if " later" in text or " earlier" in text else ():
        before = _TIME_BEFORE.search(text[max(0, match.start() - 30) : match.start()])
        if before is not None and before.group().lower().startswith(match.group().strip()):
            yield Proposal(match.start(), match.end(), "", 0.97)
    sets = word_sets("rhetoric")
    for index in document.repeats(2):
        if document.words[index].lower() in sets["which-time"] and document.words[index + 1] in sets["time"]:
            yield _without_second(document, index, 2, 0.97)


def words(document: Document) -> Iterator[Proposal]:
    """Collapse an article, `of`, `and` … or possessive that stands twice."""
    singles = word_sets("function-words")["single"]
    for index in document.repeats(1):
        if document.words[index] in singles:
            yield _without_second(document, index, 1, 0.95)


def phrases(document: Document) -> Iterator[Proposal]:
    """Collapse three words or more that stand twice in a row, and `was clear which was clear`."""
    words = document.words
    joints = word_sets("rhetoric")["joint"]
    for size in range(3, _MAX_WORDS + 1):
        for index in document.repeats(size):
            phrase = words[index : index + size]
            varied = len({word.lower() for word in phrase}) == size
            if varied and phrase[-1].lower() not in joints and not all(map(str.istitle, phrase)):
                yield _without_second(document, index, size, 0.95)
    for size in range(2, _MAX_WORDS):
        for index in document.repeats(size, apart=1):
            if words[index + size] == "which" and words[index] not in joints:
                yield _without_second(document, index, size, 0.93, apart=1)


def echoes(document: Document) -> Iterator[Proposal]:
    """Collapse shorter echoes; only for pages that show damage, as English has most of these forms rightly too."""
    for index, size, apart in document.once(find_echoes):
        yield _without_second(document, index, size, 0.92, apart)
    yield from _said_twice(document)


def find_echoes(document: Document) -> list[tuple[int, int, int]]:
    """Return what seems to stand twice: index of the first word, number of words, words between the copies."""
    words = document.words
    sets = word_sets("rhetoric")
    twice = word_sets("function-words")["preposition"]
    found = []
    for index in document.repeats(1):
        if words[index] in twice or (_is_content(words[index]) and words[index] not in sets["intensive"]):
            found.append((index, 1, 0))
    for index in document.repeats(2):
        if _is_echo(words[index].lower(), words[index + 1].lower()):
            found.append((index, 2, 0))
    for size in (2, 3):
        for index in document.repeats(size, apart=1):
            first, link = words[index], words[index + size]
            if link == "of" and (first.isdigit() or (first == "the" and size == 3)):
                found.append((index, size, 1))
    for index in document.repeats(1, apart=1):
        word, link = words[index : index + 2]
        linked = link == "of" or (link == "in" and _ends_phrase(document, index + 2))
        if linked and _is_content(word) and word not in sets["noun"]:
            found.append((index, 1, 1))
    for index in document.repeats(1, apart=2):
        word, link, article = words[index : index + 3]
        if link == "of" and article == "the" and _is_content(word) and word not in sets["noun"]:
            found.append((index, 1, 2))
    return found


def _is_echo(first: str, second: str) -> bool:
    """Tell whether two words that stand twice in a row are an echo, not rhetoric (`over and over and`)."""
    sets = word_sets("rhetoric")
    closed = sets["joint"] | sets["auxiliary"] | sets["noun"]
    if first == second or first in sets["pronoun"] or first in ("and", "or"):
        return False
    if second in sets["particle"]:
        return _is_content(first) and first not in closed | sets["intensive"]
    return len(second) > 3 and second not in closed


def _is_content(word: str) -> bool:
    return len(word) > 3 and word.islower()


def _said_twice(document: Document) -> Iterator[Proposal]:
    """`say that analysts say that` → `analysts say that`."""
    words = document.words
    verbs = word_sets("rhetoric")["say"]
    for index in document.repeats(2, apart=1):
        if words[index] in verbs and words[index + 1] == "that" and words[index + 2].islower():
            yield Proposal(document.spans[index][0], document.spans[index + 2][0], "", 0.92)


def _without_second(document: Document, index: int, size: int, confidence: float, apart: int = 0) -> Proposal:
    """Return the removal of the second of two copies, and of the words between them."""
    return Proposal(
        document.spans[index + size - 1][1], document.spans[index + 2 * size + apart - 1][1], "", confidence
    )


def _ends_phrase(document: Document, index: int) -> bool:
    """Tell whether the word at `index` is followed by punctuation or a function word, not by what it may qualify."""
    if not document.joined(index + 1):
        return True
    return index + 1 >= len(document.words) or document.words[index + 1] in word_sets("rhetoric")["after-noun"]
