"""Reads the MASC corpus (tagged edition) back into running text.

Source: Manually Annotated Sub-Corpus of the Open American National Corpus, anc.org, free of restrictions on use. The
tagged edition (`masc_tagged.zip`) holds one file a document: `word_TAG` tokens, a sentence a line, blank lines between
paragraphs.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_EDITED = (
    "newspaper letters essays non-fiction travel-guides govt-docs journal technical blog fiction ficlets jokes "
    "debate-transcript court-transcript"
)
EDITED = frozenset(_EDITED.split())
"""Categories of running, edited text; e-mail, spam, tweets, scripts and telephone talk are left out."""


class MascDocument(NamedTuple):
    """A document of MASC."""

    name: str
    category: str
    text: str
    tagged: list[tuple[str, str]]
    """Words with their Penn tags."""


def read(archive: Path, categories: frozenset[str] = EDITED) -> Iterator[MascDocument]:
    """Yield the documents of `categories`, in order of name."""
    with zipfile.ZipFile(archive) as files:
        listing = files.read("masc_tagged/categories.txt").decode()
        for line in sorted(listing.splitlines()):
            name, _, category = line.rpartition(" ")
            if category in categories:
                source = files.read(f"masc_tagged/{name}").decode("utf-8", "replace")
                yield MascDocument(name, category, *detokenise(source))


def detokenise(source: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the running text and the tagged words of a file in `word_TAG` form."""
    tagged: list[tuple[str, str]] = []
    paragraphs = []
    for block in re.split(r"\n[ \t]*\n", source):
        tokens = [tuple(token.rpartition("_")[::2]) for token in block.split() if "_" in token]
        tagged += [(word, tag) for word, tag in tokens if word]
        text = _join([word for word, _ in tokens if word])
        if text:
            paragraphs.append(text)
    return "\n\n".join(paragraphs), tagged


_CLOSING = re.compile(r"[,.;:!?%)\]}…]+\Z|\A(?:'s|'re|'ve|'ll|'d|'m|n't)\Z", re.IGNORECASE)
_OPENING = frozenset("([{$#")
_SPLIT_WORDS = {("can", "not"), ("gon", "na"), ("got", "ta"), ("wan", "na"), ("gim", "me")}


def _join(words: list[str]) -> str:
    """Return tokens of one paragraph as running text; quotation marks open and close in turn."""
    parts: list[str] = []
    glue = True  # the next token follows without a space
    inside = False
    for index, word in enumerate(_merge_quotes(words)):
        if word == '"':
            space, inside = not inside, not inside
            parts.append(" " if space and not glue else "")
            parts.append(word)
            glue = space
            continue
        hyphen = word in {"-", "_"} and index > 0
        after_s = word == "'" and parts and parts[-1][-1:] == "s"
        previous = parts[-1].lower() if parts else ""
        attach = glue or hyphen or after_s or bool(_CLOSING.match(word)) or (previous, word.lower()) in _SPLIT_WORDS
        parts += ["" if attach else " ", "-" if word == "_" else word]
        glue = word in _OPENING or hyphen
    return "".join(parts)


def _merge_quotes(words: list[str]) -> list[str]:
    """Return `words` with the pairs `` and '' as one quotation mark each."""
    merged: list[str] = []
    for word in words:
        if word in {"``", "''", "“", "”"}:
            merged.append('"')
        elif word in {"'", "`"} and merged and merged[-1] == word:
            merged[-1] = '"'
        else:
            merged.append(word)
    return merged
