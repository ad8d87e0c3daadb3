"""Settings of the repair of texts."""

from __future__ import annotations

from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, Field, field_validator

from transforms.normalize.rules import RULES


class NormalizeConfig(BaseModel):
    """Settings of the stage that repairs texts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_confidence: float = Field(
        default=0.9, ge=0.0, le=1.0, description="edits less likely to be right than this are not made"
    )
    disabled: tuple[str, ...] = Field(default=(), description="names of rules that are switched off (docs/repair.md)")
    max_chars: int = Field(
        default=5_000_000,
        gt=0,
        description="a longer text passes as it is, unrepaired; bounds the time one article takes",
    )

    @field_validator("disabled")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = [rule.name for rule in RULES]
        for name in names:
            if name not in known:
                nearest = get_close_matches(name, known, n=1, cutoff=0.0)[0]
                raise ValueError(f"there is no rule {name!r}; did you mean {nearest!r}?")
        return names
