"""How much of the seed article's defects the edits repair."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.repair_eval.corruption import Damage
from benchmarks.repair_eval.marked import Defect, MarkedPage
from benchmarks.repair_eval.scoring import Score, is_boilerplate, score
from transforms.records import Edit


def covered(damage: Damage | Defect, edits: Sequence[Edit]) -> bool:
    """Whether the whole span was lifted out of the text, alone or with what is around it."""
    return any(e.start <= damage.start and damage.end <= e.end and not e.after.strip() for e in edits)


def score_page(page: MarkedPage, edits: Sequence[Edit]) -> Score:
    """Score edits against a page's gold of levels D, M and X (X counts where it was repaired as marked by chance).

    A defect inside a line that was rightly lifted out (`CNNS` in the credit line) is repaired with it.
    """
    result = score(page.text, edits, page.damages)
    lifts = [edit for edit in edits if is_boilerplate(edit)]
    lifted = [damage for damage in result.missed if covered(damage, lifts)]
    result.missed = [damage for damage in result.missed if damage not in lifted]
    result.repaired += lifted
    return result


def _alternatives(defect: Defect) -> list[str]:
    plain = re.sub(r"\s*\([^)]*\)", "", defect.original)
    return [each.strip() for each in plain.split(" / ") if each.strip()] or [""]


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[\"“”]", "", text).replace("’", "'").split())


def repaired_region(text: str, edits: Sequence[Edit], start: int, end: int) -> tuple[str, bool]:
    """What stands at `start:end` after the edits (those that overlap it, whole), and whether any does."""
    touching = [e for e in edits if (e.start < end and e.end > start) or start <= e.start == e.end <= end]
    if not touching:
        return text[start:end], False
    parts: list[str] = []
    position = min(start, touching[0].start)
    for edit in touching:
        parts += (text[position : edit.start], edit.after)
        position = edit.end
    parts.append(text[position : max(end, position)])
    return "".join(parts), True


_MARKED_TOO = ("casing", "apostrophe", "exonym", "entity", "spacing")


def defect_repaired(text: str, edits: Sequence[Edit], defect: Defect, repaired: Sequence[Damage]) -> bool:
    """Whether the edits repair a defect of `defects.tsv`, which overlap and mix several faults in one span.

    A defect of case, apostrophe, name or spacing is repaired where `gold.tsv` marks it and is followed (`repaired`):
    what a sub-editor writes from the page alone is not always what the article as first published had. Else:

    Boilerplate: the span is gone. Case: the first letter has the case it had in the original (a link text's word may
    still be the wrong form, which is another row). A foreign name: the English name stands there. All else: the span
    reads as the original did, but for quotation marks.
    """
    if defect.kind.startswith(_MARKED_TOO) and any(
        (d.start <= defect.start and defect.end <= d.end) or (defect.start <= d.start and d.end <= defect.end)
        for d in repaired
    ):
        return True
    after, changed = repaired_region(text, edits, defect.start, defect.end)
    if not changed:
        return False
    if defect.kind.startswith("boilerplate") or covered(defect, edits):
        return covered(defect, edits) or not after.strip()
    results = {_folded(after), _folded(re.sub(r"^.*?\b(?=[\w'’]+$)", "", after))}
    for alternative in map(_folded, _alternatives(defect)):
        if defect.kind.startswith("dup") and _folded(after).casefold() == alternative.casefold():
            return True
        if alternative in results or _folded(after).removeprefix("the ") == alternative:
            return True
        if defect.kind == "casing.link_anchor" and after[:1].islower() and alternative[:1].islower():
            return True
        if defect.kind == "exonym.foreign" and re.search(
            rf"\b{re.escape(alternative.removesuffix(chr(39) + 's'))}\b", _folded(after)
        ):
            return True
    return False
