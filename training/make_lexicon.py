"""Makes `transforms/normalize/models/lexicon.tsv` and `classes.tsv`: how frequent a word is, and what it can be.

Usage: python -m training.make_lexicon MASC_ZIP

Needs wordfreq 3.1 (not needed at run time).
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from training import masc

MODELS = Path(__file__).parents[1] / "transforms" / "normalize" / "models"

LEAST_ZIPF = 1.5
"""Rarer words are left out: the list would double for words that a page hardly ever holds."""

CLASS_OF_TAG = {
    "NN": "N", "NNS": "S", "NNP": "P", "NNPS": "P", "VB": "V", "VBP": "V", "VBD": "D", "VBZ": "Z", "VBG": "G",
    "VBN": "M", "JJ": "J", "JJR": "J", "JJS": "J", "RB": "R", "RBR": "R", "RBS": "R", "RP": "I", "DT": "T",
    "PDT": "T", "IN": "I", "TO": "I", "PRP": "O", "PRP$": "Q", "CC": "C", "WP": "W", "WP$": "W", "WDT": "W",
    "WRB": "W", "MD": "X", "CD": "U", "UH": "H", "EX": "O",
}  # fmt: skip
"""One letter a word class: N noun, S plural, P name, V verb, D past, Z verb in -s, G -ing, M participle …"""

LEXICON_HEADER = """\
# How frequent English words are: tenths of the Zipf scale (log10 of occurrences in a billion words), tab, words.
# Made by training/make_lexicon.py from wordfreq 3.1 (Robyn Speer), whose data is licensed CC BY-SA 4.0
# (creativecommons.org/licenses/by-sa/4.0); this file is an excerpt of it, rounded, under the same licence.
"""

CLASSES_HEADER = """\
# Word classes of English words: classes (commonest first; see CLASS_OF_TAG in training/make_lexicon.py), tab, words.
# Made by training/make_lexicon.py from the Manually Annotated Sub-Corpus of the Open American National Corpus
# (anc.org), which is free of restrictions on use.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("masc", type=Path, help="masc_tagged.zip")
    arguments = parser.parse_args()
    write(MODELS / "lexicon.tsv", LEXICON_HEADER, frequencies())
    write(MODELS / "classes.tsv", CLASSES_HEADER, word_classes(arguments.masc))


def frequencies() -> dict[str, str]:
    """Return tenths of the Zipf scale of words, possessives and contractions, as text."""
    import wordfreq

    table = {}
    for word in wordfreq.get_frequency_dict("en", "large"):
        zipf = wordfreq.zipf_frequency(word, "en", "large")
        plain = word.replace("'", "")
        if plain.isalpha() and plain.isascii() and (zipf >= LEAST_ZIPF or "'" in word):
            table[word] = str(round(zipf * 10))
    return table


def word_classes(archive: Path) -> dict[str, str]:
    """Return the classes of each word that make up a tenth of its uses or more, commonest first."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in masc.read(archive, masc.EDITED | {"spam", "email"}):
        for word, tag in document.tagged:
            if word.isalpha() and tag in CLASS_OF_TAG:
                counts[word.lower()][CLASS_OF_TAG[tag]] += 1
    return {word: _common(tags) for word, tags in counts.items() if tags.total() > 1}


def _common(tags: Counter[str]) -> str:
    least = tags.total() / 10
    return "".join(tag for tag, count in sorted(tags.items(), key=lambda item: (-item[1], item[0])) if count >= least)


def write(path: Path, header: str, table: dict[str, str]) -> None:
    """Write `table` (word to value) as one line a value."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for word, value in table.items():
        groups[value].append(word)
    lines = [f"{value}\t{' '.join(sorted(words))}\n" for value, words in sorted(groups.items(), key=_order)]
    path.write_text(header + "".join(lines), encoding="utf-8")


def _order(item: tuple[str, Iterable[str]]) -> tuple[int, str]:
    return (int(item[0]) if item[0].isdigit() else 0, item[0])


if __name__ == "__main__":
    main()
