"""Trains the models of wrong capitals by capitalising words of clean text, as link texts do.

Usage: python -m training.train_case MASC_ZIP STATE_OF_THE_UNION_DIR
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from training import fit, masc
from training.make_lexicon import MODELS
from training.make_lexicon import write as write_groups
from training.train_apostrophes import address, pieces
from transforms.normalize import case, linear
from transforms.normalize.document import Document

SOURCES = """\
Made by training/train_case.py from the Manually Annotated Sub-Corpus of the Open American National Corpus (free of
restrictions on use) and the addresses on the State of the Union 1945-2006 (public domain). """

_FOLDS = 2
_ODD = frozenset(["technical", "journal", "blog", "jokes"])
"""Categories of MASC with program code, references and verse: only the page model sees them, as pages left alone."""
_PASSES = 5
_RATES = (0.01, 0.03, 0.05, 0.08)
_LOWER = re.compile(r"(?<=[a-z0-9,;)%A-Z] )[a-z]+(?=[ ,.])")


class Tally(NamedTuple):
    """How often words stand in mid-sentence in lower case and with a capital."""

    lower: Counter[str]
    capital: Counter[str]


def tally(text: str) -> Tally:
    """Return how often the words of a text stand in mid-sentence in lower case and with a capital."""
    forms = Document(text, "en").forms
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for word, count in forms.items():
        if count > 0 and word.isalpha() and word.isascii():
            if word.islower():
                lower[word] += count
            elif word == word.capitalize():
                capital[word.lower()] += count
    return Tally(lower, capital)


class LeftOut(case.Context):
    """Looks words up in all texts but the one at hand."""

    everywhere: Tally
    here: Tally

    def use(self, low: str) -> case.Use:
        lower = self.everywhere.lower[low] - self.here.lower[low]
        capital = self.everywhere.capital[low] - self.here.capital[low]
        return case.Use(min(7, lower.bit_length()), min(7, capital.bit_length()))

    def word_score(self, low: str, use: case.Use) -> float:
        return linear.score(self.weights, case.word_features(low, use))

    def _around_score(self, match: re.Match[str]) -> float:
        return linear.score(self.weights, case.around_features(*self._around(match)))


def capitalise(text: str, rate: float, chance: random.Random) -> tuple[str, set[int]]:
    """Return `text` with a capital on a share of the lower-case words in mid-sentence, and where."""
    places = set()
    parts, position = [], 0
    for match in _LOWER.finditer(text):
        keep = 0.4 if len(match.group()) < 4 else 1.0
        if chance.random() < rate * keep:
            parts += [text[position : match.start()], match.group()[0].upper()]
            position = match.start() + 1
            places.add(match.start())
    return "".join([*parts, text[position:]]), places


def context_of(document: Document, weights: linear.Weights, everywhere: Tally, here: Tally) -> LeftOut:
    """Return the context of a damaged document; `here` is the tally of the original it is part of."""
    context = LeftOut(document, weights)
    context.everywhere, context.here = everywhere, here
    return context


def examples(
    texts: Sequence[str], tallies: Sequence[Tally], everywhere: Tally, chance: random.Random
) -> tuple[list[list[str]], list[bool], list[float]]:
    """Return features of capitals in mid-sentence, whether each is wrong, and its weight (true ones come each pass)."""
    rows: list[list[str]] = []
    labels: list[bool] = []
    weights: list[float] = []
    for _ in range(_PASSES):
        for text, here in zip(texts, tallies, strict=True):
            for piece in pieces(text, 400):
                damaged, places = capitalise(piece, chance.choice(_RATES), chance)
                document = Document(damaged, "en")
                context = context_of(document, {}, everywhere, here)
                for match in case.candidates(document, context.use):
                    wrong = match.start(1) in places
                    rows.append(context.features(match))
                    labels.append(wrong)
                    weights.append(0.5 if wrong else 1 / _PASSES)
    return rows, labels, weights


class Judged(NamedTuple):
    """Capitals with their features against their page, whether each is wrong, and its weight."""

    rows: list[list[str]]
    labels: list[bool]
    weights: list[float]


def judged(fold: int, texts: Sequence[str], tallies: Sequence[Tally], everywhere: Tally, odd: Sequence[str]) -> Judged:
    """Return the capitals of one share of the pages, by a model that has seen only the other share.

    Args:
      fold: which share.
      texts: all texts to train on; the pages of the share are judged clean and damaged.
      tallies: the tally of each.
      everywhere: the tally of all.
      odd: texts whose pages are judged as they are.
    """
    chance = random.Random(10 + fold)
    order = list(range(len(texts)))
    random.Random(3).shuffle(order)
    rest = [index for place, index in enumerate(order) if place % _FOLDS != fold]
    rows = examples([texts[i] for i in rest], [tallies[i] for i in rest], everywhere, chance)
    model = fit.fit(*rows, least=4, rounds=_ROUNDS)
    pages = [(texts[index], tallies[index], rate) for index in order[fold::_FOLDS] for rate in (0.0, 0.01, 0.03)]
    pages += [(text, Tally(Counter(), Counter()), 0.0) for text in odd[fold::_FOLDS]]
    found = Judged([], [], [])
    for text, here, rate in pages:
        for piece in pieces(text, chance.choice((60, 150, 250, 400, 700))):
            damaged, places = capitalise(piece, rate, chance)
            context = context_of(Document(damaged, "en"), model, everywhere, here)
            for capital in case.weighed(context.document, context):
                found.rows.append(capital.features)
                found.labels.append(capital.start in places)
                found.weights.append(1.0 if rate else _CLEAN_WEIGHT)
    return found


_ROUNDS = 120
_CLEAN_WEIGHT = 0.6
"""How much a capital of a clean page counts: what is on the clean pages of MASC is often a heading in the text."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("masc", type=Path, help="masc_tagged.zip")
    parser.add_argument("addresses", type=Path, help="the folder state_union")
    arguments = parser.parse_args()
    documents = list(masc.read(arguments.masc, masc.EDITED))
    texts = [document.text for document in documents if document.category not in _ODD]
    texts += [address(path) for path in sorted(arguments.addresses.glob("*.txt"))]
    odd = [document.text for document in documents if document.category in _ODD]
    tallies = [tally(text) for text in texts]
    everywhere = Tally(Counter(), Counter())
    for here in tallies:
        for total, part in zip(everywhere, here, strict=True):
            total.update(part)
    header = SOURCES.replace("\n", "\n# ")
    table = {
        word: f"{min(7, everywhere.lower[word].bit_length())}{min(7, everywhere.capital[word].bit_length())}"
        for word in everywhere.lower.keys() | everywhere.capital.keys()
    }
    legend = "How words stand in mid-sentence: bits of how often in lower case, bits of how often with a capital.\n"
    write_groups(MODELS / "case.tsv", f"# {header}\n# {legend}", table)
    model = fit.fit(*examples(texts, tallies, everywhere, random.Random(1)), least=5, rounds=_ROUNDS)
    model = {feature: weight for feature, weight in model.items() if abs(weight) >= _LEAST_WEIGHT}
    fit.write(MODELS / "case_model.tsv", SOURCES + "Tells whether a capital is wrong.", model)
    folds = [judged(fold, texts, tallies, everywhere, odd) for fold in range(_FOLDS)]
    page = fit.fit(*(list(chain.from_iterable(parts)) for parts in zip(*folds, strict=True)), decay=2.0, rounds=_ROUNDS)
    fit.write(MODELS / "case_page.tsv", SOURCES + "Weighs a capital against its page.", page)


_LEAST_WEIGHT = 0.04


if __name__ == "__main__":
    main()
