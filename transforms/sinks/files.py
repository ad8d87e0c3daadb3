"""Records as files: JSONL (optionally gzip) and Parquet, on any Beam filesystem.

A worker writes to a temporary file in the sink's folder and reports it; `transforms/commit.py` gives all files of a
run their names when the whole run has succeeded. So a file is there whole or not at all, and a run that dies leaves
nothing behind that a reader could take for data.
"""

from __future__ import annotations

import contextlib
import gzip
import uuid
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Protocol

import apache_beam as beam
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PCollection
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue
from pydantic import BaseModel, ConfigDict, Field

from transforms.records import Record
from transforms.schema import arrow_schema, to_builtins

ROWS_IN_GROUP = 1_000
"""Rows of a Parquet row group: a few megabytes of articles, which is what a reader likes to skip by."""


class JsonlSink(BaseModel):
    """JSON lines, one record a line."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["jsonl"]
    path: str = Field(description="folder the files go to, on any Beam filesystem")
    gzip: bool = Field(default=False, description="compress the files (`.jsonl.gz`)")
    window: float = Field(default=30, gt=0, description="streaming: seconds of arrival that go into one file")
    shards: int = Field(default=1, ge=1, le=100, description="streaming: files written at once for a window")


class ParquetSink(BaseModel):
    """Parquet files with the record's schema, zstd-compressed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["parquet"]
    path: str = Field(description="folder the files go to, on any Beam filesystem")
    window: float = Field(default=30, gt=0, description="streaming: seconds of arrival that go into one file")
    shards: int = Field(default=1, ge=1, le=100, description="streaming: files written at once for a window")


def create_file(path: str) -> Any:
    """Return a new binary file, open for writing; its folder is made where it is missing."""
    parent = FileSystems.split(path)[0]
    if parent and not FileSystems.exists(parent):
        # another worker may make it at the same moment; if it can't be made, create says so
        with contextlib.suppress(BeamIOError):
            FileSystems.mkdirs(parent)
    return FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED)


class WrittenFile(NamedTuple):
    """A file that is written whole but has not got its name yet."""

    temporary: str
    folder: str
    stem: str
    extension: str


class RowWriter(Protocol):
    """Writes rows to one open file."""

    def write(self, row: Any) -> None:
        """Add one row."""

    def close(self) -> None:
        """Finish the file."""


class JsonlWriter:
    """Writes Structs as JSON lines."""

    def __init__(self, path: str, compress: bool) -> None:
        self.file = create_file(path)
        # mtime 0: the same records give the same bytes
        self.out = gzip.GzipFile(fileobj=self.file, mode="wb", filename="", mtime=0) if compress else self.file

    def write(self, row: Any) -> None:
        """Add one line."""
        self.out.write(msgspec.json.encode(row) + b"\n")

    def close(self) -> None:
        """Finish the file."""
        if self.out is not self.file:
            self.out.close()
        self.file.close()


class ParquetWriter:
    """Writes records as Parquet."""

    def __init__(self, path: str) -> None:
        self.file = create_file(path)
        self.schema = arrow_schema()
        self.writer = pq.ParquetWriter(self.file, self.schema, compression="zstd")
        self.rows: list[dict[str, Any]] = []

    def write(self, row: Record) -> None:
        """Add one record."""
        self.rows.append(to_builtins(row))
        if len(self.rows) >= ROWS_IN_GROUP:
            self._flush()

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        self.writer.close()
        self.file.close()

    def _flush(self) -> None:
        if self.rows:
            self.writer.write_table(pa.Table.from_pylist(self.rows, schema=self.schema))
            self.rows = []


def open_writer(path: str, extension: str) -> RowWriter:
    """Return a writer for a new file at `path`; the extension (`jsonl`, `jsonl.gz`, `parquet`) tells the format."""
    if extension == "parquet":
        return ParquetWriter(path)
    return JsonlWriter(path, compress=extension.endswith(".gz"))


def extension_of(sink: JsonlSink | ParquetSink) -> str:
    """Return the extension of a sink's files."""
    if isinstance(sink, ParquetSink):
        return "parquet"
    return "jsonl.gz" if sink.gzip else "jsonl"


class _WriteShard(beam.DoFn):
    """Writes the elements of a bundle to one temporary file."""

    def __init__(self, folder: str, temporary_folder: str, stem: str, extension: str) -> None:
        self.folder = folder
        self.temporary_folder = temporary_folder
        self.stem = stem
        self.extension = extension
        self.writer: RowWriter | None = None
        self.path = ""

    def process(self, element: Any) -> None:
        if self.writer is None:
            self.path = FileSystems.join(self.temporary_folder, f"{self.stem}-{uuid.uuid4().hex}.{self.extension}")
            self.writer = open_writer(self.path, self.extension)
        self.writer.write(element)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self.writer is not None:
            self.writer.close()
            self.writer = None
            written = WrittenFile(self.path, self.folder, self.stem, self.extension)
            yield WindowedValue(written, GlobalWindow().max_timestamp(), (GlobalWindow(),))


class WriteShards(beam.PTransform[PCollection[Any], PCollection[WrittenFile]]):
    """Writes elements (Structs) to temporary files, one a bundle, and returns what was written.

    Args:
      folder: folder the files belong in.
      run: name of the run, part of the temporary folder's name.
      stem: how the files' names begin.
      extension: `jsonl`, `jsonl.gz` or `parquet`.
    """

    def __init__(self, folder: str, run: str, stem: str, extension: str) -> None:
        super().__init__()
        self.folder = folder
        self.run = run
        self.stem = stem
        self.extension = extension

    def expand(self, elements: PCollection[Any]) -> PCollection[WrittenFile]:
        write = _WriteShard(self.folder, temporary_folder(self.folder, self.run), self.stem, self.extension)
        written: PCollection[WrittenFile] = elements | beam.ParDo(write).with_output_types(WrittenFile)
        return written


def temporary_folder(folder: str, run: str) -> str:
    """Return the folder inside `folder` where a run's files wait for their names."""
    return FileSystems.join(folder, f".newsbeam-{run}")
