"""The spool: what is put comes back, from whichever file and in whatever order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transforms.spool import Place, SpoolReader, SpoolWriter


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.binary(max_size=200)), max_size=3), st.randoms())
def test_what_is_put_comes_back(tmp_path: Path, files: list[list[bytes]], random: object) -> None:
    put = []
    for contents in files:
        writer = SpoolWriter(str(tmp_path))
        put += [(writer.put(content), content) for content in contents]
        writer.close()
    random.shuffle(put)  # type: ignore[attr-defined]
    reader = SpoolReader(str(tmp_path))
    assert [reader.get(place) for place, _ in put] == [content for _, content in put]
    reader.close()


def test_a_file_cut_short_is_told(tmp_path: Path) -> None:
    writer = SpoolWriter(str(tmp_path))
    place = writer.put(b"an article")
    writer.close()
    (tmp_path / place.file).write_bytes(b"an art")
    reader = SpoolReader(str(tmp_path))
    with pytest.raises(OSError, match="ends before byte 10"):
        reader.get(place)
    reader.close()


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SpoolReader(str(tmp_path)).get(Place("gone", 0, 1))
