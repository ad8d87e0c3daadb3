"""The end of a batch run: all its files appear and the memory switches over, together or not at all.

The commit point is the moment `PENDING.json` stands under `state.path`: it lists every rename still to do and the
name of the new memory. A run that dies before it has changed nothing that counts; one that dies after it is finished
by the next start (`recover`), since every step may be repeated. So a crash neither loses nor doubles an article.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import AsIter, PCollection

from transforms.account import Tally, summarise
from transforms.memory import CURRENT, snapshot_files
from transforms.sinks.files import WrittenFile, create_file, temporary_folder

PENDING = "PENDING.json"

_log = logging.getLogger(__name__)


class Rename(msgspec.Struct, frozen=True):
    """A file to be given its name."""

    temporary: str
    final: str


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """All that is left to do once a run has written everything."""

    run: str
    state: str
    renames: list[Rename]
    folders: list[str]
    summary: str
    """Path of the run's `summary.json`."""
    account: bytes
    """What that file is to hold."""


def name_files(written: Iterable[Any], run: str) -> list[Rename]:
    """Return the final name of each file: `<folder>/<stem>-<run>-00000.<extension>`, numbered within its folder.

    What else was written (rows of a table) needs no name.
    """
    renames: list[Rename] = []
    numbers: dict[tuple[str, str], int] = {}
    for file in sorted(item for item in written if isinstance(item, WrittenFile)):
        number = numbers.get((file.folder, file.stem), 0)
        numbers[file.folder, file.stem] = number + 1
        name = f"{file.stem}-{run}-{number:05d}.{file.extension}"
        renames.append(Rename(file.temporary, FileSystems.join(file.folder, name)))
    return renames


def write_whole(path: str, content: bytes) -> None:
    """Write a small file so that a reader sees all of it or nothing: beside, then renamed."""
    beside = f"{path}.new"
    with create_file(beside) as file:
        file.write(content)
    FileSystems.rename([beside], [path])


def _rename(rename: Rename) -> None:
    """Rename a file; one that has been renamed already (by a run that died on the way) is left as it is."""
    try:
        FileSystems.rename([rename.temporary], [rename.final])
    except BeamIOError:
        if FileSystems.exists(rename.temporary) or not FileSystems.exists(rename.final):
            raise


def finish(commit: Commit) -> None:
    """Do all that `commit` lists. May be repeated."""
    for rename in commit.renames:
        _rename(rename)
    write_whole(commit.summary, commit.account)
    write_whole(FileSystems.join(commit.state, CURRENT), commit.run.encode())
    in_force = snapshot_files(commit.state, commit.run)
    remove(path for path in snapshot_files(commit.state, "*") if path not in in_force)
    remove(temporary_folder(folder, commit.run) for folder in commit.folders)
    FileSystems.delete([FileSystems.join(commit.state, PENDING)])


def remove(paths: Iterable[str]) -> None:
    """Delete files, or folders with all in them; what can't be deleted is left to the next start."""
    for path in paths:
        try:
            if FileSystems.exists(path):
                FileSystems.delete([path])
        except BeamIOError as error:
            _log.warning("could not remove %s: %s", path, error)


def recover(state: str, folders: Iterable[str]) -> bool:
    """Finish the commit of a run that died in it, and remove what a run that died earlier left behind.

    Args:
      state: the folder of the memory.
      folders: all folders that runs write to.

    Returns:
      Whether a commit had to be finished.
    """
    pending = FileSystems.join(state, PENDING)
    found = bool(FileSystems.exists(pending))
    if found:
        with FileSystems.open(pending) as file:
            finish(msgspec.json.decode(file.read(), type=Commit))
    left = [FileSystems.join(folder, ".newsbeam-*", "*") for folder in folders]
    for match in FileSystems.match(left):
        remove({FileSystems.split(metadata.path)[0] for metadata in match.metadata_list})
    return found


class CommitRun(beam.PTransform[PCollection[Any], PCollection[Commit]]):
    """Commits a run when all of it is written: files, which now get their names, and whatever else has ids.

    Args:
      run: the run's name.
      state: the folder of the memory.
      folders: all folders that the run writes to.
      summary: path of the summary.
      account: the run's tallies, as summed up by `transforms.account`.
      started: Unix time at which the run started.
    """

    def __init__(
        self,
        *,
        run: str,
        state: str,
        folders: list[str],
        summary: str,
        account: PCollection[tuple[Tally, int]],
        started: float,
    ) -> None:
        super().__init__()
        self.run = run
        self.state = state
        self.folders = folders
        self.summary = summary
        self.account = account
        self.started = started

    def expand(self, written: PCollection[Any]) -> PCollection[Commit]:
        end = written.pipeline | "end of run" >> beam.Create([None])
        done: PCollection[Commit] = end | "commit" >> beam.Map(self._commit, AsIter(written), AsIter(self.account))
        return done

    def _commit(self, _: None, written: Iterable[Any], tallies: Iterable[tuple[Tally, int]]) -> Commit:
        commit = Commit(
            run=self.run,
            state=self.state,
            renames=name_files(written, self.run),
            folders=self.folders,
            summary=self.summary,
            account=msgspec.json.format(msgspec.json.encode(summarise(tallies, self.run, self.started))),
        )
        write_whole(FileSystems.join(self.state, PENDING), msgspec.json.encode(commit))
        finish(commit)
        return commit
