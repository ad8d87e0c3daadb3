"""The same articles through batch and through Pub/Sub on a streaming runner give the same records."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from faults import ROOT, Bench, article, publish, wait_for

ARTICLES = int(os.environ.get("NEWSBEAM_SAME_ANSWER", "100"))
IGNORED = {"source", "fetched_at"}


def batch(folder: Path, articles: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the records of a batch run, by id."""
    (folder / "articles.jsonl").write_text("".join(json.dumps(a) + "\n" for a in articles))
    config = {
        "source": {"type": "files", "paths": [str(folder / "articles.jsonl")]},
        "state": {"path": str(folder / "state")},
        "entities": {"backend": "none"},
        "sinks": [{"type": "jsonl", "path": str(folder / "records")}],
        "dead_letters": {"path": str(folder / "letters")},
    }
    (folder / "batch.yaml").write_text(json.dumps(config))
    subprocess.run([sys.executable, "-m", "pipeline", "run", str(folder / "batch.yaml")], cwd=ROOT, check=True)
    return records(folder / "records")


def records(folder: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
    by_id = {record["id"]: record for record in found}
    assert len(by_id) == len(found), "an article was written twice"
    return by_id


@pytest.mark.parametrize("runner", ["prism", "flink"])
def test_the_same_records_as_in_batch(runner, tmp_path, request):
    if runner == "flink" and not os.environ.get("NEWSBEAM_FLINK"):
        pytest.skip("set NEWSBEAM_FLINK=1 to run a Flink cluster: it takes minutes to start on two cores")
    expected = batch(tmp_path, [article(number) for number in range(ARTICLES)])
    assert len(expected) == ARTICLES
    with contextlib.ExitStack() as stack:
        bench = Bench(runner, stack, files=True)
        bench.start()
        publish(bench, ARTICLES, rate=500, poison=False).join()
        publish(bench, ARTICLES // 2, rate=500, poison=False).join()  # again, to be dropped
        wait_for(bench, ARTICLES, 300)
        time.sleep(35)  # longer than a window: what was wrongly let through would be written by now
        assert bench.files is not None
        streamed = records(bench.files)
    assert streamed.keys() == expected.keys()
    for id, record in expected.items():
        for field in record.keys() - IGNORED:
            assert streamed[id][field] == record[field], (id, field)
