"""Words left in another language, and phrases translated word by word."""

from pathlib import Path

import pytest

from transforms.normalize import foreign
from transforms.normalize.document import Document
from transforms.normalize.edits import Candidate, choose, to_edits
from transforms.normalize.rules import RULES
from transforms.records import apply_edits

RULES_BY_NAME = {rule.name: rule for rule in RULES if rule.apply.__module__ == foreign.__name__}
CASES = [
    line.split("\t")
    for line in (Path(__file__).parent / "foreign_cases.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("rule", "text", "expected"), CASES)
def test_foreign_words(rule: str, text: str, expected: str) -> None:
    proposals = RULES_BY_NAME[rule].apply(Document(text))
    edits = to_edits(text, choose(Candidate(proposal, rule, 0) for proposal in proposals))
    assert apply_edits(text, edits) == expected


def test_clean_pages_are_left_alone() -> None:
    assert not foreign.damaged(Document("The minister called the réunion a success. Talks go on in Geneva on Monday."))


def test_a_page_that_shows_a_pivot_is_not_clean() -> None:
    assert foreign.damaged(Document("Envoys from Allemagne and Espagne held a réunion in Londres."))


def test_no_left_word_is_common_in_english() -> None:
    assert not {"pace", "reunion", "police", "minister", "august", "mayo"} & foreign.leftovers().keys()
