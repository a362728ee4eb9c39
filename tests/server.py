"""A real server for tests: its own process, port and data folder."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from lib import sessions
from lib.store.process_store import ROOT
from lib.web import serve_command

PATIENCE = 60  # seconds until the server must be ready; it takes two


@dataclass(frozen=True)
class Answer:
    """The server's answer to one request."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    folder: Path  # the data folder; the store in it belongs to the server while it runs
    process: subprocess.Popen[str]
    log: Path = field(repr=False)  # what it printed

    @property
    def address(self) -> str:
        """Return the server's address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        token: str | None = None,
        body: bytes | None = None,
        origin: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and return the answer; redirects are not followed. A request that
        changes something needs our `origin`."""
        named = dict(headers or {})
        if token:
            named["Cookie"] = f"{sessions.COOKIE}={token}"
        if origin:
            named["Origin"] = origin
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=named)
            response = connection.getresponse()
            said: dict[str, str] = {}
            for name, value in response.getheaders():
                before = said.get(name.lower())
                said[name.lower()] = f"{before}, {value}" if before else value
            return Answer(response.status, said, response.read())
        finally:
            connection.close()

    def sign_in(self, person_id: int, *, wanted: str = "/") -> str:
        """Sign in as a sample person. Return the session's token."""
        answer = self.ask(
            "/sign-in",
            method="POST",
            body=urlencode({"person": person_id, "next": wanted}).encode(),
            origin=self.address,
        )
        assert answer.status == 303, answer
        return answer.headers["set-cookie"].split(";")[0].split("=", 1)[1]


@contextmanager
def running(
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = serve_command.COMMAND,
    port: int | None = None,
) -> Iterator[Server]:
    """Run a server that works on `folder`, on a free port unless one is given; yield it once it
    answers, and stop it at the end.

    What must be in the store is written before: close your own Store on `folder` first.
    """
    port = port or free_port()
    log = folder.parent / f"server-{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ
            | {"BILLING_TASKS_DATA": str(folder), serve_command.PORT_VARIABLE: str(port)}
            | dict(environment or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    server = Server(port, folder, process, log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """End the process as Ctrl-C does, by force if that does not help."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"The server ended:\n{server.log.read_text()}")
        try:
            if server.ask("/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"The server was not ready in {PATIENCE} s:\n{server.log.read_text()}")
