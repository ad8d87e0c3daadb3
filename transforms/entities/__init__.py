"""Entities: who and what a text names, recognised, resolved within the article, linked to public registers."""

from transforms.entities.config import EntitiesConfig
from transforms.entities.extract import Extraction, Extractor
from transforms.entities.recognise import missing_models
from transforms.entities.transform import ExtractEntities

__all__ = ["EntitiesConfig", "ExtractEntities", "Extraction", "Extractor", "missing_models"]
