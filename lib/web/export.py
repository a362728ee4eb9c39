"""Send exports by their address: the files for the biller, written while they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from lib import sessions
from lib.errors import (
    BillingError,
    DocumentFileProblem,
    NoSuchPractice,
    NotAllowed,
    NotSignedIn,
    WrongInput,
)
from lib.export.charges_to_refile import claims_file
from lib.export.completed_tasks_zip import write_zip
from lib.export.period import period
from lib.store import process_store
from lib.store.database import Connection
from lib.web import error_reporting, session
from lib.web.documents import disposition
from lib.web.logs import LOG
from lib.web.plain_pages import export_page
from lib.web.same_origin import is_followed_link

PIECE = 64 * 1024  # bytes sent at once
STATUS = {NotSignedIn: 401, NotAllowed: 403, NoSuchPractice: 404, WrongInput: 400}
MEDIA_TYPES = {"zip": "application/zip", "x12": "application/EDI-X12"}


async def send_package(request: Request) -> Response:
    """Send completed tasks as a ZIP, to managers and billers of the practice."""
    return await _send(request, "zip")


async def send_claims(request: Request) -> Response:
    """Send the changed charges as 837P claims that replace those filed."""
    return await _send(request, "x12")


async def no_such_answers(_request: Request) -> Response:
    """Answer 404 for an address that can be no practice's."""
    return PlainTextResponse(str(NoSuchPractice()), 404)


async def _send(request: Request, kind: str) -> Response:
    """Send an export and record it, but only to somebody who pressed a link or button of ours.

    A page of somebody else's can make the browser fetch this address with the person's cookie, by
    GET or HEAD; the gate lets no POST of theirs in.
    """
    if request.method != "POST" and not (request.method == "GET" and is_followed_link(request)):
        return HTMLResponse(export_page(f"{request.url.path}?{request.url.query}"))
    try:
        name, pieces = await run_in_threadpool(_open, request, kind)
    except BillingError as problem:
        otherwise = STATUS.get(type(problem), 400)
        return PlainTextResponse(str(problem), error_reporting.status_of(problem, otherwise))
    return StreamingResponse(
        pieces,
        media_type=MEDIA_TYPES[kind],
        headers={
            "Content-Disposition": disposition(f"{name}.{kind}", is_shown=False),
            "Cache-Control": "no-store",
        },
    )


def _open(request: Request, kind: str) -> tuple[str, Iterator[bytes]]:
    """Return the file's name and its content. Everything that can be refused is refused here."""
    now = datetime.now(UTC)
    con = process_store.connection()
    try:
        actor = sessions.who(con, session.token_of(request), now=now)
        days = [_day(request, name) for name in ("since", "until")]
        practice_id = request.path_params["practice_id"]
        with session.refusals_written(con, actor, f"export of practice {practice_id}", now):
            wanted = period(con, practice_id, days[0], days[1], actor=actor)
        con.store.files.ask()  # what is read while it is sent could not be refused any more
        left_out: list[DocumentFileProblem] = []
        if kind == "zip":
            _, chunks = write_zip(con, wanted, actor=actor, now=now, left_out=left_out)
        else:
            chunks = claims_file(con, wanted, actor=actor, now=now)
    except BaseException:
        con.close()
        raise
    return wanted.name, _pieces(chunks, con, left_out)


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        raise WrongInput(f"The address needs a day as {name}=YYYY-MM-DD.") from None


def _pieces(
    chunks: Iterator[bytes], con: Connection, left_out: list[DocumentFileProblem]
) -> Iterator[bytes]:
    """Yield the chunks, joining small ones. However it ends, the connection is closed, and the log
    names documents that were left out."""
    waiting = bytearray()
    try:
        for chunk in chunks:
            waiting += chunk
            if len(waiting) >= PIECE:
                yield bytes(waiting)
                waiting.clear()
        yield bytes(waiting)
    finally:
        for problem in left_out:
            LOG.error("%s, and not in an export", problem.for_operator)
        con.close()
