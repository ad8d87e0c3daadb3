"""The pipeline on one screen."""

from __future__ import annotations

import apache_beam as beam

from pipeline.config import Config
from pipeline.stages import Acknowledge, DropDuplicates, FinishRun, ReadArticles, Run, WriteDeadLetters, WriteRecords
from transforms.entities import ExtractEntities
from transforms.language import DetectLanguage
from transforms.memory import ReadMemory
from transforms.normalize import NormalizeText


def build_pipeline(root: beam.Pipeline, config: Config, run: Run) -> None:
    """Add newsbeam's stages to `root`: articles in; records, dead letters and an account out. Batch or streaming."""
    memory = root | ReadMemory(config.state_path, empty=run.streaming)
    read = root | ReadArticles(config, memory, run)
    fresh = read.records | DropDuplicates(config, memory, run)
    located = fresh.records | DetectLanguage(config.language)
    repaired = located.records | NormalizeText(config.normalize)
    enriched = repaired.records | ExtractEntities(config.entities)
    written = enriched.records | WriteRecords(config, run)
    failures = (read.failures, located.failures, repaired.failures, enriched.failures, written.failures)
    letters = failures | WriteDeadLetters(config, run)
    _ = (read, fresh, located, written, letters) | (
        Acknowledge(config) if run.streaming else FinishRun(config, memory, run)
    )
