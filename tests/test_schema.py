"""The derived schemas agree with the record and with the libraries that read them."""

from __future__ import annotations

import datetime as dt
import io

import fastavro
import msgspec
import pytest

from transforms import schema
from transforms.records import Entity, Language, Mention, Record

FULL = Record(
    id="a",
    url="https://example.org/a",
    authors=["Ada", "Bo"],
    published_at=dt.datetime(2026, 5, 7, tzinfo=dt.timezone.utc),
    language=Language(code="en", confidence=0.99, declared="en-GB"),
    entities=[
        Entity(text="Rome", label="PLACE", start=0, end=4, name="Rome", mentions=[Mention(text="Rome", start=0, end=4)])
    ],
)


def test_every_schema_names_every_field() -> None:
    names = [field.name for field in schema.fields_of()]
    assert names == list(Record.__struct_fields__)
    assert list(schema.json_schema()["$defs"]["Record"]["properties"]) == names
    assert [field["name"] for field in schema.avro_schema()["fields"]] == names
    assert [field["name"] for field in schema.bigquery_schema()["fields"]] == names
    assert schema.arrow_schema().names == names
    assert [name for name, _ in schema.postgres_columns()] == names


def test_every_field_says_what_it_means() -> None:
    def nested(fields: list[schema.Field]) -> list[schema.Field]:
        return [found for field in fields for found in (field, *nested(field.fields))]

    assert [field.name for field in nested(schema.fields_of()) if not field.description] == []


@pytest.mark.parametrize("record", [Record(id="x"), FULL])
def test_avro_reads_back_what_was_written(record: Record) -> None:
    parsed = fastavro.parse_schema(schema.avro_schema())
    file = io.BytesIO()
    fastavro.schemaless_writer(file, parsed, schema.to_builtins(record))
    file.seek(0)
    assert msgspec.convert(fastavro.schemaless_reader(file, parsed, None), Record) == record


def test_optional_fields_may_be_null_in_bigquery() -> None:
    modes = {field["name"]: field["mode"] for field in schema.bigquery_schema()["fields"]}
    assert (modes["id"], modes["url"], modes["authors"]) == ("REQUIRED", "NULLABLE", "REPEATED")
