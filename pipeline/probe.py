"""`newsbeam check --probe`: try what a configuration names."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from pipeline.config import Config
from pipeline.summary import plain_text
from transforms.feeds.config import FeedsConfig
from transforms.feeds.read import fetch_feeds
from transforms.feeds.sources import expand_feeds, load


def probe(config: Config) -> bool:
    """Fetch and parse each feed once, print what came of it, and return whether all went well."""
    if not isinstance(config.source, FeedsConfig):
        return True
    source = config.source
    expanded = expand_feeds(source.feeds, lambda address: load(address, source))
    table = Table("status", "entries", "seconds", "feed", "", box=None, pad_edge=False)
    failed = len(expanded.problems)
    for problem in expanded.problems:
        table.add_row("failed", "", "", plain_text(problem.address), plain_text(problem.error))
    for result in fetch_feeds(expanded.feeds, source, {}):
        fetch = result.fetch
        failed += fetch.status == "failed"
        note = fetch.error or fetch.warning or (f"moved to {fetch.new_address}" if fetch.new_address else "")
        table.add_row(
            fetch.status, str(fetch.entries), f"{fetch.seconds:.2f}", plain_text(fetch.feed_url), plain_text(note)
        )
    Console(markup=False, emoji=False, highlight=False).print(table)
    return failed == 0
