"""The scorer: what counts as right, wrong, repaired and missed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.repair_eval.corruption import Damage
from benchmarks.repair_eval.exonyms import LANGUAGES, exonym_pages
from benchmarks.repair_eval.marked import read_marked
from benchmarks.repair_eval.scoring import roc_auc, score
from benchmarks.repair_eval.trips import Judge, Trip
from transforms.records import Edit


def edit(text: str, before: str, after: str, rule: str = "a-rule", start: int | None = None) -> Edit:
    place = text.index(before) if start is None else start
    return Edit(start=place, end=place + len(before), before=before, after=after, rule=rule, confidence=0.9)


def item(text: str, found: str, *expected: str, kind: str = "kind") -> Damage:
    place = text.index(found)
    return Damage(place, place + len(found), found, expected, kind)


TEXT = "On May 9 of May 9 Chinas leader met XI in Londres ."


def test_right_edit_in_other_words_is_right() -> None:
    damages = [item(TEXT, "May 9 of May 9", "May 9"), item(TEXT, "Chinas", "China's")]
    edits = [edit(TEXT, " of May 9", ""), edit(TEXT, "", "’", start=TEXT.index("Chinas") + 5)]
    result = score(TEXT, edits, damages)
    assert result.repaired == damages
    assert (len(result.right), result.wrong, result.missed) == (2, [], [])


def test_wrong_edit_misses_the_damage_too() -> None:
    result = score(TEXT, [edit(TEXT, "Chinas", "Chinas'")], [item(TEXT, "Chinas", "China's")])
    assert (len(result.wrong), len(result.missed), result.precision, result.recall) == (1, 1, 0.0, 0.0)


def test_edit_of_sound_text_is_wrong() -> None:
    result = score(TEXT, [edit(TEXT, "leader", "Leader")], [item(TEXT, "Chinas", "China's")])
    assert (len(result.wrong), len(result.missed)) == (1, 1)


def test_any_of_several_expected_texts_will_do() -> None:
    text = "left GermanyThe chancellor"
    damages = [item(text, "GermanyThe", "Germany. The", "Germany The")]
    for after in (". ", " "):
        assert score(text, [edit(text, "", after, start=12)], damages).recall == 1.0


def test_one_edit_over_two_damages_may_repair_one_of_them() -> None:
    text = "when XI and Poutines met"
    damages = [item(text, "XI", "Xi"), item(text, "Poutines", "Putin's", "Putin")]
    result = score(text, [edit(text, "XI and Poutines", "Xi and Poutines")], damages)
    assert (result.repaired, result.missed) == (damages[:1], damages[1:])
    assert len(result.right) == 1


def test_doubled_space_is_repaired_only_by_a_single_one() -> None:
    text = "two  spaces"
    damages = [item(text, "  ", " ")]
    assert score(text, [], damages).recall == 0.0
    assert score(text, [edit(text, "  ", " ")], damages).recall == 1.0


def test_boilerplate_lifted_elsewhere_is_kept_apart() -> None:
    from transforms.normalize.rule import Stage
    from transforms.normalize.rules import RULES

    rule = next((rule.name for rule in RULES if rule.stage == Stage.BOILERPLATE), None)
    if rule is None:
        pytest.skip("no rule lifts boilerplate")
    text = "OSLO (AFP) – Rain fell."
    result = score(text, [edit(text, "OSLO (AFP) – ", "", rule)], [])
    assert (len(result.lifted), result.wrong) == (1, [])


def test_edits_that_do_not_fit_are_an_error() -> None:
    bad = Edit(start=0, end=2, before="zz", after="", rule="r", confidence=1.0)
    with pytest.raises(ValueError, match="does not fit"):
        score(TEXT, [bad], [])


def test_roc_auc_known_values() -> None:
    assert roc_auc([0.1, 0.2], [0.3, 0.9]) == 1.0
    assert roc_auc([0.3, 0.9], [0.1, 0.2]) == 0.0
    assert roc_auc([0.5], [0.5]) == 0.5
    assert math.isnan(roc_auc([], [0.5]))


@given(st.lists(st.integers(0, 9), min_size=1), st.lists(st.integers(0, 9), min_size=1))
def test_roc_auc_counts_pairs(negatives: list[float], positives: list[float]) -> None:
    pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for p in positives for n in negatives]
    assert roc_auc(negatives, positives) == pytest.approx(sum(pairs) / len(pairs))


def test_judge_of_round_trips() -> None:
    original = "The Trump team met China's leader in Moscow on Friday after the talks had ended badly"
    text = "The Trumps team met Chinas leader in Mosca on Friday after the Talks had Ended badly"
    judge = Judge(Trip("x", "spa", original, text))
    assert judge.verdict(edit(text, "Chinas", "China's")) == "right"
    assert judge.verdict(edit(text, "Talks", "talks")) == "right"
    assert judge.verdict(edit(text, "Friday", "friday")) == "wrong"
    assert judge.verdict(edit(text, "Mosca", "Rome")) == "open"


def test_judge_of_words_taken_out() -> None:
    original = "He said that the new minister had left the party in May"
    text = "He said that the the new minister had had left the party party in May"
    judge = Judge(Trip("x", "spa", original, text))
    assert judge.verdict(edit(text, " the the", " the")) != "wrong"
    assert judge.verdict(edit(text, " new minister", " minister")) == "wrong"


def test_marked_page(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "page.txt"
    path.write_text("# what it is\nThe {Bresils|Brazil¦Brazil's|exonym|D} war.{\\n\\n© X||boilerplate|D}\n")
    page = read_marked(path)
    assert page.text == "The Bresils war.\n\n© X"
    assert page.damages[0] == Damage(4, 11, "Bresils", ("Brazil", "Brazil's"), "exonym")
    assert page.levels == ("D", "D")
    path.write_text("a {b|c} d")
    with pytest.raises(ValueError, match="brace"):
        read_marked(path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_exonym_pages_hold_a_foreign_name(language: str) -> None:
    cases = list(exonym_pages(language))
    assert len(cases) > 40
    assert all(case.form in case.text and case.form not in case.english for case in cases)
