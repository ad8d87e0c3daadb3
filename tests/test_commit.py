"""The commit of a run: all or nothing, wherever it dies."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from transforms import commit as commits
from transforms.commit import PENDING, Commit, Rename, finish, name_files, recover, write_whole
from transforms.memory import CURRENT
from transforms.sinks.files import WrittenFile, temporary_folder


class DiedError(Exception):
    """Stands for the process being killed."""


def prepare(tmp_path: Path, run: str = "run2") -> Commit:
    """Leave things as a run does just before its commit, after an earlier run."""
    state, out = tmp_path / "state", tmp_path / "out"
    hidden = Path(temporary_folder(str(out), run))
    for folder in (state, hidden):
        folder.mkdir(parents=True)
    (state / CURRENT).write_text("run1")
    (state / "seen-run1-00000.jsonl.gz").write_bytes(b"old")
    files = []
    for name in ("a", "b"):
        (hidden / name).write_text(name)
        files.append(WrittenFile(str(hidden / name), str(out), "records", "jsonl"))
    return Commit(
        run=run,
        state=str(state),
        renames=name_files(files, run),
        folders=[str(out)],
        summary=str(tmp_path / "summary.json"),
        account=b"{}",
    )


def assert_done(tmp_path: Path) -> None:
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "records-run2-00000.jsonl",
        "records-run2-00001.jsonl",
    ]
    assert sorted(p.name for p in (tmp_path / "state").iterdir()) == [CURRENT]
    assert (tmp_path / "state" / CURRENT).read_text() == "run2"
    assert (tmp_path / "summary.json").read_text() == "{}"


def test_a_commit_names_the_files_and_switches_the_memory(tmp_path: Path) -> None:
    commit = prepare(tmp_path)
    write_whole(f"{commit.state}/{PENDING}", msgspec.json.encode(commit))
    finish(commit)
    assert_done(tmp_path)


@pytest.mark.parametrize("steps", range(8))
def test_a_commit_that_died_on_the_way_is_finished_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    commit = prepare(tmp_path)
    write_whole(f"{commit.state}/{PENDING}", msgspec.json.encode(commit))
    left = steps
    filesystems = commits.FileSystems

    class Dying:
        """Beam's filesystems, for a process that dies after some changes."""

        def __getattr__(self, name: str) -> object:
            nonlocal left
            if name in ("rename", "delete"):
                if left == 0:
                    raise DiedError
                left -= 1
            return getattr(filesystems, name)

    monkeypatch.setattr(commits, "FileSystems", Dying())
    try:
        finish(commit)
        died = False
    except DiedError:
        died = True
    monkeypatch.undo()
    pending = (tmp_path / "state" / PENDING).exists()
    assert recover(commit.state, commit.folders) == pending
    assert died == (steps < 7)
    assert_done(tmp_path)


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    commit = prepare(tmp_path)
    assert recover(commit.state, commit.folders) is False
    assert list((tmp_path / "out").iterdir()) == []
    assert (tmp_path / "state" / CURRENT).read_text() == "run1"


def test_recover_before_the_first_run(tmp_path: Path) -> None:
    assert recover(str(tmp_path / "state"), [str(tmp_path / "out")]) is False


def test_files_are_numbered_within_their_folder() -> None:
    files = [WrittenFile(t, f, "records", "jsonl") for t, f in [("3", "x"), ("1", "x"), ("2", "y")]]
    assert name_files(files, "r") == [
        Rename("1", "x/records-r-00000.jsonl"),
        Rename("2", "y/records-r-00000.jsonl"),
        Rename("3", "x/records-r-00001.jsonl"),
    ]
