"""Names that a machine round trip has left in another language, given a false plural, or robbed of their case.

A name is only taken back into English where the page shows the language it comes from: two different names of that
language that can be nothing else in English (`Londres` and `Bresils`), or one such name that is damaged besides.
Names inside what looks like a foreign phrase (`Banco do Brasil`, `Albert Londres`) are left alone and prove nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from transforms.normalize.apostrophes import page_evidence
from transforms.normalize.damage import mangled
from transforms.normalize.document import Document, Proposal
from transforms.normalize.lexicon import word_class
from transforms.normalize.namebook import (
    Entry,
    Sighting,
    bare_territories,
    name_book,
    readings,
    sightings,
    variants,
    vocabulary,
    words_of,
)
from transforms.normalize.tables import rows

_BEFORE = re.compile(r"([^\W_]+)(?:['’]s)?([ \u00a0])\Z")
_AFTER = re.compile(r"[ \u00a0]([^\W_]+)")
_WINDOW = 40
_CLEAR_CONFIDENCE = 0.97
_AMBIGUOUS_CONFIDENCE = 0.92
_MIN_NAMES = 2
_LETTERS_PER_WORD = 6
_WORDS_PER_NAME = 2500
"""For each so many words of a page one name more is asked for: a long text on languages has some of many."""
_MIN_LOWERED = 5
_NO_NAME = frozenset("VDZXICO")
"""Classes of words that no name ends in: verbs, modals, prepositions, conjunctions, pronouns."""
_PLACES = frozenset({"territory", "region", "city", "place"})


# The words around a span ----------------------------------------------------------------------------------------


def word_before(text: str, start: int) -> str:
    """Return the word that one space parts from what starts at `start`, or an empty string."""
    match = _BEFORE.search(text[max(0, start - _WINDOW) : start])
    return match[1] if match else ""


def word_after(text: str, end: int) -> str:
    """Return the word that one space parts from what ends at `end`, or an empty string."""
    match = _AFTER.match(text, end, end + _WINDOW)
    return match[1] if match else ""


def opens_phrase(text: str, end: int, preposition: str = "") -> bool:
    """Tell whether a noun phrase follows at `end`, so that a name before it is a possessive (`Poutines meetings`).

    It is a matter of the next two words: of closed lists of function words and of the verbs of news reports.

    Args:
      text: the text.
      end: where the name ends.
      preposition: the one before the name, if any: without one the name may be the subject of a verb.
    """
    word = word_after(text, end)
    low = word.lower()
    if (
        not word[:1].isalpha()
        or low in words_of("particles")
        or low in words_of("verbs")
        or low in words_of("calendar")
    ):
        return False
    if word[0].isupper():
        return True
    follower = word_after(text, end + 1 + len(word)).lower()
    if low.endswith("ing"):
        return preposition != "with"  # `with Suecias winning three points`
    if (low.endswith("ly") and low not in words_of("nouns-in-ly")) or follower in words_of("determiners"):
        return False  # `Poutines formally refuses`, `XIS marks a change`
    if low.endswith("ed") and low not in words_of("participles"):
        return bool(preposition) and follower not in words_of("particles")
    return True


# Which languages the page shows ---------------------------------------------------------------------------------


_GLOSSED = re.compile(
    r"\b(?:what|which|whom) (?:[\w-]+ ){1,3}call\b|\bspell(?:ing|ings|ed|t)\b|\bnamed after\b"
    r"|\b(?:the|a) (?:word|term)s?\b|\bknown as\b"
    r"|\b(?:in|for) (?:French|Spanish|German|Italian|Portuguese|Russian|Polish|Turkish|Dutch|Indonesian)\b"
)
_GLOSS_WINDOW = 70
_SENTENCE_END = re.compile(r"[.!?] |\n")


def is_mentioned(text: str, start: int, end: int) -> bool:
    """Tell whether the words around a name speak of the name itself: `OTAN is what the French call NATO`."""
    before = _SENTENCE_END.split(text[max(0, start - _GLOSS_WINDOW) : start])[-1]
    after = _SENTENCE_END.split(text[end : end + _GLOSS_WINDOW], maxsplit=1)[0]
    return _GLOSSED.search(f"{before}_{after}") is not None


def in_foreign_phrase(document: Document, sighting: Sighting) -> bool:
    """Tell whether the words around a name make it part of a longer name, a title or a gloss rather than of English."""
    text, start, end = document.text, sighting.start, sighting.end
    if start and text[start - 1] in "./@#_\\&(\"“„«‘'’":
        return True
    if text[end : end + 1] in ("@", "/", "_", "&", "·") or re.match(r"[.\-–][A-Z]|[.]\w", text[end : end + 2]):
        return True
    before, after = word_before(text, start), word_after(text, end)
    low_before, low_after = before.lower(), after.lower()
    if low_before in words_of("foreign") or low_before in words_of("glosses") or low_after in words_of("foreign"):
        return True
    if low_before in words_of("namesakes") or (low_after in words_of("namesakes") and not sighting.false_s):
        return True
    person = sighting.entries[0].kind == "person"
    page = document.page.all_forms
    book = name_book().names
    stands_alone = before[:1].islower() or not before or low_before in words_of("titles") or low_before in page
    stands_alone = stands_alone or low_before in book
    if not stands_alone and not person:
        return True  # `Air Algérie`
    if after[:1].isupper() and not sighting.false_s and low_after not in words_of("calendar"):
        if low_after in book or (sighting.key.isupper() and stands_alone):
            return False  # `In Yevrosoyuz Polsha`, `the ONU Secretary-General`
        if sighting.clear and word_class(low_after) in _NO_NAME and document.page.once(mangled):
            return False  # `Frankreich Will attend`: the capital of a link text
        return not (low_after in page or (person and word_after(text, end) in page))
    return False


class Pivot(NamedTuple):
    """What a page shows of the languages that its text went through."""

    names: dict[str, frozenset[str]]
    """Language -> English names of what it calls by a name that can be nothing else."""
    damaged: int
    """How many different names carry an s that isn't theirs."""
    times: Counter[str]
    """How often each clear name stands on the page."""
    needed: int
    """How many names of a language the page must have to show it."""

    def strength(self, entry: Entry) -> int:
        """Return how many names of the language of `entry` the page shows."""
        return max((len(self.names.get(language, ())) for language in entry.languages), default=0)


def pivot(page: Document) -> Pivot:
    """Return the languages that the names of a page show."""
    names: dict[str, set[str]] = defaultdict(set)
    damaged: set[str] = set()
    times: Counter[str] = Counter()
    for sighting in page.once(sightings):
        if not sighting.clear or in_foreign_phrase(page, sighting):
            continue
        if is_mentioned(page.text, sighting.start, sighting.end):
            continue
        times[sighting.key] += 1
        if sighting.false_s:
            damaged.add(sighting.key)
        for entry in sighting.entries:
            for language in entry.languages:
                names[language].add(entry.english)
    damaged.update(false.name for false in page.once(false_plurals))
    needed = _MIN_NAMES + len(page.text) // (_WORDS_PER_NAME * _LETTERS_PER_WORD)
    if not damaged and page.straight_apostrophes + page.curly_apostrophes and not page.once(mangled):
        needed += 1  # an article about the country, written with care, has some names too
    return Pivot({language: frozenset(found) for language, found in names.items()}, len(damaged), times, needed)


# Names of another language --------------------------------------------------------------------------------------


def foreign_names(document: Document) -> Iterator[Proposal]:
    """Take names of another language back into English: `the president of the Bresils` -> `the president of Brazil`."""
    found = document.once(sightings)
    if not found:
        return
    yield from lowered_foreign_names(document)
    shown = document.page.once(pivot)
    spelt: dict[str, str] = {}
    for sighting in found:
        entry = choose_entry(sighting, shown)
        if entry is None or in_foreign_phrase(document, sighting) or not trusted(sighting, entry, shown, document):
            continue
        if is_mentioned(document.text, sighting.start, sighting.end):
            continue
        if sighting.key not in spelt:
            spelt[sighting.key] = as_page_spells(entry.english, sighting.key, document.page)
        name = spelt[sighting.key]
        start, after = with_article(document.text, sighting, name, entry.kind)
        confidence = _CLEAR_CONFIDENCE if sighting.clear else _AMBIGUOUS_CONFIDENCE
        attributive = word_before(document.text, start).lower() in words_of("attributive")
        if (
            sighting.false_s
            and not attributive
            and opens_phrase(document.text, sighting.end, preposition_before(document.text, start))
        ):
            after += possessive(name, document.page.apostrophe)
        yield Proposal(start, end_of_abbreviation(document.text, sighting), after, confidence)


_LAST_STOP = re.compile(r"\.(?=[ \u00a0](?:[a-z0-9(]|[A-Z]([a-z]+))|[,;:])")


def end_of_abbreviation(text: str, sighting: Sighting) -> int:
    """Return where a name ends, with the last full stop of one like `EE.UU.` unless that may end the sentence too."""
    match = _LAST_STOP.match(text, sighting.end) if "." in text[sighting.start : sighting.end] else None
    opens = (
        match is not None and match[1] is not None and word_class(word_after(text, sighting.end + 1).lower()) in _OPENS
    )
    return sighting.end + 1 if match is not None and not opens else sighting.end


_OPENS = frozenset("TIOQCWXR")
"""Classes of words that open a sentence rather than stand in a name: articles, prepositions, pronouns, conjunctions."""


def lowered_foreign_names(document: Document) -> Iterator[Proposal]:
    """Take names of a language that the page shows back into English where they lost their capital: `moskovas`."""
    shown, book = document.page.once(pivot), name_book()
    if not shown.names:
        return
    found = {}
    words = {word for word in document.once(vocabulary) if len(word) >= _MIN_LOWERED and word.islower()}
    plurals = {word for word in words if word[-1] == "s" and word[:-1] in book.names and word not in book.names}
    for word in (book.names.keys() & words) | plurals:
        key = word[:-1] if word in plurals else word
        if len(key) < _MIN_LOWERED:
            continue
        entry = choose_entry(Sighting(0, 0, key, readings(key), word != key), shown)
        if entry is not None and entry.clear and shown.strength(entry) >= shown.needed:
            found[word] = (key, entry)
    for match in find_words(found, document.text):
        key, entry = found[match.word]
        name = as_page_spells(entry.english, key, document.page)
        if match.word != key and opens_phrase(document.text, match.end):
            name += possessive(name, document.page.apostrophe)
        elif match.word != key and not preposition_before(document.text, match.start):
            continue  # `Kyiv's team is led by one man, moskovas by another`
        yield Proposal(match.start, match.end, name, _AMBIGUOUS_CONFIDENCE)


def choose_entry(sighting: Sighting, shown: Pivot) -> Entry | None:
    """Return what the name means in the language that the page shows most, or None where that is undecided."""
    ranked = sorted(((shown.strength(entry), entry.english) for entry in sighting.entries), reverse=True)
    if not ranked[0][0] or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return sighting.entries[0] if len(ranked) == 1 and sighting.clear else None
    return next(entry for entry in sighting.entries if entry.english == ranked[0][1])


def trusted(sighting: Sighting, entry: Entry, shown: Pivot, document: Document) -> bool:
    """Tell whether the page shows enough of the language of a name, or of the name itself."""
    strength, page = shown.strength(entry), document.page
    if sighting.key in words_of("house"):
        return page.forms[entry.english] > 0 and strength > 0
    if sighting.key.isupper() and not sighting.clear:
        return strength >= shown.needed and not stands_for_itself(sighting.key, entry.english, page)
    if not sighting.clear:
        if strength and entry.kind in _PLACES and page.forms[entry.english] > 0:
            return page.all_forms[sighting.key] == 0  # the page has Sweden and Suede, but no suede
        return strength >= shown.needed + (entry.kind != "territory") and stands_as_place(document, sighting)
    if strength >= shown.needed or (strength and (shown.damaged >= shown.needed or page.once(mangled))):
        return True
    known = shown.times[sighting.key] > 1 or page.forms[entry.english] > 0
    if not entry.sure or entry.kind not in _PLACES:
        return False
    bare = page.straight_apostrophes + page.curly_apostrophes == 0
    return known or (bare and stands_as_place(document, sighting))


def stands_for_itself(key: str, english: str, page: Document) -> bool:
    """Tell whether the page explains an abbreviation by a name that isn't `english` (`University of Exeter (UE)`)."""
    place = page.text.find(f"({key})")
    if place < 0:
        return False
    before = page.text[max(0, place - _WINDOW * 2) : place]
    initials = "".join(word[0] for word in _WORDS.findall(before) if word[0].isupper())
    return not initials.endswith(english)


def stands_as_place(document: Document, sighting: Sighting) -> bool:
    """Tell whether a name that could be a word stands where a place does: after a preposition, before no other name."""
    text = document.text
    after = word_after(text, sighting.end)
    alone = not after[:1].isupper() and text[sighting.end : sighting.end + 1] != "-"
    alone = alone and not opens_phrase(text, sighting.end)  # `in Roma communities`
    before = word_before(text, sighting.start).lower()
    if before == "the" and sighting.entries[0].kind == "organisation":
        return alone
    if sighting.entries[0].kind == "person":
        return alone and before in words_of("offices")
    return before in words_of("locatives") and alone


def as_page_spells(name: str, key: str, page: Document) -> str:
    """Return the spelling of an English name that the page itself uses beside `key`, or else the usual one."""
    spellings = [spelling for spelling in variants().get(name, [name]) if spelling.lower() != key]
    if len(spellings) < 2:
        return name
    return max(spellings, key=lambda spelling: sum(1 for _ in find_words([spelling], page.text)))


def with_article(text: str, sighting: Sighting, name: str, kind: str) -> tuple[int, str]:
    """Return where the edit starts and what stands there: `the` goes from names that take none and comes to others."""
    start = sighting.start
    before = word_before(text, start)
    articled = name.replace(" ", "_") in words_of("articled")
    if before in ("the", "The"):
        if name.startswith("The "):
            return start - 4, name
        takes_none = kind in _PLACES or name in words_of("unarticled")
        if takes_none and not articled and (sighting.false_s or not follows_adjective(text, sighting.end)):
            return start - 4, name
    elif articled and before.lower() in words_of("bare") and not follows_adjective(text, sighting.end):
        return start, f"the {name}"
    elif articled and not before and opens_sentence(text, start) and not name.isupper():
        return start, f"The {name}"
    return start, name


def opens_sentence(text: str, start: int) -> bool:
    """Tell whether what starts at `start` is the first word of a sentence or paragraph."""
    before = text[max(0, start - 3) : start].rstrip(" ")
    return not before or before[-1] in ".!?\n"


def follows_adjective(text: str, end: int) -> bool:
    """Tell whether the name at `end` describes a noun (`the Londres meeting`), and so keeps its article."""
    return opens_phrase(text, end)


def preposition_before(text: str, start: int) -> str:
    """Return the preposition before `start`, an article left aside, or an empty string."""
    before = word_before(text, start).lower()
    if before == "the":
        before = word_before(text, start - 4).lower()
    return before if before in words_of("prepositions") else ""


def possessive(name: str, apostrophe: str) -> str:
    """Return what makes a possessive of `name`."""
    return apostrophe if name.endswith("s") and name.replace(" ", "_") in words_of("articled") else f"{apostrophe}s"


# False plurals of English names ---------------------------------------------------------------------------------


class FalsePlural(NamedTuple):
    """An English name with an s that isn't its own, standing where a possessive or plural makes no sense."""

    start: int
    end: int
    name: str


def false_plurals(document: Document) -> tuple[FalsePlural, ...]:
    """Return the English names that stand as a plural after a preposition, with no noun phrase after (`of Chinas`)."""
    return tuple(_false_plurals(document))


def _false_plurals(document: Document) -> Iterator[FalsePlural]:
    text = document.text
    english, found = name_book().english, _plural_forms() & document.once(vocabulary)
    if not found:
        return
    for word, start, end in find_words(found, text):
        low = word.lower()
        if text[end : end + 1] in ("'", "’", "-"):
            continue
        before = word_before(text, start)
        if before.lower() == "the":
            start -= 4
            before = word_before(text, start)
        if before.lower() not in words_of("prepositions") or before.lower() in words_of("many"):
            continue
        if not opens_phrase(text, end, before.lower()):
            yield FalsePlural(start, end, english[low[:-1]])


@cache
def _plural_forms() -> frozenset[str]:
    """Return the English names with an s, but for those that have a plural of their own."""
    english, plurals = name_book().english, words_of("plurals")
    return frozenset(
        f"{name}s" for low, name in english.items() if f"{low}s" not in plurals and f"{low}s" not in english
    )


def lost_apostrophes(page: Document) -> bool:
    """Gate: the page shows names that lost an apostrophe, and not just one among many that kept it."""
    lost = {false.name for false in page.once(false_plurals)}
    lost |= {s.key for s in page.once(sightings) if s.false_s and s.clear}
    if len(lost) != 1:
        return len(lost) >= _MIN_NAMES
    return page.straight_apostrophes + page.curly_apostrophes == 0


def plural_names(document: Document) -> Iterator[Proposal]:
    """Drop the false plural of a name: `the Ministry of Foreign Affairs of Chinas` -> `of China`."""
    for false in document.once(false_plurals):
        articled = false.name in words_of("articled") and document.text[false.start : false.start + 4] == "the "
        yield Proposal(false.start, false.end, f"the {false.name}" if articled else false.name, 0.95)


def without_apostrophes(page: Document) -> bool:
    """Gate: the page is damaged, or has words that surely lost an apostrophe and none that kept it."""
    evidence = page.once(page_evidence)
    return page.once(mangled) or (len(evidence.lost) >= _MIN_NAMES and not evidence.kept)


def articled_possessives(document: Document) -> Iterator[Proposal]:
    """Give a name behind an article its possessive back: `the Kremlins spokesman`, `the Chinas minister`.

    With an article the word looks like a plural (`the Koreas`), which hides it from the rules for lost apostrophes.
    A country that English gives no article loses the one that a translator gave it.
    """
    bare, lost = bare_territories(), _articled_plurals() & document.once(vocabulary)
    for word, start, end in find_words(lost, document.text):
        name, follower = word[:-1], word_after(document.text, end)
        if word_before(document.text, start) not in ("the", "The") or word.lower() in words_of("plurals"):
            continue
        if follower.islower() and word_class(follower) in _IN_NOUN_PHRASE and opens_phrase(document.text, end):
            begin = start - len("the ") if name in bare else start
            yield Proposal(begin, end, f"{name}{document.page.apostrophe}s", 0.94)


@cache
def _articled_plurals() -> frozenset[str]:
    """Return the names that a lost apostrophe behind an article leaves with an s: `Kremlins`, `Chinas`."""
    articled = {name for name in words_of("articled") if name.istitle()}
    return frozenset(f"{name}s" for name in bare_territories() | articled)


_IN_NOUN_PHRASE = frozenset("NSJ?")
"""Classes of words that a noun phrase begins with: nouns, adjectives, unknown words."""


# Case of names --------------------------------------------------------------------------------------------------


def capitals(document: Document) -> frozenset[str]:
    """Return the different words of a text that are two to six plain capitals."""
    return frozenset(w for w in document.all_forms if 1 < len(w) < 7 and w.isupper() and w.isascii() and w.isalpha())


def find_words(words: Iterable[str], text: str, barred: str = "") -> Iterator[Place]:
    """Yield where one of `words` (or phrases) stands by itself in a text; quicker than compiling a pattern a page.

    Args:
      words: what to look for; case matters.
      text: where.
      barred: characters that may not touch a word either, besides letters and digits.
    """
    for word in words:
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            if _free(text[max(0, start - 1) : start], barred) and _free(text[end : end + 1], barred):
                yield Place(word, start, end)
            start = text.find(word, end)


def _free(character: str, barred: str) -> bool:
    """Tell whether a character may stand beside a word; an empty string is the end of the text."""
    return not character or not (character.isalnum() or character in barred)


_IN_CODE = "@/#-_"
"""What parts the words of addresses, handles and compounds."""


class Place(NamedTuple):
    """A word and where it stands."""

    word: str
    start: int
    end: int


def shouted_names(document: Document) -> Iterator[Proposal]:
    """Give shouted short names their case back where the page has it: `XI and` -> `Xi and`, `XIS` -> `Xi`."""
    page, text = document.page, document.text
    present: dict[str, bool] = {}
    # without a vowel it is an abbreviation (`CBC`), whatever a translator made of it elsewhere (`Cbc`)
    short = [word for word in document.once(capitals) if len(word) <= _MAX_SHOUTED and not _VOWELS.isdisjoint(word)]
    sure = {word: shouted_form(word, page) for word in short}
    forms = {word: form or paired_form(word, page) for word, form in sure.items()}
    for word, start, end in find_words((word for word, name in forms.items() if name), text):
        name = forms[word]
        if name is None or page.shouted_share > _MAX_SHOUTED_SHARE or in_capitals(document, start, end):
            continue
        known = name.lower() in name_book().english or page.once(pivot).damaged or page.once(mangled)
        if not sure[word] or not (known or (slipped(word, name, page) and not _NO_SLIP.match(text, end))):
            pairs = pairs_around(name, text, start, end)
            present.update((pair, pair in page.text) for pair in pairs if pair not in present)
            if not any(present[pair] for pair in pairs):
                continue
        after = name
        if len(word) > len(name) and opens_phrase(text, end, preposition_before(text, start)):
            after += f"{page.apostrophe}s"
        yield Proposal(start, end, after, 0.97 if name.lower() == word.lower().removesuffix("s") else 0.9)


_MAX_SHOUTED_SHARE = 0.08
_MAX_SHOUTED = 4


_CODE_MARKS = frozenset(":-/&()@#")


def in_capitals(document: Document, start: int, end: int) -> bool:
    """Tell whether a shouted word stands among others, in a heading, in a code or after what is numbered."""
    text = document.text
    before, after = word_before(text, start), word_after(text, end)
    if (before.isupper() and len(before) > 1) or (after.isupper() and len(after) > 1):
        return True
    if text[end : end + 1] in _CODE_MARKS or text[max(0, start - 1) : start] in _CODE_MARKS:
        return True
    return document.in_heading(start) or before.lower() in words_of("numbered") or text[end : end + 2] == " &"


def pairs_around(form: str, text: str, start: int, end: int) -> list[str]:
    """Return `form` with each capitalised word beside it, which may be one name (`LAS Vegas`: Las Vegas)."""
    before, after = word_before(text, start), word_after(text, end)
    return [f"{before} {form}"] * before[:1].isupper() + [f"{form} {after}"] * after[:1].isupper()


def shouted_form(word: str, page: Document) -> str | None:
    """Return the name that a shouted word is on this page (`XI` and `XIS`: `Xi`), or None."""
    for form in (word.title(), word[:-1].title() if word.endswith("S") and len(word) > 2 else ""):
        if len(form) < 2 or form not in page.text or word.lower() in words_of("shouted"):
            continue
        if page.forms[form] > 0 and page.all_forms[form.lower()] == 0:
            return form
    return _slip(word, page) if len(word) == _SLIP_LENGTH else None


_NO_SLIP = re.compile(r", [A-Z]| (?:and|or) [A-Z]{2}")
"""What follows the place of a dateline, or an abbreviation among others (`GAD and GABA`)."""


def paired_form(word: str, page: Document) -> str | None:
    """Return the form of a shouted word that may be part of a name here, though the page has it as a word as well.

    `NEW Zealand` on a page with `New Zealand` and `new`; one that a page shouts often is an abbreviation.
    """
    title = word.title()
    found = page.all_forms[title] and page.all_forms[word] <= _MAX_SLIPS and word.lower() not in words_of("shouted")
    return title if found else None


def slipped(word: str, name: str, page: Document) -> bool:
    """Tell whether a page writes a name as one at least as often as it shouts it, and shouts it no more than twice.

    Of 2 million words of clean news and weblogs none does so where both are right (`GAD`, a protein, and `Gad`, its
    gene, stand there time and again).
    """
    spoken = len(word) == len(name) > _SLIP_LENGTH
    return spoken and page.forms[name] >= page.all_forms[word] <= _MAX_SLIPS


_MAX_SLIPS = 2
_VOWELS = frozenset("AEIOUY")
_SLIP_LENGTH = 2
_MIN_SLIP_EVIDENCE = 2


def _slip(word: str, page: Document) -> str | None:
    """Return the name of two letters that a page shouts time and again, where `word` is it but for its last letter.

    A translator that has met `XI`, `XIS` and `Xi` also makes `XU` of it. `word` must stand only once and be no name or
    abbreviation of the page or of the table.
    """
    title = word.title()
    if word.lower() in words_of("shouted") or page.all_forms[word] > 1 or page.all_forms[title]:
        return None
    near = {form for form in page.once(capitals) if form[0] == word[0] and form[:2] != word and len(form) < 4}
    names = {form[:2].title() for form in near if len(form) == _SLIP_LENGTH or form[2] == "S"}
    names = {name for name in names if name.lower() in name_book().english and page.forms[name] >= _MIN_SLIP_EVIDENCE}
    shouts = sum(page.all_forms[form] for form in near)
    return names.pop() if len(names) == 1 and shouts >= _MIN_SLIP_EVIDENCE else None


def agency_possessives(document: Document) -> Iterator[Proposal]:
    """Give the possessive of a known abbreviation its apostrophe back: `CNNS Darya Tarasova`."""
    page, text = document.page, document.text
    for word, start, end in find_words(_agencies_in_s() & document.once(capitals), text):
        if not document.in_heading(start) and opens_phrase(text, end, preposition_before(text, start)):
            yield Proposal(start, end, f"{word[:-1]}{page.apostrophe}s", 0.95)


@cache
def _agencies_in_s() -> frozenset[str]:
    """Return the abbreviations of agencies with an S that can only be their possessive's."""
    return frozenset(f"{base}S" for base in words_of("agencies")) - words_of("abbreviations")


_STRAY = re.compile(r"([A-Z](?<![^\W_].)[^\W\d_]+) ([A-Z][^\W\d_]+)s(['’])(?= [a-z])")


def stray_apostrophes(document: Document) -> Iterator[Proposal]:
    """Move the apostrophe of a name that the page has without an s: `Xi Jinpings' speech` -> `Xi Jinping's speech`."""
    text = document.page.text
    if "s' " not in text and "s’ " not in text:
        return
    without: dict[str, bool] = {}
    for match in _STRAY.finditer(document.text):
        first, last, apostrophe = match.groups()
        full = f"{first} {last}"
        if full not in without:
            without[full] = f"{full}s " not in text and any(True for _ in find_words([full], text))
        if without[full]:
            yield Proposal(match.start(2), match.end(), f"{last}{apostrophe}s", 0.96)


def lowered_places(document: Document) -> Iterator[Proposal]:
    """Capitalise a place in lower case that the page has with its capital (`kyiv` -> `Kyiv`), a country without that.

    In 2 million words of clean news and weblogs no country stands in lower case but after the genus of a species
    (`Acacia senegal`); those that are words as well (`turkey`) are listed and left alone.
    """
    page, english = document.page, name_book().english
    if page.once(mangled):
        yield from _lowered_phrases(document)
    wanted = {
        low: english[low]
        for low in english.keys() & document.once(vocabulary)
        if len(low) > 3 and low not in words_of("lowered")
    }
    for word, start, end in find_words(wanted, document.text, _IN_CODE):
        if in_address(document.text, start, end):
            continue
        name = wanted[word]
        if page.forms[name] > 0 or page.once(mangled):
            yield Proposal(start, end, name, 0.96)
        elif (
            name in bare_territories()
            and page.once(has_names)
            and not _GENUS.fullmatch(word_before(document.text, start))
        ):
            yield Proposal(start, end, name, 0.93)


_MIN_CAPITALS = 3
_GENUS = re.compile(r"[A-Z][a-z]+(?:a|us|um|is|es)")


def has_names(page: Document) -> bool:
    """Tell whether a page writes names with capitals."""
    return sum(word[0].isupper() and word[1:].islower() for word in page.forms) >= _MIN_CAPITALS


def in_address(text: str, start: int, end: int) -> bool:
    """Tell whether a full stop ties a word to others, as in `www.india.gov`."""
    return text[max(0, start - 1) : start] == "." or (text[end : end + 1] == "." and text[end + 1 : end + 2].isalnum())


@cache
def _phrases() -> tuple[tuple[str, str, frozenset[str]], ...]:
    """Return the English names of two words or more: in lower case, as they are written, and their words."""
    return tuple((name.lower(), name, frozenset(name.lower().split(" "))) for (name,) in rows("names/phrases"))


def _lowered_phrases(document: Document) -> Iterator[Proposal]:
    """`new delhi` -> `New Delhi`, on pages that show damage."""
    words = document.once(vocabulary)
    for low, name, parts in _phrases():
        if parts <= words and low in document.text:
            for _, start, end in find_words([low], document.text, _IN_CODE):
                if not in_address(document.text, start, end):
                    yield Proposal(start, end, name, 0.97)


_NATIONALITY_CONFIDENCE = 0.95


def lowered_nationalities(document: Document) -> Iterator[Proposal]:
    """Capitalise the adjective of a nation: `russian troops`, where the page has `Russian` too or shows damage."""
    page = document.page
    wanted = {
        low
        for low in words_of("nationalities") & document.once(vocabulary)
        if page.once(mangled) or (page.forms[low.title()] > 0 and page.forms[low.title()] >= page.all_forms[low])
    }
    for word, start, end in find_words(wanted, document.text, _IN_CODE):
        if word_after(document.text, end) not in words_of("dishes") and not in_address(document.text, start, end):
            yield Proposal(start, end, word.title(), _NATIONALITY_CONFIDENCE)


# Known misspellings ---------------------------------------------------------------------------------------------


_WORDS = re.compile(r"[^\W_]+")


class Spelling(NamedTuple):
    """A misspelt name, what English prints, and what the page must have for it (an empty string: nothing)."""

    found: str
    expected: str
    evidence: str
    words: frozenset[str]
    """The words of `found`."""


@cache
def _spellings() -> tuple[Spelling, ...]:
    """Return the table of misspelt names."""
    return tuple(
        Spelling(
            found, expected, evidence[0].replace("page", expected) if evidence else "", frozenset(_WORDS.findall(found))
        )
        for found, expected, *evidence in rows("names/spellings")
    )


@cache
def _longest_words() -> dict[str, list[Spelling]]:
    """Return the table of misspelt names by the longest word of each: most pages have hardly one of these."""
    table: dict[str, list[Spelling]] = {}
    for spelling in _spellings():
        table.setdefault(max(sorted(spelling.words), key=len), []).append(spelling)
    return table


def misspelt_names(document: Document) -> Iterator[Proposal]:
    """Write names of the table as English prints them: `Ria Novosti` -> `RIA Novosti`, `Southern China Sea`."""
    words, table = document.once(vocabulary), _longest_words()
    for spelling in [spelling for word in sorted(table.keys() & words) for spelling in table[word]]:
        if not spelling.words <= words or spelling.found not in document.text:
            continue
        if spelling.evidence not in document.page.text:
            continue
        expected = spelling.expected.replace("'", document.page.apostrophe)
        confidence = 0.93 if spelling.evidence else 0.96
        for _, start, end in find_words([spelling.found], document.text, _IN_CODE):
            yield Proposal(start, end, expected, confidence)


# Names translated as words --------------------------------------------------------------------------------------

_MIN_CONTEXT = 2


class Homonym(NamedTuple):
    """A word that a round trip makes of a name: French `Cachemire` is Kashmir and cashmere."""

    name: str
    context: frozenset[str]
    """Words two of which must stand on the page."""
    mentions: int
    """How often the page must have the name itself."""
    contrary: frozenset[str]
    """Words none of which may stand on the page: there it is the thing."""

    @property
    def attributive(self) -> bool:
        """Whether the word stands for the name alone, before a noun too (`cashmere strikes`: Kashmir strikes)."""
        return self.mentions == 0


@cache
def homonyms() -> dict[str, Homonym]:
    """Return the words that can be a name in translation, in lower case."""
    return {
        word: Homonym(name, frozenset(context.split()), int(mentions), frozenset(contrary.split()))
        for word, name, context, mentions, contrary in rows("names/homonyms")
    }


def names_as_words(document: Document) -> Iterator[Proposal]:
    """Take a name that was translated as a word back where the page leaves no doubt: `cashmere strikes`."""
    table = homonyms()
    page = document.page.all_forms
    for word in sorted(table.keys() & document.once(vocabulary)):
        homonym = table[word]
        lowered = {form.lower() for form in page}
        if page[homonym.name] < homonym.mentions or lowered & homonym.contrary:
            continue
        if sum(page[other] > 0 for other in homonym.context) < _MIN_CONTEXT:
            continue
        for _, start, end in find_words([word], document.text, _IN_CODE):
            name = homonym.name
            if not homonym.attributive and opens_phrase(document.text, end):
                name += f"{document.page.apostrophe}s"
            yield Proposal(start, end, name, 0.9)
