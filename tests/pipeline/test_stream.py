"""The streaming pipeline's graph and its options; what it does on runners is in tests/integration."""

from __future__ import annotations

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import DebugOptions, PipelineOptions, PrismRunnerOptions, StandardOptions

from pipeline.config import load_config

pytest.importorskip("google.pubsub_v1", reason="the extra `gcp` is not installed")

from pipeline.build import build_pipeline
from pipeline.run import RunError
from pipeline.stages import new_run
from pipeline.stream import find_prism, run_stream, stream_options


def graph(*overrides: str, config: str = "configs/pubsub.yaml") -> set[str]:
    """Return the names of the transforms of a configuration's graph, as a runner gets it."""
    root = beam.Pipeline(options=PipelineOptions(["--streaming"]))
    loaded = load_config(config, overrides)
    build_pipeline(root, loaded, new_run(loaded))
    return {transform.unique_name for transform in root.to_runner_api().components.transforms.values()}


def test_messages_are_acknowledged_after_sinks_and_dead_letters():
    names = graph()
    stored = "Acknowledge/AcknowledgeStored"
    assert f"{stored}/with what is stored" in names
    assert {f"{stored}/only its time 0", f"{stored}/only its time 1"} <= names
    assert any(name.endswith("sink 0 postgres/upsert") for name in names)


def test_a_runner_that_reads_natively_acknowledges_by_itself():
    names = graph("source.native=true", "source.subscription=projects/a-project/subscriptions/news")
    assert not any("AcknowledgeStored" in name for name in names)
    assert any("native" in name for name in names)


def test_repeated_messages_are_dropped_where_an_attribute_tells_them():
    assert any("drop repeated" in name for name in graph("source.id_attribute=id"))
    assert not any("drop repeated" in name for name in graph())


def test_several_sinks_must_all_have_stored():
    names = graph("sinks=[{type: parquet, path: out}, {type: jsonl, path: out2}]")
    assert {"WriteRecords/stored 0", "WriteRecords/stored 1"} <= names


@pytest.mark.parametrize("runner", ["FnApiRunner", "DirectRunner", "BundleBasedDirectRunner", "DaskRunner"])
def test_runners_that_lose_articles_are_refused(runner):
    with pytest.raises(RunError, match=runner):
        stream_options([f"--runner={runner}"])


def test_prism_runs_it_where_no_runner_is_named(tmp_path, monkeypatch):
    prism = tmp_path / "prism"
    prism.touch()
    monkeypatch.setenv("NEWSBEAM_PRISM", str(prism))
    options = stream_options([])
    assert options.view_as(StandardOptions).runner == "PrismRunner"
    assert options.view_as(StandardOptions).streaming
    assert options.view_as(PrismRunnerOptions).prism_location == str(prism)
    assert "prism_disable_sdf_split" in options.view_as(DebugOptions).experiments


def test_experiments_that_are_named_stay(tmp_path):
    prism = tmp_path / "prism"
    prism.touch()
    options = stream_options(["--experiments=one", f"--prism_location={prism}"])
    assert set(options.view_as(DebugOptions).experiments) >= {"one", "prism_disable_sdf_split"}
    assert options.view_as(PrismRunnerOptions).prism_location == str(prism)


@pytest.mark.parametrize("interval", [["--checkpointing_interval=5000"], ["--checkpointing_interval", "5000"], []])
def test_bundles_are_finished_before_flink_s_checkpoints(interval):
    options = stream_options(["--runner=PortableRunner", "--job_endpoint=localhost:1", *interval])
    given = options.get_all_options(retain_unknown_options=True)
    assert given.get("finish_bundle_before_checkpointing", False) is bool(interval)


def test_a_missing_prism_is_told_with_the_command_that_gets_it(tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSBEAM_PRISM", str(tmp_path / "none"))
    with pytest.raises(RunError, match="go install"):
        find_prism()


def test_a_job_server_that_does_not_answer_is_named(tmp_path):
    (tmp_path / "feeds.opml").write_text('<opml version="2.0"><body/></opml>')
    config = load_config(
        "configs/streaming.yaml",
        [
            f"source.feeds=[{tmp_path}/feeds.opml]",
            f"sinks=[{{type: jsonl, path: {tmp_path}/records}}]",
            f"dead_letters.path={tmp_path}/letters",
        ],
    )
    nowhere = ["--runner=PortableRunner", "--job_endpoint=127.0.0.1:1", "--job_server_timeout=1"]
    with pytest.raises(RunError, match=r"no job server answers at 127\.0\.0\.1:1: start it"):
        run_stream(config, new_run(config), nowhere)


def test_only_dataflow_reads_pubsub_itself(tmp_path):
    config = load_config("configs/pubsub.yaml", ["source.native=true", f"dead_letters.path={tmp_path}/letters"])
    with pytest.raises(RunError, match="PortableRunner does not read Pub/Sub itself"):
        run_stream(config, new_run(config), ["--runner=PortableRunner", "--job_endpoint=127.0.0.1:1"])
