"""A batch run onto a full disk. Needs root on Linux: the disk is a small tmpfs, mounted here."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.test_run import Job, articles


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_told_in_one_line_and_the_next_run_makes_up_for_it(
    tmp_path: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = Job(tmp_path, articles(2000))
    job.settings["sinks"][0]["path"] = str(small_disk / "records")
    job.write()
    assert job.run() == 1
    error = capsys.readouterr().err
    assert "No space left on device" in error
    assert "nothing was written" in error
    assert "Traceback" not in error
    assert [path for path in (small_disk / "records").rglob("*") if path.is_file()] == []
    job.settings["sinks"][0]["path"] = str(job.out / "records")
    job.write()
    assert job.run() == 0
    assert len(job.records()) == 2000
