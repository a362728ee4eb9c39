"""Answer pages that ask every few seconds whether there is anything new. Asking keeps no session
alive: nobody did anything."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lib import changes_since
from lib.errors import NoSuchTask
from lib.web import session


async def send_news(request: Request) -> Response:
    """Send the number of the last event, and who changed the task that the page shows, as JSON;
    nothing to somebody without a session."""
    return await run_in_threadpool(_answer, request)


def _answer(request: Request) -> Response:
    task_id, seen = (_number(request.query_params.get(name)) for name in ("task", "seen"))
    with session.connection() as con:
        actor = session.watcher(con, session.token_of(request))
        if actor is None:
            return Response(status_code=204)
        said: dict[str, object] = {"latest": changes_since.latest(con, actor=actor)}
        if task_id is not None:
            try:
                said["task"] = changes_since.latest_of_task(con, task_id, actor=actor)
                said["sentence"] = changes_since.who_changed(
                    con, task_id, seen=seen or 0, actor=actor
                )
                said["of"] = task_id
            except NoSuchTask:
                pass  # the page says so
        return JSONResponse(said)


def _number(text: str | None) -> int | None:
    """Return an id from the address, or None."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None
