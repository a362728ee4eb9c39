"""Whether everything is as it should be, in sentences, and in numbers for monitoring: no data."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from lib.errors import BillingError, StoreDamaged
from lib.store import process_store
from lib.web import background_jobs, reach

ROOM = 32 * 1024 * 1024  # bytes that should be free


async def health(_request: Request) -> PlainTextResponse:
    """Answer "ok", or 503 and a sentence for each problem."""
    found = await run_in_threadpool(problems)
    return PlainTextResponse("\n".join(found) or "ok", 503 if found else 200)


async def metrics(request: Request) -> PlainTextResponse:
    """Answer this computer in the text format of Prometheus, version 0.0.4: counts and sizes only.
    For any other there is no such address."""
    if not reach.is_from_this_computer(request):
        return PlainTextResponse("Not Found", 404)
    return PlainTextResponse(
        await run_in_threadpool(_numbers), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


def problems() -> list[str]:
    """Return a sentence for everything that an operator has to act on."""
    found: list[str] = []
    store = process_store.store()
    try:
        store.check()
        con = store.connection()
        try:
            con.rows("SELECT name FROM schema_migration")
        finally:
            con.close()
        store.require_writing()
        store.files.ask()
        if shutil.disk_usage(store.folder).free < ROOM:
            found.append("The disk of the data folder is almost full.")
    except BillingError as problem:
        found.append(str(problem))
    if store.is_damaged:
        found.append(str(StoreDamaged("")))
    looking = background_jobs.current()
    if looking and looking.is_backup_late(datetime.now(UTC)):
        found.append(f"There is no recent backup. {looking.backup_problem or ''}".strip())
    return list(dict.fromkeys(found))


def _numbers() -> str:
    store, looking = process_store.store(), background_jobs.current()
    values = {
        "billing_tasks_healthy": int(not problems()),
        "billing_tasks_commits_total": store.revision,
        "billing_tasks_reopened_total": store.opening,
    }
    values |= {f"billing_tasks_{name}_bytes": size for name, size in store.sizes().items()}
    if store.folder.exists():
        values["billing_tasks_disk_free_bytes"] = shutil.disk_usage(store.folder).free
    if looking and (made := looking.last_backup):
        values["billing_tasks_last_backup_timestamp_seconds"] = int(made.timestamp())
    return "".join(f"{name} {value}\n" for name, value in values.items())
