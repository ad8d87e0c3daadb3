"""Files in: articles as JSON lines, and dead letters to run again.

An article is a JSON object with at least `text` (plain) or `html`; what else it may hold is told at `article_record`.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Literal, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PCollection, TaggedOutput
from pydantic import BaseModel, ConfigDict, Field

from transforms.coders import typed
from transforms.feeds.config import FeedsConfig
from transforms.feeds.dates import parse_timestamp, plausible
from transforms.feeds.html_text import html_to_text, inline_text, without_unusable
from transforms.feeds.parse import NotAFeedError, normal_language, parse_feed
from transforms.feeds.read import read_feed
from transforms.feeds.sources import no_filesystem
from transforms.identity import article_id, canonical_url, content_hash
from transforms.outcomes import FAILED, NAMESPACE, Outcome, dead_letter, utc_now
from transforms.records import DeadLetter, Language, Record, Source

STAGE = "files"
MAX_LINE_BYTES = 16 * 1024 * 1024
MAX_LETTER_BYTES = 64 * 1024 * 1024
"""A dead letter may hold a whole feed, in base64."""

_KEPT_OF_LONG_LINE = 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_LONGEST_ID = 256


class FilesConfig(BaseModel):
    """Which files of articles to read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["files"] = "files"
    paths: list[str] = Field(
        min_length=1, description="paths and globs of JSON lines, one article each, on any Beam filesystem; .gz is read"
    )


class Line(NamedTuple):
    """A line of a file: its number from 1, its bytes (cut short if it is too long) and its whole length."""

    number: int
    content: bytes
    length: int


def parse_article_line(line: bytes, name: str, *, fetched_at: dt.datetime | None = None) -> Record:
    """Return the record of an article that a line or a message holds as a JSON object.

    Args:
      line: the JSON, UTF-8.
      name: the file's or subscription's name, for `source.name`.
      fetched_at: when it was read, UTC; default: now.

    Raises:
      ValueError: it is no such object; the message is one line.
    """
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}") from None
    except (ValueError, RecursionError) as error:
        if line.lstrip(b"\xef\xbb\xbf \t").startswith(b"<"):
            raise ValueError("not JSON but XML or HTML; feeds are read with `source: {type: feeds}`") from None
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError(f"a JSON object is needed, one article a line; this is {_kind(fields)}")
    return article_record(fields, Source(type="files", name=name), fetched_at or utc_now())


def article_record(fields: Mapping[str, Any], source: Source, fetched_at: dt.datetime) -> Record:
    """Return the record of an article given by its fields.

    `text` or `html` is needed. Known beside them: `id` (kept as it is; else derived, see `identity.article_id`),
    `guid`, `url`, `title`, `summary`, `authors` and `categories` (a string or a list), `published_at` and `updated_at`
    (ISO 8601, RFC 2822, or seconds since 1970), `language` (a tag, or an object with `declared`) and `source` (a name,
    or an object with the fields of `Source`). All others are passed over, so that a record that newsbeam has written
    may be read again: its `original_text` then counts as the text. Links that are no http(s) addresses, dates that
    can't be true and languages that are none count as absent.

    Args:
      fields: the article.
      source: where it came from, as far as the fields don't say.
      fetched_at: when it was read, UTC.

    Raises:
      ValueError: there is neither text nor html, or a field is of the wrong type.
    """
    text = _string(fields, "original_text") or _string(fields, "text")
    html = _string(fields, "html")
    body = without_unusable(text).strip() if text else html_to_text(html or "")
    if not body:
        raise ValueError("neither `text` nor `html` holds a text")
    title = inline_text(_string(fields, "title") or "") or None
    summary = html_to_text(_string(fields, "summary") or "") or None
    url = without_unusable(_string(fields, "url") or "").strip()
    canonical = canonical_url(url)
    digest = content_hash(title, body)
    given_id = _identifier(fields, "id")
    return Record(
        id=given_id
        or article_id(url=url if canonical else None, guid=_identifier(fields, "guid"), title=title, content=digest),
        source=_source(fields.get("source"), source),
        url=url if canonical else None,
        canonical_url=canonical,
        title=title,
        authors=_names(fields, "authors"),
        summary=summary if summary != body else None,
        categories=_names(fields, "categories"),
        published_at=plausible(_moment(fields, "published_at"), fetched_at),
        updated_at=plausible(_moment(fields, "updated_at"), fetched_at),
        fetched_at=fetched_at,
        language=Language(declared=_language(fields.get("language"))),
        text=body,
        content_hash=digest,
    )


def _kind(value: Any) -> str:
    names = {type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "a string"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")


def _string(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"`{name}` must be a string; this is {_kind(value)}")


def _identifier(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"`{name}` must be a string; this is {_kind(value)}")
    value = without_unusable(value or "").strip()
    if len(value) > _LONGEST_ID and name == "id":
        raise ValueError(f"`{name}` is longer than {_LONGEST_ID} characters")
    return value or None


def _names(fields: Mapping[str, Any], name: str) -> list[str]:
    value = fields.get(name)
    values = value if isinstance(value, list) else [] if value is None else [value]
    names = [item.get("name") if isinstance(item, dict) else item for item in values]
    texts = [item for item in names if isinstance(item, str)]
    if len(texts) < len(names):
        raise ValueError(f"`{name}` must be a list of strings")
    return list(dict.fromkeys(name for text in texts if (name := inline_text(text))))


def _moment(fields: Mapping[str, Any], name: str) -> dt.datetime | None:
    value = fields.get(name)
    if isinstance(value, str):
        return parse_timestamp(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return dt.datetime.fromtimestamp(value, dt.timezone.utc)
        except (ValueError, OverflowError, OSError):
            return None
    if value is None:
        return None
    raise ValueError(f"`{name}` must be a date as a string; this is {_kind(value)}")


def _language(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("declared")
    return normal_language(value) if isinstance(value, str) else None


def _source(value: Any, default: Source) -> Source:
    if value is None:
        return default
    if isinstance(value, str):
        return msgspec.structs.replace(default, name=inline_text(value) or default.name)
    try:
        given = msgspec.convert(value, Source)
    except msgspec.ValidationError as error:
        raise ValueError(f"`source`: {error}") from None
    return given if given.name or given.feed_url else msgspec.structs.replace(given, name=default.name)


def bounded_lines(file: BinaryIO, limit: int) -> Iterator[Line]:
    """Yield the lines of a file without their line ends; of a line longer than `limit` only its beginning is held.

    Args:
      file: open for reading bytes.
      limit: bytes of a line; beyond it `_KEPT_OF_LONG_LINE` bytes are kept and the rest is counted.
    """
    number, length, kept = 1, 0, bytearray()
    while chunk := file.read(_CHUNK_BYTES):
        parts = chunk.split(b"\n")
        for position, part in enumerate(parts):
            length += len(part)
            kept += part
            if length > limit:
                del kept[_KEPT_OF_LONG_LINE:]
            if position < len(parts) - 1:
                yield Line(number, bytes(kept).removesuffix(b"\r"), length)
                number, length, kept = number + 1, 0, bytearray()
    if length:
        yield Line(number, bytes(kept).removesuffix(b"\r"), length)


def line_dead_letter(line: Line, path: str, error: BaseException | str) -> DeadLetter:
    """Return the dead letter of a line: the line, the file and the line's number."""
    try:
        content: dict[str, Any] = {"line": line.content.decode("utf-8")}
    except UnicodeDecodeError:
        content = {"data": base64.b64encode(line.content).decode("ascii")}
    return dead_letter(STAGE, "line", {**content, "file": path, "number": line.number}, error)


def read_lines(path: str, limit: int, parse: Callable[[Line], Iterable[Record | DeadLetter]]) -> Iterator[Any]:
    """Yield what `parse` makes of each line of a file that is not blank; what can't be read becomes a dead letter.

    Args:
      path: a file on any Beam filesystem; decompressed by its ending.
      limit: bytes of a line; longer ones become dead letters, cut short.
      parse: called for each line; raises ValueError where there is nothing to be made of it.
    """
    line = Line(0, b"", 0)
    try:
        with FileSystems.open(path) as file:
            for line in bounded_lines(file, limit):
                if line.length > limit:
                    yield line_dead_letter(line, path, f"a line of {line.length:,} bytes; {limit:,} are allowed")
                elif line.content.strip():
                    try:
                        yield from parse(line)
                    except Exception as error:  # whatever a line does, its neighbours live
                        yield line_dead_letter(line, path, error)
    except (OSError, EOFError, ValueError, BeamIOError) as error:
        where = f"after line {line.number:,}" if line.number else "at all"
        lost = {"file": path, "number": line.number}
        yield dead_letter(STAGE, "line", lost, f"{path} can't be read {where}: {error}")


def read_articles(path: str) -> Iterator[Record | DeadLetter]:
    """Yield the articles of a file of JSON lines."""
    name = posixpath.basename(path)
    return read_lines(path, MAX_LINE_BYTES, lambda line: [parse_article_line(line.content, name)])


def parse_dead_letter(line: bytes) -> DeadLetter:
    """Return the dead letter that a line of a dead-letter file holds.

    Raises:
      ValueError: it holds none.
    """
    try:
        return msgspec.json.decode(line, type=DeadLetter)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"not a dead letter: {error}") from None


def replayed(letter: DeadLetter, config: FeedsConfig) -> Iterator[Record | DeadLetter]:
    """Yield the records that a dead letter's input gives when it is run again, or new dead letters.

    A record starts anew, from its text before repair; a line or message is parsed again; a feed's document is parsed
    again or, where there is none, fetched again.

    Args:
      letter: what failed.
      config: how to fetch a feed again.
    """
    try:
        if letter.kind == "record":
            yield restarted(msgspec.convert(letter.input, Record))
        elif letter.kind in ("line", "message"):
            yield parse_article_line(_line_of(letter), _name_of(letter))
        elif letter.kind == "feed":
            yield from _feed_again(letter, config)
        else:
            raise ValueError(f"dead letters of kind {letter.kind!r} can't be replayed")
    except Exception as error:  # it stays a dead letter, with what is wrong now
        failed = dead_letter(letter.stage, letter.kind, letter.input, error)
        yield failed


def restarted(record: Record) -> Record:
    """Return a record as its source gave it: without what the stages have added."""
    return msgspec.structs.replace(
        record,
        text=record.original_text or record.text,
        original_text="",
        language=Language(declared=record.language.declared),
        **{name: _DEFAULTS[name] for name in _ADDED_BY_STAGES},
    )


_ADDED_BY_STAGES = (
    "languages",
    "edits",
    "suspects",
    "garble_score",
    "boilerplate",
    "entities",
    "duplicate_of",
    "story_id",
)
_DEFAULTS = msgspec.structs.asdict(Record(id=""))


def _line_of(letter: DeadLetter) -> bytes:
    line, data = letter.input.get("line"), letter.input.get("data")
    if isinstance(line, str):
        return line.encode("utf-8", "surrogatepass")
    if isinstance(data, str):
        try:
            return base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise ValueError(f"`data` is not base64: {error}") from None
    raise ValueError("the dead letter holds no input")


def _name_of(letter: DeadLetter) -> str:
    return posixpath.basename(str(letter.input.get("file") or letter.stage))


def _feed_again(letter: DeadLetter, config: FeedsConfig) -> Iterator[Record | DeadLetter]:
    address = letter.input.get("feed_url")
    if not isinstance(address, str):
        raise ValueError("the dead letter names no feed")
    if "data" not in letter.input:
        result = read_feed(address, config)
        yield from result.records
        yield from result.failures
        return
    try:
        parsed = parse_feed(_line_of(letter), address=address, fetched_at=letter.at, max_bytes=config.max_bytes)
    except NotAFeedError as error:
        raise ValueError(str(error)) from None
    yield from parsed.records
    yield from parsed.failures


class ReadArticleFiles(beam.PTransform[Any, Outcome]):
    """Reads articles from files of JSON lines.

    Args:
      paths: paths and globs on any Beam filesystem.

    Returns:
      `Outcome`: a `Record` for each article; a `DeadLetter` of kind `line` for each line that is none, and for each
      path that leads to no file.
    """

    def __init__(self, paths: list[str]) -> None:
        super().__init__()
        self.paths = paths

    def expand(self, root: Any) -> Outcome:
        records, failures = _read(root, self.paths, read_articles)
        return Outcome(records | "Records" >> typed(Record), failures)


class ReadDeadLetters(beam.PTransform[Any, Outcome]):
    """Reads dead letters and runs their inputs again (`replayed`), an input that several hold only once.

    A replay writes what fails again beside what it has read, so that the next one meets the same input twice.

    Args:
      paths: paths and globs of JSON lines on any Beam filesystem.
      config: how to fetch feeds again.

    Returns:
      `Outcome`: the records that came of them, and a new `DeadLetter` for each input that failed again.
    """

    def __init__(self, paths: list[str], config: FeedsConfig) -> None:
        super().__init__()
        self.paths = paths
        self.config = config

    def expand(self, root: Any) -> Outcome:
        letters, unread = _read(root, self.paths, read_dead_letters)
        again = (
            letters
            | "Letters" >> typed(tuple[str, DeadLetter])
            | "Same input" >> beam.GroupByKey()
            | "Replay" >> beam.ParDo(_Replay(self.config.model_dump())).with_outputs(FAILED, main="records")
        )
        failed = again[FAILED] | "Failed again" >> typed(DeadLetter)
        return Outcome(
            again["records"] | "Records" >> typed(Record),
            (unread, failed) | "All failures" >> beam.Flatten(),
        )


def read_dead_letters(path: str) -> Iterator[tuple[str, DeadLetter] | DeadLetter]:
    """Yield the dead letters of a file, each with what tells its input from others; other lines as failures."""

    def parse(line: Line) -> Iterator[Any]:
        letter = parse_dead_letter(line.content)
        told = msgspec.json.encode((letter.kind, letter.input), order="sorted")
        yield hashlib.sha256(told).hexdigest(), letter

    return read_lines(path, MAX_LETTER_BYTES, parse)


class _Replay(beam.DoFn):
    """Dead letters of one input to what comes of it now."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.failed = Metrics.counter(NAMESPACE, f"{STAGE}/failed")

    def process(self, element: tuple[str, Iterable[DeadLetter]]) -> Iterator[Record | TaggedOutput[Any, Any]]:
        first = min(element[1], key=lambda letter: letter.at)
        for result in replayed(first, FeedsConfig(**self.settings)):
            if isinstance(result, DeadLetter):
                self.failed.inc()
                yield TaggedOutput(FAILED, result)
            else:
                yield result


def _read(root: Any, paths: list[str], read: Callable[[str], Iterator[Any]]) -> tuple[Any, PCollection[DeadLetter]]:
    """Return what `read` yields of each file, the dead letters apart."""
    files = root | "Configured" >> beam.Create(paths) | "Find" >> beam.FlatMap(_find).with_outputs(FAILED, main="files")
    found = files["files"] | "Once" >> beam.Distinct()
    articles = found | "Read" >> beam.ParDo(_ReadFile(read)).with_outputs(FAILED, main="read")
    failures = (files[FAILED], articles[FAILED]) | "Failures" >> beam.Flatten()
    return articles["read"], failures | "Unread" >> typed(DeadLetter)


def _find(pattern: str) -> Iterator[str | TaggedOutput[Any, Any]]:
    """A path or glob to the files it leads to."""
    try:
        found = FileSystems.match([pattern])[0].metadata_list
        problem = "" if found else "no such file"
        if found and all(os.path.isdir(file.path) for file in found):
            problem = f"a folder; name the files in it, as {pattern.rstrip('/')}/*"
    except (BeamIOError, ValueError, OSError) as error:
        found, problem = [], no_filesystem(pattern, "a path of this machine") or str(error)
    if problem:
        yield TaggedOutput(FAILED, dead_letter(STAGE, "line", {"file": pattern}, f"{pattern}: {problem}"))
    yield from (file.path for file in found if not os.path.isdir(file.path))


class _ReadFile(beam.DoFn):
    """A file to what it holds, and dead letters."""

    def __init__(self, read: Callable[[str], Iterator[Any]]) -> None:
        self.read = read
        self.failed = Metrics.counter(NAMESPACE, f"{STAGE}/failed")

    def process(self, path: str) -> Iterator[Any]:
        for result in self.read(path):
            if isinstance(result, DeadLetter):
                self.failed.inc()
                yield TaggedOutput(FAILED, result)
            else:
                yield result
