"""Which language a text is in, and how sure that is."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from transforms.language import backends, scripts
from transforms.language.config import Backend, LanguageConfig
from transforms.language.sample import middle, odd_one_out, paragraphs, repaired, sample
from transforms.language.tags import primary
from transforms.records import Language, LanguageShare

DEFAULT = LanguageConfig()

_DISAGREEMENT = 0.5
"""The confidence is multiplied by it where the second detector disagrees: then the first is right in 48 % of sentences
in languages it knows, and never in others (docs/language.md). A declared language that differs counts alike in a short
text, where it is a second opinion."""

_DOUBT = 2
"""A text of n letters is told with a confidence of n / (n + 2) at most: detectors are as sure of one word as of a page
(docs/language.md)."""

_SURE = 0.9

_SHORT = 60
"""Letters below which the declared language breaks a tie."""

_CACHED = 4096
"""Samples whose answer is remembered, a few MB at most."""

_PARAGRAPH = 40
"""Letters (see `scripts.weight`) from which on a paragraph shows its language."""

_MAX_PARAGRAPHS = 12
"""Paragraphs, the longest of a page, that are looked at for other languages."""

_FEW = 3
"""Up to so many paragraphs are all judged; of more, the longest and the one least like it."""

_LOOK = 100
"""Characters of a paragraph that show whether it is prose."""

_MINOR_SHARE = 0.1
_MINOR_LETTERS = 100
"""A headline full of foreign names is no second language."""


class _Answer(NamedTuple):
    code: str
    probability: float
    by_script: bool = False


def detect(text: str, *, declared: str | None = None, config: LanguageConfig = DEFAULT) -> Language:
    """Return the language of `text`, the largest one if it has several.

    Args:
      text: plain text of any length; mark-up and damaged encoding are tolerated.
      declared: what the source says of it, as a language tag; it breaks ties in texts of a few words.
      config: detector, sample and letter guard; `keep` is not used here.

    Returns:
      A BCP 47 code, `und` with confidence 0 where there are too few letters to tell, and `declared` as given.

    Raises:
      ValueError: the detector that `config` names is not installed.
    """
    return identify(text, declared=declared, config=config)[0]


def language_shares(text: str, *, config: LanguageConfig = DEFAULT) -> list[LanguageShare]:
    """Return the languages of a page that has several, the largest share of its letters first; else an empty list.

    A paragraph counts if it is long enough and its language sure; a language counts from a tenth of the letters, and
    from a hundred of them on.
    """
    return identify(text, config=config)[1]


def identify(
    text: str, *, declared: str | None = None, config: LanguageConfig = DEFAULT
) -> tuple[Language, list[LanguageShare]]:
    """Return what `detect` and `language_shares` return.

    The longest paragraph and the one least like it are judged apart. If they agree, the page is in their language; if
    not, paragraph by paragraph shows whether it has several. The confidence in the first of several is its share.
    """
    lines = paragraphs(text)
    # By bytes in UTF-8, of which an ideograph has three.
    longest = sorted(lines, key=lambda line: -len(line.encode("utf-8", "replace")))[:_MAX_PARAGRAPHS]
    prose = [line for line in longest if scripts.weight(line[:_LOOK]) >= _PARAGRAPH]
    if len(prose) > 1:
        probes = prose if len(prose) <= _FEW else [prose[0], odd_one_out(prose)]
        agreed = _agreed(probes, declared, config)
        if agreed is not None:
            return agreed, []
        shares = _shares(prose, config)
        if shares:
            return Language(code=shares[0].code, confidence=shares[0].share, declared=declared), shares
    return _judged(sample(lines, config.sample_chars), declared, config), []


def _agreed(probes: list[str], declared: str | None, config: LanguageConfig) -> Language | None:
    pieces = [repaired(middle(line, config.sample_chars // 2)) for line in probes]
    answers = [_answer(piece, None, config.backend, 1) for piece in pieces]
    probability = min(answer.probability for answer in answers)
    if probability < _SURE or len({primary(answer.code) for answer in answers}) > 1:
        return None
    together = " ".join(pieces)
    answer = answers[0]
    if answer.by_script:  # a few ideographs may not tell what kind of Chinese they are, more do
        answer = _answer(together, None, config.backend, 1)
    return _language(answer._replace(probability=probability), together, declared, config)


def _shares(lines: list[str], config: LanguageConfig) -> list[LanguageShare]:
    letters: dict[str, dict[str, int]] = {}
    for line in lines:
        answer = _answer(repaired(middle(line, config.sample_chars // 2)), None, config.backend, None)
        if answer.probability >= _SURE:
            codes = letters.setdefault(primary(answer.code), {})
            codes[answer.code] = codes.get(answer.code, 0) + scripts.weight(line)
    together = sum(sum(codes.values()) for codes in letters.values())
    several = [
        LanguageShare(code=max(codes, key=lambda code: codes[code]), share=round(sum(codes.values()) / together, 4))
        for codes in letters.values()
        if sum(codes.values()) >= max(_MINOR_SHARE * together, _MINOR_LETTERS)
    ]
    return sorted(several, key=lambda share: (-share.share, share.code)) if len(several) > 1 else []


def _judged(piece: str, declared: str | None, config: LanguageConfig) -> Language:
    weight = scripts.weight(piece)
    if weight < config.min_letters:
        return Language(declared=declared)
    tie_breaker = declared if weight < _SHORT else None
    return _language(_answer(piece, tie_breaker, config.backend, None), piece, declared, config)


def _language(answer: _Answer, piece: str, declared: str | None, config: LanguageConfig) -> Language:
    if answer.code == "und":
        return Language(declared=declared)
    weight = scripts.weight(piece)
    confidence = answer.probability * weight / (weight + _DOUBT)
    if config.check is not None and not answer.by_script:
        second = _answer(piece, None, config.check, None)
        if primary(second.code) != primary(answer.code):
            confidence *= _DISAGREEMENT
    if declared and weight < _SHORT and primary(declared) != primary(answer.code):
        confidence *= _DISAGREEMENT
    return Language(code=answer.code, confidence=round(confidence, 4), declared=declared)


@lru_cache(maxsize=_CACHED)
def _answer(piece: str, declared: str | None, backend: Backend, trials: int | None) -> _Answer:
    told = scripts.by_script(piece, declared)
    if told is not None:
        return _Answer(*told, by_script=True)
    likelier = None if declared is None else primary(declared)
    candidates = backends.load(backend).candidates(_lowered(piece), likelier, trials)
    return _Answer(*candidates[0]) if candidates else _Answer("und", 0.0)


def _lowered(text: str) -> str:
    """Return `text` in lower case where capitals prevail: langdetect skips words in capitals, as it takes them for
    abbreviations."""
    capitals = sum(map(str.isupper, text))
    return text.lower() if capitals > sum(map(str.islower, text)) else text
