from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from lib import drafts, workflow
from lib.drafts import Form
from lib.errors import AlreadyCompleted, NoSuchTask, NotAllowed, NotYourTask
from lib.store.database import Connection, Store
from lib.store.duckdb.store import DuckDBStore
from lib.store.migrations import SCHEMA
from tests.conftest import NOON, Cast, opened_again
from tests.given import add_task, minutes

TYPED = {"member_id": "“W”", "lines": [{"units": "1"}], "version": 3}


def started(con: Connection, cast: Cast) -> int:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    return task_id


def test_what_was_typed_is_there_again(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    assert drafts.find(con, task_id, actor=cast.ana) is None

    drafts.keep(con, task_id, TYPED, actor=cast.ana, now=NOON)

    assert drafts.find(con, task_id, actor=cast.ana) == TYPED


def test_the_last_thing_typed_counts(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    drafts.keep(con, task_id, TYPED, actor=cast.ana, now=NOON)

    drafts.keep(con, task_id, {"member_id": "2"}, actor=cast.ana, now=minutes(1))

    assert drafts.find(con, task_id, actor=cast.ana) == {"member_id": "2"}
    assert con.rows("SELECT saved_at FROM draft") == [(minutes(1).replace(tzinfo=None),)]


def test_a_draft_survives_a_restart(store: Store, cast: Cast) -> None:
    con = store.connection()
    task_id = started(con, cast)
    drafts.keep(con, task_id, TYPED, actor=cast.ana, now=NOON)
    store.close()

    again = opened_again(store)

    assert drafts.find(again.connection(), task_id, actor=cast.ana) == TYPED
    again.close()


def test_a_draft_is_seen_by_who_typed_it_only(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    drafts.keep(con, task_id, TYPED, actor=cast.ana, now=NOON)

    assert drafts.find(con, task_id, actor=cast.ben) is None
    assert drafts.find(con, started(con, cast), actor=cast.ana) is None
    with pytest.raises(NoSuchTask):
        drafts.find(con, task_id, actor=cast.carla)


def test_a_draft_is_kept_by_who_has_the_task_only(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)

    for actor, problem in (
        (cast.ben, NotYourTask), (cast.dora, NotAllowed), (cast.carla, NoSuchTask),
    ):  # fmt: skip
        with pytest.raises(problem):
            drafts.keep(con, task_id, TYPED, actor=actor, now=NOON)

    assert con.rows("SELECT * FROM draft") == []


def test_completing_ends_the_drafts_of_who_completes_and_nobody_elses(
    con: Connection, cast: Cast
) -> None:
    task_id, other = started(con, cast), started(con, cast)
    drafts.keep(con, other, TYPED, actor=cast.ana, now=NOON)
    drafts.keep(con, task_id, TYPED, actor=cast.ana, now=NOON)
    workflow.assign(con, task_id, to=cast.ben.id, seen=cast.ana.id, actor=cast.ana, now=NOON)
    drafts.keep(con, task_id, {"by": "ben"}, actor=cast.ben, now=NOON)
    drafts.keep(con, task_id, {"by": "ben"}, writer="tab 2", actor=cast.ben, now=NOON)

    workflow.complete(con, task_id, note="Done.", token="t", actor=cast.ben, now=NOON)

    assert con.rows("SELECT person_id, task_id FROM draft ORDER BY task_id") == [
        (cast.ana.id, task_id),
        (cast.ana.id, other),
    ]
    with pytest.raises(AlreadyCompleted):
        drafts.keep(con, task_id, TYPED, actor=cast.ben, now=NOON)


def test_what_was_typed_until_somebody_took_the_task_over_is_kept(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    workflow.assign(con, task_id, to=cast.ben.id, seen=cast.ana.id, actor=cast.ben, now=NOON)

    drafts.keep(con, task_id, TYPED, actor=cast.ana, now=NOON)
    workflow.complete(con, task_id, note="Done.", token="t", actor=cast.ben, now=NOON)
    drafts.keep(con, task_id, {"member_id": "later"}, actor=cast.ana, now=minutes(1))

    assert drafts.find(con, task_id, actor=cast.ana) == {"member_id": "later"}


def test_two_tabs_of_one_person_keep_a_draft_each(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    drafts.keep(con, task_id, {"n": "1"}, writer="a", actor=cast.ana, now=NOON)
    [seen] = drafts.kept(con, task_id, actor=cast.ana)

    drafts.keep(con, task_id, {"n": "2"}, writer="b", seen=seen, actor=cast.ana, now=minutes(1))
    assert [(d.writer, d.content) for d in drafts.kept(con, task_id, actor=cast.ana)] == [
        ("b", {"n": "2"})
    ]
    drafts.keep(con, task_id, {"n": "3"}, writer="a", actor=cast.ana, now=minutes(2))
    drafts.keep(con, task_id, {"n": "4"}, writer="b", seen=seen, actor=cast.ana, now=minutes(3))

    assert [(d.writer, d.content) for d in drafts.kept(con, task_id, actor=cast.ana)] == [
        ("b", {"n": "4"}),
        ("a", {"n": "3"}),
    ]


def test_a_draft_taken_up_is_not_taken_from_a_tab_that_typed_on(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    drafts.keep(con, task_id, {"n": "1"}, writer="a", actor=cast.ana, now=NOON)
    [seen] = drafts.kept(con, task_id, actor=cast.ana)
    drafts.keep(con, task_id, {"n": "2"}, writer="a", actor=cast.ana, now=minutes(1))

    drafts.keep(con, task_id, {"n": "3"}, writer="b", seen=seen, actor=cast.ana, now=minutes(2))

    assert [d.content for d in drafts.kept(con, task_id, actor=cast.ana)] == [
        {"n": "3"},
        {"n": "2"},
    ]


def test_each_form_of_a_task_has_its_own_draft(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)

    for actor, form in (
        (cast.ana, Form.QUESTION), (cast.ana, Form.REASON), (cast.dora, Form.ANSWER),
        (cast.dora, Form.BILLER),
    ):  # fmt: skip
        drafts.keep(con, task_id, {"text": form}, form=form, actor=actor, now=NOON)

    assert drafts.find(con, task_id, form=Form.QUESTION, actor=cast.ana) == {"text": "question"}
    assert drafts.find(con, task_id, form=Form.ANSWER, actor=cast.dora) == {"text": "answer"}
    assert drafts.find(con, task_id, form=Form.ANSWER, actor=cast.ana) is None
    with pytest.raises(NoSuchTask):
        drafts.keep(con, task_id, {}, form=Form.QUESTION, actor=cast.carla, now=NOON)


def test_drafts_of_an_older_folder_are_there_after_the_change_of_their_table(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    with duckdb.connect(str(folder / "billing.duckdb")) as old:
        old.execute(
            "CREATE TABLE schema_migration (name VARCHAR PRIMARY KEY, applied_at TIMESTAMP)"
        )
        for file in sorted(SCHEMA.glob("00*.sql")):
            old.execute(file.read_text(encoding="utf-8"))
            old.execute("INSERT INTO schema_migration VALUES ($name, now())", {"name": file.name})
        old.execute("INSERT INTO draft VALUES (1, 2, 3, '{\"n\": \"1\"}', '2025-01-13 12:00')")

    store = DuckDBStore(folder)

    assert store.connection().rows("SELECT * FROM draft") == [
        (1, 2, 3, "charge", "first", '{"n": "1"}', datetime(2025, 1, 13, 12))
    ]
    store.close()


def test_dropping_forgets_ones_own_draft_only(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    drafts.keep(con, task_id, TYPED, actor=cast.ana, now=NOON)

    drafts.drop(con, task_id, actor=cast.ben)
    assert drafts.find(con, task_id, actor=cast.ana) == TYPED
    drafts.drop(con, task_id, actor=cast.ana)
    drafts.drop(con, task_id, actor=cast.ana)

    assert drafts.find(con, task_id, actor=cast.ana) is None
