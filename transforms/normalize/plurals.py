"""Words in s that lost no apostrophe, or lost one after the s: what the model of `apostrophes` can't be trusted with.

One wrong edit costs more than ten missed ones: where custom decides whether a name has an apostrophe (`Kings Cross`,
`Teachers Union`, `Lloyds`) nothing is proposed, and after `two` or `these` only the plural (`two companies' plants`).
"""

from __future__ import annotations

import re
from functools import cache

from transforms.normalize.document import Document
from transforms.normalize.lexicon import UNKNOWN, classes, frequencies, word_class
from transforms.normalize.tables import word_sets

_NOT_OF_NAMES = frozenset(["both", "all", "most", "some", "this", "that", "one", "other", "a", "an"])
"""Determiners that tell nothing about the number of a name after them (`both China's and Japan's`)."""


@cache
def _determiners() -> dict[str, str]:
    """Return what each determiner says of the number of its noun."""
    return {word: kind for kind, words in word_sets("determiners").items() for word in words}


_REACH = 4
"""Words before the noun among which its determiner is looked for."""


def number(document: Document, index: int, named: bool) -> str:
    """Return what the determiner before the noun at `index` says of its number.

    `p` several, `q` several or a mass, `s` one, `t` one or several, `0` where there is none.
    """
    words = document.words
    for place in range(index, max(0, index - _REACH), -1):
        if document.gap(place) != " ":
            break
        word = words[place - 1]
        low = word.lower()
        known = _determiners().get(low)
        if known is not None:
            return "0" if named and low in _NOT_OF_NAMES else known
        if low[0].isdigit():
            return "0" if named or _YEAR.match(low) else "p"
        if word == low and word_class(low) not in "JNMGS?":
            break
    return "0"


_YEAR = re.compile(r"(?:1[5-9]|20)\d\d\Z|\d+(?:st|nd|rd|th)\Z")


@cache
def _names() -> frozenset[str]:
    return frozenset(name.replace("_", " ") for name in word_sets("plain-plurals")["name"])


def is_plain(document: Document, index: int, named: bool) -> bool:
    """Tell whether the word in s at `index` stands as it should, whatever follows.

    Args:
      document: the text.
      index: place of the word in `document.words`.
      named: whether the word has a capital.
    """
    sets, words = word_sets("plain-plurals"), document.words
    low = words[index].lower()
    stem = low[:-1]
    before = words[index - 1] if document.joined(index) else ""
    if stem in sets["pronoun"] and before != "each":
        return True
    after = words[index + 1] if document.joined(index + 1) else ""
    if f"{before.lower()} {low}" in _names():
        return True
    if after in sets["plural-verb"] or after in sets["particle"] or (low in sets["adjunct"] and not named):
        return True
    if not named:
        return False
    if before.lower() in sets["several"] or (low == "peoples" and after not in sets["peoples"]):
        return True
    if low in _names() or f"{low} {after.lower()}" in _names():
        return True
    if before[:1].isupper() and before.lower() != "the" and low in sets["suffix"]:
        return True
    if not after[:1].isupper():
        return False
    known_name = document.page.all_forms[words[index][:-1]] > 0
    several = low in sets["title"] or (is_people(low) and after in sets["body"])
    return several or (after in sets["place-head"] and not known_name)


def is_people(low: str) -> bool:
    """Tell whether a word is the plural of a common noun, more often than a possessive."""
    zipf = frequencies().get
    return "S" in classes().get(low, "") and zipf(low, UNKNOWN) > zipf(low[:-1] + "'s", UNKNOWN)


def goes_on(document: Document, index: int) -> str:
    """Return `n` where a noun or adjective follows the word at `index`, `e` where no possessive goes on like that."""
    if index + 1 >= len(document.words) or document.gap(index + 1) != " ":
        return "e"
    word = document.words[index + 1]
    if not word.islower():
        return ""
    known = classes().get(word)
    if known is None:
        return "n" if word_class(word) in "NSJ" else ""
    if known[0] in "NSJ" and not set(known) & set("VDZ"):
        return "n"
    return "e" if known[0] in "VDZXICTOW" and not set(known) & set("NSJ") else ""


def ends_phrase(document: Document, index: int) -> bool:
    """Tell whether the phrase of the word at `index` ends with it: a mark or a function word follows, no noun."""
    if index + 1 >= len(document.words):
        return True
    gap, word = document.gap(index + 1), document.words[index + 1]
    if gap != " ":
        return gap.strip()[:1] in _MARKS
    return word.islower() and word not in _CLITIC_GOES_ON and classes().get(word, "?")[0] in "XICTOWZ"


_MARKS = frozenset(".,;:!?)/")
_CLITIC_GOES_ON = frozenset(["a", "an", "the", "in", "on", "no", "like", "over", "off", "up", "to", "about", "at"])
"""Words that often go on after `'s` for `is` or `has` (`China's on the way`), besides those that end no phrase."""


def owns(document: Document, index: int) -> bool:
    """Tell whether the plural at `index` owns what follows, on a page that lost its apostrophes: `farmers incomes`.

    A plural hardly ever stands before a noun in English unless it owns it, but for a few that are used like adjectives
    (`sports fans`): so only people, and spans of time after a number (`two years time`).
    """
    sets, low = word_sets("plain-plurals"), document.words[index]
    known = classes()
    if not document.joined(index + 1) or (known.get(low) or f"{known.get(low[:-1], '')}S") not in ("S", "NS"):
        return False
    after = document.words[index + 1]
    if low in sets["time"]:
        return (
            after in sets["timed"] and number(document, index, named=False) == "p" and not _is_term(document, index + 2)
        )
    if not low.endswith(_PEOPLE) or low in sets["not-people"] or not _is_owned(document, index + 1):
        return False
    before = number(document, index, named=False)
    if before in "0pq":
        return True
    zipf, forms = frequencies().get, document.page.all_forms
    mostly = zipf(low, UNKNOWN) - zipf(low[:-1] + "'s", UNKNOWN) >= _MOSTLY_PLURAL
    return before == "t" and mostly and forms[low] > 1 and not forms[low[:-1]]


_PEOPLE = ("ers", "ors", "ees", "ents", "ants", "ists", "ians", "izens", "iends", "uals")
_MOSTLY_PLURAL = 6
"""How much commoner a plural is than the possessive of one, in tenths of the Zipf scale."""


def _is_term(document: Document, index: int) -> bool:
    """Tell whether the word at `index` makes the one before part of something longer: `20 years jail term`."""
    return document.joined(index) and document.words[index] in _TERMS


_TERMS = frozenset(["term", "terms", "sentence", "sentences", "he", "she", "it", "they", "we", "I", "you"])


def _is_owned(document: Document, index: int) -> bool:
    """Tell whether a noun beyond doubt stands at `index`, or an adjective and one."""
    word = document.words[index]
    known = _nouns(word)
    if known == "J" and word not in _determiners() and document.joined(index + 1):
        word = document.words[index + 1]
        known = _nouns(word)
    if known == "S":
        return not word.endswith("men")
    return known == "N" and word.endswith(_ABSTRACT) and word not in word_sets("plain-plurals")["verb-too"]


def _nouns(word: str) -> str:
    """Return the classes of a word in lower case, names apart: any noun can be part of one."""
    return classes().get(word, "").replace("P", "")


_ABSTRACT = ("tion", "sion", "ment", "ness", "ity", "ship", "ance", "ence", "ism", "dom", "age", "ure", "hood")
"""Endings of words that are nouns beyond doubt."""


def spelt_plural(low: str) -> str:
    """Return the plural of a word in s that spells it wrongly (`companys`: `companies`), else an empty string."""
    wrong = low[-2:] == "ys" and low[-3:-2] not in ("", *"aeiou") and low[:-2] + "ies" in frequencies()
    return low[:-2] + "ies" if wrong else ""


def is_irregular(low: str) -> bool:
    """Tell whether the word without its s is a plural already (`womens`)."""
    return low[:-1] in word_sets("plain-plurals")["irregular"]


def takes_article(low: str) -> bool:
    """Tell whether a name in lower case is one that `the` stands before (`the Kremlin`)."""
    return low in word_sets("plain-plurals")["articled"]


def is_plural_verb(word: str) -> bool:
    """Tell whether a word is a verb that only a plural has before it (`are`)."""
    return word in word_sets("plain-plurals")["plural-verb"]
