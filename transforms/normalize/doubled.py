"""Phrases that a translator has put down twice: `on May 9 of May 9`, `Wednesday in Moscow on Wednesday`.

English repeats for effect (`long, long way`, `year after year`, `what will be will be`), so a rule here needs either
a form that rhetoric doesn't take or the page's own damage as a gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.normalize.document import Document, Proposal
from transforms.normalize.lexicon import classes, word_class
from transforms.normalize.tables import word_sets

_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September")
_DATE = _DAYS + "".join(rf"|{month} \d{{1,2}}(?:, \d{{4}})?" for month in (*_MONTHS, "October", "November", "December"))
_DAY = re.compile(_DAYS)
_DAY_OR_MONTH = re.compile("|".join((_DAYS, *_MONTHS, "October|November|December")))
_PLACE = r"[A-Z][\w'’-]{1,20}(?: [A-Z][\w'’-]{1,20}){0,3}"

_DATE_TWICE = re.compile(rf"(?P<date>{_DATE})(?:,? (?:of|on|in|at) | )(?P=date)(?![\w-])")
_DATE_AROUND = re.compile(rf"(?P<date>{_DATE}) (?P<rest>(?:in|at|to|from) (?:the )?{_PLACE} on (?P=date)(?![\w-]))")
_LAST_WORD = re.compile(r"(?<![\w-])([A-Za-z]+) \Z")
_LONGEST_BEFORE = 16
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
    named = _DAY_OR_MONTH.findall(text)
    if len(set(named)) < len(named):
        yield from _dates_twice(text)
    for match in _TIME_AROUND.finditer(text) if " later" in text or " earlier" in text else ():
        before = _TIME_BEFORE.search(text[max(0, match.start() - 30) : match.start()])
        if before is not None and before.group().lower().startswith(match.group().strip()):
            yield Proposal(match.start(), match.end(), "", 0.97)
    sets = word_sets("rhetoric")
    for size in (3, 4, 5):
        for index in document.repeats(size):
            if _DAY.fullmatch(document.words[index + size - 1]):
                yield _without_second(document, index, size, 0.98)
        for index in document.repeats(size, apart=1):
            if document.words[index + size] in sets["place-link"] and _DAY.fullmatch(document.words[index + size - 1]):
                yield _without_second(document, index, size, 0.98, apart=1)
    for index in document.repeats(2):
        if document.words[index].lower() in sets["which-time"] and document.words[index + 1] in sets["time"]:
            yield _without_second(document, index, 2, 0.97)


def _dates_twice(text: str) -> Iterator[Proposal]:
    """Collapse a date that stands twice in a phrase of a text that names a day or month twice."""
    for match in _DATE_TWICE.finditer(text):
        yield Proposal(match.start(), match.end(), match["date"], 0.97)
    for match in _MONTH_TWICE.finditer(text):
        yield Proposal(match.end("month"), match.end(), "", 0.95)
    for match in _DATE_AROUND.finditer(text):
        before = _LAST_WORD.search(text[max(0, match.start() - _LONGEST_BEFORE) : match.start()])
        if before is not None and before[1].lower() in word_sets("rhetoric")["before-date"]:
            # `this Thursday in London on Thursday`: what belongs to the first keeps it
            yield Proposal(match.end() - len(f" on {match['date']}"), match.end(), "", 0.96)
        else:
            lead = 3 if before is not None and before[1] == "on" else 0
            yield Proposal(match.start() - lead, match.start("rest"), "", 0.96)


def words(document: Document) -> Iterator[Proposal]:
    """Collapse an article, `of`, `and` … or possessive that stands twice, and a preposition or auxiliary after a noun.

    `The house he went to to rest` and `what it was was clear` are right: a word that leaves a gap, or a verb before
    them, lets them pass.
    """
    sets = word_sets("function-words")
    for index in document.repeats(1):
        word = document.words[index]
        if (
            word in sets["single"]
            or (word in sets["rarely-twice"] and _follows_noun(document, index))
            or (word == "to" and _opens_infinitive(document, index))
        ):
            yield _without_second(document, index, 1, 0.95)


def _opens_infinitive(document: Document, index: int) -> bool:
    """Tell whether the first of two `to` can't belong to a verb before it, as in `the man she spoke to to help`."""
    sets = word_sets("function-words")
    before = [word.lower() for word in document.words[max(0, index - _GAP_REACH) : index]]
    return (
        document.joined(index) and bool(before) and before[-1] not in sets["takes-to"] and sets["wh"].isdisjoint(before)
    )


_GAP_REACH = 8


def _follows_noun(document: Document, index: int) -> bool:
    """Tell whether a noun stands before the word at `index`, and no word before it that moves a part of the clause."""
    if not document.joined(index):
        return False
    before = document.words[max(0, index - _GAP_REACH) : index]
    if not before or not word_sets("function-words")["gap"].isdisjoint(map(str.lower, before)):
        return False
    noun = before[-1].lower()
    possible = classes().get(noun, word_class(noun))
    if len(before) > 1 and before[-2].lower() in word_sets("function-words")["determiner"]:
        return "N" in possible or "S" in possible
    return before[-1][0].isupper() or (_VERBAL.isdisjoint(possible) and possible[0] in "NS")


_VERBAL = frozenset("VDGMIROTCWX?")
"""Word classes that may move a part of the clause or take a preposition of their own."""


def phrases(document: Document) -> Iterator[Proposal]:
    """Collapse three words or more that stand twice in a row, and `was clear which was clear`."""
    words = document.words
    joints = word_sets("rhetoric")["joint"]
    for size in range(3, _MAX_WORDS + 1):
        for index in document.repeats(size):
            phrase = words[index : index + size]
            varied = len({word.lower() for word in phrase}) == size
            if _goes_on(document, index, size):
                continue  # `they ran and they ran and they ran`
            if varied and phrase[-1].lower() not in joints and not all(map(str.istitle, phrase)):
                yield _without_second(document, index, size, 0.95)
    for size in range(2, _MAX_WORDS):
        for index in document.repeats(size, apart=1):
            if words[index + size] == "which" and (words[index] not in joints or size > 2):
                yield _without_second(document, index, size, 0.93, apart=1)
    yield from _of_itself(document)


def _goes_on(document: Document, index: int, size: int) -> bool:
    """Tell whether a third copy starts before or after the two at `index`, as rhetoric has it."""
    words, end = document.words, index + 2 * size
    third = words[end : end + 1] == words[index : index + 1]
    return third or (index > 0 and words[index - 1] == words[index + size - 1])


_ABSTRACT = re.compile(r"[a-z]{3,}(?:ity|ion|ment|ness|ship|ance|ence|ism)")


def _of_itself(document: Document) -> Iterator[Proposal]:
    """`the neutrality of neutrality`, `62 witnesses of 62 witnesses`: of these English has none, but in philosophy."""
    words = document.words
    determiners = word_sets("function-words")["determiner"]
    for index in document.repeats(1, apart=1):
        if words[index + 1] == "of" and _ABSTRACT.fullmatch(words[index]) and document.joined(index):
            once = document.all_forms[words[index]] < _MANY
            if once and words[index - 1].lower() in determiners and words[index + 3 : index + 4] != ["itself"]:
                yield _without_second(document, index, 1, 0.93, apart=1)
    for match in _FIGURE_TWICE.finditer(document.text) if _OF_FIGURE.search(document.text) else ():
        yield Proposal(match.end("figure"), match.end(), "", 0.95)


_OF_FIGURE = re.compile(r" of \d")
"""Searched for eight times as fast as `_FIGURE_TWICE`, in any text that has one."""
_FIGURE_TWICE = re.compile(r"(?P<figure>(?<![\w.,-])\d[\d.,]{0,12} [a-z]{3,20}) of (?P=figure)(?![\w-])")
_MANY = 5
"""A page that has a word so often may be about it (`the negation of negation`)."""


def echoes(document: Document) -> Iterator[Proposal]:
    """Collapse shorter echoes; only for pages that show damage, as English has most of these forms rightly too."""
    for index, size, apart in document.once(find_echoes):
        yield _without_second(document, index, size, 0.92, apart)
    yield from _said_twice(document)


def find_echoes(document: Document) -> list[tuple[int, int, int]]:
    """Return what seems to stand twice: index of the first word, number of words, words between the copies."""
    words = document.words
    sets = word_sets("rhetoric")
    twice, numbers = word_sets("function-words")["preposition"], word_sets("hyphens")["number"]
    found = []
    for index in document.repeats(1):
        if words[index] in twice or (_is_content(words[index]) and words[index] not in sets["intensive"]):
            found.append((index, 1, 0))
    for index in document.repeats(2):
        before = words[index - 1].lower() if index else ""
        if _is_echo(words[index].lower(), words[index + 1].lower(), before):
            found.append((index, 2, 0))
    for size in range(2, _MAX_WORDS):
        for index in document.repeats(size, apart=1):
            first, last, link = words[index], words[index + size - 1], words[index + size]
            rhetoric = size == 2 and (first in ("the", "a", "an", "and", "or") or last in sets["noun"])
            counted = first.isdigit() or first.lower() in numbers
            if link == "of" and (counted or not rhetoric):
                found.append((index, size, 1))
    for index in document.repeats(1, apart=1):
        word, link = words[index : index + 2]
        linked = link == "of" or (link == "in" and _ends_phrase(document, index + 2))
        linked = linked or link == "which"
        named = link == "of" and len(word) > 3 and word.istitle() and word.lower() not in sets["noun"]
        if named or (linked and _is_content(word) and word not in sets["noun"]):
            found.append((index, 1, 1))
    for index in document.repeats(1, apart=2):
        word, link, article = words[index : index + 3]
        if link in ("of", "which") and article == "the" and _is_content(word) and word not in sets["noun"]:
            found.append((index, 1, 2))
    for index in document.repeats(2, apart=2):
        first, second, link, article = words[index : index + 4]
        if link == "of" and article == "the" and first.islower() and _is_content(second) and second not in sets["noun"]:
            found.append((index, 2, 2))
    return found


def _is_echo(first: str, second: str, before: str) -> bool:
    """Tell whether two words that stand twice in a row are an echo, not rhetoric (`over and over and`).

    Args:
      first: the first word of the two, in lower case.
      second: the second.
      before: the word before them: `day after day after day` is right.
    """
    sets = word_sets("rhetoric")
    if first == "of" and second in sets["noun"]:
        return before != second and len(second) > 3
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
