"""What the settings refuse, and in which words."""

from __future__ import annotations

import importlib.util

import pytest
from pydantic import ValidationError

from transforms.language import LanguageConfig
from transforms.language.tags import canonical, keeps, primary


def test_defaults() -> None:
    config = LanguageConfig()
    assert (config.backend, config.check, config.keep) == ("langdetect", None, ())


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("EN_gb", "en-GB"),
        ("zh-cn", "zh-Hans"),
        ("zh_TW", "zh-Hant"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("iw", "he"),
        ("nb-NO", "no-NO"),
        ("SR-LATN-rs", "sr-Latn-RS"),
    ],
)
def test_canonical(tag: str, expected: str) -> None:
    assert canonical(tag) == expected
    assert primary(tag) == expected.split("-")[0]


@pytest.mark.parametrize(
    ("keep", "code", "kept"),
    [
        ("en", "en", True),
        ("en", "en-GB", True),
        ("en-GB", "en", False),
        ("en", "enm", False),
        ("en", "und", False),
        ("und", "und", True),
        ("zh", "zh-Hant", True),
        ("zh-TW", "zh-Hant", True),
        ("zh-Hans", "zh-Hant", False),
        ("nb", "no", True),
    ],
)
def test_keep(keep: str, code: str, kept: bool) -> None:
    assert keeps(LanguageConfig(keep=(keep,)).keep, code) is kept


def test_keep_refuses_names() -> None:
    with pytest.raises(ValidationError, match="'english' is not a language code"):
        LanguageConfig(keep=("english",))


def test_keep_refuses_what_the_backend_cannot_tell() -> None:
    with pytest.raises(ValidationError, match="can't tell sr, every record would be filtered; use backend: py3langid"):
        LanguageConfig(keep=("en", "sr"))


def test_unknown_key() -> None:
    with pytest.raises(ValidationError, match="keeps"):
        LanguageConfig.model_validate({"keeps": ["en"]})


@pytest.mark.parametrize("setting", [{"backend": "langdetect-rs"}, {"backend": "py3langid"}, {"check": "py3langid"}])
def test_missing_extra_says_how_to_install_it(setting: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValidationError, match=f"run: pip install {next(iter(setting.values()))}"):
        LanguageConfig.model_validate(setting)
