"""The coloured diff and the JSON of `newsbeam normalize`."""

import json
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from pipeline.show_repair import DELETED, INSERTED, RULE, SUSPECT, render_diff, to_json
from transforms.normalize import Normalized, normalize
from transforms.records import Edit, Suspect

ORIGINAL = "a four -day visit to the the city"


def spans(shown: object, style: str) -> list[str]:
    return [shown.plain[span.start : span.end] for span in shown.spans if span.style == style]  # type: ignore[attr-defined]


def test_deleted_is_red_and_inserted_green() -> None:
    shown = render_diff(normalize(ORIGINAL, "en"), ORIGINAL)
    assert shown.plain == "a four --day visit to the the city"
    assert spans(shown, DELETED) == [" -", " the"]
    assert spans(shown, INSERTED) == ["-"]


def test_rules_are_named_on_request() -> None:
    shown = render_diff(normalize(ORIGINAL, "en"), ORIGINAL, rules=True)
    assert spans(shown, RULE) == ["[hyphen-space 0.97]", "[doubled-word 0.95]"]


def test_suspects_are_marked_where_they_stand() -> None:
    done = Normalized(
        text="an odd cracing here",
        edits=[Edit(start=0, end=1, before="a", after="an", rule="article", confidence=0.95)],
        suspects=[Suspect(start=7, end=14, reason="unknown word")],
    )
    assert "cracing" in spans(render_diff(done, "a odd cracing here"), SUSPECT)


def test_unseen_characters_are_shown() -> None:
    text = "par\u00adliament  sat"
    assert "\\xad" in render_diff(normalize(text, "en"), text).plain


@given(st.lists(st.sampled_from([*ORIGINAL.split(" "), " -day", "\n\n", "  ", "donâ€™t"])).map(" ".join))
def test_taking_out_what_is_red_or_green_gives_both_texts(text: str) -> None:
    done = normalize(text, "en")
    kept = render_diff(done, text)
    changed = [span for span in kept.spans if span.style in (DELETED, INSERTED)]
    places = set(chain.from_iterable(range(span.start, span.end) for span in changed))
    unchanged = "".join(char for place, char in enumerate(kept.plain) if place not in places)
    removed = sorted((edit.start, edit.end) for edit in done.edits)
    inside = set(chain.from_iterable(range(start, end) for start, end in removed))
    assert unchanged == "".join(char for place, char in enumerate(text) if place not in inside)


def test_json_holds_everything() -> None:
    done = to_json(normalize(ORIGINAL, "en"), "en", ORIGINAL)
    assert set(done) == {"language", "text", "original_text", "edits", "suspects", "garble_score", "boilerplate"}
    assert json.loads(json.dumps(done)) == done
    assert "original_text" not in to_json(normalize(ORIGINAL, "en"), "en")
