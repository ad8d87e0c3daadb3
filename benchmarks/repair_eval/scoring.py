"""Score edits against exact gold.

Edits and damages are compared by what they make of the text, not by their offsets: `May 9 of May 9` may lose either
half. Both are widened to whole words; what overlaps is compared as one region.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.repair_eval.corruption import Damage
from transforms.normalize.rule import Stage
from transforms.normalize.rules import RULES
from transforms.records import Edit, apply_edits

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'"})
_MAX_COMBINATIONS = 4096


@dataclass
class Score:
    """`repaired` and `missed` damages; `right` and `wrong` edits.

    `lifted` are boilerplate edits away from any damage, `own` edits that the undamaged page gets too: both are judged
    on the clean text, in the section on harm.
    """

    repaired: list[Damage] = field(default_factory=list)
    missed: list[Damage] = field(default_factory=list)
    right: list[Edit] = field(default_factory=list)
    wrong: list[Edit] = field(default_factory=list)
    lifted: list[Edit] = field(default_factory=list)
    own: list[Edit] = field(default_factory=list)

    def add(self, other: Score) -> None:
        self.repaired += other.repaired
        self.missed += other.missed
        self.right += other.right
        self.wrong += other.wrong
        self.lifted += other.lifted
        self.own += other.own

    def set_apart(self, text: str, original: str, edits_of_original: Sequence[Edit]) -> None:
        """Move to `own` the wrong edits that `original` gets as well: they are about the page, not about its damage."""
        signs = {_sign(original, edit) for edit in edits_of_original}
        self.own += (edit for edit in self.wrong if _sign(text, edit) in signs)
        self.wrong = [edit for edit in self.wrong if edit not in self.own]

    @property
    def precision(self) -> float:
        return ratio(len(self.right), len(self.right) + len(self.wrong))

    @property
    def recall(self) -> float:
        return ratio(len(self.repaired), len(self.repaired) + len(self.missed))


def ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def word_span(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen `start:end` to the words it cuts (words are divided by white space)."""
    first, last = start, end
    if start == end or not text[start].isspace():
        while first > 0 and not text[first - 1].isspace():
            first -= 1
    if start == end or not text[end - 1].isspace():
        while last < len(text) and not text[last].isspace():
            last += 1
    return first, last


@functools.cache
def _lifting_rules() -> frozenset[str]:
    return frozenset(rule.name for rule in RULES if rule.stage == Stage.BOILERPLATE)


def is_blank(edit: Edit) -> bool:
    """Whether the edit takes away or changes white space only."""
    return edit.before.isspace() and not edit.after.strip()


def is_boilerplate(edit: Edit) -> bool:
    """Whether the edit lifts boilerplate out of the text (another rule may have had a hand in it)."""
    return not edit.after.strip() and not _lifting_rules().isdisjoint(edit.rule.split("+"))


@dataclass
class _Region:
    start: int
    end: int
    edits: list[Edit] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)


def _regions(text: str, edits: Sequence[Edit], damages: Sequence[Damage]) -> list[_Region]:
    items: list[Edit | Damage] = [*edits, *damages]
    spans = [(*word_span(text, item.start, item.end), item) for item in items]
    regions: list[_Region] = []
    for start, end, item in sorted(spans, key=lambda span: (span[0], span[1], span[2].start)):
        if not regions or start >= regions[-1].end:
            regions.append(_Region(start, end))
        region = regions[-1]
        region.end = max(region.end, end)
        if isinstance(item, Edit):
            region.edits.append(item)
        else:
            region.damages.append(item)
    return regions


def _replace(text: str, region: _Region, pieces: Sequence[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    position = region.start
    for start, end, after in pieces:
        parts += (text[position:start], after)
        position = end
    parts.append(text[position : region.end])
    return "".join(parts)


def _same(one: str, other: str, loose: bool) -> bool:
    one, other = one.translate(_APOSTROPHES), other.translate(_APOSTROPHES)
    return one.split() == other.split() if loose else one.strip(" ") == other.strip(" ")


def _judge(text: str, region: _Region) -> list[bool] | None:
    """For each damage of the region whether the edits repair it; None where the edits make something else of it."""
    edits = sorted(region.edits, key=lambda e: (e.start, e.end))
    repaired = _replace(text, region, [(e.start, e.end, e.after) for e in edits])
    damages = sorted(region.damages, key=lambda d: (d.start, d.end))
    region.damages = damages
    loose = any(d.kind.startswith("boilerplate") for d in damages)
    choices = [(*((e, True) for e in d.expected), (d.found, False)) for d in damages]
    for combination in itertools.islice(itertools.product(*choices), _MAX_COMBINATIONS):
        pieces = [(d.start, d.end, after) for d, (after, _) in zip(damages, combination, strict=True)]
        if _same(_replace(text, region, pieces), repaired, loose):
            return [right for _, right in combination]
    return None


def score(text: str, edits: Sequence[Edit], damages: Sequence[Damage]) -> Score:
    """Compare `edits` of `text` with its `damages`. Both are in order and do not overlap among themselves.

    An edit is right when its region reads, after all edits there, as one of the expected texts (or as that with some
    damage of the region left alone), or when it lifts a part of damaging boilerplate. Any other edit is wrong, but for
    boilerplate lifted where nothing was damaged:
    the clean page may have had its own, so those are kept apart for a person to look at. White space beside other
    damage counts neither way.

    Raises:
      ValueError: the edits do not fit the text.
    """
    apply_edits(text, list(edits))
    result = Score()
    for region in _regions(text, edits, damages):
        if not region.damages:
            for edit in region.edits:
                (result.lifted if is_boilerplate(edit) else result.wrong).append(edit)
            continue
        if not region.edits:
            result.missed += region.damages
            continue
        verdict = _judge(text, region)
        if verdict is None:
            verdict = [False] * len(region.damages)
        for item, right in zip(region.damages, verdict, strict=True):
            (result.repaired if right else result.missed).append(item)
        for edit in region.edits:
            if any(verdict) or _lifts_part(edit, region.damages):
                result.right.append(edit)
            elif not is_blank(edit):
                result.wrong.append(edit)
    return result


def _lifts_part(edit: Edit, damages: Sequence[Damage]) -> bool:
    """Whether the edit lifts out a part of a piece of boilerplate, and nothing else but line breaks around it."""
    if not is_boilerplate(edit):
        return False
    start = edit.start + len(edit.before) - len(edit.before.lstrip())
    end = edit.start + len(edit.before.rstrip())
    return any(d.kind.startswith("boilerplate") and d.start <= start and end <= d.end for d in damages)


def _sign(text: str, edit: Edit) -> tuple[str, str, str, str]:
    """An edit with the letters around it, to find it again where offsets are others."""
    return text[max(0, edit.start - 4) : edit.start], edit.before, edit.after, text[edit.end : edit.end + 4]


def context(text: str, start: int, end: int, width: int = 40) -> str:
    """`…text before [the span] text after…` on one line."""
    before, after = text[max(0, start - width) : start], text[end : end + width]
    line = f"…{before}[{text[start:end]}]{after}…"
    return line.replace("\n", "⏎")


def roc_auc(negatives: Sequence[float], positives: Sequence[float]) -> float:
    """The chance that a positive scores higher than a negative (ties count half)."""
    if not negatives or not positives:
        return float("nan")
    ranked = sorted([(value, 0) for value in negatives] + [(value, 1) for value in positives])
    ranks = 0.0
    i = 0
    while i < len(ranked):
        j = i
        while j < len(ranked) and ranked[j][0] == ranked[i][0]:
            j += 1
        ranks += (i + 1 + j) / 2 * sum(label for _, label in ranked[i:j])
        i = j
    n, p = len(negatives), len(positives)
    return (ranks - p * (p + 1) / 2) / (n * p)
