"""What a document knows of its words after an edit is what a document made of the edited text knows."""

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.normalize.document import Document
from transforms.records import Edit

TEXTS = st.text(st.sampled_from("aB9_ ’'-.\n"), max_size=40)
LATER = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), TEXTS.map(lambda text: text[:4])), max_size=8)


@settings(max_examples=1000, deadline=None)
@given(TEXTS, LATER)
def test_words_after_edits(text: str, steps: list[tuple[int, int, str]]) -> None:
    edits: list[Edit] = []
    position = 0
    for ahead, length, after in steps:
        start = position + ahead
        position = start + length
        if position <= len(text):
            before = text[start:position]
            edits.append(Edit(start=start, end=position, before=before, after=after, rule="test", confidence=1.0))
    edited = Document(text).edited(edits, None)
    fresh = Document(edited.text)
    assert (edited.words, edited.before, edited.spans) == (fresh.words, fresh.before, fresh.spans)
