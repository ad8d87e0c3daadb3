"""The SQL of the PostgreSQL sink; what a server does with it is in tests/integration."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from transforms.records import Record
from transforms.sinks.postgres import PostgresSink

psycopg = pytest.importorskip("psycopg")

from transforms.sinks.postgres import row_of, table_statements, upsert_statement  # noqa: E402


def test_every_field_is_a_column_and_is_updated():
    create, *_ = [statement.as_string(None) for statement in table_statements("news.articles")]
    upsert = upsert_statement("news.articles").as_string(None)
    assert create.startswith('CREATE TABLE IF NOT EXISTS "news"."articles" ("id" text PRIMARY KEY')
    for field in Record.__struct_fields__:
        assert f'"{field}"' in create
        assert f"%({field})s" in upsert
        assert (f'"{field}" = EXCLUDED."{field}"' in upsert) == (field != "id")


def test_a_row_has_a_value_for_every_parameter():
    assert list(row_of(Record(id="a"))) == list(Record.__struct_fields__)


@pytest.mark.parametrize("table", ['a"; DROP TABLE x; --', "a.b.c", "", "a b", "x" * 64])
def test_table_names_that_are_none_are_refused(table):
    with pytest.raises(ValidationError):
        PostgresSink(type="postgres", dsn="postgresql://localhost/x", table=table)
