"""The copy that is sent as a ZIP leaves nothing behind; what is in it, and the tables, are looked
at in `tests/test_snapshot.py` and `tests/browser/test_backlog.py`."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from starlette.types import Message

from lib.web.backlog_tables import _Passing


@pytest.mark.parametrize("is_taken", [True, False])
def test_a_copy_is_deleted_once_it_is_sent_and_where_nobody_takes_it(
    tmp_path: Path, is_taken: bool
) -> None:
    place = TemporaryDirectory(dir=tmp_path)
    file = Path(place.name) / "copy.zip"
    file.write_bytes(b"x" * 300_000)
    taken = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            if not is_taken:
                raise OSError("the browser went away")
            taken.append(message["body"])

    scope = {"type": "http", "method": "GET", "headers": [], "asgi": {"spec_version": "2.4"}}
    answer = _Passing(file, place, {"Cache-Control": "no-store"})
    # In a thread of its own: a browser of another test may have its loop in this one.
    with ThreadPoolExecutor(1) as thread, nullcontext() if is_taken else pytest.raises(OSError):
        thread.submit(lambda: asyncio.run(answer(scope, receive, send))).result()

    assert len(b"".join(taken)) == (300_000 if is_taken else 0)
    assert list(tmp_path.iterdir()) == []
