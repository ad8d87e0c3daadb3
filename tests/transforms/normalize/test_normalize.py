"""`normalize` as a whole, its settings, and the stage."""

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to
from pydantic import ValidationError

from transforms.normalize import NormalizeConfig, NormalizeText, normalize
from transforms.normalize.stage import normalize_record
from transforms.records import Language, Record, apply_edits, undo_edits

MANGLED = "They donâ€™t\u00ad know"


def test_it_repairs_and_accounts_for_it() -> None:
    done = normalize(MANGLED, "en")
    assert done.text == "They don’t know"
    assert [edit.rule for edit in done.edits] == ["encoding", "invisible"]
    assert apply_edits(MANGLED, done.edits) == done.text
    assert undo_edits(done.text, done.edits) == MANGLED


@pytest.mark.parametrize("language", ["en", "en-GB", "pt_BR", "und", "", "zh-Hant", "xx"])
def test_any_language_code_will_do(language: str) -> None:
    assert normalize(MANGLED, language).text == "They don’t know"


def test_a_rule_can_be_switched_off() -> None:
    done = normalize(MANGLED, "en", config=NormalizeConfig(disabled=("encoding",)))
    assert done.text == "They donâ€™t know"


def test_an_unknown_rule_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValidationError, match="did you mean 'encoding'"):
        NormalizeConfig(disabled=("encodings",))


def test_a_text_that_is_too_long_passes_as_it_is() -> None:
    assert normalize(MANGLED, config=NormalizeConfig(max_chars=5)).text == MANGLED


def test_a_record_is_repaired_in_all_its_lines() -> None:
    record = Record(
        id="1",
        title="Canâ€™t",
        summary="itâ€™s",
        authors=["JosÃ© Ruiz"],
        text=MANGLED + "\ud800",
        language=Language(code="en"),
    )
    done = normalize_record(record, NormalizeConfig())
    assert (done.title, done.summary, done.authors) == ("Can’t", "it’s", ["José Ruiz"])
    assert done.original_text == MANGLED + "\ufffd"
    assert done.text == apply_edits(done.original_text, done.edits)


def test_the_stage_repairs_records() -> None:
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        outcome = pipeline | beam.Create([Record(id="1", text=MANGLED)]) | NormalizeText()
        texts = outcome.records | beam.Map(lambda record: record.text)
        assert_that(texts, equal_to(["They don’t know"]))
        assert_that(outcome.failures, equal_to([]), label="no failures")
