"""In a stream, messages are acknowledged when BigQuery has taken their rows, and not before."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from servers import wait_until

from transforms.pubsub.client import ensure_subscription, publisher, subscriber
from transforms.pubsub.config import PubSubConfig
from transforms.pubsub.source import IN_FLIGHT, AcknowledgeStored, PullMessages
from transforms.records import Record
from transforms.sinks.bigquery import BigQuerySink, WriteBigQuery

pytest.importorskip("google.cloud.bigquery", reason="the extra `gcp` is not installed")
MESSAGES = 20


class SlowClient:
    """Stands in for BigQuery: takes rows only when the file `gate` is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tables = self

    def Get(self, request: Any) -> Any:  # noqa: N802
        return request  # the table is there

    def insert_rows_json(self, table: str, *, json_rows: list[Any], **_: Any) -> list[Any]:
        (self.folder / f"asked-{uuid.uuid4().hex}").touch()
        while not (self.folder / "gate").exists():
            time.sleep(0.1)
        for row in json_rows:
            (self.folder / f"row-{row['id']}").touch()
        return []


def test_messages_wait_for_their_rows(tmp_path, pubsub, prism):
    name = uuid.uuid4().hex
    topic, subscription = f"projects/p/topics/t{name}", f"projects/p/subscriptions/t{name}"
    publisher(pubsub.address).create_topic(name=topic)
    ensure_subscription(pubsub.address, subscription, topic, 10)
    source = PubSubConfig(subscription=subscription, emulator=pubsub.address, lease_seconds=10)
    IN_FLIGHT.reset()
    root = beam.Pipeline(
        options=beam.options.pipeline_options.PipelineOptions(
            ["--streaming", "--runner=PrismRunner", f"--prism_location={prism}"]
        )
    )
    messages, receipts = root | PullMessages(source)
    records = messages | beam.Map(lambda message: Record(id=message.message_id)).with_output_types(Record)
    sink = BigQuerySink(type="bigquery", table="a-project:news.articles")
    written = records | WriteBigQuery(sink, streaming=True, test_client=SlowClient(tmp_path))
    _ = receipts | AcknowledgeStored(source, [written.stored])
    result = root.run()
    try:
        publisher(pubsub.address).publish(topic=topic, messages=[{"data": b"x"}] * MESSAGES)
        wait_until(lambda: list(tmp_path.glob("asked-*")) and not IN_FLIGHT.idle(), "the first insert", 120)
        time.sleep(5)  # long enough for the watermark to pass, if nothing held it
        assert IN_FLIGHT.messages() == MESSAGES
        (tmp_path / "gate").touch()
        wait_until(IN_FLIGHT.idle, "the acknowledgements", 120)
        assert len(list(tmp_path.glob("row-*"))) == MESSAGES
        IN_FLIGHT.drain()
        time.sleep(11)  # what is not acknowledged would come again
        pull = {"subscription": subscription, "max_messages": 1000, "return_immediately": True}
        assert not subscriber(pubsub.address).pull(request=pull, retry=None, timeout=10).received_messages
    finally:
        result.cancel()
        IN_FLIGHT.reset()
