"""`garble_score`: how machine-mangled a page is, from 0 (clean) to 1.

A logistic model with few features, all of them counts a thousand words, capped, and none with a negative weight:

- the repairs made, by the stage of their rule (`breaks`, `names`, `apostrophes`, `case`, `phrases`, `spacing` …):
  the strongest evidence; each kind counts by itself, so that a page full of one kind of damage scores high too;
- how many kinds of repair there were;
- changes that were likely but not sure enough to be made, by stage (`case?`): a page may be damaged and hard to repair;
- what was lifted out besides datelines, and doubled spaces, both for little;
- marks of damage that edited English lacks, repaired or not (`transforms.normalize.damage.signs`);
- the style of translated text: `of` where English uses a possessive, and many definite articles; training may leave
  these without weight.

How predictable the text is doesn't help: garbled pages are as predictable as clean ones. The weights are made by
`training/train_garble.py` from text damaged in many ways.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import log1p

from transforms.normalize.damage import signs
from transforms.normalize.document import Document
from transforms.normalize.linear import probability
from transforms.records import Edit

_LEAST_WORDS = 250
"""Shorter texts are counted as if they had so many words."""
_FORGIVEN = 0.8
"""How much of a page's first repair counts nothing: one slip of the pen makes no garbled page."""
_LAYOUT = frozenset(["white-space", "no-break-space", "invisible", "tag", "element", "entity", "script"])
"""Rules whose repairs say how a page was laid out, not that its words are mangled; they count little, see `layout`."""
_FURNITURE = frozenset(["byline", "slug", "credit", "copyright", "promotion"])
"""Rules whose lifts say that a scraper took more than the article; datelines are part of many clean ones."""
_MOST_LIFTS, _MOST_LAYOUT = 8.0, 4.0
_STYLE_LENGTH = 600
"""Characters from which the style of a text shows."""
_MOST = 4.0
"""Cap of each feature, on a logarithmic scale."""


def garble_score(page: Document, edits: Sequence[Edit], doubtful: Sequence[str] = ()) -> float:
    """Return how machine-mangled a text is, 0 clean to 1 garbled.

    Args:
      page: the text before any rule changed a word.
      edits: all edits made on it.
      doubtful: rules of the changes that were not sure enough to be made.
    """
    model, found = _model(), features(page, edits, doubtful)
    odds = model["bias"] + sum(model.get(name, 0.0) * value for name, value in found.items())
    return round(probability(odds), 4)


@cache
def _model() -> dict[str, float]:
    source = (files("transforms.normalize") / "models" / "garble.json").read_text(encoding="utf-8")
    return dict(json.loads(source)["weights"])


@cache
def _stages() -> dict[str, str]:
    """Return the stage of each rule, in lower case."""
    from transforms.normalize.rules import RULES  # the table imports all rules: only when it is needed

    return {rule.name: rule.stage.name.lower() for rule in RULES}


def features(page: Document, edits: Sequence[Edit], doubtful: Sequence[str] = ()) -> dict[str, float]:
    """Return the features of a page by name; zero ones may be left out."""
    words = max(_LEAST_WORDS, len(page.text) / 6)
    made = [rule for edit in edits for rule in edit.rule.split("+") if rule not in _LAYOUT]
    stages = Counter(stage for rule in made if (stage := _stages().get(rule, "other")) != "boilerplate")
    counting = max(0.0, stages.total() - _FORGIVEN) / max(1, stages.total())
    values = {name: counting * count * 1000 / words for name, count in stages.items()}
    values["boilerplate"] = min(_MOST_LIFTS, sum(edit.rule in _FURNITURE for edit in edits) * 1000 / words)
    spaces = sum(edit.rule == "white-space" and "\n" not in edit.before for edit in edits)
    values["layout"] = min(_MOST_LAYOUT, spaces * 1000 / words)
    unsure = Counter(_stages().get(rule, "other") for rule in doubtful)
    values |= {f"{name}?": max(0.0, count - _FORGIVEN) * 1000 / words for name, count in unsure.items()}
    marks = page.once(signs) if page.language == "en" else Counter()
    values["signs"] = sum(marks.values()) * 1000 / words
    result = {name: min(_MOST, log1p(value)) for name, value in values.items()}
    telling = [name for name in stages if name in _TELLING]
    result["kinds"] = min(_MOST, counting * len(telling) + 0.5 * max(0, len(marks) - 1))
    if page.language == "en" and len(page.text) > _STYLE_LENGTH:
        text = page.text
        of = text.count(" of ") - 0.5 * (text.count("'s ") + text.count("’s "))
        result["of"] = min(_MOST, max(0.0, of * 100 / words - 2.0))
        result["the"] = min(_MOST, max(0.0, text.count(" the ") * 50 / words - 3.0))
    return result


_TELLING = frozenset(["breaks", "names", "apostrophes", "case", "phrases", "grammar", "encoding"])
"""Stages whose repairs a slip of the pen hardly calls for."""
