"""Edits are applied and undone exactly, and refused where they do not fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.records import Edit, apply_edits, undo_edits


@st.composite
def texts_with_edits(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(st.text(max_size=60))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    edits = [
        Edit(start=start, end=end, before=text[start:end], after=draw(st.text(max_size=5)), rule="r", confidence=1.0)
        for start, end in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    return text, edits


@given(texts_with_edits())
def test_undoing_gives_the_original_back(case: tuple[str, list[Edit]]) -> None:
    original, edits = case
    assert undo_edits(apply_edits(original, edits), edits) == original


def test_edits_that_do_not_fit_are_refused() -> None:
    edit = Edit(start=0, end=3, before="XIS", after="Xi", rule="r", confidence=1.0)
    with pytest.raises(ValueError, match="0-3"):
        apply_edits("Who", [edit])
    with pytest.raises(ValueError, match="0-3"):
        undo_edits("Who", [edit])
    with pytest.raises(ValueError, match="0-3"):
        apply_edits("XIS", [edit, edit])
