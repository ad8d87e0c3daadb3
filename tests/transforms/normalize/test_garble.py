"""`garble_score`: low on clean text, high on text damaged in several ways, never outside 0..1."""

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.normalize import normalize

CLEAN = (
    "The town's council met on Tuesday to talk about the bridge. Members said repairs would cost more than planned, "
    "and that the county hadn't agreed to pay its share. A spokeswoman for the county said it would answer next week. "
    "The bridge, which was built in 1931, has been closed to lorries since March. Shop owners on both banks say they've"
    " "
    "lost a third of their trade. One of them, Ines Lindqvist, told reporters that she couldn't wait another year. "
    "The mayor promised a ferry for the summer, as the town did after the flood, but gave no date for it."
)
GARBLED = (
    "The towns council met on Tuesday to talk About the bridge of the bridge. Members said the repairs would cost more "
    "than planned and that the county hadnt agreed to pay Its share.A spokeswoman of the county Said it will answer "
    "next week next week. THE bridge, which was built in 1931, has been closed to lorries Since March. Shop owners on "
    "both banks say theyve lost a Third of their tradeOne of them, Ines Lindqvist, told reporters that she couldnt."
)


def test_clean_and_garbled_pages_lie_far_apart() -> None:
    assert normalize(CLEAN).garble_score < 0.1
    assert normalize(GARBLED).garble_score > 0.8


def test_one_slip_makes_no_garbled_page() -> None:
    assert normalize(CLEAN.replace("hadn't", "hadnt")).garble_score < normalize(GARBLED).garble_score / 2


def test_more_damage_never_lowers_the_score() -> None:
    worse = GARBLED.replace("reporters that", "reporters that that")
    assert normalize(worse).garble_score >= normalize(GARBLED).garble_score - 0.01


@settings(deadline=None)  # tables load on first use
@given(st.text(max_size=300), st.sampled_from(["en", "fr", "und"]))
def test_score_is_a_share(text: str, language: str) -> None:
    assert 0.0 <= normalize(text, language).garble_score <= 1.0
