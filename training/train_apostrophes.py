"""Trains the models of lost apostrophes by taking the apostrophes out of clean text.

Usage: python -m training.train_apostrophes MASC_ZIP STATE_OF_THE_UNION_DIR

Sources: MASC (see `training/masc.py`) and the addresses on the State of the Union 1945-2006 (`state_union` of the NLTK
data; works of the federal government of the United States, public domain).
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from training import fit, masc
from training.make_lexicon import MODELS
from training.rename import renamed
from transforms.normalize import apostrophes, linear
from transforms.normalize.document import Document

SOURCES = """\
Weights of a logistic model (feature, tab, weight) made by training/train_apostrophes.py from the Manually Annotated
Sub-Corpus of the Open American National Corpus (free of restrictions on use) and the addresses on the State of the
Union 1945-2006 (public domain), their apostrophes taken out. """

_LETTER_MARK = re.compile(r"(?<=[A-Za-z])['’](?=(?:s|t|re|ve|ll|d|m)\b)|(?<=s)['’](?!\w)", re.IGNORECASE)
_FOLDS = 4
_ODD = frozenset(["technical", "journal", "jokes", "email", "spam"])
"""Categories of MASC that are unlike a page of news; the page model doesn't see them."""


class Stripped(NamedTuple):
    """A text without (some of) its apostrophes."""

    text: str
    lost: dict[int, str]
    """What was lost, by the end in `text` of the word that lost it: `'s`, `s'`, or `c` for a contraction."""


class Example(NamedTuple):
    """A candidate of a damaged text."""

    features: list[str]
    kind: str
    word: str
    lost: str
    piece: int


def strip(text: str, rate: float, chance: random.Random) -> Stripped:
    """Return `text` with a share `rate` of the apostrophes of possessives and contractions taken out."""
    parts, lost = [], {}
    position = length = 0
    for match in _LETTER_MARK.finditer(text):
        start = match.start()
        if chance.random() >= rate or apostrophes.closes_quotation(text, start):
            continue
        parts.append(text[position:start])
        length += start - position
        position = start + 1
        after = re.match(r"\w*", text[position : position + 4])
        tail = after.group() if after else ""
        lost[length + len(tail)] = "s'" if not tail else "'s" if tail.lower() == "s" else "c"
    return Stripped("".join([*parts, text[position:]]), lost)


def pieces(text: str, words: int) -> list[str]:
    """Return `text` cut between paragraphs into pieces of `words` words or somewhat more, like articles."""
    result: list[list[str]] = [[]]
    count = 0
    for paragraph in text.split("\n\n"):
        if count >= words:
            result.append([])
            count = 0
        result[-1].append(paragraph)
        count += paragraph.count(" ") + 1
    return ["\n\n".join(piece) for piece in result]


def examples(texts: Iterable[str], rates: Sequence[float], seed: int) -> list[Example]:
    """Return the candidates of `texts`, each text stripped at a rate drawn from `rates`."""
    chance = random.Random(seed)
    found = []
    for piece, text in enumerate(texts):
        stripped = strip(text, chance.choice(rates), chance)
        document = Document(stripped.text, "en")
        context = apostrophes.Context(document, {})
        for candidate in apostrophes.candidates(document):
            end = document.spans[candidate.place][1]
            word = document.words[candidate.place]
            lost = stripped.lost.get(end, "")
            found.append(Example(context.features(candidate), candidate.kind, word, lost, piece))
    return found


def train(clean: Sequence[Example], invented: Sequence[Example], decay: float = 1.0) -> dict[str, float]:
    """Return the weights that tell whether a candidate lost its apostrophe; invented names count a little less."""
    rows = [*clean, *(example for example in invented if example.kind in "nai")]
    weights = [1.0] * len(clean) + [0.7] * (len(rows) - len(clean))
    return fit.fit([row.features for row in rows], [bool(row.lost) for row in rows], weights, decay)


def page_model(
    texts: Sequence[str], pages: Sequence[int], seen: Sequence[Example], invented: Sequence[Example], seed: int
) -> dict[str, float]:
    """Return the weights that judge a candidate by its page; scores come from models that haven't seen the page.

    Args:
      texts: what the examples were made from.
      pages: which of `texts` are like a page of news.
      seen: examples of `texts`.
      invented: examples of `texts` with invented names.
      seed: of the damage.
    """
    chance = random.Random(seed)
    order = list(pages)
    chance.shuffle(order)
    rows, labels, weights = [], [], []
    for fold in range(_FOLDS):
        out = frozenset(order[fold::_FOLDS])
        held = [texts[index] for index in order[fold::_FOLDS]]
        model = train([e for e in seen if e.piece not in out], [e for e in invented if e.piece not in out])
        for rate, weight in ((0.0, 1.0), (1.0, 1.0), (0.7, 0.5), (0.3, 0.5)):
            for text in held:
                for piece in pieces(text, chance.choice((20, 60, 120, 250, 500, 900))):
                    for features, lost in judged(strip(piece, rate, chance), model):
                        rows.append(features)
                        labels.append(lost)
                        weights.append(weight)
    return fit.fit(rows, labels, weights, decay=2.0)


def judged(stripped: Stripped, model: linear.Weights) -> Iterable[tuple[list[str], bool]]:
    """Yield what the page model sees of the likely candidates of a text, and whether they lost an apostrophe."""
    document = Document(stripped.text, "en")
    for candidate, odds, features in apostrophes.weighed(document, apostrophes.Context(document, model)):
        if odds > -1:
            yield features, document.spans[candidate.place][1] in stripped.lost


def rename_all(texts: Sequence[str], seed: int) -> list[str]:
    """Return `texts` with many of their names replaced by invented ones, empty where there is none to replace."""
    chance = random.Random(seed)
    return [renamed(text, chance) for text in texts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("masc", type=Path, help="masc_tagged.zip")
    parser.add_argument("addresses", type=Path, help="the folder state_union")
    arguments = parser.parse_args()
    documents = list(masc.read(arguments.masc, masc.EDITED | {"email", "spam"}))
    addresses = [address(path) for path in sorted(arguments.addresses.glob("*.txt"))]
    texts = [document.text for document in documents] + addresses
    rates = (1.0, 1.0, 0.6)
    seen = examples(texts, rates, seed=1)
    invented = examples(rename_all(texts, 5), (1.0,), seed=2) + examples(rename_all(texts, 6), (1.0, 0.6), seed=4)
    model = train(seen, invented)
    header = SOURCES + "Tells whether a word lost its apostrophe."
    fit.write(MODELS / "apostrophe.tsv", header, model)
    possessives = [example for example in seen if example.lost in ("'s", "s'")]
    plural = fit.fit([e.features for e in possessives], [e.lost == "s'" for e in possessives])
    fit.write(MODELS / "apostrophe_plural.tsv", SOURCES + "Tells s' from 's.", plural)
    header = SOURCES + "Weighs a word against its page."
    odd = {place for place, document in enumerate(documents) if document.category in _ODD}
    pages = [place for place in range(len(texts)) if place not in odd]
    fit.write(MODELS / "apostrophe_page.tsv", header, page_model(texts, pages, seen, invented, seed=3))


def address(path: Path) -> str:
    """Return the text of an address, its paragraphs parted by blank lines."""
    return re.sub(r"\s*\n\s*", "\n\n", path.read_text(encoding="utf-8", errors="replace"))


if __name__ == "__main__":
    main()
