"""The pipeline's stage that repairs texts."""

from __future__ import annotations

import msgspec
from apache_beam import ParDo, PTransform
from apache_beam.pvalue import PCollection

from transforms.normalize.api import normalize_line, normalize_page
from transforms.normalize.config import NormalizeConfig
from transforms.normalize.encoding import without_surrogates
from transforms.outcomes import FAILED, GuardedMap, Outcome
from transforms.records import Record


def normalize_record(record: Record, config: NormalizeConfig) -> Record:
    """Return `record` with text, title, summary and authors repaired and the account of it filled in.

    `original_text` is the text as it came, but for lone surrogates (U+FFFD), which no record can carry.
    """
    language = record.language.code
    original = without_surrogates(record.text)
    done, page = normalize_page(original, language, config)

    def line(value: str | None) -> str | None:
        return None if value is None else normalize_line(value, language, config, page)

    return msgspec.structs.replace(
        record,
        title=line(record.title),
        summary=line(record.summary),
        authors=[line(author) or "" for author in record.authors],
        original_text=original,
        text=done.text,
        edits=done.edits,
        suspects=done.suspects,
        garble_score=done.garble_score,
        boilerplate=done.boilerplate,
    )


class NormalizeText(PTransform[PCollection[Record], Outcome]):
    """Repairs garbled text: `PCollection[Record]` to `Outcome` of records and dead letters.

    The record's text becomes `original_text`; `text`, `edits`, `suspects`, `garble_score` and `boilerplate` are filled
    in; title, summary and authors are cleaned by the rules that are safe for lines. An element that fails becomes a
    dead letter.
    """

    def __init__(self, config: NormalizeConfig | None = None) -> None:
        super().__init__()
        self.config = config or NormalizeConfig()

    def expand(self, pcoll: PCollection[Record]) -> Outcome:
        config = self.config
        guarded = GuardedMap("normalize", lambda record: normalize_record(record, config))
        outputs = pcoll | ParDo(guarded).with_output_types(Record).with_outputs(FAILED, main="records")
        return Outcome(outputs["records"], outputs[FAILED])
