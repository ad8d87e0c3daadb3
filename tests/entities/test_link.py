"""What a place's name means, from the page's other places."""

from __future__ import annotations

import pytest

from transforms.entities.gazetteer import gazetteer
from transforms.entities.link import Named, Page

CASES = [
    # names on the page, the one asked for, its id, how sure
    (["Georgia", "Tbilisi"], "Georgia", "GE", "exact"),
    (["Georgia", "Armenia", "Russia"], "Georgia", "GE", "exact"),
    (["Georgia", "Atlanta", "Ohio"], "Georgia", "Q1428", "exact"),
    (["Georgia"], "Georgia", None, None),
    (["Georgia", "Tbilisi", "Atlanta"], "Georgia", None, None),
    (["Congo", "Kinshasa"], "Congo", "CD", "exact"),
    (["Congo", "Brazzaville"], "Congo", "CG", "exact"),
    (["Congo"], "Congo", None, None),
    (["Washington", "Moscow"], "Washington", "4140963", "populous-guess"),
    (["Washington", "Seattle", "Spokane"], "Washington", "Q1223", "exact"),
    (["Washington", "Seattle"], "Washington", None, None),
    (["New York"], "New York", "5128581", "populous-guess"),
    (["Jordan", "Syria"], "Jordan", "JO", "exact"),
    (["Niger"], "Niger", "NE", "exact"),
    (["Hyderabad", "India"], "Hyderabad", "1269843", "exact"),
    (["Valencia", "Spain", "Madrid"], "Valencia", "2509954", "exact"),
    (["Birmingham", "England"], "Birmingham", "2655603", "exact"),
    (["London", "Canada"], "London", "2643743", "populous-guess"),
    (["Narnia"], "Narnia", None, None),
]


@pytest.mark.parametrize(("page", "name", "identifier", "how"), CASES)
def test_link(page: list[str], name: str, identifier: str | None, how: str | None) -> None:
    link = Page(gazetteer("en"), [Named(n, " is") for n in page], []).link(name)
    found = link and (link.place.iso3166 or link.place.geonames or link.place.wikidata)
    assert (found, link and link.how) == (identifier, how)


@pytest.mark.parametrize(
    ("name", "following", "identifier"),
    [("Paris", ", Texas, on", "4717560"), ("Birmingham", ", Alabama", "4049979"), ("Moscow", " (Idaho)", "5601538")],
)
def test_qualified(name: str, following: str, identifier: str) -> None:
    link = Page(gazetteer("en"), [Named(name, following)], []).link(name)
    assert link is not None
    assert (link.place.geonames, link.how) == (identifier, "exact")


def test_peoples_are_evidence() -> None:
    link = Page(gazetteer("en"), [Named("Congo", "")], ["Rwandan", "Ugandan"]).link("Congo")
    assert link is not None
    assert link.place.iso3166 == "CD"


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("fr", "De Moscou à Londres, par l'Allemagne", ["Moscou", "Londres", "Allemagne"]),
        ("de", "Von München nach Österreich", ["München", "Österreich"]),
        ("ru", "Из Москвы не видно, а Россия и Париж видны", ["Россия", "Париж"]),
        ("zh-Hans", "从北京到俄罗斯", ["北京", "俄罗斯"]),
        ("ja", "東京とロシア", ["東京", "ロシア"]),
        ("ar", "سافر إلى موسكو", ["موسكو"]),
        ("en", "Chinatown is not China, nor is Indiana India", ["China", "Indiana", "India"]),
        ("xx", "Paris", []),
    ],
)
def test_gazetteer_in_other_languages(language: str, text: str, found: list[str]) -> None:
    assert [text[hit.start : hit.end] for hit in gazetteer(language).find(text)] == found


def test_what_a_feed_claims_as_language_is_no_path_and_no_memory() -> None:
    assert list(gazetteer("../places").find("Paris")) == []
    assert gazetteer("x1") is gazetteer("x2")
