"""Which mentions of an article are the same entity, and what that is in public registers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from transforms.entities.gazetteer import Gazetteer, demonyms, fold
from transforms.entities.link import Link, Named, Page
from transforms.entities.mentions import Mention, find_mentions
from transforms.entities.organisations import group_organisations
from transforms.entities.people import group_people
from transforms.entities.recognise import Span

FOLLOWING = 40
"""How many characters after a place's name are read for `, Texas`."""


class Cluster(NamedTuple):
    """The mentions of one entity, in order."""

    name: str
    label: str
    model_label: str | None
    mentions: list[Mention]
    link: Link | None = None


class Resolution(NamedTuple):
    """The entities of an article, in the order of their first mentions."""

    clusters: list[Cluster]
    junk: int


def resolve(text: str, spans: list[Span], places: Gazetteer, has_model: bool) -> Resolution:
    """Group the model's spans, and what it missed, by what they name.

    Args:
      text: the article.
      spans: what the model found, in order and not overlapping.
      places: the gazetteer of the text's language.
      has_model: whether a model read the text; if not, the gazetteer's places are all that is found.
    """
    if not has_model:
        mentions = [Mention(h.start, h.end, text[h.start : h.end], "PLACE", None) for h in places.find(text)]
        return Resolution(_in_order(_place_clusters(text, mentions, [], places)), 0)
    mentions, junk = find_mentions(text, spans, places)
    by_label: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        by_label[mention.label].append(mention)
    groups = by_label.pop("GROUP", [])
    clusters = _place_clusters(text, by_label.pop("PLACE", []), groups, places)
    clusters += [_cluster(group, "PERSON") for group in group_people(by_label.pop("PERSON", []))]
    clusters += [_cluster(group, "ORG") for group in group_organisations(text, by_label.pop("ORG", []))]
    clusters += _equal_clusters(groups, _group_key)
    for others in by_label.values():
        clusters += _equal_clusters(others, fold)
    return Resolution(_in_order(clusters), junk)


def _in_order(clusters: Iterable[Cluster]) -> list[Cluster]:
    return sorted(clusters, key=lambda cluster: cluster.mentions[0])


def _place_clusters(text: str, mentions: list[Mention], groups: list[Mention], places: Gazetteer) -> list[Cluster]:
    """Group places by what they link to, else by name."""
    named = [Named(mention.text, text[mention.end : mention.end + FOLLOWING]) for mention in mentions]
    page = Page(places, named, [group.text for group in groups])
    links: dict[str, Link | None] = {}
    merged: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.text not in links:
            links[mention.text] = page.link(mention.text)
        link = links[mention.text]
        merged[f"#{link.place.key}" if link else fold(mention.text)].append(mention)
    return [_place_cluster(group, links[group[0].text], places) for group in merged.values()]


def _place_cluster(mentions: list[Mention], link: Link | None, places: Gazetteer) -> Cluster:
    """Make one place; a country that the page only abbreviates (`U.S.`) gets the name that its register has for it."""
    cluster = _cluster(mentions, "PLACE", link)
    if (
        link
        and link.place.kind == "country"
        and cluster.name.isupper()
        and link.place in places.lookup(link.place.name)
    ):
        return cluster._replace(name=link.place.name)
    return cluster


def _group_key(name: str) -> str:
    codes = demonyms().get(name)
    if codes:
        return "#" + " ".join(codes)
    key = fold(name)
    return key[:-1] if key.endswith("s") and not key.endswith("ss") else key


def _equal_clusters(mentions: list[Mention], key: Callable[[str], str]) -> list[Cluster]:
    """Group mentions of equal key."""
    merged: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        merged[key(mention.text)].append(mention)
    return [_cluster(group, group[0].label) for group in merged.values()]


def _cluster(mentions: list[Mention], label: str, link: Link | None = None) -> Cluster:
    model_label = next((mention.model_label for mention in mentions if mention.model_label), None)
    return Cluster(_fullest(mention.text for mention in mentions), label, model_label, mentions, link)


def _fullest(names: Iterable[str]) -> str:
    """Return the longest name, one that is not shouted where there is one; the first of equals."""
    return max(dict.fromkeys(names), key=lambda name: (not (name.isupper() and len(name) > 5), len(name)))
