"""Daggers that stand for broken quotation marks, and those that are daggers."""

from pathlib import Path

import pytest

from transforms.normalize import encoding
from transforms.normalize.document import Document
from transforms.normalize.edits import Candidate, choose, to_edits
from transforms.records import apply_edits

CASES = [
    line.split("\t")
    for line in (Path(__file__).parent / "dagger_cases.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0][:30])
def test_daggers(case: list[str]) -> None:
    text = case[0]
    edits = to_edits(text, choose(Candidate(proposal, "dagger", 0) for proposal in encoding.daggers(Document(text))))
    assert apply_edits(text, edits) == case[-1]
