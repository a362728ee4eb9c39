"""Values that a session keeps between runs, in a script that Streamlit runs."""

from __future__ import annotations

import re

from streamlit.testing.v1 import AppTest

from lib.store.process_store import ROOT


def drawn_twice(script: str) -> AppTest:
    page = AppTest.from_string(
        "import streamlit as st\n"
        "from lib.ui.session_state import *\n"
        "from lib.ui.session_state import KeptEach, KeptOrNewEach\n" + script,
        default_timeout=60,
    )
    page.run()
    page.run()
    assert not page.exception
    return page


def said(script: str) -> list[str]:
    return [text.value for text in drawn_twice(script).text]


def test_a_value_is_kept_from_run_to_run_until_it_is_taken() -> None:
    assert said(
        "chosen = Kept[str]('chosen')\n"
        "st.text(f'{chosen.get()} {chosen.is_there()}')\n"
        "chosen.put('Ben')\n"
        "st.text(chosen.require())\n"
    ) == ["Ben True", "Ben"]
    assert said(
        "chosen = Kept[str]('chosen')\n"
        "chosen.put('Ben')\n"
        "st.text(f'{chosen.take()} {chosen.get()} {chosen.take()}')\n"
    ) == ["Ben None None"]


def test_a_value_that_is_not_there_can_be_required_by_mistake_only() -> None:
    assert said(
        "try:\n    Kept('chosen').require()\nexcept KeyError:\n    st.text('nothing')\n"
    ) == ["nothing"]


def test_a_default_is_made_once_and_is_the_same_list_in_the_next_run() -> None:
    assert said(
        "names = KeptOrNew('names', list)\n"
        "names.ensure().append('Ana')\n"
        "st.text(str(names.ensure()))\n"
    ) == ["['Ana', 'Ana']"]


def test_each_task_has_its_own_value() -> None:
    assert said(
        "files, forms = KeptOrNewEach('files', int), KeptEach('form')\n"
        "files.of(7).put(files.of(7).ensure() + 1)\n"
        "forms.of('note', 7).put('x')\n"
        "st.text(f'{files.of(7).ensure()} {files.of(8).ensure()}')\n"
        'st.text(f\'{forms.of("note", 7).get()} {forms.of("note", 8).get()}\')\n'
    ) == ["2 0", "x None"]


def test_a_widget_of_the_same_name_is_something_else() -> None:
    page = drawn_twice(
        "Kept('name').put('ours')\n"
        "if not has_widget('name'):\n    set_widget('name', 'typed')\n"
        "st.text_input('Name', key='name')\n"
        'st.text(f\'{widget("name")} {typed()["name"]} {widget("other")}\')\n'
    )

    assert page.text[0].value == "typed typed None"


def test_what_a_page_is_told_after_it_was_left_is_nothing_and_no_fault() -> None:
    assert said(
        "from types import SimpleNamespace\n"
        "set_widget('list', SimpleNamespace(action='open'))\n"
        'st.text(f\'{told("list", "action")} {told("list", "news")} {told("left", "news")}\')\n'
    ) == ["open None None"]
    straight = re.compile(r"session_state\.widget\([^()]*\)\.")
    assert [
        path.name
        for folder in ("lib", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if straight.search(path.read_text(encoding="utf-8"))
    ] == []


def test_another_person_finds_nothing() -> None:
    assert said(
        "st.text(str(Kept('chosen').get()))\n"
        "Kept('chosen').put('Ben')\n"
        "set_widget('field', 'x')\n"
        "forget_widget('field')\n"
        "st.text(str(has_widget('field')))\n"
        "clear()\n"
    ) == ["None", "False"]
