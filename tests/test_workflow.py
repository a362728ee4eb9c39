from __future__ import annotations

import threading
from collections import Counter

import pytest

from lib import accounts, drafts, history, notes, people, tasks, workflow
from lib.errors import (
    AlreadyAssigned,
    AlreadyCompleted,
    AssignmentChanged,
    BillingError,
    NoSuchTask,
    NotAllowed,
    StartNotUndone,
    WrongInput,
)
from lib.models import Role, Status, Turn
from lib.store.database import Connection, Store
from tests.conftest import NOON, Cast
from tests.given import add_task, minutes, story

pytestmark = pytest.mark.stores


def test_starting_takes_the_task_and_begins_it(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)

    workflow.start(con, task_id, actor=cast.ana, now=minutes(1))

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.status, task.assignee_name) == (Status.IN_PROGRESS, "Ana")
    assert task.started_at == minutes(1)
    assert story(con, task_id) == [
        ("assigned", "Assignee", None, "Ana", None, "Ana"),
        ("started", "Status", "Open", "In progress", None, "Ana"),
    ]


def test_two_people_starting_the_same_task_leaves_it_with_the_first(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)

    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    with pytest.raises(AlreadyAssigned, match="Ana is already working on this task"):
        workflow.start(con, task_id, actor=cast.ben, now=minutes(1))

    assert tasks.get(con, task_id, actor=cast.ben).assignee_name == "Ana"
    assert len(story(con, task_id)) == 2


def test_starting_ones_own_started_task_again_changes_nothing(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    before = tasks.get(con, task_id, actor=cast.ana), story(con, task_id)

    workflow.start(con, task_id, actor=cast.ana, now=minutes(5))

    assert (tasks.get(con, task_id, actor=cast.ana), story(con, task_id)) == before


def test_a_task_that_was_assigned_to_me_is_begun_by_me_only(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.assign(con, task_id, to=cast.ben.id, seen=None, actor=cast.ana, now=NOON)

    with pytest.raises(AlreadyAssigned, match="Ben"):
        workflow.start(con, task_id, actor=cast.ana, now=NOON)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)

    assert tasks.get(con, task_id, actor=cast.ben).status is Status.IN_PROGRESS
    assert [line[0] for line in story(con, task_id)] == ["assigned", "started"]


def test_ten_threads_start_one_task_and_exactly_one_wins(store: Store, cast: Cast) -> None:
    con = store.connection()
    task_id = add_task(con, cast.practice)
    crowd = []
    for n in range(10):
        roles = {cast.practice: Role.STAFF}
        found = people.person(
            con, people.add_person(con, f"P{n}", f"{n}@x.org", roles, is_sample=True, now=NOON)
        )
        assert found is not None
        crowd.append(found)
    gate = threading.Barrier(10)
    won: list[str] = []
    told: list[str] = []
    bugs: list[BaseException] = []

    def press(place: int) -> None:
        own = store.connection()
        gate.wait()
        try:
            workflow.start(own, task_id, actor=crowd[place], now=NOON)
            won.append(crowd[place].name)
        except AlreadyAssigned as problem:
            told.append(str(problem))
        except BaseException as problem:
            bugs.append(problem)

    threads = [threading.Thread(target=press, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert bugs == []
    (winner,) = won
    assert told == [f"{winner} is already working on this task."] * 9
    assert tasks.get(con, task_id, actor=cast.ana).assignee_name == winner
    assert story(con, task_id) == [
        ("assigned", "Assignee", None, winner, None, winner),
        ("started", "Status", "Open", "In progress", None, winner),
    ]


def test_assigning_gives_the_task_to_somebody_and_leaves_it_open(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)

    workflow.assign(con, task_id, to=cast.ben.id, seen=None, actor=cast.ana, now=NOON)

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.status, task.assignee_id, task.started_at) == (Status.OPEN, cast.ben.id, None)
    assert story(con, task_id) == [("assigned", "Assignee", None, "Ben", None, "Ana")]


def test_nothing_is_assigned_to_who_was_deactivated(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    accounts.deactivate(con, cast.ben.id, actor=None, now=NOON)

    with pytest.raises(WrongInput, match="Choose somebody of this practice"):
        workflow.assign(con, task_id, to=cast.ben.id, seen=None, actor=cast.ana, now=NOON)


def test_reassigning_says_who_had_it(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)

    workflow.assign(con, task_id, to=cast.ana.id, seen=cast.ben.id, actor=cast.ana, now=NOON)

    assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS
    assert story(con, task_id)[-1] == ("assigned", "Assignee", "Ben", "Ana", None, "Ana")


def test_assigning_to_who_has_it_already_writes_nothing(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    before = tasks.get(con, task_id, actor=cast.ana), story(con, task_id)

    workflow.assign(con, task_id, to=cast.ben.id, seen=cast.ben.id, actor=cast.ana, now=NOON)

    assert (tasks.get(con, task_id, actor=cast.ana), story(con, task_id)) == before


@pytest.mark.parametrize("seen", [None, 999])
def test_an_assignment_by_somebody_quicker_is_not_overwritten(
    con: Connection, cast: Cast, seen: int | None
) -> None:
    task_id = add_task(con, cast.practice)
    workflow.assign(con, task_id, to=cast.ben.id, seen=None, actor=cast.ben, now=NOON)

    with pytest.raises(AssignmentChanged, match="It is now assigned to Ben"):
        workflow.assign(con, task_id, to=cast.ana.id, seen=seen, actor=cast.ana, now=NOON)

    assert tasks.get(con, task_id, actor=cast.ana).assignee_id == cast.ben.id


def test_of_two_who_assign_at_once_one_is_told_what_the_other_did(store: Store, cast: Cast) -> None:
    con = store.connection()
    task_ids = [add_task(con, cast.practice) for _ in range(5)]
    outcome: Counter[str] = Counter()
    gate = threading.Barrier(2)

    def assign(to: int) -> None:
        own = store.connection()
        for task_id in task_ids:
            gate.wait()
            try:
                workflow.assign(own, task_id, to=to, seen=None, actor=cast.ana, now=NOON)
                outcome["done"] += 1
            except BillingError as problem:
                outcome[type(problem).__name__] += 1

    threads = [threading.Thread(target=assign, args=(to.id,)) for to in (cast.ana, cast.ben)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcome == {"done": 5, "AssignmentChanged": 5}
    assert [len(story(con, task_id)) for task_id in task_ids] == [1] * 5


def test_only_people_who_work_on_tasks_of_this_practice_can_be_given_one(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)

    for who in (cast.dora.id, cast.alan.id, cast.carla.id, 999):
        with pytest.raises(WrongInput, match="Choose somebody of this practice"):
            workflow.assign(con, task_id, to=who, seen=None, actor=cast.ana, now=NOON)

    assert tasks.get(con, task_id, actor=cast.ana).assignee_id is None


def test_a_completed_task_is_neither_started_nor_assigned(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    workflow.complete(con, task_id, note="Done.", token="t", actor=cast.ana, now=NOON)

    with pytest.raises(AlreadyCompleted, match="Ana has completed this task"):
        workflow.start(con, task_id, actor=cast.ben, now=NOON)
    with pytest.raises(AlreadyCompleted, match="Ana has completed this task"):
        workflow.assign(con, task_id, to=cast.ben.id, seen=cast.ana.id, actor=cast.ben, now=NOON)


def test_billers_and_analysts_neither_start_nor_assign(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)

    for actor, work, assign in (
        (cast.dora, "cannot work on tasks", "cannot assign tasks"),
        (cast.alan, "cannot see patients", "cannot see patients"),
    ):
        with pytest.raises(NotAllowed, match=work):
            workflow.start(con, task_id, actor=actor, now=NOON)
        with pytest.raises(NotAllowed, match=assign):
            workflow.assign(con, task_id, to=cast.ana.id, seen=None, actor=actor, now=NOON)


def test_another_practice_cannot_touch_the_task(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)

    with pytest.raises(NoSuchTask):
        workflow.start(con, task_id, actor=cast.carla, now=NOON)
    with pytest.raises(NoSuchTask):
        workflow.assign(con, task_id, to=cast.carla.id, seen=None, actor=cast.carla, now=NOON)

    assert story(con, task_id) == []


def test_a_task_that_is_only_assigned_is_taken_over_and_the_history_says_so(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)
    workflow.assign(con, task_id, to=cast.ben.id, seen=None, actor=cast.ben, now=NOON)

    workflow.take_over(con, task_id, seen=cast.ben.id, actor=cast.ana, now=minutes(1))

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.assignee_id, task.status) == (cast.ana.id, Status.IN_PROGRESS)
    told = [(e.kind, e.old, e.new, e.detail) for e in history.of_task(con, task_id, actor=cast.ana)]
    assert ("assigned", cast.ben.name, cast.ana.name, "Taken over") in told


def test_a_task_that_somebody_was_seen_to_work_on_is_taken_over_and_stays_in_progress(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)

    workflow.take_over(
        con, task_id, seen=cast.ben.id, seen_started=True, actor=cast.ana, now=minutes(1)
    )

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.assignee_id, task.status) == (cast.ana.id, Status.IN_PROGRESS)
    assert task.started_at == NOON
    [told, *_] = history.of_task(con, task_id, actor=cast.ana)
    assert (told.old, told.new, told.detail) == ("Ben", "Ana", "Taken over")


def test_a_task_that_somebody_has_begun_meanwhile_is_not_taken_over(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)

    with pytest.raises(AlreadyAssigned):
        workflow.take_over(con, task_id, seen=cast.ben.id, actor=cast.ana, now=NOON)
    with pytest.raises(AssignmentChanged):
        workflow.take_over(con, task_id, seen=None, actor=cast.ana, now=NOON)


def test_a_task_goes_to_nobody_and_is_open_again(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)

    workflow.assign(
        con, task_id, to=None, seen=cast.ben.id, comment="Away next week.", actor=cast.ana,
        now=minutes(1),
    )  # fmt: skip

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.assignee_id, task.status) == (None, Status.OPEN)
    assert [n.text for n in notes.notes(con, task_id, actor=cast.ana)] == ["Away next week."]


def test_a_start_is_undone_while_nothing_was_changed(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)

    workflow.undo_start(con, task_id, actor=cast.ana, now=minutes(1))

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.assignee_id, task.status, task.started_at) == (None, Status.OPEN, None)


def test_a_take_over_that_is_undone_gives_the_task_back(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.assign(con, task_id, to=cast.ben.id, seen=None, actor=cast.ben, now=NOON)
    workflow.take_over(con, task_id, seen=cast.ben.id, actor=cast.ana, now=minutes(1))

    workflow.undo_start(con, task_id, actor=cast.ana, now=minutes(2))

    assert tasks.get(con, task_id, actor=cast.ana).assignee_id == cast.ben.id


def test_a_start_is_not_undone_once_something_was_said_or_typed(
    con: Connection, cast: Cast
) -> None:
    asked, typed = add_task(con, cast.practice), add_task(con, cast.practice)
    for task_id in (asked, typed):
        workflow.start(con, task_id, actor=cast.ana, now=NOON)
    notes.ask(con, asked, "Why?", token="t", actor=cast.ana, now=minutes(1))
    drafts.keep(con, typed, {"n": "1"}, actor=cast.ana, now=minutes(1))

    for task_id, actor in ((asked, cast.ana), (typed, cast.ana), (typed, cast.ben)):
        with pytest.raises(StartNotUndone):
            workflow.undo_start(con, task_id, actor=actor, now=minutes(2))


def test_a_comment_changes_neither_turn_nor_assignee(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)

    for _ in range(2):
        notes.comment(con, task_id, "For you.", token="t", actor=cast.ana, now=NOON)

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.assignee_id, task.turn) == (None, Turn.PRACTICE)
    assert [n.text for n in notes.notes(con, task_id, actor=cast.ana)] == ["For you."]
    with pytest.raises(NoSuchTask):
        notes.comment(con, task_id, "x", token="u", actor=cast.carla, now=NOON)
