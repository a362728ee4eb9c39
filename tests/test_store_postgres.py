"""What a store in PostgreSQL promises beside what every store does: `lib/store/postgres`.

A server is started where one is installed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest

from lib import __main__, audit_log, audit_log_integrity, notes, sessions, tasks, workflow
from lib.audit_log import Activity, Line
from lib.errors import BillingError, NotSignedIn, OnlyOnDuckDB, WrongDataFolder
from lib.models import Status
from lib.store import process_store
from lib.store.database import Connection, Store, transaction
from lib.store.migrations import SCHEMA
from lib.store.postgres import opening
from lib.store.postgres.connection import as_sent
from lib.store.postgres.errors import DatabaseReadOnly, DatabaseUnreachable
from lib.store.postgres.store import PATIENCE, PostgresStore
from lib.watch.watcher import Watcher
from lib.web import health
from tests import postgres
from tests.conftest import NOON, Cast, everybody
from tests.given import add_task
from tests.test_command import run_command
from tests.x12_texts import claim, file_837

in_postgres = pytest.mark.parametrize("store", ["postgres"], indirect=True)


@pytest.fixture
def two(new_schema: str, tmp_path: Path) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    """Yield two stores of one database, as two processes would have them."""
    stores = [PostgresStore(tmp_path / "data", new_schema) for _ in range(2)]
    yield stores[0], stores[1]
    for store in stores:
        store.close()


class Endless:
    """Nobody asks the watcher to end."""

    def is_asked(self) -> bool:
        return False

    def wait(self, _seconds: float) -> bool:
        return False


def kill(server: str, pid: int) -> None:
    """End a connection as its server would, for whatever reason."""
    with psycopg.connect(server, autocommit=True) as con:
        con.execute("SELECT pg_terminate_backend(%s)", (pid,))


def test_parameters_are_sent_as_the_client_writes_them_but_not_in_texts_or_comments() -> None:
    sql = "SELECT $a, '$b 5%', x % 2 -- $c\n FROM t WHERE $a::TEXT = $d_1"

    assert as_sent(sql) == (
        "SELECT %(a)s, '$b 5%%', x %% 2 -- $c\n FROM t WHERE %(a)s::TEXT = %(d_1)s"
    )


@in_postgres
def test_a_lost_connection_inside_a_transaction_saves_nothing_and_says_so(
    store: Store, con: Connection, cast: Cast, postgres_server: str
) -> None:
    task = add_task(con, cast.practice)
    assert isinstance(store, PostgresStore)

    with (
        pytest.raises(DatabaseUnreachable, match="nothing of this was shown or saved"),
        transaction(con),
    ):
        con.execute("UPDATE task SET title = 'Half' WHERE id = $id", id=task)
        kill(postgres_server, con.value("SELECT pg_backend_pid()"))
        con.execute("SELECT 1")

    assert con.value("SELECT title FROM task WHERE id = $id", id=task) == "Diagnosis is missing"


@in_postgres
def test_reading_goes_on_by_itself_after_every_connection_was_lost(
    store: Store, con: Connection, cast: Cast, postgres_server: str
) -> None:
    kill(postgres_server, con.value("SELECT pg_backend_pid()"))

    assert con.value("SELECT count(*) FROM practice") == 2
    notes.notes(con, add_task(con, cast.practice), actor=cast.ana)


def test_two_stores_of_one_database_start_each_task_once(
    two: tuple[PostgresStore, PostgresStore],
) -> None:
    cast = everybody(two[0].connection())
    ids = [add_task(two[0].connection(), cast.practice) for _ in range(20)]
    started: list[int] = []

    def start_all(store: PostgresStore, who: str) -> None:
        con = store.connection()
        for id_ in ids:
            try:
                workflow.start(con, id_, actor=getattr(cast, who), now=NOON)
                started.append(id_)
            except BillingError:
                pass

    threads = [
        threading.Thread(target=start_all, args=pair)
        for pair in zip(two, ("ana", "ben"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    con = two[0].connection()
    assert (
        con.rows(
            "SELECT task_id, count(*) FROM event WHERE kind = 'started' GROUP BY task_id "
            "HAVING count(*) <> 1"
        )
        == []
    )
    for store in two:
        audit_log.settle(store.connection(), now=NOON)
        audit_log.record(store.connection(), Line(Activity.SIGNED_OUT, NOON, cast.ana.id))
    assert list(audit_log_integrity.broken(con)) == []
    assert sorted(set(started)) == ids
    assert {tasks.get(con, id_, actor=cast.ana).status for id_ in ids} == {Status.IN_PROGRESS}


def test_what_another_store_wrote_is_read_by_the_next_connection(
    two: tuple[PostgresStore, PostgresStore],
) -> None:
    here, there = two
    ask = "SELECT count(*) FROM practice"
    assert here.cached("practices", lambda: here.connection().value(ask)) == 0
    with transaction(con := there.connection()):
        con.execute(
            "INSERT INTO practice (name, timezone, due_days, created_at) "
            "VALUES ('P', 'UTC', 1, now())"
        )

    con = here.connection()
    assert here.cached("practices", lambda: con.value(ask)) == 1


def test_a_server_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WrongDataFolder, match="cannot be reached"):
        PostgresStore(tmp_path / "data", "postgresql:///nothing?host=/nowhere")


@pytest.mark.parametrize(
    ("making", "said"),
    [
        ("TEMPLATE template0 LOCALE 'C'", "locale"),
        ("TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'", "UTF8"),
    ],
)
def test_a_database_that_would_sort_otherwise_is_refused(
    making: str, said: str, postgres_server: str, tmp_path: Path
) -> None:
    with psycopg.connect(postgres_server, autocommit=True) as con:
        con.execute("DROP DATABASE IF EXISTS sorts_otherwise")
        con.execute(f"CREATE DATABASE sorts_otherwise {making}".encode())
    try:
        with pytest.raises(WrongDataFolder, match=said):
            PostgresStore(
                tmp_path / "data", postgres_server.replace("/postgres?", "/sorts_otherwise?", 1)
            )
    finally:
        with psycopg.connect(postgres_server, autocommit=True) as con:
            con.execute("DROP DATABASE sorts_otherwise")


def test_a_database_that_can_only_be_read_says_so_at_the_start_and_while_it_runs(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the server that was the primary is after a fail-over."""
    address = postgres.new_database(postgres_server)
    monkeypatch.setenv(process_store.DATABASE_VARIABLE, address)
    store = process_store.open_store(tmp_path / "data")
    try:
        cast = everybody(store.connection())
        assert health.problems() == []
        with psycopg.connect(address, autocommit=True) as con:
            name = con.info.dbname
            con.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
            con.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = %s AND pid <> pg_backend_pid()",
                (name,),
            )
        store.look_after()

        assert health.problems() == [str(DatabaseReadOnly())]
        assert store.connection().value("SELECT count(*) FROM practice") > 0
        for writes in (
            lambda: add_task(store.connection(), cast.practice),
            lambda: sessions.sign_out(store.connection(), "nobody's", now=NOON),
            lambda: PostgresStore(tmp_path / "data", address),
        ):
            with pytest.raises(DatabaseReadOnly, match="can only be read: it is a standby"):
                writes()
    finally:
        process_store.close_stores()
        postgres.drop_database(postgres_server, address)


def test_what_generates_a_practice_is_refused_before_anything_is_opened(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(process_store.DATABASE_VARIABLE, "postgresql:///nothing?host=/nowhere")
    monkeypatch.setenv("BILLING_TASKS_DATA", str(tmp_path / "data"))

    code = __main__.main(["generate", "--tasks", "1"])

    assert code == 1
    assert capsys.readouterr().err.splitlines() == [str(OnlyOnDuckDB())]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_a_database_of_its_own_is_refused(new_schema: str, tmp_path: Path) -> None:
    (tmp_path / "billing.duckdb").touch()

    with pytest.raises(WrongDataFolder, match=r"billing\.duckdb"):
        PostgresStore(tmp_path, new_schema)


def test_a_folder_belongs_to_one_database(
    new_schema: str, new_database: str, tmp_path: Path
) -> None:
    here, copied, empty = (tmp_path / name for name in ("here", "copied", "empty"))
    PostgresStore(here, new_schema).close()
    shutil.copytree(here, copied)

    PostgresStore(copied, new_schema).close()  # as after a restore
    with pytest.raises(WrongDataFolder, match="are not in"):
        PostgresStore(empty, new_schema)
    with pytest.raises(WrongDataFolder, match="belong to another database"):
        PostgresStore(here, new_database)


def test_processes_that_start_at_once_make_the_tables_once(new_schema: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as starting:
        stores = list(
            starting.map(lambda _: PostgresStore(tmp_path / "data", new_schema), range(4))
        )
    con = stores[0].connection()

    assert con.value("SELECT count(*) FROM schema_migration") == len(list(SCHEMA.glob("*.sql")))
    for store in stores:
        store.close()


def test_who_signs_out_in_one_process_is_signed_out_in_the_other(
    two: tuple[PostgresStore, PostgresStore],
) -> None:
    here, there = (store.connection() for store in two)
    ana = everybody(here).ana
    token = sessions.sign_in(here, ana.id, now=NOON)
    assert sessions.who(there, token, now=NOON).id == ana.id

    sessions.sign_out(here, token, now=NOON)

    with pytest.raises(NotSignedIn):
        sessions.who(two[1].connection(), token, now=NOON)


def test_a_writer_in_another_process_is_waited_for(
    two: tuple[PostgresStore, PostgresStore],
) -> None:
    here, there = two
    assert not here.is_written
    with transaction(there.connection()):
        assert here.is_written
        assert here.wait_for_writer(0.05) == "another change"
        assert (
            here.connection().value("SELECT count(*) FROM practice") == 0
        )  # readers wait for none
    assert here.wait_for_writer(0.05) == ""


def test_one_of_two_processes_watches_a_folder_and_the_other_takes_over(
    two: tuple[PostgresStore, PostgresStore], tmp_path: Path, postgres_server: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    box = tmp_path / "box"
    box.mkdir()
    (box / "a.837").write_bytes(file_837(claim("A1")))
    over = Endless()
    first, second = (
        Watcher(store, box, "Northside", timezone="America/Chicago", quiet=0) for store in two
    )

    assert [first.look(over), second.look(over), first.look(over)] == [True, False, True]
    assert len(list(box.glob("done/*/a.837"))) == 1
    assert f"Another process watches {box}" in capsys.readouterr().out
    two[0].close()
    assert second.look(over)
    assert f"{box} is watched here from now on." in capsys.readouterr().out


def test_a_watched_file_waits_for_a_server_that_is_away(
    two: tuple[PostgresStore, PostgresStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "a.837").write_bytes(file_837(claim("A1")))
    watcher = Watcher(two[0], tmp_path / "box", "Northside", timezone="America/Chicago", quiet=0)
    over = Endless()
    watcher.look(over)

    def away(*_: object) -> None:
        raise psycopg.OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(PostgresStore, "borrow", away)
        assert not watcher.look(over)
    assert (tmp_path / "box" / "a.837").exists()
    assert watcher.look(over)
    assert not (tmp_path / "box" / "a.837").exists()


def test_a_process_starts_while_another_one_writes(
    two: tuple[PostgresStore, PostgresStore], new_schema: str
) -> None:
    """An index that is there already is not asked for again: that would lock its table."""
    here, _ = two
    with transaction(con := here.connection()):
        con.execute("UPDATE task SET title = '' WHERE id < 0")
        with psycopg.connect(new_schema, autocommit=True) as starting:
            starting.execute("SET lock_timeout = '100ms'")
            opening.finish(starting)


def test_an_index_that_is_missing_is_made_at_the_next_start(
    two: tuple[PostgresStore, PostgresStore], new_schema: str
) -> None:
    con = two[0].connection()
    asked = "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema()"
    before = con.value(asked)
    con.execute("DROP INDEX note_of_task")
    with psycopg.connect(new_schema, autocommit=True) as starting:
        opening.finish(starting)

    assert con.value(asked) == before


@in_postgres
def test_closing_waits_for_no_writer_longer_than_a_stop_may_take(
    store: Store, con: Connection
) -> None:
    begun, over = threading.Event(), threading.Event()

    def write() -> None:
        own = store.connection()
        with transaction(own):
            begun.set()
            over.wait(30)

    with ThreadPoolExecutor(1) as others:
        writing = others.submit(write)
        begun.wait(30)
        began = monotonic()
        store.close()
        took = monotonic() - began
        over.set()
        writing.exception(30)
    assert took < 4.5  # of ten seconds, with what else is waited for


@pytest.mark.slow
def test_whoever_clicks_while_the_server_is_away_hears_so_within_seconds(tmp_path: Path) -> None:
    with postgres.started() as server:
        if server is None:
            pytest.skip("PostgreSQL is not installed")
        store = PostgresStore(tmp_path / "data", postgres.new_database(server.address))
        server.stop(signal.SIGQUIT)
        took = []
        for _ in range(3):  # the first finds a dead connection, the others find none
            began = monotonic()
            with pytest.raises(DatabaseUnreachable, match="nothing of this was shown or saved"):
                store.connection()
            took.append(monotonic() - began)
        sleep(2)  # until the pool tries but every quarter of a minute
        server.start()

        assert max(took) < PATIENCE + 2
        assert store.connection().value("SELECT count(*) FROM person") == 0
        store.close()


@pytest.mark.parametrize(
    ("made", "example"),
    [
        ("CREATE TABLE writer (id INTEGER); CREATE VIEW accounts AS SELECT 1", "accounts"),
        ("CREATE TABLE schema_migration (version VARCHAR)", "schema_migration"),
        (
            "CREATE TABLE schema_migration (name VARCHAR, applied_at TIMESTAMP);"
            "INSERT INTO schema_migration VALUES ('0001_initial', now())",
            "schema_migration",
        ),
    ],
)
def test_a_database_that_holds_something_else_is_left_as_it_is(
    made: str, example: str, new_schema: str, tmp_path: Path
) -> None:
    with psycopg.connect(new_schema, autocommit=True) as raw:
        raw.execute(made.encode())
        before = raw.execute(opening._TABLES).fetchall()

        with pytest.raises(WrongDataFolder, match=f"something else .* a table {example}, for"):
            PostgresStore(tmp_path / "data", new_schema)

        assert raw.execute(opening._TABLES).fetchall() == before


def test_a_command_prints_its_own_sentence_alone_where_the_server_takes_no_more_connections(
    new_schema: str, tmp_path: Path
) -> None:
    who = f"limited_{new_schema[-8:]}"
    told = {"BILLING_TASKS_DATABASE": new_schema.replace("user=postgres", f"user={who}")}
    with psycopg.connect(new_schema, autocommit=True) as raw:
        schema = raw.execute("SELECT current_schema()").fetchall()[0][0]
        raw.execute(f"CREATE ROLE {who} LOGIN CONNECTION LIMIT 1".encode())
        raw.execute(f"GRANT ALL ON SCHEMA {schema} TO {who}".encode())
        try:
            done = run_command(tmp_path / "data", "practice", environment=told)
        finally:
            raw.execute(f"DROP OWNED BY {who}; DROP ROLE {who}".encode())

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{DatabaseUnreachable()}\n"


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_import_that_is_stopped_is_in_and_said_so_or_nothing_is_in(
    moment: str, postgres_server: str, empty_in_postgres: tuple[Path, str], tmp_path: Path
) -> None:
    file, mark, codes = tmp_path / "a.837", tmp_path / "mark", set()
    file.write_bytes(file_837(claim("A1")))
    for number in count(1):
        data = shutil.copytree(empty_in_postgres[0], tmp_path / f"data{number}")
        address = postgres.copy_of(postgres_server, empty_in_postgres[1])
        told = {"BILLING_TASKS_DATA": str(data), "BILLING_TASKS_DATABASE": address}
        done = subprocess.run(
            [sys.executable, "-m", "tests.stopped_at", mark, moment, str(number), "import",
             "--time-zone", "America/Denver", file],
            cwd=process_store.ROOT, env=os.environ | told, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        with psycopg.connect(address) as raw:
            held = raw.execute(
                "SELECT (SELECT count(*) FROM charge), (SELECT count(*) FROM practice),"
                "(SELECT count(*) FROM unfinished_import)"
            ).fetchall()
        postgres.drop_database(postgres_server, address)
        codes.add(done.returncode)
        if done.returncode:
            assert (done.stdout, done.stderr) == ("", "Stopped: nothing was brought in.\n")
            assert held == [(0, 0, 0)]
        else:
            assert (done.stderr, held) == ("", [(1, 1, 0)])
            assert "in       a.837 (837P): 1 new charge" in done.stdout
        if not mark.exists():
            break
        mark.unlink()
    assert codes == {0, 143}
