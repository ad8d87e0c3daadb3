from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.identity import article_id, canonical_url, content_hash, is_global_guid, url_key

CANONICAL = [
    ("https://example.com/a?utm_source=rss&utm_medium=feed#top", "https://example.com/a"),
    ("https://example.com/a?b=2&fbclid=x&a=1", "https://example.com/a?b=2&a=1"),
    ("https://example.com/?gclid=1", "https://example.com/"),
    ("https://example.com/a?", "https://example.com/a"),
    ("HTTP://Example.COM:80/Path", "http://example.com/Path"),
    ("https://example.com:443/a", "https://example.com/a"),
    ("https://example.com:8443/a", "https://example.com:8443/a"),
    ("https://user:secret@example.com/a", "https://example.com/a"),
    ("https://example.com./a", "https://example.com/a"),
    ("//example.com/a", "https://example.com/a"),
    ("www.example.com/a", "https://www.example.com/a"),
    (" https://example.com/a b ", "https://example.com/a%20b"),
    ("https://bücher.example/straße", "https://xn--bcher-kva.example/stra%C3%9Fe"),
    ("https://example.com/%7euser/%c3%a4", "https://example.com/~user/%C3%A4"),
    ("https://example.com/?p=12&amp;utm_source=rss", "https://example.com/?p=12"),
    ("https://example.com/search?source=2&x=1", "https://example.com/search?source=2&x=1"),
    ("https://example.com/a?source=rss----1", "https://example.com/a"),
    # AMP and mobile variants
    ("https://amp.example.com/a", "https://example.com/a"),
    ("https://example.com/2025/story/amp/", "https://example.com/2025/story"),
    ("https://example.com/story.amp.html", "https://example.com/story.html"),
    ("https://example.com/amp/news/story", "https://example.com/news/story"),
    ("https://example.com/story?outputType=amp", "https://example.com/story"),
    ("https://www.google.com/amp/s/www.example.com/story/amp", "https://www.example.com/story"),
    ("https://www-example-com.cdn.ampproject.org/c/s/www.example.com/story", "https://www.example.com/story"),
    ("https://m.example.com/a", "https://example.com/a"),
    ("https://en.m.wikipedia.org/wiki/Beam", "https://en.wikipedia.org/wiki/Beam"),
    ("https://m.de/a", "https://m.de/a"),
    ("https://example.com/guitar/amp-review", "https://example.com/guitar/amp-review"),
]
NOT_ADDRESSES = [
    None,
    "",
    "/relative",
    "javascript:alert(1)",
    "data:text/html,x",
    "mailto:a@example.com",
    "ftp://example.com/a",
    "http://",
    "http://[bad",
    "http://exa mple.com/",
    "http://a..b/",
    "http://example.com:99999/",
]


@pytest.mark.parametrize(("url", "expected"), CANONICAL)
def test_canonical_url(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


@pytest.mark.parametrize("url", NOT_ADDRESSES)
def test_no_canonical_url(url: str | None) -> None:
    assert canonical_url(url) is None


@given(
    st.one_of(
        st.text(),
        st.builds("http{}://{}/{}?{}".format, st.sampled_from(["", "s"]), st.text(), st.text(), st.text()),
        st.lists(
            st.sampled_from(["https://", "amp.", "m.", "example.com", "/amp", ".amp", "?amp=1", "&", "%7", "%2f", "a/"])
        ).map("".join),
    )
)
def test_canonical_url_is_a_fixed_point(url: str) -> None:
    canonical = canonical_url(url)
    assert canonical is None or canonical_url(canonical) == canonical


def test_variants_of_an_address_have_one_key() -> None:
    variants = [
        "http://example.com/a/",
        "https://www.example.com/a",
        "https://m.example.com/a?utm_source=x",
        "//example.com/a#c",
    ]
    assert {url_key(variant) for variant in variants} == {"example.com/a"}


def test_content_hash_folds_white_space_and_composes() -> None:
    assert content_hash("A  b", "cafe\u0301\n\nx") == content_hash(" A b", "café x ")
    assert content_hash("a", "b") != content_hash("a b", "")
    assert content_hash(None, None) == content_hash("", "")


def an_id(**changes: object) -> str:
    article = {"url": "https://example.com/a", "guid": "1", "title": "Title", "content": "c0", **changes}
    return article_id(**article)  # type: ignore[arg-type]


def test_an_address_identifies_an_article() -> None:
    assert an_id() == an_id(guid=None, title="Other title", content="c1", url="http://www.example.com/a?utm_source=x")
    assert an_id() != an_id(url="https://example.com/b")


def test_an_address_of_several_entries_is_joined_by_guid_or_title() -> None:
    assert an_id(url_shared=True) != an_id(url_shared=True, guid="2")
    assert an_id(url_shared=True) == an_id(url_shared=True, content="changed")
    assert an_id(url_shared=True, guid=None) != an_id(url_shared=True, guid=None, title="Other")
    assert an_id(url_shared=True, guid=None) != an_id(url_shared=True, guid=None, content="c1")
    assert an_id(url_shared=True, guid_shared=True) != an_id(url_shared=True, guid_shared=True, content="c1")


def test_a_site_is_no_article() -> None:
    root = "https://example.com/"
    assert an_id(url=root) != an_id(url=root, guid="2")
    assert an_id(url=root, guid=None) != an_id(url=root, guid=None, title="Other")
    assert an_id(url=root, guid=None, title=None) != an_id(url=root, guid=None, title=None, content="c1")


def test_without_an_address_the_guid_counts_alone_only_if_it_is_unique_in_the_world() -> None:
    tag = "tag:example.com,2025:1"
    assert an_id(url=None, guid=tag) == an_id(url="javascript:x", guid=tag, content="c1")
    assert an_id(url=None, guid=tag, guid_shared=True) != an_id(url=None, guid=tag, guid_shared=True, content="c1")
    assert an_id(url=None, guid="17") != an_id(url=None, guid="17", content="c1")
    assert an_id(url=None, guid=None) == an_id(url=None, guid=" ")
    assert an_id(url=None, guid=None) != an_id(url=None, guid=None, content="c1")


@pytest.mark.parametrize(
    ("guid", "expected"),
    [
        ("https://example.com/?p=1", True),
        ("tag:example.com,2025-05-07:a/b", True),
        ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", True),
        ("17", False),
        ("article-17", False),
        ("http://localhost", False),
    ],
)
def test_global_guids(guid: str, expected: bool) -> None:
    assert is_global_guid(guid) is expected
