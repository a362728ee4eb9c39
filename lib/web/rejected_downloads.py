"""Send what an import left over, by its address: rejected rows and rejected messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lib import audit_log, sessions
from lib.audit_log import Activity
from lib.errors import BillingError, NoSuchFile, NotAllowed, NotSignedIn
from lib.intake import import_log
from lib.intake.files import rejected_rows
from lib.models import Person
from lib.store.database import Connection
from lib.web import error_reporting, session
from lib.web.documents import disposition

STATUS = {NotSignedIn: 401, NotAllowed: 403, NoSuchFile: 404}


async def send_refused_rows(request: Request) -> Response:
    """Send the rows as CSV to people of the practice who import; answer anybody else that there are
    none."""

    def answer(con: Connection, actor: Person) -> Response:
        name, content = rejected_rows.content(con, request.path_params["file_id"], actor=actor)
        return Response(
            content,
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": disposition(name, is_shown=False)},
        )

    return await _send(request, answer)


async def send_set_aside(request: Request) -> Response:
    """Send the text of a rejected message to the same people."""
    return await _send(
        request,
        lambda con, actor: PlainTextResponse(
            import_log.text(con, request.path_params["message_id"], actor=actor)
        ),
    )


async def no_such_file(_request: Request) -> Response:
    """Answer 404 for an address that can be no file's."""
    return PlainTextResponse(str(NoSuchFile()), 404)


async def _send(request: Request, answer: Callable[[Connection, Person], Response]) -> Response:
    asked = request.path_params

    def read() -> Response:
        with session.connection() as con:
            now = datetime.now(UTC)
            actor = sessions.who(con, session.token_of(request), now=now)
            what = " ".join(f"{name.removesuffix('_id')} {id_}" for name, id_ in asked.items())
            with session.refusals_written(con, actor, f"rejected {what}", now):
                sent = answer(con, actor)
            audit_log.saw(
                con, Activity.SAW_SOURCE, practice_id=None, actor=actor, now=now,
                detail=f"rejected {what}",
            )  # fmt: skip
            return sent

    try:
        return await run_in_threadpool(read)
    except BillingError as problem:
        otherwise = STATUS.get(type(problem), 400)
        return PlainTextResponse(str(problem), error_reporting.status_of(problem, otherwise))
