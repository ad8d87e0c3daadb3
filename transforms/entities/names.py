"""The words of a name: family names, legal forms, acronyms."""

from __future__ import annotations

import re
from collections.abc import Iterable

from transforms.entities.gazetteer import fold
from transforms.entities.words import words

_ARTICLE = re.compile(r"^(?:al|el|as|ad|an|ar|ash|at)-(?=\w)")


def token_of(word: str) -> str:
    """Return a word of a name for comparison: folded, without the Arabic article."""
    return _ARTICLE.sub("", fold(word).strip(","))


def tokens_of(name: str) -> tuple[str, ...]:
    """Return the words of a name for comparison."""
    return tuple(map(token_of, name.split()))


def families(parts: list[str]) -> tuple[str, ...]:
    """Return the words of a person's name that may be the family name, the likeliest first.

    It is the last word, but the first one in China, Korea and Vietnam: `Xi Jinping`, `Kim Jong Un`; of two words
    that begin so (`Kim Aris`) either may be.
    """
    while len(parts) > 2 and fold(parts[-1]) in words("name_suffix"):
        parts = parts[:-1]
    last_first = len(parts) <= 3 and fold(parts[0]) in words("family_first")
    if not last_first:
        return (parts[-1],)
    return (parts[0],) if len(parts) == 3 or "-" in parts[1] else (parts[0], parts[1])


def org_tokens(name: str) -> tuple[str, ...]:
    """Return the words of an organisation's name without its legal form."""
    tokens = [token.strip(",") for token in fold(name).split()]
    while len(tokens) > 1 and tokens[-1] in words("org_suffix"):
        tokens.pop()
    return tuple(tokens)


def bare_acronym(acronym: str) -> str:
    """Return an acronym in lower case without points."""
    return acronym.lower().replace(".", "").replace("&", "")


def acronym_forms(tokens: Iterable[str]) -> set[str]:
    """Return the acronyms of a name, with and without its small words."""
    parts = [part for token in tokens for part in token.split("-") if part]
    small = {"of", "and", "for", "the", "in", "on", "to", "&", "de", "du", "des", "la"}
    return {
        "".join(part[0] for part in parts),
        "".join(part[0] for part in parts if part not in small),
        "".join(part[0] for part in parts if part not in small - {"of"}),
    }
