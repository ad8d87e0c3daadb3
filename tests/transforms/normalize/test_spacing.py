"""Spaces where the language wants none, and those that look wrong and are right."""

import pytest

from transforms.normalize import normalize


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a four -day visit", "a four-day visit"),
        ("a 30 -day ceasefire", "a 30-day ceasefire"),
        ("the three- week strike", "the three-week strike"),
        ("a US -led force, the so -called state, pro -Russian", "a US-led force, the so-called state, pro-Russian"),
        ("for three -weeks, in nine -cities", "for three weeks, in nine cities"),
        ("up 30 % to $ 5 million", "up 30% to $5 million"),
        ("he said : no , never !", "he said: no, never!"),
        ("China ' s army and China 's navy don ' t", "China's army and China's navy don't"),
        ("in Paris,London and Rome", "in Paris, London and Rome"),
        ("up 30 % .", "up 30%."),
        ("asked for elections .Sánchez replied", "asked for elections. Sánchez replied"),
        ("left Russia ,said the minister ;then he sat", "left Russia, said the minister; then he sat"),
    ],
)
def test_english(text: str, expected: str) -> None:
    assert normalize(text, "en").text == expected


@pytest.mark.parametrize(
    "text",
    [
        "the pro- and anti-war camps",
        "two- or three-week strikes",
        "he went -and she stayed",
        "go away . . . because",
        "the boys ' game and 'so' on",
        "a smile :) and :-) or :D",
        "the .NET way, a .5 share",
        "He knows the .Net world, and one can open .Zip files well",
        "Ratio 3 : 4 holds",
        "an R&D lab of AT&T; 5 < 6 and 7 > 3",
        "he asked, 'say what?' and left",
    ],
)
def test_what_stays(text: str) -> None:
    assert normalize(text, "en").text == text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Il a dit : « non » ; 30 % des gens, 5 € !", "fr"),
        ("Il a dit\u00a0: «\u00a0non\u00a0»\u202f; 30\u00a0% des gens\u202f!", "fr"),
        ("Das sind 30 % der 5 000 Leute, z.\u00a0B. hier", "de"),
        ("他说：“不”，然后离开。", "zh"),
        ("می\u200cخواهم بروم", "fa"),
        ("क्\u200dष", "hi"),
        ("👩\u200d👩\u200d👧 came", "en"),
        ("العربية \u200fنص", "ar"),
    ],
)
def test_other_languages_keep_their_own(text: str, language: str) -> None:
    assert normalize(text, language).text == text


def test_a_text_in_another_language_than_it_says_keeps_its_own() -> None:
    text = (
        "Le ministre a dit : « non » ; 30 % des gens ne veulent pas de ces mesures, et ils ne les prendront jamais,"
        " selon lui, tant que le gouvernement ne changera pas de politique !"
    )
    assert normalize(text, "en").text == text
