"""Wrong capitals: link texts that kept theirs (`his Main guest`), shouted words (`THE chief`), lowered names (`kyiv`).

Whether a capital in mid-sentence is wrong is told by a linear model over how the word is written elsewhere (on this
page first, then in edited English), its neighbours and its class; a second model weighs that against the page as a
whole (`training/train_case.py`). A page whose capitals are all in order shows no link texts, and nothing is touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from transforms.normalize import linear
from transforms.normalize.damage import mangled
from transforms.normalize.document import Document, Proposal
from transforms.normalize.lexicon import UNKNOWN, classes, frequencies, read_groups, word_class


class Use(NamedTuple):
    """How often edited English writes a word in mid-sentence so, as bits (1, 2, 3 for once, 2-3 times, 4-7 times)."""

    lower: int
    capital: int


@cache
def uses() -> dict[str, Use]:
    """Return how words (in lower case) are written in mid-sentence."""
    table: dict[str, Use] = {}
    for value, words in read_groups("case.tsv"):
        table.update(dict.fromkeys(words, Use(int(value[0]), int(value[1]))))
    return table


def is_name(low: str) -> bool:
    """Tell whether edited English writes a word with a capital far more often than in lower case."""
    use = uses().get(low, _UNSEEN)
    return use.capital > max(1, 2 * use.lower)


# link texts ----------------------------------------------------------------------------------------------------


def capitals(document: Document) -> Iterator[Proposal]:
    """Propose lower case for capitals in mid-sentence that belong to no name."""
    context = TrainedContext(document)
    page = linear.load("case_page")
    for start, features in weighed(document, context):
        confidence = linear.probability(linear.score(page, features))
        if document.text[start - 2] in ",;":
            confidence *= _AFTER_COMMA
        if confidence > 0.5:
            yield Proposal(start, start + 1, document.text[start].lower(), confidence)


_AFTER_COMMA = 0.92
"""What a comma before it takes from the confidence: the lines of a poem printed as prose look like that."""


def weighed(document: Document, context: Context) -> Iterator[tuple[int, list[str]]]:
    """Yield the places of capitals that look wrong, and the features that set them against the page."""
    found = [(match, context.score(match)) for match in candidates(document, context.use)]
    odd = {match.group(1) for match, odds in found if odds > STRONG}
    plain = {word for word in odd if word_class(word.lower()) in _NAMELESS}
    words = len(document.page.text) // 6
    for match, odds in found:
        if odds > 0:
            own = {match.group(1)}
            yield match.start(1), page_features(odds, len(odd - own), len(plain - own), words)


STRONG = 3.0
"""Log odds from which a capital counts as evidence that the page has wrong ones."""

_NAMELESS = frozenset("TIOQCWXRDZ")
"""Classes of words that titles of works leave in lower case, and adverbs and verbs that names hardly hold."""


def page_features(odds: float, others: int, plain: int, words: int) -> list[str]:
    """Return the features by which a capital is weighed against its page.

    Args:
      odds: its log odds.
      others: other words of the page whose capital is surely wrong.
      plain: those of them that neither names nor titles capitalise.
      words: length of the page.
    """
    step, more, less = min(16, int(2 * odds)), min(4, others.bit_length()), min(3, plain)
    rate = min(4, (200 * others // (words + 50)).bit_length())
    return [
        "",
        *(f"odds>{level}" for level in range(step + 1)),
        *(f"others>{level}" for level in range(more + 1)),
        *(f"plain>{level}" for level in range(less + 1)),
        *(f"rate>{level}" for level in range(rate + 1)),
        f"others{more}plain{less}",
        f"plain{less}odds{min(5, int(odds))}",
    ]


_CAPITAL = re.compile(r"([A-Z](?<=[a-z0-9,;)%’'\"”A-Z] [A-Z])[a-z]+)(?=[ ,.;:?!)’'\"”\n-]|\Z)")


def candidates(document: Document, use: Callable[[str], Use]) -> Iterator[re.Match[str]]:
    """Yield the words with a capital in mid-sentence, outside headings, that `use` doesn't know as names only."""
    initial = document.initial_starts
    named: dict[str, bool] = {}
    for match in _CAPITAL.finditer(document.text):
        word = match.group(1)
        name = named.get(word)
        if name is None:
            low = word.lower()
            lower, capital = use(low)
            name = named[word] = (capital > lower == 0) or low in _NEVER
        if not name and match.start() not in initial and not document.in_heading(match.start()):
            yield match


_NEVER = frozenset(["i", "mr", "mrs", "ms", "dr", "st", "god"])


class Context:
    """A document as the features of its capitals need it."""

    def __init__(self, document: Document, weights: linear.Weights) -> None:
        self.document = document
        self.page = document.page
        self.weights = weights
        self.types: dict[str, tuple[list[str], float, str, str]] = {}

    def features(self, match: re.Match[str]) -> list[str]:
        """Return all features of a capitalised word."""
        return self._type(match.group(1))[0] + around_features(*self._around(match))

    def score(self, match: re.Match[str]) -> float:
        """Return the log odds that a capital is wrong."""
        own = self._type(match.group(1))[1]
        return own if own < _HOPELESS else own + self._around_score(match)

    def _around_score(self, match: re.Match[str]) -> float:
        """Return the log odds that the words around a capital give."""
        return linear.score(self.weights, around_features(*self._around(match)))

    def _type(self, word: str) -> tuple[list[str], float, str, str]:
        known = self.types.get(word)
        if known is None:
            features, sort, group = self._own(word)
            known = self.types[word] = features, linear.score(self.weights, features), sort, group
        return known

    def use(self, low: str) -> Use:
        """Return how edited English writes a word; training overrides it to leave the document itself out."""
        return uses().get(low, _UNSEEN)

    def _own(self, word: str) -> tuple[list[str], str, str]:
        """Return what a word tells by itself and on its page, the sort its neighbours are seen with, and its class."""
        low = word.lower()
        use = self.use(low)
        features, sort, group = word_features(low, use)
        return features + self._page_features(word, low, use), sort, group

    def _page_features(self, word: str, low: str, use: Use) -> list[str]:
        return page_use_features(*self._page_use(word, low), use)

    def _page_use(self, word: str, low: str) -> tuple[int, int]:
        """Return how often the page has a word in lower case, and elsewhere as it is; 3 at most."""
        page = self.page
        return min(3, page.all_forms.get(low, 0)), min(3, max(0, page.forms.get(word, 0) - 1))

    def _around(self, match: re.Match[str]) -> tuple[str, ...]:
        """Return what the features of the words around a capital are made of."""
        _, _, sort, group = self._type(match.group(1))
        before2, before, after, after2 = _neighbours(self.document, *match.span(1))
        low_before, shape_before, class_before = _beside(before) if before else ("", ",", ",")
        low_after, shape_after, class_after = _beside(after) if after else ("", ".", ".")
        second = _beside(before2)[1] if before2 else "."
        third = _beside(after2)[1] if after2 else "."
        return (
            sort, group, second, low_before, shape_before, class_before, low_after, shape_after, class_after, third
        )  # fmt: skip


class TrainedContext(Context):
    """A document's context under the model that ships with newsbeam."""

    def __init__(self, document: Document) -> None:
        super().__init__(document, linear.load("case_model"))

    def _type(self, word: str) -> tuple[list[str], float, str, str]:
        known = self.types.get(word)
        if known is None:
            low = word.lower()
            score, sort, group = _word_score(low)
            score += _page_score(*self._page_use(word, low), uses().get(low, _UNSEEN))
            known = self.types[word] = [], score, sort, group
        return known

    def _around_score(self, match: re.Match[str]) -> float:
        return _around_score(*self._around(match))


def page_use_features(here: int, there: int, use: Use) -> list[str]:
    """Return the features of a page's use of a word in lower case and of the same form elsewhere."""
    return [f"here{here}there{there}", f"here{here}there{there}use{min(use.lower, 2)}{min(use.capital, 2)}"]


@lru_cache(maxsize=1 << 12)
def _page_score(here: int, there: int, use: Use) -> float:
    return linear.score(linear.load("case_model"), page_use_features(here, there, use))


@lru_cache(maxsize=1 << 10)
def _around_score(*around: str) -> float:
    """Return what `Context._around_score` does; remembered as far as a page, read again after a repair, goes."""
    return linear.score(linear.load("case_model"), around_features(*around))


def around_features(
    sort: str,
    group: str,
    second: str,
    low_before: str,
    shape_before: str,
    class_before: str,
    low_after: str,
    shape_after: str,
    class_after: str,
    third: str,
) -> list[str]:
    """Return the features of the words around a capital, from what `Context._around` returns."""
    return [
        f"-{low_before}",
        f"+{low_after}",
        f"{sort}{shape_before}_{shape_after}",
        f"{sort}{second}{shape_before}_{shape_after}{third}",
        f"{group}{second}{shape_before}_{shape_after}{third}",
        f"{group}{class_before}_{class_after}",
        f"{sort}{class_before}_",
        f"{sort}_{class_after}",
        f"{group}{class_before}_",
        f"{group}_{class_after}",
        f"{sort}{group}{shape_before}_{shape_after}",
        f"{sort}{low_before}_",
        f"{group}{low_before}_",
        f"{group}_{low_after}",
        f"{sort}_{low_after}",
        f"{sort}{low_before}_{class_after}",
    ]


@lru_cache(maxsize=1 << 14)
def _word_score(low: str) -> tuple[float, str, str]:
    features, sort, group = word_features(low, uses().get(low, _UNSEEN))
    return linear.score(linear.load("case_model"), features), sort, group


def word_features(low: str, use: Use) -> tuple[list[str], str, str]:
    """Return the features of a word by itself, the sort its neighbours are seen with, and its class."""
    zipf = frequencies().get
    own = zipf(low, UNKNOWN)
    group = word_class(low)
    sort = f"{min(use.lower, 5)}{min(use.capital, 4)}"
    features = [
        "",
        f"use{sort}",
        f"use{sort}{group}",
        f"class{group}",
        f"group{classes().get(low, '?')}",
        f"zipf{own // 5}use{min(use.lower, 2)}{min(use.capital, 2)}",
        f"={low}",
        f"end{low[-3:]}",
        *(f"possessive>{step}" for step in range(-40, min(20, zipf(low + "'s", UNKNOWN) - own), 5)),
        *(f"plural>{step}" for step in range(-40, min(20, zipf(low + "s", UNKNOWN) - own), 5)),
        *(f"lower>{step}" for step in range(use.lower)),
        *(f"capital>{step}" for step in range(use.capital)),
    ]
    return features, f"{'abbccc'[min(use.lower, 5)]}{'xyyzz'[min(use.capital, 4)]}", group


_UNSEEN = Use(0, 0)
_HOPELESS = -8.0


def _neighbours(document: Document, start: int, end: int) -> tuple[str, str, str, str]:
    """Return the two words before and after a word; empty where more parts them than a space and closing marks."""
    words, text = document.words, document.text
    index = document.index_at(start)
    before2 = before = after = after2 = ""
    gap = document.gap(index)
    if index and (gap == " " or (gap[-1:] == " " and not gap[:-1].strip(_CLOSING))):
        before = words[index - 1]
        before2 = words[index - 2] if document.joined(index - 1) else ""
        excess = len(before2) + len(before) + len(gap) - _REACH
        if excess >= 0:
            before = text[max(start - _REACH, 0) : start - len(gap)][-len(before) :].lstrip("'’")
            before2 = before2[max(0, excess + 1) :].lstrip("'’")
    if text[end : end + 1] == " " and document.joined(index + 1):
        after = words[index + 1]
        after2 = words[index + 2] if document.joined(index + 2) else ""
    return before2, before, after, after2


_REACH = 40
"""Characters before a word within which its neighbours are looked for."""
_CLOSING = ",;)%’'\"”"


@lru_cache(maxsize=1 << 14)
def _beside(word: str) -> tuple[str, str, str]:
    """Return a word in lower case, its shape (`x` lower, `X` capital, `A` shouted, `9` number), its class or shape."""
    low = word.lower()
    if word[0].isdigit():
        return low, "9", "9"
    if word == low:
        return low, "x", word_class(low)
    shape = "A" if len(word) > 1 and word.isupper() else "X"
    return low, shape, shape


# shouted words -------------------------------------------------------------------------------------------------


def shouted(document: Document) -> Iterator[Proposal]:
    """Propose normal case for a function word in capitals among words that aren't: `THE Chinese chief`."""
    if document.page.shouted_share > _SHOUTING and len(document.page.words) > _SHORT:
        return
    for match in _SHOUTED.finditer(document.text):
        word = match.group(1)
        if re.match(r"\w", document.text[max(0, match.start() - 1) : match.start()]):
            continue
        if document.page.all_forms[word] > 2 or _beside_capitals(document.text, match.start(1), match.end(1)):
            continue
        if document.in_heading(match.start(1)):
            continue
        if match.start(1) in document.initial_starts and (word in _OPENING or mangled(document.page)):
            yield Proposal(match.start(1), match.end(1), word.capitalize(), 0.95)
        elif match.start(1) not in document.initial_starts and mangled(document.page):
            yield Proposal(match.start(1), match.end(1), word.lower(), 0.92)


_SHORT = 20
_OPENING = frozenset(["THE", "AN", "IN", "ON", "BUT", "HE", "SHE", "IT", "THEY"])
_SHOUTING = 0.1
"""Share of words in capitals from which capitals are a page's style."""
_FUNCTION_WORDS = (
    "THE|BUT|AND|AN|IN|ON|HE|SHE|THEY|WE|YOU|THIS|THAT|THESE|THOSE|FOR|WITH|FROM|AT|BY|OF|TO|AS|IF|WHEN|WHILE|AFTER|"
    "BEFORE|HIS|HER|ITS|THEIR|OUR|IS|WAS|ARE|WERE|HAS|HAD|HAVE|WILL|WOULD|THERE|WHAT|HOW|WHERE|"
    r"IT(?= (?:is|was|has|will)\b)"
)
_SHOUTED = re.compile(rf"({_FUNCTION_WORDS})(?= [A-Za-z])")
"""Also the ends of words: a pattern that starts with letters is searched for much faster than one with `\\b`."""


def _beside_capitals(text: str, start: int, end: int) -> bool:
    """Tell whether the word before or after is in capitals too."""
    before, after = _WORD_BEFORE.search(text, max(0, start - 30), start), _WORD_AFTER.match(text, end)
    return any(word is not None and len(word.group(1)) > 1 and word.group(1).isupper() for word in (before, after))


_WORD_BEFORE = re.compile(r"(\w+)\W{1,3}\Z")
_WORD_AFTER = re.compile(r"\W{1,3}(\w+)")


def said(document: Document) -> Iterator[Proposal]:
    """Propose `said` for `Said` between a question or exclamation and the speaker's name: `Europe? Said Matura.`"""
    if document.all_forms.keys().isdisjoint(_SAYING):
        return
    for match in _SAID.finditer(document.text):
        yield Proposal(match.start(1), match.start(1) + 1, match.group(1)[0].lower(), 0.92)


_SAYING = ("Said", "Asked", "Added", "Says", "Wondered")
_SAID = re.compile(rf"[?!][\"”’]? ({'|'.join(_SAYING)}) (?=[A-Z][a-z]+(?: [A-Z][a-z]+)?[.,])")


# lowered names -------------------------------------------------------------------------------------------------


def lowered(document: Document) -> Iterator[Proposal]:
    """Propose the capital that a name has elsewhere on the page, or always in edited English: `told kyiv`."""
    forms = document.all_forms
    written = document.page.once(_written_as_names)
    known = _names()
    names = {
        word for word in forms if len(word) > 3 and (word in written or word in known) and _is_name(document.page, word)
    }
    if not names:
        return
    page = document.page
    damaged = len(names) > 1 or mangled(page)
    for index, word in enumerate(document.words):
        if word not in names:
            continue
        start, end = document.span(index)
        seen = page.forms[word.capitalize()]
        sure = seen > 1 and seen >= 2 * page.all_forms[word]
        around = document.text[max(0, start - 1) : start] + document.text[end : end + 1]
        if (damaged or sure) and _ADDRESS.isdisjoint(around):
            yield Proposal(start, start + 1, word[0].upper(), 0.95 if seen else 0.91)


_ADDRESS = frozenset("@/._#:-=&")


def _written_as_names(page: Document) -> frozenset[str]:
    """Return the words, in lower case, that a page writes with a capital."""
    return frozenset([word.lower() for word in page.forms if word[0].isupper() and word[1:].islower()])


@cache
def _names() -> frozenset[str]:
    """Return the words that edited English never writes in lower case."""
    return frozenset(word for word, use in uses().items() if not use.lower and use.capital > 1)


def _is_name(page: Document, word: str) -> bool:
    """Tell whether a word in lower case is only ever a name: in edited English, by its possessive, on this page."""
    use = uses().get(word, _UNSEEN)
    zipf = frequencies().get
    if use.lower or not word.isalpha() or word[-1] == "s":
        return False
    plural = word[:-1] + "ies" if word[-1] == "y" else word + "s"
    if zipf(word + "'s", UNKNOWN) - zipf(plural, UNKNOWN) < _NAME_RATIO:
        return False
    return use.capital > 1 or (page.forms[word.capitalize()] > 0 and word_class(word) in "P?")


_NAME_RATIO = 6
"""Tenths of the Zipf scale by which a name's possessive is more frequent than its plural."""
