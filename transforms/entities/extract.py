"""From texts to entities: recognise, fill in from the gazetteer, resolve, link. Plain functions without Beam."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from spacy.language import Language

from transforms.entities.config import EntitiesConfig
from transforms.entities.gazetteer import Gazetteer, demonyms, gazetteer
from transforms.entities.recognise import ModelError, Span, load_model, recognise
from transforms.entities.resolve import Cluster, resolve
from transforms.records import Entity, EntityIds, Mention

_NO_IDS = EntityIds()
_log = logging.getLogger(__name__)


class Extraction(NamedTuple):
    """What was found in a text."""

    entities: list[Entity]
    junk: int
    """Spans of the model that were dropped as no names."""
    error: Exception | None = None
    """Why the text could not be read; `entities` is empty then."""


class Extractor:
    """Finds entities in batches of texts; holds the models that the configuration names."""

    def __init__(self, config: EntitiesConfig) -> None:
        self.config = config
        self._models: dict[str, Language | None] = {}

    def model(self, language: str) -> Language | None:
        """Return the model of a language, None where it has none or none is installed (said once)."""
        base = language.split("-")[0]
        name = self.config.models.get(language) or self.config.models.get(base)
        if self.config.backend != "spacy" or name is None:
            return None
        if name not in self._models:
            try:
                self._models[name] = load_model(name)
            except ModelError as error:
                self._models[name] = None
                _say_once(f"entities.models.{base}: {error}; until then only places of the gazetteer are found")
        return self._models[name]

    def extract(self, texts: Sequence[tuple[str, str]]) -> list[Extraction]:
        """Return what each text names, in order.

        Args:
          texts: pairs of text and language (BCP 47 code).
        """
        if self.config.backend == "none":
            return [Extraction([], 0) for _ in texts]
        by_language: dict[str, list[int]] = defaultdict(list)
        for index, (_, language) in enumerate(texts):
            by_language[language].append(index)
        results: list[Extraction] = [Extraction([], 0)] * len(texts)
        for language, indices in by_language.items():
            found = self._extract([texts[index][0] for index in indices], language)
            for index, extraction in zip(indices, found, strict=True):
                results[index] = extraction
        return results

    def _extract(self, texts: list[str], language: str) -> list[Extraction]:
        """Return what each text names; all are in one language."""
        places = gazetteer(language)
        nlp = self.model(language)
        if nlp is None:
            return [_guarded(text, None, places) for text in texts]
        try:
            spans = recognise(nlp, texts)
        except Exception as error:
            if len(texts) == 1:
                return [Extraction([], 0, error)]
            # one text spoils the batch: find it, and keep its neighbours
            return [self._extract([text], language)[0] for text in texts]
        return [_guarded(text, found, places) for text, found in zip(texts, spans, strict=True)]


@cache
def _say_once(message: str) -> None:
    """Log a warning, once a process."""
    _log.warning(message)


def _guarded(text: str, spans: list[Span] | None, places: Gazetteer) -> Extraction:
    try:
        return from_spans(text, spans, places)
    except Exception as error:
        return Extraction([], 0, error)


def from_spans(text: str, spans: list[Span] | None, places: Gazetteer) -> Extraction:
    """Return what a text names, given what the model found in it.

    Args:
      text: the text.
      spans: the model's spans; None where no model read the text.
      places: the gazetteer of the text's language.
    """
    resolution = resolve(text, spans or [], places, has_model=spans is not None)
    return Extraction([_entity(cluster) for cluster in resolution.clusters], resolution.junk)


def _entity(cluster: Cluster) -> Entity:
    first = cluster.mentions[0]
    place = cluster.link.place if cluster.link else None
    countries = demonyms().get(first.text, ()) if cluster.label == "GROUP" else ()
    return Entity(
        text=first.text,
        label=cluster.label,
        start=first.start,
        end=first.end,
        name=cluster.name,
        ids=EntityIds(iso3166=place.iso3166, geonames=place.geonames, wikidata=place.wikidata) if place else _NO_IDS,
        count=len(cluster.mentions),
        mentions=[Mention(text=mention.text, start=mention.start, end=mention.end) for mention in cluster.mentions],
        model_label=cluster.model_label,
        link=cluster.link.how if cluster.link else None,
        country=place.country if place else countries[0] if len(countries) == 1 else None,
    )
