"""Send where a task or charge came from, as text of the file it was read from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lib import audit_log, sessions
from lib.errors import BillingError, NoSuchCharge, NoSuchTask, NotSignedIn
from lib.intake.files import provenance
from lib.intake.files.provenance import FieldOrigin, Provenance
from lib.models import Person
from lib.store.database import Connection
from lib.web import error_reporting, session
from lib.web.logs import LOG


async def send_task_origin(request: Request) -> Response:
    """Send the segments that made a task, to people of its practice."""
    return await _send(request, "task", _of_task)


async def send_charge_origin(request: Request) -> Response:
    """Send the claims that made a charge or changed it, to people of its practice."""
    return await _send(request, "charge", _of_charge)


async def no_such_task(_request: Request) -> Response:
    """Answer 404 for an address that can be no task's."""
    return PlainTextResponse(str(NoSuchTask()), 404)


async def no_such_charge(_request: Request) -> Response:
    """Answer 404 for an address that can be no charge's."""
    return PlainTextResponse(str(NoSuchCharge()), 404)


async def _send(
    request: Request,
    of: Literal["task", "charge"],
    find: Callable[[Connection, int, Person], list[str]],
) -> Response:
    def read() -> str:
        with session.connection() as con:
            now = datetime.now(UTC)
            actor = sessions.who(con, session.token_of(request), now=now)
            id_ = request.path_params["id"]
            with session.refusals_written(con, actor, f"{of} {id_}", now):
                text = "\n\n".join(find(con, id_, actor))
            audit_log.saw_source(con, of, id_, actor=actor, now=now)
            return text

    try:
        text = await run_in_threadpool(read)
    except BillingError as problem:
        otherwise = 401 if isinstance(problem, NotSignedIn) else 404
        return PlainTextResponse(str(problem), error_reporting.status_of(problem, otherwise))
    return PlainTextResponse(text or "This was made by hand: no file holds it.")


def _of_task(con: Connection, task_id: int, actor: Person) -> list[str]:
    return [_text(place) for place in provenance.of_task(con, task_id, actor)]


def _of_charge(con: Connection, charge_id: int, actor: Person) -> list[str]:
    said = [_text(place) for place in provenance.of_charge(con, charge_id, actor)]
    fields = [_field(each) for each in provenance.of_fields(con, charge_id, actor)]
    return [*said, "Field by field", *fields] if fields else said


def _field(each: FieldOrigin) -> str:
    head = f"{each.label}: {each.value or '(empty)'}"
    day = f"{each.said_at:%m/%d/%Y %H:%M} UTC" if each.said_at else ""
    if each.changed_by:
        return f"{head}\n    changed by hand: {each.changed_by}, {day}"
    return (
        f"{head}\n    {each.file_name}, segment {each.segment_number}, imported {day}\n"
        f"    {each.segment}"
    )


def _text(place: Provenance) -> str:
    if place.problem:
        LOG.error("%s", place.problem.for_operator)
    head = (
        f"{place.what}: {place.file_name}, segment {place.segment_number}, "
        f"imported {place.imported_at:%m/%d/%Y %H:%M} UTC"
    )
    return f"{head}\n\n{place.problem or place.loop or 'The file is no X12 text.'}"
