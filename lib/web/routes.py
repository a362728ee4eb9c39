"""The addresses that are ours; all others are Streamlit's."""

from __future__ import annotations

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse
from starlette.routing import Route

from lib.store.process_store import ROOT
from lib.web import openid_sign_in
from lib.web.account import ask_for_new_passkey, change_account, show_account
from lib.web.activity_file import send_activity
from lib.web.backlog_tables import send_copy, send_table
from lib.web.change_polling import send_news
from lib.web.documents import no_such_document, send_document
from lib.web.export import no_such_answers, send_claims, send_package
from lib.web.health import health, metrics
from lib.web.index_page import send_page
from lib.web.invitation import accept_invitation, show_invitation
from lib.web.provenance import no_such_charge, no_such_task, send_charge_origin, send_task_origin
from lib.web.rejected_downloads import no_such_file, send_refused_rows, send_set_aside
from lib.web.set_up import set_up, show_set_up
from lib.web.sign_in import ask_for_passkey, show_sign_in, sign_in
from lib.web.sign_out import ask_to_sign_out, sign_out
from lib.web.typed_on_leaving import hear_typed


class IdConvertor(IntegerConvertor):
    """A number that can be an id, which is a BIGINT; any other number leads nowhere."""

    regex = "[0-9]{1,18}"


register_url_convertor("id", IdConvertor())


async def favicon(_request: Request) -> FileResponse:
    """Send the icon."""
    return FileResponse(
        ROOT / "lib/web/favicon.png", headers={"Cache-Control": "public, max-age=86400"}
    )


async def script(_request: Request) -> FileResponse:
    """Send the script of the pages that are not Streamlit's."""
    return FileResponse(ROOT / "lib/web/plain.js", media_type="text/javascript")


async def tasks_page(request: Request) -> RedirectResponse:
    """Redirect the task list's own name to its shortest address."""
    query = request.url.query
    return RedirectResponse(f"/?{query}" if query else "/", 307)


async def export_page(request: Request) -> RedirectResponse:
    """Redirect the page's old address, when it was called Answers, to its present one."""
    query = request.url.query
    return RedirectResponse(f"/export?{query}" if query else "/export", 308)


ROUTES = [
    Route("/tasks", tasks_page),
    Route("/answers", export_page),
    Route("/healthz", health),
    Route("/metrics", metrics),
    Route("/news", send_news),
    Route("/typed", hear_typed, methods=["POST"]),
    Route("/favicon.png", favicon),
    Route("/plain.js", script),
    Route("/set-up", show_set_up, methods=["GET"]),
    Route("/set-up", set_up, methods=["POST"]),
    Route("/invitation", show_invitation, methods=["GET"]),
    Route("/invitation", accept_invitation, methods=["POST"]),
    Route("/account", show_account, methods=["GET"]),
    Route("/account", change_account, methods=["POST"]),
    Route("/account/passkey", ask_for_new_passkey, methods=["POST"]),
    Route("/sign-in", show_sign_in, methods=["GET"]),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-in/passkey", ask_for_passkey, methods=["POST"]),
    Route(openid_sign_in.PATH, openid_sign_in.begin),
    Route(openid_sign_in.CALLBACK, openid_sign_in.finish),
    Route("/sign-out", ask_to_sign_out, methods=["GET"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/documents/{document_id:id}/{name:path}", send_document),
    Route("/documents/{rest:path}", no_such_document),
    Route("/answers/{practice_id:id}.zip", send_package, methods=["GET", "POST"]),
    Route("/answers/{practice_id:id}.x12", send_claims, methods=["GET", "POST"]),
    Route("/answers/{rest:path}", no_such_answers),
    Route("/activity.csv", send_activity, methods=["GET", "POST"]),
    Route("/snapshot.zip", send_copy, methods=["GET", "POST"]),
    Route("/backlog-table/{metric:str}.{kind:str}", send_table, methods=["GET", "POST"]),
    Route("/imports/refused/{file_id:id}", send_refused_rows),
    Route("/imports/set-aside/{message_id:id}", send_set_aside),
    Route("/imports/{rest:path}", no_such_file),
    Route("/origin/task/{id:id}", send_task_origin),
    Route("/origin/task/{rest:path}", no_such_task),
    Route("/origin/charge/{id:id}", send_charge_origin),
    Route("/origin/charge/{rest:path}", no_such_charge),
    Route("/{page:page}", send_page),
]
