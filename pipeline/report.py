"""`newsbeam report`: what came in, from where, what was repaired and what failed, read from the files of a run."""

from __future__ import annotations

import gzip
import os
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import msgspec
import pyarrow.parquet as pq
import yaml
from rich.console import Console
from rich.table import Table

from pipeline.summary import plain_text, print_summary
from transforms.account import Summary
from transforms.records import DeadLetter, Edit, Record

EXAMPLES = 3
"""Examples of each rule and of each kind of failure."""

CONTEXT = 40
"""Characters of the text shown on either side of an edit."""

MOST_GARBLED = 10
SHOWN_FEEDS = 15
"""Feeds named on a terminal; the page has all of them."""


class ReportError(Exception):
    """There is nothing to report on; the message says why and what to do, in one line."""


class EditExample(msgspec.Struct, frozen=True):
    """An edit with what stands around it."""

    left: str
    before: str
    after: str
    right: str
    title: str


class FeedAccount(msgspec.Struct):
    """What came of one feed, file or subscription."""

    name: str
    place: str
    records: int = 0
    repaired: int = 0
    edits: int = 0


class Garbled(msgspec.Struct, frozen=True):
    """An article whose text was in a bad state."""

    score: float
    title: str
    url: str | None
    edits: int
    suspects: int


class Failure(msgspec.Struct):
    """What failed in one way."""

    stage: str
    error: str
    count: int = 0
    inputs: list[str] = []


class Report(msgspec.Struct, kw_only=True):
    """A run, as it is shown."""

    summary: Summary
    config: str
    records: int = 0
    feeds: list[FeedAccount] = []
    examples: dict[str, list[EditExample]] = {}
    garbled: list[Garbled] = []
    suspects: dict[str, int] = {}
    failures: list[Failure] = []
    unreadable: list[str] = []
    """Files, or lines of them, that could not be read."""


def read_report(folder: str) -> Report:
    """Read the last run of a folder: `summary.json`, `config.yaml`, and the files of that run.

    Files are looked for in the folders beside the summary, then where the configuration says they are.

    Args:
      folder: where `summary.json` is, beside the first file sink's folder.

    Raises:
      ReportError: there is no such summary, or it is none.
    """
    place = Path(folder)
    try:
        summary = msgspec.json.decode((place / "summary.json").read_bytes(), type=Summary)
    except OSError as error:
        told = "the folder that holds a run's summary.json, such as out/demo"
        raise ReportError(f"{place / 'summary.json'}: {error.strerror}; name {told}") from None
    except msgspec.DecodeError as error:
        raise ReportError(f"{place / 'summary.json'}: not the account of a run: {error}") from None
    try:
        config = (place / "config.yaml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        config = ""
    report = Report(summary=summary, config=config)
    folders = _folders(place, config)
    _add_records(report, _files(folders, f"records-{summary.run}-"))
    _add_failures(report, _files(folders, f"dead-letters-{summary.run}-", every=True))
    return report


def _folders(place: Path, config: str) -> list[Path]:
    """Return where files of the run may be: beside its summary, and where its configuration says."""
    folders = sorted(path for path in place.iterdir() if path.is_dir())
    try:
        settings: Any = yaml.safe_load(config)
        named = [sink.get("path") for sink in settings["sinks"]] + [settings["dead_letters"]["path"]]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        named = []
    folders += [Path(path) for path in named if isinstance(path, str) and "://" not in path and os.path.isdir(path)]
    return list({path.resolve(): path for path in folders}.values())


def _files(folders: list[Path], start: str, *, every: bool = False) -> list[Path]:
    """Return the files whose names begin with `start`: of all folders, or of the first that has any, since sinks hold
    the same records."""
    found: list[Path] = []
    for folder in folders:
        found += sorted(path for path in folder.iterdir() if path.name.startswith(start))
        if found and not every:
            break
    return found


def _lines(report: Report, path: Path, kind: type[Any]) -> Iterator[Any]:
    """Yield the rows of a file; what can't be read is named in the report."""
    try:
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=256):
                    yield from (msgspec.convert(row, kind) for row in batch.to_pylist())
            return
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield msgspec.json.decode(line, type=kind)
                except msgspec.DecodeError as error:
                    report.unreadable.append(f"{path}, line {number}: {error}")
    except (OSError, EOFError, ValueError, zlib.error) as error:  # pyarrow's and msgspec's are ValueErrors
        report.unreadable.append(f"{path}: {error}")


def _add_records(report: Report, files: list[Path]) -> None:
    feeds: dict[str, FeedAccount] = {}
    examples: defaultdict[str, list[EditExample]] = defaultdict(list)
    suspects: Counter[str] = Counter()
    garbled: list[Garbled] = []
    for path in files:
        for record in _lines(report, path, Record):
            report.records += 1
            where = record.source.feed_url or record.source.name or record.source.type
            feed = feeds.setdefault(where, FeedAccount(record.source.name or where, where))
            feed.records += 1
            feed.repaired += bool(record.edits)
            feed.edits += len(record.edits)
            suspects.update(suspect.reason for suspect in record.suspects)
            title = record.title or record.url or record.id
            for rule in dict.fromkeys(edit.rule for edit in record.edits):
                if len(examples[rule]) < EXAMPLES:
                    first = next(edit for edit in record.edits if edit.rule == rule)
                    examples[rule].append(edit_example(record.original_text, first, title))
            if record.garble_score > 0:
                garbled.append(
                    Garbled(record.garble_score, title, web(record.url), len(record.edits), len(record.suspects))
                )
                garbled = sorted(garbled, key=lambda one: (-one.score, one.title))[:MOST_GARBLED]
    report.feeds = sorted(feeds.values(), key=lambda feed: (-feed.records, feed.place))
    report.examples = dict(examples)
    report.suspects = dict(suspects.most_common())
    report.garbled = garbled


def _add_failures(report: Report, files: list[Path]) -> None:
    failures: dict[tuple[str, str], Failure] = {}
    for path in files:
        for letter in _lines(report, path, DeadLetter):
            if letter.kind == "feed":
                continue  # the summary names the feeds that failed
            error = letter.error[:500]
            failure = failures.setdefault((letter.stage, error), Failure(letter.stage, error, 0, []))
            failure.count += 1
            if len(failure.inputs) < EXAMPLES:
                failure.inputs.append(input_name(letter))
    report.failures = sorted(failures.values(), key=lambda failure: (-failure.count, failure.stage, failure.error))


def edit_example(original: str, edit: Edit, title: str) -> EditExample:
    """Return an edit with what stands around it, each in one line."""
    left = original[max(0, edit.start - CONTEXT) : edit.start]
    right = original[edit.end : edit.end + CONTEXT]
    before, after = (text.replace("\n", "⏎") for text in (edit.before, edit.after))
    return EditExample(left.split("\n")[-1], before, after, right.split("\n")[0], title)


def input_name(letter: DeadLetter) -> str:
    """Return what a person may know the input of a dead letter by."""
    given = letter.input
    known = (given.get(name) for name in ("feed_url", "url", "title", "file", "message_id", "id"))
    name = next((str(value) for value in known if value), "")
    if letter.kind == "line" and given.get("number"):
        name += f":{given['number']}"
    return name[:300] or str(given.get("line") or "")[:100]


def web(url: str | None) -> str | None:
    """Return an address that a page may link to, or None."""
    return url if url and url.lower().startswith(("http://", "https://")) else None


def to_html(report: Report) -> str:
    """Return a report as one page of HTML that needs nothing else and runs nothing."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipeline", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2").render(report=report, summary=report.summary)


def print_report(report: Report, console: Console) -> None:
    """Print a report on a terminal."""
    print_summary(report.summary, console)
    if report.feeds:
        feeds = _table("records", "repaired", "edits", "from")
        for feed in report.feeds[:SHOWN_FEEDS]:
            feeds.add_row(str(feed.records), str(feed.repaired), str(feed.edits), plain_text(feed.place))
        _section(console, "Where records came from", feeds)
        if len(report.feeds) > SHOWN_FEEDS:
            console.print(f"… and {len(report.feeds) - SHOWN_FEEDS} more")
    if report.summary.edits_by_rule:
        edits = _table("edits", "rule", "an example")
        for rule, count in report.summary.edits_by_rule.items():
            shown = report.examples.get(rule, [])
            edits.add_row(str(count), rule, plain_text(_in_a_line(shown[0])) if shown else "")
        _section(console, "What was repaired", edits)
    if report.failures:
        failures = _table("times", "stage", "error", "input")
        for failure in report.failures[:SHOWN_FEEDS]:
            inputs = plain_text(", ".join(failure.inputs))
            failures.add_row(str(failure.count), failure.stage, plain_text(failure.error), inputs)
        _section(console, "What failed", failures)
        if len(report.failures) > SHOWN_FEEDS:
            console.print(f"… and {len(report.failures) - SHOWN_FEEDS} more kinds of failure")
    for told in report.unreadable:
        console.print(f"could not be read: {plain_text(told)}", style="red")


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(
            name, justify="right" if name in ("records", "repaired", "edits", "times") else "left", overflow="fold"
        )
    return table


def _section(console: Console, title: str, table: Table) -> None:
    console.print()
    console.print(title, style="bold")
    console.print(table)


def _in_a_line(example: EditExample) -> str:
    return f"{example.left[-20:]}[{example.before} → {example.after}]{example.right[:20]}"
