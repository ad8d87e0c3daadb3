"""A text as the rules of repair see it: its words, and what the page itself tells about each of them.

Everything is computed at most once and only when a rule asks for it, in time linear in the length of the text. A rule
should find its candidates with one compiled regular expression and look at words by index only around them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import accumulate, compress, islice
from operator import eq
from typing import Any, NamedTuple, TypeVar

from transforms.records import Boilerplate, Edit, apply_edits

T = TypeVar("T")

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
"""A word: letters and digits, apostrophes inside included (`China's`); hyphens separate words (`30`, `day`)."""

_WORD_KEPT = re.compile(f"({WORD.pattern})")

_OPENERS = r"\s\"'“”„‘’‚«»‹›()\[\]—–-"
_OPENING = re.compile(rf"(?:[.!?…:\n•|][{_OPENERS}]{{0,12}}|[\"“„«‘‚(\[])\Z")
"""The end of what stands before a word whose capital says nothing."""
_OPENING_TEXT = re.compile(rf"[{_OPENERS}]{{0,12}}\Z")
_PARAGRAPH = re.compile(r"[^\n]+")
_TERMINAL = re.compile(r"[.!?…:;,][\"'”’»)\]]{0,3}\Z")
_SHOUTED = re.compile(r"[^\W\d_a-zß-öø-ÿ](?<!\w.)[^\W\d_a-zß-öø-ÿ]+(?!\w)")
"""Searched for much faster than with `(?<!\\w)` first."""

_MAX_HEADING_WORDS = 14


class Proposal(NamedTuple):
    """A change a rule would make: `document.text[start:end]` becomes `after`."""

    start: int
    """Code-point offset into the text of the document that the rule was given."""
    end: int
    after: str
    confidence: float
    """0..1: of edits proposed at 0.9, nine in ten are right."""
    lifted: Boilerplate | None = None
    """What the removed text says, where it is lifted out instead of repaired."""


class Token(NamedTuple):
    """A word of the text with its place."""

    text: str
    start: int
    end: int
    place: int
    """Position in `Document.words`."""


class Document:
    """A text in a language, with its words and the evidence of the page.

    Attributes:
      text: the text as the earlier rules left it.
      language: primary language subtag in lower case (`en`, `pt`), `und` where unknown.
      page: the page that evidence and gates are taken from: the text after the hygiene rules and before any rule
        changed a word. It is the document itself unless given; for a headline it is the article.
    """

    def __init__(self, text: str, language: str = "en", page: Document | None = None) -> None:
        self.text = text
        self.language = language
        self._page = page  # not itself: reference cycles would keep every document until the garbage is collected
        self._findings: dict[Callable[[Document], Any], Any] = {}
        self._same: dict[int, bytes] = {}

    @property
    def page(self) -> Document:
        """The page that evidence and gates are taken from."""
        return self if self._page is None else self._page

    def once(self, function: Callable[[Document], T]) -> T:
        """Return `function(self)`, computed at most once: for findings that several rules or gates share."""
        if function not in self._findings:
            self._findings[function] = function(self)
        found: T = self._findings[function]
        return found

    @cached_property
    def marks(self) -> frozenset[str]:
        """All characters that occur outside words: the quickest way to see that a rule has nothing to do."""
        return frozenset("".join(self.gaps))

    def edited(self, edits: list[Edit], page: Document | None) -> Document:
        """Return what `edits` (in order, not overlapping) make of the document, judged by `page`.

        A text goes through half a dozen rounds of edits to a few of its words: those around them are looked for anew,
        the others are known.
        """
        document = Document(apply_edits(self.text, edits), self.language, page)
        document._parts = self._parts_after(edits)
        return document

    def again(self, language: str, page: Document | None) -> Document:
        """Return the same text as a document to start over with; its words need not be looked for again."""
        document = Document(self.text, language, page)
        document._parts = self._parts
        return document

    # words -----------------------------------------------------------------------------------------------------

    @cached_property
    def words(self) -> list[str]:
        """All words, in order."""
        return self._parts[1::2]

    @cached_property
    def _parts(self) -> list[str]:
        """What stands before the first word, the first word, what stands before the second …, after the last."""
        return _WORD_KEPT.split(self.text)

    def _parts_after(self, edits: list[Edit]) -> list[str]:
        """Return the `_parts` of the text that `edits` leave."""
        parts, starts, text = self._parts, self.starts, self.text
        found: list[str] = []
        done = index = 0  # of `parts`, of `edits`
        while index < len(edits):
            first = after = self._last_word(edits[index].start)
            position = self._bounds[2 * first - 1] if first else 0
            changed = ""
            while index < len(edits) and self._last_word(edits[index].start) <= after:
                edit = edits[index]
                changed += text[position : edit.start] + edit.after
                position, after, index = edit.end, self._next_word(edit.end), index + 1
            changed += text[position : starts[after]] if after < len(starts) else text[position:]
            found += parts[done : 2 * first]
            found += _WORD_KEPT.split(changed)
            done = 2 * after + 1
        return found + parts[done:]

    def _last_word(self, offset: int) -> int:
        """Return the index of the last word that starts at `offset` or before it; 0 where there is none."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def _next_word(self, offset: int) -> int:
        """Return the index of the first word that what is put in at `offset` can't become a part of."""
        index = bisect_right(self.starts, offset)
        if index < len(self.starts) and offset > self.starts[index] - 2 and self.text[offset] in "'’":
            return index + 1  # `x` put in before `'s` makes `x's`
        return index

    @cached_property
    def before(self) -> list[str]:
        """What stands before each of `words`, and at the end what stands after the last: `gap` for many words."""
        return self._parts[::2]

    @cached_property
    def gaps(self) -> frozenset[str]:
        """What stands between words, each once: a quick way to see that there is nothing for a rule on punctuation."""
        return frozenset(self.before)

    @cached_property
    def _bounds(self) -> list[int]:
        """Ends of `_parts`: the start of the first word, its end, the start of the second …"""
        return list(accumulate(map(len, self._parts)))

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Start and end of each of `words`."""
        return list(zip(self.starts, self._bounds[1::2], strict=True))

    @cached_property
    def starts(self) -> list[int]:
        """Start of each of `words`."""
        return self._bounds[0:-1:2]

    def span(self, index: int) -> tuple[int, int]:
        """Return start and end of the word at `index` of `words`; cheaper than `spans` for a few words."""
        return self._bounds[2 * index], self._bounds[2 * index + 1]

    def token(self, index: int) -> Token | None:
        """Return the word at `index` of `words`, or None where there is none (negative ones included)."""
        if not 0 <= index < len(self.words):
            return None
        start, end = self.span(index)
        return Token(self.text[start:end], start, end, index)

    def token_at(self, offset: int) -> Token | None:
        """Return the word that covers `offset`, or None."""
        token = self.token(bisect_right(self.starts, offset) - 1)
        return token if token is not None and offset < token.end else None

    def index_at(self, offset: int) -> int:
        """Return the index of the first word that starts at or after `offset`."""
        return bisect_left(self.starts, offset)

    def gap(self, index: int) -> str:
        """Return what stands between the word at `index` and the one before it (the text's start or end included)."""
        return self.before[index]

    def joined(self, index: int) -> bool:
        """Tell whether just one space parts the word at `index` from the one before."""
        return 0 < index < len(self.words) and self.before[index] == " "

    @cached_property
    def _joined(self) -> bytes:
        """For each of `words`, whether just one space parts it from the one before."""
        return bytes(map(" ".__eq__, self.before[:-1]))

    def repeats(self, size: int, apart: int = 0) -> list[int]:
        """Return where `size` words are the same (case kept) as the `size` words that follow `apart` words later.

        For `the state of the state of`, `repeats(3)` gives the index of the first `the`; for `trade in trade`,
        `repeats(1, apart=1)` that of the first `trade`. Only single spaces may stand between the words.
        """
        step = size + apart
        same = self._same.get(step)
        if same is None:
            same = self._same[step] = bytes(map(eq, self.words, islice(self.words, step, None)))
        sought = b"\x01" * size
        found = []
        index = same.find(sought)
        while index >= 0:
            whole = self._joined.find(0, index + 1, index + step + size) < 0
            if whole:
                found.append(index)
            index = same.find(sought, index + (size if whole else 1))
        return found

    def matches(self, pattern: re.Pattern[str]) -> Iterator[Token]:
        """Yield the words that start where `pattern` matches; the cheap way to a rule's candidates."""
        for match in pattern.finditer(self.text):
            token = self.token_at(match.start())
            if token is not None and token.start == match.start():
                yield token

    # sentences and paragraphs ----------------------------------------------------------------------------------

    @cached_property
    def initial_starts(self) -> frozenset[int]:
        """Starts of the words whose capital says nothing: first of a sentence, line, quotation or bracket."""
        return frozenset(compress(self.starts, self.initial))

    @cached_property
    def initial(self) -> list[bool]:
        """Whether each of `words` is one of `initial_starts`."""
        gaps = self.before[:-1]
        opening = {gap for gap in self.gaps if _OPENING.search(gap)}
        initial = list(map(opening.__contains__, gaps))
        if initial and _OPENING_TEXT.match(gaps[0]):
            initial[0] = True
        return initial

    def is_initial(self, token: Token) -> bool:
        """Tell whether `token` may be capitalised because of where it stands (after a full stop, quote, colon …)."""
        return token.start in self.initial_starts

    @cached_property
    def paragraphs(self) -> list[tuple[int, int]]:
        """Start and end of each line that isn't blank."""
        return [match.span() for match in _PARAGRAPH.finditer(self.text) if not match.group().isspace()]

    @cached_property
    def headings(self) -> list[tuple[int, int]]:
        """Those of `paragraphs` that are short and end without punctuation."""
        return [(start, end) for start, end in self.paragraphs if self._is_heading(start, end)]

    def _is_heading(self, start: int, end: int) -> bool:
        if end - start > _MAX_HEADING_WORDS * 12:
            return False
        line = self.text[start:end].strip()
        return len(WORD.findall(line)) <= _MAX_HEADING_WORDS and not _TERMINAL.search(line)

    def in_heading(self, offset: int) -> bool:
        """Tell whether `offset` lies in one of `headings`."""
        place = bisect_right(self._heading_starts, offset) - 1
        return place >= 0 and offset < self.headings[place][1]

    @cached_property
    def _heading_starts(self) -> list[int]:
        return [start for start, _ in self.headings]

    # evidence of the page --------------------------------------------------------------------------------------

    @cached_property
    def forms(self) -> Counter[str]:
        """How often each form (case kept) stands in mid-sentence, outside headings: `forms["Xi"]`, `forms["XI"]`."""
        counts, initial = self.all_forms.copy(), self.initial.copy()
        for start, end in self.headings:
            first, after = self.index_at(start), self.index_at(end)
            initial[first:after] = [False] * (after - first)
            counts.subtract(self.words[first:after])
        if self.headings:
            counts = Counter({word: count for word, count in counts.items() if count})
        counts.subtract(compress(self.words, initial))
        return counts

    @cached_property
    def all_forms(self) -> Counter[str]:
        """How often each form (case kept) stands anywhere."""
        return Counter(self.words)

    @cached_property
    def straight_apostrophes(self) -> int:
        """Number of `'` inside or after words."""
        return len(re.findall(r"'(?<=\w')", self.text)) if "'" in self.text else 0

    @cached_property
    def curly_apostrophes(self) -> int:
        """Number of `’` inside or after words."""
        return len(re.findall(r"’(?<=\w’)", self.text)) if "’" in self.text else 0

    @cached_property
    def apostrophe(self) -> str:
        """The apostrophe this page uses, `'` where it uses none."""
        return "’" if self.curly_apostrophes > self.straight_apostrophes else "'"

    @cached_property
    def shouted_share(self) -> float:
        """Share of the words that are all capitals (of two letters or more)."""
        return len(_SHOUTED.findall(self.text)) / max(1, len(self.words))
