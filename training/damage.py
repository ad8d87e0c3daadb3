"""Damages clean text in many ways, for models that are to know damage when they see it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache

from training.train_apostrophes import strip
from training.train_case import capitalise
from transforms.normalize.namebook import name_book, readings

_STOP = re.compile(r"(?<=[a-z]{3})\. (?=[A-Z][a-z])")
_GENITIVE = re.compile(r"\b(?:of|in) [A-Z][a-z]{3,}(?=[ ,.])(?<!s)")
_PHRASE = re.compile(r"\b(?:the|a|its|his|their|in|on|was|is) [a-z]{4,}(?=[ ,.])")
_SPACE = re.compile(r"(?<=[a-z])[,:;]?[ -](?=[a-z])")
_VOWEL = re.compile(r"\ban (?=[aeio])")
_SENTENCE = re.compile(r"(?:^|(?<=\. ))(?:The|It|In|But|He|She|An|And)(?= [a-z])", re.MULTILINE)
_PIVOTS = ("fr", "es", "de", "it", "pt", "ru", "pl", "tr", "id")


@cache
def _foreign_names() -> dict[str, dict[str, str]]:
    """Return, by language, what it calls the countries and cities that English calls by one word."""
    table: dict[str, dict[str, str]] = {language: {} for language in _PIVOTS}
    for key in name_book().names:
        if " " not in key and not key.isupper():
            for entry in readings(key):
                for language in entry.languages & table.keys():
                    table[language].setdefault(entry.english, key.capitalize())
    return table


def _exonyms(text: str, rate: float, chance: random.Random) -> str:
    names = _foreign_names()[chance.choice(_PIVOTS)]
    return _CAPITALISED.sub(lambda m: names.get(m[0], m[0]) if chance.random() < 2 * rate else m[0], text)


_HEADS = ("date 2024-03-09 By Anna Smith, cnn", "By Anna Smith, Reuters", "Published: 3 hours ago", "ADVERTISEMENT")
_FEET = ("The-CNN-FIL", "(Reporting by Anna Smith)", "© 2024 Example News. All rights reserved.", "Share this article")


def _furniture(text: str, rate: float, chance: random.Random) -> str:
    return f"{chance.choice(_HEADS)}\n\n{text}\n\n{chance.choice(_FEET)}"


_CAPITALISED = re.compile(r"\b[A-Z][a-z]{3,}\b")
_NAME = re.compile(r"(?<=[a-z] )[A-Z][a-z]{4,}(?=[ ,.])")


def _each(
    pattern: re.Pattern[str], change: Callable[[str], str], share: float
) -> Callable[[str, float, random.Random], str]:
    def apply(text: str, rate: float, chance: random.Random) -> str:
        return pattern.sub(lambda m: change(m.group()) if chance.random() < rate * share else m.group(), text)

    return apply


def _mojibake(text: str, rate: float, chance: random.Random) -> str:
    if rate < 0.3:
        return text
    return text.replace("'", "’").replace("’", "â€™")


WAYS: dict[str, Callable[[str, float, random.Random], str]] = {
    "apostrophes": lambda text, rate, chance: strip(text, min(1.0, 2 * rate), chance).text,
    "capitals": lambda text, rate, chance: capitalise(text, rate / 15, chance)[0],
    "glued": _each(_STOP, lambda found: found.strip(" ."), 0.3),
    "full-stop": _each(_STOP, lambda found: ".", 0.3),
    "genitives": _each(_GENITIVE, lambda found: found + "s", 0.8),
    "doubled": _each(_PHRASE, lambda found: f"{found} {found}", 0.05),
    "doubled-of": _each(_PHRASE, lambda found: f"{found} of {found.partition(' ')[2]}", 0.03),
    "spacing": _each(_SPACE, lambda found: f" {found.strip()} " if found != " " else "  ", 0.05),
    "articles": _each(_VOWEL, lambda found: "a ", 1.0),
    "shouted": _each(_SENTENCE, str.upper, 0.2),
    "lowered": _each(_NAME, str.lower, 0.15),
    "mojibake": _mojibake,
    "exonyms": _exonyms,
    "furniture": _furniture,
}
"""Ways to damage a text, each `(text, rate 0..1, chance) -> text`."""


def damaged(text: str, chance: random.Random) -> str:
    """Return `text` damaged in one to six ways drawn at random."""
    for way in chance.sample(sorted(WAYS), chance.choice((1, 1, 2, 3, 4, 6))):
        text = WAYS[way](text, chance.uniform(0.2, 1.0), chance)
    return text
