"""Files on their way in: asked for, one's own, and only so many. Against a real server."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lib import sessions
from lib.web import uploads
from lib.web.uploads import MB
from tests.browser.scene import Scene, seed
from tests.server import Server, running
from tests.stream import Stream, stream

pytestmark = pytest.mark.slow

PART = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\n'
END = b"\r\n--b--\r\n"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("uploads") / "data"
    cast = seed(folder)
    with running(folder) as server:
        yield Scene(server, cast)
    assert "reference " not in server.log.read_text()


@pytest.fixture
def server(scene: Scene) -> Server:
    return scene.server


@pytest.fixture
def ana(scene: Scene) -> str:
    return scene.server.sign_in(scene.cast.ana.id)


@pytest.fixture
def carla(scene: Scene) -> str:
    return scene.server.sign_in(scene.cast.carla.id)


def xsrf(server: Server, token: str) -> str:
    answer = server.ask("/_stcore/health", token=token)
    return answer.headers["set-cookie"].split(";")[0].split("=", 1)[1]


def put(
    server: Server, token: str, address: str, content: bytes, *, method: str = "PUT"
) -> tuple[int, str]:
    """Send a file as the uploader does."""
    mark = xsrf(server, token)
    answer = server.ask(
        address,
        method=method,
        origin=server.address,
        body=PART + content + END,
        headers={
            "Cookie": f"{sessions.COOKIE}={token}; _streamlit_xsrf={mark}",
            "X-Xsrftoken": mark,
            "Content-Type": "multipart/form-data; boundary=b",
        },
    )
    return answer.status, answer.text


def resident(server: Server) -> int:
    """Megabytes that the server holds in memory."""
    said = Path(f"/proc/{server.process.pid}/status").read_text()
    return (
        int(next(line for line in said.splitlines() if line.startswith("VmRSS")).split()[1]) >> 10
    )


def opened(server: Server, token: str, tab: Stream) -> str:
    tab.draw()
    return tab.upload_address("f.txt")


def test_a_file_goes_where_it_was_asked_for_once(server: Server, ana: str) -> None:
    with stream(server, ana) as tab:
        address = opened(server, ana, tab)

        assert put(server, ana, address, b"x")[0] == 204
        assert put(server, ana, address, b"x")[0] == 403
        assert put(server, ana, address, b"", method="DELETE")[0] == 204


def test_a_file_nobody_asked_for_is_not_taken(server: Server, ana: str) -> None:
    with stream(server, ana) as tab:
        address = opened(server, ana, tab)
        page = address.rsplit("/", 1)[0]
        before = resident(server)
        for name in (str(uuid.uuid4()) for _ in range(8)):
            answer = put(server, ana, f"{page}/{name}", b"x" * 25 * MB)
            assert answer == (403, uploads._NOT_YOURS)

        assert resident(server) - before < 40


NEVER_ISSUED = f"/{uuid.UUID(int=1)}/{uuid.UUID(int=2)}"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_file_is_not_taken_for_another_persons_page(
    server: Server, ana: str, carla: str, method: str
) -> None:
    with stream(server, ana) as tab:
        address = opened(server, ana, tab)

        assert put(server, carla, address, b"x", method=method)[0] == 403
        assert put(server, ana, address, b"x")[0] == 204


@pytest.mark.parametrize(
    "rest",
    ["", "/", "/a", "/a/b", "/a/b/c", "/%2e%2e/b", NEVER_ISSUED],
)
def test_an_address_that_was_never_issued_takes_nothing(
    server: Server, ana: str, rest: str
) -> None:
    assert put(server, ana, f"/_stcore/upload_file{rest}", b"x")[0] in {400, 403}


def test_a_page_and_a_person_can_leave_only_so_much_here(server: Server, ana: str) -> None:
    """Three tabs, files of 90 MB: three fit in a page, six in all that one person has."""
    answers = []
    before = resident(server)
    with stream(server, ana) as one, stream(server, ana) as two, stream(server, ana) as three:
        for tab in (one, two, three):
            tab.draw()
            for _ in range(4):
                address = tab.upload_address("f.txt")
                answers.append(put(server, ana, address, b"x" * 90 * MB)[0])
        held = resident(server) - before

    assert answers == [204, 204, 204, 413] * 2 + [413] * 4
    assert held < 900


def test_what_closed_tabs_left_makes_room_for_the_next_file(server: Server, ana: str) -> None:
    for _ in range(4):
        with stream(server, ana) as tab:
            tab.draw()
            for _ in range(2):
                address = tab.upload_address("f.txt")
                assert put(server, ana, address, b"x" * 140 * MB)[0] == 204


def test_what_is_sent_without_its_length_is_measured_as_it_comes(server: Server, ana: str) -> None:
    with stream(server, ana) as tab:
        tab.draw()
        for _ in range(2):
            assert put(server, ana, tab.upload_address("f"), b"x" * 140 * MB)[0] == 204
        mark = xsrf(server, ana)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request(
            "PUT",
            tab.upload_address("f"),
            body=iter([PART, *[b"x" * MB] * 40, END]),
            headers={
                "Cookie": f"{sessions.COOKIE}={ana}; _streamlit_xsrf={mark}",
                "X-Xsrftoken": mark,
                "Origin": server.address,
                "Content-Type": "multipart/form-data; boundary=b",
            },
            encode_chunked=True,
        )
        answer = connection.getresponse()
        said = answer.read().decode()
        answer.close()
        connection.close()

        assert (answer.status, said) == (413, uploads._TOO_MUCH)


def test_a_file_that_comes_in_lies_in_the_data_folder_while_it_comes(
    server: Server, ana: str
) -> None:
    """Where the system can, it has no name at all; it never lies in the system's own folder."""
    with stream(server, ana) as tab:
        address = opened(server, ana, tab)
        mark = xsrf(server, ana)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.putrequest("PUT", address)
        for name, value in {
            "Cookie": f"{sessions.COOKIE}={ana}; _streamlit_xsrf={mark}",
            "X-Xsrftoken": mark,
            "Origin": server.address,
            "Content-Type": "multipart/form-data; boundary=b",
            "Content-Length": str(len(PART) + 30 * MB + len(END)),
        }.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(PART + b"x" * 20 * MB)
        places = set()
        for _ in range(100):
            places = {where for where in _open_files(server) if "server-" not in where}
            if any(_is_temporary(where, server) for where in places):
                break
            connection.sock.settimeout(0.1)
            with suppress(OSError):
                connection.sock.recv(0)
        modes = set(_open_modes(server, "temporary"))
        connection.close()

    assert any(_is_temporary(where, server) for where in places)
    outside = [w for w in places if w.startswith(("/tmp/", "/var/tmp/"))]
    # The lock on the data folder's name is there too, and holds nothing.
    locks = [w for w in outside if w.startswith("/tmp/billing-tasks-") and w.endswith(".lock")]
    assert not [w for w in outside if not w.startswith(str(server.folder)) and w not in locks]
    assert modes == {0o600}


def _is_temporary(where: str, server: Server) -> bool:
    return where.startswith(f"{server.folder}/temporary/")


def _open_files(server: Server) -> list[str]:
    folder = Path(f"/proc/{server.process.pid}/fd")
    found = []
    for entry in folder.iterdir():
        with suppress(OSError):  # closed since
            found.append(str(entry.readlink()))
    return found


def _open_modes(server: Server, part: str) -> list[int]:
    folder = Path(f"/proc/{server.process.pid}/fd")
    return [
        entry.stat().st_mode & 0o777
        for entry in folder.iterdir()
        if f"/{part}/" in str(entry.readlink())
    ]


def test_what_a_process_that_died_left_of_a_file_goes_at_the_next_start(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        server.process.kill()
        server.process.wait()
    left = tmp_path / "data" / "temporary" / "tmpabc"
    left.write_bytes(b"half a patient")
    with running(tmp_path / "data"):
        assert not left.exists()
        assert left.parent.stat().st_mode & 0o777 == 0o700
