"""The table of rules: names, order, and each rule's own example."""

import pytest

from transforms.normalize.document import Document
from transforms.normalize.edits import Candidate, choose, to_edits
from transforms.normalize.rule import Rule
from transforms.normalize.rules import RULES
from transforms.records import apply_edits


def test_names_are_unique_and_stages_in_order() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert [rule.stage for rule in RULES] == sorted(rule.stage for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_does_what_its_example_says(rule: Rule) -> None:
    language = "en" if rule.suits("en") else min(rule.languages)
    proposals = rule.apply(Document(rule.before, language))
    edits = to_edits(rule.before, choose(Candidate(proposal, rule.name, 0) for proposal in proposals))
    assert apply_edits(rule.before, edits) == rule.after
