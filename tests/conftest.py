"""A store for each test, two practices and their people.

Ana manages Northside and Ben works there; Dora bills for it and Alan only looks. Carla manages
Southside: she must see nothing of Northside.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from math import inf
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from lib import passwords, people
from lib.models import Person, Role
from lib.store import process_store, search_index
from lib.store.database import Connection, Store
from lib.store.duckdb.store import DuckDBStore
from tests import chromium, install_seaweedfs, long_cases, postgres, seaweedfs

# Servers and commands that tests start turn warnings into errors, as tests do (pyproject.toml).
os.environ["PYTHONWARNINGS"] = "error"
# Every worker, server and command would compile the project anew where nothing may be kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# How long an example takes says how busy the machine is.
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")

# A hash of the served cost takes a fifth of a second; tests/test_passwords.py looks at those.
SERVED_HASHER = passwords.HASHER
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

MEMORY_DISK = Path("/dev/shm")
ROOM = 6 * 1024**3  # bytes of memory and of the disk in it; a whole run takes a fifth
COLLECTED = pytest.StashKey[dict[str, long_cases.Test]]()  # by the tests' ids
NOON = datetime(2025, 3, 3, 18, 0, tzinfo=UTC)  # Monday noon in Chicago
# other people's real files, outside the project
SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    """Let the tests' folders lie in memory where there is room: thousands of stores are synced to
    disk, and on a disk the waiting takes as long as the tests."""
    if config.option.basetemp is None and has_memory_disk():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY_DISK))


def pytest_unconfigure() -> None:
    """Delete the folder of Streamlit's AppTest, which leaves that to the end of the process and is
    warned of it then."""
    app_test = sys.modules.get("streamlit.testing.v1.app_test")
    if app_test:
        app_test.TMP_DIR.cleanup()


def has_memory_disk() -> bool:
    """Return True if there is a disk in memory with room for the folders of a run."""
    if not os.access(MEMORY_DISK, os.W_OK) or shutil.disk_usage(MEMORY_DISK).free < ROOM:
        return False
    said = Path("/proc/meminfo").read_text(encoding="ascii")
    available = next((line for line in said.splitlines() if line.startswith("MemAvailable")), "")
    return int((available or "x 0").split()[1]) * 1024 >= ROOM


# `make test-postgres` runs the tests on PostgreSQL. What speaks to it is imported only where it is
# used: the tests on DuckDB need nothing of it.
ON_POSTGRES = os.environ.get("BILLING_TASKS_TEST_STORE") == "postgres"
HAS_CLIENT = find_spec("psycopg") is not None
if HAS_CLIENT:
    from tests import writer_scopes
collect_ignore = (
    []
    if HAS_CLIENT
    else [
        "test_database_copy.py",
        "test_older_processes.py",
        "test_store_postgres.py",
        "test_turns.py",
        "test_writer_scope.py",
    ]
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `stores` on DuckDB and on PostgreSQL."""
    marked = metafunc.definition.get_closest_marker
    if marked("stores") and not marked("duckdb") and "store" in metafunc.fixturenames:
        engines = ["postgres"] if ON_POSTGRES else ["duckdb", "postgres"]
        metafunc.parametrize("store", engines, indirect=True)


@pytest.hookimpl(wrapper=True)  # before and after -m leaves something out
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Mark as `long` what `cases` leaves out. Put a browser's files first, as they are given, and
    then the longest, so that two workers end at about the same time."""
    config.stash[COLLECTED] = long_cases.marked(items)
    yield
    costs: Counter[Path] = Counter()
    for item in items:
        costs[item.path] += _cost(item)
    items.sort(key=lambda item: -inf if "browser" in item.path.parts else -costs[item.path])


def _cost(item: pytest.Item) -> int:
    """Return about how many hundredths of a second a test takes."""
    if item.get_closest_marker("slow"):
        return 200
    return 10 if "store" in getattr(item, "fixturenames", ()) else 1


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is there, and the ids of their practices."""

    practice: int
    other_practice: int
    ana: Person
    ben: Person
    dora: Person
    alan: Person
    carla: Person


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield the one Chromium of a run: Playwright's plain API allows no second beside it."""
    with sync_playwright() as playwright:
        opened = chromium.launch(playwright, *chromium.SHORT_LIVED)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder that holds only the schema; a copy costs a third of a new one."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    DuckDBStore(folder).close()
    return folder


@pytest.fixture(scope="session")
def peopled(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """Return a data folder that holds the two practices and their people, and who they are."""
    folder = tmp_path_factory.mktemp("peopled") / "data"
    shutil.copytree(empty, folder)
    opened = DuckDBStore(folder)
    cast = everybody(opened.connection())
    opened.close()
    return folder, cast


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Yield the address of a PostgreSQL server; skip the test, saying so, where there is none."""
    if not HAS_CLIENT:
        pytest.skip("psycopg is not installed (requirements-postgres.txt)")
    with postgres.running() as address:
        if address is None:
            pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
        yield address


@pytest.fixture(scope="session")
def empty_in_postgres(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """Return the folder and the address of a PostgreSQL store that holds only the schema; a copy
    costs half of a new one."""
    folder, address = (
        tmp_path_factory.mktemp("empty") / "data",
        postgres.new_database(postgres_server),
    )
    opened(folder, address).close()
    writer_scopes.watch(address)
    return folder, address


@pytest.fixture(scope="session")
def peopled_in_postgres(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory, peopled: tuple[Path, Cast]
) -> tuple[Path, str]:
    """Return the folder and the address of a PostgreSQL store with the people of `peopled`."""
    folder, address = (
        tmp_path_factory.mktemp("peopled") / "data",
        postgres.new_database(postgres_server),
    )
    store = opened(folder, address)
    assert everybody(store.connection()) == peopled[1]
    store.close()
    writer_scopes.watch(address)
    return folder, address


@pytest.fixture(scope="session")
def s3() -> Iterator[seaweedfs.Server]:
    """Yield an S3 server; skip the test, saying so, where there is none."""
    if not install_seaweedfs.program().exists() or not find_spec("obstore"):
        pytest.skip("SeaweedFS or obstore is not installed (python -m tests.install_seaweedfs)")
    with seaweedfs.running() as server:
        yield server


@pytest.fixture
def address(s3: seaweedfs.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of an empty prefix, which the environment names."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    made = f"s3://{seaweedfs.BUCKET}/{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}"
    monkeypatch.setenv(process_store.FILES_VARIABLE, made)
    return made


@pytest.fixture
def new_schema(postgres_server: str) -> Iterator[str]:
    """Yield the address of a PostgreSQL database that begins empty, in a schema of its own."""
    made = postgres.new_schema(postgres_server)
    yield made
    postgres.drop_schema(postgres_server, made)


@pytest.fixture
def new_database(postgres_server: str) -> str:
    """Return the address of an empty PostgreSQL database, which several processes may open."""
    return postgres.new_database(postgres_server)


@pytest.fixture
def data(empty: Path, tmp_path: Path) -> Path:
    """Return a data folder that holds only the schema, and that nobody has open."""
    return shutil.copytree(empty, tmp_path / "data")


@pytest.fixture
def store(
    empty: Path, peopled: tuple[Path, Cast], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Store]:
    """Yield a new store, with the people where the test asks for them: on DuckDB, or on the engine
    that the test names. At the end, assert that the search finds every task."""
    has_people = "cast" in request.fixturenames
    database = ""
    if getattr(request, "param", "postgres" if ON_POSTGRES else "duckdb") == "postgres":
        named = "peopled_in_postgres" if has_people else "empty_in_postgres"
        template, original = request.getfixturevalue(named)
        database = postgres.copy_of(request.getfixturevalue("postgres_server"), original)
    else:
        template = peopled[0] if has_people else empty
    shutil.copytree(template, tmp_path / "data")
    store = opened(tmp_path / "data", database)
    yield store
    overlooked: list[tuple[str, str]] = []  # whatever the test did to tasks
    if not store.is_closing:  # a test may have closed it
        overlooked = search_index.unindexed(store.connection())
    store.close()
    if database:
        postgres.drop_database(request.getfixturevalue("postgres_server"), database)
    assert not overlooked, f"The search would not find tasks by {overlooked}."


@pytest.fixture
def con(store: Store) -> Connection:
    """Return a connection to the test's store."""
    return store.connection()


@pytest.fixture
def served(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return the store as the one that this process serves: for what pages call."""
    monkeypatch.setitem(process_store._open, store.folder, store)
    return store


@pytest.fixture
def cast(con: Connection, peopled: tuple[Path, Cast]) -> Cast:
    """Return two practices and their people; insert them where a file has a store of its own."""
    has_people = con.value("SELECT count(*) FROM person") > 0
    return peopled[1] if has_people else everybody(con)


def opened(folder: Path, database: str = "") -> Store:
    """Open a store: in the folder, or in the PostgreSQL database of that address."""
    if not database:
        return DuckDBStore(folder)
    from lib.store.postgres.store import PostgresStore

    return PostgresStore(folder, database)


def opened_again(store: Store) -> Store:
    """Open a store that was closed."""
    return opened(store.folder, getattr(store, "address", ""))


def everybody(con: Connection) -> Cast:
    """Insert the two practices and their people."""
    here = people.add_practice(con, "Northside Clinic", now=NOON)
    there = people.add_practice(con, "Southside Clinic", now=NOON)

    def add(name: str, practice_id: int, role: Role) -> Person:
        email = f"{name.lower()}@example.com"
        roles = {practice_id: role}
        person_id = people.add_person(con, name, email, roles, is_sample=True, now=NOON)
        found = people.person(con, person_id)
        assert found is not None
        return found

    return Cast(
        practice=here,
        other_practice=there,
        ana=add("Ana", here, Role.MANAGER),
        ben=add("Ben", here, Role.STAFF),
        dora=add("Dora", here, Role.BILLER),
        alan=add("Alan", here, Role.ANALYST),
        carla=add("Carla", there, Role.MANAGER),
    )


def shared(path: str) -> Path:
    """Return the path of a real file outside the project; skip the test, saying so, if it is
    absent."""
    file = SHARED / path
    if not file.exists():
        pytest.skip(f"{file} is not here: real files stay outside the project")
    return file
