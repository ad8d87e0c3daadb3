"""Clean paragraphs, each in its language's typography, that no rule may touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from transforms.normalize import normalize

CLEAN = sorted((Path(__file__).parents[2] / "benchmarks" / "repair_eval" / "data" / "clean").glob("*.txt"))


@pytest.mark.parametrize("path", CLEAN, ids=lambda path: path.stem)
@pytest.mark.parametrize("paragraph", range(4))
def test_no_edit_in_clean_text(path: Path, paragraph: int) -> None:
    text = path.read_text(encoding="utf-8").strip()
    part = text.split("\n\n")[paragraph]
    assert normalize(text, path.stem).edits == []
    assert normalize(part, path.stem).edits == []


def test_every_language_has_four_paragraphs() -> None:
    assert len(CLEAN) == 9
    assert all(len(path.read_text(encoding="utf-8").strip().split("\n\n")) >= 4 for path in CLEAN)
