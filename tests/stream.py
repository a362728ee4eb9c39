"""Streamlit's WebSocket, spoken as its frontend does, for tests that need no browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from lib import sessions
from tests.server import Server

PATIENCE = 30  # seconds for a page to be drawn; it takes one


@dataclass
class Stream:
    """One tab: its connection, and everything the server told it."""

    socket: ClientConnection
    session_id: str = ""
    told: list[ForwardMsg] = field(default_factory=list)

    def draw(self, query: str = "", *, page: str = "") -> str:
        """Run the page as loading it does, and return everything the server sent."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        self.socket.send(message.SerializeToString())
        self._hear("script_finished")
        return self.text

    def upload_address(self, file_name: str) -> str:
        """Ask for the address of a file that is about to be sent, as the uploader does."""
        message = BackMsg()
        message.file_urls_request.request_id = str(uuid4())
        message.file_urls_request.file_names.append(file_name)
        message.file_urls_request.session_id = self.session_id
        self.socket.send(message.SerializeToString())
        answer = self._hear("file_urls_response").file_urls_response
        return str(answer.file_urls[0].upload_url)

    def led_to(self, seconds: float) -> str | None:
        """Wait until the server closes the tab. Return where it sent it before, if anywhere."""
        try:
            while True:
                self._next(seconds)
        except ConnectionClosed:
            pass
        led = [m.auth_redirect.url for m in self.told if m.WhichOneof("type") == "auth_redirect"]
        return led[-1] if led else None

    @property
    def text(self) -> str:
        """Return everything the server sent, as text."""
        return "\n".join(str(message) for message in self.told)

    def _hear(self, kind: str) -> ForwardMsg:
        while True:
            message = self._next(PATIENCE)
            if message.WhichOneof("type") == kind:
                return message

    def _next(self, seconds: float) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(bytes(self.socket.recv(seconds)))  # type: ignore[arg-type]
        self.told.append(message)
        if message.WhichOneof("type") == "new_session":
            self.session_id = str(message.new_session.initialize.session_id)
        return message


@contextmanager
def stream(
    server: Server,
    token: str | None,
    *,
    former: str | None = None,
    origin: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Stream]:
    """Open a tab; `former` is the id of a Streamlit session it claims to have had."""
    cookie = {"Cookie": f"{sessions.COOKIE}={token}"} if token else {}
    with connect(
        f"ws://127.0.0.1:{server.port}/_stcore/stream",
        additional_headers={**cookie, **(headers or {})},
        origin=Origin(origin or server.address),
        subprotocols=[Subprotocol(name) for name in ("streamlit", "none", former) if name],
        max_size=None,
    ) as socket:
        yield Stream(socket)
