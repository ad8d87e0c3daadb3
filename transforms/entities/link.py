"""What a place's name means on a page: itself, the bigger of two, or whatever the page's other places say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from transforms.entities.gazetteer import Gazetteer, Place, demonyms, neighbours, towns

EXACT = "exact"
GUESS = "populous-guess"
BIG = 500_000
DOMINANCE = 3
"""A city is taken for the one that is meant where it has this many times the people of the next of its name."""
OVERWHELMING = 10
"""... and this many times those of a namesake in a country that the page names."""
_QUALIFIER = re.compile(r",? \(?([A-Z][\w.]*(?: [A-Z][\w.]*){0,2})")


class Link(NamedTuple):
    """The place that a name means, and how sure that is: `exact` or `populous-guess`."""

    place: Place
    how: str


class Named(NamedTuple):
    """A place's name in a text, with what follows it."""

    name: str
    following: str


class Page:
    """What the places and peoples that a page names say about each other."""

    def __init__(self, places: Gazetteer, named: Iterable[Named], groups: Iterable[str]) -> None:
        self._places = places
        self._qualifiers: dict[str, list[Place]] = {}
        named = list(named)
        candidates = {item.name: self.candidates(item.name) for item in named}
        self._candidates = candidates
        self.countries: Counter[str] = Counter()
        """How strongly each country is on the page, one for each name that points to it."""
        self._said: Counter[str] = Counter()
        """The same without what cities and provinces point to."""
        self._inside: Counter[str] = Counter()
        """For each country and province, how many of its cities or provinces are on the page."""
        self._regions: set[str] = set()
        self._own: dict[str, str] = {}
        """The country that a name itself adds to `countries`."""
        for name, found in candidates.items():
            self._note(name, found)
        for group in set(groups):
            codes = demonyms().get(group, ())
            if len(codes) == 1:
                self.countries[codes[0]] += 1
                self._said[codes[0]] += 1
        for item in named:
            self._note_qualifier(item)

    def candidates(self, name: str) -> tuple[Place, ...]:
        """Return the places that a name may mean, countries and provinces before cities, big before small."""
        found = self._places.lookup(name)
        if found and found[0].kind in {"country", "historical"} and len(found) == 1:
            return found
        return found + tuple(towns(name))

    def _note(self, name: str, found: tuple[Place, ...]) -> None:
        if not found:
            return
        first = found[0]
        rivals = [place for place in found if place.kind != "city"]
        if len(rivals) > 1 or (rivals and len(found) > 1 and first.kind == "region"):
            return  # Georgia, New York: these say nothing about others
        if first.kind == "city" and len(found) > 1 and first.population < DOMINANCE * found[1].population:
            return
        if first.country:
            self.countries[first.country] += 1
            self._own[name] = first.country
        if first.kind == "country":
            self._said[first.country or ""] += 1
        if first.kind == "region":
            self._regions.add(first.key)
            self._inside[first.country or ""] += 1
        if first.kind == "city":
            self._inside[first.country or ""] += 1
            if first.region:
                self._inside[first.region] += 1

    def _note_qualifier(self, item: Named) -> None:
        """Remember the province or country in `Paris, Texas`."""
        match = _QUALIFIER.match(item.following)
        if match and item.following.startswith((",", " (")):
            wider = [place for place in self._places.lookup(match[1]) if place.kind in {"country", "region"}]
            if wider:
                self._qualifiers.setdefault(item.name, wider)

    def link(self, name: str) -> Link | None:
        """Return what a name means on this page; None where it is unknown or can't be told."""
        found = self._candidates.get(name)
        if found is None:
            found = self.candidates(name)
        if not found:
            return None
        qualified = self._qualified(name, found)
        if qualified is not None:
            return qualified
        if len(found) == 1:
            return self._single(found[0])
        areas = [place for place in found if place.kind != "city"]
        cities = [place for place in found if place.kind == "city"]
        if len(areas) == 1 and areas[0].kind != "region":
            return Link(areas[0], EXACT)
        if areas and (len(areas) > 1 or not cities):
            return self._by_evidence(areas)
        if areas and cities[0].population < BIG:
            return Link(areas[0], EXACT)
        if areas and cities[0].region != areas[0].key and self._inside[areas[0].key]:
            # Washington beside Seattle: two such cities make it the state, one leaves it open
            return Link(areas[0], EXACT) if self._inside[areas[0].key] > 1 else None
        return self._city(name, cities)

    def _qualified(self, name: str, found: tuple[Place, ...]) -> Link | None:
        for wider in self._qualifiers.get(name, []):
            if wider.kind == "region":
                within = [place for place in found if place.region == wider.key]
            else:
                within = [place for place in found if place.country == wider.country and place.kind != "country"]
            if within:
                return Link(within[0], EXACT)
        return None

    def _single(self, place: Place) -> Link | None:
        """Return the only place of a name, unless it is a small one far from all others of the page."""
        if place.kind != "city" or place.population >= BIG:
            return Link(place, EXACT)
        others = self.countries.total() - self.countries[place.country or ""]
        if self.countries[place.country or ""] > 1 or not others:
            return Link(place, EXACT)
        return None

    def _by_evidence(self, areas: list[Place]) -> Link | None:
        """Return the country or province that the page's other places point to; None where it is a draw."""
        scores = sorted(((self._evidence(place), -index) for index, place in enumerate(areas)), reverse=True)
        if scores[0][0] > scores[1][0] if len(scores) > 1 else scores[0][0]:
            return Link(areas[-scores[0][1]], EXACT)
        return None

    def _evidence(self, place: Place) -> int:
        """Return the weight of what speaks for a country or province: places within it, and its neighbours."""
        within = 3 * self._inside[place.key if place.kind == "region" else place.country or ""]
        if place.kind == "region":
            siblings = sum(
                1 for key in self._regions if key != place.key and key.split("-")[0] == place.key.split("-")[0]
            )
            return within + siblings
        near = sum(1 for code in neighbours().get(place.country or "", ()) if self.countries[code])
        return within + near + 2 * self._said[place.country or ""]

    def _city(self, name: str, cities: list[Place]) -> Link | None:
        """Return the city that is meant: one whose province or country is on the page, or the far biggest."""
        first = cities[0]
        own = self._own.get(name)
        near = [
            place
            for place in cities
            if place.region in self._regions or self.countries[place.country or ""] > (place.country == own)
        ]
        in_region = [place for place in near if place.region in self._regions]
        best = next(iter(in_region or near), None)
        is_biggest = first.population >= DOMINANCE * cities[1].population if len(cities) > 1 else True
        if best is first and (is_biggest or len(in_region or near) == 1):
            return Link(first, EXACT)
        if (
            best
            and best is not first
            and first.population < DOMINANCE * best.population
            and len(in_region or near) == 1
        ):
            return Link(best, EXACT)
        if best not in (None, first) and first.population < OVERWHELMING * best.population:
            return None
        return Link(first, GUESS) if is_biggest else None
