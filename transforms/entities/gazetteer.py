"""Places by name: territories, provinces and big cities, in the language of the text.

The tables are built by tables/entities_places.py from CLDR, rigour and GeoNames. A language's names are read when the
first text in it comes, once a process.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import ahocorasick  # type: ignore[import-not-found]

from transforms.entities.tables import rows, tables_in

_UNSPACED = frozenset({"zh", "zh-Hant", "yue", "ja", "th", "lo", "km", "my"})
"""Languages written without spaces: a name has no visible borders there."""
_lock = threading.Lock()


class Place(NamedTuple):
    """A place of the gazetteer; `kind` is `country`, `region`, `historical` or `city`."""

    key: str
    kind: str
    name: str
    country: str | None
    iso3166: str | None
    wikidata: str | None
    geonames: str | None
    region: str | None
    population: int


class Hit(NamedTuple):
    """A name found at `start:end`, and the places that it may mean, the most important first."""

    start: int
    end: int
    places: tuple[Place, ...]


class Gazetteer:
    """The places that a language has names for."""

    def __init__(
        self, names: dict[str, tuple[Place, ...]], weak: frozenset[str] = frozenset(), spaced: bool = True
    ) -> None:
        """Make a gazetteer.

        Args:
          names: the places that each name may mean.
          weak: names that are looked up but never found in a text, because they mostly mean something else there.
          spaced: whether the language has white space between words.
        """
        self._names = names
        self._spaced = spaced
        self._automaton = ahocorasick.Automaton()
        for name in names.keys() - weak:
            self._automaton.add_word(name, name)
        if len(self._automaton):
            self._automaton.make_automaton()

    def lookup(self, name: str) -> tuple[Place, ...]:
        """Return the places that `name` may mean, the most important first; none where it is unknown."""
        return self._names.get(name.replace("’", "'"), ())

    def find(self, text: str) -> Iterator[Hit]:
        """Yield the names in `text`, from left to right, the longest at a place, not overlapping.

        Takes time linear in the text's length (Aho and Corasick 1975).
        """
        if not len(self._automaton):
            return
        position = 0
        text = text.replace("’", "'")
        for end, name in self._automaton.iter_long(text):
            start = end + 1 - len(name)
            if start >= position and self._is_whole(text, start, end + 1):
                position = end + 1
                yield Hit(start, end + 1, self._names[name])

    def _is_whole(self, text: str, start: int, end: int) -> bool:
        """Tell whether the name at `start:end` is not part of a longer word."""
        if not self._spaced:
            return True
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        return not (before.isalnum() or after.isalnum())


_NOTHING = Gazetteer({})


@cache
def languages() -> frozenset[str]:
    """Return the languages that there are names in."""
    return frozenset(tables_in("names"))


@cache
def _places() -> dict[str, Place]:
    return {
        row["key"]: Place(
            row["key"],
            row["kind"],
            row["name"],
            row["country"] or None,
            row["iso3166"] or None,
            row["wikidata"] or None,
            row["geonames"] or None,
            row["region"] or None,
            int(row["population"]),
        )
        for row in rows("places.tsv")
    }


def _is_latin(names: dict[str, tuple[Place, ...]]) -> bool:
    return sum(name[0].lower() < "ɐ" for name in names) > len(names) / 2


def _load(language: str) -> Gazetteer:
    places = _places()
    names: dict[str, tuple[Place, ...]] = {}
    weak = set()
    for row in rows("names", f"{language}.tsv"):
        names[row["name"]] = tuple(places[key] for key in row["keys"].split())
        if row["weak"]:
            weak.add(row["name"])
    if language != "en" and _is_latin(names):
        # CLDR has other languages' names of a few hundred cities only; most cities are called the same everywhere
        named = {place.key for found in names.values() for place in found}
        cities = [place for place in places.values() if place.kind == "city" and place.key not in named]
        for place in sorted(cities, key=lambda place: -place.population):
            names.setdefault(place.name, ())
            names[place.name] += (place,)
    return Gazetteer(names, frozenset(weak), spaced=language not in _UNSPACED)


def fold(name: str) -> str:
    """Return the name in lower case, without accents, with plain apostrophes."""
    if name.isascii():
        return name.lower()
    decomposed = unicodedata.normalize("NFKD", name.replace("’", "'"))
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


@cache
def _towns() -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for row in rows("towns.tsv"):
        town = Place(
            f"g{row['geonames']}",
            "city",
            row["name"],
            row["country"] or None,
            None,
            None,
            row["geonames"],
            row["region"] or None,
            int(row["population"]),
        )
        found.setdefault(fold(town.name), []).append(town)
    return found


def towns(name: str) -> list[Place]:
    """Return the towns of 15,000 to 500,000 people called `name`, accents apart, the biggest first."""
    with _lock:
        return _towns().get(fold(name), [])


@cache
def neighbours() -> dict[str, frozenset[str]]:
    """Return the countries that each country borders on, by ISO code."""
    return {row["country"]: frozenset(row["neighbours"].split()) for row in rows("neighbours.tsv")}


@cache
def demonyms() -> dict[str, tuple[str, ...]]:
    """Return the ISO codes that an English name of a people or its adjective may stand for."""
    return {row["name"]: tuple(row["countries"].split()) for row in rows("demonyms.tsv")}


@cache
def _load_once(language: str) -> Gazetteer:
    return _load(language)


def gazetteer(language: str) -> Gazetteer:
    """Return the gazetteer of a language, loaded once a process; one without names where the language is unknown.

    Args:
      language: BCP 47 code, as found or as a feed claims it; a region or an unknown script is ignored (`pt-BR` is
        `pt`).
    """
    base = "zh-Hant" if language.startswith("zh-Hant") else language.split("-")[0].lower()
    with _lock:
        return _load_once(base) if base in languages() else _NOTHING
