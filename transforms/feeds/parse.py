"""A feed document to records: RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed. Pure functions, no network.

Documents are untrusted: they are bounded in bytes, tags and depth; no entity expands and nothing external is loaded;
what is damaged is read as far as it goes.
"""

from __future__ import annotations

import collections
import datetime as dt
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin

import feedparser  # type: ignore[import-untyped]
import langcodes
import msgspec
from selectolax.lexbor import LexborHTMLParser

from transforms.feeds.dates import from_struct, parse_timestamp, plausible
from transforms.feeds.encoding import decode_document
from transforms.feeds.html_text import html_to_text, inline_text, without_unusable
from transforms.identity import article_id, canonical_url, content_hash, url_key
from transforms.outcomes import dead_letter
from transforms.records import DeadLetter, Language, Record, Source

MAX_BYTES = 16 * 1024 * 1024
MAX_TAGS = 500_000
MAX_DEPTH = 5_000
MAX_ATTRIBUTES = 1_000
MAX_SPECIAL_CHARACTERS = 2_000_000
LONGEST_DOCTYPE = 65_536

_MARKUP = re.compile(r"<(?:!\[CDATA\[|!--|(/)?([A-Za-z_][^\s<>/]*)[^<>]*?(/)?>)")
_PROLOG = re.compile(r"\s*(<\?|<!--|<!DOCTYPE)")
_DOCTYPE_TOKEN = re.compile(r""""[^"]*"|'[^']*'|<!--.*?-->|<\?.*?\?>|[\[\]>]""", re.DOTALL)
_VOID_TAGS = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"))
_SKIP_HOURS = re.compile(r"<skipHours\b[^>]*>(.{0,2000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(r"<hour\b[^>]*>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_SKIP_DAYS = re.compile(r"<skipDays\b[^>]*>(.{0,2000}?)</skipDays>", re.IGNORECASE | re.DOTALL)
_DAY = re.compile(r"<day\b[^>]*>\s*(mon|tue|wed|thu|fri|sat|sun)[a-z]*\s*</day>", re.IGNORECASE)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}
_END_OF_DOCUMENT = re.compile(r"</\s*(?:\w+:)?(?:rss|feed|rdf|channel|xml)\s*>", re.IGNORECASE)
_ENTRY_START = re.compile(r"<(?:\w+:)?(?:item|entry)\b", re.IGNORECASE)
_ENTRY_END = re.compile(r"</\s*(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_FEED_TYPES = 'link[rel~="alternate"][type="application/rss+xml"], link[rel~="alternate"][type="application/atom+xml"]'


class NotAFeedError(ValueError):
    """The document holds no feed; the message says what it holds instead, in one line."""


class Body(msgspec.Struct, frozen=True):
    """A text of an entry as the feed gives it."""

    value: str
    html: bool = True


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry as the feed gives it, one shape for all formats; nothing is cleaned yet."""

    link: str | None = None
    guid: str | None = None
    title: Body | None = None
    authors: list[str] = []
    categories: list[str] = []
    contents: list[Body] = []
    summary: Body | None = None
    published_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    language: str | None = None


class PollingHints(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed says about how often to ask for it."""

    ttl_minutes: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    """Days of the week, Monday is 0. Both are UTC."""


class ParsedFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was read. `entries == len(records) + len(failures)`."""

    title: str | None
    language: str | None
    records: list[Record]
    failures: list[DeadLetter]
    hints: PollingHints
    warning: str | None = None
    truncated: bool = False

    @property
    def entries(self) -> int:
        """How many entries the document held."""
        return len(self.records) + len(self.failures)


class _Document(msgspec.Struct, kw_only=True):
    title: str | None
    link: str | None
    language: str | None
    entries: list[Entry]
    hints: PollingHints = PollingHints()
    warning: str | None = None
    truncated: bool = False
    cut_short: Entry | None = None


def parse_feed(
    document: bytes,
    *,
    address: str,
    fetched_at: dt.datetime,
    content_type: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> ParsedFeed:
    """Return the records of a feed document.

    Args:
      document: the bytes, decompressed.
      address: the feed's address or path, as configured; it goes into `source.feed_url`.
      fetched_at: when the document was fetched, UTC; dates beyond it (`dates.LATEST_AHEAD`) are dropped.
      content_type: the server's header; only its charset is used, and last (see `decode_document`).
      max_bytes: longer documents are refused.

    Raises:
      NotAFeedError: the document is empty, too long, too deep, or something else than a feed.
    """
    read = _read_document(document, content_type, max_bytes)
    title = inline_text(read.title) if read.title else None
    source = Source(type="feeds", name=title or None, feed_url=address)
    base = read.link or address
    records, failures = _records(read.entries, source, base, normal_language(read.language), fetched_at)
    if read.cut_short:
        failures.append(entry_dead_letter(read.cut_short, source, ValueError("the document ends inside this entry")))
    return ParsedFeed(
        title=source.name,
        language=normal_language(read.language),
        records=records,
        failures=failures,
        hints=read.hints,
        warning=read.warning,
        truncated=read.truncated,
    )


def _read_document(document: bytes, content_type: str | None, max_bytes: int) -> _Document:
    if len(document) > max_bytes:
        raise NotAFeedError(f"larger than {max_bytes:,} bytes")
    text = decode_document(document, content_type).lstrip("\ufeff \t\r\n")
    if not text:
        raise NotAFeedError("empty document")
    if text[0] == "{":
        return _read_json_feed(text)
    text = without_doctype(text)
    _check_bounds(text)
    return _read_xml_feed(text)


def without_doctype(text: str) -> str:
    """Return an XML document without its document type, and so without any entity that could expand.

    feedparser removes entities too, but only where the declaration starts a line.
    """
    position = 0
    while match := _PROLOG.match(text, position):
        opening = match[1]
        if opening.startswith("<!D"):
            return text[: match.start(1)] + text[_end_of_doctype(text, match.end()) :]
        closing = "?>" if opening == "<?" else "-->"
        position = text.find(closing, match.end())
        if position < 0:
            break
        position += len(closing)
    return text


def _end_of_doctype(text: str, position: int) -> int:
    depth = 0
    for token in _DOCTYPE_TOKEN.finditer(text, position, position + LONGEST_DOCTYPE):
        if token[0] == "[":
            depth += 1
        elif token[0] == "]":
            depth -= 1
        elif token[0] == ">" and depth <= 0:
            return token.end()
    return len(text)


def _check_bounds(text: str) -> None:
    """Refuse what would keep a parser busy for minutes: half a million tags, or thousands nested."""
    for character in "<&":
        if text.count(character) > MAX_SPECIAL_CHARACTERS:
            raise NotAFeedError(f"more than {MAX_SPECIAL_CHARACTERS:,} times {character!r}")
    depth = tags = position = 0
    while match := _MARKUP.search(text, position):
        position = match.end()
        closing, name, closed = match.groups()
        if name is None:
            position = text.find("]]>" if match[0].endswith("[") else "-->", position)
            if position < 0:
                return
            continue
        tags += 1
        if match[0].count("=") > MAX_ATTRIBUTES:
            raise NotAFeedError(f"a tag with more than {MAX_ATTRIBUTES:,} attributes")
        if closing:
            depth = max(0, depth - 1)
        elif not closed and name.lower() not in _VOID_TAGS:
            depth += 1
        if depth > MAX_DEPTH:
            raise NotAFeedError(f"tags nested more than {MAX_DEPTH:,} deep")
        if tags > MAX_TAGS:
            raise NotAFeedError(f"more than {MAX_TAGS:,} tags")


def _read_xml_feed(text: str) -> _Document:
    parsed = feedparser.parse(
        io.BytesIO(text.encode("utf-8")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.entries and not parsed.get("version"):
        raise NotAFeedError(_what_it_is(text, parsed))
    feed = parsed.feed
    atom = str(parsed.get("version") or "").startswith("atom")
    warning = None
    if parsed.get("bozo"):
        warning = " ".join(f"not well-formed, read as far as it goes: {parsed.get('bozo_exception')}".split())
    entries = [_entry_of_xml(entry, atom) for entry in parsed.entries]
    truncated = bool(parsed.get("bozo")) and not _END_OF_DOCUMENT.search(text[-2000:])
    return _Document(
        title=_text(feed.get("title")),
        link=_site_of_xml(feed),
        language=_text(feed.get("language")),
        # the text of an entry that is cut short would else stand for the article for good
        cut_short=entries.pop() if truncated and entries and _ends_inside_entry(text) else None,
        entries=entries,
        hints=_hints(text, feed),
        warning=warning,
        truncated=truncated,
    )


def _site_of_xml(feed: Any) -> str | None:
    """What relative links are relative to: the site, else the feed's own address as the document gives it."""
    own = [link.get("href") for link in feed.get("links", []) if link.get("rel") == "self"]
    return next((address for address in (feed.get("link"), *own, feed.get("id")) if _is_address(address)), None)


def _ends_inside_entry(text: str) -> bool:
    starts = [match.start() for match in _ENTRY_START.finditer(text)]
    ends = [match.start() for match in _ENTRY_END.finditer(text)]
    return bool(starts) and (not ends or ends[-1] < starts[-1])


def _what_it_is(text: str, parsed: Any) -> str:
    head = text[:2000].lower()
    if "<opml" in head:
        return "a list of feeds (OPML), not a feed: give it a name that ends in .opml"
    if "<!doctype html" in head or "<html" in head:
        feeds = [link.attributes.get("href") or "" for link in LexborHTMLParser(text[:200_000]).css(_FEED_TYPES)]
        named = f"; the page names {', '.join(feeds[:3])}" if feeds else ""
        return f"an HTML page, not a feed{named}"
    opening = " ".join(text[:60].split())
    cause = f" ({parsed.bozo_exception})" if parsed.get("bozo") else ""
    return " ".join(f"not a feed{cause}; it begins with {opening!r}".split())


def _hints(text: str, feed: Any) -> PollingHints:
    ttl = _whole_number(feed.get("ttl"))
    period = _PERIODS.get(str(feed.get("sy_updateperiod") or "").strip().lower())
    if ttl is None and period:
        ttl = period // max(1, _whole_number(feed.get("sy_updatefrequency")) or 1)
    skipped = _SKIP_HOURS.search(text, 0, 200_000)  # it stands in the head of the channel
    hours = sorted({int(hour) % 24 for hour in _HOUR.findall(skipped[1])}) if skipped else []
    skipped = _SKIP_DAYS.search(text, 0, 200_000)
    days = sorted({_DAYS.index(day.lower()) for day in _DAY.findall(skipped[1])}) if skipped else []
    return PollingHints(ttl_minutes=ttl, skip_hours=tuple(hours), skip_days=tuple(days))


def _whole_number(value: Any) -> int | None:
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _entry_of_xml(entry: Any, atom: bool) -> Entry:
    title = entry.get("title_detail")
    summary = entry.get("summary_detail")
    contents = [content for content in entry.get("content", []) if _is_text(content)]
    published = from_struct(dict.get(entry, "published_parsed"))
    updated = from_struct(dict.get(entry, "updated_parsed"))
    if published is None and not atom:
        published, updated = updated, None  # dc:date in RSS is the date of publication
    languages = (detail.get("language") for detail in (*contents, summary, title) if detail)
    return Entry(
        link=_text(entry.get("feedburner_origlink")) or _text(entry.get("link")),
        guid=_text(entry.get("id")),
        title=_body(title),
        authors=_authors_of_xml(entry),
        categories=[tag.get("label") or tag.get("term") or "" for tag in entry.get("tags", [])],
        contents=[body for content in contents if (body := _body(content))],
        summary=_body(summary) if summary and _is_text(summary) else None,
        published_at=published,
        updated_at=updated,
        language=next((language for language in languages if language), None),
    )


def _is_text(detail: Any) -> bool:
    kind = str(detail.get("type") or "text/html")
    return kind.startswith("text/") or kind.endswith(("html", "xhtml+xml"))


def _body(detail: Any) -> Body | None:
    if not detail or not _text(detail.get("value")):
        return None
    return Body(detail["value"], detail.get("type") != "text/plain")


def _authors_of_xml(entry: Any) -> list[str]:
    people = [person.get("name") or person.get("email") or "" for person in entry.get("authors", [])]
    return [name for name in people if name] or [name for name in [_text(entry.get("author"))] if name]


def _read_json_feed(text: str) -> _Document:
    """https://www.jsonfeed.org/version/1.1/ and 1; unknown and ill-typed members are passed over."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAFeedError(f"not a JSON Feed: {error}") from None
    items = feed.get("items")
    if not isinstance(items, list) or "jsonfeed.org/version" not in str(feed.get("version")):
        raise NotAFeedError("JSON, but not a JSON Feed: it has no version of jsonfeed.org or no items")
    return _Document(
        title=_text(feed.get("title")),
        link=next((link for link in (feed.get("home_page_url"), feed.get("feed_url")) if _is_address(link)), None),
        language=_text(feed.get("language")),
        entries=[_entry_of_json(item if isinstance(item, dict) else {}, feed) for item in items],
    )


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and canonical_url(value) is not None


def _entry_of_json(item: dict[str, Any], feed: dict[str, Any]) -> Entry:
    guid = item.get("id")
    html, text = _text(item.get("content_html")), _text(item.get("content_text"))
    contents = [Body(html)] if html else []
    contents += [Body(text, False)] if text else []
    title, summary = _text(item.get("title")), _text(item.get("summary"))
    return Entry(
        link=_text(item.get("url")) or _text(item.get("external_url")),
        guid=str(guid) if isinstance(guid, (str, int, float)) and str(guid) else None,
        title=Body(title, False) if title else None,
        authors=_authors_of_json(item) or _authors_of_json(feed),
        categories=[tag for tag in _list(item.get("tags")) if isinstance(tag, str)],
        contents=contents,
        summary=Body(summary, False) if summary else None,
        published_at=parse_timestamp(item["date_published"]) if _text(item.get("date_published")) else None,
        updated_at=parse_timestamp(item["date_modified"]) if _text(item.get("date_modified")) else None,
        language=_text(item.get("language")),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _authors_of_json(holder: dict[str, Any]) -> list[str]:
    people = [*_list(holder.get("authors")), holder.get("author")]
    return [person["name"] for person in people if isinstance(person, dict) and _text(person.get("name"))]


def normal_language(tag: str | None) -> str | None:
    """Return a language tag in the canonical form of BCP 47 (`en_us` is `en-US`); None where it is none."""
    if not tag or not re.fullmatch(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,6}", tag.strip()):
        return None
    try:
        return langcodes.standardize_tag(tag.strip())
    except ValueError:
        return None


def _records(
    entries: list[Entry], source: Source, base: str, language: str | None, fetched_at: dt.datetime
) -> tuple[list[Record], list[DeadLetter]]:
    drafts: list[tuple[Entry, Record]] = []
    failures: list[DeadLetter] = []
    for entry in entries:
        try:
            drafts.append((entry, _draft(entry, source, base, language, fetched_at)))
        except Exception as error:  # whatever an entry does, its neighbours live
            failures.append(entry_dead_letter(entry, source, error))
    shared_keys = _shared((url_key(record.url), record.content_hash) for _, record in drafts)
    shared_guids = _shared((entry.guid, record.content_hash) for entry, record in drafts)
    records = [
        msgspec.structs.replace(
            record,
            id=article_id(
                url=record.url,
                guid=entry.guid,
                title=record.title,
                content=record.content_hash,
                url_shared=url_key(record.url) in shared_keys,
                guid_shared=entry.guid in shared_guids,
            ),
        )
        for entry, record in drafts
    ]
    return records, failures


def _shared(pairs: Iterable[tuple[str | None, str]]) -> set[str]:
    """The names that stand for more than one content."""
    contents: dict[str, set[str]] = collections.defaultdict(set)
    for name, content in pairs:
        if name:
            contents[name].add(content)
    return {name for name, hashes in contents.items() if len(hashes) > 1}


def _draft(entry: Entry, source: Source, base: str, language: str | None, fetched_at: dt.datetime) -> Record:
    """The record of an entry, without its id."""
    url = _absolute(entry.link, base)
    title = _headline(entry.title)
    summary = _plain(entry.summary) if entry.summary else ""
    text = max((_plain(body) for body in entry.contents), key=len, default="")
    if len(summary) > len(text):
        text = summary
    if not (text or title or url):
        raise ValueError("the entry has neither a text, a title nor a link")
    return Record(
        id="",
        source=source,
        url=url,
        canonical_url=canonical_url(url),
        title=title,
        authors=_names(entry.authors),
        summary=summary if summary and summary != text else None,
        categories=_names(entry.categories),
        published_at=plausible(entry.published_at, fetched_at),
        updated_at=plausible(entry.updated_at, fetched_at),
        fetched_at=fetched_at,
        language=Language(declared=normal_language(entry.language) or language),
        text=text,
        content_hash=content_hash(title, text),
    )


def _absolute(link: str | None, base: str) -> str | None:
    """The link as an http(s) address; None for `javascript:`, `data:` and all other kinds."""
    link = without_unusable(link or "").strip()
    try:
        absolute = urljoin(base, link) if link else ""
    except ValueError:
        return None
    return absolute if canonical_url(absolute) else None


def _headline(title: Body | None) -> str | None:
    return (inline_text(title.value) or None) if title else None


def _plain(body: Body) -> str:
    return html_to_text(body.value)


def _names(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(_nonempty(inline_text(value) for value in values)))


def _nonempty(values: Iterable[str]) -> Iterator[str]:
    return (value for value in values if value)


def entry_dead_letter(entry: Entry, source: Source, error: BaseException) -> DeadLetter:
    """Return the dead letter of one entry, as a line of the files source, so that a replay reads it again."""
    body = max((content.value for content in [*entry.contents, entry.summary] if content), key=len, default="")
    line = {
        "url": entry.link,
        "guid": entry.guid,
        "title": entry.title.value if entry.title else None,
        "html": body,
        "authors": entry.authors,
        "categories": entry.categories,
        "published_at": entry.published_at.isoformat() if entry.published_at else None,
        "updated_at": entry.updated_at.isoformat() if entry.updated_at else None,
        "language": entry.language,
        "source": msgspec.to_builtins(source),
    }
    text = json.dumps({key: value for key, value in line.items() if value}, ensure_ascii=True)
    return dead_letter("feeds", "line", {"line": text, "file": source.feed_url}, error)
