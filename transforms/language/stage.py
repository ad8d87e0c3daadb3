"""The stage that fills `language` and `languages` and filters by language."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput

from transforms.language import backends
from transforms.language.config import LanguageConfig
from transforms.language.detection import identify
from transforms.language.tags import keeps
from transforms.outcomes import FAILED, FILTERED, NAMESPACE, dead_letter, time_taken
from transforms.records import DeadLetter, Record

STAGE = "language"


class LanguageOutcome(NamedTuple):
    """The outputs of `DetectLanguage`."""

    records: PCollection[Record]
    filtered: PCollection[tuple[str, Record]]
    failures: PCollection[DeadLetter]


class DetectLanguage(beam.PTransform[PCollection[Record], LanguageOutcome]):
    """Fills `language` and, on pages with several, `languages`.

    Takes `Record`s with their text. Gives `records`; `filtered`, the pairs of a reason (`language:de`) and a record
    whose language `config.keep` doesn't name; and `failures`, the records that detection raised on.
    """

    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        self.config = config

    def expand(self, records: PCollection[Record]) -> LanguageOutcome:
        outputs = records | beam.ParDo(_Detect(self.config)).with_output_types(
            Record, **{FILTERED: tuple[str, Record], FAILED: DeadLetter}
        ).with_outputs(FILTERED, FAILED, main="records")
        return LanguageOutcome(outputs["records"], outputs[FILTERED], outputs[FAILED])


class _Detect(beam.DoFn):
    def __init__(self, config: LanguageConfig) -> None:
        self.config = config
        self.filtered = Metrics.counter(NAMESPACE, f"{STAGE}/filtered")
        self.failed = Metrics.counter(NAMESPACE, f"{STAGE}/failed")
        self.taken = time_taken(STAGE)

    def setup(self) -> None:
        backends.load(self.config.backend)
        if self.config.check is not None:
            backends.load(self.config.check)

    def process(self, record: Record) -> Iterator[Record | TaggedOutput[str, tuple[str, Record] | DeadLetter]]:
        started = time.perf_counter()
        try:
            language, languages = identify(
                _shown(record, self.config), declared=record.language.declared, config=self.config
            )
        except Exception as error:
            self.failed.inc()
            yield TaggedOutput(FAILED, dead_letter(STAGE, "record", record, error))
            return
        self.taken.update(int((time.perf_counter() - started) * 1e6))
        located = msgspec.structs.replace(record, language=language, languages=languages)
        if self.config.keep and not keeps(self.config.keep, language.code):
            self.filtered.inc()
            yield TaggedOutput(FILTERED, (f"language:{language.code}", located))
        else:
            yield located


def _shown(record: Record, config: LanguageConfig) -> str:
    """Return what tells the record's language: its text, under its title and summary where the text is short."""
    if len(record.text) >= config.sample_chars:
        return record.text
    return "\n".join(part for part in (record.title, record.summary, record.text) if part)
