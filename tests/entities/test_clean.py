"""Spans trimmed to the name; what is no name is dropped."""

from __future__ import annotations

import pytest

from transforms.entities.clean import clean, credits
from transforms.entities.recognise import Span


@pytest.mark.parametrize(
    ("span", "label", "name"),
    [
        ("Putin's", "PERSON", "Putin"),
        ("Putin’s", "PERSON", "Putin"),
        ("the United Nations", "ORG", "United Nations"),
        ("The Hague", "PLACE", "Hague"),
        ("Mr. Putin", "PERSON", "Putin"),
        ("Prime Minister Anna Novak", "PERSON", "Anna Novak"),
        ("President", "PERSON", "President"),  # dropped later, where nobody on the page is called so
        ("Lt. Gen. Ivo Marsh", "PERSON", "Ivo Marsh"),
        ("“Anna Novak”", "PERSON", "Anna Novak"),
        ("U.S.", "PLACE", "U.S."),
        ("Acme Corp.", "ORG", "Acme Corp"),
        ("Anna Novak\nReuters", "PERSON", "Anna Novak"),
        ("Ministry of Trade of", "ORG", "Ministry of Trade"),
        ("Orbex Sunday", "ORG", "Orbex"),
        ("Bloody Sunday", "EVENT", "Bloody Sunday"),
        ("Lisbon (Meridian", "PLACE", "Lisbon"),
        ("Capital FM] Nairobi", "ORG", "Capital FM"),
        ("(Hulu", "ORG", "Hulu"),
        ("Communist Party of India (Marxist)", "ORG", "Communist Party of India (Marxist)"),
        ('Dwayne "Rock" Moss', "PERSON", 'Dwayne "Rock" Moss'),
        ("Tune: “My Romance", "WORK", "My Romance"),
        ("Naked” Call", "WORK", "Naked"),
        ("“The Old Harbour", "WORK", "The Old Harbour"),
        ("the Fishing Fleet", "WORK", "Fishing Fleet"),
        ("MA: Harbour Street Press", "ORG", "Harbour Street Press"),
        ("Star Road: Discovery", "WORK", "Star Road: Discovery"),
        ("’s Desmond", "PERSON", "Desmond"),
        ("this New Orbian Times", "ORG", "New Orbian Times"),
        ("former Minister Anna Novak", "PERSON", "Anna Novak"),
        ("de la Cruz", "PERSON", "de la Cruz"),
        ("Councillor Beth Lowry", "ORG", "Beth Lowry"),
        ("Dr. Pepper Group", "ORG", "Dr. Pepper Group"),
        ("iPhone", "PRODUCT", "iPhone"),
        ("MAX_JUMP", "ORG", None),
        ("Box::Port", "PRODUCT", None),
        ("K", "PERSON", None),
        ("Tuesday", "PERSON", None),
        ("May 9", "EVENT", None),
        ("late Monday", "ORG", None),
        ("mosques", "PLACE", None),
        ("AFP/Getty", "ORG", None),
        ("www.example.org", "ORG", None),
        ("@anna", "PERSON", None),
        ("the", "ORG", None),
        ("-", "ORG", None),
    ],
)
def test_clean(span: str, label: str, name: str | None) -> None:
    text = f"x {span} y"
    cleaned = clean(text, Span(2, 2 + len(span), label, label))
    assert (cleaned and text[cleaned.start : cleaned.end]) == name


@pytest.mark.parametrize(
    "credit",
    [
        "Photo: Jane Roe",
        "File photo by Jane Roe",
        "(AP Photo/Jane Roe)",
        "Jane Roe/AFP via Getty Images",
        "(Reuters/Jane Roe)",
    ],
)
def test_credits(credit: str) -> None:
    text = f"He left.\n{credit}\nShe stayed in a photo shop."
    ((start, end),) = set(credits(text)) if len(credits(text)) == 1 else {credits(text)[0]}
    assert "Roe" in text[start:end]
    assert "stayed" not in text[start:end]


def test_no_credits_in_a_story() -> None:
    assert credits("Photos of the summit were shown. The AP said (in April) that it had them.") == []
