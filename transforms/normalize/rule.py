"""What a rule of repair is."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from transforms.normalize.document import Document, Proposal

RuleFunction = Callable[[Document], Iterable[Proposal]]
"""A pure function: the document in, proposals with offsets into `document.text` out, in any order."""

Gate = Callable[[Document], bool]
"""Tells from the page whether it shows the kind of damage that a rule repairs; the rule runs only if so."""


class Stage(enum.IntEnum):
    """When a rule runs. Each stage sees the text that the ones before it left; rules of one stage see the same text."""

    ENCODING = 1
    MARKUP = 2
    CHARACTERS = 3
    SPACING = 4
    BOILERPLATE = 5
    BREAKS = 6
    """From here on a rule changes words: gates and evidence are taken from the page as it was before this stage."""
    NAMES = 7
    APOSTROPHES = 8
    CASE = 9
    PHRASES = 10
    GRAMMAR = 11


class Level(str, enum.Enum):
    """How far a rule is trusted; spans that are only suspected are never edited (see `suspects`)."""

    SAFE = "safe"
    """Right wherever it fires: the damage can't be anything else."""
    LIKELY = "likely"
    """Right as often as its confidence says; applied where `normalize.min_confidence` allows."""


@dataclass(frozen=True)
class Rule:
    """One entry of the table of rules.

    Attributes:
      name: as it stands in `Edit.rule` and in `normalize.disabled`.
      stage: when it runs.
      summary: one line for a reader of docs/repair.md.
      before: example of the damage; with `after` it is run as a test.
      after: the example repaired.
      apply: the function.
      languages: primary subtags that it is for; empty means every language.
      level: how far it is trusted.
      precision: measured share of right edits among all it made, None where not measured yet.
      gate: runs on pages it accepts only; None means every page.
      titles: whether it also runs on headlines and summaries.
    """

    name: str
    stage: Stage
    summary: str
    before: str
    after: str
    apply: RuleFunction
    languages: frozenset[str] = frozenset()
    level: Level = Level.SAFE
    precision: float | None = None
    gate: Gate | None = None
    titles: bool = True

    def suits(self, language: str) -> bool:
        """Tell whether the rule is for texts in `language` (a primary subtag)."""
        return not self.languages or language in self.languages
