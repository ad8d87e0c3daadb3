"""Log lines: JSON on request, with stage and article, without the article's text."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.logs import JsonFormatter
from transforms.outcomes import dead_letter
from transforms.records import Record


def test_a_line_is_one_json_object_with_stage_and_article():
    fields = {"name": "n", "levelname": "INFO", "levelno": 20, "msg": "%s\nof %d", "args": ("two", 2), "created": 0.5}
    record = logging.makeLogRecord(fields | {"stage": "normalize", "article": "id-1"})
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "INFO",
        "logger": "n",
        "message": "two\nof 2",
        "stage": "normalize",
        "article": "id-1",
    }


def test_no_text_of_an_article_is_logged_at_info(caplog):
    caplog.set_level(logging.INFO)
    text = "a text that is nobody's business"
    letter = dead_letter("postgres", "record", Record(id="id-1", text=text), ValueError(f"can't store {text}"))
    assert text in letter.error
    assert text not in caplog.text
    (line,) = caplog.records
    assert (line.stage, line.article, line.getMessage()) == (
        "postgres",
        "id-1",
        "record became a dead letter: ValueError",
    )


def test_a_run_logs_json_and_no_text(tmp_path: Path):
    text = "Nobody should read this sentence in a log, whatever comes of the article that it stands in."
    articles = [{"id": "good", "text": text}, {"id": "bad", "text": 7, "title": text}]
    (tmp_path / "articles.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    settings = {
        "source": {"type": "files", "paths": [str(tmp_path / "articles.jsonl")]},
        "state": {"path": str(tmp_path / "state")},
        "entities": {"backend": "none"},
        "sinks": [{"type": "jsonl", "path": str(tmp_path / "records")}],
        "dead_letters": {"path": str(tmp_path / "letters")},
        "metrics": {"port": 0},
    }
    config = tmp_path / "job.yaml"
    config.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "pipeline", "--log-format=json", "run", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert any(line.get("stage") == "files" and "dead letter" in line["message"] for line in lines)
    assert any(line["message"].startswith("metrics: http://127.0.0.1:") for line in lines)
    assert text not in done.stderr


@pytest.mark.parametrize(("level", "told"), [("error", 0), ("info", 1)])
def test_warnings_of_libraries_are_log_lines(level: str, told: int):
    program = (
        f"import warnings; from pipeline.logs import set_up_logging as s; s({level!r}, 'json'); warnings.warn('old')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["level"], "old" in line["message"]) for line in lines] == [("WARNING", True)] * told
