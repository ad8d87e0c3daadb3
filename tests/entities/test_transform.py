"""ExtractEntities in Beam: nothing lost, nothing moved, one bad text harms no other."""

from __future__ import annotations

import logging
from pathlib import Path

import apache_beam as beam
import pytest
import spacy
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.window import FixedWindows, TimestampedValue

from transforms.entities import EntitiesConfig, ExtractEntities, Extractor
from transforms.entities.recognise import ModelError, load_model
from transforms.records import Language, Record

ENGLISH = Language(code="en", confidence=1.0)


def record(number: int, text: str, language: str = "en") -> Record:
    return Record(id=str(number), text=text, language=Language(code=language, confidence=1.0))


def run(records: list[Record], config: EntitiesConfig, check, check_failures=None) -> dict[str, int]:
    pipeline = beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([]))
    outcome = pipeline | beam.Create(records) | ExtractEntities(config)
    assert_that(outcome.records, check, label="records")
    if check_failures:
        assert_that(outcome.failures, check_failures, label="failures")
    result = pipeline.run()
    result.wait_until_finish()
    return {counter.key.metric.name: counter.committed for counter in result.metrics().query()["counters"]}


def test_every_record_comes_out_once() -> None:
    texts = [f"Angela Merkel met reporters in Berlin on day {number}." for number in range(70)]

    def check(found: list[Record]) -> None:
        assert sorted(int(r.id) for r in found) == list(range(70))
        for r in found:
            assert {e.name for e in r.entities} == {"Angela Merkel", "Berlin"}

    counters = run([record(i, text) for i, text in enumerate(texts)], EntitiesConfig(), check)
    assert counters["entities/found"] == 140


def test_a_text_that_the_model_chokes_on_is_the_only_dead_letter() -> None:
    extractor = Extractor(EntitiesConfig())
    results = extractor.extract([("Paris is in France.", "en"), ("broken \ud800 text", "en"), ("Rome is old.", "en")])
    assert [bool(r.error) for r in results] == [False, True, False]
    assert [[e.name for e in r.entities] for r in results] == [["Paris", "France"], [], ["Rome"]]


def test_a_failure_becomes_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    from transforms.entities import extract

    real = extract.recognise

    def choosy(nlp, texts):
        if any("poison" in text for text in texts):
            raise RuntimeError("cannot digest this")
        return real(nlp, texts)

    monkeypatch.setattr(extract, "recognise", choosy)

    def check(found: list[Record]) -> None:
        assert sorted(r.id for r in found) == ["0", "2"]

    def check_failures(letters) -> None:
        (letter,) = letters
        assert letter.stage == "entities"
        assert letter.kind == "record"
        assert letter.input["id"] == "1"
        assert letter.error == "RuntimeError: cannot digest this"

    counters = run(
        [record(0, "In Paris."), record(1, "a poison"), record(2, "In Rome.")], EntitiesConfig(), check, check_failures
    )
    assert counters["entities/failed"] == 1


def test_missing_model_falls_back_to_the_gazetteer(caplog: pytest.LogCaptureFixture) -> None:
    config = EntitiesConfig(models={"en": "en_missing_model"})
    with caplog.at_level(logging.WARNING):
        extractor = Extractor(config)
        for _ in range(3):
            (result,) = extractor.extract([("Olaf Scholz flew to Paris.", "en")])
    assert [(e.name, e.label) for e in result.entities] == [("Paris", "PLACE")]
    said = [r.getMessage() for r in caplog.records if "en_missing_model" in r.getMessage()]
    assert len(said) == 1
    assert "python -m spacy download en_missing_model" in said[0]


def test_model_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no spaCy model at"):
        load_model(str(tmp_path / "nowhere"))
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ModelError, match=r"can't be loaded.*ner"):
        load_model(str(tmp_path / "blank"))


def test_language_without_a_model_is_counted() -> None:
    def check(found: list[Record]) -> None:
        (r,) = found
        assert [(e.text, e.ids.iso3166 or e.ids.geonames) for e in r.entities] == [
            ("Moscou", "524901"),
            ("Chine", "CN"),
        ]

    counters = run([record(0, "De Moscou, il part pour la Chine.", "fr")], EntitiesConfig(), check)
    assert counters["entities/without_model"] == 1


def test_backend_none_leaves_entities_empty() -> None:
    def check(found: list[Record]) -> None:
        assert [r.entities for r in found] == [[]]

    run([record(0, "Angela Merkel was in Berlin.")], EntitiesConfig(backend="none"), check)


def test_records_keep_their_windows_and_timestamps() -> None:
    class Stamp(beam.DoFn):
        def process(self, r, timestamp=beam.DoFn.TimestampParam, window=beam.DoFn.WindowParam):
            yield (r.id, int(timestamp), int(window.start))

    pipeline = beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([]))
    stamped = [TimestampedValue(record(i, "In Paris."), 10 * i) for i in range(40)]
    outcome = (
        pipeline
        | beam.Create(stamped)
        | beam.Map(lambda value: value).with_output_types(Record)
        | beam.WindowInto(FixedWindows(60))
        | ExtractEntities(EntitiesConfig(backend="gazetteer"))
    )
    expected = [(str(i), 10 * i, 10 * i // 60 * 60) for i in range(40)]
    assert_that(outcome.records | beam.ParDo(Stamp()), equal_to(expected))
    pipeline.run().wait_until_finish()
