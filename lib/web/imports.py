"""What an import left over, by its address: the refused rows of a table, to correct."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lib import people
from lib.errors import BillingError, NoSuchFile, NotAllowed, NotSignedIn
from lib.intake import refused
from lib.web import session
from lib.web.documents import disposition

STATUS = {NotSignedIn: 401, NotAllowed: 403, NoSuchFile: 404}


async def send_refused_rows(request: Request) -> Response:
    """The rows as CSV, to people of the practice who import; to anybody else there are none."""
    try:
        name, content = await run_in_threadpool(
            _content, request.path_params["file_id"], session.token_of(request)
        )
    except BillingError as problem:
        return PlainTextResponse(str(problem), STATUS.get(type(problem), 400))
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition(name, is_shown=False)},
    )


async def no_such_file(_request: Request) -> Response:
    return PlainTextResponse(str(NoSuchFile()), 404)


def _content(file_id: int, token: str | None) -> tuple[str, bytes]:
    with session.connection() as con:
        actor = people.who(con, token, now=datetime.now(UTC))
        return refused.content(con, file_id, actor=actor)
