"""The BigQuery sink: rows that fit the schema, tables as asked for, what is refused, both of Beam's ways to write."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to
from pydantic import ValidationError

from transforms.feeds.config import FeedsConfig
from transforms.files import replayed
from transforms.records import Boilerplate, Dateline, Edit, Entity, Language, Record, Source
from transforms.schema import bigquery_schema
from transforms.sinks.bigquery import BigQuerySink, WriteBigQuery, letter_of, row_of

pytest.importorskip("google.cloud.bigquery", reason="the extra `gcp` is not installed")
TABLE = "a-project:news.articles"
MOMENT = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.timezone.utc)
WHOLE = Record(
    id="whole",
    source=Source(type="pubsub", message_id="7"),
    title="Harbour \x00 reopens",
    authors=["Ada", "Bo"],
    published_at=MOMENT,
    fetched_at=MOMENT,
    language=Language(code="en", confidence=0.99),
    text="It's open.",
    original_text="Its open.",
    edits=[Edit(start=0, end=3, before="Its", after="It's", rule="apostrophe", confidence=0.9)],
    boilerplate=Boilerplate(dateline=Dateline(text="KIEL –", place="Kiel")),
    entities=[Entity(text="Kiel", label="PLACE", start=0, end=4, name="Kiel")],
)
PYTHON_TYPES = {"STRING": str, "INTEGER": int, "FLOAT": float, "RECORD": dict}


def misfits(value: dict[str, Any], fields: list[dict[str, Any]], where: str = "") -> list[str]:
    """Return where a row does not fit a BigQuery schema."""
    found = [f"{where}{name} has no column" for name in value.keys() - {field["name"] for field in fields}]
    for field in fields:
        name, given = f"{where}{field['name']}", value.get(field["name"])
        if field["mode"] == "REPEATED" and not isinstance(given, list):
            found.append(f"{name} is no list")
        if given is None and field["mode"] == "REQUIRED":
            found.append(f"{name} is missing")
        for item in given if isinstance(given, list) else [] if given is None else [given]:
            if field["type"] == "TIMESTAMP":
                dt.datetime.fromisoformat(item.replace("Z", "+00:00"))
            elif not isinstance(item, PYTHON_TYPES[field["type"]]):
                found.append(f"{name} is {item!r}")
            elif field["type"] == "RECORD":
                found += misfits(item, field["fields"], f"{name}.")
    return found


@pytest.mark.parametrize("record", [WHOLE, Record(id="bare")], ids=lambda record: record.id)
def test_a_row_fits_the_schema_and_is_json(record):
    row = row_of(record)
    assert misfits(row, bigquery_schema()["fields"]) == []
    assert json.loads(json.dumps(row)) == row


def test_the_schema_notices_a_misfit():
    row = row_of(WHOLE) | {"authors": "Ada", "new": 1}
    assert misfits(row, bigquery_schema()["fields"]) == [
        "new has no column",
        "authors is no list",
    ]


@pytest.mark.parametrize(
    "table", ["articles", "news.articles", "p:news.a;b", "a-project:ne-ws.a", "", "a-project:a.b.c"]
)
def test_table_names_that_are_none_are_refused(table):
    with pytest.raises(ValidationError, match=r"write PROJECT:DATASET\.TABLE"):
        BigQuerySink(type="bigquery", table=table)


def test_a_refused_row_can_be_replayed():
    errors = [{"reason": "invalid", "location": "text", "message": "Too long"}, {"reason": "stopped"}]
    letter = letter_of((TABLE, row_of(WHOLE), errors))
    assert (letter.stage, letter.kind, letter.error) == ("bigquery", "record", "text: invalid: Too long; stopped")
    (again,) = replayed(letter, FeedsConfig(feeds=["-"]))
    assert (again.id, again.text) == (WHOLE.id, WHOLE.original_text)


class _Client:
    """Stands in for both of Beam's BigQuery clients; keeps what it was asked in a file, for workers are copies."""

    def __init__(self, log: Path, *, refuse: str = "", away: int = 0, load_error: str = "") -> None:
        self.log = log
        self.refuse = refuse
        self.away = away
        self.load_error = load_error
        self.tables = self.jobs = self

    def insert_rows_json(self, table: str, *, json_rows: list[Any], **_: Any) -> list[Any]:
        self._note("tried", table)
        if len(self.noted("tried")) <= self.away:
            error = {"reason": "backendError", "message": "try again"}
            return [{"index": number, "errors": [error]} for number, _ in enumerate(json_rows)]
        refused = [number for number, row in enumerate(json_rows) if row["id"] == self.refuse]
        for row in (row for number, row in enumerate(json_rows) if number not in refused):
            self._note("row", row)
        error = {"reason": "invalid", "location": "text", "message": "no such thing"}
        return [{"index": number, "errors": [error]} for number in refused]

    def Get(self, request: Any) -> Any:  # noqa: N802
        from apache_beam.io.gcp.internal.clients import bigquery

        if hasattr(request, "tableId"):
            from apitools.base.py.exceptions import HttpNotFoundError

            raise HttpNotFoundError({"status": "404"}, b"", "")
        failed = bigquery.ErrorProto(message=self.load_error, reason="invalid") if self.load_error else None
        return bigquery.Job(status=bigquery.JobStatus(state="DONE", errorResult=failed))

    def Insert(self, request: Any, upload: Any = None) -> Any:  # noqa: N802
        if hasattr(request, "table"):
            table = request.table
            self._note("made", [table.timePartitioning.field, [field.name for field in table.schema.fields]])
            return table
        load = request.job.configuration.load
        self._note("update", load.schemaUpdateOptions)
        for row in (json.loads(line) for path in load.sourceUris for line in Path(path).read_text().splitlines()):
            self._note("row", row)
        return request.job

    def _note(self, what: str, value: Any) -> None:
        with open(self.log, "a") as file:
            file.write(json.dumps([what, value]) + "\n")

    def noted(self, what: str) -> list[Any]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [value for kind, value in map(json.loads, lines) if kind == what]


def write(records: list[Record], sink: BigQuerySink, client: _Client, failed: list[str], *, streaming: bool) -> None:
    from apache_beam.io.gcp import bigquery

    bigquery._KNOWN_TABLES.clear()
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as root:
        rows = root | beam.Create(records).with_output_types(Record)
        written = rows | WriteBigQuery(sink, streaming=streaming, test_client=client)
        letters = written.failures | beam.Map(lambda letter: letter.input["id"])
        assert_that(letters, equal_to(failed), label="failures")
        assert_that(written.stored, equal_to([] if streaming else [TABLE]), label="stored")


def test_a_stream_makes_the_table_and_inserts_rows_and_what_is_refused_becomes_a_dead_letter(tmp_path):
    client = _Client(tmp_path / "log", refuse="id-3")
    records = [Record(id=f"id-{number}", text="text") for number in range(7)]
    write(records, BigQuerySink(type="bigquery", table=TABLE), client, ["id-3"], streaming=True)
    assert sorted(row["id"] for row in client.noted("row")) == [f"id-{n}" for n in range(7) if n != 3]
    assert client.noted("made") == [["fetched_at", list(Record.__struct_fields__)]]


def test_inserts_are_tried_again_while_the_server_is_away(tmp_path):
    client = _Client(tmp_path / "log", away=1)
    write([WHOLE], BigQuerySink(type="bigquery", table=TABLE), client, [], streaming=True)
    assert client.noted("row") == [row_of(WHOLE)]
    assert len(client.noted("tried")) == 2


def test_a_row_larger_than_a_request_becomes_a_dead_letter(tmp_path):
    client = _Client(tmp_path / "log")
    large = Record(id="large", text="x" * 10_000_000)
    write([large, WHOLE], BigQuerySink(type="bigquery", table=TABLE), client, ["large"], streaming=True)
    assert [row["id"] for row in client.noted("row")] == ["whole"]


def folder_sink(path: Path) -> BigQuerySink:
    """Return a sink whose load jobs read from this machine."""
    return BigQuerySink(type="bigquery", table=TABLE).model_copy(update={"temp_location": str(path)})


def test_a_batch_run_loads_its_rows_and_adds_the_columns_of_a_newer_version(tmp_path):
    client = _Client(tmp_path / "log")
    write([WHOLE, Record(id="bare")], folder_sink(tmp_path), client, [], streaming=False)
    assert sorted(client.noted("row"), key=lambda row: row["id"]) == [row_of(Record(id="bare")), row_of(WHOLE)]
    assert client.noted("update") == [["ALLOW_FIELD_ADDITION"]]


def test_a_load_job_that_fails_fails_the_run_before_it_commits(tmp_path):
    client = _Client(tmp_path / "log", load_error="no such thing")
    with pytest.raises(Exception, match="no such thing"):
        write([WHOLE], folder_sink(tmp_path), client, [], streaming=False)


def test_load_jobs_need_a_folder_in_cloud_storage():
    with pytest.raises(ValueError, match="set temp_location, or method: streaming_inserts"):
        write([WHOLE], BigQuerySink(type="bigquery", table=TABLE), None, [], streaming=False)
    with pytest.raises(ValidationError, match="gs://BUCKET/FOLDER"):
        BigQuerySink(type="bigquery", table=TABLE, temp_location="/tmp")
