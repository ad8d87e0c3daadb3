"""Repair of texts that machine translation and scraping have garbled: right, explained, harmless.

    from transforms.normalize import normalize
    repaired = normalize("They donâ€™t know", language="en")

`normalize` is a pure function on a string; `NormalizeText` is the pipeline's stage. What is repaired, and how a rule is
switched off or added, stands in docs/repair.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transforms.normalize.api import Normalized, normalize
from transforms.normalize.config import NormalizeConfig

if TYPE_CHECKING:
    from transforms.normalize.stage import NormalizeText

__all__ = ["NormalizeConfig", "NormalizeText", "Normalized", "normalize"]


def __getattr__(name: str) -> Any:
    """Import the stage, and Beam with it, only for those who use it."""
    if name == "NormalizeText":
        from transforms.normalize.stage import NormalizeText

        return NormalizeText
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
