"""The same articles through a batch run, and through Pub/Sub on streaming runners: are the records the same?

    python tests/integration/parity.py [prism] [flink] [--count 2000] [--articles FILE.jsonl] [--entities spacy|none]

Records are compared id by id and field by field, but for where and when the article was read (`source`, `fetched_at`).
Half of the articles are published twice, to be dropped. Flink runs with parallelism 2 on two TaskManagers. Exit status
1 where a record is missing, double, or differs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from faults import ROOT, TOPIC, Bench, wait_for

READ = {"source", "fetched_at"}
"""Fields that tell where and when an article was read."""
WINDOW = 10
"""Seconds of a window of the file sink."""

SENTENCES = {
    "en": [
        "{who} said on {day} that the ferry wouldnt sail until {place}s harbour had been cleared .",
        "The council of {place} voted {n} to 7 for the bridge,its first in 40 years.",
        "“It isnt the weather, its the money”, {who} told reporters in {place} .",
        "{who} , who lives in {place} , said the the plan doesn't go far enough.",
        "Nearly {n} ,000 people signed the petition, the mayors office said.It will be heard on {day}.",
        "The U.S. trade office donâ€™t expect a decision before {day}, said {who}.",
        "Prices rose {n} %  in {place} last year, according to the statistics office.",
        "President {who} arrived {day} in {place} on {day} for a two -day visit.",
    ],
    "de": [
        "{who} sagte am Mittwoch, die Brücke in {place} werde erst in {n} Monaten wieder geöffnet.",
        "Der Stadtrat von {place} stimmte mit {n} Stimmen für den Haushalt des kommenden Jahres.",
        "Nach Angaben der Polizei wurden in {place} {n} Menschen leicht verletzt.",
    ],
    "fr": [
        "{who} a déclaré mercredi que le pont de {place} ne rouvrirait pas avant {n} mois.",
        "Le conseil municipal de {place} a adopté le budget par {n} voix contre sept.",
        "Selon la prÃ©fecture, {n} personnes ont été légèrement blessées à {place}.",
    ],
}
PEOPLE = ["Ada Lindqvist", "Mark Okafor", "Jean-Luc Moreau", "Petra Vogel", "Xi Wang", "Siobhan O'Leary"]
PLACES = ["Rotterdam", "Nairobi", "Lyon", "Dresden", "Boston", "Busan", "Lima"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday"]


def article(number: int) -> dict[str, Any]:
    """Return the article of this number, unlike every other, in one of three languages, with things to repair."""
    chance = random.Random(number)
    language = chance.choice(["en", "en", "en", "de", "fr"])

    def sentence() -> str:
        filled = chance.choice(SENTENCES[language])
        where = {"place": chance.choice(PLACES), "day": chance.choice(DAYS), "who": chance.choice(PEOPLE)}
        return filled.format(n=chance.randint(2, 900), **where)

    paragraphs = [" ".join(sentence() for _ in range(3)) for _ in range(chance.randint(2, 6))]
    given: dict[str, Any] = {"url": f"https://example.com/{number}?utm_source=feed", "title": sentence()}
    if number % 3:
        given["published_at"] = f"2026-11-{1 + number % 20:02d}T08:30:00Z"
    if number % 5 == 0:
        return given | {"html": "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)}
    return given | {"text": "\n\n".join(paragraphs), "authors": [chance.choice(PEOPLE)]}


class Comparison(NamedTuple):
    """How the records of a stream differ from those of the batch run."""

    expected: int
    same: int
    missing: int
    extra: int
    double: int
    fields: Counter[str]
    """How many records differ in a field."""

    @property
    def good(self) -> bool:
        return self.same == self.expected and not (self.extra or self.double)


def compare(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> Comparison:
    """Compare records by id and by field."""
    ids, fields, same = {record["id"]: record for record in found}, Counter[str](), 0
    for record in expected:
        other = ids.get(record["id"])
        if other is not None:
            different = {f for f in (record.keys() | other.keys()) - READ if record.get(f) != other.get(f)}
            fields.update(different)
            same += not different
    missing = sum(record["id"] not in ids for record in expected)
    extra = len(ids.keys() - {record["id"] for record in expected})
    return Comparison(len(expected), same, missing, extra, len(found) - len(ids), fields)


def records(folder: Path) -> list[dict[str, Any]]:
    """Return all records in a folder of JSONL files."""
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def batch(folder: Path, articles: list[dict[str, Any]], entities: str) -> list[dict[str, Any]]:
    """Return the records of a batch run."""
    (folder / "articles.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    config = {
        "source": {"type": "files", "paths": [str(folder / "articles.jsonl")]},
        "state": {"path": str(folder / "state")},
        "entities": {"backend": entities},
        "sinks": [{"type": "jsonl", "path": str(folder / "records")}],
        "dead_letters": {"path": str(folder / "letters")},
    }
    (folder / "batch.yaml").write_text(json.dumps(config))
    subprocess.run([sys.executable, "-m", "pipeline", "run", str(folder / "batch.yaml")], cwd=ROOT, check=True)
    return records(folder / "records")


class _Stream(Bench):
    """A streaming pipeline that writes to files."""

    entities = "none"

    def configuration(self) -> dict[str, Any]:
        given = super().configuration()
        given["sinks"][0]["window"] = WINDOW
        given["source"]["lease_seconds"] = 600  # nothing fails here: what comes late must not come twice
        return given | {"entities": {"backend": self.entities}}


def stream(
    runner: str, articles: list[dict[str, Any]], expected: int, entities: str, patience: float
) -> list[dict[str, Any]]:
    """Return the records of a streaming run from Pub/Sub, of which so many are expected; half of them come twice."""
    with contextlib.ExitStack() as stack:
        bench = type("Stream", (_Stream,), {"entities": entities})(runner, stack, files=True)
        bench.start()
        for number, given in enumerate([*articles, *articles[: len(articles) // 2]]):
            message = {"data": json.dumps(given).encode(), "attributes": {"content-type": "application/json"}}
            bench.topic.publish(topic=TOPIC, messages=[message])
            if number % 500 == 499:
                time.sleep(1)
        wait_for(bench, expected, patience)
        time.sleep(3 * WINDOW)  # what was wrongly let through would be written by now
        assert bench.files is not None
        return records(bench.files)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runners", nargs="*", metavar="RUNNER", help="prism, flink")
    parser.add_argument("--count", type=int, default=2000, help="articles")
    parser.add_argument("--articles", type=Path, help="JSON lines as the files source reads them; made up if left out")
    parser.add_argument("--entities", choices=["spacy", "none"], default="spacy")
    parser.add_argument("--patience", type=float, default=1800, help="seconds to wait for the last record")
    options = parser.parse_args()
    if options.articles:
        articles = [json.loads(line) for line in options.articles.read_text().splitlines()][: options.count]
    else:
        articles = [article(number) for number in range(options.count)]
    good = True
    with tempfile.TemporaryDirectory(prefix="newsbeam-parity-") as folder:
        expected = batch(Path(folder), articles, options.entities)
    edits, named = (sum(bool(record[field]) for record in expected) for field in ("edits", "entities"))
    print(
        f"batch: {len(articles)} articles, {len(expected)} records, {edits} edited, {named} with entities", flush=True
    )
    for runner in options.runners or ["prism"]:
        started = time.monotonic()
        result = compare(expected, stream(runner, articles, len(expected), options.entities, options.patience))
        good &= result.good
        print(
            f"{runner}: {result.same} of {result.expected} the same, {result.missing} missing, {result.extra} extra, "
            f"{result.double} double; fields that differ: {dict(result.fields) or 'none'}; "
            f"{time.monotonic() - started:.0f} s",
            flush=True,
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
