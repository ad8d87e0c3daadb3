"""ExtractEntities, the stage."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam import DoFn
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.window import BoundedWindow
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from transforms.entities.config import EntitiesConfig
from transforms.entities.extract import Extractor
from transforms.outcomes import FAILED, NAMESPACE, Outcome, dead_letter, time_taken
from transforms.records import DeadLetter, Record

STAGE = "entities"
MAX_BATCH_CHARS = 500_000
"""A batch is also full at this many characters, so that a run of long texts does not fill the memory."""


class _Waiting(NamedTuple):
    record: Record
    timestamp: Timestamp
    window: BoundedWindow


class _Extract(DoFn):
    """Collects the records of a bundle into batches; every record comes out in its own window at its own time."""

    def __init__(self, config: EntitiesConfig) -> None:
        self.config = config
        self.failed = Metrics.counter(NAMESPACE, f"{STAGE}/failed")
        self.junk = Metrics.counter(NAMESPACE, f"{STAGE}/junk")
        self.found = Metrics.counter(NAMESPACE, f"{STAGE}/found")
        self.without_model = Metrics.counter(NAMESPACE, f"{STAGE}/without_model")
        self.taken = time_taken(STAGE)

    def setup(self) -> None:
        self.extractor = Extractor(self.config)

    def start_bundle(self) -> None:
        self.waiting: list[_Waiting] = []
        self.chars = 0

    def process(
        self,
        record: Record,
        timestamp: Any = DoFn.TimestampParam,
        window: Any = DoFn.WindowParam,
    ) -> Iterable[Any]:
        self.waiting.append(_Waiting(record, timestamp, window))
        self.chars += len(record.text)
        if len(self.waiting) >= self.config.batch_size or self.chars >= MAX_BATCH_CHARS:
            return self._flush()
        return ()

    def finish_bundle(self) -> Iterable[Any]:
        return self._flush()

    def _flush(self) -> Iterator[Any]:
        batch, self.waiting, self.chars = self.waiting, [], 0
        if not batch:
            return
        languages = [_language(waiting.record) for waiting in batch]
        texts = [(waiting.record.text, language) for waiting, language in zip(batch, languages, strict=True)]
        started = time.perf_counter()
        results = self.extractor.extract(texts)
        taken = int((time.perf_counter() - started) * 1e6 / len(batch))  # its share of the batch
        for waiting, language, result in zip(batch, languages, results, strict=True):
            self.taken.update(taken)
            if result.error is not None:
                self.failed.inc()
                letter = dead_letter(STAGE, "record", waiting.record, result.error)
                yield TaggedOutput(FAILED, WindowedValue(letter, waiting.timestamp, (waiting.window,)))
                continue
            self.junk.inc(result.junk)
            self.found.inc(len(result.entities))
            if self.config.backend == "spacy" and self.extractor.model(language) is None:
                self.without_model.inc()
            record = msgspec.structs.replace(waiting.record, entities=result.entities)
            yield WindowedValue(record, waiting.timestamp, (waiting.window,))


def _language(record: Record) -> str:
    """Return the language of a record's text; what the feed claims where it could not be told."""
    if record.language.code != "und":
        return record.language.code
    return record.language.declared or "und"


class ExtractEntities(beam.PTransform[PCollection[Record], Outcome]):
    """Fills the records' `entities`: `PCollection[Record]` to `Outcome`.

    A record whose text the model can't read becomes a dead letter; its neighbours in the batch are unharmed. A model
    that is not installed is said once in the log, and its language's texts get the gazetteer's places only.
    """

    def __init__(self, config: EntitiesConfig) -> None:
        super().__init__()
        self.config = config

    def expand(self, records: PCollection[Record]) -> Outcome:
        outputs = records | beam.ParDo(_Extract(self.config)).with_outputs(FAILED, main="records")
        outputs.records.element_type = Record
        outputs[FAILED].element_type = DeadLetter
        return Outcome(outputs.records, outputs[FAILED])
