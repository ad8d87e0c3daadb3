"""One document over HTTP: politely, within bounds of time, bytes and redirects, never from a private address."""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import errno
import functools
import hashlib
import http
import random
import re
import socket
import ssl
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import certifi
import httpcore
import msgspec
from w3lib.url import safe_url_string

from transforms.feeds.config import FeedsConfig
from transforms.feeds.guard import (
    Budget,
    BudgetSpentError,
    ForbiddenAddressError,
    GuardedBackend,
    Resolver,
    StoppedError,
    UnknownHostError,
    resolve,
)

_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, "
    "application/json;q=0.8, */*;q=0.1"
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that a later attempt may not meet again."""

_ASKED_TOO_OFTEN = frozenset({429, 503})
"""Statuses whose `Retry-After` is meant for the whole client, not for one address."""

_BACKOFF_SECONDS = 1.0
_LONGEST_BACKOFF_SECONDS = 30.0
_LONGEST_QUIET_SECONDS = 7 * 86_400.0
"""To which a `Retry-After` is believed."""
_CLAIM_SECONDS = 0.05
"""Between two looks for a slot that other processes hold."""
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


class Fetched(msgspec.Struct, kw_only=True):
    """What came of fetching a document: `document`, or `unchanged`, or an `error`."""

    address: str
    document: bytes | None = None
    unchanged: bool = False
    error: str | None = None
    http_status: int | None = None
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    new_address: str | None = None
    """Where permanent redirects (301, 308) lead: the address to use from now on."""
    max_age_seconds: int | None = None
    """For how long the answer is fresh: the server's `Cache-Control: max-age`, less its `Age`."""
    retry_after_seconds: float | None = None
    """How long the server wants to be left alone, from its `Retry-After`."""
    postponed: bool = False
    """Nothing was asked, because the server wants to be left alone for `retry_after_seconds`."""
    server: str | None = None
    """Which server answered last, or would have been asked: host:port."""
    received_bytes: int = 0
    seconds: float = 0.0


class FetchError(Exception):
    """An attempt failed; the message is one line.

    Args:
      message: what happened.
      passing: another attempt may succeed.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class HostGate:
    """Lets at most `per_host` requests to a host through at once, and none while its server wants to be left alone.

    A host's feeds are always with one process, so counting here is enough for them; but feeds of others may be
    redirected there, so the processes of a machine count together, too.

    Args:
      per_host: how many.
    """

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._lock = threading.Lock()
        self._slots: dict[str, threading.BoundedSemaphore] = {}
        self._quiet: dict[str, float] = {}

    def leave_alone(self, server: str, seconds: float) -> None:
        """Note that a server (host:port) wants no request for so long."""
        now = time.monotonic()
        with self._lock:
            self._quiet = {name: until for name, until in self._quiet.items() if until > now}
            until = now + min(seconds, _LONGEST_QUIET_SECONDS)
            self._quiet[server] = max(until, self._quiet.get(server, 0.0))

    def quiet_seconds(self, server: str) -> float:
        """Return for how long a server still wants no request."""
        with self._lock:
            return max(0.0, self._quiet.get(server, 0.0) - time.monotonic())

    @contextlib.contextmanager
    def slot(self, host: str, budget: Budget) -> Iterator[None]:
        """Hold one of the host's slots; waiting for it does not count against the budget."""
        with self._lock:
            semaphore = self._slots.setdefault(host, threading.BoundedSemaphore(self._per_host))
        waited_since = time.monotonic()
        while not semaphore.acquire(timeout=1.0):
            budget.extend(time.monotonic() - waited_since)
            waited_since = time.monotonic()
            budget.remaining()
        try:
            while (claim := claimed(host, self._per_host)) is None:
                budget.extend(time.monotonic() - waited_since)
                waited_since = time.monotonic()
                budget.sleep(_CLAIM_SECONDS)
            budget.extend(time.monotonic() - waited_since)
            with claim:
                yield
        finally:
            semaphore.release()


def claimed(host: str, slots: int) -> contextlib.AbstractContextManager[object] | None:
    """Take one of a host's slots on this machine until it is closed; None where other processes hold them all.

    The name of a socket in Linux's abstract namespace can be had once, leaves no file, and is free again when its
    process has died. Elsewhere, and between containers, each process counts for itself.
    """
    if sys.platform != "linux":
        return contextlib.nullcontext()
    name = hashlib.blake2b(host.encode("utf-8", "replace"), digest_size=16).hexdigest()
    for slot in range(slots):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0newsbeam {name} {slot}")
        except OSError as error:
            claim.close()
            if error.errno != errno.EADDRINUSE:
                return contextlib.nullcontext()
        else:
            return claim
    return None


@functools.cache
def host_gate(per_host: int) -> HostGate:
    """Return the gate that all threads of this process share."""
    return HostGate(per_host)


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def fetch(
    address: str,
    config: FeedsConfig,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    stop: threading.Event | None = None,
    resolver: Resolver = resolve,
) -> Fetched:
    """Fetch a document; every failure is told in `Fetched.error`, none is raised.

    Args:
      address: an http or https address.
      config: bounds and manners.
      etag: validator of an earlier answer; with it, or the next, the answer may be `unchanged`.
      last_modified: the other validator.
      stop: when set, the fetch ends soon, with an error.
      resolver: host and port to IP addresses (for tests).
    """
    started = time.monotonic()
    budget = Budget(config.total_timeout, stop or threading.Event())
    result = Fetched(address=address)
    for attempt in range(config.retries + 1):
        result = Fetched(address=address)
        try:
            _follow(result, config, _validators(etag, last_modified), budget, resolver)
        except FetchError as error:
            result.error = str(error)
            if not error.passing or attempt == config.retries or not _wait(result, attempt, budget):
                break
        except Exception as error:  # whatever a server does, the other feeds live
            result.error = f"{type(error).__name__}: {error}"
            break
        else:
            break
    if result.unchanged:  # a 304 need not repeat the validators
        result.etag, result.last_modified = result.etag or etag, result.last_modified or last_modified
    result.seconds = round(time.monotonic() - started, 3)
    return result


def _wait(result: Fetched, attempt: int, budget: Budget) -> bool:
    """Wait before the next attempt; False where that is not worth it within the budget."""
    backoff = min(_LONGEST_BACKOFF_SECONDS, _BACKOFF_SECONDS * 2**attempt) * random.uniform(0.5, 1.0)
    seconds = max(backoff, result.retry_after_seconds or 0.0)
    try:
        if seconds >= budget.remaining():
            return False
        budget.sleep(seconds)
        budget.remaining()
    except (StoppedError, BudgetSpentError):
        return False
    return True


def _validators(etag: str | None, last_modified: str | None) -> list[tuple[bytes, bytes]]:
    pairs = ((b"If-None-Match", etag), (b"If-Modified-Since", last_modified))
    return [(name, value.encode("latin-1")) for name, value in pairs if value and _is_header_value(value)]


def _is_header_value(value: str) -> bool:
    return len(value) <= 1024 and all(" " <= character <= "\xff" and character != "\x7f" for character in value)


def _follow(
    result: Fetched,
    config: FeedsConfig,
    validators: list[tuple[bytes, bytes]],
    budget: Budget,
    resolver: Resolver,
) -> None:
    """Request the address and what it redirects to, and fill in `result`.

    Raises:
      FetchError: no document and no 304 came of it.
    """
    headers = [(b"User-Agent", config.agent().encode("latin-1", "replace")), (b"Accept", _ACCEPT.encode())]
    headers += [(b"Accept-Encoding", b"gzip, deflate"), *validators]
    backend = GuardedBackend(budget, allow_private=config.allow_private, resolver=resolver)
    url, seen, permanent = _request_url(result.address), set[str](), True
    with httpcore.ConnectionPool(ssl_context=_ssl_context(), network_backend=backend) as pool:
        for _ in range(config.max_redirects + 1):
            if url in seen:
                raise FetchError(f"redirect loop at {url}")
            seen.add(url)
            location = _request(pool, url, headers, result, config, budget)
            if result.unchanged and not validators:
                raise FetchError("HTTP 304 Not Modified, though no earlier answer is known")
            if location is None:
                return
            permanent = permanent and result.http_status in _PERMANENT
            url = _request_url(_joined(url, location))
            if permanent:
                result.new_address = url
    raise FetchError(f"more than {config.max_redirects} redirects")


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _request_url(address: str) -> str:
    """The address as ASCII, without fragment.

    Raises:
      FetchError: it is not an http(s) address.
    """
    try:
        url = safe_url_string(address.strip()).partition("#")[0]
        split = urlsplit(url)
        usable = split.scheme in ("http", "https") and split.hostname and split.port != 0
        url.encode("ascii")
    except (ValueError, UnicodeError):
        usable = False
    if not usable:
        raise FetchError(f"not an http(s) address: {address[:200]!r}")
    return url


def _request(
    pool: httpcore.ConnectionPool,
    url: str,
    headers: list[tuple[bytes, bytes]],
    result: Fetched,
    config: FeedsConfig,
    budget: Budget,
) -> str | None:
    """Make one request: the place it redirects to, or None when `result` holds the answer.

    Raises:
      FetchError: the request failed, or its answer is of no use.
    """
    timeouts = {"connect": config.connect_timeout, "read": config.read_timeout, "write": config.read_timeout}
    split = urlsplit(url)
    host = split.hostname or ""
    result.server = f"{host}:{split.port or (443 if split.scheme == 'https' else 80)}"
    gate = host_gate(config.per_host)
    try:
        with gate.slot(host, budget):
            budget.remaining()
            if quiet := gate.quiet_seconds(result.server):
                result.postponed, result.retry_after_seconds = True, quiet
                raise FetchError(f"{host} wants to be left alone for {quiet:.0f} s more", passing=True)
            with pool.stream("GET", url, headers=headers, extensions={"timeout": timeouts}) as response:
                return _answer(response, result, config)
    except ForbiddenAddressError as error:
        raise FetchError(f"refused: {error}") from None
    except UnknownHostError as error:
        raise FetchError(str(error), passing=error.passing) from None
    except StoppedError:
        raise FetchError("stopped") from None
    except (BudgetSpentError, httpcore.TimeoutException) as error:
        raise _timeout(error, host, config, budget) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
        message = " ".join(str(error).split()) or type(error).__name__
        raise FetchError(f"connection to {host} failed: {message}", passing=True) from None


def _timeout(error: Exception, host: str, config: FeedsConfig, budget: Budget) -> FetchError:
    if isinstance(error, BudgetSpentError) or budget.spent():
        return FetchError(f"timed out: not done within {config.total_timeout:g} s in all")
    if isinstance(error, httpcore.ConnectTimeout):
        return FetchError(f"timed out: no connection to {host} within {config.connect_timeout:g} s", passing=True)
    return FetchError(f"timed out: no bytes from {host} for {config.read_timeout:g} s", passing=True)


def _answer(response: httpcore.Response, result: Fetched, config: FeedsConfig) -> str | None:
    status = response.status
    result.http_status = status
    result.max_age_seconds = _max_age(response)
    result.retry_after_seconds = _retry_after(_header(response, b"retry-after"))
    if status in _REDIRECTS:
        location = _header(response, b"location")
        if not location:
            raise FetchError(f"{_status_name(status)} without a Location")
        return location
    if status in _ASKED_TOO_OFTEN and result.retry_after_seconds and result.server:
        host_gate(config.per_host).leave_alone(result.server, result.retry_after_seconds)
    if status not in (200, 203, 304):
        raise FetchError(_status_name(status), passing=status in _PASSING)
    result.etag = _header(response, b"etag")
    result.last_modified = _header(response, b"last-modified")
    if status == 304:
        result.unchanged = True
        return None
    result.content_type = _header(response, b"content-type")
    document = _read_body(response, result, config.max_bytes)
    result.document = unzipped(document, config.max_bytes)
    return None


def _header(response: httpcore.Response, name: bytes) -> str | None:
    for key, value in response.headers:
        if key.lower() == name:
            return value.decode("utf-8" if name == b"location" else "latin-1", "replace").strip() or None
    return None


def _status_name(status: int) -> str:
    try:
        return f"HTTP {status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _max_age(response: httpcore.Response) -> int | None:
    match = _MAX_AGE.search(_header(response, b"cache-control") or "")
    if match is None:
        return None
    age = _header(response, b"age") or ""
    return max(0, int(match[1]) - (int(age[:9]) if age.isascii() and age.isdigit() else 0))


def _retry_after(value: str | None) -> float | None:
    """Seconds or a date, as RFC 9110, 10.2.3 has it."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = email.utils.parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
        return max(0.0, (moment - dt.datetime.now(dt.timezone.utc)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _read_body(response: httpcore.Response, result: Fetched, max_bytes: int) -> bytes:
    """Receive and decompress piece by piece; nothing beyond `max_bytes` is ever held.

    Raises:
      FetchError: it is longer, damaged or compressed in a way not asked for.
    """
    length = _header(response, b"content-length")
    if length and length.isascii() and length.isdigit() and int(length[:15]) > max_bytes:
        raise FetchError(_too_large(max_bytes))
    inflater = _inflater(_header(response, b"content-encoding"))
    body = bytearray()
    for chunk in response.iter_stream():
        result.received_bytes += len(chunk)
        body += inflater.feed(chunk, max_bytes - len(body) + 1) if inflater else chunk
        if len(body) > max_bytes:
            raise FetchError(_too_large(max_bytes))
    if inflater and not inflater.complete:
        raise FetchError("the compressed answer ends too early", passing=True)
    return bytes(body)


def _too_large(max_bytes: int) -> str:
    return f"larger than {max_bytes:,} bytes after decompression (max_bytes)"


def _inflater(encoding: str | None) -> Inflater | None:
    name = (encoding or "identity").lower()
    if name in ("identity", "none", ""):
        return None
    if name in ("gzip", "x-gzip", "deflate"):
        return Inflater()
    raise FetchError(f"compressed as {name[:40]!r}, which was not asked for")


class Inflater:
    """Decompresses gzip, zlib and raw deflate data in pieces of bounded size."""

    def __init__(self) -> None:
        self._engine: zlib._Decompress | None = None
        self._opening = b""
        self.complete = False

    def feed(self, data: bytes, limit: int) -> bytes:
        """Return what `data` holds, at most `limit` bytes of it.

        Raises:
          FetchError: the data are damaged.
        """
        if self._engine is None:
            data = self._opening + data
            if len(data) < 2:
                self._opening = data
                return b""
            zlib_header = data[0] & 0x0F == 8 and (data[0] * 256 + data[1]) % 31 == 0
            self._engine = zlib.decompressobj(47 if data.startswith(_GZIP_MAGIC) or zlib_header else -15)
        pieces = bytearray()
        try:
            while data and len(pieces) < limit:
                pieces += self._engine.decompress(data, limit - len(pieces))
                data = self._engine.unconsumed_tail
                if self._engine.eof:
                    data = self._engine.unused_data
                    if not data.startswith(_GZIP_MAGIC):  # else another member of the same file follows
                        break
                    self._engine = zlib.decompressobj(47)
        except zlib.error as error:
            raise FetchError(f"the compressed data are damaged: {error}") from None
        self.complete = self._engine.eof
        return bytes(pieces)


def unzipped(document: bytes, max_bytes: int) -> bytes:
    """Return a document that is itself a gzip file decompressed, any other as it is.

    Raises:
      FetchError: it is damaged or becomes longer than `max_bytes`.
    """
    if not document.startswith(_GZIP_MAGIC):
        return document
    inflater = Inflater()
    content = inflater.feed(document, max_bytes + 1)
    if len(content) > max_bytes:
        raise FetchError(_too_large(max_bytes))
    if not inflater.complete:
        raise FetchError("the gzip file ends too early")
    return content
