"""Edits as values: choosing among proposals, and making one list of edits of several passes.

All functions are pure. Offsets are code points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from transforms.normalize.document import Proposal
from transforms.records import Edit, apply_edits


class Candidate(NamedTuple):
    """A proposal and the rule that made it; `rank` is the rule's place in the table."""

    proposal: Proposal
    rule: str
    rank: int


class Placed(NamedTuple):
    """An edit with its place in the text between two passes."""

    start: int
    end: int
    second: bool
    edit: Edit


def overlaps(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Tell whether two spans share a character; an empty span counts when it lies strictly inside the other."""
    return first[0] < second[1] and second[0] < first[1]


def choose(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates to apply, in order of place: of those that overlap, the surest, longest, first in table.

    Two insertions at one place count as overlapping.
    """
    chosen: list[Candidate] = []
    cluster: list[Candidate] = []
    reach = -1
    for candidate in sorted(candidates, key=lambda c: (c.proposal.start, c.proposal.end, c.rank)):
        start, end = candidate.proposal.start, candidate.proposal.end
        if cluster and not (start < reach or (start == end == reach)):
            chosen += _best(cluster)
            cluster = []
        cluster.append(candidate)
        reach = max(reach, end)
    return chosen + _best(cluster)


def _best(cluster: list[Candidate]) -> list[Candidate]:
    """Return those of a cluster that stay, in order of place."""
    if len(cluster) < 2:
        return cluster
    kept: list[Candidate] = []
    order = sorted(
        cluster,
        key=lambda c: (-c.proposal.confidence, c.proposal.start - c.proposal.end, c.rank, c.proposal),
    )
    for candidate in order[:_MAX_CLUSTER]:
        span = candidate.proposal[:2]
        if not any(overlaps(span, other.proposal[:2]) or span == other.proposal[:2] for other in kept):
            kept.append(candidate)
    return sorted(kept, key=lambda c: (c.proposal.start, c.proposal.end))


_MAX_CLUSTER = 64
"""Of more proposals than this that all overlap, only the surest are looked at; keeps the time linear."""


def to_edits(text: str, chosen: Sequence[Candidate]) -> list[Edit]:
    """Return chosen candidates as edits of `text`."""
    return [
        Edit(
            start=proposal.start,
            end=proposal.end,
            before=text[proposal.start : proposal.end],
            after=proposal.after,
            rule=rule,
            confidence=round(proposal.confidence, 4),
        )
        for proposal, rule, _ in chosen
    ]


def compose(original: str, middle: str, first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """Return the edits that do at once what `first` and then `second` do.

    Edits that touch the same characters become one, whose rule names both (`spacing+doubled`) and whose confidence
    is that of the less certain one. What the second pass puts back as it was disappears.

    Args:
      original: the text that `first` edits.
      middle: `apply_edits(original, first)`, the text that `second` edits.
      first: edits of `original`, in order.
      second: edits of `middle`, in order.
    """
    if not first:
        return list(second)
    if not second:
        return list(first)
    result: list[Edit] = []
    group: list[Placed] = []
    reach = 0
    shift = 0  # of middle against original, before the group
    for placed in sorted(chain(_placed(first), _placed_second(second)), key=itemgetter(0, 1, 2)):
        if group and not (placed.start < reach and placed.end > group[0].start):
            shift = _close(group, reach, shift, original, middle, result)
            group = []
        reach = max(reach, placed.end) if group else placed.end
        group.append(placed)
    _close(group, reach, shift, original, middle, result)
    return result


def _placed(edits: Sequence[Edit]) -> Iterable[Placed]:
    """Yield `edits` with the place of their results in the edited text."""
    shift = 0
    for edit in edits:
        start = edit.start + shift
        yield Placed(start, start + len(edit.after), False, edit)
        shift += len(edit.after) - len(edit.before)


def _placed_second(edits: Sequence[Edit]) -> Iterable[Placed]:
    for edit in edits:
        yield Placed(edit.start, edit.end, True, edit)


def _close(group: list[Placed], reach: int, shift: int, original: str, middle: str, result: list[Edit]) -> int:
    """Append the edit that a group of overlapping edits amounts to; return the shift after the group."""
    start = group[0].start
    after_shift = shift + sum(len(p.edit.after) - len(p.edit.before) for p in group if not p.second)
    if len(group) == 1 and not group[0].second:
        result.append(group[0].edit)
        return after_shift
    first, last = start - shift, reach - after_shift
    inner = [
        Edit(
            start=p.edit.start - start,
            end=p.edit.end - start,
            before=p.edit.before,
            after=p.edit.after,
            rule=p.edit.rule,
            confidence=p.edit.confidence,
        )
        for p in group
        if p.second
    ]
    edit = Edit(
        start=first,
        end=last,
        before=original[first:last],
        after=apply_edits(middle[start:reach], inner),
        rule=_names(group),
        confidence=min(p.edit.confidence for p in group),
    )
    if edit.before != edit.after:
        result.append(edit)
    return after_shift


def _names(group: list[Placed]) -> str:
    """Return the names of the rules of a group, each once, in the order in which they ran."""
    ordered = sorted(group, key=lambda p: (p.second, p.start))
    return "+".join(dict.fromkeys(chain.from_iterable(p.edit.rule.split("+") for p in ordered)))
