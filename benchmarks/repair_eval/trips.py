"""Judge repairs of machine round trips, whose damage is real and whose gold is only the original as a whole."""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.repair_eval.scoring import word_span
from transforms.records import Edit, apply_edits

_WORDS = re.compile(r"\S+")
_SLACK = 12  # words that a translation may move a word by


@dataclass(frozen=True)
class Trip:
    """A text after a round trip by `pivot`, and the `original`."""

    name: str
    pivot: str
    original: str
    text: str


def read_trips(path: Path) -> list[Trip]:
    """What `benchmarks/round_trips.py` wrote."""
    with path.open(encoding="utf-8") as lines:
        return [Trip(**json.loads(line)) for line in lines]


class Judge:
    """Tells for an edit of a round trip whether it brings the text nearer to the original.

    The words of both texts are aligned; around the place of the edit, `_SLACK` words either way, the original is
    looked at. The edit is `right` where more of the words, or pairs of words, that it makes than of those it replaces
    stand there, `wrong` where fewer do, else `open` (the translation lost the word: a person has to look).
    """

    def __init__(self, trip: Trip) -> None:
        self.text = trip.text
        self._words = [(m.start(), m.end(), _bare(m[0])) for m in _WORDS.finditer(trip.text)]
        self._original = [_bare(m[0]) for m in _WORDS.finditer(trip.original)]
        matcher = difflib.SequenceMatcher(None, [w for *_, w in self._words], self._original, autojunk=False)
        self._anchors = [
            (block.a + i, block.b + i) for block in matcher.get_matching_blocks() for i in range(block.size)
        ]

    def verdict(self, edit: Edit) -> str:
        start, end = word_span(self.text, edit.start, edit.end)
        after = self.text[start : edit.start] + edit.after + self.text[edit.end : end]
        left, right = self.text[:start].split()[-1:], self.text[end : end + 80].split()[:1]
        old = [_bare(word) for word in (*left, *self.text[start:end].split(), *right)]
        new = [_bare(word) for word in (*left, *after.split(), *right)]
        window = self._window(start, end)
        gained, lost = _difference(Counter(pairwise(old)), Counter(pairwise(new)), Counter(pairwise(window)))
        if not Counter(new) <= Counter(old):  # words were changed, not only taken out
            words = _difference(Counter(old), Counter(new), Counter(window))
            gained, lost = gained + words[0], lost + words[1]
        if gained > lost:
            return "right"
        return "wrong" if lost > gained else "open"

    def _window(self, start: int, end: int) -> list[str]:
        first = sum(1 for word in self._words if word[1] <= start)
        last = first + len(self.text[start:end].split())
        near = [b for a, b in self._anchors if first - _SLACK <= a < last + _SLACK]
        if near:
            low, high = min(near), max(near)
        else:
            scale = len(self._original) / max(1, len(self._words))
            low, high = int(first * scale), int(last * scale)
        return self._original[max(0, low - _SLACK) : high + _SLACK + 1]


def _bare(word: str) -> str:
    return re.sub(r"^[^\w]+|[^\w]+$", "", word.replace("’", "'")) or word


def _difference(old: Counter[Any], new: Counter[Any], window: Counter[Any]) -> tuple[int, int]:
    """How many items of the original's `window` a change from `old` to `new` brings in, and how many it takes away."""
    return ((new - old) & (window - old)).total(), ((old - new) & window).total()


def chrf(hypothesis: str, reference: str) -> float:
    """chrF (Popović 2015) of one document, 0..100, as sacrebleu computes it; `’` and `'` are the same to it."""
    return float(_chrf().sentence_score(_straight(hypothesis), [_straight(reference)]).score)


def _straight(text: str) -> str:
    return text.replace("’", "'")


def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def without_lifts(text: str, edits: Sequence[Edit], lifted: Iterable[Edit]) -> str:
    """The repaired text with boilerplate left in that the original has too."""
    kept = list(lifted)
    return apply_edits(text, [edit for edit in edits if edit not in kept])


class Mentions:
    """Finds entity mentions with spaCy's small English model (optional: `pip install newsbeam[entities]`)."""

    def __init__(self, model: str) -> None:
        import spacy

        self._nlp = spacy.load(model, disable=["lemmatizer", "parser", "attribute_ruler"])

    def find(self, text: str) -> Counter[str]:
        """Names of persons, groups, organisations, places and events, without article and possessive."""
        labels = {"PERSON", "NORP", "ORG", "GPE", "LOC", "FAC", "EVENT"}
        return Counter(_mention(ent.text) for ent in self._nlp(text).ents if ent.label_ in labels)


def _mention(text: str) -> str:
    text = re.sub(r"^(?:the|The) ", "", " ".join(text.replace("’", "'").split()))
    return re.sub(r"'s?$", "", text)


def found_again(original: Counter[str], other: Counter[str]) -> int:
    """How many of the original's mentions stand in the other text's."""
    return sum((original & other).values())


def reachable(lost: Counter[str], text: str) -> int:
    """How many lost mentions stand in the garbled `text` but for apostrophes, case, accents or a false `s`.

    The rest went with its words: no repair of apostrophes, case and names can bring it back.
    """
    folded = f" {_skeleton(text)} "
    return sum(n for mention, n in lost.items() if f" {_skeleton(mention)} " in folded)


def _skeleton(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if c.isalnum() or c.isspace())
    return " ".join(re.sub(r"s$", "", word) for word in bare.split())
