"""The addresses that are ours; every other one is Streamlit's."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Route

from lib.runtime import ROOT
from lib.web.answers import no_such_answers, send_claims, send_package
from lib.web.documents import no_such_document, send_document
from lib.web.imports import no_such_file, send_refused_rows
from lib.web.origins import send_charge_origin, send_task_origin
from lib.web.sign_in import choose_person, sign_in
from lib.web.sign_out import ask_to_sign_out, sign_out


async def health(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


async def favicon(_request: Request) -> FileResponse:
    return FileResponse(
        ROOT / "lib/web/favicon.png", headers={"Cache-Control": "public, max-age=86400"}
    )


ROUTES = [
    Route("/healthz", health),
    Route("/favicon.png", favicon),
    Route("/sign-in", choose_person, methods=["GET"]),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", ask_to_sign_out, methods=["GET"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/documents/{document_id:int}/{name:path}", send_document),
    Route("/documents/{rest:path}", no_such_document),
    Route("/answers/{practice_id:int}.zip", send_package),
    Route("/answers/{practice_id:int}.x12", send_claims),
    Route("/answers/{rest:path}", no_such_answers),
    Route("/imports/refused/{file_id:int}", send_refused_rows),
    Route("/imports/{rest:path}", no_such_file),
    Route("/origin/task/{id:int}", send_task_origin),
    Route("/origin/charge/{id:int}", send_charge_origin),
]
