"""Articles laid aside in local files, so that only light rows about them pass a runner's shuffle.

The local runner holds in memory what passes a shuffle, several times over while it hands it on. What it is to hold of
an article is therefore a `Place`: where in a file of the run's own the article lies. The files are of use within one
run only, on one machine; they lie in the run's temporary folder and go with it, whether the run succeeds or dies.
"""

from __future__ import annotations

import os
import uuid
from typing import BinaryIO

import msgspec


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where some bytes lie: in which file of the spool's folder, from which byte on, and how many."""

    file: str
    start: int
    length: int


class SpoolWriter:
    """Lays bytes aside in one file of a folder. What was put can be read once the writer is closed."""

    def __init__(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)
        self.name = uuid.uuid4().hex[:12]
        self.file: BinaryIO = open(os.path.join(folder, self.name), "xb")  # noqa: SIM115  # closed in close()
        self.end = 0

    def put(self, content: bytes) -> Place:
        """Write `content`; return where it lies."""
        place = Place(self.name, self.end, len(content))
        self.file.write(content)
        self.end += len(content)
        return place

    def close(self) -> None:
        """Write out what is still in the buffer."""
        self.file.close()


class SpoolReader:
    """Reads what writers have laid aside in a folder; the files it has met stay open until it is closed."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.files: dict[str, BinaryIO] = {}

    def get(self, place: Place) -> bytes:
        """Return the bytes at `place`.

        Raises:
          OSError: the file is not there, or ends too soon.
        """
        file = self.files.get(place.file)
        if file is None:
            file = self.files[place.file] = open(os.path.join(self.folder, place.file), "rb")  # noqa: SIM115
        if file.tell() != place.start:  # mostly it isn't: articles are taken up in the order they were laid aside
            file.seek(place.start)
        content = file.read(place.length)
        if len(content) < place.length:
            raise OSError(f"{file.name} ends before byte {place.start + place.length:,}")
        return content

    def close(self) -> None:
        """Close all files."""
        for file in self.files.values():
            file.close()
        self.files.clear()
