"""Which names of people are the same person.

Precision goes before recall: where a surname fits two people of the page, it stays on its own.
"""

from __future__ import annotations

from collections import defaultdict

from transforms.entities.mentions import Mention
from transforms.entities.names import families, tokens_of
from transforms.entities.words import words

RIVALS = 50
"""Where more people than this share a word, short forms of them are left alone: the work stays linear."""


class _Person:
    """A person of the page, known by a name of at least two words."""

    def __init__(self, tokens: tuple[str, ...], start: int) -> None:
        self.tokens = tokens
        self.start = start
        self.families = families(list(tokens))
        self.mentions: list[Mention] = []


def group_people(mentions: list[Mention]) -> list[list[Mention]]:
    """Group people: full names first, then the short ones that fit just one of them."""
    people: list[_Person] = []
    alone: dict[tuple[str, ...], list[Mention]] = defaultdict(list)
    full = [(mention, tokens_of(mention.text)) for mention in mentions]
    bytokens_of: dict[tuple[str, ...], _Person] = {}
    by_last: dict[str, list[_Person]] = defaultdict(list)
    for mention, tokens in sorted(full, key=lambda item: (-len(item[1]), item[0].start)):
        if len(tokens) > 1 and tokens not in bytokens_of:
            rivals = by_last[_last(tokens)]
            same = [person for person in rivals[: RIVALS + 1] if _is_short_for(tokens, person.tokens)]
            if len(same) == 1 and len(rivals) <= RIVALS:
                bytokens_of[tokens] = same[0]
                same[0].start = min(same[0].start, mention.start)
            else:
                bytokens_of[tokens] = _Person(tokens, mention.start)
                people.append(bytokens_of[tokens])
                rivals.append(bytokens_of[tokens])
    by_token: dict[str, list[_Person]] = defaultdict(list)
    for person in people:
        for token in set(person.tokens):
            by_token[token].append(person)
    settled: dict[str, _Person] = {}
    for mention, tokens in full:
        owner = bytokens_of.get(tokens)
        if owner is None and len(tokens) == 1:
            owner = settled.get(tokens[0]) or _owner(tokens[0], mention.start, by_token.get(tokens[0], []))
            if owner is not None:
                settled[tokens[0]] = owner
        if owner is None:
            alone[tokens].append(mention)
        else:
            owner.mentions.append(mention)
    groups = [person.mentions for person in people] + list(alone.values())
    return [group for group in groups if group]


def _owner(token: str, start: int, people: list[_Person]) -> _Person | None:
    """Return the one person that a single word names: by family name, else by any other; None where two fit."""
    if len(people) > RIVALS:
        return None
    for fitting in ([p for p in people if token in p.families], people):
        introduced = [person for person in fitting if person.start < start]
        if len(introduced) == 1:
            return introduced[0]
        if introduced:
            return None
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            return None
    return None


def _last(tokens: tuple[str, ...]) -> str:
    """Return the last word of a name that is no suffix such as `Jr.`."""
    return next((token for token in reversed(tokens) if token not in words("name_suffix")), "")


def _is_short_for(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Tell whether a name of several words is another's without some words: `Lula da Silva`, `George Bush`."""
    suffixes = words("name_suffix")
    core_short = [token for token in short if token not in suffixes]
    core_long = [token for token in long if token not in suffixes]
    if not core_short or not core_long or core_short[-1] != core_long[-1]:
        return False
    if {*short} & suffixes and {*long} & suffixes and {*short} & suffixes != {*long} & suffixes:
        return False
    remaining = iter(core_long)
    return all(any(_sametoken_of(token, other) for other in remaining) for token in core_short)


def _sametoken_of(short: str, long: str) -> bool:
    """Tell whether two words of a name agree; an initial agrees with what it begins."""
    if short == long:
        return True
    initial = short.rstrip(".")
    return len(initial) == 1 and long.startswith(initial)
