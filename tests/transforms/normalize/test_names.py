"""Names: what comes back, what stays, and that the tables are what they say."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.normalize import names, normalize
from transforms.normalize.document import Document
from transforms.normalize.edits import Candidate, choose, to_edits
from transforms.normalize.namebook import name_book, readings, sightings
from transforms.normalize.rule import Rule
from transforms.normalize.rules import RULES
from transforms.records import apply_edits

HERE = Path(__file__).parent
NAME_RULES = {rule.name: rule for rule in RULES if rule.apply.__module__ == names.__name__}
CASES = [
    line.split("\t")
    for line in (HERE / "names_cases.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
KEPT = [line for line in (HERE / "names_kept.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def repaired(rule: Rule, text: str) -> str:
    document = Document(text)
    if rule.gate is not None and not rule.gate(document):
        return text
    candidates = [Candidate(proposal, rule.name, 0) for proposal in rule.apply(document)]
    return apply_edits(text, to_edits(text, choose(candidates)))


@pytest.mark.parametrize(("rule", "text", "expected"), CASES)
def test_names_come_back(rule: str, text: str, expected: str) -> None:
    assert repaired(NAME_RULES[rule], text) == expected


@pytest.mark.parametrize("text", KEPT)
def test_look_alikes_stay(text: str) -> None:
    for rule in NAME_RULES.values():
        assert repaired(rule, text) == text


@pytest.mark.parametrize("text", KEPT)
def test_look_alikes_stay_beside_a_shown_pivot(text: str) -> None:
    page = "Officials from Allemagne, Espagne and Russie met in Varsovie.\n\n" + text
    expected = "Officials from Germany, Spain and Russia met in Warsaw.\n\n" + text
    if any(name in text for name in ("Londres", "Moscou", "Poutines")):
        pytest.skip("French names on a French-pivot page")
    assert repaired(NAME_RULES["foreign-name"], page) == expected


def test_one_name_alone_proves_nothing() -> None:
    text = "The ship sailed to Londres with a cargo of grain and came home in May."
    assert repaired(NAME_RULES["foreign-name"], text) == text


def test_every_row_of_the_table_can_be_read() -> None:
    book = name_book()
    for key in book.names:
        for entry in readings(key):
            assert entry.english
            assert entry.languages
            assert key == key.lower() or key.isupper()


def test_no_english_name_is_a_clear_foreign_name() -> None:
    book = name_book()
    assert [low for low in book.english if low in book.names and readings(low)[0].clear] == []


@given(st.text(alphabet="BrésiliaLondres XIS'’s.-\nMoscou of the ", max_size=300))
def test_rules_never_fail_and_fit_the_text(text: str) -> None:
    document = Document(text)
    for rule in NAME_RULES.values():
        for proposal in rule.apply(document):
            assert 0 <= proposal.start < proposal.end <= len(text)


def test_sightings_are_in_order_and_apart() -> None:
    found = sightings(Document("Corea del Norte, Nueva York and the Reino Unido met Londres."))
    assert [sighting.key for sighting in found] == ["corea del norte", "nueva york", "reino unido", "londres"]
    assert all(first.end <= second.start for first, second in pairwise(found))


HOSTILE = (
    "Selenskyj called Zelenskyy and ",
    "LAS Vegas and Las Vega ",
    "Xi Jinpings' speech of Xi Jinping ",
    "Nueva Nueva York ",
)


@pytest.mark.parametrize("unit", HOSTILE)
def test_work_grows_with_the_text_and_no_faster(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned = []
    original = names.find_words

    def counted(words: Iterable[str], text: str, barred: str = "") -> Iterator[names.Place]:
        words = list(words)
        scanned.append(len(words) * len(text))
        return original(words, text, barred)

    monkeypatch.setattr(names, "find_words", counted)
    cost = []
    for size in (200, 400):
        scanned.clear()
        document = Document(unit * size)
        for rule in NAME_RULES.values():
            list(rule.apply(document))
        cost.append(sum(scanned))
    assert cost[1] <= 2.1 * cost[0]


def test_an_abbreviation_without_a_vowel_stays_though_the_page_also_spells_it_as_a_name() -> None:
    text = "The envoy of Poutines told CBC on Monday that the Cbc was wrong. A minister of the Bresils told CBC no."
    assert "CBC" not in {edit.before for edit in normalize(text, "en").edits}
