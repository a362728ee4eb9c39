"""Send documents by their address: as a preview inside one of our pages, or as a download."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lib import audit_log, documents, sessions
from lib.audit_log import Activity
from lib.errors import DocumentFileProblem, NoSuchDocument, NotAllowed, NotSignedIn
from lib.models import Document
from lib.store.files import FilesUnreachable
from lib.web import session
from lib.web.logs import LOG

SHOWN = frozenset({"application/pdf", "image/png", "image/jpeg"})  # the rest is only downloaded


async def send_document(request: Request) -> Response:
    """Send the file of one document to people of its practice; answer anybody else that there is
    none."""
    try:
        document, content = await run_in_threadpool(
            _content, request.path_params["document_id"], session.token_of(request)
        )
    except NoSuchDocument:
        return await no_such_document(request)
    except NotAllowed as problem:
        return PlainTextResponse(str(problem), 403)
    except NotSignedIn as problem:  # signed out since the gate looked
        return PlainTextResponse(str(problem), 401)
    except FilesUnreachable as problem:
        return PlainTextResponse(str(problem), 503, {"X-Frame-Options": "SAMEORIGIN"})
    except DocumentFileProblem as problem:
        LOG.error("%s", problem.for_operator)
        return PlainTextResponse(str(problem), 410, {"X-Frame-Options": "SAMEORIGIN"})
    is_shown = document.media_type in SHOWN and request.query_params.get("download") != "1"
    return Response(
        content,
        media_type=document.media_type,
        headers={
            "Content-Disposition": disposition(document.file_name, is_shown=is_shown),
            "Content-Security-Policy": _policy(document.media_type),
            "X-Frame-Options": "SAMEORIGIN",
        },
    )


async def no_such_document(_request: Request) -> Response:
    """Answer 404 for an address that can be no document's."""
    return PlainTextResponse(str(NoSuchDocument()), 404)


def disposition(file_name: str, *, is_shown: bool) -> str:
    """Return the Content-Disposition of a file: its name in UTF-8 (RFC 5987), and in plain ASCII
    for clients that cannot read that. Names come from people: no path, quote or line break
    survives."""
    kept = "".join(letter if letter.isprintable() else "_" for letter in file_name)
    kept = kept.replace("\\", "/").rsplit("/", 1)[-1].strip(" .") or "document"
    plain = "".join(letter if letter.isascii() and letter not in '"%;' else "_" for letter in kept)
    kind = "inline" if is_shown else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(kept, safe='')}"


def _policy(media_type: str) -> str:
    """Return a policy under which a document can load or run nothing. Chromium's PDF viewer does
    not start in a sandbox."""
    sandbox = "" if media_type == "application/pdf" else "sandbox; "
    return (
        f"{sandbox}default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
        "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    )


def _content(document_id: int, token: str | None) -> tuple[Document, bytes]:
    with session.connection() as con:
        now = datetime.now(UTC)
        actor = sessions.who(con, token, now=now)
        with session.refusals_written(con, actor, f"document {document_id}", now):
            document, content = documents.content(con, document_id, actor=actor)
        audit_log.saw(
            con, Activity.SAW_DOCUMENT, practice_id=document.practice_id, actor=actor, now=now,
            document_id=document.id, patient_id=document.patient_id,
        )  # fmt: skip
        return document, content
