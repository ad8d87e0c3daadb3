"""The configuration: YAML, checked by pydantic into typed objects; every mistake is told in one line."""

from __future__ import annotations

import datetime as dt
import difflib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from transforms.entities import EntitiesConfig
from transforms.feeds.config import FeedsConfig
from transforms.files import FilesConfig
from transforms.language import LanguageConfig
from transforms.normalize import NormalizeConfig
from transforms.pubsub.config import PubSubConfig, PubSubSinkConfig
from transforms.sinks.bigquery import BigQuerySink
from transforms.sinks.files import JsonlSink, ParquetSink
from transforms.sinks.postgres import PostgresSink

DURATION_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class ConfigError(Exception):
    """A mistake in the configuration; the message names file, key, value and remedy, one mistake a line."""


def parse_duration(value: Any) -> Any:
    """Return `30d`, `12h`, `90m`, `20s` or `2w` as a timedelta.

    Raises:
      ValueError: it is a number or a text that is not a duration.
    """
    if isinstance(value, dt.timedelta):
        return value
    match = re.fullmatch(r"(\d+)\s*([smhdw])", str(value).strip())
    if match is None:
        raise ValueError("write a number and a unit, like 30d, 12h, 90m or 20s")
    return dt.timedelta(**{DURATION_UNITS[match[2]]: int(match[1])})


def show_duration(value: dt.timedelta) -> str:
    """Return a duration as a user writes it, in its largest whole unit."""
    seconds = int(value.total_seconds())
    whole = next(
        (unit, size) for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)) if seconds % size == 0
    )
    return f"{seconds // whole[1]}{whole[0]}"


Duration = Annotated[
    dt.timedelta, BeforeValidator(parse_duration), PlainSerializer(show_duration, return_type=str, when_used="json")
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StateConfig(_Part):
    """What a run remembers for the next."""

    path: str | None = Field(default=None, description="folder; `state/<name of the configuration>` where left out")
    ttl: Duration = Field(
        default=dt.timedelta(days=30), gt=dt.timedelta(0), description="how long an article or feed is remembered"
    )


class DeadLettersConfig(_Part):
    """Where inputs go that a stage could not handle."""

    path: str = Field(default="out/dead-letters", description="folder; JSONL, one dead letter a line")
    window: float = Field(default=30, gt=0, description="streaming: seconds of arrival that go into one file")


class MetricsConfig(_Part):
    """Serves the metrics of a running job to Prometheus under `/metrics`, and under `/healthz` whether it runs."""

    port: int = Field(ge=0, le=65535, description="port; 0 takes a free one and logs it")
    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 lets other machines in")


Source = Annotated[FeedsConfig | FilesConfig | PubSubConfig, Field(discriminator="type")]
Sink = Annotated[JsonlSink | ParquetSink | PostgresSink | BigQuerySink | PubSubSinkConfig, Field(discriminator="type")]


class Config(_Part):
    """A whole configuration."""

    name: str = Field(default="newsbeam", description="name of the job; the configuration file's name where left out")
    source: Source = Field(description="where articles come from")
    state: StateConfig = Field(default=StateConfig(), description="the memory between runs")
    language: LanguageConfig = Field(default=LanguageConfig(), description="language detection")
    normalize: NormalizeConfig = Field(default=NormalizeConfig(), description="repair")
    entities: EntitiesConfig = Field(default=EntitiesConfig(), description="entities")
    sinks: list[Sink] = Field(min_length=1, description="where records go; several at once")
    dead_letters: DeadLettersConfig = Field(default=DeadLettersConfig(), description="inputs that failed")
    metrics: MetricsConfig | None = Field(default=None, description="metrics over HTTP; none where left out")

    @model_validator(mode="after")
    def _loads_only_in_batch(self) -> Config:
        if self.streaming and any(
            isinstance(sink, BigQuerySink) and sink.method == "file_loads" for sink in self.sinks
        ):
            raise ValueError("a stream can't use a BigQuery sink's method file_loads; leave it at auto")
        return self

    _secrets: dict[str, str] = PrivateAttr(default_factory=dict)
    """Values that came from the environment, and the variables they came from."""

    @property
    def streaming(self) -> bool:
        """Whether the source is endless."""
        return isinstance(self.source, PubSubConfig) or (isinstance(self.source, FeedsConfig) and self.source.streaming)

    @property
    def state_path(self) -> str:
        """Folder of the memory between runs."""
        return self.state.path or f"state/{self.name}"


def load_config(path: str, overrides: Iterable[str] = ()) -> Config:
    """Read, complete and check a configuration.

    Args:
      path: a YAML file.
      overrides: `a.b=value` settings that go over the file's; the value is YAML, list items are numbers
        (`sinks.0.path`).

    Raises:
      ConfigError: the file can't be read, is no YAML, names a variable that is not set, or does not fit.
    """
    raw = _read(path)
    for override in overrides:
        _set(raw, override)
    secrets: dict[str, str] = {}
    raw = _fill(raw, path, [], secrets)
    raw.setdefault("name", Path(path).stem)
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("\n".join(_lines(path, error))) from None
    config._secrets.update(secrets)
    return config


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            raw = yaml.safe_load(file)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a YAML file, such as configs/demo.yaml") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text; name a YAML file, such as configs/demo.yaml") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else path
        raise ConfigError(f"{where}: not YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: holds no settings; it needs at least source and sinks")
    return raw


def _set(raw: Any, override: str) -> None:
    """Put the value of `a.b=value` into `raw`."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set {override}: write it as key=value, like state.path=state/")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    *parents, last = key.split(".")
    place = raw
    try:
        for part in parents:
            if isinstance(place, list):
                place = place[int(part)]
            else:
                if place.get(part) is None:
                    place[part] = {}
                place = place[part]
        if isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    except (ValueError, IndexError, AttributeError, TypeError):
        raise ConfigError(f"--set {override}: there is no {key} to set") from None


def _fill(value: Any, path: str, key: list[str], secrets: dict[str, str]) -> Any:
    """Return `value` with `${NAME}` and `${NAME:-default}` filled from the environment, noted in `secrets`.

    A key without a value, as one whose lines are all commented out, counts as left out.
    """
    if isinstance(value, dict):
        given = {name: item for name, item in value.items() if item is not None}
        return {name: _fill(item, path, [*key, str(name)], secrets) for name, item in given.items()}
    if isinstance(value, list):
        return [_fill(item, path, [*key, str(number)], secrets) for number, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def variable(match: re.Match[str]) -> str:
        found = os.environ.get(match["name"], match["default"])
        if found is None:
            name = match["name"]
            raise ConfigError(f"{path}: {'.'.join(key)}: the environment variable {name} is not set; export {name}=…")
        if match["name"] in os.environ and found:
            secrets[found] = match["name"]
        return found

    return re.sub(r"\$\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}", variable, value)


def _lines(path: str, error: ValidationError) -> Iterator[str]:
    """Yield a line for each mistake that pydantic found."""
    for mistake in error.errors():
        location = [str(part) for part in mistake["loc"]]
        if not location:  # settings that don't go together
            yield f"{path}: {mistake['msg'].removeprefix('Value error, ')}"
            continue
        allowed = _names_at(Config, location[:-1])
        key = ".".join(_without_tag(location))
        if mistake["type"] == "extra_forbidden":
            near = difflib.get_close_matches(location[-1], allowed, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"known here: {', '.join(allowed)}"
            yield f"{path}: {key}: unknown key; {remedy}"
        elif mistake["type"] == "missing":
            yield f"{path}: {key}: missing; it has to be there"
        elif mistake["type"] == "union_tag_not_found":
            yield f"{path}: {key}.type: missing; one of {_expected(location)}"
        elif mistake["type"] == "union_tag_invalid":
            tag = mistake["ctx"]["tag"]
            yield f"{path}: {key}.type: {tag!r} is unknown; one of {mistake['ctx']['expected_tags']}"
        else:
            message = PLAIN_MESSAGES.get(mistake["type"]) or mistake["msg"].removeprefix("Value error, ")
            given = mistake["input"]
            shown = show_duration(given) if isinstance(given, dt.timedelta) else repr(given)
            shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"
            yield f"{path}: {key}: {shown}: {message[:1].lower()}{message[1:]}"


PLAIN_MESSAGES = {
    "model_type": "settings are needed here, as `key: value`",
    "model_attributes_type": "settings are needed here, as `key: value`",
    "dict_type": "settings are needed here, as `key: value`",
    "list_type": "a list is needed here, as `[one, another]`",
    "tuple_type": "a list is needed here, as `[one, another]`",
    "too_short": "name at least one",
    "int_parsing": "a whole number is needed",
    "int_type": "a whole number is needed",
    "int_from_float": "a whole number is needed",
    "float_parsing": "a number is needed",
    "float_type": "a number is needed",
    "bool_parsing": "true or false is needed",
    "bool_type": "true or false is needed",
    "string_type": "a text is needed; put it in quotes",
}
"""Mistakes that pydantic tells in the terms of its own types."""

LONGEST_SHOWN = 200
"""Characters of a wrong value that are shown."""


def models_of(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that an annotation allows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Annotated, Union, UnionType, list):
        for part in get_args(annotation):
            yield from models_of(part)


def _tag(model: type[BaseModel]) -> str | None:
    field = model.model_fields.get("type")
    return str(get_args(field.annotation)[0]) if field and get_origin(field.annotation) is Literal else None


def _names_at(model: type[BaseModel], location: list[str]) -> list[str]:
    """Return the field names known at a location of a pydantic error."""
    models = [model]
    for part in location:
        tagged = [m for m in models if _tag(m) == part]
        if tagged:
            models = tagged
        elif not part.isdigit():
            fields = [m.model_fields[part] for m in models if part in m.model_fields]
            models = [inner for field in fields for inner in models_of(field.annotation)]
    return [name for m in models for name in m.model_fields]


def _without_tag(location: list[str]) -> list[str]:
    """Return a location without the union's tag that pydantic puts into it, which a user does not write."""
    place = {"source": 1, "sinks": 2}.get(location[0], len(location))
    return location[:place] + location[place + 1 :]


def _expected(location: list[str]) -> str:
    return ", ".join(str(_tag(m)) for m in models_of(Config.model_fields[location[0]].annotation))


def resolved(config: Config) -> str:
    """Return the configuration with all defaults as YAML, secrets masked."""
    masked = _masked(config.model_dump(mode="json"), config._secrets)
    return yaml.safe_dump(masked, sort_keys=False, allow_unicode=True)


def _masked(value: Any, secrets: dict[str, str]) -> Any:
    """Return `value` with what came from the environment named instead of shown, and passwords in addresses starred."""
    if isinstance(value, dict):
        return {name: _masked(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, secrets) for item in value]
    if isinstance(value, str):
        for secret, name in secrets.items():
            value = value.replace(secret, f"${{{name}}}")
        value = re.sub(r"(?<=://)([^/\s:@]*):[^/\s@]*@", r"\1:***@", value)
        return re.sub(r"(?i)\b(password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", r"\1***", value)
    return value
