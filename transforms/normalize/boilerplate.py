"""What stands on a page of news but is not part of the article: datelines, bylines, wire footers, copyright.

It is lifted out: the edit removes it from the text and `Boilerplate` keeps what it says. The patterns are data, in
`data/agencies.tsv`, `data/bylines.tsv` and `data/boilerplate.tsv`; months are CLDR's, places GeoNames'.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from transforms.normalize.document import Document, Proposal
from transforms.normalize.tables import rows
from transforms.records import Boilerplate, Dateline

_MAX_HEAD_LINES = 4
"""A byline or dateline stands in one of the first lines."""
_MAX_FOOT_LINES = 10
"""A wire footer stands in one of the last lines."""
_MAX_LINE = 420
"""Longer lines are part of the article."""
_MAX_LINE_WITHIN = 260
"""Nor is a longer line in the midst of an article a promotion."""
_MIN_WORDS_AFTER_DATELINE = 3
_REMEMBERED = 1 << 8
"""Lines of which it is remembered whether they are boilerplate: those of a page that is read again after a repair."""

_CAPITAL = "[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĘĚĞĪĮİĹĽŁŃŇŌŐŘŚŞŠŤŪŮŰŹŻŽȘȚА-ЯЁЂЄІЇЈЉЊЋЎЏҐ]"
_PARTICLES = "de|da|do|di|du|del|della|la|le|van|von|der|den|bin|bint|al|el|ter|ten|dos|das|of|am|an|sur|upon|the"
_PARTICLE = rf"(?:(?:{_PARTICLES}) ){{0,2}}"
_NAME_WORD = rf"{_CAPITAL}[\w.'’-]{{0,25}}"
_NAME = rf"{_NAME_WORD}(?: {_PARTICLE}{_NAME_WORD}){{0,4}}"
_NAMES = rf"{_NAME}(?:(?:, | (?:and|et|und|y|e|dan|en|&) ){_NAME}){{0,6}}"
_ZONE = "(?: ?(?:GMT|UTC|CET|CEST|EST|EDT|ET|BST|IST|WIB|MSK|Z))?"
_TIME = rf"(?:,? (?:at |um |à )?\d{{1,2}}[:.h]\d\d(?::\d\d)?(?: ?[AaPp]\.?[Mm]\.?)?{_ZONE})?"
_UNKNOWN_AGENCY = re.compile(rf"{_CAPITAL}[\w.&’'-]+(?: {_CAPITAL}[\w.&’'-]+){{0,2}}")
"""An agency that the table lacks is believed between a place that is known and a dash."""
_DASH = r"(?:\s?\.?\s?(?:—|–|--|―)\s?|\s\.?[-|]\s|\.-\s|: )"


class Lift(NamedTuple):
    """A span to lift out of the text and what it says."""

    kind: str
    start: int
    end: int
    says: Boilerplate


class Line(NamedTuple):
    """A line that isn't blank, without the spaces around it."""

    start: int
    end: int
    text: str


# tables ---------------------------------------------------------------------------------------------------------


@cache
def _agencies() -> dict[str, str]:
    """Return the canonical name of each spelling of a news agency."""
    return {spelling: name for name, spellings in rows("agencies") for spelling in spellings.split("|")}


@cache
def _agencies_in_any_case() -> dict[str, str]:
    return {spelling.lower(): name for spelling, name in _agencies().items()}


@cache
def _agency_pattern() -> str:
    spellings = sorted(_agencies(), key=len, reverse=True)
    one = "(?:" + "|".join(map(re.escape, spellings)) + ")"
    return rf"{one}(?:(?:/|, | and | et | und | y ){one}){{0,3}}"


@cache
def _line_patterns(language: str, anywhere: bool) -> list[tuple[str, list[str], re.Pattern[str]]]:
    """Return kinds of boilerplate lines, words one of which they have (if any), and what the whole line looks like."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for kind, languages, where, pattern, *words in rows("boilerplate"):
        if (languages == "*" or language in languages.split()) and (not anywhere or where == "any"):
            kinds.setdefault((kind, "".join(words)), []).append(f"(?:{pattern})")
    return [
        (kind, words.split("|") if words else [], re.compile("|".join(patterns)))
        for (kind, words), patterns in kinds.items()
    ]


@cache
def _months(language: str) -> dict[str, int]:
    """Return the months' names and abbreviations, lower-case and without a full stop, in `language` and English."""
    from babel import Locale, UnknownLocaleError

    names: dict[str, int] = {}
    for code in ("en", language):
        try:
            months = Locale.parse(code).months
        except (UnknownLocaleError, ValueError):
            continue
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    names[name.lower().rstrip(".")] = number
    names["sept"] = 9
    return {name: number for name, number in names.items() if name.isalpha()}


@cache
def _date_pattern(language: str) -> str:
    """Return a pattern for a date, with or without its year, as news texts write it."""
    names = sorted(_months(language), key=len, reverse=True)
    month = "(?:" + "|".join(f"{n}|{n.capitalize()}|{n.upper()}" for n in map(re.escape, names)) + r")\.?"
    year = r"(?:,? (?:de )?(?:19|20)\d\d)?"
    return (
        rf"(?:\d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|{month} \d{{1,2}}(?:st|nd|rd|th)?{year}"
        rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.|º|°)? (?:de |d['’])?{month}{year}|\d{{1,2}}[./]\d{{1,2}}[./](?:19|20)\d\d)"
    )


@cache
def _places() -> frozenset[str]:
    """Return the names of cities, countries and US states in capitals, without accents."""
    return frozenset(name for (name,) in rows("dateline-places"))


def folded(name: str) -> str:
    """Return `name` in capitals and without accents, the form in which places are compared."""
    decomposed = unicodedata.normalize("NFKD", name.upper())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _iso(date: str, language: str) -> str:
    """Return a date in ISO 8601 where it names its year, else as it is written."""
    months = _months(language)
    numbers = [int(n) for n in re.findall(r"\d+", date)]
    words = [w for w in re.findall(r"[^\W\d_]+", date.lower()) if w in months]
    try:
        if re.match(r"\d{4}-", date):
            return dt.date(*numbers[:3]).isoformat()
        if words and len(numbers) == 2 and numbers[1] > 1900:
            return dt.date(numbers[1], months[words[0]], numbers[0]).isoformat()
        if len(numbers) == 3 and (language != "en" or numbers[0] > 12 or numbers[0] == numbers[1]):
            return dt.date(numbers[2], numbers[1], numbers[0]).isoformat()
    except ValueError:
        pass
    return date.strip(" .")


# the head of a page ----------------------------------------------------------------------------------------------


_LABELS = tuple(
    spelling
    for word in (
        "date", "published", "updated", "posted", "last updated", "publié", "mis à jour", "veröffentlicht", "stand",
        "publicado", "pubblicato", "actualizado",
    )
    for spelling in (word, word.capitalize(), word.upper())
)  # fmt: skip
"""What introduces the date of a page."""


def _byline_words(language: str) -> list[str]:
    """Return what introduces a writer's name, in `language` and English."""
    return [word for code, words in rows("bylines") if code in (language, "en") for word in words.split("|")]


@cache
def _byline_starts(language: str) -> tuple[str, ...]:
    """Return what a line of date and writer starts with, if not with a digit: sees most other lines off quickly."""
    months = [spelling for name in _months(language) for spelling in (name, name.capitalize(), name.upper())]
    return (*_LABELS, *_byline_words(language), *months)


@cache
def _byline_pattern(language: str) -> re.Pattern[str]:
    """Return a pattern for a whole line that gives a date, a writer's name or both."""
    words = "|".join(map(re.escape, _byline_words(language)))
    date = _date_pattern(language)
    link = r"(?:,| \||/| for| of| -|,? pour|,? para|,? with|,? avec|,? con|,? mit) ?"
    organisation = rf"(?:{link}(?P<organisation>{_agency_pattern()}|{_NAME}|\w{{2,20}})){{0,2}}"
    byline = rf"(?P<byline>(?:{words}):? (?P<names>{_NAMES}|{_agency_pattern()}){organisation}(?:,? in {_NAME})?)"
    label = rf"(?:(?:{'|'.join(_LABELS)})(?: on| at| le| am| el| em| il)?:? )"
    return re.compile(
        rf"(?:(?P<label>{label})?(?P<date>{date}){_TIME}[,.|]?(?: [|·•–-])? ?{byline}?|{byline.replace('P<', 'P<b_')}"
        rf"(?:,? [|·•-]? ?{label}?(?P<b_date>{date}){_TIME})?)\.?"
    )


@lru_cache(maxsize=_REMEMBERED)
def _byline(line: str, language: str) -> Boilerplate | None:
    """Return what a line of date and writer says, or None if it is something else."""
    if len(line) > 200 or not (line[0].isdigit() or line.startswith(_byline_starts(language))):
        return None
    match = _byline_pattern(language).fullmatch(line)
    if match is None:
        return None
    found = match.groupdict()
    names = found["names"] or found["b_names"]
    if not (_are_names(names, language) or _agency(names) if names else found["label"]):
        return None  # a date alone may head a letter or a diary
    date = found["date"] or found["b_date"]
    organisation = found["organisation"] or found["b_organisation"] or ""
    return Boilerplate(
        byline=found["byline"] or found["b_byline"],
        agency=_agency(organisation) or _agency(names or ""),
        dateline=Dateline(text=line, date=_iso(date, language)) if date else None,
    )


def _are_names(names: str, language: str) -> bool:
    """Tell whether `names` can be people's: no dates, two words at least (`By Monday` is no byline)."""
    words = re.findall(r"[^\W\d_]+", names.lower())
    return len(words) >= 2 and not any(word in _months(language) and len(word) > 3 for word in words)


def _agency(spelling: str) -> str | None:
    """Return the canonical name of the first agency in `spelling`."""
    for part in (spelling, *re.split(r"/|, | and | et | und | y ", spelling)):
        found = _agencies().get(part.strip()) or _agencies_in_any_case().get(part.strip().lower())
        if found:
            return found
    return None


@cache
def _dateline_pattern(language: str) -> re.Pattern[str]:
    """Return a pattern for the start of a line that gives a place, a date, an agency or several of them."""
    date = _date_pattern(language)
    agency = _agency_pattern()
    place = (
        rf"(?P<place>{_NAME_WORD}(?:[ -]{_PARTICLE}{_NAME_WORD}){{0,3}}(?:/{_NAME}){{0,3}})(?:, (?P<region>{_NAME}))?"
    )
    dated = rf"(?:,? (?:\w{{3,12}},? )?(?P<date>{date}))?"
    opened = rf"(?P<dash>{_DASH}|\.? (?={_CAPITAL})|(?={_CAPITAL}))"
    return re.compile(
        rf"(?:{place}{dated}[,.]? ?[(\[/](?P<agency>{agency}|[^()\[\]/\n]{{2,30}})[)\]/]\.?{opened}"
        rf"|[(\[](?P<c_agency>{agency})[)\]](?P<c_dash>{_DASH})"
        rf"|(?P<f_agency>{agency}|[A-Z][\w-]{{1,20}}\.(?:com|COM|co\.id|CO\.ID|CO|co|ru|RU))"
        rf"(?:, {_renamed(place, 'f_')})(?P<f_dash>{_DASH}|\s-\s)"
        rf"|{_renamed(place, 'g_')}\. (?P<g_date>{date})\. (?P<g_agency>{agency})\.?(?P<g_dash>{_DASH}|\s-\s)"
        rf"|{_renamed(place, 'e_')}{_renamed(dated, 'e_')}(?:,| [–—-]) (?P<e_agency>{agency})(?P<e_dash>{_DASH}|\. )"
        rf"|{_renamed(place, 'b_')},? (?P<b_date>{date})\.?(?P<b_dash>{_DASH})"
        rf"|{_renamed(place, 'd_')}(?P<d_dash>\s?(?:—|–|--)\s|\s-\s))"
    )


@cache
def _place_line_pattern(language: str) -> re.Pattern[str]:
    """Return a pattern for a whole line that gives a place, perhaps with date and agency."""
    return re.compile(
        rf"(?P<place>{_NAME})(?:, {_NAME})?(?:,? (?P<date>{_date_pattern(language)}))?"
        rf"(?: ?[-–—(/|,] ?(?P<agency>{_agency_pattern()})[)/]?)?"
    )


@lru_cache(maxsize=_REMEMBERED)
def _place_line(line: str, language: str, after_byline: bool) -> Boilerplate | None:
    """Return what a line of place and agency says; a place alone needs capitals and a byline before it."""
    if len(line) > 80:
        return None
    if after_byline and _agency(line.partition(", ")[0]):
        return Boilerplate(footer=[line], agency=_agency(line.partition(", ")[0]))
    match = _place_line_pattern(language).fullmatch(line)
    if match is None:
        return None
    place, date, agency = match["place"], match["date"], match["agency"]
    if not _are_places(place) or not (agency or (after_byline and place.isupper())):
        return None
    dateline = Dateline(text=line, place=place, date=_iso(date, language) if date else None)
    return Boilerplate(dateline=dateline, agency=_agency(agency) if agency else None)


def _renamed(pattern: str, prefix: str) -> str:
    """Return `pattern` with its groups renamed, to use it twice."""
    return pattern.replace("(?P<", f"(?P<{prefix}")


@lru_cache(maxsize=_REMEMBERED)
def _dateline(line: str, language: str) -> tuple[int, Boilerplate] | None:
    """Return the length of the dateline that a line starts with, and what it says; None where it has none."""
    match = _dateline_pattern(language).match(line[:160])
    if match is None or len(re.findall(r"\w+", line[match.end() : match.end() + 200])) < _MIN_WORDS_AFTER_DATELINE:
        return None
    found = {key: value for key, value in match.groupdict().items() if value}
    place = next(
        (found[key] for key in ("place", "e_place", "b_place", "d_place", "f_place", "g_place") if key in found), None
    )
    region = next((found[key] for key in ("region", "e_region", "b_region", "d_region") if key in found), None)
    date = next((found[key] for key in ("date", "e_date", "b_date", "g_date") if key in found), None)
    spelling = next(
        (found[key] for key in ("agency", "c_agency", "e_agency", "f_agency", "g_agency") if key in found), ""
    )
    agency = _agency(spelling)
    shouted = place is not None and place.upper() == place
    if "d_place" in found:
        dashed = found["d_dash"].strip() != "-" or "/" in found["d_place"]
        sure = shouted or (dashed and line[match.end()].isupper())
        if not (sure and _are_places(found["d_place"])):
            return None
    if "f_agency" in found and not _are_places(found["f_place"]):
        return None
    if spelling and agency is None and "f_agency" not in found:
        dashed = "dash" in found and found["dash"].strip() not in ("", ":")
        named = _UNKNOWN_AGENCY.fullmatch(spelling) and place is not None and _are_places(place)
        if not (dashed and (shouted or named)):
            return None
    if "place" in found and "dash" not in found and not (agency and len(place or "") < 40):
        return None
    return match.end(), Boilerplate(
        dateline=Dateline(
            text=match.group().strip(),
            place=f"{place}, {region}" if region and place else place,
            date=_iso(date, language) if date else None,
        ),
        agency=agency or (spelling or None),
    )


def _are_places(names: str) -> bool:
    return all(folded(name.strip()) in _places() for name in names.split("/"))


# the whole page --------------------------------------------------------------------------------------------------


def _lines(text: str) -> list[Line]:
    found = []
    position = 0
    for whole in text.split("\n"):
        line = whole.strip()
        if line:
            start = position + whole.index(line)
            found.append(Line(start, start + len(line), line))
        position += len(whole) + 1
    return found


@lru_cache(maxsize=_REMEMBERED)
def _kind(line: str, language: str, at_end: bool) -> tuple[str, Boilerplate] | None:
    """Return the kind of a line that is boilerplate as a whole and what it says; None for a line of the article."""
    for kind, words, pattern in _line_patterns(language, not at_end):
        if (not words or any(word in line for word in words)) and pattern.fullmatch(line):
            if kind == "copyright":
                return kind, Boilerplate(copyright=line)
            return kind, Boilerplate(footer=[line], agency=_credited(line) if kind in ("slug", "credit") else None)
    return None


def _credited(line: str) -> str | None:
    """Return the agency that a slug or credit names."""
    for word in re.findall(r"[^\W_]+", line):
        for spelling in (word, word[:-1] if word[-1] in "sS" else word):
            if len(spelling) > 2 and spelling in _agencies() and spelling.isupper():
                return _agencies()[spelling]
    return None


def find_lifts(document: Document) -> list[Lift]:
    """Return everything on the page that is boilerplate, in order; nothing if no line of the article were left."""
    text, language = document.text, document.language
    lines = _lines(text)
    whole: dict[int, tuple[str, Boilerplate]] = {}
    for index, line in enumerate(lines):
        at_end = len(lines) - index <= _MAX_FOOT_LINES
        if len(line.text) <= (_MAX_LINE if at_end else _MAX_LINE_WITHIN):
            says = _byline(line.text, language) if index < _MAX_HEAD_LINES else None
            found = ("byline", says) if says else _kind(line.text, language, at_end)
            if found is not None:
                whole[index] = found
    for index in range(min(len(lines), _MAX_HEAD_LINES)):
        after_byline = index > 0 and whole.get(index - 1, ("",))[0] == "byline"
        says = None if index in whole else _place_line(lines[index].text, language, after_byline)
        if says is not None:
            whole[index] = ("dateline", says)
    if len(whole) == len(lines):
        return []
    first = next(index for index in range(len(lines)) if index not in whole)
    lifts = [
        Lift(kind, lines[index].start if index < first else lines[index - 1].end, _end(lines, index, first), says)
        for index, (kind, says) in whole.items()
    ]
    last = max(index for index in range(len(lines)) if index not in whole)
    tail = _tail(lines[last])
    if tail is not None and len(lines[last].text) > _MIN_TAILED:
        lifts.append(tail)
    for index in range(min(len(lines), _MAX_HEAD_LINES)):
        start = lines[index].start
        while index not in whole and (opening := _dateline(text[start : start + 400].split("\n")[0], language)):
            length, says = opening
            lifts.append(Lift("dateline", start, start + length, says))
            start += length
        if start > lines[index].start:
            break
    return lifts


@cache
def _tail_pattern() -> re.Pattern[str]:
    """Return a pattern for what an agency sets after the last sentence: its mark, or a line of rights glued to it."""
    marks = "|".join(sorted((re.escape(mark) for mark in _agencies() if len(mark) > 2), key=len, reverse=True))
    return re.compile(
        rf"(?<=[.!?\"”»])(?: ?\((?:{marks})(?:[/,] ?(?:{marks}))?\)\.?| (?:{marks})"
        r"| ?(?:RIPRODUZIONE RISERVATA|REPRODUCTION RESERVED|All [Rr]ights [Rr]eserved|© ?(?:Copyright|[A-Z]))"
        r"[^\n.!?]{0,80}\.?)\Z"
    )


def _tail(line: Line) -> Lift | None:
    """Return what stands after the last sentence of the article, if it is an agency's mark or speaks of rights."""
    match = _tail_pattern().search(line.text, max(0, len(line.text) - _MAX_TAIL))
    if match is None:
        return None
    start, mark = line.start + match.start(), match.group().strip()
    rights = "©" in mark or "RESERV" in mark.upper()
    says = Boilerplate(copyright=mark) if rights else Boilerplate(footer=[mark], agency=_agency(mark.strip("() .")))
    return Lift("copyright" if rights else "slug", start, line.end, says)


_MAX_TAIL = 120
_MIN_TAILED = 60
"""A line has to be longer than this to be a paragraph that something follows."""


def _end(lines: list[Line], index: int, first: int) -> int:
    """Return where the lift of a whole line ends: with its line break, if nothing stands before it."""
    return lines[index + 1].start if index < first else lines[index].end


def lift(kind: str) -> Callable[[Document], Iterator[Proposal]]:
    """Return the rule that lifts boilerplate of one kind: byline, dateline, slug, credit, copyright or promotion."""

    def rule(document: Document) -> Iterator[Proposal]:
        for found in document.once(find_lifts):
            if found.kind == kind:
                yield Proposal(found.start, found.end, "", 0.97, found.says)

    return rule
