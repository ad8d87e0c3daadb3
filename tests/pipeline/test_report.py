"""`newsbeam report`: what is shown of a run, and that nothing from outside does anything in it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.cli import main
from pipeline.report import ReportError, read_report, to_html
from transforms.account import Summary, summarise
from transforms.outcomes import dead_letter
from transforms.records import Edit, Record, Source
from transforms.sinks.files import open_writer

RUN = "20260102T030405Z-abcdef"
EVIL = "<script>alert(1)</script> [/red] \x1b[31m {{ 123456 * 1000001 }}"


def article(number: int, **fields: Any) -> Record:
    return Record(
        id=f"id{number}",
        title=f"Title {number}",
        url=f"https://example.org/{number}",
        source=Source(type="feeds", name="A feed", feed_url="https://example.org/feed"),
        **fields,
    )


RECORDS = [
    article(
        1,
        original_text="First.\nIn Moscow Chinas president spoke.",
        text="First.\nIn Moscow China's president spoke.",
        edits=[Edit(start=17, end=23, before="Chinas", after="China's", rule="lost-apostrophe", confidence=0.9)],
        garble_score=0.5,
    ),
    article(2, text="Nothing to repair."),
]


def summary() -> Summary:
    tallies = [
        (("entries", ""), 3),
        (("records", ""), 2),
        (("repaired", ""), 1),
        (("edits", "lost-apostrophe"), 1),
        (("dead_letters", "feeds"), 1),
        (("entity", f"PERSON {EVIL}"), 1),
        (("feeds", "fetched"), 1),
        (("feeds", "failed"), 1),
        (("failed feed", f"https://example.org/{EVIL}\n{EVIL}"), 1),
        (("error", f"feeds: {EVIL}"), 1),
    ]
    return summarise(tallies, RUN, 0.0)


def write(folder: Path, extension: str = "jsonl", records: list[Record] = RECORDS) -> None:
    (folder / "summary.json").write_bytes(msgspec.json.encode(summary()))
    (folder / "config.yaml").write_text("name: mine\n")
    for name in ("records", "dead-letters"):
        (folder / name).mkdir()
    writer = open_writer(str(folder / "records" / f"records-{RUN}-00000.{extension}"), extension)
    for record in records:
        writer.write(record)
    writer.close()
    letters = open_writer(str(folder / "dead-letters" / f"dead-letters-{RUN}-00000.jsonl"), "jsonl")
    letters.write(dead_letter("feeds", "line", {"title": EVIL}, ValueError(EVIL)))
    letters.close()


@pytest.mark.parametrize("extension", ["jsonl", "jsonl.gz", "parquet"])
def test_what_is_read_from_the_files_of_a_run(tmp_path: Path, extension: str) -> None:
    write(tmp_path, extension)
    (tmp_path / "records" / "records-another-run-00000.jsonl").write_text("not read")
    report = read_report(str(tmp_path))
    (feed,) = report.feeds
    assert (feed.place, feed.records, feed.repaired, feed.edits) == ("https://example.org/feed", 2, 1, 1)
    (example,) = report.examples["lost-apostrophe"]
    assert (example.left, example.before, example.after) == ("In Moscow ", "Chinas", "China's")
    assert example.right == " president spoke."
    assert [(article.title, article.score) for article in report.garbled] == [("Title 1", 0.5)]
    (failure,) = report.failures
    assert (failure.stage, failure.count) == ("feeds", 1)
    assert report.unreadable == []


def test_files_are_also_found_where_the_configuration_says(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    run = tmp_path / "run"
    for folder in (elsewhere, run):
        folder.mkdir()
    write(elsewhere)
    (elsewhere / "summary.json").rename(run / "summary.json")
    sinks = f"sinks: [{{type: jsonl, path: {elsewhere}/records}}]\n"
    (run / "config.yaml").write_text(f"{sinks}dead_letters: {{path: {elsewhere}/dead-letters}}\n")
    report = read_report(str(run))
    assert (report.records, len(report.failures)) == (2, 1)


def test_a_page_shows_all_and_runs_nothing(tmp_path: Path) -> None:
    evil = article(3, text=EVIL, garble_score=0.1)
    write(tmp_path, records=[*RECORDS, msgspec.structs.replace(evil, title=EVIL, url="javascript:alert(1)")])
    page = to_html(read_report(str(tmp_path)))
    assert "<del>Chinas</del><ins>China&#39;s</ins> president" in page
    assert "https://example.org/feed" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "name: mine" in page
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert "123456123456" not in page  # no template runs what comes from outside
    assert " src=" not in page
    assert "<link" not in page


def test_the_report_on_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    assert main(["report", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "[Chinas → China's] president" in shown
    assert "https://example.org/feed" in shown
    assert "[/red]" in shown
    assert "\x1b" not in shown


def test_a_page_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "report.html")]) == 0
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "no" / "report.html")]) == 1
    assert "No such file or directory; name another file" in capsys.readouterr().err


def test_damaged_files_are_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    write(tmp_path)
    with (tmp_path / "records" / f"records-{RUN}-00000.jsonl").open("ab") as file:
        file.write(b"{damaged\n" + msgspec.json.encode(article(4)) + b"\n")
    whole = gzip.compress(msgspec.json.encode(article(5)) + b"\n")
    (tmp_path / "records" / f"records-{RUN}-00001.jsonl.gz").write_bytes(whole[:-9])
    (tmp_path / "records" / f"records-{RUN}-00002.parquet").write_bytes(b"PAR1")
    report = read_report(str(tmp_path))
    assert report.records >= 3
    assert ["line 3" in told for told in report.unreadable] == [True, False, False]


@pytest.mark.parametrize(
    ("content", "told"), [(None, "No such file"), ("{", "not the account"), ("[]", "not the account")]
)
def test_a_folder_without_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, told: str
) -> None:
    if content is not None:
        (tmp_path / "summary.json").write_text(content)
    assert main(["report", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    with pytest.raises(ReportError):
        read_report(str(tmp_path))
