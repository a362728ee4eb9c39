"""What happened since a page was drawn, and the address at which pages ask for it."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.requests import Request

from lib import changes_since, charges, notes, sessions, workflow
from lib.errors import NoSuchTask
from lib.models import Person
from lib.store.database import Connection, transaction
from lib.web.change_polling import send_news
from tests.conftest import NOON, Cast
from tests.given import add_charge, add_task, add_task_of_charge

NOW = datetime.now(UTC)


def test_what_others_do_is_news_for_their_practice_only(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    before = changes_since.latest(con, actor=cast.ana), changes_since.latest(con, actor=cast.carla)

    workflow.start(con, task_id, actor=cast.ben, now=NOON)

    assert changes_since.latest(con, actor=cast.ana) > before[0]
    assert changes_since.latest(con, actor=cast.carla) == before[1]


def test_a_draft_is_no_news(con: Connection, cast: Cast) -> None:
    before = changes_since.latest(con, actor=cast.ana)

    with transaction(con, invalidates_cache=False):
        con.execute("DELETE FROM draft")

    assert changes_since.latest(con, actor=cast.ana) == before


def test_who_changed_a_task_is_said_once_it_was_changed(con: Connection, cast: Cast) -> None:
    task_id, other = add_task(con, cast.practice), add_task(con, cast.practice)
    seen = changes_since.latest_of_task(con, task_id, actor=cast.ana)
    workflow.start(con, other, actor=cast.ben, now=NOON)
    assert changes_since.who_changed(con, task_id, seen=seen, actor=cast.ana) == ""

    workflow.start(con, task_id, actor=cast.ben, now=NOON)

    assert (
        changes_since.who_changed(con, task_id, seen=seen, actor=cast.ana)
        == "Ben changed this task."
    )
    assert (
        changes_since.who_changed(con, task_id, seen=seen, actor=cast.ben)
        == "You changed this task in another tab."
    )
    seen = changes_since.latest_of_task(con, task_id, actor=cast.ana)
    assert changes_since.who_changed(con, task_id, seen=seen, actor=cast.ana) == ""


def test_a_charge_that_is_saved_on_another_task_is_news_of_this_one(
    con: Connection, cast: Cast
) -> None:
    charge_id = add_charge(con, cast.practice)
    first = add_task_of_charge(con, cast.practice, charge_id=charge_id)
    second = add_task_of_charge(con, cast.practice, charge_id=charge_id)
    seen = changes_since.latest_of_task(con, first, actor=cast.ana)
    workflow.start(con, second, actor=cast.ben, now=NOON)
    assert changes_since.latest_of_task(con, first, actor=cast.ana) == seen
    opened = charges.get(con, charge_id, actor=cast.ben)

    charges.save(
        con, second, replace(opened, location="Annex"), opened=opened, note="", token="t",
        actor=cast.ben, now=NOON,
    )  # fmt: skip

    assert (
        changes_since.who_changed(con, first, seen=seen, actor=cast.ana) == "Ben changed this task."
    )


def test_another_practices_task_is_no_task(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)

    with pytest.raises(NoSuchTask):
        changes_since.latest_of_task(con, task_id, actor=cast.carla)
    with pytest.raises(NoSuchTask):
        changes_since.who_changed(con, task_id, seen=0, actor=cast.carla)


def asked(query: str, token: str | None) -> tuple[int, dict[str, Any]]:
    """Return what the address answers: its status, and what it says."""
    cookie = [(b"cookie", f"{sessions.COOKIE}={token}".encode())] if token else []
    scope = {"type": "http", "method": "GET", "path": "/news", "headers": cookie,
             "query_string": query.encode()}  # fmt: skip
    with ThreadPoolExecutor(1) as thread:  # a browser's loop may run in this one
        answer = thread.submit(asyncio.run, send_news(Request(scope))).result()
    return answer.status_code, json.loads(bytes(answer.body) or b"{}")


def signed_in(con: Connection, person: Person) -> str:
    return sessions.sign_in(con, person.id, now=NOW)


@pytest.mark.usefixtures("served")
def test_a_page_is_told_of_its_own_practice_and_task(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    ana, carla = signed_in(con, cast.ana), signed_in(con, cast.carla)
    notes.ask(con, task_id, "Which code?", token="q", actor=cast.ben, now=NOON)

    status, said = asked(f"task={task_id}&seen=0", ana)

    assert (status, said["sentence"]) == (200, "Ben changed this task.")
    assert said["of"] == task_id
    assert said["task"] == said["latest"] == changes_since.latest(con, actor=cast.ana)
    assert asked(f"task={task_id}&seen=0", carla) == (200, {"latest": 0})
    assert asked("task=99999999999999999999&seen=-1", ana)[1] == {"latest": said["latest"]}


@pytest.mark.usefixtures("served")
def test_nobody_is_told_anything_without_a_session(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)

    for token in (None, "", "made-up"):
        assert asked(f"task={task_id}", token) == (204, {})


@pytest.mark.usefixtures("served")
def test_asking_keeps_no_session_alive(con: Connection, cast: Cast) -> None:
    token = sessions.sign_in(con, cast.ana.id, now=NOW - sessions.TOUCH * 3)
    before = con.rows("SELECT last_used_at FROM session")

    assert asked("", token)[0] == 200

    assert con.rows("SELECT last_used_at FROM session") == before
