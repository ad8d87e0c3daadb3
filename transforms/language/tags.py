"""BCP 47 tags, and scripts that give the language away."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib import resources

# Codes that detectors and feeds still use, and what BCP 47 (RFC 5646) says today.
_ALIASES = {
    "zh-cn": "zh-Hans",
    "zh-sg": "zh-Hans",
    "zh-my": "zh-Hans",
    "zh-tw": "zh-Hant",
    "zh-hk": "zh-Hant",
    "zh-mo": "zh-Hant",
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "nb": "no",
    "fil": "tl",
    "zxx": "und",
}


def canonical(tag: str) -> str:
    """Return `tag` in BCP 47 spelling, one code a language: `EN_gb` is `en-GB`, `zh-cn` is `zh-Hans`, `nb` is `no`.

    The detectors know written Norwegian as `no` and Tagalog as `tl`, so that `nb` and `fil` stand for these here.
    """
    subtags = tag.replace("_", "-").lower().split("-")
    whole = _ALIASES.get("-".join(subtags[:2]))
    if whole is not None:
        return whole
    subtags[0] = _ALIASES.get(subtags[0], subtags[0])
    return "-".join([subtags[0], *(_cased(subtag) for subtag in subtags[1:])])


def _cased(subtag: str) -> str:
    if len(subtag) == 4 and subtag.isalpha():
        return subtag.title()
    return subtag.upper() if len(subtag) == 2 else subtag


def primary(tag: str) -> str:
    """Return the primary language subtag of `tag`, in the spelling of `canonical`."""
    return canonical(tag).split("-")[0]


def keeps(keep: tuple[str, ...], code: str) -> bool:
    """Tell whether `code` is one of the canonical tags `keep` or a narrower one (RFC 4647, basic filtering)."""
    return any(code == tag or code.startswith(f"{tag}-") for tag in keep)


@cache
def script_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the language and the letters of each script that is written in one language, from `scripts.tsv`."""
    lines = resources.files(__package__).joinpath("scripts.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
    return tuple((row["language"], re.compile(f"[{row['letters']}]")) for row in rows)


def script_languages() -> frozenset[str]:
    """Return the languages that `script_patterns` can tell."""
    return frozenset(language for language, _ in script_patterns())
