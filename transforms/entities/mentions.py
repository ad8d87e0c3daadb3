"""Where a text names something, and what: the model's spans, corrected and completed by the page's own evidence."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import NamedTuple

from transforms.entities.clean import clean, credits
from transforms.entities.gazetteer import Gazetteer, demonyms, fold
from transforms.entities.names import acronym_forms, bare_acronym, families, token_of, tokens_of
from transforms.entities.recognise import Span
from transforms.entities.words import words

_CAPITAL_WORD = re.compile(r"(?<![\w'’])[^\W\d_a-z](?:[\w.&-]|['’](?![sS]\b))*(?<=\w)")
ACRONYM = re.compile(r"[A-Z][A-Z&.-]{0,8}[A-Zs]")
DEFINED = re.compile(r"\s?\((?:the )?([A-Z][A-Za-z&.-]{1,9})\)")
"""An acronym in brackets, as it stands behind the name it is short for."""
_SENTENCE_END = re.compile(r"[.!?:;\"“”‘\n(–—-]\s*$|^\s*$")
LONGEST_TITLE = 30
"""Characters before a word that may belong to a title."""
_BETWEEN = frozenset({" of ", " of the ", " in ", " in the ", " for ", " for the ", " and ", " & "})
KNOWN = 50
"""At most so many known names that begin with one word are looked for: the work stays linear."""


class Mention(NamedTuple):
    """A name in the text."""

    start: int
    end: int
    text: str
    label: str
    model_label: str | None


def find_mentions(text: str, spans: list[Span], places: Gazetteer) -> tuple[list[Mention], int]:
    """Return what a text names, in order and not overlapping, and how many of the model's spans were no names."""
    mentions, junk = _cleaned(text, spans)
    mentions = _relabelled(_joined(text, mentions), places)
    named = _named(text, mentions)
    return _with_missed(text, named, places), junk + len(mentions) - len(named)


def _cleaned(text: str, spans: list[Span]) -> tuple[list[Mention], int]:
    """Return the names among the spans, and how many were none."""
    skipped = bytearray(len(text))
    for start, end in credits(text) if spans else ():
        skipped[start:end] = b"\1" * (end - start)
    mentions: list[Mention] = []
    junk = 0
    for span in spans:
        name = None if skipped[span.start] else clean(text, span)
        if name is None:
            junk += 1
        else:
            mentions.append(Mention(name.start, name.end, text[name.start : name.end], name.label, name.model_label))
    return mentions, junk


def _named(text: str, mentions: list[Mention]) -> list[Mention]:
    """Return the mentions that name something.

    A title (`President`), the `State` of `Secretary of State` and a person who is called by one word in quotes
    (`"Broken"`) everywhere are nobody.
    """
    surnames = {mention.text.rpartition(" ")[2] for mention in mentions if " " in mention.text}
    unquoted = {mention.text for mention in mentions if not _is_quoted(text, mention)}

    def is_nobody(mention: Mention) -> bool:
        name = mention.text
        if mention.label == "PERSON" and name.lower() in words("title"):
            return name not in surnames
        if " " in name:
            return False
        before = text[max(0, mention.start - LONGEST_TITLE) : mention.start].rsplit(maxsplit=2)[-2:]
        if before and " ".join([*before, name]).lower() in words("title"):
            return True
        return mention.label == "PERSON" and name not in unquoted and name not in surnames

    return [mention for mention in mentions if not is_nobody(mention)]


def _is_quoted(text: str, mention: Mention) -> bool:
    return text[mention.start - 1 : mention.start] in {'"', "“"} and text[mention.end : mention.end + 1] in {'"', "”"}


def _joined(text: str, mentions: list[Mention]) -> list[Mention]:
    """Return the mentions with `Central Bank` and `Kenya` in `Central Bank of Kenya` made one.

    So are `Board of Control for Cricket` and `India` around an `in`, where the page has the acronym of the whole.
    """
    acronyms = {bare_acronym(mention.text) for mention in mentions if ACRONYM.fullmatch(mention.text)}
    joined: list[Mention] = []
    for mention in mentions:
        last = joined[-1] if joined else None
        if last and last.label == "ORG" and mention.label in {"PLACE", "ORG"}:
            between, whole = text[last.end : mention.start], text[last.start : mention.end]
            generic = last.text.rsplit(" ", 1)[-1].lower() in words("org_generic")
            belongs = mention.label == "PLACE" and generic and between in {" of ", " of the "}
            if belongs or (between in _BETWEEN and acronyms & _long_acronyms(whole)):
                joined[-1] = last._replace(end=mention.end, text=whole)
                continue
        joined.append(mention)
    return joined


def _long_acronyms(name: str) -> set[str]:
    """Return the acronyms of a name that are too long to fit by chance."""
    return {form for form in acronym_forms(tokens_of(name)) if len(form) > 2}


def _relabelled(mentions: list[Mention], places: Gazetteer) -> list[Mention]:
    """Correct labels by what is known: peoples, countries, and the surnames of the page's people."""
    surnames: dict[str, int] = {}
    orgs: set[str] = set()
    bare: set[str] = set()
    acronyms: set[str] = set()
    for mention in mentions:
        parts = mention.text.split()
        if mention.label == "PERSON":
            bare.add(" ".join(tokens_of(mention.text)))
        if mention.label == "PERSON" and len(parts) > 1:
            for family in families(parts):
                surnames.setdefault(token_of(family), mention.start)
        if mention.label == "ORG" and len(parts) > 1:
            orgs.add(fold(parts[0]))
            acronyms |= acronym_forms(tokens_of(mention.text))
    relabelled: list[Mention] = []
    prevailing = _prevailing(mentions)
    for mention in mentions:
        if mention.text in prevailing:
            mention = mention._replace(label=prevailing[mention.text])
        label = _label(mention, surnames, orgs, places)
        if label in {"ORG", "PLACE", "PRODUCT", "WORK"} and _is_full_name(mention.text, bare, places):
            label = "PERSON"
        if label != "ORG" and ACRONYM.fullmatch(mention.text) and bare_acronym(mention.text) in acronyms:
            label = label if places.lookup(mention.text) else "ORG"
        relabelled.append(mention if label == mention.label else mention._replace(label=label))
    return relabelled


def _prevailing(mentions: list[Mention]) -> dict[str, str]:
    """Return the label of each name to which the model gave several, where one of them has most of its mentions.

    Where none has, an acronym that is an organisation once is always one.
    """
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for mention in mentions:
        labels[mention.text][mention.label] += 1
    prevailing: dict[str, str] = {}
    for name, counts in labels.items():
        label, count = counts.most_common(1)[0]
        if len(counts) > 1 and 2 * count > counts.total():
            prevailing[name] = label
        elif len(counts) > 1 and counts["ORG"] and ACRONYM.fullmatch(name):
            prevailing[name] = "ORG"
    return prevailing


def _is_full_name(name: str, bare: set[str], places: Gazetteer) -> bool:
    """Tell whether a name ends in the surname of somebody whom the page calls by it: `Virat Kohli`, later `Kohli`."""
    parts = name.split()
    if not 2 <= len(parts) <= 4 or places.lookup(name) or any(fold(part) in words("org_generic") for part in parts):
        return False
    return any(" ".join(map(token_of, parts[index:])) in bare for index in range(1, len(parts)))


def _label(mention: Mention, surnames: dict[str, int], orgs: set[str], places: Gazetteer) -> str:
    name, label = mention.text, mention.label
    if name in demonyms():
        return "GROUP"
    if label != "ORG" and fold(name) in words("agency"):
        return "ORG"
    single = " " not in name
    key = token_of(name)
    found = places.lookup(name)
    if single and label != "PERSON" and key in surnames and key not in orgs:
        if not found and label in {"ORG", "PLACE", "GROUP", "PRODUCT", "WORK"}:
            return "PERSON"
        if found and mention.start > surnames[key]:
            return "PERSON"
    if found and label != "PLACE" and (label != "PERSON" or key not in surnames):
        if found[0].kind in {"country", "historical", "region"}:
            return "PLACE"
        if label in {"PERSON", "GROUP", "ORG"}:
            return "PLACE"
    return label


def _with_missed(text: str, mentions: list[Mention], places: Gazetteer) -> list[Mention]:
    """Return the mentions, and those that the model missed: places, peoples, and names that it found elsewhere."""
    taken = bytearray(len(text))
    for mention in mentions:
        taken[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
    missed: list[Mention] = []
    replaced: set[int] = set()

    def add(start: int, end: int, label: str) -> None:
        taken[start:end] = b"\1" * (end - start)
        missed.append(Mention(start, end, text[start:end], label, None))

    by_start = {mention.start: mention for mention in mentions}
    for hit in places.find(text):
        if taken.find(1, hit.start, hit.end) < 0:
            if _stands_alone(text, hit.start, hit.end):
                add(hit.start, hit.end, "PLACE")
        elif (inner := by_start.get(hit.start)) and inner.end < hit.end and taken.find(1, inner.end, hit.end) < 0:
            replaced.add(inner.start)  # the model saw the beginning of a place's name
            add(hit.start, hit.end, "PLACE")
    known = _known_names(text, mentions)
    peoples = demonyms()
    for match in _CAPITAL_WORD.finditer(text):
        start, word = match.start(), match[0]
        if taken[start]:
            continue
        if word in peoples and taken.find(1, start, match.end()) < 0:
            add(start, match.end(), "GROUP")
            continue
        for name, label in known.get(word, ())[:KNOWN]:
            end = start + len(name)
            if (
                text.startswith(name, start)
                and not text[end : end + 1].isalnum()
                and taken.find(1, start, end) < 0
                and _stands_alone(text, start, end)
                and not (word.lower() in words("sentence_word") and _starts_sentence(text, start))
            ):
                add(start, end, label)
                break
    if not missed:
        return mentions
    return sorted([*(mention for mention in mentions if mention.start not in replaced), *missed])


def _known_names(text: str, mentions: list[Mention]) -> dict[str, list[tuple[str, str]]]:
    """Return what the model named, family names of people and acronyms, by first word, the longest first."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for mention in mentions:
        parts = mention.text.split()
        if mention.label == "PERSON" and len(parts) > 1:
            surnames = families(parts)
            for family in surnames:
                labels[family]["PERSON"] += 1
            for index in range(1, len(parts) - 1):
                if parts[-1] in surnames:
                    labels[" ".join(parts[index:])]["PERSON"] += 1
        labels[mention.text][mention.label] += 1
        defined = DEFINED.match(text, mention.end) if len(parts) > 1 else None
        if defined and bare_acronym(defined[1]) in acronym_forms(tokens_of(mention.text)):
            labels[defined[1]][mention.label] += 1
        if mention.label == "ORG" and len(parts) > 2:
            for form in acronym_forms(tokens_of(mention.text)):
                if len(form) > 2:
                    labels[form.upper()]["ORG"] += 1
    known: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in sorted(labels, key=lambda name: (-len(name), name)):
        first = _CAPITAL_WORD.match(name)
        is_word = " " not in name and (name.lower() in words("date") or len(name) < 2)
        if first and not is_word and not name.islower():
            known[first[0]].append((name, labels[name].most_common(1)[0][0]))
    return known


def _is_title_or_date(word: str) -> bool:
    return word in words("title") or word in words("date")


def _starts_sentence(text: str, start: int) -> bool:
    return _SENTENCE_END.search(text[max(0, start - 3) : start]) is not None


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Tell whether the words beside a name are no names, so that it is not part of a longer one."""
    after = text[end : end + 2]
    if after[:1] in {" ", "-", "–"} and after[1:].isupper():
        return False
    if start > 1 and text[start - 1] in " -":
        first = max(text.rfind(" ", max(0, start - 30), start - 1), text.rfind("\n", max(0, start - 30), start - 1)) + 1
        word = text[first : start - 1].lstrip("(\"“‘'")
        if word[:1].isupper() and word[-1:].isalnum() and not _is_title_or_date(word.lower()):
            return _starts_sentence(text, first) and text[start - 1] == " "
    return True
