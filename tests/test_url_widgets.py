"""Parameters of the address are read as they are meant, whatever stands in them; words searched for
stand there under an id. Looks at `lib/ui/url_widgets.py` and `page_switching.task_in_url`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.ui import search_url_token, session

ANA = 7


def read(expression: str, /, changes: dict[str, str | None] | None = None, **query: str) -> Any:
    """Return what an expression over `url_widgets` and `page_switching` comes to, at an address
    with these parameters."""
    script = (
        "import json, streamlit as st\n"
        "from lib.ui import page_switching, url_widgets\n"
        f"url_widgets.change({changes or {}!r})\n"
        f"st.text(json.dumps({expression}))\n"
    )
    page = AppTest.from_string(script, default_timeout=60)
    page.session_state[session.PERSON_ID.key] = ANA
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return json.loads(page.text[0].value)


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("007", 7), ("", None), ("-7", None), ("7.0", None), ("٧", None), ("²", None),
     ("9" * 15, int("9" * 15)), ("9" * 16, None), ("1 OR 1=1", None), ("7 ", None)],
)  # fmt: skip
def test_a_task_in_the_address_is_a_number_that_can_be_an_id(text: str, number: int | None) -> None:
    assert read("[url_widgets.number('task'), page_switching.task_in_url()]", task=text) == [
        number,
        number,
    ]


@pytest.mark.parametrize(
    ("text", "page"), [("3", 3), ("", 1), ("0", 1), ("-1", 1), ("x", 1), ("9" * 12, 10_000_000)]
)
def test_a_page_that_cannot_be_is_the_first_or_the_last_there_could_be(
    text: str, page: int
) -> None:
    assert read("url_widgets.page()", page=text) == page


def test_what_changed_counts_at_once_and_what_was_taken_away_is_gone() -> None:
    said = read(
        "url_widgets.everything()", {"type": None, "status": "Open"}, type="Coding", payer="Aim"
    )

    assert said == {"status": "Open", "payer": "Aim"}


def test_another_filter_begins_with_the_first_page() -> None:
    filtered = "[url_widgets.filter_by({'type': 'Coding'}), url_widgets.everything()]"

    assert read(filtered, page="4")[1] == {"type": "Coding"}


def test_words_searched_for_leave_under_an_id_and_are_meant_by_it() -> None:
    shown = read("url_widgets.hidden({'q': 'Rivera', 'type': 'Coding'})")

    assert shown["type"] == "Coding"
    assert search_url_token.is_id(shown["q"])
    assert read("url_widgets.get('q')", q=shown["q"]) == "Rivera"


def test_the_words_of_somebody_else_are_not_meant_and_said_to_be_forgotten() -> None:
    theirs = search_url_token.keep(ANA + 1, "Rivera")

    assert read("[url_widgets.get('q'), url_widgets.is_forgotten('q')]", q=theirs) == [None, True]
    assert read("url_widgets.is_forgotten('q')", q="Rivera") is False


def test_the_browsers_address_counts_where_it_says_something_new() -> None:
    adopt = (
        "[url_widgets.adopt_browser_url({'search': '?type=Provider'}), url_widgets.everything()]"
    )

    assert read(adopt, type="Coding", payer="Aim")[1] == {"type": "Provider"}


def test_what_did_not_reach_the_browser_yet_is_kept() -> None:
    adopt = "[url_widgets.adopt_browser_url({'search': '?type=Coding'}), url_widgets.everything()]"

    assert read(adopt, {"payer": "Aim"}, type="Coding")[1] == {"type": "Coding", "payer": "Aim"}
    nothing = "[url_widgets.adopt_browser_url({}), url_widgets.everything()]"
    assert read(nothing, type="Coding")[1] == {"type": "Coding"}


def test_an_address_is_set_only_where_something_changed() -> None:
    assert read("url_widgets.address()", type="Coding") is None
    assert (
        read("url_widgets.address()", {"payer": "A & B"}, type="Coding")
        == "?type=Coding&payer=A+%26+B"
    )
