"""The bytes of a feed to text, whatever encoding they claim to have."""

from __future__ import annotations

import codecs
import re

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

_SEVEN_BIT = ("iso2022", "iso-2022", "hz", "utf-7", "utf_7")
"""Encodings whose bytes are all valid ASCII: a valid UTF-8 document may still be in one of them."""

# XML 1.0 forbids these characters, and a strict parser gives up on the whole document for one of them.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(?:([0-9]{1,20})|[xX]([0-9a-fA-F]{1,20}));")


def decode_document(document: bytes, content_type: str | None = None) -> str:
    """Return the text of a feed document.

    What the bytes show counts more than what is claimed: a byte order mark, the zero bytes of UTF-16, then UTF-8 where
    all of it is valid; only then the encoding named in the document, the one named by the server, and for what is
    left windows-1252, or UTF-8 with its invalid bytes read as windows-1252 where most of the rest is valid UTF-8.
    Characters that XML forbids (NUL, control characters) are dropped.

    Args:
      document: the bytes, decompressed.
      content_type: the server's header, as `text/xml; charset=utf-8`.
    """
    text = _decode(document, content_type)
    return _REFERENCE.sub(_permitted_reference, _FORBIDDEN.sub("", text))


def _permitted_reference(match: re.Match[str]) -> str:
    code = int(match[1]) if match[1] else int(match[2], 16)
    return match[0] if code < 0x110000 and not _FORBIDDEN.match(chr(code)) else ""


def _decode(document: bytes, content_type: str | None) -> str:
    marked, mark = read_bom(document)
    if marked and mark:
        return document[len(mark) :].decode(marked, "replace")
    wide = _wide_encoding(document)
    if wide:
        return document.decode(wide, "replace")
    declared = _known(html_body_declared_encoding(document[:4096]))
    named = _known(http_content_type_encoding(content_type))
    for encoding in (declared, named):
        if encoding and encoding.lower().startswith(_SEVEN_BIT) and (text := _strictly(document, encoding)) is not None:
            return text
    for encoding in ("utf-8", declared, named):
        if encoding and (text := _strictly(document, encoding)) is not None:
            return text
    if _mostly_utf8(document):
        return document.decode("utf-8", "newsbeam-windows-1252")
    return document.decode("cp1252", "replace")


def _wide_encoding(document: bytes) -> str | None:
    """The UTF-16 or UTF-32 of a document without a mark, told by the zero bytes around its first `<` or `{`."""
    start = document[:4]
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        if start.startswith(("<".encode(encoding), "{".encode(encoding))) and start.count(0) >= 2:
            return encoding
    return None


def _known(encoding: str | None) -> str | None:
    return resolve_encoding(encoding) if encoding else None


def _strictly(document: bytes, encoding: str) -> str | None:
    try:
        return document.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _mostly_utf8(document: bytes) -> bool:
    invalid = document.decode("utf-8", "replace").count("\ufffd")
    high = sum(byte >= 0x80 for byte in document)
    return invalid * 4 < high


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("newsbeam-windows-1252", _as_windows_1252)
