from __future__ import annotations

from pathlib import Path

import pytest

from lib import drafts, workflow
from lib.errors import AlreadyCompleted, NoSuchTask, NotAllowed, NotYourTask
from lib.store.database import Connection, Store
from tests.conftest import NOON, Cast
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


def test_a_draft_survives_a_restart(tmp_path: Path, store: Store, cast: Cast) -> None:
    con = store.connection()
    task_id = started(con, cast)
    drafts.keep(con, task_id, TYPED, actor=cast.ana, now=NOON)
    store.close()

    again = Store(tmp_path / "data")

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


def test_completing_ends_everybodys_drafts_of_the_task(con: Connection, cast: Cast) -> None:
    task_id, other = started(con, cast), started(con, cast)
    drafts.keep(con, task_id, TYPED, actor=cast.ana, now=NOON)
    drafts.keep(con, other, TYPED, actor=cast.ana, now=NOON)
    workflow.assign(con, task_id, to=cast.ben.id, seen=cast.ana.id, actor=cast.ana, now=NOON)
    drafts.keep(con, task_id, TYPED, actor=cast.ben, now=NOON)

    workflow.complete(con, task_id, note="Done.", token="t", actor=cast.ben, now=NOON)

    assert con.rows("SELECT task_id FROM draft") == [(other,)]
    with pytest.raises(AlreadyCompleted):
        drafts.keep(con, task_id, TYPED, actor=cast.ben, now=NOON)


def test_dropping_forgets_ones_own_draft_only(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    drafts.keep(con, task_id, TYPED, actor=cast.ana, now=NOON)

    drafts.drop(con, task_id, actor=cast.ben)
    assert drafts.find(con, task_id, actor=cast.ana) == TYPED
    drafts.drop(con, task_id, actor=cast.ana)
    drafts.drop(con, task_id, actor=cast.ana)

    assert drafts.find(con, task_id, actor=cast.ana) is None
