"""Reads the package's tables: TSV files with a header line; lines that start with `#` name source and licence."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

_DATA = files("transforms.entities") / "data"


def tables_in(folder: str) -> list[str]:
    """Return the names of the tables in a folder."""
    return sorted(table.name.removesuffix(".tsv") for table in _DATA.joinpath(folder).iterdir())


def rows(*path: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table by column."""
    lines = _DATA.joinpath(*path).read_text(encoding="utf-8").split("\n")
    content = (line.split("\t") for line in lines if line and not line.startswith("#"))
    columns = next(content)
    for cells in content:
        yield dict(zip(columns, cells, strict=True))
