"""The record's schema for JSON, Avro, Arrow/Parquet, BigQuery and PostgreSQL, derived from the type itself."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
from msgspec import inspect

from transforms.records import Record

POSTGRES_TYPES = {"string": "text", "long": "bigint", "double": "double precision", "timestamp": "timestamptz"}
BIGQUERY_TYPES = {"string": "STRING", "long": "INTEGER", "double": "FLOAT", "timestamp": "TIMESTAMP"}
AVRO_TYPES: dict[str, Any] = {
    "string": "string",
    "long": "long",
    "double": "double",
    "timestamp": {"type": "long", "logicalType": "timestamp-micros"},
}
ARROW_TYPES = {
    "string": pa.string(),
    "long": pa.int64(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


class Field(NamedTuple):
    """A field of the record, in terms that every schema language has."""

    name: str
    type: str
    """`string`, `long`, `double`, `timestamp` or `record`."""
    description: str
    required: bool
    """False where the value may be null."""
    repeated: bool
    fields: list[Field]
    """The fields of a `record`; empty otherwise."""
    struct_name: str | None


def fields_of(struct: type[Any] = Record) -> list[Field]:
    """Return the fields of a record type, in order."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return [_field(field.encode_name, field.type, "") for field in info.fields]


def _field(name: str, type_: inspect.Type, description: str, required: bool = True, repeated: bool = False) -> Field:
    match type_:
        case inspect.Metadata():
            schema = type_.extra_json_schema or {}
            return _field(name, type_.type, schema.get("description", description), required, repeated)
        case inspect.UnionType():
            (inner,) = (t for t in type_.types if not isinstance(t, inspect.NoneType))
            return _field(name, inner, description, False, repeated)
        case inspect.ListType():
            return _field(name, type_.item_type, description, required, True)
        case inspect.StructType():
            nested = [_field(field.encode_name, field.type, "") for field in type_.fields]
            return Field(name, "record", description, required, repeated, nested, type_.cls.__name__)
        case inspect.StrType():
            simple = "string"
        case inspect.IntType():
            simple = "long"
        case inspect.FloatType():
            simple = "double"
        case inspect.DateTimeType():
            simple = "timestamp"
        case _:
            raise TypeError(f"{name}: no schema for {type_}")
    return Field(name, simple, description, required, repeated, [], None)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the record."""
    return msgspec.json.schema(Record)


def avro_schema() -> dict[str, Any]:
    """Return the Avro schema of the record."""
    named: set[str] = set()

    def type_of(field: Field) -> Any:
        if field.struct_name in named:
            return field.struct_name
        if field.type != "record":
            return AVRO_TYPES[field.type]
        named.add(str(field.struct_name))
        return {"type": "record", "name": field.struct_name, "fields": [entry(f) for f in field.fields]}

    def entry(field: Field) -> dict[str, Any]:
        avro: Any = type_of(field)
        if field.repeated:
            avro = {"type": "array", "items": avro}
        elif not field.required:
            return {"name": field.name, "type": ["null", avro], "default": None, "doc": field.description}
        return {"name": field.name, "type": avro, "doc": field.description}

    return {"type": "record", "name": "Record", "namespace": "newsbeam", "fields": [entry(f) for f in fields_of()]}


def bigquery_schema() -> dict[str, Any]:
    """Return the BigQuery table schema of the record, as Beam's `WriteToBigQuery` and `bq` take it."""

    def entry(field: Field) -> dict[str, Any]:
        mode = "REPEATED" if field.repeated else "REQUIRED" if field.required else "NULLABLE"
        column: dict[str, Any] = {"name": field.name, "type": BIGQUERY_TYPES.get(field.type, "RECORD"), "mode": mode}
        if field.description:
            column["description"] = field.description
        if field.fields:
            column["fields"] = [entry(f) for f in field.fields]
        return column

    return {"fields": [entry(f) for f in fields_of()]}


def arrow_schema() -> pa.Schema:
    """Return the Arrow schema of the record, which Parquet files carry."""

    def type_of(field: Field) -> pa.DataType:
        simple = pa.struct([entry(f) for f in field.fields]) if field.fields else ARROW_TYPES[field.type]
        return pa.list_(simple) if field.repeated else simple

    def entry(field: Field) -> pa.Field:
        metadata = {"description": field.description} if field.description else None
        return pa.field(field.name, type_of(field), nullable=not field.required, metadata=metadata)

    return pa.schema([entry(f) for f in fields_of()])


def postgres_columns() -> list[tuple[str, str]]:
    """Return the columns of the record's PostgreSQL table: (name, type with its constraint); nested parts are JSONB."""

    def column(field: Field) -> str:
        if field.name == "id":
            return "text PRIMARY KEY"
        nested = field.repeated or field.type == "record"
        simple = "jsonb" if nested else POSTGRES_TYPES[field.type]
        return f"{simple} NOT NULL" if field.required else simple

    return [(field.name, column(field)) for field in fields_of()]


def to_builtins(record: Record) -> dict[str, Any]:
    """Return the record as dicts, lists and scalars; timestamps stay `datetime`."""
    builtins: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(dt.datetime,))
    return builtins
