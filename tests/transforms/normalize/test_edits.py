"""Choosing and composing edits."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from transforms.normalize.document import Proposal
from transforms.normalize.edits import Candidate, choose, compose, to_edits
from transforms.records import Edit, apply_edits, undo_edits


def candidates(text_length: int) -> st.SearchStrategy[list[Candidate]]:
    places = st.tuples(st.integers(0, text_length), st.integers(0, text_length)).map(sorted)
    return st.lists(
        st.builds(
            lambda span, after, confidence, rank: Candidate(
                Proposal(span[0], span[1], after, confidence), f"rule{rank}", rank
            ),
            places,
            st.text(alphabet="xyz ", max_size=4),
            st.sampled_from([0.9, 0.95, 1.0]),
            st.integers(0, 3),
        ),
        max_size=8,
    )


def pass_over(data: st.DataObject, text: str) -> list[Edit]:
    drawn = data.draw(candidates(len(text)))
    changing = [c for c in drawn if text[c.proposal.start : c.proposal.end] != c.proposal.after]
    return to_edits(text, choose(changing))


@given(st.text(alphabet="abc ", max_size=20), st.data())
def test_chosen_edits_reproduce_and_undo(text: str, data: st.DataObject) -> None:
    edits = pass_over(data, text)
    assert undo_edits(apply_edits(text, edits), edits) == text


@given(st.text(alphabet="abc ", max_size=20), st.data())
def test_composed_edits_do_what_the_passes_did(text: str, data: st.DataObject) -> None:
    edits: list[Edit] = []
    current = text
    for _ in range(3):
        more = pass_over(data, current)
        edits = compose(text, current, edits, more)
        current = apply_edits(current, more)
        assert apply_edits(text, edits) == current
        assert undo_edits(current, edits) == text
        assert all(edit.before != edit.after for edit in edits)
        assert all(a.end <= b.start for a, b in pairwise(edits))


def test_the_surest_of_overlapping_proposals_wins() -> None:
    weak = Candidate(Proposal(0, 8, "weak", 0.9), "a", 0)
    sure = Candidate(Proposal(4, 6, "sure", 0.95), "b", 1)
    apart = Candidate(Proposal(8, 9, "apart", 0.9), "a", 0)
    assert choose([weak, sure, apart]) == [sure, apart]


def test_the_longer_then_the_first_in_table_wins() -> None:
    short = Candidate(Proposal(0, 3, "s", 0.9), "a", 0)
    long = Candidate(Proposal(0, 8, "l", 0.9), "c", 2)
    later = Candidate(Proposal(0, 8, "later", 0.9), "d", 3)
    assert choose([short, later, long]) == [long]


def test_an_edit_of_an_edit_names_both_rules() -> None:
    first = [Edit(start=0, end=2, before="Xs", after="X's", rule="apostrophe", confidence=0.95)]
    second = [Edit(start=0, end=3, before="X's", after="Y's", rule="name", confidence=0.9)]
    assert compose("Xs car", "X's car", first, second) == [
        Edit(start=0, end=2, before="Xs", after="Y's", rule="apostrophe+name", confidence=0.9)
    ]


def test_what_is_put_back_disappears() -> None:
    first = [Edit(start=0, end=1, before="a", after="b", rule="x", confidence=1.0)]
    second = [Edit(start=0, end=1, before="b", after="a", rule="y", confidence=1.0)]
    assert compose("a", "b", first, second) == []
