"""The words that the rules know: titles, suffixes, dates and the like."""

from __future__ import annotations

from functools import cache

from transforms.entities.tables import rows


@cache
def words(kind: str) -> frozenset[str]:
    """Return the words of a kind in data/words.tsv, in lower case; they may consist of several."""
    return frozenset(row["word"] for row in rows("words.tsv") if row["kind"] == kind)
