"""The script that browsers get is Streamlit's, but for what is mended; one that is unknown is
refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.web import frontend_script


def test_the_script_is_streamlits_but_for_what_is_mended() -> None:
    text = frontend_script.script()
    for before, after in frontend_script.MENDED.items():
        assert before not in text
        text = text.replace(after, before)

    own = frontend_script._STATIC / frontend_script.ADDRESS.lstrip("/")
    assert text == own.read_text(encoding="utf-8")


def test_another_script_than_the_known_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / frontend_script.ADDRESS.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text("export {}")
    monkeypatch.setattr(frontend_script, "_STATIC", tmp_path)

    with pytest.raises(RuntimeError, match="not the one that is known here"):
        frontend_script.script.__wrapped__()
