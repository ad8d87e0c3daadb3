"""The Dataflow job is built and translated offline, as its runner would submit it; nothing leaves the machine."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

pytest.importorskip("apitools", reason="the extra `gcp` is not installed")


def launcher():
    spec = importlib.util.spec_from_file_location("launch", ROOT / "deploy" / "dataflow" / "launch.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["launch"] = module
    spec.loader.exec_module(module)
    return module


def test_the_job_streams_reads_natively_and_runs_in_our_image():
    handle = launcher().main(
        [
            "--config=configs/dataflow.yaml",
            "--project=a-project",
            "--region=europe-west1",
            "--temp_location=gs://a-bucket/tmp",
            "--staging_location=gs://a-bucket/staging",
            "--sdk_container_image=registry.example/newsbeam:1",
            "--dry_run=true",
            "--no_auth",
        ]
    )
    components = handle.job.proto_pipeline.components
    urns = {transform.spec.urn for transform in components.transforms.values()}
    names = {transform.unique_name for transform in components.transforms.values()}
    assert "beam:transform:pubsub_read:v1" in urns
    assert any(name.endswith("first, same id") for name in names)
    assert any(name.endswith("sink 0 bigquery/insert/_StreamToBigQuery/StreamInsertRows") for name in names)
    images = {environment.payload for environment in components.environments.values()}
    assert all(b"registry.example/newsbeam:1" in image for image in images if image)
    assert "JOB_TYPE_STREAMING" in str(handle.job)


def test_the_template_describes_the_parameters_that_the_launcher_takes():
    metadata = yaml.safe_load((ROOT / "deploy" / "dataflow" / "metadata.json").read_text())
    assert metadata["streaming"] is True
    assert [parameter["name"] for parameter in metadata["parameters"]] == ["config", "set"]
