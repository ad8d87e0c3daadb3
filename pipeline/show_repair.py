"""What `newsbeam normalize` shows: the repaired text with its edits in colour, and the same for programs."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.text import Text

from transforms.normalize import Normalized

DELETED = "red strike"
INSERTED = "green"
RULE = "dim cyan"
SUSPECT = "yellow underline"


def render_diff(normalized: Normalized, original: str, *, rules: bool = False) -> Text:
    """Return the text with what was taken out in red and struck through, what was put in in green.

    Suspect spans are underlined in yellow.

    Args:
      normalized: what `normalize` made of `original`.
      original: the text before repair.
      rules: name the rule and its confidence after each edit.
    """
    shown = Text()
    position = 0  # in the original
    place = 0  # in the repaired text
    for edit in normalized.edits:
        kept = original[position : edit.start]
        shown.append_text(_marked(normalized, kept, place))
        shown.append(_visible(edit.before), DELETED)
        shown.append(_visible(edit.after) if not edit.after.strip(" ") else edit.after, INSERTED)
        if rules:
            shown.append(f"[{edit.rule} {edit.confidence:.2f}]", RULE)
        place += len(kept) + len(edit.after)
        position = edit.end
    return shown.append_text(_marked(normalized, original[position:], place))


def _marked(normalized: Normalized, kept: str, place: int) -> Text:
    """Return text that no edit touches, its suspect spans marked; it stands at `place` of the repaired text."""
    text = Text(kept)
    for suspect in normalized.suspects:
        text.stylize(SUSPECT, max(0, suspect.start - place), max(0, suspect.end - place))
    return text


def _visible(changed: str) -> str:
    """Return white space and unseen characters so that they can be seen."""
    if changed and not changed.strip(" \n"):
        return changed.replace(" ", "␣").replace("\n", "⏎\n")
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in changed)


def to_json(normalized: Normalized, language: str, original: str | None = None) -> dict[str, Any]:
    """Return the account of a repair as JSON can hold it.

    Args:
      normalized: what `normalize` made of a text.
      language: BCP 47 code of the text.
      original: the text before repair, to be given back beside the repaired one.
    """
    done: dict[str, Any] = {"language": language, **msgspec.to_builtins(normalized)}
    if original is not None:
        done["original_text"] = original
    return done
