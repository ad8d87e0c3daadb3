"""Languages told by their letters alone: Chinese, Japanese and Korean, and scripts of one language."""

from __future__ import annotations

import re

from transforms.language.tags import canonical, primary, script_patterns

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d]")
_HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")

_TELLING = re.compile("[\u0530-\U0010ffff]")
"""Without one of these, a text is in Latin, Greek or Cyrillic letters, which tell no language."""

_SHORT_HAN = 30
"""Below this many ideographs without kana a text may be a Japanese headline, so that a declared `ja` decides."""


def by_script(text: str, declared: str | None) -> tuple[str, float] | None:
    """Return the language of `text` and its probability, where the script tells it; else None."""
    if _TELLING.search(text) is None:
        return None
    letters = sum(map(str.isalpha, text))
    found = _east_asian(text, letters, declared)
    if found is not None:
        return found
    for language, pattern in script_patterns():
        if 2 * len(pattern.findall(text)) > letters:
            return language, 1.0
    return None


def weight(text: str) -> int:
    """Return the number of letters of `text`; an ideograph or a syllable tells as much as three letters."""
    letters = sum(map(str.isalpha, text))
    if _TELLING.search(text) is None:
        return letters
    return letters + 2 * sum(len(pattern.findall(text)) for pattern in (_HAN, _KANA, _HANGUL))


def _east_asian(text: str, letters: int, declared: str | None) -> tuple[str, float] | None:
    han, kana, hangul = (len(pattern.findall(text)) for pattern in (_HAN, _KANA, _HANGUL))
    together = han + kana + hangul
    # A third is enough: an ideograph is a word, so that names in Latin letters outweigh it.
    if not together or 3 * together < letters:
        return None
    if 3 * hangul >= together:
        return "ko", 1.0
    # A Chinese text may quote a kana or two; Japanese prose has one in two letters, headlines one in ten.
    if 20 * kana >= together:
        return "ja", 1.0
    if han < _SHORT_HAN and declared is not None and primary(declared) == "ja":
        return "ja", 0.5
    return chinese(text, declared), 1.0


def chinese(text: str, declared: str | None) -> str:
    """Return `zh-Hans` or `zh-Hant`, or `zh` where no ideograph of `text` is of one kind alone.

    The national character sets tell the kinds apart: GB 2312 holds the simplified ones, Big5 the traditional ones.
    """
    han = "".join(_HAN.findall(text))
    simplified = _encodable(han, "gb2312")
    traditional = _encodable(han, "big5")
    if simplified != traditional:
        return "zh-Hans" if simplified > traditional else "zh-Hant"
    if declared is not None and canonical(declared) in {"zh-Hans", "zh-Hant"}:
        return canonical(declared)
    return "zh"


def _encodable(text: str, encoding: str) -> int:
    return len(text.encode(encoding, errors="ignore"))
