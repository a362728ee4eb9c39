"""Limit uploads: only to a page that asked for them, and only so many.

Streamlit takes a file under any id for any open page, and keeps it in memory until the page is
left. Here a file needs an address that was issued to this page, by the session the page belongs to,
once; and there is a limit to what a page, a person and everybody together can leave here.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadFileUrlInfo

from lib.web import session

MB = 1024 * 1024
MAX_PAGE = 300 * MB  # one import file of the largest size, and documents beside it
MAX_PERSON = 600 * MB
MAX_EVERYBODY = 1500 * MB
MAX_FILES = 500  # that a page holds at once
MAX_ADDRESSES = 1000  # remembered for a page; the oldest are forgotten first
_ADDRESS = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)")
_NOT_YOURS = "This file belongs to no page that you have open. Reload the page and choose it again."
_TOO_MUCH = (
    "Too many files are open here at once. Finish or clear those you chose before, or reload the "
    "page, and choose this one again."
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an upload is to go."""

    page: str  # Streamlit's id for the session of one tab
    file: str
    person: int


class Uploads:
    """The addresses that were issued, what is here and what is on its way. Used on one event
    loop."""

    def __init__(self) -> None:
        self._manager: MemoryUploadedFileManager | None = None
        self._issued: dict[str, deque[str]] = {}
        self._person_of: dict[str, int] = {}  # page -> whose it is
        self._coming: dict[str, int] = defaultdict(int)  # page -> bytes on their way

    def watch(self, runtime: Runtime) -> None:
        """Note from now on each address that Streamlit issues for a file."""
        manager = runtime.uploaded_file_mgr
        assert isinstance(manager, MemoryUploadedFileManager)
        issue = manager.get_upload_urls

        def issue_noting(session_id: str, file_names: Sequence[str]) -> list[UploadFileUrlInfo]:
            found = issue(session_id, file_names)
            self._forget_closed(runtime)
            known = self._issued.setdefault(session_id, deque(maxlen=MAX_ADDRESSES))
            known.extend(each.file_id for each in found)
            return found

        manager.get_upload_urls = issue_noting  # type: ignore[method-assign]
        self._manager = manager

    async def place(self, request: Request) -> _Place | None:
        """Return where the request may put or delete a file; None if it is not its own."""
        wanted = _ADDRESS.fullmatch(request.scope["path"])
        token = session.token_of(request)
        if not wanted or not token or not Runtime.exists():
            return None
        page = Runtime.instance().get_app_session(wanted[1])
        if page is None or not page.matches_user_info({"session": session.binding(token)}):
            return None
        person = await session.person_of(request)
        if person is None or wanted[2] not in self._issued.get(wanted[1], ()):
            return None
        self._person_of[wanted[1]] = person
        return _Place(wanted[1], wanted[2], person)

    def holds(self, place: _Place) -> bool:
        """Return True if the file is here already: an address is good for one file."""
        return self._manager is not None and place.file in self._manager.file_storage.get(
            place.page, {}
        )

    def make_room(self, place: _Place, wanted: int) -> bool:
        """Return True if so many bytes may come, after dropping what this person's closed tabs
        left."""
        if wanted > self._room(place) and self._manager:
            runtime = Runtime.instance()
            for page in [*self._manager.file_storage]:
                is_theirs = self._person_of.get(page) == place.person
                if is_theirs and runtime.get_app_session(page) is None:
                    self._manager.remove_session_files(page)
        return wanted <= self._room(place)

    def _room(self, place: _Place) -> int:
        stored = self._stored()
        held = {page: stored.get(page, 0) + self._coming[page] for page in {*stored, *self._coming}}
        of_person = sum(n for page, n in held.items() if self._person_of.get(page) == place.person)
        if self._manager and len(self._manager.file_storage.get(place.page, ())) >= MAX_FILES:
            return 0
        return min(
            MAX_PAGE - held.get(place.page, 0),
            MAX_PERSON - of_person,
            MAX_EVERYBODY - sum(held.values()),
        )

    @contextmanager
    def metered(self, place: _Place, receive: Receive) -> Iterator[Receive]:
        """Count what `receive` brings, and stop it when there is no more room."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            size = len(message.get("body", b""))
            if not self.make_room(place, size):
                raise HTTPException(413, _TOO_MUCH)
            taken += size
            self._coming[place.page] += size
            return message

        try:
            yield counted
        finally:
            self._coming[place.page] -= taken
            if not self._coming[place.page]:
                del self._coming[place.page]

    def _stored(self) -> dict[str, int]:
        files = self._manager.file_storage if self._manager else {}
        return {
            page: sum(len(file.data) for file in list(held.values()))
            for page, held in list(files.items())
        }

    def _forget_closed(self, runtime: Runtime) -> None:
        stored = self._manager.file_storage if self._manager else {}
        for page in [*self._issued]:
            if page not in stored and runtime.get_app_session(page) is None:
                del self._issued[page]
                self._person_of.pop(page, None)


UPLOADS = Uploads()


class UploadGate:
    """The ASGI middleware behind the gate that passes on only the uploads that were asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on anything but uploads, and of these what was asked for; answer the others."""
        is_upload = scope["type"] == "http" and scope["path"].startswith("/_stcore/upload_file")
        if not is_upload or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        place = await UPLOADS.place(request)
        if place is None:
            await PlainTextResponse(_NOT_YOURS, 403)(scope, receive, send)
        elif scope["method"] != "PUT":
            await self.app(scope, receive, send)
        elif UPLOADS.holds(place):
            await PlainTextResponse(_NOT_YOURS, 403)(scope, receive, send)
        elif not UPLOADS.make_room(place, _length(request)):
            await PlainTextResponse(_TOO_MUCH, 413)(scope, receive, send)
        else:
            with UPLOADS.metered(place, receive) as metered:
                await self.app(scope, metered, send)


def _length(request: Request) -> int:
    said = request.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else 0
