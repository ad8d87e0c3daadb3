"""What is lifted out of a page, and what looks like it and stays."""

import json
from pathlib import Path
from typing import Any

import pytest

from transforms.normalize import normalize

CASES = json.loads((Path(__file__).parent / "boilerplate_cases.json").read_text(encoding="utf-8"))
BODY = "Talks on the border opened in the capital on Monday.\n\nThey are to end in a week, the host said."


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["line"][:40])
def test_datelines(case: dict[str, Any]) -> None:
    done = normalize(f"{case['line']}\n\nMore is to come.", case["language"])
    text, _, _ = done.text.partition("\n\n")
    assert text == (case["line"] if case["rest"] is None else case["rest"])
    found = done.boilerplate.dateline
    assert (found is None) == (case["rest"] is None)
    if found is not None:
        assert (found.place, found.date) == (case.get("place"), case.get("date"))
        assert done.boilerplate.agency == case.get("agency")
        assert case["line"].startswith(found.text)


@pytest.mark.parametrize(
    ("line", "byline", "date"),
    [
        ("Published on 07/05/2025 at 10:30", None, "07/05/2025"),
        ("Last updated: May 7, 2025", None, "2025-05-07"),
        ("date 2025-05-07 By Simone Duval, cnn", "By Simone Duval, cnn", "2025-05-07"),
        ("By Anna Smith and Jean-Paul de la Rue, Reuters", "By Anna Smith and Jean-Paul de la Rue, Reuters", None),
        ("date 2025-05-07 By Aisha Rahman, xinhua", "By Aisha Rahman, xinhua", "2025-05-07"),
        ("Last updated: May 7, 2025 - By AFP", "By AFP", "2025-05-07"),
        ("By Anna Smith, with AFP", "By Anna Smith, with AFP", None),
        ("By ANNA SMITH, Associated Press", "By ANNA SMITH, Associated Press", None),
        ("Published May 7, 2025", None, "2025-05-07"),
        ("Updated: 07/05/2025 10:30 GMT", None, "07/05/2025"),
        ("By Anna Smith | May 7, 2025", "By Anna Smith", "2025-05-07"),
    ],
)
def test_lines_of_date_and_writer(line: str, byline: str | None, date: str | None) -> None:
    done = normalize(f"{line}\n\n{BODY}", "en")
    assert done.text == BODY
    assert done.boilerplate.byline == byline
    assert (done.boilerplate.dateline.date if done.boilerplate.dateline else None) == date


@pytest.mark.parametrize(
    "line",
    [
        "The-ABC-FIL",
        "-30-",
        "###",
        "ENDS",
        "--IANS",
        "CNNS Darya Petrova contributed the reports.",
        "CNN’s Darya Petrova and Li Na contributed to this report.",
        "(Reporting by Anna Smith in Paris; Editing by Jo Bloggs)",
        "Associated Press writer Anna Smith in Paris contributed to this report.",
        "™ & © 2025 Example News Network, Inc., a Bigger Company. All rights reserved.",
        "Copyright 2025 Example Press. All rights reserved. This material may not be published.",
        "Read more: Ten things to know about the border",
        "Sign up for our daily newsletter to get the best stories in your inbox",
        "Follow us on Twitter and Facebook",
        "ADVERTISEMENT",
        "Lusa/End",
        "Source: Beta/AP",
        "[Gambas:Video Example]",
        "REPRODUCTION RESERVED © Copyright ANSA",
        "(c) AFP 2022. This material may not be published, broadcast, rewritten or redistributed.",
        "Copyright ANP 2025",
        "The-dpa-Wire",
        "dpas Aisha Rahman contributed to this report.",
        "(antara/rds)",
        "Tags: Russia, China, War",
        "Home » World » Asia",
        "Leave a comment",
        "jsi/nm (dpa, AFP, Reuters)",
        "mas/jlp/cc",
        "mja/ jann/",
        "(PAP)",
        "EFE",
        "Editor: Irwan Setiawan",
        "Reporter: Bayu Kurnia, Dewi Lestari",
        "Share on X (Opens in new window)",
        "Share:",
        "Facebook Twitter WhatsApp",
        "By admin on May 14, 2024 No Comments",
        "Published: 3 hours ago",
        "More on the topic: The finest bridges of the river",
        "We use cookies to make this website better.",
        "File photo: Example Agency",
        "Reproduction of the news and photographs is subject to subscription.",
    ],
)
def test_lines_at_the_end(line: str) -> None:
    done = normalize(f"{BODY}\n\n{line}", "en")
    assert done.text == BODY
    assert line in (*done.boilerplate.footer, done.boilerplate.copyright)


@pytest.mark.parametrize(
    "line",
    [
        "By Monday, the river had risen by two metres.",
        "By January First",
        "Copyright law has not changed since 1998, and few expect that it will.",
        "Copyright 2019 was a bad year for the music industry, said one label.",
        "She contributed a report.",
        "The bank said that all rights of the holders were reserved for later.",
        "Read the room, said the minister.",
        "Sign up or leave, she told them.",
        "Follow the money, he said.",
        "Ends meet in the middle.",
        "More than 30 people died.",
        "Related industries lost a third of their sales.",
        "Image is everything in politics.",
        "Share prices fell on Friday.",
        "Subscribers paid more.",
        "Facebook",
        "Editor: a job for one who reads everything twice.",
        "We use cookies in this recipe, and butter.",
        "Three days ago he was here.",
        "He writes for Reuters. Others do too, in Paris and in Rome, and they said so when asked.",
    ],
)
def test_lines_of_the_article_stay(line: str) -> None:
    for text in (f"{line}\n\n{BODY}", f"{BODY}\n\n{line}"):
        assert normalize(text, "en").text == text


def test_a_page_of_boilerplate_only_stays() -> None:
    text = "By Anna Smith\n\n© 2025 Example News. All rights reserved."
    assert normalize(text, "en").text == text


@pytest.mark.parametrize("head", ["ABUJA - Reuters", "By Anna Smith\n\nPARIS", "Berlin (dpa)"])
def test_lines_of_place(head: str) -> None:
    done = normalize(f"{head}\n\n{BODY}", "en")
    assert done.text == BODY
    assert done.boilerplate.dateline is not None
    assert done.boilerplate.dateline.place in ("ABUJA", "PARIS", "Berlin")


@pytest.mark.parametrize("head", ["PARIS", "Paris", "Berlin - city of bears", "APPLE - Reuters"])
def test_headings_that_look_like_places_stay(head: str) -> None:
    text = f"{head}\n\n{BODY}"
    assert normalize(text, "en").text == text


def test_a_line_of_the_agency_after_the_byline() -> None:
    done = normalize(f"By Anna Smith\n\nBBC News, Paris\n\n{BODY}", "en")
    assert (done.text, done.boilerplate.agency) == (BODY, "BBC")


@pytest.mark.parametrize(
    ("tail", "agency"),
    [
        (" (PAP)", "PAP"),
        (" EFE", "EFE"),
        ("RIPRODUZIONE RISERVATA © Copyright ANSA", None),
        (" © Example News 2024", None),
    ],
)
def test_what_follows_the_last_sentence(tail: str, agency: str | None) -> None:
    body = BODY + " Nobody knows what comes of it, he added, and left."
    done = normalize(body + tail, "en")
    assert (done.text, done.boilerplate.agency) == (body, agency)
    assert (done.boilerplate.copyright == tail.strip()) == ("©" in tail)
