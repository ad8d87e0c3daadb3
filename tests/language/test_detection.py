"""Languages at the boundary, pages in several languages, and the same answer everywhere."""

from __future__ import annotations

import csv
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.language.sentences import SENTENCES
from transforms.language import LanguageConfig, backends, detect, detection, identify, language_shares
from transforms.language.sample import paragraphs, sample

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def rows(name: str) -> Iterator[dict[str, str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=3):
        for escape, char in (("\\n", "\n"), ("\\t", "\t"), ("\\x00", "\0"), ("\\x07", "\a"), ("\\x1b", "\x1b")):
            row["text"] = row["text"].replace(escape, char)
        for escape, code in (("\\ud800", 0xD800), ("\\u0300", 0x300), ("\\u0301", 0x301)):
            row["text"] = row["text"].replace(escape, chr(code))
        yield row


@pytest.mark.parametrize("row", list(rows("boundary.tsv")), ids=lambda row: row["name"])
def test_boundary(row: dict[str, str]) -> None:
    found = detect(row["text"], declared=row["declared"] or None)
    assert found.code == row["code"]
    assert found.declared == (row["declared"] or None)
    if row["sure"] == "zero":
        assert found.confidence == 0.0
    elif row["sure"] == "high":
        assert found.confidence >= 0.9


@pytest.mark.parametrize("row", list(rows("pages.tsv")), ids=lambda row: row["name"])
def test_pages(row: dict[str, str]) -> None:
    shares = language_shares(row["text"])
    assert [share.code for share in shares] == row["shares"].split()
    if shares:
        assert sum(share.share for share in shares) == pytest.approx(1.0, abs=0.11)
    assert identify(row["text"]) == (detect(row["text"]), shares)


def test_declared_language_breaks_a_tie_between_close_languages() -> None:
    # A headline that could be either; only what the source says decides, and no third language is believed.
    tied = "Vlada o novom zakonu"
    assert detect(tied, declared="hr").code == "hr"
    assert detect(tied, declared="sl-SI").code == "sl"
    assert detect(tied, declared="es").code == detect(tied).code
    assert detect(tied, declared="es").confidence == pytest.approx(detect(tied).confidence / 2, abs=1e-4)


def test_confidence_grows_with_the_text() -> None:
    words = SENTENCES[2].split()
    assert detect(" ".join(words[:3])).confidence < 0.93
    assert detect(" ".join(words)).confidence > 0.95


def test_page_of_two_languages_is_as_sure_as_its_share() -> None:
    language, shares = identify(f"{SENTENCES[0]}\n{SENTENCES[0]}\n{SENTENCES[2]} {SENTENCES[2]}")
    assert (language.code, language.confidence) == (shares[0].code, shares[0].share)


def test_declared_language_does_not_outvote_a_sentence() -> None:
    assert detect(SENTENCES[0], declared="fr").code == "en"


def test_languages_that_are_no_candidates_are_not_believed() -> None:
    assert detect("Les élections en France", declared="ja").code == "fr"


def test_eight_threads_that_start_together_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [detect(text) for text in SENTENCES]
    backends._load.cache_clear()
    detection._answer.cache_clear()
    barrier = threading.Barrier(8)

    def work(_: int) -> list[object]:
        barrier.wait()
        return [detect(text) for text in SENTENCES]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [expected] * 8


def test_ten_runs_without_the_cache_agree() -> None:
    expected = [detect(text) for text in SENTENCES]
    for _ in range(10):
        detection._answer.cache_clear()
        assert [detect(text) for text in SENTENCES] == expected


def test_other_processes_agree() -> None:
    expected = [detect(text) for text in SENTENCES]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(detect, SENTENCES) == expected
    program = (
        "import sys; from transforms.language import detect\n"
        "for line in sys.stdin.buffer.read().decode().splitlines(): print(detect(line).code, detect(line).confidence)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        input="\n".join(SENTENCES).encode(),
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)},
    )
    assert run.stdout.decode().splitlines() == [f"{found.code} {found.confidence}" for found in expected]


def test_neighbours_do_not_change_an_answer() -> None:
    alone = []
    for text in SENTENCES:
        detection._answer.cache_clear()
        alone.append(detect(text))
    detection._answer.cache_clear()
    assert [detect(text) for text in reversed(SENTENCES)] == alone[::-1]


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(), max_size=400))
def test_any_text_gets_an_answer(text: str) -> None:
    language, shares = identify(text)
    assert 0.0 <= language.confidence <= 1.0
    assert language.confidence == round(language.confidence, 4)
    assert (language.code == "und") == (language.confidence == 0.0)
    assert len(shares) != 1
    assert sum(share.share for share in shares) <= 1.001


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=200), max_size=20), st.integers(60, 600))
def test_samples_are_bounded(lines: list[str], size: int) -> None:
    text = "\n".join(lines)
    found = sample(paragraphs(text), size)
    # NFC may lengthen a character; html.unescape never does.
    assert len(found) <= 4 * (size + len(lines))


def test_a_sample_comes_from_the_body() -> None:
    body = " ".join(f"word{number}" for number in range(200))
    piece = sample(paragraphs(f"By Jane Smith\n{body}\nAll rights reserved."), 300)
    assert "Jane" not in piece
    assert "reserved" not in piece
    assert 200 < len(piece) <= 320


def test_huge_texts_cost_no_more_than_long_ones() -> None:
    assert len("".join(paragraphs("letters and more " * 1_000_000))) <= 20_000


def test_smaller_sample_is_taken() -> None:
    body = " ".join(SENTENCES[:1] * 50)
    assert detect(body, config=LanguageConfig(sample_chars=60)).code == "en"
