"""The files that browsers get are Streamlit's, but for what is mended in its script; a script that
is unknown is refused."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from lib.web import frontend_files


def test_the_script_is_streamlits_but_for_what_is_mended() -> None:
    text = frontend_files.script()
    for before, after in frontend_files.MENDED.items():
        assert before not in text
        text = text.replace(after, before)

    own = frontend_files._STATIC / frontend_files.ADDRESS.lstrip("/")
    assert text == own.read_text(encoding="utf-8")


def test_another_script_than_the_known_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / frontend_files.ADDRESS.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text("export {}")
    monkeypatch.setattr(frontend_files, "_STATIC", tmp_path)

    with pytest.raises(RuntimeError, match="not the one that is known here"):
        frontend_files.script.__wrapped__()


BEHIND = "Streamlit's own routes"


def ask(
    address: str, *, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of the answer."""
    sent: list[Message] = []

    async def hear(message: Message) -> None:
        sent.append(message)

    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(BEHIND)(scope, receive, send)

    named = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": address, "headers": named}
    with ThreadPoolExecutor(1) as thread:  # a browser's loop may run in this one
        files = frontend_files.FrontendFiles(behind)
        thread.submit(lambda: asyncio.run(files(scope, nothing, hear))).result()
    said = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return said, b"".join(message.get("body", b"") for message in sent[1:])


def test_every_file_is_streamlits_byte_for_byte_but_the_script() -> None:
    assert len(frontend_files.ADDRESSES) > 300

    for address in sorted(frontend_files.ADDRESSES - {frontend_files.ADDRESS}):
        headers, body = ask(address)
        assert body == (frontend_files._STATIC / address.lstrip("/")).read_bytes()
        assert headers["cache-control"] == frontend_files.YEAR


def test_the_script_may_be_held_for_a_day_only() -> None:
    headers, body = ask(frontend_files.ADDRESS)

    assert body.decode() == frontend_files.script()
    assert headers["cache-control"] == frontend_files.DAY


FONT = next(one for one in sorted(frontend_files.ADDRESSES) if one.endswith(".woff2"))


@pytest.mark.parametrize(
    ("method", "address", "headers"),
    [
        ("GET", FONT, {"Range": "bytes=0-9"}),
        ("GET", FONT, {"If-None-Match": '"1"'}),
        ("POST", FONT, {}),
        ("GET", "/static/js/../../config.py", {}),
        ("GET", "/static/js/no-such-file.js", {}),
        ("GET", "/static", {}),
        ("GET", "/", {}),
    ],
)
def test_whatever_else_is_asked_for_streamlit_answers(
    method: str, address: str, headers: dict[str, str]
) -> None:
    assert ask(address, method=method, headers=headers)[1].decode() == BEHIND
