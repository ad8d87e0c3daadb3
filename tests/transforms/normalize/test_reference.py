"""docs/repair.md says what the table of rules says."""

from pathlib import Path

from transforms.normalize.reference import updated


def test_the_page_is_current() -> None:
    page = (Path(__file__).parents[3] / "docs" / "repair.md").read_text(encoding="utf-8")
    assert page == updated(page), "run: python -m transforms.normalize.reference docs/repair.md"
