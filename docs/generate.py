"""Writes the docs that are derived from the code: docs/record.md and the tables of docs/configuration.md.

python docs/generate.py          # writes them
python docs/generate.py --check  # exits 1 where they are not current
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from pipeline.config import Config, models_of, show_duration  # noqa: E402
from transforms.records import SCHEMA_VERSION, DeadLetter  # noqa: E402
from transforms.schema import Field, fields_of  # noqa: E402


def type_name(field: Field) -> str:
    """Return a field's type as the record's page shows it."""
    name = f"[{field.struct_name}](#{str(field.struct_name).lower()})" if field.struct_name else field.type
    return f"list of {name}" if field.repeated else name if field.required else f"{name} or null"


def tables(title: str, fields: list[Field], seen: set[str]) -> Iterator[str]:
    """Yield the table of a record type, then those of the types in it."""
    yield f"\n## {title}\n\n| field | type | meaning |\n|---|---|---|\n"
    for field in fields:
        yield f"| `{field.name}` | {type_name(field)} | {field.description} |\n"
    for field in fields:
        if field.struct_name and field.struct_name not in seen:
            seen.add(field.struct_name)
            yield from tables(field.struct_name, field.fields, seen)


def record_page() -> str:
    """Return docs/record.md."""
    head = (
        "# The record\n\n"
        f"Schema version {SCHEMA_VERSION}. newsbeam writes one such record an article. This page is generated from "
        "`transforms/records.py` by `python docs/generate.py`, as are the schemas: "
        "`newsbeam schema --format json|avro|bigquery|postgres`; Parquet files carry theirs.\n\n"
        "Offsets count Unicode code points (Python string indices), `start` included, `end` excluded. Times are UTC. "
        "Applying `edits` to `original_text` gives `text` exactly, undoing them gives `original_text` back: "
        "`transforms.records.apply_edits` and `undo_edits`.\n"
    )
    letters = tables("Dead letters", list(_dead_letter_fields()), set())
    return head + "".join(tables("Record", fields_of(), set())) + "".join(letters)


def _dead_letter_fields() -> Iterator[Field]:
    import msgspec

    info: Any = msgspec.inspect.type_info(DeadLetter)
    types = {"at": "timestamp", "input": "object"}
    for field in info.fields:
        description = (field.type.extra_json_schema or {}).get("description", "")
        yield Field(field.encode_name, types.get(field.encode_name, "string"), description, True, False, [], None)


def shown(annotation: Any) -> str:
    """Return a setting's type as the configuration's page shows it."""
    origin = get_origin(annotation)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if origin in (Union, UnionType):
        return " or ".join(shown(part) for part in get_args(annotation) if part is not type(None))
    if origin in (list, tuple):
        return f"list of {shown(get_args(annotation)[0])}"
    if origin is dict:
        return f"map of {' to '.join(shown(part) for part in get_args(annotation))}"
    names = {"str": "text", "int": "number", "float": "number", "bool": "true or false", "timedelta": "duration"}
    if origin is not None:
        return shown(get_args(annotation)[0])
    return names.get(annotation.__name__, annotation.__name__)


def settings(title: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield the table of one part of the configuration."""
    yield f"\n### {title}\n\n{(model.__doc__ or '').strip()}\n\n| key | type | default | meaning |\n|---|---|---|---|\n"
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True) if not field.is_required() else PydanticUndefined
        if isinstance(default, BaseModel):
            value = "see below"
        elif default is PydanticUndefined:
            value = "needed"
        else:
            default = show_duration(default) if isinstance(default, dt.timedelta) else default
            value = f"`{default}`" if default is not None else ""
        kind = "part" if list(models_of(field.annotation)) else shown(field.annotation)
        yield f"| `{name}` | {kind} | {value} | {field.description or ''} |\n"


def configuration_tables() -> str:
    """Return the tables of docs/configuration.md."""
    parts = [*settings("The whole", Config)]
    for name, field in Config.model_fields.items():
        for model in models_of(field.annotation):
            tag = model.model_fields.get("type")
            title = f"{name}: {get_args(tag.annotation)[0]}" if tag else name
            parts += settings(title, model)
    return "".join(parts)


def pages() -> dict[Path, str]:
    """Return the generated pages, by path."""
    configuration = DOCS / "configuration.md"
    head, marker, _ = configuration.read_text(encoding="utf-8").partition("<!-- generated from here on -->\n")
    return {DOCS / "record.md": record_page(), configuration: head + marker + configuration_tables()}


if __name__ == "__main__":
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv:
        sys.exit(f"not current, run python docs/generate.py: {', '.join(map(str, stale))}" if stale else 0)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
