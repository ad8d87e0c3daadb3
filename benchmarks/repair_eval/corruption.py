"""Damage clean news the way a scraper and a translation there and back do, and remember exactly what was damaged.

A page loses its apostrophes, link texts keep a capital or run into the next word, names stay in the pivot language,
phrases come out twice, the page's furniture lands in the text. Each kind of damage is a function that proposes
places in a clean text; a `Profile` says how often each kind is taken. The result carries its gold: for every damaged
span, what stood there (or several ways that a sub-editor would accept). What no rule could know (quotation marks that
vanished) is taken off the reference text first, so it neither counts for nor against a repair.

Everything is deterministic: the generator is seeded by the document's name and the profile's.
"""

from __future__ import annotations

import functools
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import babel

from benchmarks.repair_eval.corpora import Document

DATA = Path(__file__).parent / "data"
PIVOTS = ("fr", "es", "de", "it", "pt", "pl", "ru", "id", "tr", "nl")


@dataclass(frozen=True)
class Damage:
    """`found` stands at `start:end` of the damaged text; any of `expected` would be a right repair."""

    start: int
    end: int
    found: str
    expected: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Damaged:
    """A damaged document: `text` with its `damages` in order, and the `original` before (without quotation marks)."""

    name: str
    profile: str
    original: str
    text: str
    damages: tuple[Damage, ...]

    @property
    def corpus(self) -> str:
        return self.name.partition(":")[0]


@dataclass(frozen=True)
class Proposal:
    """Replace `original[start:end]` by `before + found + after`, where only `found` is to be repaired."""

    start: int
    end: int
    found: str
    expected: tuple[str, ...]
    kind: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Profile:
    """A way a page gets damaged: how likely each proposal of a kind is taken (kinds not named: never).

    `pivot` fixes the pivot language of names; without it each document draws one.
    With `quotes` the double quotation marks stay.
    """

    name: str
    rates: dict[str, float] = field(default_factory=dict)
    pivot: str | None = None
    quotes: bool = False


# --- what stands in the text ------------------------------------------------------------------------------------------


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_PRONOUNS = words(
    """
    i it he she we you they that there this what who where here let how when one
    """
)
_FUNCTION = words(
    """
    a an and are as at be been but by can did do for from had has have he her his how if in into is it its may
    more no nor not now of on one or our out over said say says she so some such than that the their them then
    there these they this those to up us was we were what when where which while who will with would yes you your
    mr mrs ms dr
    """
)
_LOOKALIKES = words(
    """
    Turkey China Georgia Jersey Chad Jordan Guinea Nice Mali Cuba Niger Oman Togo Man
    """
)


def strip_quotes(text: str, double: bool = True) -> str:
    """Take quotation marks off (apostrophes stay), as a scraper does that drops what is not ASCII or not a word."""
    if double:
        text = re.sub(r"[\"“”„«»‟]|``|''", "", text)
    text = re.sub(r"(?<![\w.,])[‘'](\w[^'’\n]*(?:['’]\w[^'’\n]*)*)['’](?!\w)", r"\1", text)
    return re.sub(r"[ \t]{2,}", " ", text)


def _sentence_start(text: str, at: int) -> bool:
    before = text[:at].rstrip(" \"'“‘(")
    return not before or before[-1] in ".!?:;\n-–—" or "\n" in text[len(before) : at]


@functools.cache
def pivot_forms(pivot: str) -> dict[str, str]:
    """English name to the name in the language `pivot`, where they differ by more than an accent or a look-alike."""
    forms: dict[str, str] = {}
    english = babel.Locale.parse("en").territories
    foreign = babel.Locale.parse(pivot).territories
    if pivot != "ru":  # Cyrillic does not survive into an English page
        for code, name in english.items():
            if code.isalpha() and name.isalpha() and code in foreign and foreign[code].isalpha():
                forms[name] = foreign[code]
    rows = [r.split("\t") for r in (DATA / "pivot_names.tsv").read_text("utf-8").splitlines() if not r.startswith("#")]
    column = rows[0].index(pivot)
    forms |= {row[0]: row[column] for row in rows[1:] if row[column] != "-"}
    return {name: form for name, form in forms.items() if plain(form) != name and name not in _LOOKALIKES}


@functools.cache
def known_names() -> frozenset[str]:
    """Names of territories and of the benchmark's own table, one word each."""
    english = babel.Locale.parse("en").territories
    rows = (DATA / "pivot_names.tsv").read_text("utf-8").splitlines()
    table = {row.split("\t")[0] for row in rows if not row.startswith(("#", "english"))}
    names = table | {name for code, name in english.items() if code.isalpha() and name.isalpha()}
    return frozenset(name for name in names if name[1:].islower() and name not in _LOOKALIKES)


def plain(text: str) -> str:
    """Without accents."""
    table = str.maketrans({"ł": "l", "Ł": "L", "ı": "i", "ø": "o", "ß": "ss"})
    return "".join(c for c in unicodedata.normalize("NFD", text.translate(table)) if not unicodedata.combining(c))


def _page_names(text: str) -> frozenset[str]:
    """Surnames the page introduces by a title: the names no gazetteer knows."""
    titles = r"(?:Mr|Mrs|Ms|Dr|President|Minister|Senator|Premier|Chancellor|Sir|Governor)\.? (?:[A-Z][a-z]+ )?"
    return frozenset(m[1] for m in re.finditer(titles + r"([A-Z][a-z]{3,})\b", text))


# --- kinds of damage --------------------------------------------------------------------------------------------------

Kind = Callable[[str, random.Random, str], Iterator[Proposal]]


def lost_apostrophes(text: str, rng: random.Random, pivot: str) -> Iterator[Proposal]:
    for m in re.finditer(r"\b([A-Za-z.]+)['’](s|S|t|T|re|ve|ll|d|m)\b", text):
        word, clitic = m[1], m[2]
        if clitic.lower() != "s" or word.lower() in _PRONOUNS:
            kind = "apostrophe.contraction"
        else:
            kind = "apostrophe.name" if word[0].isupper() else "apostrophe.noun"
        yield Proposal(m.start(), m.end(), word + clitic, (f"{word}'{clitic}",), kind)
    for m in re.finditer(r"\b([A-Za-z]+s)['’](?=[\s,.;)])", text):
        kind = "apostrophe.plural_name" if m[1][0].isupper() else "apostrophe.plural"
        yield Proposal(m.start(), m.end(), m[1], (m[1] + "'",), kind)


def of_genitives(text: str, rng: random.Random, pivot: str) -> Iterator[Proposal]:
    names = known_names() | _page_names(text)
    for m in re.finditer(r"\bof ([A-Z][a-z]{3,})\b(?!['’-]| [A-Z])", text):
        if m[1] in names and not m[1].endswith("s"):
            yield Proposal(m.start(1), m.end(1), m[1] + "s", (m[1],), "apostrophe.of_genitive")
    verb = r"(?=[,.;]| (?:and|said|says|has|had|is|was|in|on|to|for|by|with|from|will)\b)"
    for m in re.finditer(r"\b([A-Z][a-z]{3,})['’]s ([a-z]{4,})" + verb, text):
        if m[1] in names:
            the = "The" if _sentence_start(text, m.start()) else "the"
            found = m[1] + "s"
            yield Proposal(m.start(), m.end(), found, (m[1],), "apostrophe.of_genitive", f"{the} {m[2]} of ")


def pivot_names(text: str, rng: random.Random, pivot: str) -> Iterator[Proposal]:
    forms = pivot_forms(pivot)
    stripped = rng.random() < 0.5  # a page that lost its accents lost them everywhere
    for m in re.finditer(r"(?<![\w-])([A-Z][A-Za-z]+)(['’]s)?(?![\w-]|['’])", text):
        if m[1] not in forms:
            continue
        form = plain(forms[m[1]]) if stripped else forms[m[1]]
        if m[2]:
            yield Proposal(m.start(), m.end(), form + "s", (f"{m[1]}'s",), "name.pivot_possessive")
        elif rng.random() < 0.2 and not form.endswith("s"):
            yield Proposal(m.start(), m.end(), form + "s", (m[1],), "name.pivot_false_s")
        else:
            yield Proposal(m.start(), m.end(), form, (m[1],), "name.pivot")


def anchors(text: str, rng: random.Random, pivot: str) -> Iterator[Proposal]:
    """The first word of a link text gets a capital."""
    for m in re.finditer(r"(?<=[a-z,] )[a-z]{2,}(?=[ ,])(?![-'’])", text):
        weight = 1.0 if len(m[0]) > 4 else 0.4
        if rng.random() < weight:
            yield Proposal(m.start(), m.end(), m[0].capitalize(), (m[0],), "case.anchor")


def shouted(text: str, rng: random.Random, pivot: str) -> Iterator[Proposal]:
    for m in re.finditer(r"(?<=[a-z,] )([A-Z][a-z]{1,3})(['’]s)?\b(?![-'’.])", text):
        again = len(re.findall(rf"\b{m[1]}\b", text)) > 2
        if m[1].lower() not in _FUNCTION and not re.match(_MONTHS, m[1]) and again and rng.random() < 0.5:
            expected = m[1] + ("'s" if m[2] else "")
            yield Proposal(m.start(), m.end(), (m[1] + ("s" if m[2] else "")).upper(), (expected,), "case.shouted_name")
    for m in re.finditer(r"(?:(?<=^)|(?<=[.\n] )|(?<=\n))(The|In|But|He|It|An|And|On)(?= [a-z])", text):
        yield Proposal(m.start(), m.end(), m[0].upper(), (m[0],), "case.shouted_word")


def lowered(text: str, rng: random.Random, pivot: str) -> Iterator[Proposal]:
    for m in re.finditer(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b(?![-'’]| [A-Z])", text):
        if m[0] in known_names():
            yield Proposal(m.start(), m.end(), m[0].lower(), (m[0],), "case.lowered_name")


def glued(text: str, rng: random.Random, pivot: str) -> Iterator[Proposal]:
    for m in re.finditer(r"\b([A-Za-z]*[a-z]{2})([.?!]) ([A-Z][a-z]+)\b", text):
        if m[1] in {"Mr", "Mrs", "Ms", "Dr", "Sen", "Rep", "Gen", "St", "Gov", "Jr", "Co", "Corp", "Inc", "Lt", "Col"}:
            continue
        if rng.random() < 0.5:
            yield Proposal(m.start(), m.end(), f"{m[1]}{m[2]}{m[3]}", (m[0],), "break.missing_space")
        else:
            ways = (m[0], f"{m[1]} {m[3]}", f"{m[1]}. {m[3]}")
            yield Proposal(m.start(), m.end(), m[1] + m[3], ways, "break.glued")
    for m in re.finditer(rf"\b(?:{_MONTHS}) (\d{{1,2}}) ([a-z]{{3,}})\b", text):
        yield Proposal(m.start(1), m.end(2), m[1] + m[2], (f"{m[1]} {m[2]}",), "break.glued_number")
    for m in re.finditer(r"\b([A-Za-z]{4,}), (who|which|where|but|while)\b", text):
        yield Proposal(m.start(), m.end(), m[1] + m[2], (m[0], f"{m[1]} {m[2]}"), "break.glued_words")


def spacing(text: str, rng: random.Random, pivot: str) -> Iterator[Proposal]:
    number = r"\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|multi"
    for m in re.finditer(rf"\b({number})-(day|year|week|month|hour|minute|member|storey|party|point|man|old)\b", text):
        yield Proposal(m.start(), m.end(), f"{m[1]} -{m[2]}", (m[0],), "spacing.hyphen")
    for m in re.finditer(r"(?<![\w.,])(\d+)%", text):
        yield Proposal(m.start(), m.end(), f"{m[1]} %", (m[0],), "spacing.percent")
    for m in re.finditer(r"(?<=[a-z])([:;?!]|,)(?= [a-z])", text):
        yield Proposal(m.start(), m.end(), f" {m[1]}", (m[1],), "spacing.before_mark")
    for m in re.finditer(r"([a-z]{3,}), ([a-z]{2,})", text):
        yield Proposal(m.start(), m.end(), f"{m[1]},{m[2]}", (m[0],), "spacing.after_comma")
    for m in re.finditer(r"(?<=[a-z,]) (?=[a-z])", text):
        if rng.random() < 0.1:
            yield Proposal(m.start(), m.end(), "  ", (" ",), "spacing.double")


def doubled(text: str, rng: random.Random, pivot: str) -> Iterator[Proposal]:
    for m in re.finditer(r"(?<=[a-z] )(the|of|in|to|a|and|was|for|by|with)(?= [a-z])", text):
        if rng.random() < 0.05:
            yield Proposal(m.start(), m.end(), f"{m[0]} {m[0]}", (m[0],), "doubled.word")
    for m in re.finditer(rf"\b(?:{_MONTHS}) \d{{1,2}}\b(?!,? \d|[-/])", text):
        yield Proposal(m.start(), m.end(), f"{m[0]} of {m[0]}", (m[0],), "doubled.date")
    for m in re.finditer(rf"\bin ([A-Z][a-z]+(?: [A-Z][a-z]+)?) on ({_DAYS})\b", text):
        expected = (m[0], f"{m[2]} in {m[1]}")
        yield Proposal(m.start(), m.end(), f"{m[2]} {m[0]}", expected, "doubled.date")
    for m in re.finditer(
        r"\b(?:the|its|his|their|a|of) ([a-z]{6,}(?:ity|ion|ment|ness|ship|ance|ence|ism))\b(?= |,|\.)", text
    ):
        yield Proposal(m.start(1), m.end(1), f"{m[1]} of {m[1]}", (m[1],), "doubled.phrase")
    for m in re.finditer(r"\b(?:was|is|were|are) (?!not\b|to\b|the\b)[a-z]{4,}(?<!ing)\b(?= [a-z])", text):
        if rng.random() < 0.3:
            yield Proposal(m.start(), m.end(), f"{m[0]} which {m[0]}", (m[0],), "doubled.clause")
    for m in re.finditer(r"\b(?:last|this|next) (?:week|month|year)\b(?=[ ,.])", text):
        yield Proposal(m.start(), m.end(), f"{m[0]} {m[0]}", (m[0],), "doubled.adverb")


_PEOPLE = ("Marta Lindqvist", "Tom Okafor", "Jean-Luc Ferrand", "Aisha Rahman", "David Novak", "Lucy Harrow")
_AGENCIES = ("Reuters", "AP", "AFP", "CNN", "Xinhua", "dpa", "Bloomberg", "BBC", "TASS", "EFE")
_PLACES = ("LONDON", "Nairobi", "SYDNEY", "Buenos Aires", "New Delhi", "PARIS", "Brussels", "Ottawa", "MANILA", "Riga")
_ISO = ("2024-11-03", "2023-06-19", "2025-02-28", "2022-09-14")
_LONG = ("March 3", "Nov. 14", "19 June", "September 2")


def furniture(text: str, rng: random.Random, pivot: str) -> Iterator[Proposal]:
    """A scraper's header, byline, dateline, credits, calls to action and copyright lines that land in the text."""
    person, other, agency = rng.choice(_PEOPLE), rng.choice(_PEOPLE), rng.choice(_AGENCIES)
    place, iso, long = rng.choice(_PLACES), rng.choice(_ISO), rng.choice(_LONG)
    headers = (
        f"By {person}, {agency}\n\n",
        f" date {iso} By {person}, {agency.lower()}\n\n",
        f"By {person} and {other}\n\n",
        f"Published: {iso} | By {person}\n\n",
    )
    datelines = (
        f"{place} ({agency}) – ",
        f"{place} ({agency}) - ",
        f"{place}, {long} ({agency}) — ",
        f"{place} — ",
    )
    footers = (
        f"\n\n(Reporting by {person}; Editing by {other})",
        f"\n\n{agency}s {person} contributed to this report.",
        f"\n\nThe-{agency}-Wire",
        "\n\nSign up for our newsletter to get the top stories in your inbox.",
        f"\n\nRead more: {text.split(chr(10))[0][:60].strip()}",
        "\n\nFollow us on Facebook and Twitter.",
        "\n\nClick here to subscribe to our newsletter.",
    )
    rights = (
        f"\n\n© 2024 {agency}. All rights reserved.",
        f"\n\nCopyright 2023 {agency}. All rights reserved.",
        f"\n\n™ & © 2025 {agency} News Network, Inc. All rights reserved.",
        f"\n\n(c) {agency} 2022. This material may not be published, broadcast, rewritten or redistributed.",
    )
    header = rng.choice(headers)
    if rng.random() < 0.5:
        yield Proposal(0, 0, header, ("",), "boilerplate.header")
    else:
        yield Proposal(0, 0, rng.choice(datelines), ("",), "boilerplate.dateline")
    end = len(text)
    tail = rng.random()
    if tail < 0.6:
        yield Proposal(end, end, rng.choice(footers), ("",), "boilerplate.footer")
    if tail > 0.3:
        yield Proposal(end, end, rng.choice(rights), ("",), "boilerplate.copyright")


# In order of precedence: where two proposals overlap, the earlier one stands.
KINDS: tuple[Kind, ...] = (
    furniture, pivot_names, of_genitives, doubled, glued, shouted, lowered, lost_apostrophes, spacing, anchors,
)  # fmt: skip

_STRIPPED = {"apostrophe": 1.0, "apostrophe.of_genitive": 0.0}
_EVERYTHING = {
    "apostrophe": 1.0, "apostrophe.of_genitive": 0.4, "name": 0.7, "case.anchor": 0.02, "case.shouted_name": 0.6,
    "case.shouted_word": 0.03, "case.lowered_name": 0.2, "break.missing_space": 0.1, "break.glued": 0.15,
    "break.glued_number": 0.3, "spacing.hyphen": 0.8, "spacing.percent": 0.8, "spacing.before_mark": 0.03,
    "spacing.after_comma": 0.02, "spacing.double": 0.05, "doubled.word": 0.1, "doubled.date": 0.5,
    "doubled.phrase": 0.1, "doubled.clause": 0.1, "doubled.adverb": 0.3, "boilerplate": 1.0,
}  # fmt: skip

PROFILES: tuple[Profile, ...] = (
    Profile("everything", _EVERYTHING),
    Profile("french", _EVERYTHING, pivot="fr"),
    Profile("apostrophes", _STRIPPED),
    Profile("links", {"case.anchor": 0.03, "break": 0.2, "break.glued_words": 0.0, "case.shouted_word": 0.03}),
    Profile("names", {"apostrophe": 1.0, "name": 0.8, "apostrophe.of_genitive": 0.4, "case.shouted_name": 0.6}),
    Profile("light", {kind: min(rate, 1.0) * 0.3 for kind, rate in _EVERYTHING.items()}),
    Profile("typist", {"spacing": 0.1, "doubled": 0.3, "break.missing_space": 0.3}),
    Profile("furniture", {"boilerplate": 1.0}),
)


def _rate(profile: Profile, kind: str) -> float:
    return profile.rates.get(kind, profile.rates.get(kind.partition(".")[0], 0.0))


def damage(document: Document, profile: Profile) -> Damaged:
    """Damage `document` as `profile` says; the same arguments give the same result."""
    original = strip_quotes(document.text, double=not profile.quotes)
    rng = random.Random(f"{document.name}/{profile.name}")
    pivot = profile.pivot or rng.choice(PIVOTS)
    taken: list[Proposal] = []
    busy = bytearray(len(original) + 2)
    for kind in KINDS:
        for proposal in kind(original, rng, pivot):
            if rng.random() >= _rate(profile, proposal.kind):
                continue
            # a character of margin, so that no two damages touch; what is inserted at the ends needs none
            span = slice(proposal.start, proposal.end + 1) if proposal.start < proposal.end else slice(0, 0)
            if any(busy[span]):
                continue
            busy[span] = b"\x01" * (span.stop - span.start)
            taken.append(proposal)
    taken.sort(key=lambda p: (p.start, p.end))
    parts: list[str] = []
    damages: list[Damage] = []
    position = length = 0
    for p in taken:
        kept = original[position : p.start] + p.before
        start = length + len(kept)
        end = start + len(p.found)
        damages.append(Damage(start, end, p.found, p.expected, p.kind))
        parts += (kept, p.found, p.after)
        length, position = end + len(p.after), p.end
    text = "".join(parts) + original[position:]
    return Damaged(document.name, profile.name, original, text, tuple(damages))
