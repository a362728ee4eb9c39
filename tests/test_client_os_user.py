"""Whoever else uses this computer gets no answer but that: asked as another user."""

from __future__ import annotations

import http.client
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.web.client_os_user import OTHER_USER
from tests.server import Server, running

NOBODY = 65534
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0,
        reason="to ask as another user one has to be root, on Linux",
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("peer") / "data") as server:
        yield server


def as_nobody(server: Server, path: str, *, family: socket.AddressFamily) -> str:
    """Return what another user of this computer is answered."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            host = "127.0.0.1" if family is socket.AF_INET else "::ffff:127.0.0.1"
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.sock = socket.socket(family)
            connection.sock.connect((host, server.port))
            connection.request("GET", path)
            answer = connection.getresponse()
            os.write(writing, f"{answer.status} {answer.read().decode()}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return said.read()


@pytest.mark.parametrize("path", ["/", "/sign-in", "/healthz", "/favicon.png", "/_stcore/health"])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_another_user_of_this_computer_is_answered_nothing(
    server: Server, path: str, family: socket.AddressFamily
) -> None:
    assert as_nobody(server, path, family=family) == f"403 {OTHER_USER}"


def test_the_user_who_started_it_is_answered(server: Server) -> None:
    assert server.ask("/healthz").status == 200


def test_looking_whose_it_is_opens_no_file_for_long(server: Server) -> None:
    before = len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
    for _ in range(50):
        server.ask("/healthz")

    assert len(list(Path(f"/proc/{server.process.pid}/fd").iterdir())) <= before + 3
