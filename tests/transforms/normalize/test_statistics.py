"""Lost apostrophes, wrong capitals and words run together: cases of `statistics.tsv`, and laws."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.normalize import normalize
from transforms.normalize.config import NormalizeConfig
from transforms.normalize.document import Document
from transforms.normalize.rules import RULES

GROUPS = {
    "apostrophes": {"lost-apostrophe", "plural-owner", "misplaced-apostrophe", "shouted-possessive"},
    "case": {"link-capital", "shouted-word", "said", "lost-capital"},
    "breaks": {"glued-capital", "glued-sentence", "glued-number", "glued-word"},
}
OWN = set().union(*GROUPS.values())


def _cases() -> list[tuple[str, str, str]]:
    lines = (Path(__file__).parent / "statistics.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.replace("\\n", "\n").split("\t") for line in lines if not line.startswith("#"))
    return [(group, before, before if after == "=" else after) for group, before, after in rows]


@pytest.mark.parametrize(("group", "before", "after"), _cases())
def test_repairs_what_is_damaged_and_leaves_the_rest(group: str, before: str, after: str) -> None:
    others = [rule.name for rule in RULES if rule.name not in GROUPS[group]]
    assert normalize(before, config=NormalizeConfig(disabled=others)).text == after


@settings(deadline=None)  # tables load on first use
@given(st.text(alphabet=" abdehilnostwABDEHILNOSTW.,'’\"?1290\n", max_size=200))
def test_proposals_fit_the_text_and_are_probabilities(text: str) -> None:
    document = Document(text, "en")
    for rule in RULES:
        if rule.name in OWN:
            for proposal in rule.apply(document):
                assert 0 <= proposal.start <= proposal.end <= len(text)
                assert 0.0 <= proposal.confidence <= 1.0


def test_page_with_apostrophes_in_place_is_left_alone() -> None:
    text = "Spain's minister said it's too early. The union's head agreed, and France's didn't. "
    text += "The ministers said the companies plans were ready, and the states leaders met."
    assert normalize(text).edits == []
