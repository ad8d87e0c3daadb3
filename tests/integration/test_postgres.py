"""The PostgreSQL sink against a real server."""

from __future__ import annotations

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor

import apache_beam as beam
import msgspec
import psycopg
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from transforms.records import Edit, Record, Source
from transforms.schema import to_builtins
from transforms.sinks.postgres import PostgresSink, WritePostgres, check_server, make_table, pool


@pytest.fixture
def sink(postgres) -> PostgresSink:
    return PostgresSink(type="postgres", dsn=postgres.dsn, table=f"t_{uuid.uuid4().hex}", batch=3, patience=5)


def record(number: int, **fields) -> Record:
    moment = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.timezone.utc)
    return Record(id=f"id-{number}", text=f"Der Hafen öffnet wieder, Teil {number}", published_at=moment, **fields)


def write(sink: PostgresSink, records: list[Record], failed: list[str] = ()) -> None:
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as root:
        written = root | beam.Create(records).with_output_types(Record) | WritePostgres(sink)
        good = [r.id for r in records if r.id not in failed]
        assert_that(written.ids, equal_to(good), label="ids")
        letters = written.failures | beam.Map(lambda letter: letter.input["id"])
        assert_that(letters, equal_to(list(failed)), label="failures")


def rows(sink: PostgresSink) -> dict[str, dict]:
    with psycopg.connect(sink.dsn, row_factory=psycopg.rows.dict_row) as connection:
        return {row["id"]: row for row in connection.execute(f"SELECT * FROM {sink.table}")}


def test_a_row_holds_the_whole_record(sink):
    edit = Edit(start=0, end=3, before="Dre", after="Der", rule="typo", confidence=0.9)
    whole = record(
        1, source=Source(type="pubsub", message_id="7"), authors=["Ada", "Bo"], edits=[edit], title="O'Brien"
    )
    write(sink, [whole])
    assert rows(sink) == {"id-1": to_builtins(whole)}


def test_writing_again_adds_nothing_and_renews(sink):
    write(sink, [record(n) for n in range(10)])
    write(sink, [record(n, title="new") for n in range(5, 12)])
    found = rows(sink)
    assert len(found) == 12
    assert {id for id, row in found.items() if row["title"] == "new"} == {f"id-{n}" for n in range(5, 12)}


def test_a_record_that_the_server_refuses_is_a_dead_letter_and_its_neighbours_are_stored(sink):
    bad = msgspec.structs.replace(record(4), text="a NUL\x00 in the text")
    write(sink, [record(n) if n != 4 else bad for n in range(8)], failed=["id-4"])
    assert set(rows(sink)) == {f"id-{n}" for n in range(8) if n != 4}


def test_a_very_long_text_is_stored_although_its_words_are_more_than_an_index_takes(sink):
    long = msgspec.structs.replace(record(1), text=" ".join(f"word{n}" for n in range(200_000)))
    write(sink, [long])
    assert rows(sink)["id-1"]["text"] == long.text


def test_full_text_search_uses_the_index(sink):
    write(sink, [record(n) for n in range(3)])
    words = "to_tsvector('simple', left(coalesce(title, '') || ' ' || text, 250000))"
    with psycopg.connect(sink.dsn) as connection:
        connection.execute("SET enable_seqscan = off")
        query = f"SELECT id FROM {sink.table} WHERE {words} @@ plainto_tsquery('simple', 'hafen 2')"
        plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {query}"))
        assert [row[0] for row in connection.execute(query)] == ["id-2"]
    assert f"{sink.table}_full_text" in plan


def test_workers_may_make_the_same_table_at_once(sink):
    def make(_: int) -> None:
        with pool(sink.dsn, 8).connection() as connection:
            make_table(connection, sink.table)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(make, range(8)))
    assert rows(sink) == {}


def test_a_table_of_an_older_version_gets_the_columns_it_lacks(sink):
    with psycopg.connect(sink.dsn) as connection:
        connection.execute(f"CREATE TABLE {sink.table} (id text PRIMARY KEY, text text NOT NULL)")
        connection.execute(f"INSERT INTO {sink.table} VALUES ('old', 'kept')")
    write(sink, [record(1)])
    found = rows(sink)
    assert found["old"]["text"] == "kept"
    assert found["id-1"] == to_builtins(record(1))


def test_a_server_that_takes_records_is_left_as_it_was(sink):
    check_server(sink)
    write(sink, [record(1)])
    check_server(sink)
    assert set(rows(sink)) == {"id-1"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dsn": "postgresql://postgres:secret@127.0.0.1:1/postgres"}, "Connection refused"),
        ({"dsn": "not a dsn secret"}, "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
        ({"table": "nowhere.articles"}, 'schema "nowhere" does not exist'),
        ({"table": "pg_catalog.articles"}, "permission denied"),
        ({"dsn": "postgresql://nobody:secret@{address}/postgres"}, 'role "nobody" does not exist'),
        ({"dsn": "postgresql://postgres:secret@{address}/nothing"}, 'database "nothing" does not exist'),
    ],
)
def test_a_server_that_takes_none_is_told_in_one_line_without_the_password(sink, postgres, change, told):
    changed = {key: value.replace("{address}", postgres.address) for key, value in change.items()}
    with pytest.raises(ValueError, match=told) as error:
        check_server(sink.model_copy(update=changed))
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_a_table_that_is_not_ours_is_told_before_every_record_is_refused(sink):
    with psycopg.connect(sink.dsn) as connection:
        connection.execute(f"CREATE TABLE {sink.table} (id text, text text)")
    with pytest.raises(ValueError, match="no unique or exclusion constraint"):
        check_server(sink)


def test_what_no_text_column_takes_is_a_dead_letter_wherever_it_stands(sink):
    bad = [record(1, title="a\x00"), record(2, authors=["\x00"]), record(3, source=Source(name="\x00"))]
    write(sink, [*bad, record(4)], failed=["id-1", "id-2", "id-3"])
    assert set(rows(sink)) == {"id-4"}
