"""Language identification: `detect` and `language_shares` as pure functions, and the `DetectLanguage` stage.

Measurements and the reasons behind every rule are in docs/language.md.
"""

from transforms.language.config import LanguageConfig
from transforms.language.detection import detect, identify, language_shares
from transforms.language.stage import DetectLanguage, LanguageOutcome

__all__ = ["DetectLanguage", "LanguageConfig", "LanguageOutcome", "detect", "identify", "language_shares"]
