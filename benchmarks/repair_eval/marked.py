"""Pages with their gold written into the text, and the seed article's tables.

In a marked page every defect stands as `{found|expected|class|level}`; several right repairs are divided by `¦`, and an
empty `expected` says that the text should be gone. `\\n` is a line break. Levels are those of the seed: D can be
repaired from rules, gazetteers and the page itself, M needs a model, X can't be known from the page.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.repair_eval.corruption import Damage

_MARK = re.compile(r"\{([^{}|]*)\|([^{}|]*)\|([\w.]+)\|([DMX])\}")
_ARTICLE = re.compile(r"\b[Tt]he $")


@dataclass(frozen=True)
class MarkedPage:
    """A garbled page; `levels[i]` is the level of `damages[i]`."""

    name: str
    text: str
    damages: tuple[Damage, ...]
    levels: tuple[str, ...]

    def of_level(self, level: str) -> list[Damage]:
        return [damage for damage, its in zip(self.damages, self.levels, strict=True) if its == level]


def read_marked(path: Path) -> MarkedPage:
    """Read a page of `data/pages`; lines that start with `#` at the top tell what it is.

    Raises:
      ValueError: a brace is not part of a mark.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    while lines and lines[0].startswith("#"):
        lines.pop(0)
    source = "\n".join(lines).strip("\n")
    parts: list[str] = []
    damages: list[Damage] = []
    levels: list[str] = []
    position = length = 0
    for mark in _MARK.finditer(source):
        kept = source[position : mark.start()]
        found = mark[1].replace("\\n", "\n")
        expected = tuple(each.replace("\\n", "\n") for each in mark[2].split("¦"))
        start = length + len(kept)
        damages.append(Damage(start, start + len(found), found, expected, mark[3]))
        levels.append(mark[4])
        parts += (kept, found)
        length, position = start + len(found), mark.end()
    parts.append(source[position:])
    text = "".join(parts)
    if "{" in text or "}" in text:
        brace = text.find("{") if "{" in text else text.find("}")
        raise ValueError(f"{path}: a brace that is not part of a mark: {text[brace : brace + 40]!r}")
    return MarkedPage(path.stem, text, tuple(damages), tuple(levels))


def read_gold(folder: Path) -> MarkedPage:
    """The seed article with `gold.tsv`.

    Where a country got an article by mistake (`the Bresils`), dropping it with the false plural is right too.
    """
    text = (folder / "article.txt").read_text(encoding="utf-8")
    damages: list[Damage] = []
    levels: list[str] = []
    for row in _rows(folder / "gold.tsv"):
        start, end = int(row["start"]), int(row["end"])
        expected: tuple[str, ...] = (_unescaped(row["expected"]),)
        article = _ARTICLE.search(text, 0, start)
        if article and row["class"] in {"exonym", "possessive"}:
            start = article.start()
            expected += (article[0] + expected[0],)
        elif expected[0].startswith("An ") and text.endswith("A ", 0, start):  # the row leaves out what stands there
            start -= len("A ")
        damages.append(Damage(start, end, text[start:end], expected, row["class"]))
        levels.append(row["level"])
    return MarkedPage("seed", text, tuple(damages), tuple(levels))


@dataclass(frozen=True)
class Defect:
    """A row of `defects.tsv`: what stood in the article as first published."""

    start: int
    end: int
    found: str
    original: str
    kind: str
    recoverability: str


def read_defects(folder: Path) -> list[Defect]:
    """The 190 defects of the seed; they may overlap."""
    return [
        Defect(
            int(row["char_start"]), int(row["char_end"]), _unescaped(row["found"]), row["likely_original"],
            row["class"], row["recoverability"],
        )
        for row in _rows(folder / "defects.tsv")
    ]  # fmt: skip


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _unescaped(field: str) -> str:
    return field.replace("\\n", "\n")
