"""A stream as files: one file for each window of time and shard, there whole or not at all.

A window is one of arrival (in streaming that is event time, see `transforms.pubsub.source`), so nothing comes after its
window has been written. A file's name tells its window and shard. Writing it again, after a crash, gives the same name.
"""

from __future__ import annotations

import datetime as dt
import errno
import logging
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import apache_beam as beam
import msgspec
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection
from apache_beam.transforms.window import FixedWindows

from transforms.outcomes import NAMESPACE
from transforms.records import Record
from transforms.sinks.files import open_writer

STAGE = "files"
PATIENCE = 600.0
"""Seconds for which writing a file is tried again while the disk is full or the server is away."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


def window_name(prefix: str, start: float, end: float, shard: int, shards: int, extension: str) -> str:
    """Return the name of a window's file, as `records-20261123T120000Z-20261123T120100Z-0-of-2.jsonl`."""
    first, last = (dt.datetime.fromtimestamp(at, dt.timezone.utc).strftime("%Y%m%dT%H%M%SZ") for at in (start, end))
    return f"{prefix}-{first}-{last}-{shard}-of-{shards}.{extension}"


def patiently(call: Callable[[], T], seconds: float) -> T:
    """Return `call()`, tried again with growing pauses for up to `seconds` while the disk or server refuses.

    Raises:
      OSError, BeamIOError: the last refusal, or one that waiting doesn't cure.
    """
    end = time.monotonic() + seconds
    pause = 0.2
    while True:
        try:
            return call()
        except (OSError, BeamIOError) as error:
            lasting = isinstance(error, PermissionError) or getattr(error, "errno", None) == errno.EROFS
            if lasting or time.monotonic() + pause > end:
                raise
            _log.warning("writing is tried again: %s", error, extra={"stage": STAGE})
            time.sleep(pause)
            pause = min(2 * pause, 10)


class _WriteWindow(beam.DoFn):
    """Writes what a window and shard have collected."""

    def __init__(self, folder: str, prefix: str, extension: str, shards: int) -> None:
        self.folder = folder
        self.prefix = prefix
        self.extension = extension
        self.shards = shards
        self.written = Metrics.counter(NAMESPACE, f"{prefix}/rows in files")

    def process(self, element: tuple[int, Any], window: Any = beam.DoFn.WindowParam) -> Iterator[str]:
        shard, lines = element
        rows = sorted(lines)  # the same file whatever order the runner hands them out in
        name = window_name(self.prefix, float(window.start), float(window.end), shard, self.shards, self.extension)
        path = FileSystems.join(self.folder, name)
        patiently(lambda: self._write(path, rows), PATIENCE)
        self.written.inc(len(rows))
        yield path

    def _write(self, path: str, rows: list[bytes]) -> None:
        """Write a file beside its place and move it there, so that a reader never sees a part of it."""
        folder, name = FileSystems.split(path)
        part = FileSystems.join(folder, f".{name}.part")
        writer = open_writer(part, self.extension)
        kind = Record if self.extension == "parquet" else msgspec.Raw
        for row in rows:
            writer.write(msgspec.json.decode(row, type=kind))
        writer.close()
        if FileSystems.exists(path):
            FileSystems.delete([path])
        FileSystems.rename([part], [path])


def _line(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _with_shard(line: bytes, shards: int) -> tuple[int, bytes]:
    return zlib.crc32(line) % shards, line


class WriteWindowed(beam.PTransform[Any, PCollection[str]]):
    """Writes records or dead letters to files and returns the path of each file, when it is there.

    Args:
      folder: on any Beam filesystem.
      prefix: what the files' names begin with.
      extension: `jsonl`, `jsonl.gz` or `parquet` (of records).
      seconds: of a window. `AcknowledgeStored` must wait as long (its `longest_window`).
      shards: files of a window, each written by one worker, which holds it in memory.
    """

    def __init__(self, folder: str, prefix: str, extension: str, *, seconds: float, shards: int = 1) -> None:
        super().__init__()
        self.folder = folder
        self.prefix = prefix
        self.extension = extension
        self.seconds = seconds
        self.shards = shards

    def expand(self, values: Any) -> PCollection[str]:
        paths: PCollection[str] = (
            values
            | "encode" >> beam.Map(_line).with_output_types(bytes)
            | "shard" >> beam.Map(_with_shard, self.shards).with_output_types(tuple[int, bytes])
            | "window" >> beam.WindowInto(FixedWindows(self.seconds))
            | "collect" >> beam.GroupByKey()
            | "write" >> beam.ParDo(_WriteWindow(self.folder, self.prefix, self.extension, self.shards))
        )
        return paths
