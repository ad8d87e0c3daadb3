"""Measure the repair of garbled text: everything that docs/repair-figures.md says, from the data at the paths given.

    python benchmarks/repair.py --seed PATH --abc PATH --masc PATH --sotu PATH --gum PATH --pud PATH --trips FILE
    python benchmarks/repair.py --sections harm languages --sample 0          # everything, not a sample

Corpora (none is part of the repository; each path may also be given as NEWSBEAM_ABC, … in the environment):

- abc: `rural.txt` of NLTK's corpus `abc`; masc: NLTK's `masc_tagged.zip`; sotu: NLTK's `state_union.zip`
  (all three: https://github.com/nltk/nltk_data)
- gum: folder of GUM_news_*.conllu, pud: folder of en_pud-ud-test.conllu
  (https://github.com/UniversalDependencies/UD_English-GUM, …/UD_English-PUD)
- trips: what benchmarks/round_trips.py writes
- seed: a folder with article.txt, gold.tsv (start, end, found, expected, class, level) and defects.tsv

Needs sacrebleu (chrF) and, for entities, spaCy with an English model. A section whose data is missing is skipped.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import resource
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.repair_eval import trips as trips_module
from benchmarks.repair_eval.corpora import Document, add_corpus_arguments, corpus_paths, load
from benchmarks.repair_eval.corruption import PROFILES, Damaged, Profile, damage
from benchmarks.repair_eval.exonyms import LANGUAGES, LOOKALIKES, exonym_pages
from benchmarks.repair_eval.marked import read_defects, read_gold, read_marked
from benchmarks.repair_eval.scoring import Score, context, is_blank, is_boilerplate, ratio, roc_auc, score
from benchmarks.repair_eval.seed import defect_repaired, score_page
from benchmarks.repair_eval.trips import Judge, Mentions, Trip, chrf, found_again, reachable, read_trips
from transforms.normalize import NormalizeConfig, Normalized, normalize
from transforms.records import Edit, apply_edits, undo_edits

DATA = Path(__file__).parent / "repair_eval" / "data"
TUNED_PIVOTS = frozenset({"spa", "cat"})  # what the rules' authors could look at; the figures are those of the others
HOSTILE = {
    "apostrophes": "a'", "no space": "a", "quotes": "“‘", "brackets": "([", "Chinas": "Chinas ", "XI": "XI and ",
    "spaces": "  ", "The": "The the ", "glued": "ended.He", "newlines": "\n\n ", "accents": "e\u0301 ",
    "dates": "May 9 of ",
}  # fmt: skip
HELD_OUT = ("abc", "gum", "pud")  # corpora that no model of the repair was trained on


@dataclass
class Bench:
    """What the sections share: data loaded once, and the size of the sample."""

    args: argparse.Namespace
    documents: list[Document]
    trips: list[Trip]
    failures: list[str] = field(default_factory=list)

    def sample(self, corpora: Sequence[str] = (), at_least: int = 0) -> list[Document]:
        """Documents of the corpora (all by default), at most `--sample` of each, the same in every run."""
        groups: dict[str, list[Document]] = defaultdict(list)
        for document in self.documents:
            if (not corpora or document.corpus in corpora) and document.words >= at_least:
                groups[document.corpus].append(document)
        limit = self.args.sample or sys.maxsize
        return [d for c, group in groups.items() for d in random.Random(c).sample(group, min(limit, len(group)))]

    def repair(self, text: str, name: str, language: str = "en", min_confidence: float | None = None) -> Normalized:
        """Normalize, and note every broken promise: an exception, edits that do not reproduce or undo."""
        config = NormalizeConfig() if min_confidence is None else NormalizeConfig(min_confidence=min_confidence)
        try:
            result = normalize(text, language, config=config)
            if apply_edits(text, result.edits) != result.text or undo_edits(result.text, result.edits) != text:
                self.failures.append(f"{name}: the edits do not reproduce or undo")
            return result
        except Exception as error:  # a crash is a finding, the run goes on
            self.failures.append(f"{name}: {type(error).__name__}: {error}")
            return Normalized(text=text)


def title(text: str) -> None:
    print(f"\n## {text}\n", flush=True)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row) + " |")
    print(flush=True)


def show_edit(text: str, edit: Edit, mark: str = " ") -> None:
    place = context(text, edit.start, edit.end)
    after = edit.after.replace("\n", "⏎")
    print(f"  {mark} {edit.rule} {edit.confidence:.2f}: {place} → [{after}]")


# --- the sections -----------------------------------------------------------------------------------------------------


def seed_section(bench: Bench) -> None:
    """Seed: gold.tsv and defects.tsv, and every edit, marked where it matches no defect."""
    folder = bench.args.seed
    if folder is None:
        return print("skipped: no --seed")
    page = read_gold(folder)
    defects = read_defects(folder)
    result = bench.repair(page.text, "seed")
    scored = score_page(page, result.edits)
    rows = []
    for level in "DMX":
        of_level = page.of_level(level)
        rows.append((f"gold.tsv {level}", sum(d in scored.repaired for d in of_level), len(of_level)))
    fixed = [defect for defect in defects if defect_repaired(page.text, result.edits, defect, scored.repaired)]
    for level in "DGSLN":
        of = [d for d in defects if d.recoverability == level]
        rows.append((f"defects.tsv {level}", sum(d in fixed for d in of), len(of)))
    both = [d for d in defects if d.recoverability in "DG"]
    rows.append(("defects.tsv D+G", sum(d in fixed for d in both), len(both)))
    table(("defects", "repaired", "of"), rows)
    print(f"garble_score {result.garble_score:.3f}, suspects {len(result.suspects)}")
    print("\nAll edits (= as marked in gold.tsv, + repairs a defect, ~ touches one, ? matches none: look at these)")
    for edit in result.edits:
        touched = [d for d in defects if d.start < max(edit.end, edit.start + 1) and edit.start < d.end]
        if edit in scored.right or (is_boilerplate(edit) and any(d.kind.startswith("boiler") for d in touched)):
            mark = "="
        elif any(d in fixed for d in touched):
            mark = "+"
        else:
            mark = "~" if touched else "?"
        show_edit(page.text, edit, mark)
    print("\nMissed of gold.tsv")
    for item, level in zip(page.damages, page.levels, strict=True):
        if item not in scored.repaired:
            print(f"  {level} {item.kind}: {context(page.text, item.start, item.end)} should be {item.expected}")
    print("\nMissed D and G of defects.tsv")
    for defect in both:
        if defect not in fixed:
            print(f"  {defect.kind}: {context(page.text, defect.start, defect.end)} was {defect.original}")
    print("\nSuspects")
    for suspect in result.suspects:
        print(f"  {suspect.reason}: {context(result.text, suspect.start, suspect.end)}")
    return None


def pages_section(bench: Bench) -> None:
    """Held-out pages: garbled news of other pivots, written for this benchmark, with their gold."""
    total, rows, lines = Score(), [], []
    levels: Counter[tuple[str, bool]] = Counter()
    for path in sorted(bench.args.pages.glob("*.txt")):
        page = read_marked(path)
        result = bench.repair(page.text, page.name)
        scored = score_page(page, result.edits)
        total.add(scored)
        for level in "DMX":
            for item in page.of_level(level):
                levels[level, item in scored.repaired] += 1
        d = page.of_level("D")
        rows.append(
            (page.name, sum(i in scored.repaired for i in d), len(d), len(scored.right), len(scored.wrong),
             len(scored.lifted), result.garble_score, len(result.suspects))
        )  # fmt: skip
        lines.append((page, scored))
    table(("page", "D repaired", "of D", "right edits", "wrong", "lifts elsewhere", "garble", "suspects"), rows)
    for level in "DMX":
        print(f"level {level}: {levels[level, True]} of {levels[level, True] + levels[level, False]}")
    print(f"precision {total.precision:.3f} ({len(total.right)} right, {len(total.wrong)} wrong)")
    for page, scored in lines:
        for edit in scored.wrong:
            print(f"{page.name}", end="")
            show_edit(page.text, edit, "✗")
        for edit in scored.lifted:
            print(f"{page.name}", end="")
            show_edit(page.text, edit, "lifted")
    if bench.args.missed:
        for page, scored in lines:
            for item in scored.missed:
                place = context(page.text, item.start, item.end)
                print(f"{page.name} missed {item.kind}: {place} should be {item.expected}")


def _kind_table(total: Score) -> None:
    kinds = sorted({d.kind for d in total.repaired + total.missed})
    hit, lost = Counter(d.kind for d in total.repaired), Counter(d.kind for d in total.missed)
    table(("damage", "of", "recall"), [(k, hit[k] + lost[k], ratio(hit[k], hit[k] + lost[k])) for k in kinds])


def _rule_table(total: Score) -> None:
    right, wrong = Counter(e.rule for e in total.right), Counter(e.rule for e in total.wrong)
    rules = sorted(right | wrong)
    table(("rule", "right", "wrong", "precision"), [
        (r, right[r], wrong[r], ratio(right[r], right[r] + wrong[r])) for r in rules
    ])  # fmt: skip


@dataclass
class Run:
    """A damaged document with what the repair made of it."""

    damaged: Damaged
    result: Normalized
    score: Score


def _run(bench: Bench, damaged: Iterable[Damaged], min_confidence: float | None = None) -> list[Run]:
    runs = []
    originals: dict[str, list[Edit]] = {}
    for item in damaged:
        result = bench.repair(item.text, f"{item.name}/{item.profile}", min_confidence=min_confidence)
        scored = score(item.text, result.edits, item.damages)
        if scored.wrong:
            if item.original not in originals:
                originals[item.original] = bench.repair(item.original, item.name, min_confidence=min_confidence).edits
            scored.set_apart(item.text, item.original, originals[item.original])
        runs.append(Run(item, result, scored))
    return runs


def _total(runs: Iterable[Run]) -> Score:
    total = Score()
    for run in runs:
        total.add(run.score)
    return total


def _wrong(runs: Iterable[Run], limit: int) -> None:
    shown: Counter[str] = Counter()
    print("Wrong edits (a few a rule; --examples N for more)")
    for run in runs:
        for edit in run.score.wrong:
            shown[edit.rule] += 1
            if shown[edit.rule] <= limit:
                print(f"  {run.damaged.name}/{run.damaged.profile}", end="")
                show_edit(run.damaged.text, edit)


def _missed(runs: Iterable[Run], limit: int) -> None:
    shown: Counter[str] = Counter()
    print("Missed damage (a few a kind)")
    for run in runs:
        for item in run.score.missed:
            shown[item.kind] += 1
            if shown[item.kind] <= limit:
                print(f"  {item.kind}: {context(run.damaged.text, item.start, item.end)} should be {item.expected}")


def _chrf_lines(name: str, pairs: Sequence[tuple[str, float, float]]) -> None:
    lower = [(doc, before, after) for doc, before, after in pairs if after < before - 1e-9]
    before = statistics.fmean(b for _, b, _ in pairs)
    after = statistics.fmean(a for *_, a in pairs)
    print(
        f"chrF {name}: {before:.2f} before, {after:.2f} after repair; lower on {len(lower)} of {len(pairs)} documents"
    )
    for doc, was, is_ in sorted(lower, key=lambda row: row[2] - row[1])[:10]:
        print(f"  lower: {doc} {was:.3f} → {is_:.3f}")


def engine_section(bench: Bench) -> None:
    """Corruption engine: precision, recall by kind and profile, chrF never lower, on corpora not trained on."""
    rows, everything = [], []
    for profile in PROFILES:
        runs = _run(bench, (damage(document, profile) for document in bench.sample(HELD_OUT, at_least=100)))
        total = _total(runs)
        everything += runs
        rows.append((profile.name, len(runs), len(total.repaired) + len(total.missed), total.precision, total.recall,
                     len(total.wrong), len(total.own), len(total.lifted)))  # fmt: skip
    total = _total(everything)
    rows.append(("all", len(everything), len(total.repaired) + len(total.missed), total.precision, total.recall,
                 len(total.wrong), len(total.own), len(total.lifted)))  # fmt: skip
    table(
        ("profile", "documents", "damages", "precision", "recall", "wrong", "as on the clean page", "lifts elsewhere"),
        rows,
    )
    _kind_table(total)
    _rule_table(total)
    pairs = []
    for run in everything:
        after = trips_module.without_lifts(run.damaged.text, run.result.edits, [*run.score.lifted, *run.score.own])
        pairs.append((f"{run.damaged.name}/{run.damaged.profile}", chrf(run.damaged.text, run.damaged.original),
                      chrf(after, run.damaged.original)))  # fmt: skip
    _chrf_lines("engine", pairs)
    _wrong(everything, bench.args.examples)
    _missed(everything, bench.args.examples)


def trips_section(bench: Bench) -> None:
    """Round trips: edits judged against the original, chrF, by pivot; those tuned on and those reported apart."""
    if not bench.trips:
        return print("skipped: no --trips")
    by_pivot: dict[str, list[Trip]] = defaultdict(list)
    for trip in bench.trips:
        by_pivot[trip.pivot].append(trip)
    limit = bench.args.sample or sys.maxsize
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    pairs: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    by_rule: dict[str, Counter[str]] = defaultdict(Counter)
    examples: list[tuple[str, str, Trip, Edit]] = []
    for pivot, group in by_pivot.items():
        side = "tuned on" if pivot in TUNED_PIVOTS else "reported"
        for trip in random.Random(pivot).sample(group, min(limit, len(group))):
            result = bench.repair(trip.text, f"{trip.name}/{pivot}")
            judge = Judge(trip)
            lifts = [edit for edit in result.edits if is_boilerplate(edit)]
            for edit in result.edits:
                if is_blank(edit):  # doubled spaces, which Apertium leaves by the hundred
                    continue
                verdict = "lifted" if edit in lifts else judge.verdict(edit)
                verdicts[pivot][verdict] += 1
                verdicts[f"all {side}"][verdict] += 1
                if side == "reported":
                    by_rule[edit.rule][verdict] += 1
                examples.append((verdict, pivot, trip, edit))
            after = trips_module.without_lifts(trip.text, result.edits, lifts)
            pair = (f"{trip.name}/{pivot}", chrf(trip.text, trip.original), chrf(after, trip.original))
            pairs[f"all {side}"].append(pair)
    names = [*by_pivot, *(name for name in ("all tuned on", "all reported") if name in verdicts)]
    table(("pivot", "right", "wrong", "open", "lifted", "precision (right of right and wrong)"), [
        (n, *(verdicts[n][v] for v in ("right", "wrong", "open", "lifted")),
         ratio(verdicts[n]["right"], verdicts[n]["right"] + verdicts[n]["wrong"])) for n in names
    ])  # fmt: skip
    table(("rule (reported pivots)", "right", "wrong", "open", "lifted"), [
        (r, *(c[v] for v in ("right", "wrong", "open", "lifted"))) for r, c in sorted(by_rule.items())
    ])  # fmt: skip
    for name, rows in pairs.items():
        _chrf_lines(name, rows)
    for verdict in ("wrong", "lifted", "open"):
        chosen = [row for row in examples if row[0] == verdict]
        shown: Counter[str] = Counter()
        print(f"Edits judged {verdict}: {len(chosen)} (a few a rule)")
        for _, pivot, trip, edit in chosen:
            shown[edit.rule] += 1
            if shown[edit.rule] <= bench.args.examples:
                print(f"  {trip.name}/{pivot}", end="")
                show_edit(trip.text, edit)
    return None


def damaged_trips_section(bench: Bench) -> None:
    """Round trips with the damage they lack (link capitals, names of the pivot left in, glued texts) by the engine."""
    pivots = {"spa": "es", "por": "pt", "fra": "fr"}
    rows, everything = [], []
    limit = bench.args.sample or sys.maxsize
    for pivot, language in pivots.items():
        profile = Profile("everything", PROFILES[0].rates, pivot=language)
        group = [trip for trip in bench.trips if trip.pivot == pivot]
        chosen = random.Random(pivot).sample(group, min(limit, len(group)))
        runs = _run(bench, (damage(Document(trip.name, trip.text), profile) for trip in chosen))
        pairs = []
        for trip, run in zip(chosen, runs, strict=True):
            after = trips_module.without_lifts(run.damaged.text, run.result.edits, [*run.score.lifted, *run.score.own])
            pairs.append((f"{trip.name}/{pivot}", chrf(run.damaged.text, trip.original), chrf(after, trip.original)))
        total = _total(runs)
        everything += runs
        side = "tuned on" if pivot in TUNED_PIVOTS else "reported"
        rows.append((f"{pivot} ({side})", len(runs), len(total.repaired) + len(total.missed), total.recall))
        if pairs:
            _chrf_lines(pivot, pairs)
    table(("pivot", "documents", "engine's damages", "recall on them"), rows)
    _kind_table(_total(everything))


def entities_section(bench: Bench) -> None:
    """Entity mentions of the original that spaCy finds again, before and after repair."""
    mentions = Mentions(bench.args.spacy)
    limit = min(bench.args.sample or 60, 60)
    cases: dict[str, list[tuple[str, str]]] = {}
    for profile in PROFILES[:5]:
        chosen = (damage(document, profile) for document in bench.sample(HELD_OUT, at_least=100)[:limit])
        cases[f"engine, {profile.name}"] = [(d.original, d.text) for d in chosen]
    for pivot in dict.fromkeys(trip.pivot for trip in bench.trips):
        group = [trip for trip in bench.trips if trip.pivot == pivot]
        chosen_trips = random.Random(pivot).sample(group, min(limit, len(group)))
        cases[f"round trips, {pivot}"] = [(trip.original, trip.text) for trip in chosen_trips]
    rows = []
    for name, pairs in cases.items():
        there = before = after = reach = 0
        for original, text in pairs:
            wanted, garbled = mentions.find(original), mentions.find(text)
            there += sum(wanted.values())
            before += found_again(wanted, garbled)
            reach += reachable(wanted - garbled, text)
            after += found_again(wanted, mentions.find(bench.repair(text, name).text))
        lost = there - before
        rows.append(
            (name, there, before, after, lost, ratio(after - before, lost), reach, ratio(after - before, reach))
        )
    table(("text", "in the original", "found garbled", "found repaired", "lost", "won back of lost",
           "lost to apostrophe, case, accent, s", "won back of those"), rows)  # fmt: skip


def harm_section(bench: Bench) -> None:
    """Harm: every edit made on clean English, a list for a person to judge, and the count per 100,000 words."""
    documents = bench.documents if bench.args.sample == 0 else bench.sample()
    words: Counter[str] = Counter()
    made: list[tuple[Document, Edit]] = []
    for document in documents:
        words[document.corpus] += document.words
        result = bench.repair(document.text, document.name)
        made += ((document, edit) for edit in result.edits)
    reviewed = _reviews(DATA / "harm_reviewed.tsv")
    rows = []
    for corpus in [*words, "all"]:
        n = sum(words.values()) if corpus == "all" else words[corpus]
        of = [(d, e) for d, e in made if corpus in ("all", d.corpus)]
        lifts = sum(is_boilerplate(e) for _, e in of)
        verdicts = Counter(reviewed.get((d.name, e.start, e.before, e.after), "not judged") for d, e in of)
        wrong = len(of) - verdicts["right"]
        rows.append((corpus, n, len(of), lifts, verdicts["right"], verdicts["wrong"], verdicts["not judged"],
                     wrong * 1e5 / n))  # fmt: skip
    table(("corpus", "words", "edits", "of these lifts", "judged right", "judged wrong", "not judged",
           "wrong or not judged a 100,000 words"), rows)  # fmt: skip
    rules = Counter(e.rule for _, e in made)
    table(("rule", "edits"), rules.most_common())
    print("All edits (✓ judged right, ✗ wrong, ? not judged)")
    for document, edit in made:
        verdict = reviewed.get((document.name, edit.start, edit.before, edit.after), "")
        if verdict != "right" or bench.args.missed:
            print(f"  {document.name}", end="")
            show_edit(document.text, edit, {"right": "✓", "wrong": "✗"}.get(verdict, "?"))


def _reviews(path: Path) -> dict[tuple[str, int, str, str], str]:
    """A person's verdicts on edits of clean text: document, start, before, after, verdict, why."""
    if not path.exists():
        return {}
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return {(r[0], int(r[1]), r[2].replace("\\n", "\n"), r[3].replace("\\n", "\n")): r[4] for r in rows}


def languages_section(bench: Bench) -> None:
    """Clean paragraphs in other languages, where no edit is allowed."""
    for path in sorted((DATA / "clean").glob("*.txt")):
        text = path.read_text("utf-8").strip()
        result = bench.repair(text, path.stem, language=path.stem)
        unknown = bench.repair(text, f"{path.stem}/und", language="und")
        wrong = bench.repair(text, f"{path.stem}/en", language="en")
        print(f"{path.stem}: {len(text)} characters, {len(result.edits)} edits, garble {result.garble_score:.3f}; "
              f"as `und`: {len(unknown.edits)}; mistaken for English: {len(wrong.edits)}")  # fmt: skip
        for edit in (*result.edits, *unknown.edits, *wrong.edits):
            show_edit(text, edit, "✗")


def apostrophes_section(bench: Bench) -> None:
    """Clean news with all its apostrophes stripped, whole articles: precision and recall by corpus."""
    profile = Profile("apostrophes only", {"apostrophe": 1.0, "apostrophe.of_genitive": 0.0}, quotes=True)
    rows, held_out = [], []
    for corpus in dict.fromkeys(document.corpus for document in bench.documents):
        runs = _run(bench, (damage(document, profile) for document in bench.sample([corpus])))
        held_out += runs if corpus in HELD_OUT else []
        rows += _apostrophe_rows(corpus, runs)
    if held_out:
        rows += _apostrophe_rows("not trained on", held_out)
    table(("corpus", "words", "damages", "precision", "recall"), rows)
    total = _total(held_out)
    _kind_table(total)
    _wrong(held_out, bench.args.examples)
    _missed(held_out, bench.args.examples)


def _apostrophe_rows(name: str, runs: Sequence[Run]) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = []
    for label, fits in (("capitalised", _capital), ("all", lambda text: True)):
        total = _total(runs)
        repaired = sum(fits(d.found) for d in total.repaired)
        missed = sum(fits(d.found) for d in total.missed)
        right, wrong = 0, 0
        for run in runs:
            right += sum(fits(_word(run.damaged.text, e)) for e in run.score.right)
            wrong += sum(fits(_word(run.damaged.text, e)) for e in run.score.wrong)
        rows.append((name, label, repaired + missed, ratio(right, right + wrong), ratio(repaired, repaired + missed)))
    return rows


def _capital(text: str) -> bool:
    return text[:1].isupper()


def _word(text: str, edit: Edit) -> str:
    start = edit.start
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    return text[start : edit.end + 1].lstrip()


def breaks_section(bench: Bench) -> None:
    """Clean news with link-text capitals, shouted names and glued sentences only: precision and recall."""
    cases = (
        Profile("anchors", {"case.anchor": 0.03}, quotes=True),
        Profile("shouted", {"case.shouted_name": 1.0, "case.shouted_word": 0.1}, quotes=True),
        Profile("lowered", {"case.lowered_name": 0.3}, quotes=True),
        Profile("glued", {"break.missing_space": 0.2, "break.glued": 0.3, "break.glued_number": 0.5}, quotes=True),
        Profile("case and breaks", {
            "case.anchor": 0.02, "case.shouted_name": 0.5, "case.shouted_word": 0.03, "break.missing_space": 0.1,
            "break.glued": 0.15, "break.glued_number": 0.3,
        }, quotes=True),
    )  # fmt: skip
    rows, everything = [], []
    for profile in cases:
        runs = _run(bench, (damage(document, profile) for document in bench.sample(HELD_OUT, at_least=100)))
        total = _total(runs)
        everything += runs
        rows.append((profile.name, len(total.repaired) + len(total.missed), total.precision, total.recall))
    table(("damage", "damages", "precision", "recall"), rows)
    _kind_table(_total(everything))
    _wrong(everything, bench.args.examples)
    _missed(everything, bench.args.examples)


def calibration_section(bench: Bench) -> None:
    """Of the edits made with a confidence, the share that is right (on the engine's damage; all edits from 0.5 up)."""
    documents = bench.sample(HELD_OUT, at_least=100)
    runs = [r for p in PROFILES[:6] for r in _run(bench, (damage(d, p) for d in documents), min_confidence=0.5)]
    bins = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995, 1.01)
    total = _total(runs)
    rows = []
    for low, high in itertools.pairwise(bins):
        right = [e.confidence for e in total.right if low <= e.confidence < high]
        wrong = [e.confidence for e in total.wrong if low <= e.confidence < high]
        mean = statistics.fmean(right + wrong) if right + wrong else float("nan")
        rows.append((f"{low}–{min(high, 1.0)}", len(right) + len(wrong), mean, ratio(len(right), len(right + wrong))))
    table(("confidence", "edits", "mean confidence", "right"), rows)


def garble_section(bench: Bench) -> None:
    """garble_score: ROC-AUC of damaged against clean documents by kind of damage, clean percentiles, the seed."""
    documents = bench.sample(at_least=100)
    clean = {d.name: bench.repair(d.text, d.name).garble_score for d in documents}
    rows: list[Sequence[object]] = []
    for corpus in [*dict.fromkeys(d.corpus for d in documents), "all"]:
        scores = sorted(s for name, s in clean.items() if corpus in ("all", name.partition(":")[0]))
        if len(scores) > 1:
            rows.append(
                (corpus, len(scores), statistics.median(scores), statistics.quantiles(scores, n=20)[18], scores[-1])
            )
    table(("clean corpus", "documents", "median", "95th percentile", "highest"), rows)
    held_out = [d for d in documents if d.corpus in HELD_OUT]
    negatives = [clean[d.name] for d in held_out]
    rows = []
    for profile in PROFILES:
        damaged = [damage(d, profile) for d in held_out]
        scores = [bench.repair(d.text, d.name).garble_score for d in damaged if d.damages]
        rows.append((f"engine: {profile.name}", len(scores), statistics.median(scores), roc_auc(negatives, scores)))
    limit = bench.args.sample or sys.maxsize
    for pivot in dict.fromkeys(trip.pivot for trip in bench.trips):
        group = [trip for trip in bench.trips if trip.pivot == pivot]
        chosen = random.Random(pivot).sample(group, min(limit, len(group)))
        scores = [bench.repair(trip.text, trip.name).garble_score for trip in chosen]
        side = "tuned on" if pivot in TUNED_PIVOTS else "reported"
        rows.append(
            (f"round trip: {pivot} ({side})", len(scores), statistics.median(scores), roc_auc(negatives, scores))
        )
    marked = map(read_marked, sorted(bench.args.pages.glob("*.txt")))
    pages = [page.text for page in marked if page.damages]
    if pages:
        scores = [bench.repair(text, "page").garble_score for text in pages]
        rows.append(("held-out pages", len(scores), statistics.median(scores), roc_auc(negatives, scores)))
    table(("damage", "documents", "median score", "ROC-AUC against clean"), rows)
    if bench.args.seed is not None:
        text = (bench.args.seed / "article.txt").read_text("utf-8")
        print(f"seed: {bench.repair(text, 'seed').garble_score:.3f}")


def exonyms_section(bench: Bench) -> None:
    """Exonyms: each territory's and capital's name in ten languages on a page that shows that pivot; look-alikes."""
    rows, lines = [], []
    for language in LANGUAGES:
        repaired: Counter[bool] = Counter()
        for case in exonym_pages(language):
            result = bench.repair(case.text, f"exonym {language} {case.form}")
            wanted = [case.sentence(article + name) for name in case.english for article in ("", "the ")]
            ok = any(sentence.replace("’", "'") in result.text.replace("’", "'") for sentence in wanted)
            repaired[ok] += 1
            if not ok:
                lines.append(f"{language} {case.form} ({case.english[0]})")
        rows.append((language, repaired[True], repaired[True] + repaired[False],
                     ratio(repaired[True], sum(repaired.values()))))  # fmt: skip
    table(("pivot", "repaired", "of", "recall"), rows)
    print(f"Missed: {len(lines)}: " + "; ".join(lines[:: max(1, len(lines) // 150)]))
    touched = []
    for language in LANGUAGES:
        for sentence in LOOKALIKES:
            text = next(iter(exonym_pages(language))).page(sentence)
            result = bench.repair(text, f"look-alike {language}")
            if sentence not in result.text:
                touched.append((language, sentence, [(e.before, e.after) for e in result.edits]))
    print(f"Look-alikes touched: {len(touched)} of {len(LOOKALIKES) * len(LANGUAGES)}")
    for row in touched[:20]:
        print("  ", *row)


def laws_section(bench: Bench) -> None:
    """Laws on mangled news: edits reproduce and undo, offsets fit, and a second pass changes nothing."""
    documents = bench.sample(HELD_OUT, at_least=100)
    texts = [(f"{d.name}/{p.name}", damage(d, p).text) for p in (PROFILES[0], PROFILES[5]) for d in documents]
    texts += [(f"{trip.name}/{trip.pivot}", trip.text) for trip in bench.trips[:: max(1, len(bench.trips) // 60)]]
    texts += [(path.stem, read_marked(path).text) for path in sorted(bench.args.pages.glob("*.txt"))]
    changed = 0
    for name, text in texts:
        once = bench.repair(text, name)
        twice = bench.repair(once.text, f"{name} again")
        for suspect in once.suspects:
            if not 0 <= suspect.start < suspect.end <= len(once.text):
                bench.failures.append(f"{name}: a suspect span outside the text")
        if twice.edits:
            changed += 1
            print(f"  second pass on {name}")
            for edit in twice.edits[:3]:
                show_edit(once.text, edit, "✗")
    print(f"{len(texts)} texts, {changed} changed by a second pass, {len(bench.failures)} broken promises so far")


_SEEN_ONCE = 600
"""Articles, clean and garbled together, that are repaired just once."""
_OVER_AND_OVER = 1.0
"""MB that are repaired of a few articles, so that all that is remembered of their words is at hand."""


def _rates(name: str, texts: Sequence[str], least: float) -> list[tuple[str, str, float, float]]:
    """Return rows of the speed of newsbeam and ftfy, which take turns text by text, over at least `least` MB."""
    import ftfy

    size = sum(len(text.encode()) for text in texts) / 1e6
    repeat = max(1, round(least / size))
    tools: dict[str, Callable[[str], object]] = {"newsbeam": lambda text: normalize(text, "en"), "ftfy": ftfy.fix_text}
    spent = dict.fromkeys(tools, 0.0)
    for text in [*texts] * repeat:
        for tool, run in tools.items():
            began = time.process_time()
            run(text)
            spent[tool] += time.process_time() - began
    return [(name, tool, size, size * repeat / seconds) for tool, seconds in spent.items()]


def speed_section(bench: Bench) -> None:
    """Speed of one core beside ftfy in the same run, over and over and seen once, hostile input, memory over time."""
    documents = bench.sample(HELD_OUT, at_least=100)
    clean = [document.text for document in documents]
    garbled = [damage(document, PROFILES[0]).text for document in documents]
    others = [d for d in bench.documents if d.corpus in HELD_OUT and d.words >= 100 and d not in documents]
    others = random.Random("speed").sample(others, min(_SEEN_ONCE, len(others)))
    normalize(clean[0], "en")  # tables and models load here
    rows = []
    for name, texts in (("clean", clean), ("garbled", garbled)):
        rows += _rates(f"{name}, over and over", texts, _OVER_AND_OVER)
    for name, texts in (
        ("clean", [document.text for document in others[::2]]),
        ("garbled", [damage(document, PROFILES[0]).text for document in others[1::2]]),
    ):
        rows += _rates(f"{name}, seen once", texts, 0.0)
    table(("texts", "tool", "MB", "MB a second of CPU time"), rows)
    began = time.process_time()
    peaks = []
    for _ in range(3):
        for text in garbled:
            normalize(text, "en")
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    print(f"peak memory after 1, 2, 3 passes over the garbled texts: {peaks} MB")
    for name, unit in HOSTILE.items():
        times = []
        for size in (250_000, 1_000_000):
            text = (unit * (size // len(unit) + 1))[:size]
            began = time.process_time()
            bench.repair(text, f"1 MB of {name}")
            times.append(time.process_time() - began)
        print(f"hostile {name!r}: 0.25 MB {times[0]:.2f} s, 1 MB {times[1]:.2f} s")


SECTIONS: dict[str, Callable[[Bench], None]] = {
    "seed": seed_section,
    "pages": pages_section,
    "engine": engine_section,
    "trips": trips_section,
    "damaged-trips": damaged_trips_section,
    "entities": entities_section,
    "harm": harm_section,
    "languages": languages_section,
    "apostrophes": apostrophes_section,
    "breaks": breaks_section,
    "exonyms": exonyms_section,
    "calibration": calibration_section,
    "garble": garble_section,
    "laws": laws_section,
    "speed": speed_section,
}


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_corpus_arguments(parser)
    parser.add_argument("--seed", type=Path, default=_path("NEWSBEAM_SEED"), help="or set NEWSBEAM_SEED")
    parser.add_argument("--trips", type=Path, default=_path("NEWSBEAM_TRIPS"), help="or set NEWSBEAM_TRIPS")
    parser.add_argument("--pages", type=Path, default=DATA / "pages", help="folder of marked pages")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--sample", type=int, default=40, help="documents a corpus; 0: all (default: %(default)s)")
    parser.add_argument("--examples", type=int, default=5, help="examples of each kind (default: %(default)s)")
    parser.add_argument("--missed", action="store_true", help="print what was missed, and edits judged right, too")
    parser.add_argument("--spacy", default="en_core_web_sm", help="spaCy model (default: %(default)s)")
    args = parser.parse_args()
    bench = Bench(args, load(corpus_paths(args)), read_trips(args.trips) if args.trips else [])
    for name in args.sections:
        began = time.monotonic()
        section = SECTIONS[name]
        title((section.__doc__ or name).rstrip("."))
        section(bench)
        print(f"({name}: {time.monotonic() - began:.0f} s)")
    if bench.failures:
        print(f"\nBROKEN PROMISES: {len(bench.failures)}")
        for failure in bench.failures[:50]:
            print(" ", failure)
        sys.exit(1)


if __name__ == "__main__":
    main()
