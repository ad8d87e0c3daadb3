"""`DetectLanguage` in a pipeline: what goes to which output."""

from __future__ import annotations

import apache_beam as beam
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from transforms.language import DetectLanguage, LanguageConfig, stage
from transforms.records import Language, Record

ENGLISH = "The committee will publish its findings before the end of the month, its chair said on Tuesday."
GERMAN = "Der Ausschuss wird seine Ergebnisse vor Ende des Monats veröffentlichen, sagte die Vorsitzende."


def record(name: str, text: str, declared: str | None = None, title: str | None = None) -> Record:
    return Record(id=name, text=text, title=title, language=Language(declared=declared))


def told(element: Record) -> tuple[str, str, str | None]:
    return element.id, element.language.code, element.language.declared


def test_languages_are_filled_in_and_filtered() -> None:
    records = [
        record("a", ENGLISH, "en-GB"),
        record("b", GERMAN, "en"),
        record("c", "12:30"),
        record("d", "12:30", title="The committee will publish its findings on Tuesday"),
        record("e", f"{GERMAN} {GERMAN}\n\n{ENGLISH} {ENGLISH} {ENGLISH}"),
    ]
    with TestPipeline(runner="BundleBasedDirectRunner") as pipeline:
        outcome = pipeline | beam.Create(records) | DetectLanguage(LanguageConfig(keep=("en",)))
        kept = outcome.records | beam.Map(told)
        filtered = outcome.filtered | beam.MapTuple(lambda reason, element: (reason, *told(element)))
        assert_that(kept, equal_to([("a", "en", "en-GB"), ("d", "en", None), ("e", "en", None)]), "kept")
        assert_that(
            filtered, equal_to([("language:de", "b", "de", "en"), ("language:und", "c", "und", None)]), "filtered"
        )
        assert_that(outcome.failures, equal_to([]), "failures")
        shares = outcome.records | beam.FlatMap(lambda element: [share.code for share in element.languages])
        assert_that(shares, equal_to(["en", "de"]), "shares")


def test_a_record_that_detection_raises_on_is_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, **_: object) -> None:
        raise RuntimeError(f"no\nway with {len(text)}")

    monkeypatch.setattr(stage, "identify", broken)
    transform = stage._Detect(LanguageConfig())
    transform.setup()
    (output,) = transform.process(record("a", ENGLISH))
    assert isinstance(output, beam.pvalue.TaggedOutput)
    assert output.tag == "failed"
    assert output.value.stage == "language"
    assert output.value.error == f"RuntimeError: no way with {len(ENGLISH)}"
    assert output.value.input["text"] == ENGLISH
