from __future__ import annotations

import datetime as dt
import json
from typing import Any

import msgspec
import pytest

from transforms.feeds import parse as parsing
from transforms.feeds.parse import NotAFeedError, ParsedFeed, normal_language, parse_feed
from transforms.files import parse_article_line
from transforms.records import Record

NOW = dt.datetime(2025, 5, 8, 12, tzinfo=dt.timezone.utc)
ADDRESS = "https://feeds.example.com/rss"
ITEM = "<item><title>Title {0}</title><link>https://example.com/{0}</link><description>Text {0}</description></item>"


def rss(items: str, channel: str = "<title>Sample &amp;amp; Co</title><link>https://example.com/</link>") -> str:
    namespaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    )
    declaration = '<?xml version="1.0" encoding="utf-8"?>'
    return f'{declaration}<rss version="2.0" {namespaces}><channel>{channel}{items}</channel></rss>'


def parsed(document: str | bytes, **options: Any) -> ParsedFeed:
    content = document if isinstance(document, bytes) else document.encode()
    return parse_feed(content, address=ADDRESS, fetched_at=NOW, **options)


def only(document: str | bytes) -> Record:
    feed = parsed(document)
    assert feed.failures == []
    (record,) = feed.records
    return record


def test_rss_2() -> None:
    item = """<item><title>Fish &amp;amp; &lt;i&gt;chips&lt;/i&gt;</title>
    <link>https://www.example.com/a?utm_source=rss</link><guid isPermaLink="false">7</guid>
    <pubDate>Wed, 07 May 2025 10:00:00 +0200</pubDate><dc:creator>Ada Byron</dc:creator><dc:creator>Joe Doe</dc:creator>
    <category>Food</category><category>Food</category><category>Sea &amp; coast</category>
    <description>Short.</description><content:encoded><![CDATA[<p>Long <b>text</b>.</p><p>Second&nbsp;paragraph.</p>
    <script>x()</script>]]></content:encoded></item>"""
    feed = parsed(
        rss(item, "<title>Sample &amp;amp; Co</title><link>https://example.com/</link><language>en_gb</language>")
    )
    (record,) = feed.records
    assert (feed.title, feed.language, feed.warning, feed.entries) == ("Sample & Co", "en-GB", None, 1)
    assert record.title == "Fish & chips"
    assert record.text == "Long text.\n\nSecond paragraph."
    assert record.summary == "Short."
    assert record.authors == ["Ada Byron", "Joe Doe"]
    assert record.categories == ["Food", "Sea & coast"]
    assert record.url == "https://www.example.com/a?utm_source=rss"
    assert record.canonical_url == "https://www.example.com/a"
    assert record.published_at == dt.datetime(2025, 5, 7, 8, tzinfo=dt.timezone.utc)
    assert record.updated_at is None
    assert record.fetched_at == NOW
    assert record.language.declared == "en-GB"
    assert (record.source.type, record.source.name, record.source.feed_url) == ("feeds", "Sample & Co", ADDRESS)


def test_atom() -> None:
    record = only("""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>T</title><entry xml:lang="fr">
    <title>Use of &lt;b&gt;</title><id>tag:example.com,2025:1</id><link href="https://example.com/1"/>
    <link rel="enclosure" href="https://example.com/1.mp3"/><updated>2025-05-07T10:00:00Z</updated>
    <summary>Short</summary>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One</p><p>Two</p></div></content>
    <author><name>Ada Byron</name><email>ada@example.com</email></author>
    <category term="x" label="Label"/></entry></feed>""")
    assert (record.text, record.summary, record.authors) == ("One\n\nTwo", "Short", ["Ada Byron"])
    assert (record.published_at, record.updated_at) == (None, dt.datetime(2025, 5, 7, 10, tzinfo=dt.timezone.utc))
    assert (record.language.declared, record.categories, record.url) == ("fr", ["Label"], "https://example.com/1")


def test_rss_1_and_091() -> None:
    record = only("""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>T</title></channel>
    <item rdf:about="https://example.com/1"><title>One</title><link>https://example.com/1</link><description>Text</description>
    <dc:date>2025-05-07T10:00:00Z</dc:date></item></rdf:RDF>""")
    assert (record.title, record.text) == ("One", "Text")
    assert (record.published_at, record.updated_at) == (dt.datetime(2025, 5, 7, 10, tzinfo=dt.timezone.utc), None)
    assert only(f'<rss version="0.91"><channel><title>T</title>{ITEM.format(1)}</channel></rss>').text == "Text 1"


def test_json_feed() -> None:
    item = {
        "id": 17,
        "url": "/1",
        "title": "One",
        "content_html": "<p>First.</p><p>Second.</p>",
        "content_text": "First. Second",
        "summary": "Short",
        "date_published": "2025-05-07T10:00:00+02:00",
        "date_modified": "nonsense",
        "authors": [{"name": "Ada Byron"}, {"url": "x"}],
        "tags": ["a", 1],
        "language": "en",
    }
    feed = {"version": "https://jsonfeed.org/version/1.1", "home_page_url": "https://example.com/", "items": [item]}
    record = only(json.dumps(feed))
    assert (record.text, record.summary, record.authors, record.categories) == (
        "First.\n\nSecond.",
        "Short",
        ["Ada Byron"],
        ["a"],
    )
    assert (record.url, record.language.declared) == ("https://example.com/1", "en")
    assert (record.published_at, record.updated_at) == (dt.datetime(2025, 5, 7, 8, tzinfo=dt.timezone.utc), None)


@pytest.mark.parametrize("item", [None, 1, [], {}, {"id": {}, "title": [], "authors": "x", "tags": {}, "url": 5}])
def test_an_ill_typed_item_leaves_its_neighbours(item: Any) -> None:
    good = {"id": "1", "content_text": "Text \ud800", "url": "https://example.com/1"}
    feed = parsed(json.dumps({"version": "https://jsonfeed.org/version/1", "items": [item, good]}))
    assert [record.text for record in feed.records] == ["Text"]
    assert (feed.entries, len(feed.failures)) == (2, 1)


def test_the_fullest_body_wins() -> None:
    short = "<content:encoded>Cut …</content:encoded><description>The whole of the long text.</description>"
    record = only(rss(f"<item><title>T</title>{short}</item>"))
    assert (record.text, record.summary) == ("The whole of the long text.", None)


def test_relative_links_are_those_of_the_site() -> None:
    assert only(rss("<item><link>/a/b</link><title>T</title></item>")).url == "https://example.com/a/b"
    without_site = rss("<item><link>/a/b</link><title>T</title></item>", "<title>T</title>")
    assert only(without_site).url == "https://feeds.example.com/a/b"


def test_relative_links_of_a_site_that_only_the_feeds_own_address_names() -> None:
    own = '<link rel="self" href="https://own.example/feed.xml"/><link href="/"/>'
    entry = '<entry><title>T</title><link href="/a"/></entry>'
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>{own}{entry}</feed>'
    assert only(atom).url == "https://own.example/a"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "mailto:a@example.com", "http://[bad"])
def test_links_that_lead_to_no_page_are_dropped(link: str) -> None:
    record = only(rss(f"<item><title>T</title><link>{link}</link><guid isPermaLink='false'>1</guid></item>"))
    assert (record.url, record.canonical_url, record.title) == (None, None, "T")


@pytest.mark.parametrize(
    "item",
    [
        "<item><title>T</title><link>https://example.com/1</link></item>",
        "<item><link>https://example.com/1</link></item>",
        "<item><title>T</title></item>",
        "<item><description>Text</description></item>",
        "<item><guid>https://example.com/1</guid></item>",
    ],
)
def test_entries_that_lack_things(item: str) -> None:
    record = only(rss(item))
    assert record.id
    assert record.published_at is None


def test_an_entry_without_anything_is_a_dead_letter_and_its_neighbours_live() -> None:
    feed = parsed(rss(ITEM.format(1) + "<item><category>x</category></item>" + ITEM.format(2)))
    assert [record.title for record in feed.records] == ["Title 1", "Title 2"]
    (letter,) = feed.failures
    assert (letter.kind, letter.error) == ("line", "ValueError: the entry has neither a text, a title nor a link")


def test_an_entry_that_fails_can_be_read_again_from_its_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(url: str | None) -> str | None:
        if url == "https://example.com/2":
            raise RuntimeError("boom")
        return canonical_url(url)

    canonical_url = parsing.canonical_url
    document = rss(ITEM.format(1) + ITEM.format(2) + ITEM.format(3))
    expected = parsed(document).records[1]
    monkeypatch.setattr(parsing, "canonical_url", failing)
    feed = parsed(document)
    assert [record.title for record in feed.records] == ["Title 1", "Title 3"]
    (letter,) = feed.failures
    assert parse_article_line(letter.input["line"].encode(), "x", fetched_at=NOW) == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Wed, 07 May 2025 10:00:00 GMT", dt.datetime(2025, 5, 7, 10, tzinfo=dt.timezone.utc)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 01 Jan 2038 00:00:00 GMT", None),
        ("Sat, 00 Foo 2025", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", None),
        ("99999999999999", None),
        ("Fri, 09 May 2025 10:00:00 GMT", dt.datetime(2025, 5, 9, 10, tzinfo=dt.timezone.utc)),  # a wrong time zone
    ],
)
def test_dates_are_true_or_absent(date: str, expected: dt.datetime | None) -> None:
    assert only(rss(f"<item><title>T</title><pubDate>{date}</pubDate></item>")).published_at == expected


def test_ten_thousand_entries_with_one_guid_are_ten_thousand_articles() -> None:
    template = "<item><guid isPermaLink='false'>same</guid>{}<description>Text {}</description></item>"
    numbers = range(1000)  # a tenth, for time; the rule has no number in it
    links = [template.format(f"<link>https://example.com/{n}</link>", "same") for n in numbers]
    texts = [template.format("", n) for n in numbers]
    one_link = [template.format("<link>https://example.com/live</link>", n) for n in numbers]
    for items in (links, texts, one_link):
        assert len({record.id for record in parsed(rss("".join(items))).records}) == len(numbers)


def test_the_same_entry_twice_is_one_article() -> None:
    first, second = parsed(rss(ITEM.format(1) * 2)).records
    assert first.id == second.id


def test_ids_do_not_depend_on_the_feed() -> None:
    document = rss(ITEM.format(1) + "<item><guid>tag:example.com,2025:1</guid><title>T</title></item>").encode()
    one = parse_feed(document, address="https://a.example/rss", fetched_at=NOW)
    other = parse_feed(document, address="/tmp/feed.xml", fetched_at=NOW + dt.timedelta(days=1))
    assert [record.id for record in one.records] == [record.id for record in other.records]


ACCENTED = rss("<item><title>Café – “naïve”</title></item>")


@pytest.mark.parametrize(
    ("document", "content_type"),
    [
        (ACCENTED.encode(), None),
        (ACCENTED.encode(), "text/xml; charset=iso-8859-1"),
        (ACCENTED.encode("utf-8-sig"), None),
        (ACCENTED.replace("utf-8", "iso-8859-1").encode(), None),
        (ACCENTED.replace("utf-8", "us-ascii").encode(), None),
        (ACCENTED.replace("utf-8", "no-such-code").encode(), None),
        (ACCENTED.encode("cp1252"), None),
        (ACCENTED.replace("utf-8", "iso-8859-1").encode("cp1252"), None),
        (ACCENTED.replace("utf-8", "utf-16").encode("utf-16"), None),
        (ACCENTED.encode("utf-16-le"), "text/xml; charset=utf-8"),
        (ACCENTED.encode("utf-16-be"), None),
        (ACCENTED.encode("utf-32"), None),
        (("\n \ufeff" + ACCENTED).encode(), None),
        (ACCENTED.replace("é", "\x00é\x0b&#0;&#x1f;").encode(), None),
    ],
)
def test_encodings(document: bytes, content_type: str | None) -> None:
    feed = parsed(document, content_type=content_type)
    assert [record.title for record in feed.records] == ["Café – “naïve”"]


def test_other_encodings() -> None:
    for encoding, title in {
        "koi8-r": "Новости",
        "iso-2022-jp": "日本の",
        "big5": "新聞",
        "windows-1256": "أخبار",
    }.items():
        document = rss(f"<item><title>{title}</title></item>").replace("utf-8", encoding).encode(encoding)
        assert only(document).title == title


def test_a_few_bad_bytes_in_utf_8() -> None:
    document = rss("<item><title>Café – naïve – ÄÖÜ@</title></item>").encode().replace(b"@", b"\x92")
    assert only(document).title == "Café – naïve – ÄÖÜ’"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"", "empty document"),
        (b" \n\xef\xbb\xbf", "empty document"),
        (b"\x00" * 100, "empty document"),
        (b"Not found", "not a feed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not a feed"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "an HTML page, not a feed"),
        (
            b"<html><head><link rel=alternate type=application/rss+xml href=/rss></head></html>",
            "an HTML page, not a feed; the page names /rss",
        ),
        (b'<?xml version="1.0"?><opml version="2.0"><body/></opml>', "a list of feeds"),
        (b"{}", "JSON, but not a JSON Feed"),
        (b'{"items": [', "not a JSON Feed"),
        (b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 100_000, "not a JSON Feed"),
        (b"<rss><channel>" + b"<a>" * 10_000, "nested more than 5,000 deep"),
        (b"<rss><channel>" + b"<a/>" * 500_001, "more than 500,000 tags"),
        (b"<rss " + b'a="x" ' * 1001 + b">", "a tag with more than 1,000 attributes"),
        (b"<" * 2_000_001, "more than 2,000,000 times '<'"),
        (b"<rss>" + bytes(20_000_000), "larger than 16,777,216 bytes"),
    ],
)
def test_what_is_no_feed_is_named_in_one_line(document: bytes, message: str) -> None:
    with pytest.raises(NotAFeedError) as caught:
        parsed(document)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_document_gives_its_whole_entries() -> None:
    document = rss("".join(ITEM.format(n) for n in range(5)))
    cut = document[: document.index("Text 3") + 3]
    feed = parsed(cut)
    assert [record.title for record in feed.records] == ["Title 0", "Title 1", "Title 2"]
    assert [letter.error for letter in feed.failures] == ["ValueError: the document ends inside this entry"]
    assert feed.truncated
    assert feed.warning
    between = parsed(document[: document.index("</channel>")])
    assert (len(between.records), len(between.failures), between.truncated) == (5, 0, True)


def test_a_damaged_document_gives_its_entries() -> None:
    feed = parsed(rss("<item><title>Fish & chips <br> more</title></item>" + ITEM.format(1)))
    assert [record.title for record in feed.records] == ["Fish & chips more", "Title 1"]
    assert not feed.truncated
    assert feed.warning


@pytest.mark.parametrize("space", ["", "\n", "\n<!-- a > b -->\n"])
@pytest.mark.parametrize("trick", ["", "<!ENTITY z '<rss>]>'>", '<!-- " -->', "<?x ' ?>", "<!ELEMENT rss ANY>"])
def test_no_entity_expands(space: str, trick: str) -> None:
    """A billion laughs, wherever the document type stands and whatever hides its end."""
    laughs = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(10))
    document = rss("<item><title>Ha &k; &a; ha</title></item>" + ITEM.format(1))
    doctype = f'{space}<!DOCTYPE rss [{trick}<!ENTITY a "laughter">{laughs}]>{space}<rss'
    feed = parsed(document.replace("<rss", doctype, 1))
    assert feed.records[-1].title == "Title 1"
    assert all("laughter" not in (record.title or "") for record in feed.records)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "http://127.0.0.1:9/x"])
def test_nothing_external_is_loaded(place: str) -> None:
    doctype = f'<!DOCTYPE rss SYSTEM "{place}" [<!ENTITY x SYSTEM "{place}"><!ENTITY % y SYSTEM "{place}">%y;]>'
    document = rss("<item><title>Title</title><description>Secret: &x;</description></item>")
    record = only(document.replace("<rss", f"{doctype}<rss", 1))
    assert record.text in ("Secret:", "Secret: &x;", "Title", "")


def test_markup_made_to_keep_a_parser_busy_is_a_dead_letter() -> None:
    bomb = f"<item><title>T</title><description><![CDATA[{'<div>' * 300_000}]]></description></item>"
    feed = parsed(rss(bomb + ITEM.format(1)))
    assert [record.title for record in feed.records] == ["Title 1"]
    assert [letter.error for letter in feed.failures] == ["ValueError: HTML with too many or too deeply nested tags"]


def test_polling_hints() -> None:
    channel = "<title>T</title><ttl>60</ttl><skipHours><hour>0</hour><hour> 23 </hour><hour>24</hour></skipHours>"
    hints = parsed(rss("", channel)).hints
    assert (hints.ttl_minutes, hints.skip_hours) == (60, (0, 23))
    updates = "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
    assert parsed(rss("", f"<title>T</title>{updates}")).hints.ttl_minutes == 30
    days = "<skipDays><day>Sunday</day><day> saturday </day><day>Someday</day></skipDays>"
    assert parsed(rss("", f"<title>T</title>{days}")).hints.skip_days == (5, 6)
    assert parsed(rss("", "<title>T</title><ttl>soon</ttl>")).hints == parsing.PollingHints()


def test_a_feed_without_entries_is_a_feed() -> None:
    assert parsed(rss("")).entries == 0


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en-us", "en-US"),
        ("pt_BR", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("EN", "en"),
        ("", None),
        ("english (UK)", None),
        (None, None),
    ],
)
def test_language_tags(tag: str | None, expected: str | None) -> None:
    assert normal_language(tag) == expected


def test_records_can_be_written() -> None:
    assert only(rss(ITEM.format("&#xD800;&#x110000;&#99999999999;"))).title == "Title"
    for record in parsed(rss(ITEM.format("\ufffe&#xD800;&#x110000;&#99999999999;x"))).records:
        assert msgspec.json.encode(record)
