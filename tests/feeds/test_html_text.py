from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.feeds.html_text import html_to_text, inline_text

CASES = [
    ("<p>One</p><p>Two</p>", "One\n\nTwo"),
    ("<div>One<div>Two</div></div>Three", "One\n\nTwo\n\nThree"),
    ("One<br>two<br/><br/>three", "One\ntwo\n\nthree"),
    ("<p>One</p>\n<br>\n<p>Two</p>", "One\n\nTwo"),
    ("<p>a\n  line   break\tis a space</p>", "a line break is a space"),
    ("<b>P</b>utin <i>said</i>.", "Putin said."),
    ("Read <a href='x'>this</a><script>var p = '<p>';</script><style>p{}</style>!", "Read this!"),
    ("<ul><li>One</li>\n<li>Two</ul>After", "One\nTwo\n\nAfter"),
    ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
    ("<h2>Head</h2>Text", "Head\n\nText"),
    ("<pre>a\n b</pre>", "a\nb"),
    ("<p>5 &lt; 6 &amp; 7&nbsp;%</p>", "5 < 6 & 7 %"),
    ("&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;", "One\n\nTwo"),
    ("<p>Use &lt;b&gt; for bold</p>", "Use <b> for bold"),
    ("Plain text\nwith a line\n\n\n\nand a paragraph &amp; more", "Plain text\nwith a line\n\nand a paragraph & more"),
    ("a < b and c > d", "a < b and c > d"),
    ("<p>unclosed <b>bold<p>next", "unclosed bold\n\nnext"),
    ("<!-- hidden --><p>Shown</p>", "Shown"),
    ("<figure><img alt='x'><figcaption>Caption</figcaption></figure><p>Text</p>", "Caption\n\nText"),
    ("nul\x00 and &#0; bell\x07 <p>x</p>", "nul and \ufffd bell\n\nx"),
    ("", ""),
    ("<p></p>", ""),
]


@pytest.mark.parametrize(("markup", "expected"), CASES)
def test_html_to_text(markup: str, expected: str) -> None:
    assert html_to_text(markup) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("AT&amp;T&#8217;s <b>new</b>\n plan", "AT&T’s new plan"),
        ("&amp;quot;Quoted&amp;quot;", '"Quoted"'),
        ("5 < 6", "5 < 6"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("a\x00b", "ab"),
    ],
)
def test_inline_text(markup: str, expected: str) -> None:
    assert inline_text(markup) == expected


@given(
    st.lists(
        st.one_of(
            st.text(), st.sampled_from(["<p>", "</p>", "<br>", "<li>", "<script>", "&lt;", "&#0;", "<", "<td>", "]]>"])
        )
    ).map("".join)
)
def test_any_markup_gives_paragraphs(markup: str) -> None:
    text = html_to_text(markup)
    assert text.encode("utf-8") is not None
    assert text == text.strip()
    assert "\n\n\n" not in text


@pytest.mark.parametrize(
    "markup", ["<div>" * 100_000, "<table><td>" * 50_000, "".join(f"<b id={n}>" for n in range(2000)) + "<p>x" * 50_000]
)
def test_markup_made_to_keep_a_parser_busy(markup: str) -> None:
    with pytest.raises(ValueError, match="too deeply nested"):
        html_to_text(markup)


def test_a_long_article_is_no_such_markup() -> None:
    assert html_to_text("<div><p>Hello <b>you</b>.</p></div>" * 5_000).count("Hello you.") == 5_000
