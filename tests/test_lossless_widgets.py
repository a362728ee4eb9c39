"""A press is done once, by the person the page was drawn for, or said to be not done. What a click
elsewhere does to it is seen in `tests/browser/test_verbs.py`."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from lib.errors import WrongInput
from lib.models import Person
from lib.store.database import Store
from lib.ui import lossless_widgets
from lib.ui.session import Message
from tests.conftest import Cast
from tests.pages import Visit


def press(do: lossless_widgets.Verb, actor: Person, said: list[Message], done: list[bool]) -> None:
    lossless_widgets._do(do, actor, said, done)


def test_a_press_is_done_once_and_says_so(store: Store, cast: Cast) -> None:
    said: list[Message] = []
    done: list[bool] = []
    names: list[str] = []

    def do(now: Person) -> str:
        names.append(now.name)
        return "Saved."

    with Visit(store, cast.ana):
        press(do, cast.ana, said, done)
        press(do, cast.ana, said, done)

    assert names == ["Ana"]
    assert said == [("success", "Saved.")]


def test_a_refusal_is_said_and_the_button_can_be_pressed_again(store: Store, cast: Cast) -> None:
    said: list[Message] = []
    done: list[bool] = []

    def refuse(now: Person) -> str:
        raise WrongInput(f"Not so, {now.name}.")

    with Visit(store, cast.ana):
        press(refuse, cast.ana, said, done)
        press(refuse, cast.ana, said, done)

    assert said == [("error", "Not so, Ana.")] * 2
    assert done == []


def test_a_text_knows_whether_a_verb_is_pressed_in_its_own_request() -> None:
    def script() -> None:
        import streamlit as st

        from lib.ui import lossless_widgets

        def hear() -> None:
            st.session_state["heard"] = lossless_widgets.is_pressed()

        st.text_input("Text", key="text", on_change=hear)
        st.button("Save", key="verb_save")
        st.button("Other", key="other")

    page = AppTest.from_function(script).run()
    for button, is_pressed in (("verb_save", True), ("other", False), ("verb_save", True)):
        page.text_input(key="text").set_value(f"{page.text_input(key='text').value}x")
        page.button(key=button).click().run()
        assert page.session_state["heard"] is is_pressed


@pytest.mark.parametrize("now", ["ben", None])
def test_a_press_of_somebody_who_left_is_not_done(
    store: Store, cast: Cast, now: str | None
) -> None:
    said: list[Message] = []

    with Visit(store, getattr(cast, now) if now else None):
        press(lambda _: pytest.fail("done"), cast.ana, said, [])

    ((kind, _),) = said
    assert kind == "error"


def test_what_was_typed_by_somebody_who_left_is_nobodys(store: Store, cast: Cast) -> None:
    kept: list[Person] = []

    with Visit(store, cast.ben):
        lossless_widgets.keep_typed(cast.ana, kept.append)
    with Visit(store, cast.ana):
        lossless_widgets.keep_typed(cast.ana, kept.append)

    assert kept == [cast.ana]
