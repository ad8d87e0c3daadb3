"""What a Pub/Sub message holds, told by its `content-type` attribute.

- `application/json`: one article, as in a line of the files source (`transforms.files.article_record`); the attribute
  `url` stands in where the article has none.
- `FEED_TYPES`: a feed document; `url` is the feed's address.
- `PAGE_TYPES`: the page of an article; `url`, its address, is needed.

The attribute's own parameters (`; charset=…`) are heeded where the format has a charset. Anything else is refused.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from transforms.feeds.dates import parse_timestamp
from transforms.feeds.parse import parse_feed
from transforms.files import article_record
from transforms.identity import canonical_url
from transforms.records import DeadLetter, Record, Source

FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/xml",
        "text/xml",
        "application/feed+json",
    }
)
PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
JSON_TYPE = "application/json"


class Parsed(NamedTuple):
    """The articles of a message, and the entries of a feed in it that could not be read."""

    records: list[Record]
    failures: list[DeadLetter]


def parse_message(
    data: bytes,
    attributes: Mapping[str, str],
    *,
    name: str,
    message_id: str | None = None,
    fetched_at: dt.datetime,
    timestamp_attribute: str | None = None,
) -> Parsed:
    """Return what a message holds.

    Args:
      data: the payload.
      attributes: of the message.
      name: the subscription, for `source.name`.
      message_id: Pub/Sub's id of the message.
      fetched_at: when it arrived, UTC.
      timestamp_attribute: attribute with the article's time, used where the article has none of its own.

    Raises:
      ValueError: it is none of what is known, or not what it says; the message is one line.
    """
    header = attributes.get("content-type") or attributes.get("Content-Type") or ""
    kind = header.partition(";")[0].strip().lower()
    url = attributes.get("url") or None
    source = Source(type="pubsub", name=name, message_id=message_id)
    failures: list[DeadLetter] = []
    if kind == JSON_TYPE:
        records = [_article(data, url, source, fetched_at)]
    elif kind in FEED_TYPES:
        feed = parse_feed(data, address=url or name, fetched_at=fetched_at, content_type=header)
        source = msgspec.structs.replace(source, name=feed.title or name, feed_url=url)
        records = [msgspec.structs.replace(record, source=source) for record in feed.records]
        failures = feed.failures
    elif kind in PAGE_TYPES:
        records = [_page(data, url, source, fetched_at)]
    else:
        raise ValueError(
            f"content-type is {header!r}, which is none that newsbeam reads" if header else "no content-type"
        )
    if timestamp_attribute is not None:
        moment = _moment(attributes.get(timestamp_attribute))
        records = [
            record if record.published_at else msgspec.structs.replace(record, published_at=moment)
            for record in records
        ]
    return Parsed(records, failures)


def _article(data: bytes, url: str | None, source: Source, fetched_at: dt.datetime) -> Record:
    try:
        fields = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON in UTF-8: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError("a JSON object is needed, one article a message")
    given = fields.get("source")
    if isinstance(given, dict):  # a record that newsbeam wrote: where this message came from is known better here
        source = msgspec.structs.replace(
            source, feed_url=_text(given, "feed_url"), name=_text(given, "name") or source.name
        )
    fields = {"url": url} | {key: value for key, value in fields.items() if key != "source"}
    return article_record(fields, source, fetched_at)


def _text(fields: Mapping[str, Any], key: str) -> str | None:
    value = fields.get(key)
    return value if isinstance(value, str) and value else None


def _page(data: bytes, url: str | None, source: Source, fetched_at: dt.datetime) -> Record:
    """Return the article of a web page, without its menus, teasers and comments (trafilatura)."""
    if canonical_url(url) is None:
        raise ValueError("a page needs its address in the attribute `url`")
    import trafilatura  # loads in 0.5 s, and few messages are pages

    page: Any = trafilatura.bare_extraction(data, url=url, with_metadata=True, include_comments=False, fast=True)
    if page is None or not page.text:
        raise ValueError("the page holds no article that could be told from its surroundings")
    found: dict[str, Any] = page.as_dict()
    paragraphs = [line.strip() for line in found["text"].splitlines() if line.strip()]
    if len(paragraphs) > 1 and paragraphs[0] == (found.get("title") or "").strip():
        del paragraphs[0]  # the headline has a field of its own
    fields = {
        "url": url,
        "title": found.get("title"),
        "text": "\n\n".join(paragraphs),
        "summary": found.get("description"),
        "authors": [name.strip() for name in (found.get("author") or "").split(";") if name.strip()],
        "categories": found.get("categories") or [],
        "published_at": found.get("date"),
        "language": found.get("language"),
    }
    return article_record({key: value for key, value in fields.items() if value}, source, fetched_at)


def _moment(value: str | None) -> dt.datetime | None:
    """Return the time in RFC 3339 or in milliseconds since 1970, as Beam's and Pub/Sub's own readers take it."""
    if not value:
        return None
    if value.lstrip("-").isdigit():
        try:
            return dt.datetime.fromtimestamp(int(value) / 1000, dt.timezone.utc)
        except (OverflowError, OSError, ValueError):
            return None
    return parse_timestamp(value)
