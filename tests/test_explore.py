"""Questions on the copy: answered, refused in a sentence, stopped, and no burden to others."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lib.errors import NoSuchPractice, NotAllowed, NothingWritten
from lib.snapshot import explore
from lib.snapshot.explore import EXAMPLES, Found, Refused
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import add_task_of_charge

pytestmark = pytest.mark.slow  # each question is asked in a process of its own
PATIENCE = 60


@pytest.fixture
def file(con: Connection, cast: Cast) -> Path:
    for _ in range(3):
        add_task_of_charge(con, cast.practice)
    return explore.copy_of(con, (cast.practice,), actor=cast.alan, now=NOON)


def asked(file: Path, query: str) -> Found:
    running = explore.ask(file, query, now=datetime.now(UTC))
    deadline = time.monotonic() + PATIENCE
    while not running.is_done(datetime.now(UTC)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return running.result()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_answered(file: Path, name: str) -> None:
    assert asked(file, EXAMPLES[name]).names


def test_a_question_is_answered_from_the_copy(file: Path) -> None:
    found = asked(file, "SELECT count(*) AS n, sum(amount) AS total FROM task")

    assert found == Found(("n", "total"), ((3, 720.0),), False)


@pytest.mark.cases(5)
@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("COPY task TO '/tmp/out.csv'", "Only questions"),
        ("ATTACH '/tmp/other.duckdb'", "Only questions"),
        ("INSERT INTO task SELECT * FROM task", "Only questions"),
        ("SET memory_limit = '8GB'", "Only questions"),
        ("INSTALL httpfs", "Only questions"),
        ("PRAGMA database_list", "one statement|Only questions"),
        ("SELECT * FROM read_csv('/etc/passwd')", "Nothing outside"),
        ("SELECT * FROM '/etc/passwd'", "Nothing outside|does not exist"),
        ("SELECT * FROM read_text('/etc/passwd')", "Nothing outside"),
        ("SELECT * FROM glob('/etc/*')", "Nothing outside"),
        ("SELECT * FROM parquet_scan('/tmp/x.parquet')", "Nothing outside"),
        ("SELECT * FROM read_json('/etc/hostname')", "Nothing outside"),
        ("SELECT * FROM sniff_csv('/etc/passwd')", "Nothing outside"),
        ("LOAD httpfs", "Only questions"),
        ("EXPORT DATABASE '/tmp/copy'", "Only questions"),
        ("CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')", "Only questions"),
        ("CALL pragma_version()", "Only questions"),
        ("RESET memory_limit", "Only questions"),
        ("CREATE TABLE mine AS SELECT 1", "Only questions"),
        ("EXPLAIN ANALYZE COPY task TO '/tmp/out.csv'", "Only questions|Nothing outside|read-only"),
        ("SELECT getenv('PATH')", "getenv|Nothing outside"),
        ("SELECT * FROM duckdb_secrets()", "Nothing outside|secret"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("SELECT nothing FROM task", "not found"),
        ("SELEC 1", "syntax error"),
        ("SELECT list(range) FROM range(400000000)", "memory|Stopped"),
    ],
)
def test_what_reaches_outside_or_for_too_much_is_refused_in_a_sentence(
    file: Path, query: str, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        asked(file, query)


@pytest.mark.cases(2)
@pytest.mark.parametrize(
    "query",
    [
        "SELECT repeat('x', 1000000000) AS long",
        "SELECT string_agg(repeat('x', 100000), '') FROM range(100000)",
        "SELECT repeat('x', 100000) AS long FROM range(10000)",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
    ],
)
def test_what_grows_without_end_is_refused_or_stopped(file: Path, query: str) -> None:
    began = datetime.now(UTC)
    running = explore.ask(file, query, now=began)
    deadline = time.monotonic() + 5
    while not running.is_done(began) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert running.is_done(began + timedelta(seconds=explore.LONGEST + 1))
    with pytest.raises(Refused, match=r"memory|too large|Stopped|limit"):
        running.result()


def test_a_cross_join_of_millions_is_stopped(file: Path) -> None:
    query = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range <> b.range + 1"
    running = explore.ask(file, query, now=NOON)
    assert not running.is_done(NOON + timedelta(seconds=1))

    assert running.is_done(NOON + timedelta(seconds=explore.LONGEST + 1))

    with pytest.raises(Refused, match="Stopped: a question may take 60 seconds in all"):
        running.result()


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="Linux has this class of processes")
def test_a_question_runs_only_while_nobody_else_wants_the_processor(file: Path) -> None:
    query = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range <> b.range + 1"
    running = explore.ask(file, query, now=NOON)
    process, deadline = running.process.pid, time.monotonic() + PATIENCE
    while os.sched_getscheduler(process) != os.SCHED_IDLE and time.monotonic() < deadline:
        time.sleep(0.05)

    assert os.sched_getscheduler(process) == os.SCHED_IDLE
    assert os.getpriority(os.PRIO_PROCESS, process) == 19
    running.stop()
    running.output.close()


def test_somebody_stops_their_own_question(file: Path) -> None:
    query = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range <> b.range + 1"
    running = explore.ask(file, query, now=NOON)

    running.stop()

    assert running.is_done(NOON)
    with pytest.raises(Refused, match="Stopped: as you asked"):
        running.result()


def test_more_rows_than_can_be_shown_are_cut_and_said_so(file: Path) -> None:
    found = asked(file, "SELECT range FROM range(20000)")

    assert (len(found.rows), found.is_cut) == (10_000, True)


def test_only_analysts_and_managers_of_a_practice_ask(con: Connection, cast: Cast) -> None:
    for actor in (cast.ben, cast.dora):
        with pytest.raises(NotAllowed):
            explore.copy_of(con, (cast.practice,), actor=actor, now=NOON)
    with pytest.raises(NoSuchPractice):
        explore.copy_of(con, (cast.practice,), actor=cast.carla, now=NOON)


def test_a_question_is_kept_by_name_and_for_its_author(con: Connection, cast: Cast) -> None:
    explore.save(con, " By  type ", "SELECT 1", actor=cast.alan, now=NOON)
    explore.save(con, "By type", "SELECT 2", actor=cast.alan, now=NOON)

    assert [(q.name, q.query) for q in explore.saved(con, actor=cast.alan)] == [
        ("By type", "SELECT 2")
    ]
    assert explore.saved(con, actor=cast.ana) == []
    with pytest.raises(NothingWritten):
        explore.save(con, " ", "SELECT 1", actor=cast.alan, now=NOON)


def test_a_saved_question_is_opened_by_its_link_within_its_practice(
    con: Connection, cast: Cast
) -> None:
    explore.save(con, "By type", "SELECT 1", actor=cast.alan, now=NOON)
    [kept] = explore.saved(con, actor=cast.alan)

    for actor in (cast.alan, cast.ana):
        assert explore.shared(con, kept.id, actor=actor) == kept
    for actor in (cast.carla, cast.ben):
        assert explore.shared(con, kept.id, actor=actor) is None
    assert explore.shared(con, kept.id + 1, actor=cast.alan) is None
