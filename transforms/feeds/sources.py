"""From what the configuration names (paths, globs, addresses, lists of feeds) to single feeds."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit
from xml.parsers import expat

import yaml
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from transforms.feeds.config import FeedsConfig
from transforms.feeds.encoding import decode_document
from transforms.feeds.fetch import FetchError, fetch, unzipped

MAX_LIST_DEPTH = 3
"""How far lists of feeds that name further lists are followed."""

MAX_FEEDS = 100_000

OPML_ENDINGS = (".opml", ".opml.xml")
YAML_ENDINGS = (".yaml", ".yml")
TEXT_ENDINGS = (".txt",)

REMOTE_SCHEMES = ("gs", "s3", "hdfs", "azfs")
"""What Beam has filesystems for, some of them in extras."""

Load = Callable[[str], bytes]


class SourceError(ValueError):
    """An address of the configuration or of a list leads to nothing; the message is one line."""


class Problem(NamedTuple):
    """An address that could not be used."""

    address: str
    error: str


class Expanded(NamedTuple):
    """The feeds that a list of addresses leads to, each once, in order; and the addresses that lead to none."""

    feeds: list[str]
    problems: list[Problem]


def is_http(address: str) -> bool:
    """Whether an address is to be fetched over HTTP."""
    return address[:8].lower().startswith(("http://", "https://"))


def is_list(address: str) -> bool:
    """Whether an address names a list of feeds (OPML, YAML or plain text), by its ending."""
    return _ending(address).endswith((*OPML_ENDINGS, *YAML_ENDINGS, *TEXT_ENDINGS))


def _ending(address: str) -> str:
    return (urlsplit(address).path if is_http(address) else address).lower()


def read_path(path: str, max_bytes: int) -> bytes:
    """Return the content of a file on any Beam filesystem, decompressed.

    Raises:
      SourceError: it can't be read, or is longer than `max_bytes`.
    """
    try:
        with FileSystems.open(path) as file:
            content = bytes(file.read(max_bytes + 1))
        content = unzipped(content, max_bytes)
    except (OSError, ValueError, EOFError, BeamIOError, FetchError) as error:
        raise SourceError(f"can't be read: {_one_line(error)}") from None
    if len(content) > max_bytes:
        raise SourceError(f"larger than {max_bytes:,} bytes (max_bytes)")
    return content


def load(address: str, config: FeedsConfig) -> bytes:
    """Return the document at a path or an address.

    Raises:
      SourceError: there is none.
    """
    if not is_http(address):
        return read_path(address, config.max_bytes)
    fetched = fetch(address, config)
    if fetched.document is None:
        raise SourceError(fetched.error or "no document")
    return fetched.document


def expand_feeds(addresses: list[str], load_list: Load) -> Expanded:
    """Return the feeds that addresses lead to.

    Globs become their files, in order of name; lists of feeds (known by their endings) what they name, with lists
    inside lists followed to a depth of `MAX_LIST_DEPTH`. A path inside a list is relative to the list; a list that came
    over HTTP may name http(s) addresses only.

    Args:
      addresses: paths, globs, `file://` and http(s) addresses.
      load_list: returns the bytes of a list of feeds; raises ValueError with a one-line message.
    """
    feeds: dict[str, str] = {}
    problems: list[Problem] = []
    lists_seen: set[str] = set()

    def add(address: str, depth: int) -> None:
        try:
            for place in _places(address):
                if is_list(place):
                    if place not in lists_seen:
                        lists_seen.add(place)
                        add_list(place, depth)
                elif len(feeds) >= MAX_FEEDS:
                    raise SourceError(f"more than {MAX_FEEDS:,} feeds")
                else:
                    feeds.setdefault(_same(place), place)
        except ValueError as error:
            problems.append(Problem(address, _one_line(error)))

    def add_list(place: str, depth: int) -> None:
        if depth >= MAX_LIST_DEPTH:
            raise SourceError(f"lists of feeds nested more than {MAX_LIST_DEPTH} deep")
        for address in listed_addresses(place, load_list(place)):
            try:
                absolute = _inside_list(address, place)
            except ValueError as error:
                problems.append(Problem(address, f"{_one_line(error)} (in {place})"))
                continue
            add(absolute, depth + 1)

    for address in addresses:
        add(address.strip(), 0)
    return Expanded(list(feeds.values()), list(dict.fromkeys(problems)))


def no_filesystem(path: str, instead: str) -> str:
    """Return what to tell of a path that begins with a scheme for which Beam has no filesystem; else nothing."""
    scheme = FileSystems.get_scheme(path)
    return "" if scheme in (None, *REMOTE_SCHEMES) else f"nothing can be read over {scheme}://; name {instead}"


def _places(address: str) -> Iterator[str]:
    if is_http(address):
        yield address
        return
    if not address:
        raise SourceError("an empty address")
    path = _path(address)
    if "://" not in path and re.match(r"[A-Za-z][A-Za-z0-9+.-]+:(?!\\)", path):
        raise SourceError("neither a path nor an address that can be fetched")
    try:
        found = FileSystems.match([path])[0].metadata_list
    except (BeamIOError, ValueError, OSError) as error:
        remedy = no_filesystem(path, "an http:// or https:// address, or a path")
        raise SourceError(remedy or f"can't be looked up: {_one_line(error)}") from None
    if not found and re.search(r"[*?\[]", path):
        raise SourceError("matches no file")
    if not found:
        like_host = re.match(r"[\w-]+(\.[\w-]+)+/", path)
        raise SourceError("no such file" + ("; an address begins with https://" if like_host else ""))
    files = sorted(file.path for file in found if not os.path.isdir(file.path))
    if not files:
        raise SourceError(f"a folder; name the files in it, as {path.rstrip('/')}/*")
    yield from files


def _path(address: str) -> str:
    """The path of a `file:` address, or the path itself."""
    if not address.lower().startswith("file:"):
        return address
    split = urlsplit(address)
    if split.netloc not in ("", "localhost"):
        raise SourceError(f"a file on another machine ({split.netloc})")
    return unquote(split.path)


def _same(address: str) -> str:
    """What two spellings of one feed's address have in common."""
    if not is_http(address):
        return address
    split = urlsplit(address)
    return split._replace(scheme=split.scheme.lower(), netloc=split.netloc.lower(), fragment="").geturl()


def _inside_list(address: str, place: str) -> str:
    if re.match(r"feed:", address, re.IGNORECASE):
        address = re.sub(r"^feed:(//)?(?=https?:)", "", address, flags=re.IGNORECASE)
        address = re.sub(r"^feed:", "http:", address, flags=re.IGNORECASE)
    if is_http(place):
        address = urljoin(place, address)
        if not is_http(address):
            raise SourceError("a list that came over HTTP may name http(s) addresses only")
        return address
    if "://" in address or address.startswith(("/", "file:")):
        return address
    return str(FileSystems.join(FileSystems.split(place)[0], address))


def listed_addresses(place: str, document: bytes) -> list[str]:
    """Return the addresses that a list of feeds names, in the format that its ending tells.

    Raises:
      SourceError: it is no such list.
    """
    ending = _ending(place)
    if ending.endswith(YAML_ENDINGS):
        return yaml_addresses(document)
    return text_addresses(document) if ending.endswith(TEXT_ENDINGS) else opml_addresses(document)


def text_addresses(document: bytes) -> list[str]:
    """Return the addresses of a text, one a line; empty lines and what follows a `#` after a space are passed over.

    Raises:
      SourceError: it is a feed itself.
    """
    text = decode_document(document)
    if text.lstrip("\ufeff \t\r\n")[:1] in ("<", "{"):
        raise SourceError("not a list of feeds; a feed in a file must not have a name that ends in .txt")
    lines = (re.split(r"(?:^|\s)#", line)[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def yaml_addresses(document: bytes) -> list[str]:
    """Return the addresses of a YAML list, or of the list under `feeds` in a mapping.

    Raises:
      SourceError: it is no YAML, or holds no such list.
    """
    try:
        value = yaml.safe_load(decode_document(document))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise SourceError(f"not YAML: {_one_line(error)}") from None
    addresses = value.get("feeds") if isinstance(value, dict) else value
    if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
        raise SourceError(
            "holds no list of addresses; write one a line, each after a hyphen, or put them under `feeds:`"
        )
    return [address.strip() for address in addresses]


def opml_addresses(document: bytes) -> list[str]:
    """Return the addresses that an OPML document names, however its outlines are nested.

    A damaged document is read as far as it goes.

    Raises:
      SourceError: it is no OPML, names nothing because it is damaged, or declares entities.
    """
    addresses: list[str] = []
    names: list[str] = []

    def element(name: str, attributes: dict[str, str]) -> None:
        if not names and name.lower() != "opml":
            raise SourceError(f"not a list of feeds (OPML): it begins with <{name[:40]}>")
        names.append(name)
        values = {key.lower(): value.strip() for key, value in attributes.items()}
        is_include = values.get("type", "").lower() == "include"
        address = values.get("xmlurl") or (values.get("url") if is_include else None)
        if name.lower() == "outline" and address:
            addresses.append(address)

    def entity(*_: object) -> None:
        raise SourceError("declares entities, which no list of feeds needs")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = element
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(decode_document(document).encode("utf-8"), True)
    except expat.ExpatError as error:
        if not addresses:
            raise SourceError(f"not a list of feeds (OPML): {error}") from None
    return addresses


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:500]
