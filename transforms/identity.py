"""Which article is it: canonical addresses, content hashes and stable ids.

Pure functions that every source uses, so that an article has one id however it came in.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import re
import unicodedata
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from w3lib.url import safe_url_string

_DEFAULT_PORTS = {"http": 80, "https": 443}
_VARIANT_LABELS = {"amp", "m", "mobile"}
_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*|\[[0-9a-f:.]+\]"
)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_AMP_CACHE_PATH = re.compile(r"/(?:amp|[cvwi]|amp/[cvwi])/(s/)?(?=[^/]+\.[^/]+(?:/|$))")
_AMP_PATH_END = re.compile(r"(?:/amp/?|\.amp)$|\.amp(?=\.html?$)")
_AMP_PATH_START = re.compile(r"^/amp(?=/[^/]+/[^/])")
_GLOBAL_GUID = re.compile(
    r"(?:https?://\S+\.\S+|tag:\S+,\d{4}\S*|urn:\S+:\S+|[a-z0-9.+-]+:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3})", re.I
)
_ID_DIGITS = 32


@functools.lru_cache(maxsize=4096)
def canonical_url(url: str | None) -> str | None:
    """Return the address that all variants of an article's address share.

    Dropped are the fragment, tracking parameters (`tracking_parameters.tsv`), user and password, a default port, an
    empty query, and AMP and mobile variants (`amp.` and `m.` hosts, `/amp` paths, AMP caches); host names become
    lower-case ASCII, percent escapes upper-case. The order of the remaining parameters and `www.` stay.
    The result is a fixed point: the canonical address of a canonical address is itself.

    Args:
      url: an absolute http or https address, or one without its scheme (`//host/path`, `www.host/path`).

    Returns:
      The address, or None where `url` is empty, malformed, relative or of another scheme (`javascript:`, `data:`, …).
    """
    if not url:
        return None
    current = re.sub(r"[\t\r\n]", "", url.strip())
    if current.startswith("//"):
        current = f"https:{current}"
    elif current[:4].lower() == "www.":
        current = f"https://{current}"
    for _ in range(8):
        following = _canonical_step(current)
        if following is None or following == current:
            return following
        current = following
    return current


def _canonical_step(url: str) -> str | None:
    if urlsplit_or_none(url) is None:
        return None
    try:
        split = urlsplit(safe_url_string(url))
        port = split.port
    except (ValueError, UnicodeError):
        return None
    scheme = split.scheme.lower()
    host = (split.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    if scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        return None
    cached = _address_in_amp_cache(host, split)
    if cached:
        return cached
    host = _without_variant_labels(host)
    netloc = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    path = _AMP_PATH_START.sub("", _AMP_PATH_END.sub("", split.path)) or "/"
    return urlunsplit((scheme, netloc, _normal_escapes(path), _normal_escapes(_without_tracking(split.query)), ""))


def urlsplit_or_none(url: str) -> SplitResult | None:
    """Return the parts of an address, or None where it can't be split (`http://[`, …)."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _address_in_amp_cache(host: str, split: SplitResult) -> str | None:
    """Return the page's own address where `split` is that of a copy in Google's or Bing's AMP cache."""
    in_cache = host.endswith((".cdn.ampproject.org", ".bing-amp.com")) or host == "cdn.ampproject.org"
    viewer = re.fullmatch(r"(www\.)?google(\.[a-z]{2,3}){1,2}", host) and split.path.startswith("/amp/")
    match = _AMP_CACHE_PATH.match(split.path) if in_cache or viewer else None
    if not match:
        return None
    scheme = "https" if match[1] else "http"
    query = f"?{split.query}" if split.query else ""
    return f"{scheme}://{split.path[match.end() :]}{query}"


def _without_variant_labels(host: str) -> str:
    """`m.example.com` and `en.m.example.org` without the label of the mobile variant; `m.de` stays."""
    labels = host.split(".")
    kept = [label for label in labels[:-2] if label not in _VARIANT_LABELS]
    return ".".join(kept + labels[-2:])


def _without_tracking(query: str) -> str:
    return "&".join(part for part in query.split("&") if part and not _is_tracking(part))


def _is_tracking(part: str) -> bool:
    name, _, value = part.partition("=")
    name, value = unquote(name).lower().removeprefix("amp;"), unquote(value)
    exact, prefixes = _tracking_parameters()
    if name.startswith(prefixes):
        return True
    pattern = exact.get(name)
    return pattern is not None and pattern.fullmatch(value) is not None


@functools.cache
def _tracking_parameters() -> tuple[dict[str, re.Pattern[str]], tuple[str, ...]]:
    exact: dict[str, re.Pattern[str]] = {}
    prefixes: list[str] = []
    table = importlib.resources.files("transforms").joinpath("tracking_parameters.tsv").read_text("utf-8")
    for line in table.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        name, value, _ = line.split("\t")
        if name.endswith("*"):
            prefixes.append(name[:-1].lower())
        else:
            exact[name.lower()] = re.compile(value or ".*", re.IGNORECASE | re.DOTALL)
    return exact, tuple(prefixes)


def _normal_escapes(part: str) -> str:
    """Percent escapes as RFC 3986, 6.2.2 wants them: upper-case, none for unreserved characters."""

    def normal(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    return _ESCAPE.sub(normal, part)


def url_key(url: str | None) -> str | None:
    """Return what identifies the page behind an address: the canonical address without scheme, `www.` and last slash.

    None where there is no usable address.
    """
    canonical = canonical_url(url)
    if canonical is None:
        return None
    split = urlsplit(canonical)
    query = f"?{split.query}" if split.query else ""
    return f"{split.netloc.removeprefix('www.')}{split.path.rstrip('/')}{query}"


def is_site_root(key: str) -> bool:
    """Whether a `url_key` names a site, not a page in it."""
    return "/" not in key and "?" not in key


def is_global_guid(guid: str) -> bool:
    """Whether a guid says of itself that it is unique in the world: an address, a `tag:` or a `urn:`."""
    return _GLOBAL_GUID.match(guid) is not None


def _folded(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", text or "").split())


def content_hash(title: str | None, text: str | None) -> str:
    """Return the SHA-256 (hexadecimal) of title and text, in NFC and with white space folded to single spaces."""
    content = f"{_folded(title)}\n{_folded(text)}"
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()


def article_id(
    *,
    url: str | None,
    guid: str | None,
    title: str | None,
    content: str,
    url_shared: bool = False,
    guid_shared: bool = False,
) -> str:
    """Return the id of an article: the same in every run, from every source (feed, file, message), on every runner.

    The address of the feed is never part of it, nor is anything that changes between fetches. What identifies the
    article is, in this order:

    1. the page's address (`url_key`), if it is a page's: not the root of a site, and not the link of several different
       entries of one document (`url_shared`);
    2. an address that is none, together with the guid or, without one, the title;
    3. without an address, the guid, if it is unique in the world (`is_global_guid`);
    4. else the guid together with the content;
    5. else the content alone.

    A guid that one document gives to several different entries (`guid_shared`) identifies nothing alone: the content is
    added. So 10,000 entries with one guid but different links or texts are 10,000 articles.

    Args:
      url: the article's address, as given; relative and other than http(s) addresses count as absent.
      guid: the source's own id of it.
      title: its headline.
      content: `content_hash` of title and text before repair.
      url_shared: several entries of the same document with different content have this address.
      guid_shared: likewise for the guid.

    Returns:
      32 hexadecimal digits.
    """
    key = url_key(url)
    name = (guid or "").strip()
    if key and not url_shared and not is_site_root(key):
        parts = ["url", key]
    elif key and name:
        parts = ["url+guid", key, name, content if guid_shared else ""]
    elif key:
        parts = ["url+title", key, _folded(title), content if url_shared or not title else ""]
    elif name and is_global_guid(name) and not guid_shared:
        parts = ["guid", name]
    elif name:
        parts = ["guid+content", name, content]
    else:
        parts = ["content", content]
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()[:_ID_DIGITS]
