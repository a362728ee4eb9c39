"""Where a task or charge came from, as the text of the file it was read from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lib import people
from lib.errors import BillingError, NotSignedIn
from lib.intake import provenance
from lib.intake.provenance import Provenance
from lib.web import session


async def send_task_origin(request: Request) -> Response:
    """The segments that made a task, to people of its practice."""
    return await _send(request, provenance.of_task)


async def send_charge_origin(request: Request) -> Response:
    """The claims that made a charge or changed it, to people of its practice."""
    return await _send(request, provenance.of_charge)


async def _send(request: Request, find: Callable[..., list[Provenance]]) -> Response:
    def read() -> str:
        with session.connection() as con:
            actor = people.who(con, session.token_of(request), now=datetime.now(UTC))
            places = find(con, request.path_params["id"], actor)
        return "\n\n".join(_text(place) for place in places)

    try:
        text = await run_in_threadpool(read)
    except BillingError as problem:
        return PlainTextResponse(str(problem), 401 if isinstance(problem, NotSignedIn) else 404)
    return PlainTextResponse(text or "This was made by hand: no file holds it.")


def _text(place: Provenance) -> str:
    head = (
        f"{place.what}: {place.file_name}, segment {place.segment_number}, "
        f"imported {place.imported_at:%m/%d/%Y %H:%M} UTC"
    )
    return f"{head}\n\n{place.loop or 'The file is not kept as text.'}"
