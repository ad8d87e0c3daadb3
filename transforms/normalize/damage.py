"""Does an English page show the marks of machine translation and scraping? The gate of rules that change words.

The marks are of kinds that edited English doesn't have: function words with a capital in mid-sentence, doubled phrases,
contractions without their apostrophe, glued words, `a` before a vowel. Each is rare in clean text; two on a page tell.
"""

from __future__ import annotations

import re
from collections import Counter

from transforms.normalize.document import Document
from transforms.normalize.doubled import find_echoes
from transforms.normalize.tables import word_sets

_CAPITAL = re.compile(r" ([A-Z][a-z]{1,8}) (?=[a-z])")
_LOWER_WORD = re.compile(r"(?:\A|[\s(])[a-z]{2,20}\Z")
_GLUED = re.compile(
    r"[A-Z](?<=[a-z]{3}[A-Z])(?:he|his|hat|hey|n|ut|nd|t|f|fter|hen|hile|ven|ith|or|rom|es|o|e) (?=[a-z])"
)
_FULL_STOP = re.compile(r"\.[A-Z](?<=[a-z]{4}\.[A-Z])[a-z]{1,12} (?=[a-z])")
_ARTICLE = re.compile(r" a (?:[aei](?!u)[a-z]{4,}|America|Israeli|Iranian|Indian|Italian|African|Asian|Egyptian)\b")
_PLURAL = re.compile(r" (?:of|in) [A-Z][a-z]{2,12}(?:ina|ssia|ine|zil|ran|raq|any|ance|pan|dan|ela|ria|bia|tain)s\b")
_NO_PLURAL = re.compile(r"[a-z]{2,12}[bcdfghklmnprstvz]ys\Z")
"""`countrys`, `ministrys`: a possessive that lost its apostrophe, as no plural ends so."""

_MAX_WORDS_PER_SIGN = 700


_MIN_BARE = 200
"""News of this many words without any apostrophe is rare."""

_SAMPLE = 2_000
_MIN_WORDS = 25
_MIN_SHARE = 0.1
"""A quarter to a half of the words of English news, however garbled, are these; of other languages 1 to 6 %."""


def reads_as_english(document: Document) -> bool:
    """Tell whether a text that is called English can be: languages are declared and detected wrongly at times.

    A text too short to judge is believed.
    """
    words = document.words[: document.index_at(_SAMPLE)]
    if len(words) < _MIN_WORDS:
        return True
    known = word_sets("function-words")["english"]
    return sum(map(known.__contains__, map(str.lower, words))) >= _MIN_SHARE * len(words)


def signs(document: Document) -> Counter[str]:
    """Return how often each kind of mark of damage stands on a page."""
    text, forms = document.text, document.all_forms
    sets = word_sets("function-words")
    capitals = (
        match
        for match in _CAPITAL.finditer(text)
        if match[1].lower() in sets["capital-sign"]
        and _LOWER_WORD.search(text, max(0, match.start() - 24), match.start())
    )
    found = +Counter(
        capital=sum(1 for _ in capitals),
        contraction=sum([forms[word] for word in sets["contraction"].intersection(forms)]),
        glued=len(_GLUED.findall(text)) + (len(_FULL_STOP.findall(text)) if "." in document.gaps else 0),
        article=len(_ARTICLE.findall(text)),
        plural=len(_PLURAL.findall(text)),
        possessive=len([word for word in forms if word[-2:] == "ys" and _NO_PLURAL.match(word)]),
        doubled=sum(1 for _, _, apart in document.once(find_echoes) if apart),
        bare=int(len(document.words) >= _MIN_BARE and "'" not in text and "’" not in text),
    )
    if found:  # echoes alone tell nothing
        found += Counter(echo=sum(1 for _, _, apart in document.once(find_echoes) if not apart))
    return found


def mangled(page: Document) -> bool:
    """Tell whether a page shows enough damage for rules that change words to be trusted on it.

    Echoes alone don't: speech, written down, is full of them.
    """
    found = page.once(signs)
    total = sum(found.values())
    dense = total * _MAX_WORDS_PER_SIGN >= len(page.words) or len(found) >= 4
    return total >= 2 and total > found["echo"] and dense
