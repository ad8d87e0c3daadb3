"""What stands twice by mistake, and what English repeats rightly."""

from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

import pytest

from transforms.normalize import doubled
from transforms.normalize.document import Document, Proposal
from transforms.normalize.edits import Candidate, choose, to_edits
from transforms.records import apply_edits


def cases(name: str) -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(row[0], row[-1]) for row in rows]


def applied(text: str, rules: Iterable[Callable[[Document], Iterable[Proposal]]]) -> str:
    document = Document(text, "en")
    proposals = chain.from_iterable(rule(document) for rule in rules)
    return apply_edits(text, to_edits(text, choose(Candidate(p, "", 0) for p in proposals)))


@pytest.mark.parametrize(("text", "expected"), cases("doubled_cases.tsv"))
def test_phrases_put_down_twice(text: str, expected: str) -> None:
    assert applied(text, [doubled.dates, doubled.words, doubled.phrases]) == expected


@pytest.mark.parametrize(("text", "expected"), cases("echo_cases.tsv"))
def test_echoes_on_a_damaged_page(text: str, expected: str) -> None:
    assert applied(text, [doubled.echoes]) == expected
