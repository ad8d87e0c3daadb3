"""What places, people and institutions are called in other languages: the tables, and finding their names in a text."""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from transforms.normalize.document import Document
from transforms.normalize.tables import rows, word_sets

_DATA = "names"
_WORD = re.compile(r"[^\W_]+")
_GAP = re.compile(r"[ \u00a0]?[-'’.,(]?[ \u00a0]?")
_DOTTED_ENDS = re.compile(r"\.(?= ?[a-z(,;:])")
_APOSTROPHE = re.compile("['’]")


class Entry(NamedTuple):
    """A name in other languages, and in English."""

    english: str
    languages: frozenset[str]
    kind: str
    """`territory`, `region`, `city`, `place`, `person`, `organisation` or `event`."""
    clear: bool
    """Whether it can be nothing else in an English text."""
    sure: bool
    """Whether it is not even met in English texts, as a foreign word or title."""
    plural: bool
    """Whether name + s is no word or name of its own."""


class Sighting(NamedTuple):
    """A name of the table, in another language, found in a text."""

    start: int
    end: int
    key: str
    entries: tuple[Entry, ...]
    false_s: bool
    """Whether an s that doesn't belong to the name ends the span."""

    @property
    def clear(self) -> bool:
        """Whether the name can be nothing else in an English text."""
        return self.entries[0].clear


class NameBook(NamedTuple):
    """The tables, ready for look-up."""

    names: dict[str, str]
    """Key -> the rest of its row, see `readings`."""
    phrases: dict[str, list[tuple[str, ...]]]
    """First word -> the other words of each key of more than one word, longest first."""
    english: dict[str, str]
    """English names of one word by lower-case key."""
    candidate: re.Pattern[str]
    """Matches where a name may start."""
    traces: frozenset[str]
    """Forms of which one stands in any text that has a name of the table; most texts have none, and need no search."""


@cache
def name_book() -> NameBook:
    """Return the tables; read once a process."""
    packed = (files("transforms.normalize") / "data" / _DATA / "names.tsv.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    names = dict(line.split("\t", 1) for line in lines if line[0] != "#")
    phrases: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    traces: set[str] = set()
    for key, row in names.items():
        traces.update(_traces(key, row.split("\t", 3)[2]))
        if " " in key:
            first, *rest = key.split(" ")
            phrases[first].append(tuple(rest))
    for options in phrases.values():
        options.sort(key=len, reverse=True)
    english = {name.lower(): name for name, _ in rows(f"{_DATA}/english")}
    openers = "|".join(sorted(words_of("openers")))
    capitalised = r"[^\W\d_a-zß-öø-ÿ][^\W_]*"
    candidate = re.compile(rf"(?<![^\W_])(?:{capitalised}|(?:{openers})(?=(?:-va?)? [^\W\d_a-z]))")
    return NameBook(names, dict(phrases), english, candidate, frozenset(traces))


def _traces(key: str, rarest: str) -> Iterator[str]:
    """Yield the forms in which the rarest word of a key can stand in a text."""
    title = rarest[0].upper() + rarest[1:]
    yield from (title, title + "s")
    if rarest[0] == "i":
        yield from ("İ" + rarest[1:], "İ" + rarest[1:] + "s")
    if rarest != key:
        yield from (rarest, rarest + "s")


@lru_cache(maxsize=4096)
def readings(key: str) -> tuple[Entry, ...]:
    """Return what a key of the table can stand for, or an empty tuple."""
    row = name_book().names.get(key)
    if row is None:
        return ()
    tier, plural, _, *columns = row.split("\t")
    return tuple(
        Entry(name, frozenset(languages.split(",")), kind, tier != "2", tier == "0", plural == "1")
        for name, kind, languages in (column.split("=") for column in columns)
    )


def words_of(name: str) -> frozenset[str]:
    """Return a set of words of `data/names/words.tsv`."""
    return word_sets(f"{_DATA}/words")[name]


@cache
def bare_territories() -> frozenset[str]:
    """Return the English names, of one word, of countries and territories that take no article."""
    named = (name for name, kind in rows(f"{_DATA}/english") if kind == "territory")
    return frozenset(named) - words_of("articled")


@cache
def variants() -> dict[str, list[str]]:
    """Return the spellings that English knows of a name, by each of them; the usual one first."""
    return {spellings[0]: spellings for spellings in rows(f"{_DATA}/variants")}


def vocabulary(document: Document) -> frozenset[str]:
    """Return the different words of a text, those parted by an apostrophe (`Poutine's`) also one by one."""
    words = frozenset(document.all_forms)
    if "'" not in document.text and "’" not in document.text:
        return words
    return words.union(*(_APOSTROPHE.split(word) for word in words if not word.isalnum()))


def sightings(document: Document) -> tuple[Sighting, ...]:
    """Return the names of the table in the text, in order, not overlapping; of those that start together, the longest.

    Time is linear in the length of the text.
    """
    if name_book().traces.isdisjoint(document.once(vocabulary)):
        return ()
    return tuple(_sightings(document.text))


def _sightings(text: str) -> Iterator[Sighting]:
    book = name_book()
    names, phrases = book.names, book.phrases
    reached = 0
    for match in book.candidate.finditer(text):
        word = match.group()
        if not _may_be_name(word):
            continue
        start, end = match.span()
        if start < reached:
            continue
        low = word.replace("İ", "i").lower()
        sighting = _phrase(text, start, end, low, phrases[low]) if low in phrases else None
        if sighting is None and word[0].isupper():
            sighting = _single(start, end, word, low, names)
        if sighting is not None:
            reached = sighting.end
            yield sighting


@lru_cache(maxsize=1 << 14)
def _may_be_name(word: str) -> bool:
    """Tell whether a name of the table may start with a word."""
    book, low = name_book(), word.lower()
    return (
        low in book.names
        or low in book.phrases
        or low[:-1] in book.names
        or word in book.names
        or word[:-1] in book.names
        or word[0] == "İ"
    )


def _single(start: int, end: int, word: str, low: str, names: dict[str, str]) -> Sighting | None:
    if word.isupper() and len(word) > 1:
        return Sighting(start, end, word, readings(word), False) if word in names else None
    if word[:-1].isupper() and word[-1] == "s" and len(word) > 3:  # OTANs
        return Sighting(start, end, word[:-1], readings(word[:-1]), True) if word[:-1] in names else None
    if low in names:
        return Sighting(start, end, low, readings(low), False)
    if low[-1] == "s" and low[:-1] in names:
        entries = readings(low[:-1])
        return Sighting(start, end, low[:-1], entries, True) if entries[0].plural else None
    return None


def _phrase(text: str, start: int, end: int, first: str, options: list[tuple[str, ...]]) -> Sighting | None:
    words, ends = _following(text, end, 1)
    options = [rest for rest in options if words and words[0] in (rest[0], rest[0] + "s")]
    if not options:
        return None
    words, ends = _following(text, end, len(options[0]))
    capital = text[start].isupper()
    for rest in options:
        count = len(rest)
        if len(words) < count or tuple(words[: count - 1]) != rest[:-1]:
            continue
        plural = words[count - 1] == rest[-1] + "s"
        stop = ends[count - 1]
        if (plural or words[count - 1] == rest[-1]) and (capital or not text[start:stop].islower()):
            key = " ".join((first, *rest))
            if "." in text[start:stop] and text[stop : stop + 1] == "." and _DOTTED_ENDS.match(text, stop):
                stop += 1  # EE.UU. in mid-sentence
            return Sighting(start, stop, key, readings(key), plural)
    return None


def _following(text: str, end: int, count: int) -> tuple[list[str], list[int]]:
    """Return the next `count` words in lower case and where they end, as far as a space or hyphen parts them."""
    words: list[str] = []
    ends: list[int] = []
    for _ in range(count):
        gap = _GAP.match(text, end)
        match = _WORD.match(text, gap.end() if gap else end)
        if match is None or match.start() == end:
            break
        words.append(match.group().replace("İ", "i").lower())
        end = match.end()
        ends.append(end)
    return words, ends
