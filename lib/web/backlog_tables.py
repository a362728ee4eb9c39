"""The tables of the Backlog pages by their address: CSV, Excel, Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from lib import audit_log, people, sessions
from lib.access import Verb, may_anywhere
from lib.audit_log import Activity
from lib.backlog import report_url, table_files
from lib.backlog.measures import NUMBERS
from lib.errors import BillingError, NotAllowed, NotSignedIn
from lib.models import Colleague, Person
from lib.snapshot import copies
from lib.store import backlog_copy
from lib.store.database import Connection
from lib.web import session
from lib.web.documents import disposition
from lib.web.plain_pages import download_page
from lib.web.same_origin import is_followed_link


async def send_table(request: Request) -> Response:
    """Send one table of a report, for the practices of whoever asks, by the report's own
    parameters."""
    kind = request.path_params["kind"]
    metric = request.path_params["metric"]
    if kind not in table_files.KINDS or metric not in NUMBERS:
        return PlainTextResponse("There is no such table.", 404)
    if not _is_asked_for(request):
        return _ask(request)
    try:
        name, content = await run_in_threadpool(_read, request, metric, kind)
    except NotSignedIn as problem:
        return PlainTextResponse(str(problem), 401)
    return Response(
        content,
        media_type=table_files.KINDS[kind],
        headers={
            "Content-Disposition": disposition(f"{name}.{kind}", is_shown=False),
            "Cache-Control": "no-store",
        },
    )


async def send_copy(request: Request) -> Response:
    """Send the copy that names nobody, as one ZIP, for the practices of whoever asks."""
    if not _is_asked_for(request):
        return _ask(request)
    try:
        place, file = await run_in_threadpool(_copy, request)
    except NotSignedIn as problem:
        return PlainTextResponse(str(problem), 401)
    except BillingError as problem:
        return PlainTextResponse(str(problem), 403)
    return _Passing(
        file, place, {
            "Content-Disposition": disposition(file.name, is_shown=False),
            "Cache-Control": "no-store",
        },
    )  # fmt: skip


class _Passing(FileResponse):
    """A ZIP that is deleted with its folder once it is sent, or whoever asked went away."""

    def __init__(
        self, file: Path, place: TemporaryDirectory[str], headers: Mapping[str, str]
    ) -> None:
        super().__init__(file, media_type="application/zip", headers=headers)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._place.cleanup()


def _is_asked_for(request: Request) -> bool:
    """Return True if the person pressed a link or button of ours. Counting, or writing a copy, is
    work that another site's page could set off with the person's cookie."""
    return request.method == "POST" or (request.method == "GET" and is_followed_link(request))


def _ask(request: Request) -> Response:
    return HTMLResponse(download_page(f"{request.url.path}?{request.url.query}"))


def _copy(request: Request) -> tuple[TemporaryDirectory[str], Path]:
    now = datetime.now(UTC)
    with session.connection() as con:
        actor = sessions.who(con, session.token_of(request), now=now)
        asked = request.query_params.get("practice", "")
        here = actor.at(int(asked) if asked.isdecimal() and len(asked) < 16 else None)
        practices = may_anywhere(here, Verb.TAKE_COPY)
        if not practices:
            raise NotAllowed(Verb.TAKE_COPY.value)
        place = TemporaryDirectory(prefix="billing-tasks-")
        try:
            return place, _written(con, Path(place.name), practices, actor, now)
        except BaseException:
            place.cleanup()
            raise


def _written(
    con: Connection, place: Path, practices: list[int], actor: Person, now: datetime
) -> Path:
    for practice_id in practices:
        audit_log.saw(con, Activity.COPIED, practice_id=practice_id, actor=actor, now=now)
    copies.write(con, place / "copy", practices, now=now)
    file = place / f"billing-tasks_{now:%Y-%m-%d}.zip"
    copies.zipped(place / "copy", file)
    return file


def _read(request: Request, metric: str, kind: str) -> tuple[str, bytes]:
    now = datetime.now(UTC)
    with session.connection() as con:
        actor = sessions.who(con, session.token_of(request), now=now)
        colleagues: list[Colleague] = list(
            {c.id: c for p in actor.practice_ids for c in people.colleagues(con, p)}.values()
        )
        says = dict(request.query_params)
        counted_in = backlog_copy.of(con.store, now=now)
        view = report_url.read(says, actor, colleagues, counted_in.copied_at or now).view
    with closing(counted_in.store.connection()) as con:
        table = NUMBERS[metric].table(con, view)
    named = [m.practice.name for m in actor.memberships if m.practice.id in view.practice_ids]
    return table_files.file_name("-".join(named), metric, view), table_files.content(table, kind)
