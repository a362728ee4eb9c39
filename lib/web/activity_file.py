"""Send the record of who did and saw what as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from lib import audit_log, audit_log_queries, sessions
from lib.audit_log import Activity
from lib.audit_log_queries import COLUMNS, Group, LogLine, Wanted
from lib.errors import BillingError, NotSignedIn
from lib.export.completed_tasks_zip import cell
from lib.models import Person
from lib.store.database import Connection
from lib.web import session
from lib.web.documents import disposition
from lib.web.plain_pages import download_page
from lib.web.same_origin import is_followed_link

UNREADABLE = "The address needs since and until as days, and person and patients as numbers."


async def send_activity(request: Request) -> Response:
    """Send every line that the parameters ask for, to those who may see the activity."""
    if request.method != "POST" and not (request.method == "GET" and is_followed_link(request)):
        return HTMLResponse(download_page(f"{request.url.path}?{request.url.query}"))
    try:
        content = await run_in_threadpool(_read, request)
    except NotSignedIn as problem:
        return PlainTextResponse(str(problem), 401)
    except BillingError as problem:
        return PlainTextResponse(str(problem), 403)
    except (ValueError, OverflowError):
        return PlainTextResponse(UNREADABLE, 400)
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": disposition("activity.csv", is_shown=False),
            "Cache-Control": "no-store",
        },
    )


def as_csv(lines: Sequence[LogLine], zone: ZoneInfo) -> bytes:
    """Return the lines as a file that Excel reads, and calculates nothing of."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in lines:
        when = line.happened_at.astimezone(zone).isoformat(sep=" ", timespec="seconds")
        writer.writerow([when, *(cell(value) for value in line.cells())])
    return f"\ufeff{text.getvalue()}".encode()


def _read(request: Request) -> bytes:
    now = datetime.now(UTC)
    with session.connection() as con:
        asked = request.query_params.get("practice")
        actor = sessions.who(con, session.token_of(request), now=now).at(
            _id(asked) if asked else None
        )
        zone = ZoneInfo(actor.memberships[0].practice.timezone)
        with session.refusals_written(con, actor, "activity as a file", now):
            lines = audit_log_queries.find(con, _wanted(request, zone), actor=actor, most=None)
        _note(con, len(lines), actor, now)
    return as_csv(lines, zone)


def _note(con: Connection, count: int, actor: Person, now: datetime) -> None:
    audit_log.record(
        con, audit_log.Line(Activity.EXPORTED, now, actor.id, detail=f"{count} lines of activity")
    )


def _wanted(request: Request, zone: ZoneInfo) -> Wanted:
    """Return what is asked for. Raises ValueError or OverflowError for nonsense."""
    says = request.query_params
    since, until = (_midnight(says.get(name, ""), zone) for name in ("since", "until"))
    return Wanted(
        since,
        until + timedelta(days=1) if until else None,
        _id(says["person"]) if says.get("person") else None,
        Group(says["group"]) if says.get("group") else None,
        tuple(_id(each) for each in says.get("patients", "").split(",") if each),
    )


def _midnight(text: str, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(date.fromisoformat(text), time(), zone) if text else None


def _id(text: str) -> int:
    number = int(text)
    if not 0 < number < 2**62:
        raise ValueError
    return number
