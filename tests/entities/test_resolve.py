"""Who is who in an article, on spans as a model would give them."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.entities import resolution_figures
from transforms.entities.extract import from_spans
from transforms.entities.gazetteer import gazetteer
from transforms.entities.recognise import Span
from transforms.records import Entity

_LABELS = {"P": "PERSON", "O": "ORG", "L": "PLACE", "G": "GROUP"}


def entities(marked: str) -> list[Entity]:
    """Return the entities of a text in which `P[name]` marks what the model found."""
    text, spans = "", []
    for part in re.split(r"([POLG]\[[^\]]+\])", marked):
        match = re.fullmatch(r"([POLG])\[([^\]]+)\]", part)
        if match:
            spans.append(Span(len(text), len(text) + len(match[2]), _LABELS[match[1]], _LABELS[match[1]]))
        text += match[2] if match else part
    return from_spans(text, spans, gazetteer("en")).entities


def names(marked: str) -> dict[str, list[str]]:
    return {entity.name: [mention.text for mention in entity.mentions] for entity in entities(marked)}


def test_one_man_by_all_his_names() -> None:
    found = names("P[Boris Marek] spoke. P[Mr. Marek] left; P[MAREK's] aide stayed. P[Marek] and O[Marek] again.")
    assert found == {"Boris Marek": ["Boris Marek", "Marek", "MAREK", "Marek", "Marek"]}


def test_a_surname_of_two_stays_alone() -> None:
    found = names("P[Ana Marek] met P[Boris Marek]. Later P[Marek] spoke.")
    assert found == {"Ana Marek": ["Ana Marek"], "Boris Marek": ["Boris Marek"], "Marek": ["Marek"]}


def test_a_surname_belongs_to_who_was_introduced() -> None:
    found = names("P[Boris Marek] spoke. P[Marek] left. His wife, P[Ana Marek], stayed. P[Marek] rang.")
    assert found["Boris Marek"] == ["Boris Marek", "Marek", "Marek"]
    assert found["Ana Marek"] == ["Ana Marek"]


def test_shorter_full_names_and_initials() -> None:
    assert list(names("P[Luis Ana da Costa] and P[da Costa] and P[L. Ana da Costa]")) == ["Luis Ana da Costa"]
    assert len(names("P[Karl Voss Jr.] met P[Karl Voss Sr.]")) == 2


def test_chinese_and_korean_names() -> None:
    assert names("P[Zhao Mingde] came. P[Zhao] left.") == {"Zhao Mingde": ["Zhao Mingde", "Zhao"]}
    assert names("P[Kim Dae Ho] came. P[Kim] left.") == {"Kim Dae Ho": ["Kim Dae Ho", "Kim"]}


def test_a_surname_that_the_model_missed() -> None:
    found = names("P[Boris Marek] spoke. Then Marek left, said Marek’s aide, in Marek Street.")
    assert found == {"Boris Marek": ["Boris Marek", "Marek", "Marek"]}


def test_acronyms() -> None:
    found = names("The O[North Sea Trade Board] (O[NSTB]) met. The NSTB voted. O[World Fish Union] left; P[WFU] too.")
    assert found == {
        "North Sea Trade Board": ["North Sea Trade Board", "NSTB", "NSTB"],
        "World Fish Union": ["World Fish Union", "WFU"],
    }


def test_an_acronym_that_the_text_defines() -> None:
    found = names("The O[Fisheries Office] (FO) met. Two days later the FO voted. Their LO (Lab Office) did not.")
    assert found == {"Fisheries Office": ["Fisheries Office", "FO", "FO"]}


def test_one_label_a_name() -> None:
    found = entities("O[Orbex] rose. O[Orbex] fell. L[Orbex] rose. P[Marek] and O[Marek] met.")
    assert [(entity.name, entity.label, entity.count) for entity in found][:1] == [("Orbex", "ORG", 3)]
    assert {entity.label for entity in found[1:]} == {"PERSON", "ORG"}


def test_titles_are_nobody() -> None:
    assert list(names("P[President] and P[Anna Coach] met. P[Coach] spoke. The Secretary of O[State] left.")) == [
        "Anna Coach"
    ]


def test_names_that_the_model_cut() -> None:
    assert list(names("P[Park Min]-seok met P[Lee Jae]-led guests.")) == ["Park Min-seok", "Lee Jae"]
    found = names("The O[Board of Fishing] in L[Orbia] met. The O[BFX] voted.")
    assert found == {"Board of Fishing": ["Board of Fishing"], "Orbia": ["Orbia"], "BFX": ["BFX"]}
    found = names("The O[Board of Fishing] in L[Orbia] met. The O[BFO] and O[Bank of Orbia] and O[Orbia] voted.")
    assert found == {
        "Board of Fishing in Orbia": ["Board of Fishing in Orbia", "BFO"],
        "Bank of Orbia": ["Bank of Orbia"],
        "Orbia": ["Orbia"],
    }


def test_a_full_name_with_a_shorter_one() -> None:
    found = names("O[Aung Than Nu Lwin] was freed. P[Nu Lwin] spoke.")
    assert found == {"Aung Than Nu Lwin": ["Aung Than Nu Lwin", "Nu Lwin"]}


def test_a_quoted_word_is_nobody() -> None:
    assert names('It is now "P[Broken]", said P[Anna "Rosa" Novak]. "P[Novak]" wrote P[Novak].') == {
        'Anna "Rosa" Novak': ['Anna "Rosa" Novak', "Novak", "Novak"]
    }


def test_companies_without_their_legal_form() -> None:
    assert names("O[Orbex Motors Corp.] rose. O[Orbex] fell.") == {"Orbex Motors Corp": ["Orbex Motors Corp", "Orbex"]}
    assert len(names("O[Orbex Motors] sued O[Orbex Foods]. O[Orbex] fell.")) == 3
    assert len(names("O[National Bank of Orbia] met O[National Museum]. O[Bank] fell.")) == 3


def test_countries_by_all_their_names() -> None:
    (entity,) = entities("L[the United States] and L[U.S.] and L[America] and L[USA]")
    assert (entity.name, entity.count, entity.ids.iso3166, entity.link) == ("United States", 4, "US", "exact")


def test_an_abbreviated_country_has_its_name() -> None:
    assert [entity.name for entity in entities("L[U.S.] and L[UK]")] == ["United States", "United Kingdom"]
    assert [entity.name for entity in from_spans("USA", None, gazetteer("fr")).entities] == ["USA"]


def test_everyday_names_of_countries_in_other_languages() -> None:
    for language, text, codes in [
        ("de", "Die USA und Großbritannien, China und Tschechien.", ["US", "GB", "CN", "CZ"]),
        ("ru", "США, Великобритания и Китай.", ["US", "GB", "CN"]),
        ("cs", "Francie, Nizozemsko a Čína.", ["FR", "NL", "CN"]),
        ("es", "EE. UU. y Gran Bretaña.", ["US", "GB"]),
    ]:
        found = from_spans(text, None, gazetteer(language)).entities
        assert [(entity.ids.iso3166, entity.link) for entity in found] == [(code, "exact") for code in codes]


def test_peoples() -> None:
    (entity,) = entities("L[Ukrainian] troops and Ukrainians")
    assert (entity.label, entity.count, entity.country, entity.ids.iso3166) == ("GROUP", 2, "UA", None)


def test_label_of_a_country_is_corrected() -> None:
    (entity,) = entities("He fled to P[Senegal].")
    assert (entity.label, entity.model_label, entity.ids.iso3166) == ("PLACE", "PERSON", "SN")


def test_a_man_called_like_a_country() -> None:
    found = entities("P[Michael Jordan] sold his team. L[Jordan] had bought it in 2010.")
    assert [(entity.name, entity.label, entity.count) for entity in found] == [("Michael Jordan", "PERSON", 2)]


def test_gazetteer_fills_gaps_but_not_in_longer_names() -> None:
    assert list(names("It rained in Nairobi and in Kenya.")) == ["Nairobi", "Kenya"]
    assert names("The Boston Globe and the Royal Bank of Scotland Yard") == {}


def test_longer_place_than_the_model_saw() -> None:
    assert list(names("In L[Guinea]-Bissau it rained.")) == ["Guinea-Bissau"]


def test_photo_credits_are_no_story() -> None:
    result = "He left O[Oslo].\nPhoto: P[Jane Roe]/O[AFP]"
    assert list(names(result)) == ["Oslo"]


def test_hand_made_set() -> None:
    tally = resolution_figures(held_out=None)
    assert tally["merged right"] / tally["merged"] >= 0.97
    assert tally["merged right"] / tally["pairs"] >= 0.85
    assert tally["linked right"] / tally["linked"] >= 0.97


_WORDS = st.sampled_from(
    [
        "Marek",
        "Ana",
        "Boris",
        "Kim",
        "Georgia",
        "Paris",
        "Texas",
        "the",
        "of",
        "U.S.",
        "WHO",
        "(",
        ")",
        "'s",
        ".",
        ",",
        "\n",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_WORDS, max_size=25), st.data())
def test_mentions_hold_in_any_text(parts: list[str], data: st.DataObject) -> None:
    text = " ".join(parts)
    borders = sorted(set(data.draw(st.lists(st.integers(0, len(text)), max_size=12))))
    labels = st.sampled_from(["PERSON", "ORG", "PLACE", "GROUP", "EVENT"])
    pairs = zip(borders[::2], borders[1::2], strict=False)
    spans = [Span(start, end, data.draw(labels), "X") for start, end in pairs]
    found = from_spans(text, spans, gazetteer("en")).entities
    mentions = [mention for entity in found for mention in entity.mentions]
    assert all(text[mention.start : mention.end] == mention.text for mention in mentions)
    ordered = sorted(mentions, key=lambda mention: mention.start)
    assert all(a.end <= b.start for a, b in pairwise(ordered))
    for entity in found:
        assert entity.count == len(entity.mentions)
        assert (entity.text, entity.start, entity.end) == (
            entity.mentions[0].text,
            entity.mentions[0].start,
            entity.mentions[0].end,
        )
        assert [m.start for m in entity.mentions] == sorted(m.start for m in entity.mentions)
