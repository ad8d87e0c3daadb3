"""The record that newsbeam writes for an article, and what the stages share about it.

This module is the only place where a field is named. The JSON, Parquet, Avro, BigQuery and PostgreSQL schemas and
`docs/record.md` are derived from the types below; nothing repeats them by hand.

All offsets are counted in Unicode code points (Python string indices), `start` included, `end` excluded.
All timestamps are timezone-aware and in UTC.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import Meta

SCHEMA_VERSION = "1"


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Where an article came from."""

    type: Annotated[str, Meta(description="`feeds`, `pubsub` or `files`")] = "files"
    name: Annotated[str | None, Meta(description="the feed's title, the subscription or the file's name")] = None
    feed_url: Annotated[str | None, Meta(description="the feed's address or path, as fetched")] = None
    message_id: Annotated[str | None, Meta(description="Pub/Sub's message id")] = None


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """The language of the text."""

    code: Annotated[str, Meta(description="BCP 47 code; `und` where it could not be told")] = "und"
    confidence: Annotated[float, Meta(description="0..1, rounded to 4 digits")] = 0.0
    declared: Annotated[str | None, Meta(description="what the feed or message claimed")] = None


class LanguageShare(msgspec.Struct, frozen=True, kw_only=True):
    """One of the languages of a page that has several."""

    code: Annotated[str, Meta(description="BCP 47 code")]
    share: Annotated[float, Meta(description="part of the text's letters, 0..1")]


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One repair of the text: `original_text[start:end]` was `before` and became `after`."""

    start: Annotated[int, Meta(description="code-point offset into `original_text`")]
    end: Annotated[int, Meta(description="code-point offset into `original_text`, excluded")]
    before: Annotated[str, Meta(description="what stood there")]
    after: Annotated[str, Meta(description="what stands there now")]
    rule: Annotated[str, Meta(description="the rule that made the edit, as in docs/repair.md")]
    confidence: Annotated[float, Meta(description="0..1, how likely the edit is right")]


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A span of the repaired text that could not be repaired and should not be trusted."""

    start: Annotated[int, Meta(description="code-point offset into `text`")]
    end: Annotated[int, Meta(description="code-point offset into `text`, excluded")]
    reason: Annotated[str, Meta(description="why it is suspect, one of the reasons in docs/repair.md")]


class Dateline(msgspec.Struct, frozen=True, kw_only=True):
    """The place and date a news text opens with, as in `Hong Kong (CNN) –`."""

    text: Annotated[str, Meta(description="the dateline as it stood")]
    place: Annotated[str | None, Meta(description="the place named")] = None
    date: Annotated[str | None, Meta(description="the date named: ISO 8601 with a year, else as written")] = None


class Boilerplate(msgspec.Struct, frozen=True, kw_only=True):
    """What was lifted out of the text because it is not part of the article."""

    dateline: Annotated[Dateline | None, Meta(description="place and date")] = None
    byline: Annotated[str | None, Meta(description="the writer's name line")] = None
    agency: Annotated[str | None, Meta(description="the news agency named by dateline, byline or footer")] = None
    footer: Annotated[list[str], Meta(description="wire slugs, credits, read-more and newsletter lines")] = []
    copyright: Annotated[str | None, Meta(description="the copyright line")] = None


class EntityIds(msgspec.Struct, frozen=True, kw_only=True):
    """Identifiers of an entity in public registers."""

    iso3166: Annotated[str | None, Meta(description="ISO 3166-1 alpha-2 code of a territory")] = None
    geonames: Annotated[str | None, Meta(description="GeoNames id of a city")] = None
    wikidata: Annotated[str | None, Meta(description="Wikidata item, as `Q148`")] = None


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """One place where an entity is named."""

    text: Annotated[str, Meta(description="the words used there")]
    start: Annotated[int, Meta(description="code-point offset into `text`")]
    end: Annotated[int, Meta(description="code-point offset into `text`, excluded")]


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """A person, organisation, place, group, event … named in the text; one for all its mentions."""

    text: Annotated[str, Meta(description="the first mention")]
    label: Annotated[str, Meta(description="PERSON, ORG, PLACE, GROUP, EVENT, WORK, PRODUCT or LAW")]
    start: Annotated[int, Meta(description="code-point offset of the first mention into `text`")]
    end: Annotated[int, Meta(description="code-point offset into `text`, excluded")]
    name: Annotated[str, Meta(description="canonical name: the fullest one used in the article")]
    ids: Annotated[EntityIds, Meta(description="identifiers in public registers")] = EntityIds()
    count: Annotated[int, Meta(description="number of mentions")] = 1
    mentions: Annotated[list[Mention], Meta(description="all mentions, in order")] = []
    model_label: Annotated[str | None, Meta(description="the label the model gave, before mapping")] = None
    link: Annotated[str | None, Meta(description="how sure `ids` are: `exact` or `populous-guess`")] = None
    country: Annotated[
        str | None, Meta(description="ISO 3166-1 code of the country a GROUP belongs to or a PLACE lies in")
    ] = None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One article. Sources fill what they know; every stage returns a copy with its own fields filled in."""

    id: Annotated[str, Meta(description="stable: the same article has the same id in every run, source and runner")]
    source: Annotated[Source, Meta(description="where the article came from")] = Source()
    url: Annotated[str | None, Meta(description="address as given")] = None
    canonical_url: Annotated[
        str | None, Meta(description="address without tracking parameters, fragment, AMP or mobile variant")
    ] = None
    title: Annotated[str | None, Meta(description="headline, repaired like the text")] = None
    authors: Annotated[list[str], Meta(description="names as given")] = []
    summary: Annotated[str | None, Meta(description="the source's own summary, plain text, repaired too")] = None
    categories: Annotated[list[str], Meta(description="the source's own categories or tags")] = []
    published_at: Annotated[dt.datetime | None, Meta(description="UTC; absent where the source has none")] = None
    updated_at: Annotated[dt.datetime | None, Meta(description="UTC; absent where the source has none")] = None
    fetched_at: Annotated[dt.datetime | None, Meta(description="UTC; when newsbeam got it")] = None
    language: Annotated[Language, Meta(description="the language of the text")] = Language()
    languages: Annotated[list[LanguageShare], Meta(description="shares, where a page has several languages")] = []
    text: Annotated[str, Meta(description="repaired plain text, paragraphs separated by one blank line")] = ""
    original_text: Annotated[str, Meta(description="plain text before repair")] = ""
    edits: Annotated[list[Edit], Meta(description="what turns `original_text` into `text`, in order")] = []
    suspects: Annotated[list[Suspect], Meta(description="spans of `text` not to be trusted")] = []
    garble_score: Annotated[float, Meta(description="0 clean .. 1 garbled")] = 0.0
    boilerplate: Annotated[Boilerplate, Meta(description="what was lifted out of the text")] = Boilerplate()
    entities: Annotated[list[Entity], Meta(description="who and what the text names")] = []
    content_hash: Annotated[str, Meta(description="SHA-256 of title and text before repair, white space folded")] = ""
    duplicate_of: Annotated[str | None, Meta(description="id of the first-seen near-duplicate")] = None
    story_id: Annotated[str | None, Meta(description="the story cluster")] = None
    schema_version: Annotated[str, Meta(description="version of this record type")] = SCHEMA_VERSION
    pipeline_version: Annotated[str, Meta(description="version of newsbeam that wrote it")] = ""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An input that a stage could not handle, whole, so that nothing is lost and `newsbeam replay` can try again."""

    stage: Annotated[str, Meta(description="the stage that failed")]
    error: Annotated[str, Meta(description="one line: the error's type and message")]
    kind: Annotated[str, Meta(description="what `input` is: `record`, `line`, `feed` or `message`")]
    input: Annotated[dict[str, Any], Meta(description="the whole input; bytes are base64 under `data`")]
    at: Annotated[dt.datetime, Meta(description="UTC; when it failed")]


def apply_edits(original_text: str, edits: list[Edit]) -> str:
    """Return the repaired text: `edits` (in order, not overlapping) applied to `original_text`.

    Raises:
      ValueError: an edit overlaps its predecessor, or its `before` is not what stands there.
    """
    parts: list[str] = []
    position = 0
    for edit in edits:
        if edit.start < position or original_text[edit.start : edit.end] != edit.before:
            raise ValueError(f"edit at {edit.start}-{edit.end} does not fit the text")
        parts += (original_text[position : edit.start], edit.after)
        position = edit.end
    parts.append(original_text[position:])
    return "".join(parts)


def undo_edits(text: str, edits: list[Edit]) -> str:
    """Return the original text: `edits` undone in the repaired `text`.

    Raises:
      ValueError: an edit's `after` is not what stands in `text` where it should.
    """
    parts: list[str] = []
    position = 0
    shift = 0
    for edit in edits:
        start = edit.start + shift
        end = start + len(edit.after)
        if start < position or text[start:end] != edit.after:
            raise ValueError(f"edit at {edit.start}-{edit.end} is not in the text")
        parts += (text[position:start], edit.before)
        position = end
        shift += len(edit.after) - len(edit.before)
    parts.append(text[position:])
    return "".join(parts)
