from __future__ import annotations

from pathlib import Path

import pytest

from transforms.feeds.sources import MAX_LIST_DEPTH, SourceError, expand_feeds, opml_addresses, read_path


def opml(*outlines: str) -> bytes:
    return f'<?xml version="1.0"?><opml version="2.0"><body>{"".join(outlines)}</body></opml>'.encode()


def feed(address: str) -> str:
    return f'<outline type="rss" text="x" xmlUrl="{address}"/>'


def no_lists(address: str) -> bytes:
    raise AssertionError(f"{address} is no list")


def from_disk(address: str) -> bytes:
    return read_path(address, 1_000_000)


def test_paths_globs_and_addresses_each_once(tmp_path: Path) -> None:
    for name in ("b.xml", "a.xml", "c.rss"):
        (tmp_path / name).write_bytes(b"x")
    expanded = expand_feeds(
        [
            str(tmp_path / "*.xml"),
            str(tmp_path / "b.xml"),
            f"file://{tmp_path}/c.rss",
            "https://Example.com/rss#x",
            "HTTPS://example.com/rss",
        ],
        no_lists,
    )
    assert expanded.feeds == [
        *(str(tmp_path / name) for name in ("a.xml", "b.xml", "c.rss")),
        "https://Example.com/rss#x",
    ]
    assert expanded.problems == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("{}/none.xml", "no such file"),
        ("{}/*.none", "matches no file"),
        ("file://elsewhere/x", "a file on another machine (elsewhere)"),
        ("ftp://example.com/rss", "nothing can be read over ftp://; name an http:// or https:// address"),
        ("www.example.com/rss.xml", "no such file; an address begins with https://"),
        ("javascript:alert(1)", "neither a path nor an address"),
        ("", "an empty address"),
        ("{}/none.opml", "no such file"),
    ],
)
def test_what_leads_nowhere_is_named(tmp_path: Path, address: str, message: str) -> None:
    expanded = expand_feeds([address.format(tmp_path)], no_lists)
    assert expanded.feeds == []
    ((named, error),) = expanded.problems
    assert named == address.format(tmp_path)
    assert error.startswith(message)


def test_lists_of_feeds(tmp_path: Path) -> None:
    (tmp_path / "own.xml").write_bytes(b"x")
    nested = f'<outline text="Folder"><outline text="Deeper">{feed("own.xml")}</outline></outline>'
    include = '<outline type="include" text="more" url="more.opml"/>'
    link = '<outline type="link" text="page" url="https://example.com/page"/>'
    odd = [feed("feed://example.com/2"), feed("feed:https://example.com/3"), feed("gone.xml")]
    (tmp_path / "list.opml").write_bytes(opml(feed("https://example.com/1"), nested, include, link, *odd))
    (tmp_path / "more.opml").write_bytes(opml(feed("https://example.com/1"), feed("https://example.com/4")))
    expanded = expand_feeds([str(tmp_path / "*.opml")], from_disk)
    assert expanded.feeds == [
        "https://example.com/1",
        str(tmp_path / "own.xml"),
        "https://example.com/4",
        "http://example.com/2",
        "https://example.com/3",
    ]
    assert expanded.problems == [(str(tmp_path / "gone.xml"), "no such file")]


def test_lists_that_name_each_other_end(tmp_path: Path) -> None:
    include = '<outline type="include" url="{}.opml"/>'
    (tmp_path / "a.opml").write_bytes(opml(include.format("b"), feed("https://example.com/a")))
    (tmp_path / "b.opml").write_bytes(opml(include.format("a"), feed("https://example.com/b")))
    expanded = expand_feeds([str(tmp_path / "a.opml")], from_disk)
    assert expanded == (["https://example.com/b", "https://example.com/a"], [])


def test_a_list_that_goes_on_for_ever_ends() -> None:
    asked: list[str] = []

    def endless(address: str) -> bytes:
        asked.append(address)
        return opml(f'<outline type="include" url="/{len(asked)}.opml"/>')

    expanded = expand_feeds(["https://example.com/0.opml"], endless)
    assert len(asked) == MAX_LIST_DEPTH
    assert expanded.feeds == []
    assert "nested more than 3 deep" in expanded.problems[0].error


def test_a_list_from_elsewhere_names_no_files() -> None:
    places = ["/feeds/a", "file:///etc/passwd", "C:/x", "gs://bucket/x", "https://other.example/b"]
    expanded = expand_feeds(["https://example.com/my.opml"], lambda address: opml(*map(feed, places)))
    assert expanded.feeds == ["https://example.com/feeds/a", "https://other.example/b"]
    assert {problem.address for problem in expanded.problems} == {"file:///etc/passwd", "C:/x", "gs://bucket/x"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"", "not a list of feeds"),
        (b"<html></html>", "not a list of feeds (OPML): it begins with <html>"),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml/>', "declares entities"),
        (b"<opml><body><outline", "not a list of feeds"),
    ],
)
def test_what_is_no_list(document: bytes, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        opml_addresses(document)
    assert str(caught.value).startswith(message)


def test_a_damaged_list_gives_what_can_be_read() -> None:
    assert opml_addresses(opml(feed("https://example.com/1"), "<outline text='a & b'/>")) == ["https://example.com/1"]
    assert opml_addresses(opml(feed("https://example.com/ü")).decode().encode("utf-16")) == ["https://example.com/ü"]


def test_read_path(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x" * 11)
    assert read_path(str(path), 11) == b"x" * 11
    with pytest.raises(SourceError, match="larger than 10 bytes"):
        read_path(str(path), 10)
    with pytest.raises(SourceError, match="can't be read"):
        read_path(str(tmp_path), 10)


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("list.yaml", "- https://example.com/1\n- own.xml\n"),
        ("list.yml", "# ours\nfeeds: [https://example.com/1, own.xml]\n"),
        ("list.txt", "\ufeff# ours\n\nhttps://example.com/1\r\nown.xml  # our own\n"),
    ],
)
def test_lists_in_yaml_and_text(tmp_path: Path, name: str, document: str) -> None:
    (tmp_path / "own.xml").write_bytes(b"x")
    (tmp_path / name).write_text(document, encoding="utf-8")
    expanded = expand_feeds([str(tmp_path / name)], from_disk)
    assert expanded == (["https://example.com/1", str(tmp_path / "own.xml")], [])


@pytest.mark.parametrize(
    ("name", "document", "message"),
    [
        ("list.yaml", "a: [", "not YAML: "),
        ("list.yaml", "feed: https://example.com/1", "holds no list of addresses"),
        ("list.yaml", "[1, 2]", "holds no list of addresses"),
        ("list.yaml", "!!python/object/apply:os.getcwd []", "not YAML: "),
        ("list.txt", "<rss/>", "not a list of feeds"),
    ],
)
def test_what_is_no_list_is_told(tmp_path: Path, name: str, document: str, message: str) -> None:
    (tmp_path / name).write_text(document)
    expanded = expand_feeds([str(tmp_path / name)], from_disk)
    assert expanded.feeds == []
    assert expanded.problems[0].error.startswith(message)
