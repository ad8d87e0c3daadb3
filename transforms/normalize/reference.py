"""The table of rules as Markdown, for docs/repair.md: `python -m transforms.normalize.reference docs/repair.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from transforms.normalize.rule import Rule
from transforms.normalize.rules import RULES
from transforms.normalize.suspects import REASONS

START = "<!-- generated: rules -->"
END = "<!-- end of generated -->"


def table() -> str:
    """Return the rules and the reasons for suspicion as Markdown tables."""
    lines = [
        "| rule | what it does | example | languages | level | measured precision | only on damaged pages |",
        "|---|---|---|---|---|---|---|",
        *map(_row, RULES),
        "",
        "| reason of a suspect span | what it means |",
        "|---|---|",
        *(f"| {reason} | {meaning} |" for reason, meaning in REASONS.items()),
    ]
    return "\n".join(lines)


def _row(rule: Rule) -> str:
    cells = [
        f"`{rule.name}`",
        rule.summary,
        f"{_code(rule.before)} → {_code(rule.after)}",
        " ".join(sorted(rule.languages)) or "all",
        rule.level.value,
        "" if rule.precision is None else f"{rule.precision:.2f}",
        "yes" if rule.gate else "",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(text: str) -> str:
    """Return `text` as code in which what can't be seen is named."""
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text.replace("\n", "⏎"))
    return f"`{shown}`" if shown else "(nothing)"


def updated(page: str) -> str:
    """Return the page with the generated part made anew."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
