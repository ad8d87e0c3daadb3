"""`normalize`: one text in, the repaired text and an account of what was done out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from transforms.normalize.config import NormalizeConfig
from transforms.normalize.document import Document
from transforms.normalize.engine import repair
from transforms.normalize.garble import garble_score
from transforms.normalize.rule import Rule
from transforms.normalize.rules import RULES
from transforms.normalize.suspects import find_suspects
from transforms.records import Boilerplate, Edit, Suspect


class Normalized(msgspec.Struct, frozen=True, kw_only=True):
    """A repaired text. `apply_edits(original, edits)` gives `text`, `undo_edits(text, edits)` the original."""

    text: str
    edits: list[Edit] = []
    suspects: list[Suspect] = []
    garble_score: float = 0.0
    boilerplate: Boilerplate = Boilerplate()


def normalize(text: str, language: str = "en", *, config: NormalizeConfig | None = None) -> Normalized:
    """Repair a plain text.

    Args:
      text: paragraphs separated by blank lines; any string will do.
      language: BCP 47 code of the text, `und` where unknown: then only rules for every language run.
      config: settings; the defaults if None.
    """
    return normalize_page(text, language, config or NormalizeConfig())[0]


def normalize_page(text: str, language: str, config: NormalizeConfig) -> tuple[Normalized, Document]:
    """Return the repaired text and the page that served as evidence, for `normalize_line`."""
    if len(text) > config.max_chars:
        return Normalized(text=text), Document("")
    done = repair(text, language, enabled(config), config.min_confidence)
    normalized = Normalized(
        text=done.document.text,
        edits=done.edits,
        suspects=find_suspects(done.document, done.page),
        garble_score=garble_score(done.page, done.edits, done.doubtful),
        boilerplate=done.boilerplate,
    )
    return normalized, done.page


def normalize_line(line: str, language: str, config: NormalizeConfig, page: Document) -> str:
    """Return a headline, summary or name repaired by the rules that are safe for it, on the evidence of its page."""
    if len(line) > config.max_chars:
        return line
    rules = [rule for rule in enabled(config) if rule.titles]
    return repair(line, language, rules, config.min_confidence, page).document.text


def enabled(config: NormalizeConfig) -> Sequence[Rule]:
    """Return the rules that `config` leaves on."""
    return [rule for rule in RULES if rule.name not in config.disabled]
