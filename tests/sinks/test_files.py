"""File sinks: what is written can be read back, and only a commit gives it a name."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path

import apache_beam as beam
import msgspec
import pyarrow.parquet as pq
import pytest

from transforms.records import Edit, Entity, EntityIds, Mention, Record
from transforms.sinks.files import WriteShards, open_writer, temporary_folder

RECORDS = [
    Record(
        id=f"id{n}",
        title="Zoë’s café",
        text="Xi met Putin.",
        published_at=dt.datetime(2026, 5, 7, 12, tzinfo=dt.timezone.utc),
        edits=[Edit(start=0, end=3, before="XIS", after="Xi", rule="shouted-name", confidence=0.99)],
        entities=[
            Entity(
                text="Xi",
                label="PERSON",
                start=0,
                end=2,
                name="Xi Jinping",
                ids=EntityIds(wikidata="Q15031"),
                mentions=[Mention(text="Xi", start=0, end=2)],
            )
        ],
    )
    for n in range(3)
]


@pytest.mark.parametrize("extension", ["jsonl", "jsonl.gz"])
def test_jsonl_round_trip(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"x.{extension}"
    writer = open_writer(str(path), extension)
    for record in RECORDS:
        writer.write(record)
    writer.close()
    content = path.read_bytes()
    lines = (gzip.decompress(content) if extension.endswith("gz") else content).splitlines()
    assert [msgspec.json.decode(line, type=Record) for line in lines] == RECORDS


def test_parquet_holds_the_same_as_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    writer = open_writer(str(path), "parquet")
    for record in RECORDS:
        writer.write(record)
    writer.close()
    rows = pq.read_table(path).to_pylist()
    assert [msgspec.convert(row, Record) for row in rows] == RECORDS


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        writer = open_writer(str(tmp_path / name), "jsonl.gz")
        writer.write(RECORDS[0])
        writer.close()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_written_shards_wait_in_a_hidden_folder(tmp_path: Path) -> None:
    folder = str(tmp_path / "records")
    with beam.Pipeline(runner="FnApiRunner") as p:
        _ = (
            p
            | beam.Create(RECORDS).with_output_types(Record)
            | WriteShards(folder, "run1", "records", "jsonl")
            | beam.Map(lambda file: file._asdict())
            | beam.Map(json.dumps)
            | beam.io.WriteToText(str(tmp_path / "written"))
        )
    hidden = Path(temporary_folder(folder, "run1"))
    assert sum(len(path.read_text().splitlines()) for path in hidden.iterdir()) == len(RECORDS)
    assert [path for path in Path(folder).iterdir() if not path.name.startswith(".")] == []
