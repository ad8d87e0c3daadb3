"""Records as rows of a BigQuery table, by Beam's own `WriteToBigQuery`; the schema is derived from the record's type.

A batch run writes files to Cloud Storage and loads them; a stream inserts rows as they come. Both append, at least
once: a run that died after its load job, or a message that came again, may leave an article in two rows. The view in
docs/operating.md shows each once, by `id`.

Two of Beam's ways are left out. Load jobs in a stream collect rows without holding the watermark, so messages would be
acknowledged before they are stored. The Storage Write API is written in Java and needs an expansion service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.metrics.metric import Metrics
from apache_beam.options.pipeline_options import GoogleCloudOptions
from apache_beam.pvalue import PCollection
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from transforms.outcomes import NAMESPACE, dead_letter
from transforms.records import DeadLetter, Record
from transforms.schema import bigquery_schema

STAGE = "bigquery"
LAYOUT = {"timePartitioning": {"type": "DAY", "field": "fetched_at"}, "clustering": {"fields": ["id"]}}
"""Of a table that the sink makes: readers who name a day are billed for that day."""


def _checked_table(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9.:-]{4,62}[a-z0-9]:\w{1,1024}\.[\w-]{1,1024}", name):
        raise ValueError("write PROJECT:DATASET.TABLE")
    return name


def _checked_folder(path: str | None) -> str | None:
    if path is not None and not path.startswith("gs://"):
        raise ValueError("load jobs read from Cloud Storage; write gs://BUCKET/FOLDER")
    return path


class BigQuerySink(BaseModel):
    """Rows of a BigQuery table; needs the `gcp` extra."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["bigquery"]
    table: Annotated[str, AfterValidator(_checked_table)] = Field(
        description="PROJECT:DATASET.TABLE; the table is made if missing, the dataset must be there"
    )
    method: Literal["auto", "file_loads", "streaming_inserts"] = Field(
        default="auto",
        description="auto: load jobs in batch, streaming inserts in a stream; a stream can't use load jobs",
    )
    temp_location: Annotated[str | None, AfterValidator(_checked_folder)] = Field(
        default=None, description="gs:// folder for the files of load jobs; `--temp_location` where left out"
    )
    partition: bool = Field(
        default=True,
        description="partition a new table by day of `fetched_at`, clustered by `id`; false for one laid out otherwise",
    )


class Inserted(NamedTuple):
    """The outputs of `WriteBigQuery`."""

    stored: PCollection[str]
    """What is loaded, in batch; in a stream always empty, with a watermark that passes what was inserted."""
    failures: PCollection[DeadLetter]


def row_of(record: Record) -> dict[str, Any]:
    """Return a record as BigQuery takes it, and as a dead letter holds it: JSON's types, times in RFC 3339."""
    row: dict[str, Any] = msgspec.to_builtins(record)
    return row


def letter_of(refused: tuple[Any, Mapping[str, Any], str | Sequence[Mapping[str, Any]]]) -> DeadLetter:
    """Return the dead letter of a row that was refused: (table, row, sentence or BigQuery's list of errors)."""
    _, row, errors = refused
    if isinstance(errors, str):
        return dead_letter(STAGE, "record", row, errors)
    told = (": ".join(str(e[key]) for key in ("location", "reason", "message") if e.get(key)) for e in errors)
    return dead_letter(STAGE, "record", row, "; ".join(told) or "refused without a reason")


class _Refused(beam.DoFn):
    def __init__(self) -> None:
        self.failed = Metrics.counter(NAMESPACE, f"{STAGE}/failed")

    def process(self, refused: Any) -> Iterator[DeadLetter]:
        self.failed.inc()
        yield letter_of(refused)


class WriteBigQuery(beam.PTransform[PCollection[Record], Inserted]):
    """Appends records to a table; rows that BigQuery refuses become dead letters.

    A load job takes all its rows or none: where one is refused the job fails, and the run with it.

    Args:
      config: of the sink.
      streaming: whether the pipeline is a stream. Its records must be in the global window.
      test_client: stands in for both of Beam's BigQuery clients.

    Raises:
      ValueError: load jobs have no gs:// folder for their files.
    """

    def __init__(self, config: BigQuerySink, *, streaming: bool, test_client: Any = None) -> None:
        super().__init__()
        self.config = config
        self.streaming = streaming
        self.test_client = test_client

    def expand(self, records: PCollection[Record]) -> Inserted:
        from apache_beam.io.gcp.bigquery import WriteToBigQuery
        from apache_beam.io.gcp.bigquery_tools import RetryStrategy

        inserts = self.config.method == "streaming_inserts" or (self.config.method == "auto" and self.streaming)
        method = WriteToBigQuery.Method
        layout = LAYOUT if self.config.partition else {}
        rows = records | "rows" >> beam.Map(row_of).with_output_types(dict[str, Any])
        if inserts:
            written = rows | "insert" >> WriteToBigQuery(
                self.config.table,
                schema=bigquery_schema(),
                method=method.STREAMING_INSERTS,
                insert_retry_strategy=RetryStrategy.RETRY_ON_TRANSIENT_ERROR,
                additional_bq_parameters=layout,
                test_client=self.test_client,
            )
            failures = written.failed_rows_with_errors | "failures" >> beam.ParDo(_Refused()).with_output_types(
                DeadLetter
            )
            return Inserted(failures | "stored" >> beam.FlatMap(_nothing).with_output_types(str), failures)
        options = records.pipeline.options.view_as(GoogleCloudOptions)
        folder = self.config.temp_location or options.temp_location
        if not folder:
            raise ValueError(
                f"{self.config.table}: load jobs need a gs:// folder; set temp_location, or method: streaming_inserts"
            )
        loaded = rows | "load" >> WriteToBigQuery(
            self.config.table,
            schema=bigquery_schema(),
            method=method.FILE_LOADS,
            custom_gcs_temp_location=folder,
            additional_bq_parameters=layout,
            schema_update_options=["ALLOW_FIELD_ADDITION"],
            validate=self.test_client is None,
            test_client=self.test_client,
        )
        jobs = (loaded.destination_load_jobid_pairs, loaded.destination_copy_jobid_pairs) | "jobs" >> beam.Flatten()
        return Inserted(
            jobs | "stored" >> beam.Map(_table_of).with_output_types(str),
            records.pipeline | "no failures" >> beam.Create([]).with_output_types(DeadLetter),
        )


def _nothing(_: Any) -> tuple[()]:
    return ()


def _table_of(job: tuple[Any, Any]) -> str:
    return str(job[0])
