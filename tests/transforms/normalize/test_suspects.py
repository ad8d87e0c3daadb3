"""What is listed as not to be trusted."""

import pytest

from transforms.normalize import normalize

DAMAGED = (
    "He said With great care that the talks dont matter, and the ministers Announced a article As expected. "
    "The state has not changed its mind on the war, they said, but it will be there when the talks end. "
)


@pytest.mark.parametrize(
    ("clause", "span", "reason"),
    [
        ("They made products such as gralnipuaces there.", "gralnipuaces", "unknown word"),
        ("They spoke of warming cracings at the end.", "cracings", "unknown word"),
        ("They will hold a [zusammenkunft] there.", "[zusammenkunft]", "bracketed word"),
        ("The chief of staff affirmé that it was so.", "affirmé", "foreign word"),
        ("They met the of the two armies there.", "the of", "scrambled clause"),
    ],
)
def test_suspects_on_a_damaged_page(clause: str, span: str, reason: str) -> None:
    done = normalize(DAMAGED + clause, "en")
    found = [(done.text[s.start : s.end], s.reason) for s in done.suspects]
    assert (span, reason) in found


@pytest.mark.parametrize(
    "clause",
    [
        "The ungooglable startup rebranded its livestreaming subcommittee.",
        "Write to anna@gristlewick.example or see www.gristlewick.example/page.",
        "The Gristlewicks came, and the gristlewicks went.",
        "He left, she said [sic].",
        "What the is to philosophers",
    ],
)
def test_what_is_no_suspect(clause: str) -> None:
    reasons = {s.reason for s in normalize(DAMAGED + clause, "en").suspects}
    assert reasons <= ({"scrambled clause"} if clause.startswith("What") else set())


def test_a_clean_page_has_none() -> None:
    assert normalize("They made products such as micropuaces there, and a gristlewick too.", "en").suspects == []
