"""The keys: one list of them for the browser, for the window that `?` opens and for the README."""

from __future__ import annotations

import re

from lib.ui import keyboard
from tests.test_architecture import ROOT


def test_the_readme_lists_the_keys_as_the_window_does() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", readme, re.MULTILINE)

    said = [(place, key.replace("`", ""), says) for place, key, says in listed]
    assert [row for row in keyboard.table() if row not in said] == []


def test_no_key_does_two_things() -> None:
    presses = [key.press for group in keyboard.GROUPS for key in group.keys if key.press]

    assert len(presses) == len(set(presses))


def test_no_key_is_one_that_streamlit_keeps_for_itself() -> None:
    assert not {"c", "r"} & {key.press.lower() for group in keyboard.GROUPS for key in group.keys}
