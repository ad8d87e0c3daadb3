"""The optional detectors, where they are installed."""

from __future__ import annotations

import pytest

from tests.language.sentences import SENTENCES
from transforms.language import LanguageConfig, detect

BELARUSIAN = "Комітэт апублікуе свае высновы да канца гэтага месяца, паведамілі ў аўторак журналістам."
"""A language that langdetect lacks."""


def test_langdetect_rs_says_what_langdetect_says() -> None:
    pytest.importorskip("langdetect_rs")
    config = LanguageConfig(backend="langdetect-rs")
    assert [detect(text, config=config) for text in SENTENCES] == [detect(text) for text in SENTENCES]


def test_py3langid_knows_more_languages() -> None:
    pytest.importorskip("py3langid")
    assert detect(BELARUSIAN, config=LanguageConfig(backend="py3langid")).code == "be"
    assert LanguageConfig(backend="py3langid", keep=("be",)).keep == ("be",)


def test_check_halves_the_confidence_where_the_detectors_disagree() -> None:
    pytest.importorskip("py3langid")
    checked = LanguageConfig(check="py3langid")
    alone = detect(BELARUSIAN)
    doubted = detect(BELARUSIAN, config=checked)
    assert alone.confidence >= 0.9
    assert doubted.code == alone.code
    assert doubted.confidence == pytest.approx(alone.confidence / 2, abs=1e-4)
    assert [detect(text, config=checked) for text in SENTENCES] == [detect(text) for text in SENTENCES]
