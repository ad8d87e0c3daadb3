"""Which names of organisations are the same one: full names, short ones, acronyms."""

from __future__ import annotations

from collections import defaultdict

from transforms.entities.gazetteer import fold
from transforms.entities.mentions import ACRONYM, DEFINED, Mention
from transforms.entities.names import acronym_forms, bare_acronym, org_tokens, tokens_of
from transforms.entities.words import words

RIVALS = 50
"""Where more names than this share a word, short forms of them are left alone: the work stays linear."""


def group_organisations(text: str, mentions: list[Mention]) -> list[list[Mention]]:
    """Group organisations: equal names, acronyms with their expansion, and short forms that fit just one."""
    groups: dict[tuple[str, ...], list[Mention]] = defaultdict(list)
    for mention in mentions:
        groups[org_tokens(mention.text)].append(mention)
    names = sorted(groups, key=lambda tokens: (-len(tokens), groups[tokens][0].start))
    target: dict[tuple[str, ...], tuple[str, ...]] = {}
    defined = _definitions(text, mentions)
    long_names = [tokens for tokens in names if len(tokens) > 1]
    by_acronym: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    by_edge: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for tokens in long_names:
        for form in acronym_forms(tokens_of(groups[tokens][0].text)) | acronym_forms(tokens):
            by_acronym[form].append(tokens)
        by_edge[tokens[0]].append(tokens)
        by_edge[tokens[-1]].append(tokens)
    for tokens in names:
        first = groups[tokens][0].text
        key = bare_acronym(tokens[0])
        fitting: list[tuple[str, ...]] = []
        if len(tokens) == 1 and tokens[0] in defined:
            fitting = [defined[tokens[0]]]
        elif len(tokens) == 1 and ACRONYM.fullmatch(first) and key in by_acronym:
            fitting = by_acronym[key][: RIVALS + 1]
        elif not (len(tokens) == 1 and tokens[0] in words("org_generic")):
            fitting = [long for long in by_edge.get(tokens[0], [])[: RIVALS + 1] if _is_part(tokens, long)]
            if len(tokens) > 1 and tokens[0] != tokens[-1]:
                fitting += [
                    o for o in by_edge.get(tokens[-1], [])[: RIVALS + 1] if o not in fitting and _is_part(tokens, o)
                ]
        fitting = [long for long in fitting if long != tokens]
        if len(fitting) == 1:
            target[tokens] = fitting[0]
    merged: dict[tuple[str, ...], list[Mention]] = defaultdict(list)
    for tokens in groups:
        end = tokens
        for _ in range(3):
            end = target.get(end, end)
        merged[end] += groups[tokens]
    return [sorted(group) for group in merged.values()]


def _is_part(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Tell whether a name is the beginning or the end of a longer one: `Toyota`, `Manchester United`'s `United`.

    What stands behind an `of` is another name: `Central Bank of Kenya` is not called `Kenya`.
    """
    if len(short) >= len(long):
        return False
    if long[: len(short)] == short:
        return True
    return long[-len(short) :] == short and long[-len(short) - 1] not in {"of", "for", "in", "on", "and", "&"}


def _definitions(text: str, mentions: list[Mention]) -> dict[str, tuple[str, ...]]:
    """Return the acronyms that the text itself expands: `World Health Organization (WHO)`."""
    defined: dict[str, tuple[str, ...]] = {}
    for mention in mentions:
        if " " not in mention.text:
            continue
        match = DEFINED.match(text, mention.end)
        if match and match[1][0].lower() == fold(mention.text)[0]:
            defined.setdefault(fold(match[1]), org_tokens(mention.text))
    return defined
