"""What holds for every text: exact edits, a second pass without work, no exception, no explosion of time."""

import subprocess
import sys
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.normalize import Normalized, normalize
from transforms.records import apply_edits, undo_edits

SENTENCES = [
    "The president of Chinas, XI Jinping, will Join the parade on May 9 of May 9.",
    "He arrives Wednesday in Moscow on Wednesday for a four -day visit.",
    "PARIS, May 7 (Reuters) - A article said that that the the talks ended.",
    "By Anna Smith, cnn",
    " date 2025-05-07 By Simone Duval, cnn",
    "Hong Kong (CNN) – While they dont know, the United StatesEven if they did.He left.",
    "<p>Marks &amp;amp; Spencer&rsquo;s <b>5 < 6</b> and 7 > 3</p>",
    "donâ€™t Ã©tÃ© \x93quoted\x94 caf\u00e9\u0301",
    "“He said ”no“ twice” and 'never' ( or so ) .",
    "Leaders met ceasefire ceasefire clear which was clear, trade in trade.",
    "-30-",
    "The-CNN-FIL",
    "Read more: Ten things to know",
    "™ & © 2025 Example News. All rights reserved.",
    "Putin and Poutines spoke of the Bresils With Kyivs envoy , up 30 % to $ 5 million",
    "I don ' t know , China 's army \u200b\u00ad\ufeff\u202e",
    "window.dataLayer = window.dataLayer || [];",
    "CHANGING LANDSCAPE",
    "Il a dit : « non » ; 30 % d'entre eux .",
    "\ud83d\ude00\ud800",
    "\n\n\n",
    " ",
    "\t\u00a0\u3000",
    "a'a'a'a",
]
PIECES = st.one_of(
    st.sampled_from(SENTENCES),
    st.sampled_from([word for sentence in SENTENCES for word in sentence.split(" ")]),
    st.sampled_from([" ", "\n", "\n\n", ". ", "'", "’", "“", "”", "-", "&", ";", "<", ">", "(", ")", ",", "%"]),
)
MANGLED = st.lists(PIECES, max_size=14).map("".join) | st.lists(PIECES, max_size=14).map(" ".join)
LANGUAGES = st.sampled_from(["en", "fr", "de", "und", "zh"])


def check(text: str, language: str) -> Normalized:
    done = normalize(text, language)
    assert apply_edits(text, done.edits) == done.text
    assert undo_edits(done.text, done.edits) == text
    assert all(before.end <= after.start for before, after in pairwise(done.edits))
    assert all(edit.before != edit.after for edit in done.edits)
    assert all(0 <= suspect.start < suspect.end <= len(done.text) for suspect in done.suspects)
    assert 0.0 <= done.garble_score <= 1.0
    done.text.encode("utf-8")  # raises on lone surrogates
    again = normalize(done.text, language)
    assert again.edits == [], again.edits
    return done


@settings(max_examples=300, deadline=None)
@given(MANGLED, LANGUAGES)
def test_mangled_news(text: str, language: str) -> None:
    check(text, language)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=())), LANGUAGES)
def test_random_unicode(text: str, language: str) -> None:
    check(text, language)


HOSTILE = {
    "apostrophes": "a'" * 500_000,
    "no space": "a" * 1_000_000,
    "capitals": "A" * 1_000_000,
    "spaces": " " * 1_000_000 + "x",
    "line breaks": "\n" * 1_000_000 + "x",
    "nested quotes": "“" * 300_000 + "”" * 300_000,
    "quotes": '" ' * 500_000,
    "tags": "<b " * 300_000,
    "scripts": "<script>" * 120_000,
    "comments": "<!--" * 250_000,
    "entities": "&amp;" * 200_000,
    "escaped entities": "&" + "amp;" * 250_000,
    "ampersands": "&" * 1_000_000,
    "one word": "the " * 250_000,
    "one phrase": "one of the " * 90_000,
    "echo": "the trade in " * 80_000,
    "hyphens": "the four -day - " * 60_000,
    "datelines": "PARIS, May 7 (Reuters) - " * 40_000,
    "names": "By Anna Smith and " * 50_000,
    "brackets": "(" * 1_000_000,
    "mojibake": "Ã©â€™" * 150_000,
    "zero width": "a\u200b" * 400_000,
    "glued": "of the talksThe endedHe " * 40_000,
    "shouted": "that the XIS XI CNNS " * 50_000,
    "plurals": "Chinas Poutines of the Bresils " * 30_000,
    "capitals within": "the minister Announced With the " * 30_000,
    "lines": "Read more: x\n" * 70_000,
    "emoji": "👩\u200d👩\u200d👧" * 150_000,
}


TENTHS = "; ".join(
    (
        "from tests.transforms.normalize.test_laws import HOSTILE",
        "from transforms.normalize import normalize",
        "[normalize(text[: len(text) // 10], 'en') for text in HOSTILE.values()]",
    )
)


def test_no_text_takes_time_out_of_proportion_to_its_length() -> None:
    """All of the above, 100 KB each, in a time that only quadratic behaviour can exceed."""
    subprocess.run([sys.executable, "-c", TENTHS], check=True, timeout=240)
