"""Records as rows of a PostgreSQL table, one an id, written in batches; writing one again changes nothing.

The table is made from the record's type (`transforms.schema.postgres_columns`): nested parts are JSONB, title and text
have a full-text index. Columns of a newer record type are added to a table that lacks them.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import apache_beam as beam
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from transforms.outcomes import FAILED, NAMESPACE, dead_letter
from transforms.records import DeadLetter, Record
from transforms.schema import postgres_columns, to_builtins

STAGE = "postgres"
CONNECT_SECONDS = 10
INDEXED_CHARS = 250_000
"""Of title and text: PostgreSQL refuses to index a value whose words take more than 1 MB."""

PROBE = Record(id="newsbeam tries whether it can write")

T = TypeVar("T")
_log = logging.getLogger(__name__)
_making = threading.Lock()


def _checked_table(name: str) -> str:
    if not re.fullmatch(r"\w{1,63}(\.\w{1,63})?", name):
        raise ValueError("write TABLE or SCHEMA.TABLE, of letters, digits and underscores")
    return name


class PostgresSink(BaseModel):
    """Rows of a PostgreSQL table, one an article."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["postgres"]
    dsn: str = Field(description="postgresql://USER:PASSWORD@HOST:PORT/DATABASE; keep the password in ${A_VARIABLE}")
    table: Annotated[str, AfterValidator(_checked_table)] = Field(
        default="articles", description="TABLE or SCHEMA.TABLE; made if missing"
    )
    batch: int = Field(default=200, ge=1, le=5000, description="rows written in one transaction")
    connections: int = Field(default=4, ge=1, le=100, description="most connections of a worker process")
    patience: float = Field(
        default=600, ge=0, description="seconds for which writing is tried again while the server is away"
    )


class Written(NamedTuple):
    """The outputs of `WritePostgres`."""

    ids: PCollection[str]
    """The id of each row, after it was committed."""
    failures: PCollection[DeadLetter]


def _identifier(table: str) -> Any:
    from psycopg import sql

    return sql.Identifier(*table.split("."))


def table_statements(table: str) -> list[Any]:
    """Return the SQL that makes the table, its missing columns and its full-text index."""
    from psycopg import sql

    columns = postgres_columns()
    name = _identifier(table)
    defaults = {"text": "''", "jsonb": "'null'", "double precision": "0", "bigint": "0", "timestamptz": "'epoch'"}
    statements = [
        sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(
            name, sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(t)) for c, t in columns)
        )
    ]
    for column, type_ in columns:
        if column != "id":
            # rows written before the column was there need a value where none may be missing
            default = f" DEFAULT {defaults[type_.removesuffix(' NOT NULL')]}" if type_.endswith("NOT NULL") else ""
            statements.append(
                sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(
                    name, sql.Identifier(column), sql.SQL(type_ + default)
                )
            )
    index = sql.Identifier(f"{table.rpartition('.')[2]}_full_text"[:63])
    words = "to_tsvector('simple', left(coalesce(title, '') || ' ' || text, {}))"
    statements.append(
        sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} USING gin ((" + words + "))").format(
            index, name, sql.Literal(INDEXED_CHARS)
        )
    )
    return statements


def upsert_statement(table: str) -> Any:
    """Return the SQL that writes one record, its fields as parameters by name."""
    from psycopg import sql

    names = [name for name, _ in postgres_columns()]
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}").format(
        _identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(map(sql.Placeholder, names)),
        sql.SQL(", ").join(
            sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in names if name != "id"
        ),
    )


def row_of(record: Record) -> dict[str, Any]:
    """Return a record as the parameters of `upsert_statement`."""
    from psycopg.types.json import Jsonb

    row = to_builtins(record)
    for name, type_ in postgres_columns():
        if type_.startswith("jsonb"):
            row[name] = Jsonb(row[name])
    return row


@functools.cache
def _pool(dsn: str, connections: int) -> Any:
    from psycopg_pool import ConnectionPool

    return ConnectionPool(
        dsn,
        min_size=1,
        max_size=connections,
        timeout=CONNECT_SECONDS,
        reconnect_timeout=CONNECT_SECONDS,
        check=ConnectionPool.check_connection,
        kwargs={"connect_timeout": CONNECT_SECONDS},
        open=True,
    )


def pool(dsn: str, connections: int) -> Any:
    """Return the process's connection pool for a server."""
    with _making:
        return _pool(dsn, connections)


def make_table(connection: Any, table: str) -> None:
    """Make the table, its missing columns and its index, one worker at a time."""
    # two workers making the same table at once would fail with a duplicate key in PostgreSQL's catalogue
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('newsbeam'), hashtext(%s))", [table])
    for statement in table_statements(table):
        connection.execute(statement)


def check_server(config: PostgresSink) -> None:
    """See that the server is there and takes a record: connect, make the table, write a row and take it back.

    Raises:
      ValueError: it does not; the message is one line, without the password.
    """
    import psycopg

    try:
        psycopg.conninfo.conninfo_to_dict(config.dsn)
    except psycopg.ProgrammingError:
        raise ValueError("dsn is none; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from None
    try:
        with psycopg.connect(config.dsn, connect_timeout=CONNECT_SECONDS) as connection:
            make_table(connection, config.table)
            connection.commit()
            connection.execute(upsert_statement(config.table), row_of(PROBE))
            connection.rollback()
    except psycopg.Error as error:
        raise ValueError(" ".join(str(error).split())) from None


def patiently(call: Callable[[], T], seconds: float) -> T:
    """Return `call()`, tried again with growing pauses for up to `seconds` while the server is away or a lock is lost.

    Raises:
      psycopg.Error: the last failure, or one that waiting doesn't cure.
    """
    from psycopg import OperationalError

    end = time.monotonic() + seconds
    pause = 0.1
    while True:
        try:
            return call()
        except OperationalError as error:  # connections, deadlocks, a full disk; psycopg_pool.PoolTimeout is one too
            if time.monotonic() + pause > end:
                raise
            _log.warning("writing is tried again: %s", type(error).__name__, extra={"stage": STAGE})
            time.sleep(pause)
            pause = min(2 * pause, 5)


class _Upsert(beam.DoFn):
    """Writes the records of a bundle in batches and emits what became of them, at their own time."""

    def __init__(self, config: PostgresSink) -> None:
        self.config = config
        self.written = Metrics.counter(NAMESPACE, f"{STAGE}/written")
        self.failed = Metrics.counter(NAMESPACE, f"{STAGE}/failed")
        self.latency = Metrics.distribution(NAMESPACE, f"{STAGE}/milliseconds from arrival to storage")

    def setup(self) -> None:
        self.pool = pool(self.config.dsn, self.config.connections)
        self.statement = upsert_statement(self.config.table)
        patiently(self._make_table, self.config.patience)

    def _make_table(self) -> None:
        with self.pool.connection() as connection:
            make_table(connection, self.config.table)

    def start_bundle(self) -> None:
        self.waiting: list[tuple[Record, Any]] = []

    def process(self, record: Record, arrived: Any = beam.DoFn.TimestampParam) -> Iterator[Any]:
        self.waiting.append((record, arrived))
        if len(self.waiting) >= self.config.batch:
            for result, _ in self._flush():
                yield result

    def finish_bundle(self) -> Iterator[Any]:
        for result, arrived in self._flush():
            tag = result.tag if isinstance(result, TaggedOutput) else None
            value = WindowedValue(result.value if tag else result, arrived, (GlobalWindow(),))
            yield TaggedOutput(tag, value) if tag else value

    def _flush(self) -> list[tuple[Any, Any]]:
        """Write what waits; return an id or a dead letter for each record, with its time."""
        waiting, self.waiting = self.waiting, []
        if not waiting:
            return []
        # in the order of their ids, two workers can't wait for each other's rows
        waiting.sort(key=lambda item: item[0].id)
        results = patiently(lambda: self._write([record for record, _ in waiting]), self.config.patience)
        now = time.time()
        for record_time in (arrived for _, arrived in waiting):
            self.latency.update(max(0, int(now * 1000 - record_time.micros / 1000)))
        return [(result, arrived) for result, (_, arrived) in zip(results, waiting, strict=True)]

    def _write(self, records: Sequence[Record]) -> list[Any]:
        from psycopg import OperationalError

        try:
            with self.pool.connection() as connection, connection.cursor() as cursor:
                cursor.executemany(self.statement, [row_of(record) for record in records])
        except OperationalError:
            raise
        except Exception as error:
            if len(records) == 1:
                self.failed.inc()
                return [TaggedOutput(FAILED, dead_letter(STAGE, "record", records[0], error))]
            # one of them is refused (a NUL character, a text that is too long): find it by halves
            middle = len(records) // 2
            return self._write(records[:middle]) + self._write(records[middle:])
        self.written.inc(len(records))
        return [record.id for record in records]


class WritePostgres(beam.PTransform[PCollection[Record], Written]):
    """Upserts records; those that the server refuses become dead letters.

    While the server is away a worker waits and tries again, for up to `patience` seconds; then the bundle fails.
    The input must be in the global window.
    """

    def __init__(self, config: PostgresSink) -> None:
        super().__init__()
        self.config = config

    def expand(self, records: PCollection[Record]) -> Written:
        written = records | "upsert" >> beam.ParDo(_Upsert(self.config)).with_outputs(FAILED, main="ids")
        ids = written["ids"] | "ids" >> beam.Map(lambda id: id).with_output_types(str)
        failures = written[FAILED] | "failures" >> beam.Map(lambda letter: letter).with_output_types(DeadLetter)
        return Written(ids, failures)
