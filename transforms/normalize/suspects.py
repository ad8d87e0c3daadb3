"""Spans that can't be repaired and shouldn't be trusted; they are listed, never edited.

Only pages that show damage have suspects: on a clean page a word that no list knows is a name or a coinage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.normalize.damage import mangled
from transforms.normalize.document import Document
from transforms.normalize.lexicon import frequencies
from transforms.normalize.tables import word_sets
from transforms.records import Suspect

REASONS = {
    "unknown word": "no frequency list of the language knows the word, it stands in lower case and only once",
    "foreign word": "a common word of another language among English ones, left behind by a translator",
    "scrambled clause": "words follow each other as they can't in a sentence (`the of`, `could of the`)",
    "bracketed word": "a single word in square brackets, left by a translator that was not sure",
}

_CANDIDATE = re.compile(r"[a-zà-öø-ÿāăąćčďđęěğīłńňőřśşšťūůűźżž]{5,30}")
_BRACKETED = re.compile(r"\[[^\W\d_]{3,20}\]")
_STEM = 20
_PART = 35
"""Least frequency, in tenths of the Zipf scale, of what a derived or a compound word may be built of."""

_SCRAMBLED = re.compile(
    r" (?:the|an|their|its) (?:of|from|and|or|to|is|are|was|were|has|have|the|their|which|than)(?= [a-z])"
    r"| (?:could|would|should|must) (?:of|from|the|than|before|after|during)(?= (?:the|a|an) )"
    r"| of (?:from|to|for|than|that of of)(?= [a-z])"
)

_MAX_SUSPECTS = 200


def find_suspects(document: Document, page: Document) -> list[Suspect]:
    """Return the suspect spans of a repaired English text, in order, none overlapping.

    Args:
      document: the repaired text.
      page: the text before its words were changed, which is asked for damage.
    """
    if document.language != "en" or not mangled(page):
        return []
    found = sorted([*_words(document), *_clauses(document)], key=lambda suspect: (suspect.start, -suspect.end))
    kept: list[Suspect] = []
    for suspect in found:
        if not kept or suspect.start >= kept[-1].end:
            kept.append(suspect)
    return kept[:_MAX_SUSPECTS]


def _words(document: Document) -> Iterator[Suspect]:
    for match in _BRACKETED.finditer(document.text):
        if match.group() != "[sic]":
            yield Suspect(start=match.start(), end=match.end(), reason="bracketed word")
    known = frequencies()
    foreign = word_sets("foreign-words")["foreign"]
    odd = {word for word in document.all_forms if word in foreign or (word not in known and _CANDIDATE.fullmatch(word))}
    for index, word in enumerate(document.words) if odd else ():
        if word not in odd:
            continue
        if word in foreign and _among_english(document, index):
            start, end = document.span(index)
            yield Suspect(start=start, end=end, reason="foreign word")
        if word in known or not _CANDIDATE.fullmatch(word) or document.all_forms[word] > 1:
            continue
        if document.all_forms[word.capitalize()] or _is_part(document, index) or _is_derived(word):
            continue
        start, end = document.span(index)
        yield Suspect(start=start, end=end, reason="unknown word")


def _among_english(document: Document, index: int) -> bool:
    """Tell whether the words next to one are in lower case and English: not a foreign name, title or quotation."""
    around = [*document.words[max(0, index - 1) : index], *document.words[index + 1 : index + 2]]
    return bool(around) and all(
        word in frequencies() and word not in word_sets("foreign-words")["foreign"] for word in around
    )


def _is_part(document: Document, index: int) -> bool:
    """Tell whether the word is part of a compound, an address or a name: `re-tender`, `x.com/story`, `@someone`."""
    start, end = document.span(index)
    around = document.text[max(0, start - 1) : start] + document.text[end : end + 1]
    return any(char in "-–/@#._&" for char in around.rstrip(".")) or document.text[end : end + 2].startswith("..")


def _is_derived(word: str) -> bool:
    """Tell whether a word is built rightly from one that is known: `ungooglable`, `airdropper`."""
    known = frequencies()
    sets = word_sets("affixes")
    for prefix in ("", *sets["prefix"]):
        if not word.startswith(prefix):
            continue
        rest = word[len(prefix) :]
        for suffix in ("", *sets["suffix"]):
            stem = rest[: len(rest) - len(suffix)] if suffix else rest
            if rest.endswith(suffix) and len(stem) > 3 and max(known.get(stem, 0), known.get(stem + "e", 0)) > _STEM:
                return True
    cuts = range(4, len(word) - 3)
    return any(min(known.get(word[:cut], 0), known.get(word[cut:], 0)) > _PART for cut in cuts)


def _clauses(document: Document) -> Iterator[Suspect]:
    for match in _SCRAMBLED.finditer(document.text):
        yield Suspect(start=match.start() + 1, end=match.end(), reason="scrambled clause")
