"""Configuration: what is refused, and what the user is told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from pipeline.config import ConfigError, load_config, resolved

GOOD = {"source": {"type": "feeds", "feeds": ["a.xml"]}, "sinks": [{"type": "jsonl", "path": "out"}]}


def write(tmp_path: Path, content: object) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def test_only_source_and_sinks_are_needed(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD))
    assert (config.name, config.state_path) == ("mine", "state/mine")
    assert config.state.ttl == dt.timedelta(days=30)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sorce": {}}, "mine.yaml: sorce: unknown key; did you mean source?"),
        ({"source": {"type": "feeds", "feedz": ["a"]}}, "source.feedz: unknown key; did you mean feeds?"),
        ({"source": {"type": "feeds"}}, "source.feeds: missing"),
        ({"source": {"type": "feed", "feeds": ["a"]}}, "source.type: 'feed' is unknown; one of 'feeds', 'files'"),
        ({"source": {"feeds": ["a"]}}, "source.type: missing; one of feeds, files"),
        ({"sinks": [{"type": "jsonl", "pth": "x"}]}, "sinks.0.pth: unknown key; did you mean path?"),
        ({"sinks": []}, "sinks: []: name at least one"),
        ({"state": {"ttl": "30 parsecs"}}, "state.ttl: '30 parsecs': write a number and a unit, like 30d"),
        ({"normalize": {"min_confidence": 2}}, "normalize.min_confidence: 2: input should be less than or equal to 1"),
        ({"state": {"ttl": 30}}, "state.ttl: 30: write a number and a unit, like 30d"),
        ({"state": {"ttl": "0d"}}, "state.ttl: 0d: input should be greater than"),
        ({"language": 5}, "language: 5: settings are needed here"),
        ({"source": {"type": "feeds", "feeds": "a.xml"}}, "source.feeds: 'a.xml': a list is needed here"),
        (
            {"source": {"type": "feeds", "feeds": ["a"], "retries": "x"}},
            "source.retries: 'x': a whole number is needed",
        ),
        ({"normalize": {"min_confidense": 1}}, "did you mean min_confidence?"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(tmp_path: Path, change: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(write(tmp_path, GOOD | change))
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("source: [", "mine.yaml:1: not YAML"),
        ("", "holds no settings"),
        ("- a", "holds no settings"),
        ("source: {type: feeds, feeds: ['${NEWSBEAM_NOT_SET}']}", "source.feeds.0: the environment variable"),
    ],
)
def test_a_file_that_is_no_configuration(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(write(tmp_path, content))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: No such file"):
        load_config("nowhere.yaml")


def test_overrides(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    config = load_config(path, ["state.ttl=12h", "sinks.0.gzip=true", "language.keep=[en, fr]", "name=other"])
    assert config.state.ttl == dt.timedelta(hours=12)
    assert config.sinks[0].gzip is True
    assert list(config.language.keep) == ["en", "fr"]
    assert config.name == "other"


@pytest.mark.parametrize("override", ["noequals", "=x", "sinks.7.path=x", "sinks.x.path=y", "name.a=b"])
def test_an_override_that_fits_nowhere(tmp_path: Path, override: str) -> None:
    with pytest.raises(ConfigError, match="--set"):
        load_config(write(tmp_path, {**GOOD, "name": "n"}), [override])


def test_the_environment_fills_secrets_and_they_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSBEAM_TOKEN", "s3cret")
    feeds = ["https://e.org/f?key=${NEWSBEAM_TOKEN}", "https://me:pw@e.org/", "${NEWSBEAM_NOT_SET:-b.xml}"]
    config = load_config(write(tmp_path, GOOD | {"source": {"type": "feeds", "feeds": feeds}}))
    assert config.source.feeds == ["https://e.org/f?key=s3cret", "https://me:pw@e.org/", "b.xml"]
    shown = resolved(config)
    assert "s3cret" not in shown
    assert "key=${NEWSBEAM_TOKEN}" in shown
    assert "me:***@e.org" in shown


def test_passwords_of_connection_strings_are_not_shown(tmp_path: Path) -> None:
    for dsn in (
        "host=h password=s3cret user=u",
        "postgresql://h/db?user=u&password=s3cret",
        "postgresql://u:s3cret@h/",
    ):
        sinks = [{"type": "postgres", "dsn": dsn, "table": "articles"}]
        shown = resolved(load_config(write(tmp_path, GOOD | {"sinks": sinks})))
        assert "s3cret" not in shown
        assert "***" in shown


def test_a_key_without_a_value_counts_as_left_out(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD | {"language": None, "state": {"ttl": None}}))
    assert config.state.ttl == dt.timedelta(days=30)


def test_what_is_shown_can_be_loaded_again(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD))
    assert load_config(write(tmp_path, resolved(config))) == config


@pytest.mark.parametrize("path", sorted(Path("configs").glob("*.yaml")), ids=str)
def test_every_configuration_of_the_repository_is_valid(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSBEAM_DSN", "postgresql://localhost/newsbeam")
    load_config(str(path))


def test_a_stream_refuses_load_jobs_which_would_acknowledge_too_early(tmp_path: Path) -> None:
    sink = {"type": "bigquery", "table": "a-project:news.articles", "method": "file_loads"}
    source = {"type": "pubsub", "subscription": "projects/p/subscriptions/news"}
    load_config(write(tmp_path, GOOD | {"sinks": [sink]}))
    with pytest.raises(ConfigError, match="a stream can't use a BigQuery sink's method file_loads"):
        load_config(write(tmp_path, {"source": source, "sinks": [sink]}))
