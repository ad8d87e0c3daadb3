"""Names of territories and capitals as ten pivot languages leave them, each on a page that shows that pivot."""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import babel
from wordfreq import zipf_frequency

from benchmarks.repair_eval.corruption import DATA, plain

LANGUAGES = ("fr", "es", "de", "it", "nl", "pt", "pl", "ru", "tr", "id")

LOOKALIKES = (
    "They served turkey and china cups at the dinner.",
    "She sold georgia peach jam at the market.",
    "The festival in Nice ended on Sunday.",
    "He bought a jersey from a shop in Jersey.",
    "The actor Sofia Coppola met the chad in the ballot.",
    "He was named Man of the Match on Saturday.",
    "The Lima bean harvest and the brazil nut crop failed.",
    "Chelsea Clinton and Milan Kundera shared the Paris Hilton suite.",
    "Police in Roma communities and the town of Londonderry were told.",
    "The Laws of cricket and the Male line were discussed in the Room.",
)

_COMMON = 3.6  # Zipf frequency in English from which a form counts as an ambiguous English word
_ENGLISH_TOO = {
    "Türkiye": ("Turkey",), "Czechia": ("Czech Republic", "the Czech Republic"), "Côte d’Ivoire": ("Ivory Coast",),
    "Myanmar (Burma)": ("Myanmar", "Burma"), "Cape Verde": ("Cabo Verde",), "Eswatini": ("Swaziland",),
    "North Macedonia": ("Macedonia",), "Timor-Leste": ("East Timor",), "Vatican City": ("Vatican", "the Vatican"),
}  # fmt: skip
_ROMAN = "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya"  # a hyphen: not written
_CYRILLIC = dict(zip("абвгдежзийклмнопрстуфхцчшщъыьэюя", _ROMAN.replace("-", "").split(" "), strict=True))


@dataclass(frozen=True)
class Case:
    """A page in which `form` stands for one of the names `english`; `sentence(name)` is how it should read."""

    form: str
    english: tuple[str, ...]
    evidence: str
    template: str = "Ministers from {} will meet reporters on Thursday."

    def sentence(self, name: str) -> str:
        return self.template.format(name)

    def page(self, sentence: str) -> str:
        return f"{self.evidence}\n\n{sentence}\n\nOfficials gave no further details."

    @property
    def text(self) -> str:
        return self.page(self.sentence(self.form))


def romanised(text: str) -> str:
    """Russian in Latin letters, the simple way that translation services use."""
    out = (_CYRILLIC.get(c.lower(), c) for c in unicodedata.normalize("NFC", text).replace("ё", "е"))
    return "".join(o.capitalize() if c.isupper() else o for c, o in zip(text.replace("ё", "е"), out, strict=True))


@functools.cache
def _territories(language: str) -> dict[str, str]:
    """Code to name, in Latin letters; names of odd make (`Congo – Kinshasa`) are left out."""
    names = babel.Locale.parse(language).territories
    skip = {"ZZ", "EU", "UN", "EZ", "QO", "XA", "XB"}
    codes = [str(code) for code in names]
    made = {code: names[code] for code in codes if len(code) == 2 and code.isalpha() and code not in skip}
    made = {code: romanised(name) if language == "ru" else name for code, name in made.items()}
    return {code: name for code, name in made.items() if not set(name) & set("()–&,./") and " - " not in name}


def _capitals(language: str) -> dict[str, str]:
    rows = [r.split("\t") for r in (DATA / "pivot_names.tsv").read_text("utf-8").splitlines() if not r.startswith("#")]
    column = rows[0].index(language)
    return {row[0]: row[column] for row in rows[1:18] if row[column] != "-"}


def exonym_pages(language: str) -> Iterator[Case]:
    """A page for every name that differs from English and is neither an English word nor shared by two places."""
    english, foreign = babel.Locale.parse("en").territories, _territories(language)
    shown = [foreign[c] for c in ("DE", "RU", "EG", "GR", "NO", "ES", "SE", "CH") if c in foreign]
    shown = [name for name in shown if plain(name) not in {plain(e) for e in english.values()}][:5]
    evidence = (
        f"The foreign minister of {shown[0]} arrived for talks with the leaders of {shown[1]} and {shown[2]}. "
        f"Trade between {shown[3]} and {shown[4]} has grown by a third since the agreement was signed."
    )
    shared = Counter(foreign.values())
    for code, form in foreign.items():
        name = english[code]
        names = (name, *_ENGLISH_TOO.get(name, ()), name.replace("St. ", "Saint ").replace(" & ", " and "))
        same = plain(form).casefold() in {plain(n).casefold() for n in names}
        if same or shared[form] > 1 or zipf_frequency(form, "en") >= _COMMON or set(name) & set("–-") or "SAR" in name:
            continue
        yield Case(form, names, evidence)
    for name, form in _capitals(language).items():
        if zipf_frequency(form, "en") < _COMMON and plain(form) != name:
            yield Case(form, (name,), evidence, "Ministers will meet reporters in {} on Thursday.")
