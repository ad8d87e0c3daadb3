"""Windowed files of a stream: names, content, nothing half-written."""

from __future__ import annotations

import datetime as dt
import json

import apache_beam as beam
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream

from transforms.records import Record
from transforms.sinks.windowed import WriteWindowed, patiently, window_name


def test_names_tell_window_and_shard():
    start = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.timezone.utc).timestamp()
    name = window_name("records", start, start + 60, 1, 4, "jsonl")
    assert name == "records-20261123T120000Z-20261123T120100Z-1-of-4.jsonl"


@pytest.mark.parametrize("extension", ["jsonl", "jsonl.gz", "parquet"])
def test_a_window_written_again_is_the_same_file(tmp_path, extension):
    for _ in range(2):
        with beam.Pipeline(runner="FnApiRunner") as root:
            timed = [beam.window.TimestampedValue(Record(id=id), 5) for id in ("b", "a")]
            records = root | beam.Create(timed) | beam.Map(lambda r: r).with_output_types(Record)
            _ = records | WriteWindowed(str(tmp_path / "new"), "records", extension, seconds=30)
    (file,) = (tmp_path / "new").iterdir()
    assert file.name.endswith(f".{extension}")
    if extension == "parquet":
        assert [row["id"] for row in pq.read_table(file).to_pylist()] == ["a", "b"]


def test_each_window_has_its_file(tmp_path):
    stream = TestStream()
    for moment in (0, 10, 30, 65):
        stream = stream.advance_watermark_to(moment).add_elements(
            [beam.window.TimestampedValue(Record(id=str(moment)), moment)]
        )
    options = PipelineOptions(["--streaming", "--runner=BundleBasedDirectRunner"])
    with TestPipeline(options=options) as root:
        records = root | stream.advance_watermark_to_infinity() | beam.Map(lambda r: r).with_output_types(Record)
        _ = records | WriteWindowed(str(tmp_path), "records", "jsonl", seconds=30)
    written = {path.name: path.read_text().splitlines() for path in tmp_path.iterdir()}
    ids = {name.split("-")[1]: sorted(json.loads(line)["id"] for line in lines) for name, lines in written.items()}
    assert ids == {"19700101T000000Z": ["0", "10"], "19700101T000030Z": ["30"], "19700101T000100Z": ["65"]}


def test_a_full_disk_is_waited_for():
    tries = []

    def write() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OSError(28, "No space left on device")
        return "written"

    assert patiently(write, 60) == "written"


def test_patience_ends_and_a_forbidden_folder_is_told_at_once():
    def full() -> None:
        raise OSError(28, "No space left on device")

    def forbidden() -> None:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(OSError, match="No space"):
        patiently(full, 0)
    with pytest.raises(PermissionError):
        patiently(forbidden, 600)
