"""`newsbeam run` from the command line: what a user sees when all goes well, and when it does not."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from pipeline.cli import main
from pipeline.run import root_cause

PARAGRAPH = (
    "The ministers of the coastal states met in Lisbon on Tuesday to talk about the price of fish, and agreed that "
    "quotas should follow the counts of the institute rather than the wishes of the ports."
)


def articles(count: int) -> str:
    lines = []
    for n in range(count):
        text = f"{PARAGRAPH} Report number {n} of the series."
        lines.append(json.dumps({"url": f"https://example.org/{n}", "title": f"Report {n}", "text": text}))
    return "\n".join(lines) + "\n"


class Job:
    """A configuration in a folder of its own."""

    def __init__(self, folder: Path, lines: str) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.articles = folder / "articles.jsonl"
        self.articles.write_text(lines, encoding="utf-8")
        self.config = folder / "job.yaml"
        self.settings: dict[str, Any] = {
            "source": {"type": "files", "paths": [str(self.articles)]},
            "state": {"path": str(folder / "state")},
            "entities": {"backend": "none"},
            "sinks": [{"type": "jsonl", "path": str(self.out / "records")}],
            "dead_letters": {"path": str(self.out / "dead-letters")},
        }
        self.write()

    def write(self) -> None:
        self.config.write_text(yaml.safe_dump(self.settings), encoding="utf-8")

    def run(self, *arguments: str) -> int:
        return main(["run", str(self.config), *arguments])

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pipeline", "run", str(self.config)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def records(self) -> list[dict[str, Any]]:
        files = sorted((self.out / "records").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]

    def letters(self) -> list[dict[str, Any]]:
        files = sorted((self.out / "dead-letters").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]

    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads((self.out / "summary.json").read_text())
        return summary


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path, articles(5))


def test_articles_become_records_and_a_second_run_adds_none(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert job.run() == 0
    first = job.records()
    assert sorted(record["title"] for record in first) == [f"Report {n}" for n in range(5)]
    assert all(record["language"]["code"] == "en" for record in first)
    assert job.summary()["entries"] == job.summary()["records"] == 5
    assert "entries" in capsys.readouterr().out
    assert job.run() == 0
    assert job.records() == first
    assert (job.summary()["entries"], job.summary()["duplicates"], job.summary()["balanced"]) == (5, 5, True)


def test_every_input_is_accounted_for_and_failures_can_be_replayed(job: Job) -> None:
    german = json.dumps(
        {
            "url": "https://example.org/de",
            "text": "Der Minister sagte am Dienstag in Berlin, dass die "
            "Preise im kommenden Jahr nicht weiter steigen werden, und lobte die Arbeit der Behörde.",
        }
    )
    with job.articles.open("a", encoding="utf-8") as file:
        file.write(articles(1) + german + "\nnot json\n{}\n")
    assert job.run("--set", "language.keep=[en]") == 0
    summary = job.summary()
    assert (summary["entries"], summary["records"], summary["duplicates"]) == (9, 5, 1)
    assert (summary["filtered"], summary["dead_letters"], summary["balanced"]) == (1, 2, True)
    assert {letter["kind"] for letter in job.letters()} == {"line"}
    assert main(["replay", str(job.out / "dead-letters"), str(job.config)]) == 0
    assert job.summary()["dead_letters"] == 2
    assert main(["replay", str(job.out / "dead-letters"), str(job.config)]) == 0
    assert job.summary()["dead_letters"] == 2, "what failed again must not double with each replay"


def test_a_feed_that_fails_again_is_told(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job.settings["source"] = {"type": "feeds", "feeds": [str(job.articles), "gone.xml"]}
    job.write()
    assert job.run() == 1
    capsys.readouterr()
    for _ in range(2):
        assert main(["replay", str(job.out / "dead-letters"), str(job.config)]) == 0
        assert job.summary()["feeds"] == {"fetched": 0, "unchanged": 0, "failed": 2}
        assert "gone.xml" in capsys.readouterr().out


def test_an_option_for_beam_needs_the_dashes(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as told:
        job.run("--runner", "PrismRunner")
    assert told.value.code == 2
    assert "unknown: --runner PrismRunner; options for Beam go behind --" in capsys.readouterr().err


def test_several_sinks_hold_the_same(job: Job) -> None:
    job.settings["sinks"] = [
        {"type": "jsonl", "path": str(job.out / "records"), "gzip": True},
        {"type": "parquet", "path": str(job.out / "parquet")},
    ]
    job.write()
    assert job.run() == 0
    (packed,) = (job.out / "records").glob("*.jsonl.gz")
    rows = pq.read_table(job.out / "parquet").to_pylist()
    assert {json.loads(line)["id"] for line in gzip.decompress(packed.read_bytes()).splitlines()} == {
        row["id"] for row in rows
    }
    assert len(rows) == 5


def test_an_article_that_a_stage_fails_on_is_a_dead_letter_and_its_neighbours_live(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transforms.normalize import stage

    whole = stage.normalize_page

    def failing(text: str, *arguments: Any, **settings: Any) -> Any:
        if "number 3" in text:
            raise RuntimeError("no idea")
        return whole(text, *arguments, **settings)

    monkeypatch.setattr(stage, "normalize_page", failing)
    assert job.run() == 0
    assert len(job.records()) == 4
    (letter,) = job.letters()
    assert (letter["kind"], letter["error"]) == ("record", "RuntimeError: no idea")
    assert "number 3" in letter["input"]["text"]
    assert job.run() == 0, "an ordinary run leaves it to the replay"
    assert len(job.records()) == 4
    monkeypatch.undo()
    assert main(["replay", str(job.out / "dead-letters"), str(job.config)]) == 0
    assert len(job.records()) == 5
    assert main(["replay", str(job.out / "dead-letters"), str(job.config)]) == 0
    assert len(job.records()) == 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml: No such file"),
        (["run", "configs/demo.yaml", "--set", "sinks.0.pth=x"], "did you mean path?"),
        (["normalize", "nowhere.txt"], "nowhere.txt: No such file"),
        (["normalize", sys.executable], "holds NUL bytes, so it is no text"),
        (["replay", "nowhere", "configs/demo.yaml"], "nowhere: no such file; name a dead-letter file"),
        (["run", "configs/demo.yaml", "--", "--no_such_option=3"], "Beam knows no option --no_such_option"),
        (["run", "configs/demo.yaml", "--", "--direct_num_worker=2"], "did you mean --direct_num_workers?"),
        (["run", "configs/demo.yaml", "--", "--direct_num_workers=two"], "invalid int value: 'two'"),
        (["run", "configs/demo.yaml", "--", "--direct_num_workers=-1"], "name 1 or more"),
        (["run", "configs/demo.yaml", "--", "stray"], "stray is no option of Beam"),
    ],
)
def test_a_mistake_of_the_user_is_told_in_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_a_folder_without_dead_letters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path), "configs/demo.yaml"]) == 0
    assert "holds no dead letters, nothing to replay" in capsys.readouterr().err


def test_a_run_that_could_read_nothing_says_why_and_fails(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job.settings["source"] = {"type": "feeds", "feeds": [str(job.folder), str(job.folder / "none.xml")]}
    job.write()
    assert job.run() == 1
    shown = capsys.readouterr()
    assert f"{job.folder}: a folder; name the files in it, as {job.folder}/*" in shown.out
    assert f"{job.folder}/none.xml: no such file" in shown.out
    assert f"what failed is in {job.out / 'dead-letters'}" in shown.out
    assert shown.err == "newsbeam: nothing of what came in could be read\n"
    assert job.summary()["feeds"]["failed"] == 2


def test_why_entries_became_dead_letters_is_told(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job.settings["source"]["paths"] += [str(job.folder), str(job.folder / "none.jsonl")]
    job.write()
    assert job.run() == 0
    shown = capsys.readouterr().out
    assert f"{job.folder}: a folder; name the files in it" in shown
    assert "none.jsonl: no such file" in shown
    assert sum(job.summary()["errors"].values()) == job.summary()["dead_letters"] == 2


def test_a_terminal_is_not_controlled_by_what_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    from pipeline.summary import print_summary
    from transforms.account import summarise

    evil = "[/red] :smile: \x1b[31m"
    tallies = [(("entity", f"ORG {evil}"), 1), (("failed feed", f"{evil}\n{evil}"), 1), (("error", evil), 1)]
    print_summary(summarise(tallies, "run", 0.0), Console(markup=False, emoji=False, width=200))
    shown = capsys.readouterr().out
    assert shown.count("[/red] :smile:") == 4
    assert "\x1b" not in shown


def test_texts_that_are_not_utf_8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "text.txt"
    for encoding in ("utf-16", "cp1252"):
        path.write_bytes("The café “Olé” has opened again.\n".encode(encoding))
        assert main(["normalize", "--language", "en", str(path)]) == 0
        assert "The café “Olé” has opened again." in capsys.readouterr().out


def test_a_folder_that_can_not_be_written(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job.settings["sinks"][0]["path"] = str(job.articles / "records")
    job.write()
    assert job.run() == 1
    error = capsys.readouterr().err
    assert "records: can't be written to" in error
    assert error.count("\n") == 1


def test_two_runs_at_once_on_one_memory(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    import filelock

    (job.folder / "state").mkdir()
    with filelock.FileLock(job.folder / "state" / "LOCK"):
        assert job.run() == 1
    assert "another run is using it" in capsys.readouterr().err


def wait_for(condition: Any, process: subprocess.Popen[str], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it never came so far"
        time.sleep(0.02)


def test_a_killed_run_leaves_nothing_and_the_next_does_it_all(tmp_path: Path) -> None:
    job = Job(tmp_path, articles(3000))
    process = job.start()
    wait_for(lambda: list((job.out / "records").glob(".newsbeam-*/*")), process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert job.records() == []
    assert job.run() == 0
    assert len({record["id"] for record in job.records()}) == len(job.records()) == 3000
    assert list((job.out / "records").glob(".newsbeam-*")) == []


def test_ctrl_c_ends_a_run_at_once_in_one_line(tmp_path: Path) -> None:
    job = Job(tmp_path, articles(12_000))  # so many that it is not over before the signal comes
    process = job.start()
    wait_for(lambda: list((job.out / "records").glob(".newsbeam-*/*")), process)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=600)  # a machine may be busy
    assert process.returncode == 1
    assert "interrupted, nothing was written" in error
    assert "Traceback" not in error
    assert job.records() == []


def test_a_library_that_is_missing_is_told_with_its_extra(job: Job, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    job.settings["sinks"] = [{"type": "bigquery", "table": "a-project:news.articles"}]
    job.write()
    monkeypatch.setattr("pipeline.run.EXTRAS", {"bigquery": ("gcp", ["nowhere.to.be.found"])})
    assert job.run() == 1
    told = capsys.readouterr().err
    assert told == (
        "newsbeam: sinks.0: bigquery needs nowhere.to.be.found, which is not installed; pip install 'newsbeam[gcp]'\n"
    )


def test_a_database_that_is_not_there_is_told_before_the_run(job: Job, capsys) -> None:
    pytest.importorskip("psycopg")
    job.settings["sinks"] = [{"type": "postgres", "dsn": "postgresql://me:s3cret@127.0.0.1:1/news"}]
    job.write()
    assert job.run() == 1
    told = capsys.readouterr().err
    assert told.startswith("newsbeam: sinks.0: postgres: ")
    assert "Connection refused" in told
    assert told.count("\n") == 1
    assert "s3cret" not in told


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (
            "bundle failed:Traceback (most recent call last):\n  File x\ngoogle.exceptions.NotFound: 404 no topic\n",
            "NotFound: 404 no topic",
        ),
        ("Traceback:\nValueError: once\n\nRuntimeError: twice [while running 'step']", "RuntimeError: twice"),
        (
            "psycopg.errors.InvalidSchemaName: schema x does not exist\nLINE 1: y",
            "InvalidSchemaName: schema x does not exist",
        ),
        ("nothing to see", "Exception: nothing to see"),
    ],
)
def test_the_cause_is_found_among_beams_tracebacks(message: str, cause: str) -> None:
    assert root_cause(Exception(message)) == cause
