"""Lost and misplaced apostrophes: `Chinas economy`, `the countrys leader`, `dont`, `Jinpings' speech`.

Whether a word lost an apostrophe is told by a linear model over the word, its neighbours, how frequent it is with and
without the apostrophe, and how the page uses it. A second, smaller model weighs that against the page as a whole: a
page that keeps its apostrophes hardly lost one, a page full of `Chinas` and `dont` lost them all. A third tells `'s`
from `s'`. All are made by `training/train_apostrophes.py` from clean text whose apostrophes were taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import compress, count
from math import log
from typing import NamedTuple

from transforms.normalize import linear, plurals
from transforms.normalize.document import Document, Proposal
from transforms.normalize.lexicon import UNKNOWN, classes, frequencies, word_class


class Contraction(NamedTuple):
    """A contraction that lost its apostrophe."""

    restored: str
    is_word: bool
    """Whether the form without an apostrophe is an English word too."""


class Candidate(NamedTuple):
    """A word that may have lost an apostrophe."""

    place: int
    """Index in `Document.words`."""
    kind: str
    """`c` contraction, `l` lower case, `n` capital in mid-sentence, `i` capital at a start, `a` acronym and s."""


class PageEvidence(NamedTuple):
    """What a page shows about its apostrophes."""

    lost: frozenset[str]
    """Words that can hardly be anything but a word that lost its apostrophe (`dont`, `countrys`, `Chinas`)."""
    kept: int
    """Number of possessives and contractions that have theirs."""


@cache
def contractions() -> dict[str, Contraction]:
    """Return contractions by the form without an apostrophe, in lower case."""
    source = (files("transforms.normalize") / "models" / "contractions.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in source.splitlines() if not line.startswith("#"))
    return {damaged: Contraction(restored, use == "word") for damaged, restored, use in rows}


# the rules -----------------------------------------------------------------------------------------------------


def lost(document: Document) -> Iterator[Proposal]:
    """Propose apostrophes for possessives and contractions that lost theirs."""
    page = linear.load("apostrophe_page")
    context, found = document.once(_weighed)
    bare = not document.page.once(page_evidence).kept
    for candidate, _, features in found:
        named = document.words[candidate.place][0].isupper()
        confidence = 1 - (_REMAINING_NAMED if named else _REMAINING) * (
            1 - linear.probability(linear.score(page, features))
        )
        if "alone" in features:
            confidence *= _ALONE
        if confidence > 0.5:
            start, end = document.span(candidate.place)
            after, certainty = _restored(document, context, candidate)
            confidence *= certainty
            if bare and named and _is_shown(document, candidate, features) and not context.is_family(candidate.place):
                confidence = 1 - _BARE * (1 - confidence)
            yield Proposal(start, end, after, confidence)


def _is_shown(document: Document, candidate: Candidate, features: list[str]) -> bool:
    """Tell whether a page without apostrophes speaks for a candidate: not for acronyms, nor a short one for a name."""
    if candidate.kind == "a" or "¡" in document.gap(candidate.place):  # a dash read with the wrong encoding
        return False
    return candidate.kind == "c" or "others>1" in features or len(document.page.words) >= _LONG_BARE


_LONG_BARE = 120
"""Many a clean page of fewer words has no apostrophe."""


def _is_plain(document: Document, candidate: Candidate) -> bool:
    """Tell whether a candidate stands as it should for a reason that the model doesn't know."""
    if candidate.kind == "c":
        return _is_no_contraction(document, candidate.place)
    named, word = candidate.kind != "l", document.words[candidate.place]
    return (
        _names_person(document, candidate)
        or plurals.is_plain(document, candidate.place, named)
        or (named and (_ends_in_s(document, word) or _is_kept(document, candidate.place)))
    )


def _is_kept(document: Document, place: int) -> bool:
    """Tell whether a name that only a page without any apostrophe could have lost one from stands on one that has some.

    Before another name (`Allans Vargas`, `Peoples Democratic Party`) and after an s (`Drass`) it may belong there.
    """
    if not document.page.once(page_evidence).kept:
        return False
    word = document.words[place]
    after = document.words[place + 1] if document.joined(place + 1) else ""
    again = document.page.all_forms[word[:-1]] and not plurals.is_irregular(word.lower())
    return word.lower().endswith("ss") or (after[:1].isupper() and not again)


def _ends_in_s(document: Document, word: str) -> bool:
    """Tell whether a name is known with its s only: to the page, which has it again, or by a capital inside."""
    forms, stem = document.page.all_forms, word[:-1]
    if forms[stem] or frequencies().get(stem.lower() + "'s", UNKNOWN) > UNKNOWN:
        return False
    inside = not stem[1:].islower() and not stem.isupper()
    return inside or (forms[word] > 1 and not stem.isupper() and frequencies().get(stem.lower(), UNKNOWN) <= UNKNOWN)


def _is_no_contraction(document: Document, place: int) -> bool:
    """Tell whether a word that looks like a contraction is part of an address, a name, or goes on like none."""
    text, (start, end) = document.text, document.span(place)
    if text[start - 1 : start] in _OF_CODE or text[end : end + 1] in _OF_CODE or text.startswith(" [sic]", end):
        return True
    word = document.words[place]
    low = word.lower()
    if word[0].isupper() and start not in document.initial_starts and contractions()[low].restored[0] != "I":
        return contractions()[low].is_word
    after = document.words[place + 1] if document.joined(place + 1) else ""
    if low == "lets":
        return bool(after) and (word_class(after) in "OTQIZX" or after in _NO_INFINITIVE)
    if low == "im":
        before = document.words[place - 1] if document.joined(place) else ""
        return after in ("is", "was", "are") or word_class(before) in "TQJ" or _is_surname(document, place)
    if low == "its":
        return _owns_noun(document, place + 1)
    if low == "were" and start not in document.initial_starts:
        return document.gap(place) != " " or word_class(document.words[place - 1].lower()) in "NSPRJU?"
    return _is_surname(document, place)


_OF_CODE = frozenset("/-_=@&#<>*\\+|~^")
"""What parts the words of addresses and program code; an empty string, at the ends of a text, isn't among them."""
_NO_INFINITIVE = frozenset(["are", "is", "was", "were", "people", "users", "users'"])


def _owns_noun(document: Document, place: int) -> bool:
    """Tell whether a noun, or an adjective and one, stands at `place`: what comes after `its`, seldom after `it's`."""
    if not document.joined(place):
        return False
    first = document.words[place]
    if first[0].isdigit() or first in _ORDINALS:
        return True
    if first == "most":
        return _owns_noun(document, place + 1)
    known = classes().get(first, word_class(first))
    if known in ("N", "S", "SN"):
        return first not in _AFTER_ITS
    if not document.joined(place + 1) or known[0] not in "JMNG" or set(known) & set("RITOV"):
        return False
    noun = document.words[place + 1]
    named = set(classes().get(noun, word_class(noun)))
    return bool(named & set("NS")) and not named & set("VIROTZ")


_ORDINALS = frozenset(
    ["first", "second", "third", "fourth", "fifth", "own", "overseas", "latest", "largest", "biggest"]
)
_AFTER_ITS = frozenset(["time", "fun", "part", "things", "people", "everything", "nothing", "something", "anything"])


def _is_surname(document: Document, place: int) -> bool:
    """Tell whether `Ive` or `Im` in mid-sentence is a name: another one stands beside it."""
    word, start = document.words[place], document.span(place)[0]
    if word not in _SURNAMES or start in document.initial_starts:
        return False
    before, after = document.token(place - 1), document.token(place + 1)
    named = before is not None and before.text[0].isupper() and word_class(before.text.lower()) in "P?N"
    return named or (word == "Im" and after is not None and after.text[0].isupper() and not after.text.isupper())


_SURNAMES = frozenset(["Ive", "Im", "Ill"])


def _names_person(document: Document, candidate: Candidate) -> bool:
    """Tell whether the word may be a first name in s: unknown to the page, rare as a possessive, a surname behind."""
    word, following = document.words[candidate.place], document.token(candidate.place + 1)
    if candidate.kind not in "ni" or following is None or following.start - document.span(candidate.place)[1] != 1:
        return False
    stem, low = word[:-1], word[:-1].lower()
    zipf = frequencies().get
    if zipf(word.lower(), UNKNOWN) <= UNKNOWN and zipf(low, UNKNOWN) >= _FREQUENT_POSSESSIVE:
        return False
    frequent = zipf(low + "'s", UNKNOWN) >= _FREQUENT_POSSESSIVE
    return following.text[0].isupper() and not document.page.all_forms[stem] and not frequent


_FREQUENT_POSSESSIVE = 25


def weighed(document: Document, context: Context) -> Iterator[tuple[Candidate, float, list[str]]]:
    """Yield likely candidates, their log odds, and the features that set them against the page."""
    evidence = document.page.once(page_evidence)
    if evidence.kept and not evidence.lost:
        return
    found = [(candidate, context.score(candidate)) for candidate in candidates(document)]
    found = [(c, odds) for c, odds in found if odds > _LEAST_ODDS and not _is_plain(document, c)]
    seen = evidence.lost | {document.words[candidate.place] for candidate, odds in found if odds > STRONG}
    for candidate, odds in found:
        word = document.words[candidate.place]
        others, sure = len({each.lower() for each in seen} - {word.lower()}), word in evidence.lost
        yield candidate, odds, page_features(odds, others, evidence.kept, candidate.kind, sure)


def _weighed(document: Document) -> tuple[TrainedContext, list[tuple[Candidate, float, list[str]]]]:
    """Return a document's context, and what `weighed` yields for it."""
    context = TrainedContext(document)
    return context, list(weighed(document, context))


_REMAINING_NAMED, _REMAINING = 0.45, 0.7
"""Share of the model's wrong answers, with a capital and without, that are left when those have been taken out that
`_is_plain` and `_is_doubtful` know of: measured on 700 articles of the Worldwide Newswire corpus and the corpora that
`benchmarks/repair.py` holds out; no model was trained on them."""

_ALONE = 0.93
"""What it takes from the confidence that nothing else on the page lost an apostrophe."""

_BARE = 0.5
"""Share of the doubt about a capitalised word that is left on a page that has no apostrophe at all: there nine in
ten of those at 0.82 to 0.9 were right (44 of 50 in 300 articles of the Worldwide Newswire corpus and 650 that
`benchmarks/repair.py` holds out). Not of acronyms, whose plurals look like that too (`NGOs`), nor of the only name."""

_LEAST_ODDS = -1.0

STRONG = 3.0
"""Log odds from which a word counts as evidence that the page lost apostrophes."""


def misplaced(document: Document) -> Iterator[Proposal]:
    """Propose `Jinping's` for `Jinpings'` where the page knows a Jinping and no Jinpings."""
    forms = document.page.all_forms
    if "s' " not in document.text and "s’ " not in document.text:
        return
    for match in _MISPLACED.finditer(document.text):
        stem = match.group(1)
        following = document.token_at(match.end())
        if following is not None and plurals.is_plural_verb(following.text):
            continue
        if forms[stem] and _ratio(stem.lower()) >= 0 and not closes_quotation(document.text, match.start(2)):
            yield Proposal(match.start(2), match.end(2), match.group(2)[::-1], 0.95)


_MISPLACED = re.compile(r"([A-Z](?<![Tt]he .)(?<!\w.)[a-z]{2,})(s['’]) (?=[a-zA-Z])")


def shouted(document: Document) -> Iterator[Proposal]:
    """Propose `CNN's` for `CNNS` before a name or noun where the page or the language knows CNN and no CNNS."""
    forms, zipf = document.page.all_forms, frequencies().get
    for match in _SHOUTED.finditer(document.text):
        base, after = match.group(1).lower(), match.group(2)
        known = zipf(base + "'s", UNKNOWN) > UNKNOWN and zipf(base + "s", UNKNOWN) < zipf(base, UNKNOWN) - 15
        if forms[f"{match.group(1)}S"] > max(1, forms[match.group(1)]):
            continue
        if (
            (known or forms[match.group(1)])
            and (after[0].isupper() or word_class(after) in "NJ")
            and not after.isupper()
        ):
            yield Proposal(match.end(1), match.end(1) + 1, f"{document.page.apostrophe}s", 0.93)


_SHOUTED = re.compile(r"([B-DF-HJ-NP-TV-Z](?<![\w-].)(?<![A-Z] .)[B-DF-HJ-NP-TV-Z]{2,4})S (?=([A-Za-z]+))")
"""An acronym without vowels and an S."""


def closes_quotation(text: str, place: int) -> bool:
    """Tell whether the mark after the s at `place` closes a quotation that opened earlier in the line."""
    start = max(text.rfind("\n", 0, place) + 1, place - _LONGEST_QUOTATION)
    return bool(_OPEN_QUOTATION.search(text, start, place))


_LONGEST_QUOTATION = 400
_OPEN_QUOTATION = re.compile(r"(?:^|(?<=[\s(]))['‘]\w[^'’]*\Z", re.MULTILINE)


def _ratio(base: str) -> int:
    zipf = frequencies().get
    return zipf(base + "'s", UNKNOWN) - zipf(base + "s", UNKNOWN)


def _restored(document: Document, context: TrainedContext, candidate: Candidate) -> tuple[str, float]:
    """Return a word with its apostrophe, and how sure its place is."""
    word, mark = document.words[candidate.place], document.page.apostrophe
    if candidate.kind == "c":
        full = contractions()[word.lower()].restored.replace("'", mark)
        return (full[0].upper() + full[1:] if word[0].isupper() else full), 1.0
    low, place, named = word.lower(), candidate.place, candidate.kind != "l"
    if plurals.is_irregular(low):
        return f"{word[:-1]}{mark}s", 1.0
    certainty = _DOUBTFUL if _is_doubtful(document, candidate) else 1.0
    many = plurals.number(document, place, named) == "p"
    if many and plurals.spelt_plural(low):
        return f"{word[:-2]}ies{mark}", certainty * _MANY
    plural = linear.probability(context.plural_score(candidate))
    if many or plural > 0.5:
        if many and plurals.goes_on(document, place) != "n":
            certainty = _DOUBTFUL
        return f"{word}{mark}", certainty * max(plural, _MANY * many) * (_DOUBTFUL if named else 1.0)
    if context.is_family(place):
        certainty = _DOUBTFUL
    return f"{word[:-1]}{mark}s", certainty * (1 - plural)


def _is_doubtful(document: Document, candidate: Candidate) -> bool:
    """Tell whether what follows speaks against a possessive, whatever the word."""
    place = candidate.place
    if plurals.ends_phrase(document, place):
        return True
    after = document.words[place + 1]
    if candidate.kind == "l":
        return after[0].isupper() and not after.isupper() and plurals.is_people(document.words[place])
    return candidate.kind == "a" and after.islower() and (word_class(after) in "DVZMRG" or after in _ADVERBS)


_ADVERBS = frozenset(["daily", "weekly", "monthly", "today", "yesterday", "worldwide"])

_DOUBTFUL = 0.85
"""Certainty of what is right more often than not, but not often enough to be made at the default confidence."""
_MANY = 0.97
"""Certainty of the plural after `two`, `these` and the like."""


def plural_owners(document: Document) -> Iterator[Proposal]:
    """Propose the apostrophe of plurals before what they own: `farmers incomes`, on pages that lost all of theirs."""
    evidence, mark = document.page.once(page_evidence), document.page.apostrophe
    if evidence.kept:
        return
    strong = {document.words[candidate.place] for candidate, odds, _ in document.once(_weighed)[1] if odds > STRONG}
    if len(evidence.lost | strong) < _ALL_LOST:
        return
    kept = {word for word in document.all_forms if word[-1] == "s" and len(word) > _SHORT and word.islower()}
    for index, word in enumerate(document.words):
        if word in kept and plurals.owns(document, index):
            yield Proposal(*document.span(index), word + mark, 0.93)


_ALL_LOST = 2
"""Different words that surely lost an apostrophe, from which a page that kept none counts as one that lost them all."""
_SHORT = 3


# the page ------------------------------------------------------------------------------------------------------


def page_evidence(page: Document) -> PageEvidence:
    """Return what `page` shows about its apostrophes, from single words alone."""
    forms = page.all_forms
    marked = [word for word in forms if "'" in word or "’" in word] if "'" in page.text or "’" in page.text else []
    kept = sum(forms[word] for word in marked if _CLITIC.search(word))
    return PageEvidence(frozenset([word for word in forms if word[-1] in _ENDS and _surely_lost(word)]), kept)


_CLITIC = re.compile(r"['’](?:s|t|re|ve|ll|d|m)\Z", re.IGNORECASE)


@lru_cache(maxsize=1 << 15)
def _surely_lost(word: str) -> bool:
    if not word.isalpha():
        return False
    contraction = contractions().get(word.lower())
    if contraction is not None:
        return not contraction.is_word
    low = word.lower()
    if word[-1] != "s" or len(word) < 4 or low[-2:] == "ss" or word[1:] != low[1:]:
        return False
    zipf = frequencies().get
    possessive, plural = zipf(low[:-1] + "'s", UNKNOWN), zipf(low, UNKNOWN)
    least = 10 if word == low else 8
    return possessive - plural >= least or (plural <= UNKNOWN and possessive >= _LISTED)


_LISTED = 13
"""Frequency of a possessive (tenths of the Zipf scale) whose word is never listed with a plain s."""


def page_features(odds: float, others: int, kept: int, kind: str, sure: bool) -> list[str]:
    """Return the features by which a candidate is weighed against its page.

    Args:
      odds: the candidate's log odds.
      others: other words of the page that surely lost an apostrophe.
      kept: apostrophes that the page kept.
      kind: kind of the candidate.
      sure: whether the word can by itself hardly be anything else.
    """
    step = min(18, int(2 * odds) + 2)
    more, still = min(4, others.bit_length()), min(6, kept.bit_length())
    features = [
        "",
        *(f"odds>{level}" for level in range(step + 1)),
        *(f"others>{level}" for level in range(more + 1)),
        *(f"kept>{level}" for level in range(still + 1)),
        f"others{more}kept{min(3, still)}",
        f"kind{kind}",
        f"odds{min(6, int(odds))}others{min(2, more)}",
        f"odds{min(8, int(odds))}kind{kind}",
    ]
    if sure:
        features += ["sure", f"sure{kind}"]
    if not others and (not sure or (kind != "c" and kept > 1)):
        features.append("alone")
    return features


# candidates and their features ---------------------------------------------------------------------------------


def candidates(document: Document) -> Iterator[Candidate]:
    """Yield the words that may have lost an apostrophe."""
    kinds = {word: kind for word in document.all_forms if word[-1] in _ENDS and (kind := _kind(word))}
    starts, text = document.initial_starts, document.text
    for index in compress(count(), map(kinds.__contains__, document.words)):
        kind, (start, end) = kinds[document.words[index]], document.span(index)
        if text[end : end + 1] not in _MARKS:
            yield Candidate(index, "i" if kind == "n" and start in starts else kind)


_MARKS = frozenset(["'", "’"])
_ENDS = frozenset("stedlm")
"""What words end in that may have lost an apostrophe: half of all, so it is asked before anything slower."""


@lru_cache(maxsize=1 << 15)
def _kind(word: str) -> str:
    """Return the kind of candidate that a word is, or an empty string; `n` for `i` too."""
    low = word.lower()
    if low in contractions():
        if low in _FIRST_PERSON and word[0] == "i":
            return ""
        return "c" if word[1:] == low[1:] else ""
    if word[-1] != "s" or len(word) < 3 or not word.isalpha():
        return ""
    if low.endswith("ss") and (word == low or len(word) < 5 or low in frequencies()):
        return ""
    if word == low:
        return "l" if word.isascii() else ""
    return "a" if word[:-1].isupper() else "n"


_FIRST_PERSON = frozenset(["ill", "id"])
_INSIDE = frozenset([" ", "-", ' "', " “"])
"""What may stand between the words of a noun phrase."""


def uses(page: Document) -> dict[str, tuple[int, int]]:
    """Return how often each word in s goes on with a noun, and as no possessive can."""
    found: dict[str, list[int]] = {}
    sought = {word for word in page.all_forms if word[-1] == "s" and len(word) > 2}
    for index in compress(count(), map(sought.__contains__, page.words)):
        way = plurals.goes_on(page, index)
        if way:
            found.setdefault(page.words[index], [0, 0])[way == "e"] += 1
    return {word: (nouns, ends) for word, (nouns, ends) in found.items()}


def names(page: Document) -> dict[str, tuple[int, int]]:
    """Return how often each word with a capital stands without `the`, and with it, where its plural is on the page."""
    wanted = {word[:-1] for word in page.all_forms if word[-1] == "s" and word[0].isupper()}
    found: dict[str, list[int]] = {}
    before = ""
    for word in page.words:
        if word in wanted:
            found.setdefault(word, [0, 0])[before in ("the", "The")] += 1
        before = word
    return {word: (bare, articled) for word, (bare, articled) in found.items()}


def pairs(page: Document) -> dict[tuple[str, str], int]:
    """Return how often each pair of capitalised words stands on a page, of those whose second has an s there or not."""
    second = {word for word in page.all_forms if word[0].isupper() and word[-1] == "s"}
    second |= {word[:-1] for word in second}
    found: dict[tuple[str, str], int] = {}
    before = "-"
    for word in page.words:
        if word in second and before[0].isupper():
            found[before, word] = found.get((before, word), 0) + 1
        before = word
    return found


class _Type(NamedTuple):
    """What a word tells by itself, and what groups it belongs to whose neighbours are seen apart."""

    score: float
    sort: str
    """Group by kind and frequency."""
    shape: str
    """Group by how the page uses the word."""


class Context:
    """A document as the features of its candidates need it."""

    def __init__(self, document: Document, weights: linear.Weights) -> None:
        self.document = document
        self.page = document.page
        self.weights = weights
        self.types: dict[tuple[str, str], _Type] = {}

    def features(self, candidate: Candidate) -> list[str]:
        """Return all features of a candidate."""
        word = self.document.words[candidate.place]
        kept, _ = self._page_features(word, candidate.kind)
        return word_features(word, candidate.kind)[0] + kept + around_features(*self._around(candidate))

    def score(self, candidate: Candidate) -> float:
        """Return the log odds that a candidate lost its apostrophe."""
        own = self._type(candidate).score
        return own if own < _HOPELESS else own + self._around_score(candidate)

    def _around_score(self, candidate: Candidate) -> float:
        """Return the log odds that the words around a candidate give."""
        return linear.score(self.weights, around_features(*self._around(candidate)))

    def _type(self, candidate: Candidate) -> _Type:
        key = self.document.words[candidate.place], candidate.kind
        known = self.types.get(key)
        if known is None:
            score, sort = self.word_score(*key)
            if score >= _HOPELESS - 3 or not self.weights:
                page_score, shape = self._page_score(*key)
                known = _Type(score + page_score, sort, shape)
            else:
                known = _Type(score, sort, "")
            self.types[key] = known
        return known

    def word_score(self, word: str, kind: str) -> tuple[float, str]:
        """Return the log odds that a word by itself gives, and its sort."""
        features, sort = word_features(word, kind)
        return linear.score(self.weights, features), sort

    def _around(self, candidate: Candidate) -> tuple[str, ...]:
        """Return what the features of the words around a candidate are made of."""
        index = candidate.place
        _, sort, shape = self._type(candidate)
        after, after_class = self._neighbour(index, 1)
        after2, after2_class = self._neighbour(index, 2) if after_class.isalpha() else ("", "")
        before, before_class = self._neighbour(index, -1)
        before2, before2_class = self._neighbour(index, -2) if before_class.isalpha() else ("", "")
        kind, word = candidate.kind, self.document.words[index]
        own, number, others, articled, pair = "C", "", "", "", ""
        if kind != "c":
            own = word_class(word) if kind == "l" else "C"
            number = plurals.number(self.document, index, kind != "l")
            others = self._others(index, word)
            articled = self._articled(word, before) if kind != "l" else ""
            pair = self._pair(index, word) if kind != "l" else ""
        return (
            sort, shape, self._head(index), before2, before2_class, before, before_class, after, after_class,
            after2, after2_class, kind, own, number, others, articled, pair,
        )  # fmt: skip

    def _others(self, index: int, word: str) -> str:
        """Return how the page's other uses of the word go on: with a noun, or as no possessive can."""
        nouns, ends = self._uses.get(word, (0, 0))
        own = plurals.goes_on(self.document, index)
        nouns, ends = nouns - (own == "n"), ends - (own == "e")
        return f"{min(2, max(0, nouns))}{min(2, max(0, ends))}"

    def is_family(self, index: int) -> bool:
        """Tell whether `the` stands before a name that takes none: a family, or an article that isn't right either."""
        word = self.document.words[index]
        low = word.lower()
        before = self.document.words[index - 1].lower() if self.document.joined(index) else ""
        if not word[0].isupper() or word[:-1].isupper():
            return False
        shown = self._articled(word, before)
        return shown == "n" or (shown == "?" and word_class(low[:-1]) != "N" and not plurals.takes_article(low[:-1]))

    def _articled(self, word: str, before: str) -> str:
        """Return whether `the` stands before a name, and whether the page has it before the name without its s."""
        if before != "the":
            return "-"
        bare, articled = self._names.get(word[:-1], (0, 0))
        return "k" if articled else "n" if bare else "?"

    def _pair(self, index: int, word: str) -> str:
        """Return how often the page has a name of two words (`Prime Ministers`) without its s, and as it stands."""
        document = self.document
        if not document.joined(index) or not document.words[index - 1][0].isupper():
            return "-"
        before, pairs = document.words[index - 1], self._pairs
        return f"{min(2, pairs.get((before, word[:-1]), 0))}{min(2, pairs.get((before, word), 0))}"

    @cached_property
    def _pairs(self) -> dict[tuple[str, str], int]:
        return self.page.once(pairs)

    @cached_property
    def _uses(self) -> dict[str, tuple[int, int]]:
        return self.page.once(uses)

    @cached_property
    def _names(self) -> dict[str, tuple[int, int]]:
        return self.page.once(names)

    def _head(self, index: int) -> str:
        """Return the classes of the words that follow, up to the first that is no adjective, number or -ing form."""
        words, document, path = self.document.words, self.document, ""
        for place in range(index + 1, min(index + 6, len(words))):
            if document.gap(place) not in _INSIDE:
                return path + "."
            sort = "J" if words[place].lower() == "own" else _sort(words[place])
            if sort not in path[-1:]:
                path += sort
            if sort not in "JU":
                break
        return path

    def _neighbour(self, index: int, step: int) -> tuple[str, str]:
        """Return a neighbouring word in lower case and its class; punctuation between makes it `,` or the like."""
        document = self.document
        if not 0 <= index + step < len(document.words):
            return "#", "."
        gap = document.gap(index + step if step > 0 else index + step + 1)
        if gap == "-" and step < 0 and document.words[index - 1][0].isupper():
            return "-", "P"
        if gap != " ":
            mark = gap.strip()[:1] or "#"
            return mark, mark if mark in ",-" else "."
        return _class_beside(document.words[index + step])

    def _use(self, word: str, kind: str) -> Use:
        """Return how the page uses a word."""
        stem, base = word[:-1], word[:-1].lower()
        forms, all_forms = self.page.forms.get, self.page.all_forms.get
        plural, possessive, _, trust = _frequencies(word.lower())
        named, lower = forms(stem, 0), all_forms(base, 0)
        lowercase = kind == "l"
        return Use(
            kind,
            min(3, named),
            min(3, lower + all_forms(base.capitalize(), 0)) if lowercase else min(2, lower),
            min(3, all_forms(word, 0) + all_forms(word + "'", 0)),
            "-" if lowercase else str(round(2 * log((max(0, named) + 0.5) / (max(0, forms(word, 0)) + 0.5)))),
            max(-25, min(25, possessive - plural)) // 3,
            trust,
            stem + "'s" in self.page.all_forms or stem + "’s" in self.page.all_forms,
        )

    def _page_features(self, word: str, kind: str) -> tuple[list[str], str]:
        """Return what the page tells about a word, and its shape."""
        return ([], "c") if kind == "c" else use_features(self._use(word, kind))

    def _page_score(self, word: str, kind: str) -> tuple[float, str]:
        """Return the log odds that the page gives to a word, and its shape."""
        features, shape = self._page_features(word, kind)
        return linear.score(self.weights, features), shape


class TrainedContext(Context):
    """A document's context under the model that ships with newsbeam."""

    def __init__(self, document: Document) -> None:
        super().__init__(document, linear.load("apostrophe"))

    def word_score(self, word: str, kind: str) -> tuple[float, str]:
        return _word_score(word, kind)

    def _page_score(self, word: str, kind: str) -> tuple[float, str]:
        return (0.0, "c") if kind == "c" else _use_score(self._use(word, kind))

    def plural_score(self, candidate: Candidate) -> float:
        """Return the log odds that a candidate is the possessive of a plural (`the workers' union`)."""
        word, plural = self.document.words[candidate.place], linear.load("apostrophe_plural")
        own = _word_plural_score(word, candidate.kind)
        page = linear.score(plural, self._page_features(word, candidate.kind)[0], own)
        return linear.score(plural, around_features(*self._around(candidate)), page)

    def _around_score(self, candidate: Candidate) -> float:
        return _around_score(*self._around(candidate))


@lru_cache(maxsize=1 << 10)
def _around_score(*around: str) -> float:
    """Return what `Context._around_score` does; remembered as far as a page, read again after a repair, goes."""
    return linear.score(linear.load("apostrophe"), around_features(*around))


@lru_cache(maxsize=1 << 10)
def around_features(
    sort: str,
    shape: str,
    head: str,
    before2: str,
    before2_class: str,
    before: str,
    before_class: str,
    after: str,
    after_class: str,
    after2: str,
    after2_class: str,
    kind: str,
    own: str,
    number: str,
    others: str,
    articled: str,
    pair: str,
) -> list[str]:
    """Return the features of the words around a candidate, from what `Context._around` returns."""
    return [
        f"{kind}#{number}",
        f"{sort}#{number}",
        f"{own}#{number}>{head}",
        f"{own}>{head}",
        f"{kind}&{others}",
        f"{sort}&{others}",
        f"{shape}&{others}",
        f"{kind}{own}&{others}>{head[:1]}",
        f"{kind}the{articled}",
        f"{sort}the{articled}",
        f"{shape}the{articled}>{head[:1]}",
        f"{kind}pair{pair}",
        f"{sort}pair{pair}",
        f"{kind}pair{pair}>{head[:1]}",
        f"{sort}>{head}",
        f"{shape}>{head}",
        f"{sort}-{before_class}>{head}",
        f"+{after}",
        f"{sort}+{after_class}",
        f"{sort}+{after_class}{after2_class}",
        f"{sort}++{after2}",
        f"-{before}",
        f"{sort}-{before}",
        f"{sort}-{before_class}",
        f"{sort}-{before_class}+{after_class}",
        f"{sort}-{before_class}+{after_class}{after2_class}",
        f"{sort}-{before2_class}{before_class}+{after_class}",
        f"{sort}--{before2}",
        f"{sort}+{after}",
        f"{shape}+{after_class}",
        f"{shape}+{after_class}{after2_class}",
        f"{shape}-{before_class}+{after_class}",
        f"{shape}-{before}",
    ]


@lru_cache(maxsize=1 << 14)
def _word_plural_score(word: str, kind: str) -> float:
    return linear.score(linear.load("apostrophe_plural"), word_features(word, kind)[0])


@lru_cache(maxsize=1 << 14)
def _use_score(use: Use) -> tuple[float, str]:
    features, shape = use_features(use)
    return linear.score(linear.load("apostrophe"), features), shape


@lru_cache(maxsize=1 << 14)
def _word_score(word: str, kind: str) -> tuple[float, str]:
    features, sort = word_features(word, kind)
    return linear.score(linear.load("apostrophe"), features), sort


class Use(NamedTuple):
    """How a page uses a word that may have lost an apostrophe; few of the possible values ever occur."""

    kind: str
    named: int
    """How often the page has the word without its s in mid-sentence, 3 at most."""
    common: int
    """How often it has that in lower case, 3 at most."""
    same: int
    """How often it has the word as it stands, 3 at most."""
    balance: str
    """Logarithm of how much oftener it has the one than the other."""
    ratio: int
    """How much oftener English has the possessive than the plural."""
    trust: str
    kept: bool
    """Whether the page also has the word with its apostrophe."""


@lru_cache(maxsize=1 << 14)
def use_features(use: Use) -> tuple[list[str], str]:
    """Return the features of a page's use of a word, and its shape."""
    kind, named, common, same, balance, ratio, trust, kept = use
    features = [
        f"{kind}named{named}",
        f"{kind}named{named}r{ratio // 2}",
        f"{kind}common{common}",
        f"{kind}same{same}",
        f"{kind}named{named}same{same}",
        f"balance{balance}",
        f"balance{balance}r{ratio // 2}",
        f"balance{balance}{trust}",
    ]
    if kept:
        features.append("kept")
    return features, f"{'l' if kind == 'l' else 'C'}{named}{same}"


@lru_cache(maxsize=1 << 14)
def _sort(word: str) -> str:
    """Return a word's class with what else it can be, names and numbers apart."""
    low = word.lower()
    if low[0].isdigit():
        return "U"
    if word != low:
        return "P"
    known = classes().get(low)
    return word_class(low) if known is None else known[:2] if known[0] in "NVSZDM" else known[0]


@lru_cache(maxsize=1 << 14)
def _class_beside(word: str) -> tuple[str, str]:
    """Return a word in lower case and its class, names and numbers apart."""
    low = word.lower()
    group = word_class(low)
    if word == low or group in "TIOQCWX":
        return low, group
    return low, "U" if low[0].isdigit() else "P"


@lru_cache(maxsize=1 << 15)
def _frequencies(low: str) -> tuple[int, int, int, str]:
    """Return the frequencies of a word in s, of its possessive and of its base, and how far to trust them."""
    zipf = frequencies().get
    plural, possessive, singular = zipf(low, UNKNOWN), zipf(low[:-1] + "'s", UNKNOWN), zipf(low[:-1], UNKNOWN)
    most = max(plural, possessive)
    return plural, possessive, singular, "?" if most <= UNKNOWN else "r" if most < 20 else ""


def word_features(word: str, kind: str) -> tuple[list[str], str]:
    """Return the features of a word by itself, and the sort of word that its neighbours are seen with."""
    low = word.lower()
    if kind == "c":
        if not contractions()[low].is_word:
            return ["", "c:", f"c:{low}"], "c:"
        return ["", f"c:{low}"], f"c:{low}"
    base = low[:-1]
    plural, possessive, singular, trust = _frequencies(low)
    ratio = max(-25, min(25, possessive - plural)) // 3
    spread = max(-15, min(25, singular - plural)) // 3
    group = word_class(low) if plural > UNKNOWN else "0"
    ending = base[-1] if base[-1] in "yxzhfsu" else base[-2:] if base.endswith(("en", "ss")) else ""
    case = "l" if kind == "l" else "C"
    features = [
        "",
        kind,
        f"{kind}r{ratio}{trust}",
        f"r{ratio}",
        f"{kind}s{spread}",
        f"{kind}r{ratio}s{spread}",
        f"{kind}z{singular // 5}",
        f"{kind}p{plural // 5}q{possessive // 5}",
        f"{kind}group{group}",
        f"{kind}base{word_class(base) if singular > UNKNOWN else '0'}",
        f"{kind}end{ending}",
        f"{kind}={low}",
        *(f"{case}r>{step}" for step in range(-18, min(21, possessive - plural), 3)),
        *(f"{case}s>{step}" for step in range(-12, min(21, singular - plural), 4)),
    ]
    return features, f"{kind}{(ratio + 1) // 3}"


_HOPELESS = -5.0
"""Neighbours hardly outweigh log odds below this; such words are passed over, which keeps the rule fast."""
