"""Wrong capitals: link texts that kept theirs (`his Main guest`), shouted words (`THE chief`), lowered names (`kyiv`).

Whether a capital in mid-sentence is wrong is told by a linear model over how the word is written elsewhere (on this
page first, then in edited English), its neighbours and its class; a second model weighs that against the page as a
whole (`training/train_case.py`). A page whose capitals are all in order shows no link texts, and nothing is touched.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import compress, count
from math import exp, log
from typing import NamedTuple

from transforms.normalize import linear
from transforms.normalize.damage import mangled, signs
from transforms.normalize.document import Document, Proposal
from transforms.normalize.lexicon import UNKNOWN, classes, frequencies, read_groups, word_class
from transforms.normalize.tables import word_sets


class Use(NamedTuple):
    """How often edited English writes a word in mid-sentence so, as bits (1, 2, 3 for once, 2-3 times, 4-7 times)."""

    lower: int
    capital: int


@cache
def uses() -> dict[str, Use]:
    """Return how words (in lower case) are written in mid-sentence."""
    table: dict[str, Use] = {}
    for value, words in read_groups("case.tsv"):
        table.update(dict.fromkeys(words, Use(int(value[0]), int(value[1]))))
    return table


def is_name(low: str) -> bool:
    """Tell whether edited English writes a word with a capital far more often than in lower case."""
    use = uses().get(low, _UNSEEN)
    return use.capital > max(1, 2 * use.lower)


# link texts ----------------------------------------------------------------------------------------------------


def capitals(document: Document) -> Iterator[Proposal]:
    """Propose lower case for capitals in mid-sentence that belong to no name."""
    page = linear.load("case_page")
    found = list(weighed(document, Context(document, linear.load("case_model"))))
    if not found:
        return
    words = len(document.page.words)
    told = [linear.probability(linear.score(page, each.features)) if each.trusted else 0.0 for each in found]
    sure = sum(confidence > _SURE for confidence in told)
    damaged = other_damage(document.page)
    alone = sure * _WORDS_PER_SURE < words and not damaged
    plain = {each.word for each in found if each.plain}
    several = damaged and len(plain) >= _SEVERAL_PLAIN
    shows_links = len(plain) * (_SHORT_PAGE if several or words <= _SHORT_PAGE else _WORDS_PER_PLAIN) >= words
    for each, confidence in zip(found, told, strict=True):
        doubted = 1 - (_DOUBT if alone else _ALWAYS) * (1 - confidence)
        if shows_links and (each.plain or len(plain - {each.word})):
            doubted = max(doubted, linear.probability(each.odds - each.doubt))
        if doubted > 0.5:
            yield Proposal(each.start, each.start + 1, document.text[each.start].lower(), doubted)


_SURE = 0.9
_WORDS_PER_SURE = 60
_ALWAYS, _DOUBT = 1.6, 1.75
"""How much more often a capital is right than the model says: on every page, since translators leave names of several
words half translated (`the Council of Real estate of Ontario`); and on a page with no damage of other kinds and less
than one sure capital in `_WORDS_PER_SURE` words, since an essay that quotes verse without marks has as many. Set so
that round trips keep to 3 wrong edits in 100 and clean text to 1 in 100,000 words (`benchmarks/repair.py`)."""
_SHORT_PAGE = 400
_WORDS_PER_PLAIN = 200
"""A plain capital (see `Weighed.plain`) in so many words shows that a page lost its links; on a short page, one at all.
So an essay that quotes verse or titles without marks shows none (`benchmarks/repair.py`, harm).
"""
_SEVERAL_PLAIN = 4
"""So many different plain capitals show it where there is damage of other kinds too, even if they stand no closer than
one in `_SHORT_PAGE` words."""


class Weighed(NamedTuple):
    """A capital that looks wrong, with what decides about it."""

    start: int
    word: str
    odds: float
    """Log odds of being wrong, from the word and its neighbours."""
    features: list[str]
    """What sets it against the page."""
    trusted: bool
    """Whether the page has enough such capitals for its length, and no heading can have run into the text there."""
    doubt: float
    """How many log odds of doubt remain where the page shows links by another capital: more after a comma or heading,
    where titles and lists have capitals."""

    @property
    def plain(self) -> bool:
        """Whether nothing but a lost link explains the capital: 5 in a million words of clean news look so.

        Function words stand with a capital in mid-sentence in titles only; other words can be names.
        """
        least = _PLAIN_FUNCTION if word_class(self.word.lower()) in _FUNCTION_CLASSES else _PLAIN_OTHER
        return self.odds >= least and self.doubt == _SHOWN_DOUBT


_FUNCTION_CLASSES = frozenset("TICQXOW")
_PLAIN_FUNCTION, _PLAIN_OTHER = 6.0, 7.5
_SHOWN_DOUBT, _COMMA_DOUBT, _HEADING_DOUBT, _NAMED_DOUBT = 2.0, 1.0, 1.5, 1.5
_NAMED = re.compile(r"(?: of| [A-Z]\w*) \Z")
_NAMING = re.compile(r" (?:of )?[A-Z]")
"""What stands before and after a word in a name, also in one that a translator took apart (`the voices of Water`)."""


def weighed(document: Document, context: Context) -> Iterator[Weighed]:
    """Yield the capitals that look wrong, with the features that set them against the page."""
    text = document.text
    found = []
    evidence: dict[str, float] = {}
    damage = _DAMAGED if other_damage(document.page) else 0.0
    scored = [(match, context.score(match)) for match in candidates(document, context.use)]
    if all(odds <= 0 for _, odds in scored):
        return
    for match, odds in scored:
        word = match.group(1)
        opens = may_open(text, match.start(1), word.lower())
        headed = odds > 0 and after_heading(text, match.start(1))
        told = min(told_by(odds, opens), 0.0 if headed else _MOST)
        if told > evidence.get(word, -_MOST):
            evidence[word] = told
        if odds > 0:
            found.append((match.start(1), word, odds, opens, headed))
    strong = sum(told > _STRONG for told in evidence.values())
    enough = strong * _WORDS_PER_CAPITAL >= len(document.page.text) // 6
    total = sum(evidence.values()) + damage
    for start, word, odds, opens, headed in found:
        others = total - evidence[word]
        comma = text[start - 2] in ",;"
        features = page_features(odds, opens, comma, others, len(evidence))
        doubt = _SHOWN_DOUBT + _COMMA_DOUBT * comma + _HEADING_DOUBT * headed
        if word == "The" or word_class(word.lower()) not in _FUNCTION_CLASSES:
            named = _NAMED.search(text, max(0, start - 20), start) or _NAMING.match(text, start + len(word))
            doubt += _NAMED_DOUBT if named else 0.0
        yield Weighed(start, word, odds, features, enough and (not headed or others > _CERTAIN), doubt)


_DAMAGED = 4.0
"""What marks of other damage tell about a page, in the measure of `told_by`."""
_STRONG = 1.0
"""What a capital tells that counts by itself: log odds of 3; none where a sentence may open reaches it."""
_WORDS_PER_CAPITAL = 250
"""Fewer such capitals than one in so many words are no link texts: verse, titles and slips hold them too."""
_CERTAIN = 3.0
"""What the others must tell for a capital to be judged that may be the first after a heading."""


def other_damage(page: Document) -> bool:
    """Tell whether a page shows damage of other kinds that go with lost links: glued words, lost apostrophes …"""
    found = page.once(signs)
    return sum(found.values()) - found["capital"] - found["echo"] > 1


def after_heading(text: str, start: int) -> bool:
    """Tell whether the words before a capital, from the start of the line, may be a heading run into the text."""
    line = text.rfind("\n", max(0, start - _HEADING), start) + 1
    if not line and start > _HEADING:
        return False
    before = text[line : start - 1].split(" ")
    return all(word.isalpha() and word_class(word.lower()) in "NSJPICU?" for word in before)


_HEADING = 45


_SHARE, _SHIFT, _MOST, _MOST_OPENING = 0.3, 1.0, 4.0, 1.5


def told_by(odds: float, opens: bool) -> float:
    """Return what a capital tells about its page: how much likelier it is where 3 in 10 such capitals are wrong.

    Args:
      odds: its own log odds of being wrong.
      opens: a sentence without its full stop before may begin there: then it tells less.
    """
    return log(1 - _SHARE + _SHARE * exp(min(odds - _SHIFT, _MOST_OPENING if opens else _MOST)))


def may_open(text: str, start: int, low: str) -> bool:
    """Tell whether a sentence may begin at a word, if the full stop before it is lost (`Easy time While showing`)."""
    if low not in word_sets("function-words")["opening"]:
        return False
    before = text[max(0, start - 25) : start - 1].rpartition(" ")[2]
    return not (before.isalpha() and before.islower() and word_class(before) in "ITXQC" and before not in _PARTICLES)


_PARTICLES = frozenset(["up", "out", "off", "in", "on"])
_TOLD_STEPS = (-3, -1, -0.3, 0.3, 1, 2, 3, 4.5, 6.5, 9, 14)
_MEAN_STEPS = (0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.2)


def page_features(odds: float, opens: bool, comma: bool, told: float, others: int) -> list[str]:
    """Return the features by which a capital is weighed against its page.

    Args:
      odds: its log odds.
      opens: a sentence may begin there.
      comma: a comma stands before it; the lines of a poem printed as prose look like that.
      told: what the other capitals tell about the page, all together.
      others: how many words they are.
    """
    step, level = min(20, int(2 * odds)), bisect_right(_TOLD_STEPS, told)
    mean = bisect_right(_MEAN_STEPS, told / (others + 2))
    sort = "o" if opens else "m"
    features = [
        "",
        *[f"odds>{each}" for each in range(step + 1)],
        *[f"{sort}odds>{each}" for each in range(0, step + 1, 2)],
        *[f"told>{each}" for each in range(level)],
        *[f"{sort}told>{each}" for each in range(level)],
        *[f"mean>{each}" for each in range(mean)],
        f"told{level // 2}odds{min(8, int(odds))}",
    ]
    return [*features, "comma", f"comma{sort}", f"commatold{level // 3}"] if comma else features


_CAPITAL = re.compile(r"([A-Z](?<=[a-z0-9,;)%’'\"”A-Z] [A-Z])[a-z]+)(?=[ ,.;:?!)’'\"”\n-]|\Z)")


def candidates(document: Document, use: Callable[[str], Use]) -> Iterator[re.Match[str]]:
    """Yield the words with a capital in mid-sentence, outside headings, that `use` doesn't know as names only."""
    initial = document.initial_starts
    kept = word_sets("function-words")["kept-capital"]
    named: dict[str, bool] = {}
    for match in _CAPITAL.finditer(document.text):
        word = match.group(1)
        name = named.get(word)
        if name is None:
            low = word.lower()
            lower, capital = use(low)
            name = named[word] = (capital > lower == 0) or low in kept
        if not name and match.start() not in initial and not document.in_heading(match.start()):
            yield match


class Context:
    """A document as the features of its capitals need it."""

    def __init__(self, document: Document, weights: linear.Weights) -> None:
        self.document = document
        self.page = document.page
        self.weights = weights
        self._scores: dict[str, float] = {}

    def features(self, match: re.Match[str]) -> list[str]:
        """Return all features of a capitalised word."""
        word = match.group(1)
        low = word.lower()
        use = self.use(low)
        return word_features(low, use) + self._page_features(word, low, use) + around_features(*self._around(match))

    def score(self, match: re.Match[str]) -> float:
        """Return the log odds that a capital is wrong."""
        word = match.group(1)
        own = self._scores.get(word)
        if own is None:
            low = word.lower()
            use = self.use(low)
            own = self.word_score(low, use) + linear.score(self.weights, self._page_features(word, low, use))
            self._scores[word] = own
        return own if own < _HOPELESS else own + self._around_score(match)

    def word_score(self, low: str, use: Use) -> float:
        """Return what a word by itself adds to the log odds."""
        return _word_score(low, use)

    def use(self, low: str) -> Use:
        """Return how edited English writes a word; training overrides it to leave the document itself out."""
        return uses().get(low, _UNSEEN)

    def _page_features(self, word: str, low: str, use: Use) -> list[str]:
        here, there = min(3, self.page.all_forms[low]), min(3, max(0, self.page.forms[word] - 1))
        return [f"here{here}there{there}", f"here{here}there{there}use{min(use.lower, 2)}{min(use.capital, 2)}"]

    def _around(self, match: re.Match[str]) -> tuple[str, ...]:
        """Return what the features of the words around a capital are made of."""
        low, index = match.group(1).lower(), self.document.index_at(match.start(1))
        before, link_before, crowd_before = self._before(index)
        after, link_after, crowd_after = self._after(index, match.end(1))
        return (
            _sort(self.use(low)),
            word_class(low),
            classes().get(low, "?"),
            *before[1],
            *before[0],
            *after[0],
            *after[1],
            f"{link_before}|{link_after}",
            f"{crowd_before}{crowd_after}",
        )

    def _around_score(self, match: re.Match[str]) -> float:
        """Return the log odds that the words around a capital give."""
        return _around_score(*self._around(match))

    def _before(self, index: int) -> tuple[list[Neighbour], str, int]:
        """Return what `_beside` does of the words before the one at `index`; two at least, if need be a mere mark."""
        document, first = self.document, max(0, index - _REACH)
        words, gaps = document.words[first:index], document.before[first + 1 : index + 1]
        near, link, crowd = _beside(words[::-1], gaps[::-1], document.initial[first:index][::-1])
        return near + [_START] * (2 - len(near)), link, crowd

    def _after(self, index: int, end: int) -> tuple[list[Neighbour], str, int]:
        """Return what `_beside` does of the words after the one at `index`; two at least, if need be mere marks.

        Args:
          index: place of the word in `document.words`.
          end: where its capitalised part ends: a clitic (`'s`) counts as a mark.
        """
        document, text, place = self.document, self.document.text, index + 1
        words = document.words[place : place + _REACH]
        gaps = document.before[place : place + len(words)]
        gaps[:1] = [text[end : document.span(index)[1]] + gap for gap in gaps[:1]]
        near, link, crowd = _beside(words, gaps, _NEVER)
        near += [_end(text[end : end + 1])] * (not near)
        return near + [_END] * (2 - len(near)), link, crowd


_REACH = 6
"""Words on either side of a capital that are looked at."""
_NEVER = [False] * _REACH


def _beside(words: list[str], gaps: list[str], initial: list[bool]) -> tuple[list[Neighbour], str, int]:
    """Return the words next to a capital, how it is linked to the next one, and how many capitals stand near.

    The link is the small words before the next capital, and its shape: `of` and `X` in `Museum of Flight`. The very
    next word doesn't count as near; two are enough.

    Args:
      words: on one side of the capital, the nearest first.
      gaps: what parts each from the one before it in this order.
      initial: whether each may be capitalised because of where it stands.
    """
    near: list[Neighbour] = []
    link, joints, linking, crowd = "", "", True, 0
    for place, word in enumerate(words):
        gap = gaps[place]
        if gap != " " and not _is_within(gap):
            break
        if linking or place < 2:
            neighbour = _neighbour(word, gap, initial[place])
            near.append(neighbour)
            if linking and neighbour.shape in "XAI&-":
                link, linking = joints + neighbour.shape, False
            joints += neighbour.low
            linking = linking and place < 2 and neighbour.low in _JOINTS
        if place and crowd < 2 and gap == " " and not word.islower():
            shape = shape_of(word)
            crowd += shape == "A" or (shape == "X" and not initial[place])
    return near, link, crowd


def around_features(
    sort: str,
    group: str,
    several: str,
    low_before2: str,
    shape_before2: str,
    class_before2: str,
    low_before: str,
    shape_before: str,
    class_before: str,
    low_after: str,
    shape_after: str,
    class_after: str,
    low_after2: str,
    shape_after2: str,
    class_after2: str,
    link: str,
    near: str,
) -> list[str]:
    """Return the features of the words around a capital, from what `Context._around` returns."""
    shapes = f"{shape_before2}{shape_before}_{shape_after}{shape_after2}"
    return [
        f"-{low_before}",
        f"+{low_after}",
        f"{low_before2} {low_before}_",
        f"_{low_after} {low_after2}",
        f"{sort}{shape_before}_{shape_after}",
        f"{sort}{shapes}",
        f"{group}{shapes}",
        f"{group}{class_before}_{class_after}",
        f"{class_before}_{class_after}",
        f"{sort}{class_before}_",
        f"{sort}_{class_after}",
        f"{group}{class_before}_",
        f"{group}_{class_after}",
        f"{group}{class_before2}{class_before}_",
        f"{group}_{class_after}{class_after2}",
        f"{class_before2}{class_before}_{class_after}{class_after2}",
        f"{several}{class_before}_",
        f"{several}_{class_after}",
        f"{sort}{group}{shape_before}_{shape_after}",
        f"{sort}{low_before}_",
        f"{group}{low_before}_",
        f"{group}_{low_after}",
        f"{sort}_{low_after}",
        f"{sort}{low_before}_{class_after}",
        f"<{link}>",
        f"{sort}<{link}>",
        f"{group}<{link}>",
        f"near{near}",
        f"{sort}near{near}",
        f"{group}near{near}",
    ]


@lru_cache(maxsize=1 << 10)
def _around_score(*around: str) -> float:
    """Return what `Context._around_score` does; remembered as far as a page, read again after a repair, goes."""
    return linear.score(linear.load("case_model"), around_features(*around))


@lru_cache(maxsize=1 << 14)
def _word_score(low: str, use: Use) -> float:
    """Return what a word by itself adds to the log odds of the model that ships with newsbeam."""
    return linear.score(linear.load("case_model"), word_features(low, use))


def word_features(low: str, use: Use) -> list[str]:
    """Return the features of a word by itself."""
    zipf = frequencies().get
    own = zipf(low, UNKNOWN)
    group = word_class(low)
    uses_ = f"use{min(use.lower, 5)}{min(use.capital, 4)}"
    return [
        "",
        uses_,
        f"{uses_}{group}",
        f"class{group}",
        f"group{classes().get(low, '?')}",
        f"zipf{own // 5}use{min(use.lower, 2)}{min(use.capital, 2)}",
        f"={low}",
        f"end{low[-3:]}",
        *(f"possessive>{step}" for step in range(-40, min(20, zipf(low + "'s", UNKNOWN) - own), 5)),
        *(f"plural>{step}" for step in range(-40, min(20, zipf(low + "s", UNKNOWN) - own), 5)),
        *(f"lower>{step}" for step in range(use.lower)),
        *(f"capital>{step}" for step in range(use.capital)),
    ]


def _sort(use: Use) -> str:
    """Return the sort of word that its neighbours are seen with."""
    return f"{'abbccc'[min(use.lower, 5)]}{'xyyzz'[min(use.capital, 4)]}"


_UNSEEN = Use(0, 0)
_HOPELESS = -8.0


class Neighbour(NamedTuple):
    """A word near a capital."""

    low: str
    """In lower case; a mark stands before it where one parts it from the capital."""
    shape: str
    """`x` lower, `X` capital, `I` capital at the start of a sentence, `A` shouted, `9` number, else a mark."""
    sort: str
    """Class of a word in lower case, shape of any other."""


_WITHIN = re.compile(r"[,;)%’'\"”]{0,3} |[-–]| [&–-] ")
"""What stands between two words of a sentence."""


@lru_cache(maxsize=1 << 10)
def _is_within(gap: str) -> bool:
    """Tell whether what stands between two words leaves them in one sentence."""
    return _WITHIN.fullmatch(gap) is not None


_START, _END = Neighbour("", "(", "("), Neighbour("", ")", ")")
_JOINTS = frozenset(["of", "and", "the", "for", "de", "in", "on", "to", "at", "with", "a"])
"""Small words inside names: `Museum of Flight`, `Diggers and Dealers`."""


def shape_of(word: str) -> str:
    """Return the shape of a word: `x` lower, `X` capital, `A` shouted, `9` number."""
    if word[0].isdigit():
        return "9"
    if word == word.lower():
        return "x"
    return "A" if len(word) > 1 and word.isupper() else "X"


@lru_cache(maxsize=1 << 14)
def _neighbour(word: str, gap: str, initial: bool) -> Neighbour:
    low = word.lower()
    mark = "" if gap == " " else "&" if "&" in gap else "-" if gap[0] in "-– " else ","
    shape = shape_of(word)
    if shape == "X" and initial:
        shape = "I"
    return Neighbour(mark + low, mark or shape, mark or (word_class(low) if shape == "x" else shape))


@cache
def _end(mark: str) -> Neighbour:
    mark = mark.replace("\n", "¶")
    return Neighbour(mark, ")", ")" + mark)


# shouted words -------------------------------------------------------------------------------------------------


def shouted(document: Document) -> Iterator[Proposal]:
    """Propose normal case for a function word in capitals among words that aren't: `THE Chinese chief`."""
    for match in _SHOUTED.finditer(document.text):
        word = match.group(1)
        if re.match(r"\w", document.text[max(0, match.start() - 1) : match.start()]):
            continue
        if document.page.shouted_share > _SHOUTING and len(document.page.words) > _SHORT:
            return
        if document.page.all_forms[word] > 2 or _beside_capitals(document.text, match.start(1), match.end(1)):
            continue
        if document.in_heading(match.start(1)) or (word in _INITIALS and document.text[match.end() + 1].isupper()):
            continue
        if match.start(1) in document.initial_starts and (word in _OPENING or mangled(document.page)):
            yield Proposal(match.start(1), match.end(1), word.capitalize(), 0.95)
        elif match.start(1) not in document.initial_starts and mangled(document.page):
            yield Proposal(match.start(1), match.end(1), word.lower(), 0.92)


_SHORT = 20
_INITIALS = frozenset(["HE", "WE", "AN", "AS", "IF"])
"""Before a name these can be initials (`AS Byatt`)."""
_OPENING = frozenset(["THE", "AN", "IN", "ON", "BUT", "HE", "SHE", "IT", "THEY"])
_SHOUTING = 0.1
"""Share of words in capitals from which capitals are a page's style."""
_FUNCTION_WORDS = (
    "THE|BUT|AND|AN|IN|ON|HE|SHE|THEY|WE|YOU|THIS|THAT|THESE|THOSE|FOR|WITH|FROM|AT|BY|OF|TO|AS|IF|WHEN|WHILE|AFTER|"
    "BEFORE|HIS|HER|ITS|THEIR|OUR|IS|WAS|ARE|WERE|HAS|HAD|HAVE|WILL|WOULD|THERE|WHAT|HOW|WHERE|"
    r"IT(?= (?:is|was|has|will)\b)"
)
_SHOUTED = re.compile(rf"({_FUNCTION_WORDS})(?= [A-Za-z])")
"""Also the ends of words: a pattern that starts with letters is searched for much faster than one with `\\b`."""


def _beside_capitals(text: str, start: int, end: int) -> bool:
    """Tell whether the word before or after is in capitals too."""
    before, after = _WORD_BEFORE.search(text, max(0, start - 30), start), _WORD_AFTER.match(text, end)
    return any(word is not None and len(word.group(1)) > 1 and word.group(1).isupper() for word in (before, after))


_WORD_BEFORE = re.compile(r"(\w+)\W{1,3}\Z")
_WORD_AFTER = re.compile(r"\W{1,3}(\w+)")


def said(document: Document) -> Iterator[Proposal]:
    """Propose `said` for `Said` between a question or exclamation and the speaker's name: `Europe? Said Matura.`"""
    if document.all_forms.keys().isdisjoint(_SAYING):
        return
    for match in _SAID.finditer(document.text):
        yield Proposal(match.start(1), match.start(1) + 1, match.group(1)[0].lower(), 0.92)


_SAYING = ("Said", "Asked", "Added", "Says", "Wondered")
_SAID = re.compile(rf"[?!][\"”’]? ({'|'.join(_SAYING)}) (?=[A-Z][a-z]+(?: [A-Z][a-z]+)?[.,])")


# lowered names -------------------------------------------------------------------------------------------------


def lowered(document: Document) -> Iterator[Proposal]:
    """Propose the capital that a name has elsewhere on the page, or always in edited English: `told kyiv`."""
    forms = document.all_forms.keys()
    known = (forms & document.page.once(_written_as_names)) | _names().intersection(forms)
    names = {word for word in known if len(word) > 3 and _is_name(document.page, word)}
    if not names:
        return
    page = document.page
    damaged = len(names) > 1 or mangled(page)
    for index in compress(count(), map(names.__contains__, document.words)):
        word, (start, end) = document.words[index], document.span(index)
        seen = page.forms[word.capitalize()]
        sure = seen > 1 and seen >= 2 * page.all_forms[word]
        around = document.text[max(0, start - 1) : start] + document.text[end : end + 1]
        if (damaged or sure) and _ADDRESS.isdisjoint(around):
            yield Proposal(start, start + 1, word[0].upper(), 0.95 if seen else 0.91)


_ADDRESS = frozenset("@/._#:-=&")


def _written_as_names(page: Document) -> frozenset[str]:
    """Return the words, in lower case, that a page writes with a capital."""
    return frozenset([word.lower() for word in page.forms if word[0].isupper() and word[1:].islower()])


@cache
def _names() -> frozenset[str]:
    """Return the words that edited English never writes in lower case."""
    return frozenset(word for word, use in uses().items() if not use.lower and use.capital > 1)


def _is_name(page: Document, word: str) -> bool:
    """Tell whether a word in lower case is only ever a name: in edited English, by its possessive, on this page."""
    use = uses().get(word, _UNSEEN)
    zipf = frequencies().get
    if use.lower or not word.isalpha() or word[-1] == "s":
        return False
    plural = word[:-1] + "ies" if word[-1] == "y" else word + "s"
    if zipf(word + "'s", UNKNOWN) - zipf(plural, UNKNOWN) < _NAME_RATIO:
        return False
    return use.capital > 1 or (page.forms[word.capitalize()] > 0 and word_class(word) in "P?")


_NAME_RATIO = 6
"""Tenths of the Zipf scale by which a name's possessive is more frequent than its plural."""
