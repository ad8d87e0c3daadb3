"""Running the table of rules over a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from transforms.normalize.damage import reads_as_english
from transforms.normalize.document import Document, Proposal
from transforms.normalize.edits import Candidate, choose, compose, to_edits
from transforms.normalize.encoding import without_surrogates
from transforms.normalize.rule import Gate, Rule, Stage
from transforms.records import Boilerplate, Dateline, Edit

_LIKELY = 0.5

MAX_ROUNDS = 6
"""The table runs again until nothing changes, so that a second pass over repaired text has nothing to do."""


class Repair(msgspec.Struct, frozen=True):
    """What the rules made of a text."""

    document: Document
    """The repaired text."""
    page: Document
    """The text as it was before the first rule that changes words: what titles are judged by."""
    edits: list[Edit]
    boilerplate: Boilerplate
    doubtful: list[str]
    """Rules of the changes that were likelier right than wrong but not sure enough to be made, one name a change."""


def primary(language: str) -> str:
    """Return the primary subtag of a BCP 47 code: `pt` for `pt-BR`."""
    return language.replace("_", "-").partition("-")[0].lower() or "und"


def repair(
    text: str,
    language: str,
    rules: Sequence[Rule],
    min_confidence: float,
    page: Document | None = None,
) -> Repair:
    """Run `rules` over `text` until nothing changes.

    Args:
      text: any string.
      language: BCP 47 code, or `und`.
      rules: in the order of their stages.
      min_confidence: proposals below it are dropped.
      page: where evidence and gates are taken from, instead of the text itself.
    """
    language = primary(language)
    document = Document(text, language, page)
    edits: list[Edit] = []
    lifted: list[Boilerplate] = []
    doubtful: list[str] = []
    first_page: Document | None = None
    for attempt in range(MAX_ROUNDS):
        unsure = doubtful if attempt == 0 else []
        result, more = _round(document.again(language, page), rules, min_confidence, page, lifted, unsure)
        first_page = first_page or result.page
        edits = compose(text, document.text, edits, more)
        document = result
        if not more:
            break
    return Repair(document, first_page or document, edits, merged(lifted), doubtful)


def _round(
    document: Document,
    rules: Sequence[Rule],
    min_confidence: float,
    page: Document | None,
    lifted: list[Boilerplate],
    doubtful: list[str],
) -> tuple[Document, list[Edit]]:
    """Run every stage once over `document`.

    Appends what was lifted out to `lifted`, and rules of what was not sure enough to `doubtful`.
    """
    text = document.text
    if document.language == "en" and not (page or document).once(reads_as_english):
        document = document.again("und", page)
    rules = [rule for rule in rules if rule.suits(document.language)]
    edits: list[Edit] = []
    gates: dict[Gate, bool] = {}
    evidence = page
    for stage, staged in groupby(rules, key=lambda rule: rule.stage):
        if stage >= Stage.BREAKS and evidence is None:
            evidence = document
        candidates: list[Candidate] = []
        for rank, rule in enumerate(staged):
            if rule.gate is not None:
                accepting = document if evidence is None else evidence
                if rule.gate not in gates:
                    gates[rule.gate] = rule.gate(accepting)
                if not gates[rule.gate]:
                    continue
            for proposal in rule.apply(document):
                if proposal.confidence < _LIKELY or not _changes(document.text, proposal):
                    continue
                if proposal.confidence >= min_confidence:
                    candidates.append(Candidate(proposal, rule.name, rank))
                else:
                    doubtful.append(rule.name)
        if not candidates:
            continue
        chosen = choose(candidates)
        lifted += (c.proposal.lifted for c in chosen if c.proposal.lifted is not None)
        more = to_edits(document.text, chosen)
        edits = compose(text, document.text, edits, more)
        document = document.edited(more, evidence)
    return document, edits


def _changes(text: str, proposal: Proposal) -> bool:
    """Tell whether a proposal fits the text, changes something, and leaves valid Unicode.

    What an editor marks with `[sic]` stands as it is.
    """
    return (
        0 <= proposal.start <= proposal.end <= len(text)
        and text[proposal.start : proposal.end] != proposal.after
        and without_surrogates(proposal.after) == proposal.after
        and not _SIC.match(text, proposal.end)
    )


_SIC = re.compile(r"[’'\"”]?s? ?\[sic\]", re.IGNORECASE)


def merged(parts: Iterable[Boilerplate]) -> Boilerplate:
    """Return pieces of boilerplate as one: the first of each field, all footers."""
    whole = Boilerplate()
    for part in parts:
        whole = Boilerplate(
            dateline=_merged_dateline(whole.dateline, part.dateline),
            byline=whole.byline or part.byline,
            agency=whole.agency or part.agency,
            footer=whole.footer + part.footer,
            copyright=whole.copyright or part.copyright,
        )
    return whole


def _merged_dateline(first: Dateline | None, second: Dateline | None) -> Dateline | None:
    """Return two datelines as one: a header gives the date, the opening of the article the place."""
    if first is None or second is None:
        return first or second
    text = first.text if first.place or not second.place else second.text
    return Dateline(text=text, place=first.place or second.place, date=first.date or second.date)
