"""Starting and stopping the server: what it says, and what it refuses."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lib import people
from lib.errors import NotWritten
from lib.store.duckdb.store import DuckDBStore
from lib.store.process_store import ROOT
from lib.web import serve_command
from lib.web.error_reporting import sentence, told
from lib.web.logs import places
from lib.web.reach import is_loopback
from lib.web.start import ONLY_LOOPBACK
from tests.conftest import NOON
from tests.server import free_port, running, stop
from tests.x12_texts import claim, file_837

pytestmark = pytest.mark.slow


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run what should end by itself, from another folder where that is possible."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"BILLING_TASKS_DATA": str(folder)} | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_address_is_the_only_thing_said(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        pass

    assert re.fullmatch(
        rf"Billing Tasks is ready: {server.address}\n"
        r"Nobody can sign in yet\. Set it up here, once: "
        rf"{server.address}/set-up#[\w-]{{43}}\n",
        server.log.read_text(),
    )
    assert server.process.returncode == 0


def test_nobody_else_on_this_computer_can_read_the_data(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    with running(folder):
        open_to_others = [
            path.name for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077
        ]

    assert open_to_others == []


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        page = server.ask("/sign-in").text

    assert "Nobody is here to sign in yet" in page
    assert "Sample data" not in page


@pytest.mark.cases(1)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_was_stopped_leaves_its_data_free(
    tmp_path: Path, how: signal.Signals
) -> None:
    with running(tmp_path / "data") as server:
        server.process.send_signal(how)
        server.process.wait(15)
    with running(tmp_path / "data") as server:
        assert server.ask("/healthz").status == 200


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.7"])
def test_another_address_than_loopback_is_refused(tmp_path: Path, address: str) -> None:
    ended = run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address", address,
         "--server.port", str(free_port())],
        tmp_path,
    )  # fmt: skip

    if address == "192.0.2.7":  # not an address of this computer: Streamlit itself cannot have it
        assert ended.returncode != 0
    else:
        assert ended.returncode == 1
        assert ended.stderr.strip() == ONLY_LOOPBACK
    assert not (tmp_path / "billing.duckdb").exists()


def test_what_loopback_is() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.8.8.8", "::1", "localhost"]))
    assert not any(map(is_loopback, [None, "", "0.0.0.0", "::", "10.0.0.1", "unix://x", "example"]))


def test_streamlit_run_serves_it_too(tmp_path: Path) -> None:
    port = str(free_port())
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", port]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"BILLING_TASKS_DATA": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        said = process.stdout.readline()
        stop(process)

    assert said == f"Billing Tasks is ready: http://127.0.0.1:{port}\n"


def test_a_second_process_on_the_same_data_gets_one_sentence(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        ended = run(
            serve_command.COMMAND, server.folder, {serve_command.PORT_VARIABLE: str(free_port())}
        )

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        "Billing Tasks is already running on this data folder "
        f"(process {server.process.pid}). Use that one, or stop it first.\n"
    )


def test_a_data_folder_that_cannot_be_had_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")

    ended = run(
        serve_command.COMMAND, tmp_path / "data", {serve_command.PORT_VARIABLE: str(free_port())}
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"The data folder {tmp_path / 'data'} cannot be made or written")
    assert ended.stderr.count("\n") == 1


def test_a_port_in_use_gets_one_sentence(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        ended = run(
            [sys.executable, "-m", "lib", "serve", "--port", str(server.port)], tmp_path / "other"
        )

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Port {server.port} is in use")
    assert ended.stderr.count("\n") == 1


def test_an_error_is_reported_without_what_it_says() -> None:
    try:
        try:
            int("Rivera")
        except ValueError as problem:
            raise RuntimeError("patient Rivera") from problem
    except RuntimeError as problem:
        told = places(problem)

    assert "Rivera" not in told
    assert told.startswith("RuntimeError at tests/test_serve.py:")
    assert "; after ValueError at tests/test_serve.py:" in told


def test_no_log_line_carries_the_message_of_an_exception(tmp_path: Path) -> None:
    script = """if True:
        import logging
        from lib.web import logs
        logs.keep_data_out()
        for name in ("uvicorn.error", "streamlit.web", "anything"):
            try:
                int("Rivera")
            except ValueError:
                logging.getLogger(name).exception("It %s", "failed")
    """
    ended = run([sys.executable, "-c", script], tmp_path)

    assert ended.stderr.count("It failed: ValueError at <string>:7") == 3
    assert "Rivera" not in ended.stderr


def test_no_way_an_exception_takes_to_the_log_carries_its_message(tmp_path: Path) -> None:
    script = """if True:
        import asyncio, gc, logging, threading
        from lib.web import logs
        logs.keep_data_out()

        def fail():
            int("Rivera")

        async def forget():
            asyncio.get_running_loop().create_task(fail_later())
            await asyncio.sleep(0.01)
            gc.collect()

        async def fail_later():
            fail()

        class Left:
            def __del__(self):
                fail()

        try:
            fail()
        except ValueError as problem:
            logging.getLogger("anything").error("It failed: %s", problem)
            logging.getLogger("anything").error("It failed: %(why)s", {"why": problem})
        asyncio.run(forget())
        Left()
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    """
    ended = run([sys.executable, "-c", script], tmp_path)

    assert ended.stderr.count("ValueError at ") == 5
    assert "Rivera" not in ended.stderr


def test_no_address_is_logged(tmp_path: Path) -> None:
    script = """if True:
        import logging
        from uvicorn.config import LOGGING_CONFIG
        from lib.web import logs
        logging.config.dictConfig(LOGGING_CONFIG)
        logs.keep_data_out()
        said = ("127.0.0.1:1", "GET", "/tasks?q=Rivera", "1.1", 200)
        logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *said)
    """
    ended = run([sys.executable, "-c", script], tmp_path)

    assert (ended.stdout, ended.stderr) == ("", "")


def test_a_bug_is_told_without_a_claim_about_what_was_saved() -> None:
    """It may come after the write, which is then there."""
    assert sentence("0a1b") == (
        "Something went wrong on our side. Look whether your last change is there before you "
        "repeat it. Reference 0a1b."
    )


def test_a_problem_that_has_a_sentence_is_told_in_it() -> None:
    assert told(NotWritten()) == str(NotWritten())
    assert told(ValueError("Rivera")).startswith("Something went wrong on our side.")


def test_a_watched_folders_files_come_in_while_the_app_serves(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    told = {
        serve_command.WATCH_VARIABLE: str(folder),
        serve_command.PRACTICE_VARIABLE: "Northside Clinic",
        serve_command.ZONE_VARIABLE: "America/New_York",
    }
    with running(tmp_path / "data", environment=told) as server:
        said = server.log.read_text()
        (folder / "claims.txt").write_bytes(file_837(claim("W1"), claim("W2")))
        deadline = time.monotonic() + 60
        while not list(folder.glob("done/*/claims.txt")) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.ask("/healthz").status == 200

    assert said.startswith(f"Watching {folder} for Northside Clinic.\n")
    assert f"\nBilling Tasks is ready: {server.address}\n" in said
    assert server.process.returncode == 0
    store = DuckDBStore(server.folder)
    try:
        held = store.connection().rows("SELECT claim_number FROM charge ORDER BY 1")
        (made,) = people.practices(store.connection())
    finally:
        store.close()
    assert held == [("W1",), ("W2",)]
    assert made.timezone == "America/New_York"


def test_a_folder_that_cannot_be_watched_is_said_in_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lib", "serve", "--port", str(free_port()), "--watch"]

    ended = run([*command, str(tmp_path / "nowhere")], tmp_path / "data")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"{tmp_path / 'nowhere'} is not a folder.\n"


def test_whom_a_watched_folder_is_for_must_be_said_where_there_are_several(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "data")
    for name in ("Northside", "Southside"):
        people.add_practice(store.connection(), name, now=NOON)
    store.close()
    command = [sys.executable, "-m", "lib", "serve", "--port", str(free_port())]

    ended = run([*command, "--watch", str(tmp_path)], tmp_path / "data")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "there are several practices; name one with --practice: Northside; Southside\n"
    )
