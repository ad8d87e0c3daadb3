"""The account of a run as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from transforms.account import Summary

SHOWN_NAMES = 8
"""Languages and entities named in the table; `summary.json` has more."""


def plain_text(text: str) -> str:
    """Return text from outside as a terminal may show it: one line, without characters that control it."""
    return "".join(char if char.isprintable() else " " for char in text)


def print_summary(summary: Summary, console: Console) -> None:
    """Print the account: where every entry went, and what was found."""
    table = Table(title=f"run {summary.run}", title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    if any(summary.feeds.values()):
        statuses = ", ".join(f"{count} {status}" for status, count in summary.feeds.items())
        table.add_row("feeds", str(sum(summary.feeds.values())), statuses)
    table.add_row("entries", str(summary.entries), _balance(summary))
    table.add_row("records", str(summary.records), f"{summary.repaired} repaired, {summary.edits} edits")
    table.add_row("duplicates", str(summary.duplicates), _names(summary.duplicates_by_reason))
    table.add_row("filtered", str(summary.filtered), _names(summary.filtered_by_reason))
    table.add_row("dead letters", str(summary.dead_letters), _names(summary.dead_letters_by_stage))
    table.add_row("languages", str(len(summary.languages)), _names(summary.languages))
    top = {entity.name: entity.records for entity in summary.entities}
    table.add_row("top entities", "", _names(top))
    table.add_row("time", f"{summary.seconds} s", "")
    console.print(table)
    for failure in summary.failed_feeds[:SHOWN_NAMES]:
        told = plain_text(f"failed: {failure.feed_url}: {failure.error}")
        console.print(told, style="red", markup=False, highlight=False, soft_wrap=True)
    more = len(summary.failed_feeds) - SHOWN_NAMES
    if more > 0:
        console.print(f"… and {more} more failed feeds, see summary.json", style="red")
    for error, count in list(summary.errors.items())[:SHOWN_NAMES]:
        told = plain_text(f"dead letter: {error}") + (f" ({count} times)" if count > 1 else "")
        console.print(told, style="red", markup=False, highlight=False, soft_wrap=True)


def _balance(summary: Summary) -> str:
    parts = "records + duplicates + filtered + dead letters"
    return f"= {parts}" if summary.balanced else f"NOT equal to {parts}: please report this"


def _names(counts: dict[str, int]) -> str:
    shown = ", ".join(f"{plain_text(name)} {count}" for name, count in list(counts.items())[:SHOWN_NAMES])
    return f"{shown}, …" if len(counts) > SHOWN_NAMES else shown
