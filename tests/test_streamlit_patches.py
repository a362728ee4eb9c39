"""Of two requests that wait together, both are heard."""

from __future__ import annotations

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

from lib.ui import streamlit_patches

KEPT = "$$ID-1-text_question_" + "0" * 32


def states(**values: str) -> WidgetStates:
    return WidgetStates(
        widgets=[WidgetState(id=name, string_value=text) for name, text in values.items()]
    )


def both(old: WidgetStates | None, new: WidgetStates | None) -> dict[str, str]:
    found = streamlit_patches._of_both(old, new)
    return {state.id: state.string_value for state in found.widgets} if found else {}


def test_a_kept_text_that_only_the_older_request_has_is_not_lost() -> None:
    assert both(states(**{KEPT: "Which day?"}), states(q="")) == {KEPT: "Which day?", "q": ""}


def test_the_newer_request_counts_where_both_say_something() -> None:
    assert both(states(**{KEPT: "Whi"}), states(**{KEPT: "Which"})) == {KEPT: "Which"}


def test_a_filter_of_a_page_that_was_left_is_not_brought_along() -> None:
    assert both(states(q="Rivera"), states(other="x")) == {"other": "x"}


def test_one_request_alone_is_as_it_is() -> None:
    assert both(None, states(q="Rivera")) == {"q": "Rivera"}
