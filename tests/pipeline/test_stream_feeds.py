"""The graph of a configuration that polls feeds, and what it needs; what it does on runners is in tests/integration."""

from __future__ import annotations

import sys

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.build import build_pipeline
from pipeline.config import ConfigError, load_config
from pipeline.stages import new_run


def graph(*overrides: str) -> set[str]:
    """Return the names of the transforms of the graph, as a runner gets it."""
    root = beam.Pipeline(options=PipelineOptions(["--streaming"]))
    config = load_config("configs/streaming.yaml", overrides)
    build_pipeline(root, config, new_run(config))
    return {transform.unique_name for transform in root.to_runner_api().components.transforms.values()}


def test_feeds_are_polled_and_what_they_gave_is_noted_when_it_is_stored():
    names = graph()
    assert {"ReadArticles/PollFeeds/watch", "ReadArticles/PollFeeds/poll"} <= names
    stored = "Acknowledge/NoteStored"
    assert {f"{stored}/only its time 0", f"{stored}/only its time 1", f"{stored}/note"} <= names
    assert any(name.startswith("DropDuplicates/DeduplicateStream") for name in names)


def test_without_streaming_each_feed_is_read_once():
    names = graph("source.streaming=false")
    assert not any("PollFeeds" in name for name in names)
    assert "ReadArticles/ReadFeeds/Fetch" in names


def test_a_replay_is_a_batch_run():
    config = load_config("configs/streaming.yaml")
    assert new_run(config).streaming
    assert not new_run(config, "letters.jsonl").streaming


def test_bounds_that_cross_are_a_mistake():
    with pytest.raises(ConfigError, match="min_interval"):
        load_config("configs/streaming.yaml", ["source.min_interval=100", "source.max_interval=10"])


def test_polling_feeds_needs_no_pubsub_client(monkeypatch):
    for module in [name for name in sys.modules if name.startswith(("pipeline.stream", "transforms.pubsub.source"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "google.pubsub_v1", None)
    import pipeline.stream

    assert pipeline.stream.LOCAL_RUNNER == "PrismRunner"
    assert any("PollFeeds" in name for name in graph())
