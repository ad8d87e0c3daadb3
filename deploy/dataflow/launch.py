"""Entry point of the Dataflow flex template: builds newsbeam's streaming job and submits it.

    python deploy/dataflow/launch.py --config configs/dataflow.yaml [--set KEY=VALUE ...] [BEAM OPTIONS]

The launcher must not wait for a streaming job, so this doesn't.
"""

from __future__ import annotations

import argparse
import sys

import apache_beam as beam

from pipeline.build import build_pipeline
from pipeline.config import load_config
from pipeline.stages import new_run
from pipeline.stream import stream_options


def main(arguments: list[str] | None = None) -> beam.runners.runner.PipelineResult:
    """Submit the job and return its handle."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", required=True, help="a YAML file, local to the launcher")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting")
    options, beam_arguments = parser.parse_known_args(arguments)
    root = beam.Pipeline(options=stream_options(["--runner=DataflowRunner", *beam_arguments]))
    config = load_config(options.config, options.set)
    build_pipeline(root, config, new_run(config))
    return root.run()


if __name__ == "__main__":
    main(sys.argv[1:])
