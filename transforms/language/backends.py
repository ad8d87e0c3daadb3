"""The detectors behind one call: text in, languages with probabilities out, the same in every thread and process."""

from __future__ import annotations

import importlib
import os
import threading
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import langdetect  # type: ignore[import-untyped]

from transforms.language.config import Backend, require
from transforms.language.tags import canonical

Candidates = tuple[tuple[str, float], ...]
"""Canonical language codes and their probabilities, best first."""

_TRIALS = 3
"""Trials that are enough where they agree; langdetect makes 7, which costs twice the time (docs/language.md)."""

_SURE = 0.9999

_PRIOR = 3e5
_PY3LANGID_PRIOR = 10.0
"""How many times likelier than another the declared language is beforehand: with sentences of fewer than 60 letters
both correct more than they spoil where the source is wrong (docs/language.md)."""

_lock = threading.Lock()


class Detector(Protocol):
    """A language detector."""

    def candidates(self, text: str, declared: str | None = None, trials: int | None = None) -> Candidates:
        """Return the languages that `text` may be in; none where it shows no letter the detector knows.

        Args:
          text: a few words or sentences.
          declared: primary language subtag that is likelier than others beforehand.
          trials: how often to try, for a detector that tries; None is as often as it takes.
        """


class LangdetectDetector:
    """langdetect, or langdetect-rs, which has the same classes.

    langdetect's module functions share one factory that is not safe to use before it is complete, and a seed that is
    lost in every new process; a factory of one's own, seeded and complete before anyone sees it, has neither fault.
    Profiles are read in the order of their names, because `os.listdir` differs from machine to machine.
    """

    def __init__(self, module: Any) -> None:
        factory = module.DetectorFactory()
        directory = Path(langdetect.PROFILES_DIRECTORY)
        names = sorted(name for name in os.listdir(directory) if not name.startswith("."))
        factory.load_json_profile([(directory / name).read_text(encoding="utf-8") for name in names])
        factory.set_seed(0)
        self._factory = factory
        self._names = {canonical(name): name for name in factory.get_lang_list()}
        self._even = dict.fromkeys(factory.get_lang_list(), 1.0)
        self._no_features: type[Exception] = module.LangDetectException

    def candidates(self, text: str, declared: str | None = None, trials: int | None = None) -> Candidates:
        """Return the languages of `text`; the trials beyond the third are made only where the first ones differ."""
        if trials is not None:
            return self._probabilities(text, declared, trials)
        quick = self._probabilities(text, declared, _TRIALS)
        if quick and quick[0][1] >= _SURE:
            return quick
        return self._probabilities(text, declared, None)

    def _probabilities(self, text: str, declared: str | None, trials: int | None) -> Candidates:
        detector = self._factory.create()
        if trials is not None:
            detector.n_trial = trials
        if declared in self._names:
            detector.set_prior_map({**self._even, self._names[declared]: _PRIOR})
        detector.append(text)
        try:
            found = detector.get_probabilities()
        except self._no_features:
            return ()
        return tuple((canonical(language.lang), float(language.prob)) for language in found)


class Py3langidDetector:
    """py3langid with its probabilities normalised; a scoring only reads its tables, so that threads can share it."""

    def __init__(self) -> None:
        langid = importlib.import_module("py3langid.langid")
        self._identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
        self._codes = {code: canonical(code) for code in self._identifier.labels}

    def candidates(self, text: str, declared: str | None = None, trials: int | None = None) -> Candidates:
        """Return the likeliest language of `text`; there are no trials here."""
        if declared is None:  # ranking all 140 languages would double the time
            code, probability = self._identifier.classify(text)
            return ((self._codes[code], probability),)
        scores = {self._codes[code]: score for code, score in self._identifier.rank(text)}
        if declared in scores:
            scores[declared] *= _PY3LANGID_PRIOR
            total = sum(scores.values())
            scores = {code: score / total for code, score in scores.items()}
        best = max(scores, key=lambda code: scores[code])
        return ((best, scores[best]),)


def load(backend: Backend) -> Detector:
    """Return the process's one detector of the kind `backend`, loading it on the first call.

    Raises:
      ValueError: it is not installed.
    """
    with _lock:
        return _load(backend)


@cache
def _load(backend: Backend) -> Detector:
    require(backend, backend)
    if backend == "py3langid":
        return Py3langidDetector()
    if backend == "langdetect-rs":
        return LangdetectDetector(importlib.import_module("langdetect_rs"))
    return LangdetectDetector(langdetect)
