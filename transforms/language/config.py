"""Settings of the language stage."""

from __future__ import annotations

import importlib.util
import os
import re
from typing import Annotated, Literal

import langdetect  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from typing_extensions import Self

from transforms.language.tags import canonical, primary, script_languages

Backend = Literal["langdetect", "langdetect-rs", "py3langid"]

EXTRAS = {"langdetect-rs": "langdetect_rs", "py3langid": "py3langid"}
"""Distributions that a plain install lacks, and the modules they bring."""

_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


def require(distribution: str, setting: str) -> None:
    """Raise if an optional detector can't be imported.

    Raises:
      ValueError: one line with the command that installs it.
    """
    module = EXTRAS.get(distribution)
    if module is not None and importlib.util.find_spec(module) is None:
        raise ValueError(f"{setting} needs {distribution}, which is not installed; run: pip install {distribution}")


def langdetect_languages() -> frozenset[str]:
    """Return the primary subtags that langdetect (and langdetect-rs) and the script rules can tell."""
    profiles = {primary(name) for name in os.listdir(langdetect.PROFILES_DIRECTORY) if not name.startswith(".")}
    return frozenset(profiles | script_languages())


class LanguageConfig(BaseModel):
    """What `language:` in a configuration may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: Backend = Field(
        default="langdetect",
        description="the detector: langdetect; langdetect-rs (same answers, much faster) or py3langid (140 languages), "
        "which are installed by their names",
    )
    check: Literal["py3langid"] | None = Field(
        default=None,
        description="a second detector; where it disagrees the confidence is lowered (needs py3langid installed)",
    )
    keep: tuple[str, ...] = Field(
        default=(),
        description="languages to keep, all others are filtered; empty keeps all. `en` keeps `en-GB`, `und` keeps "
        "the texts whose language could not be told",
    )
    sample_chars: Annotated[int, Field(ge=60, le=10_000)] = Field(
        default=300, description="how many characters of a text are looked at, taken from its longest paragraphs"
    )
    min_letters: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=6, description="with fewer letters the language is `und`; ideographs and syllables count as three"
    )

    @field_validator("keep")
    @classmethod
    def _canonical_tags(cls, keep: tuple[str, ...]) -> tuple[str, ...]:
        for tag in keep:
            if not _LANGUAGE_TAG.fullmatch(tag):
                raise ValueError(f"{tag!r} is not a language code; write codes such as en, pt-BR or zh-Hant")
        return tuple(dict.fromkeys(canonical(tag) for tag in keep))

    @model_validator(mode="after")
    def _usable(self) -> Self:
        require(self.backend, f"backend: {self.backend}")
        if self.check is not None:
            require(self.check, f"check: {self.check}")
            if self.check == self.backend:
                raise ValueError(f"check: {self.check} checks nothing, as it is the backend too; leave it out")
        if self.backend != "py3langid":
            unknown = sorted({tag for tag in self.keep if primary(tag) not in langdetect_languages() | {"und"}})
            if unknown:
                raise ValueError(
                    f"keep: {self.backend} can't tell {', '.join(unknown)}, every record would be filtered; "
                    "use backend: py3langid"
                )
        return self
