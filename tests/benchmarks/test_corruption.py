"""The corruption engine: its gold must be exact, or every figure made with it is wrong."""

from __future__ import annotations

import pytest

from benchmarks.repair_eval.corpora import Document, chunked, detokenize
from benchmarks.repair_eval.corruption import PROFILES, Damaged, Profile, damage, pivot_forms, strip_quotes

ARTICLE = """Brazil's farmers say Moscow's offer isn't enough

The minister, who arrived in Vienna on Tuesday, said a four-day visit to Russia had raised exports by 30%. "It's the
best result in years," he told reporters. But the farmers' union disagreed, and the president of Brazil was careful.

On May 9 the talks ended. The government of Germany said it wouldn't comment last week, while Putin and the leader of
Poland praised the neutrality of the bank: prices in Sweden's markets had risen, he added, since the war in Ukraine."""
DOCUMENT = Document("test:1", ARTICLE.replace("\nbest", " best").replace("\nPoland", " Poland"))
EVERYTHING = Profile("all", dict.fromkeys(("apostrophe", "name", "case", "break", "spacing", "boilerplate"), 1.0))


def undone(damaged: Damaged) -> str:
    """The damaged text with each damage replaced by its first expected text."""
    text = damaged.text
    for item in reversed(damaged.damages):
        text = text[: item.start] + item.expected[0] + text[item.end :]
    return text


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_gold_lies_where_it_says_and_in_order(profile: Profile) -> None:
    damaged = damage(DOCUMENT, profile)
    assert all(damaged.text[d.start : d.end] == d.found for d in damaged.damages)
    assert all(a.end <= b.start for a, b in zip(damaged.damages, damaged.damages[1:], strict=False))
    assert all(d.found not in d.expected for d in damaged.damages)


@pytest.mark.parametrize("pivot", ["fr", "es", "de", "pt", "pl"])
def test_undoing_the_gold_gives_the_original_back(pivot: str) -> None:
    rates = {**EVERYTHING.rates, "apostrophe.of_genitive": 0.0}  # this one also turns a clause round
    damaged = damage(DOCUMENT, Profile("all", rates, pivot=pivot))
    assert len(damaged.damages) > 15
    assert undone(damaged) == damaged.original


def test_same_arguments_give_the_same_damage() -> None:
    assert damage(DOCUMENT, PROFILES[0]) == damage(DOCUMENT, PROFILES[0])


def test_kinds_of_damage() -> None:
    found = {d.found: (d.kind, d.expected[0]) for d in damage(DOCUMENT, Profile("x", EVERYTHING.rates, "fr")).damages}
    assert found["isnt"] == ("apostrophe.contraction", "isn't")
    assert found["four -day"] == ("spacing.hyphen", "four-day")
    assert found["30 %"] == ("spacing.percent", "30%")
    assert any(form.startswith("Poutine") and expected == "Putin" for form, (_, expected) in found.items())
    assert found["Bresils" if "Bresils" in found else "Brésils"] == ("name.pivot_possessive", "Brazil's")


def test_profile_takes_only_its_kinds() -> None:
    stripped = damage(DOCUMENT, next(p for p in PROFILES if p.name == "apostrophes"))
    assert {d.kind.partition(".")[0] for d in stripped.damages} == {"apostrophe"}
    assert "'" not in stripped.text


def test_pivot_forms_leave_out_what_reads_the_same() -> None:
    forms = pivot_forms("fr")
    assert forms["Brazil"] == "Brésil"
    assert forms["Moscow"] == "Moscou"
    assert "France" not in forms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('He said "no" twice.', "He said no twice."),
        ("the 'poverty line' is the farmers' problem", "the poverty line is the farmers' problem"),
        ("“It’s late,” she said.", "It’s late, she said."),
        ("China's", "China's"),
    ],
)
def test_strip_quotes(text: str, expected: str) -> None:
    assert strip_quotes(text) == expected


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ("China 's leader did n't go .", "China's leader didn't go."),
        ("the duty - free `` shop '' ( new ) costs $ 5", 'the duty-free "shop" (new) costs $5'),
        ('He said , " Go . "', 'He said, "Go."'),
        ("Lane ’ s view , “ bold ” , isn ’ t new", "Lane’s view, “bold”, isn’t new"),
    ],
)
def test_detokenize(tokens: str, expected: str) -> None:
    assert detokenize(tokens.split()) == expected


def test_chunks_keep_every_paragraph() -> None:
    paragraphs = [f"{i} " + "word " * 30 for i in range(20)]
    documents = list(chunked("x", paragraphs, words=100))
    assert "\n\n".join(d.text for d in documents) == "\n\n".join(paragraphs)
    assert len(documents) == 5
