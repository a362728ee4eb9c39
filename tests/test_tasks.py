from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from lib import charges, notes, queue, tasks, workflow
from lib.errors import (
    AlreadyCompleted,
    NoSuchCharge,
    NoSuchTask,
    NotAllowed,
    NotCompleted,
    NothingWritten,
    NotYourTask,
    WrongInput,
)
from lib.models import Channel, Person, Status, TaskFilter, TaskType, Turn
from lib.store.database import Connection
from lib.store.search_match import words
from tests.conftest import NOON, Cast
from tests.given import (
    add_charge,
    add_patient,
    add_task,
    add_task_of_charge,
    add_tasks,
    minutes,
    story,
)

DONE = {"status": Status.COMPLETED, "completed_at": minutes(30)}


def find(con: Connection, actor: Person, **wanted: Any) -> list[str]:
    return [row.title for row in queue.find(con, TaskFilter(**wanted), actor=actor).rows]


@pytest.fixture
def five_tasks(con: Connection, cast: Cast) -> None:
    """Five tasks of Northside, each with something of its own, and one of Southside."""
    add_tasks(
        con,
        cast.practice,
        [
            {"title": "a", "type": TaskType.CODING, "amount": Decimal("10.00"), "payer_name": "P"},
            {"title": "b", "type": TaskType.DOCUMENTS, "assignee_id": cast.ana.id,
             "status": Status.IN_PROGRESS, "provider_name": "D", "is_answered": True},
            {"title": "c", "amount": Decimal("20.00"), "created_at": minutes(10),
             "turn": Turn.BILLER},
            {"title": "d", "amount": Decimal("30.00"), "assignee_id": cast.ben.id, **DONE},
            {"title": "e", "created_at": minutes(20), "assignee_id": cast.ana.id, **DONE,
             "completed_at": minutes(40)},
        ],
    )  # fmt: skip
    add_task(con, cast.other_practice, title="x", amount=Decimal("99.00"))


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "abcde"),
    ({"statuses": (Status.OPEN,)}, "ac"),
    ({"statuses": (Status.IN_PROGRESS,)}, "b"),
    ({"statuses": (Status.OPEN, Status.IN_PROGRESS)}, "abc"),
    ({"statuses": (Status.COMPLETED,)}, "de"),
    ({"statuses": (Status.OPEN, Status.COMPLETED)}, "acde"),
    ({"statuses": tuple(Status)}, "abcde"),
    ({"types": (TaskType.DOCUMENTS,)}, "b"),
    ({"types": (TaskType.DOCUMENTS, TaskType.CODING)}, "abcde"),
    ({"types": (TaskType.PROVIDER,)}, ""),
    ({"unassigned": True}, "ac"),
    ({"turn": Turn.BILLER}, "c"),
    ({"turn": Turn.PRACTICE}, "abde"),
    ({"answered": True}, "b"),
    ({"payer": "P"}, "a"),
    ({"payer": "p"}, ""),
    ({"provider": "D"}, "b"),
    ({"created_from": minutes(10)}, "ce"),
    ({"created_before": minutes(10)}, "abd"),
    ({"created_from": NOON, "created_before": minutes(20)}, "abcd"),
    ({"completed_from": minutes(30)}, "de"),
    ({"completed_before": minutes(40)}, "d"),
    ({"pending_at": NOON}, ""),
    ({"pending_at": minutes(1)}, "abd"),
    ({"pending_at": minutes(30)}, "abcde"),
    ({"pending_at": minutes(31)}, "abce"),
    ({"pending_at": minutes(41)}, "abc"),
    ({"amount_from": Decimal("20.00")}, "cd"),
    ({"amount_to": Decimal("20.00")}, "ac"),
    ({"amount_from": Decimal("10.01"), "amount_to": Decimal("29.99")}, "c"),
    ({"words": ("c",), "statuses": (Status.OPEN,)}, "c"),
]


@pytest.mark.usefixtures("five_tasks")
def test_each_filter_lets_through_what_it_says(con: Connection, cast: Cast) -> None:
    for wanted, titles in FILTERS:
        assert (wanted, find(con, cast.ana, **wanted)) == (wanted, list(titles))


@pytest.mark.usefixtures("five_tasks")
def test_the_list_can_be_that_of_one_person(con: Connection, cast: Cast) -> None:
    assert find(con, cast.ben, assignee_id=cast.ana.id) == ["b", "e"]
    assert find(con, cast.ben, assignee_id=cast.carla.id) == []


@pytest.mark.usefixtures("five_tasks")
def test_count_and_amount_are_of_everything_the_filter_lets_through(
    con: Connection, cast: Cast
) -> None:
    everything = queue.find(con, TaskFilter(), actor=cast.ana)
    nothing = queue.find(con, TaskFilter(payer="none"), actor=cast.ana)

    assert (everything.count, everything.amount) == (5, Decimal("60.00"))
    assert (nothing.rows, nothing.count, str(nothing.amount)) == ((), 0, "0.00")


@pytest.mark.usefixtures("five_tasks")
def test_another_practice_sees_nothing_of_it(con: Connection, cast: Cast) -> None:
    (task_id,) = con.rows("SELECT id FROM task WHERE title = 'a'")[0]

    assert find(con, cast.carla) == ["x"]
    assert find(con, cast.carla, practice_id=cast.practice) == []
    assert find(con, cast.carla, assignee_id=cast.ana.id) == []
    with pytest.raises(NoSuchTask, match="There is no such task"):
        tasks.get(con, task_id, actor=cast.carla)
    assert queue.counts(con, cast.carla.practice_ids, actor=cast.carla)["all"] == 1


@pytest.mark.usefixtures("five_tasks")
def test_somebody_with_two_practices_sees_both_or_the_chosen_one(
    con: Connection, cast: Cast
) -> None:
    both = replace(cast.ana, memberships=cast.ana.memberships + cast.carla.memberships)

    assert find(con, both) == ["a", "b", "c", "d", "e", "x"]
    assert find(con, both, practice_id=cast.other_practice) == ["x"]


ORDERED: list[dict[str, Any]] = [
    {"title": "Beta", "type": TaskType.PROVIDER, "patient_name": "Ray, Ida", "due_on": None},
    {"title": "Alpha", "type": TaskType.CODING, "payer_name": "Zed", "amount": Decimal("9.00")},
    {"title": "Gamma", "patient_name": "Abe, Jo", "payer_name": "Aim", "amount": Decimal("10.00"),
     "created_at": minutes(1), "due_on": date(2025, 4, 1)},
    {"title": "Delta", "created_at": minutes(2), "due_on": date(2025, 3, 1),
     "date_of_service": date(2025, 1, 2)},
    {"title": "Beta", "date_of_service": date(2024, 12, 31), "amount": Decimal("10.00"), **DONE},
    {"title": "Eta", "status": Status.IN_PROGRESS, "patient_name": "Ray, Ida",
     "due_on": date(2025, 4, 1)},
]  # fmt: skip
VALUE = {
    "title": "title", "type": "type", "patient": "patient_name", "payer": "payer_name",
    "service": "date_of_service", "amount": "amount", "age": "created_at", "due": "due_on",
    "status": "status", "assignee": "assignee_name", "completed": "completed_at",
    "practice": "practice_name",
}  # fmt: skip


def test_every_order_goes_both_ways_with_nothing_last(con: Connection, cast: Cast) -> None:
    people = [cast.ben.id, None, cast.ana.id, cast.carla.id, None, cast.ana.id]
    add_tasks(
        con,
        cast.practice,
        [{**row, "assignee_id": who} for row, who in zip(ORDERED, people, strict=True)],
    )
    by_id = queue.find(con, TaskFilter(), actor=cast.ana, order="age").rows

    def expected(name: str, descending: bool) -> list[int]:
        having = [row for row in by_id if getattr(row, name) not in (None, "")]
        having.sort(key=lambda row: (getattr(row, name), row.id), reverse=descending)
        without = [row for row in by_id if row not in having]
        without.sort(key=lambda row: row.id, reverse=descending)
        return [row.id for row in having + without]

    for order in queue.ORDERS:
        for down in (False, True):
            found = queue.find(con, TaskFilter(), actor=cast.ana, order=order, descending=down)
            assert (order, [row.id for row in found.rows]) == (
                order, expected(VALUE[order], down),
            )  # fmt: skip


def test_fifty_are_on_a_page_and_each_task_on_exactly_one(con: Connection, cast: Cast) -> None:
    rows: list[dict[str, Any]] = [
        {"title": f"{n:03}", "amount": Decimal(n % 7)} for n in range(120)
    ]
    add_tasks(con, cast.practice, rows)

    pages = [
        queue.find(con, TaskFilter(), actor=cast.ana, order="amount", page=page)
        for page in (1, 2, 3, 4)
    ]

    assert [len(page.rows) for page in pages] == [50, 50, 20, 0]
    titles = [row.title for page in pages for row in page.rows]
    assert sorted(titles) == [row["title"] for row in rows]
    assert titles == [row["title"] for row in sorted(rows, key=lambda r: (r["amount"], r["title"]))]
    assert {(page.count, page.amount) for page in pages} == {(120, sum(r["amount"] for r in rows))}


def test_the_search_finds_several_words_in_any_order(con: Connection, cast: Cast) -> None:
    add_task(
        con, cast.practice, title="Diagnosis is missing", patient_name="Ray, Ida",
        claim_number="N-77", payer_name="Blue Shield", provider_name="Moreno, Ida",
    )  # fmt: skip
    found = {
        "ray": True,
        "IDA ray": True,
        "shield n-77 moreno": True,
        "missing diagnosis, ray;  blue": True,
        "ray ben": False,
        "n- ray": True,
        "7": True,
        "n-78": False,
        "7n": False,
        "n-#": False,
        "rayida": False,
        "%": False,
        "": True,
        "ray ida blue shield moreno unheard": True,  # at most five words are looked for
    }

    assert {query: bool(find(con, cast.ana, words=words(query))) for query in found} == found


@pytest.mark.usefixtures("five_tasks")
def test_the_menu_counts_pending_tasks_and_completed_ones(con: Connection, cast: Cast) -> None:
    found = queue.counts(con, cast.ana.practice_ids, actor=cast.ana)

    assert found == {
        "all": 3, "mine": 1, "unassigned": 2, "waiting": 1, "answered": 1, "completed": 2,
        "coding": 2, "documents": 1,
        "patient": 0, "insurance": 0, "authorization": 0, "provider": 0, "charge": 0,
    }  # fmt: skip


@pytest.mark.usefixtures("five_tasks")
def test_the_choices_are_the_names_that_the_practice_has(con: Connection, cast: Cast) -> None:
    add_charge(con, cast.practice)

    assert queue.filter_choices(con, cast.ana.practice_ids, actor=cast.ana) == (
        ["Blue Shield"],
        ["D"],
    )
    assert queue.filter_choices(con, cast.ana.practice_ids, actor=cast.carla) == ([], [])


def create(con: Connection, actor: Person, practice_id: int, **changes: Any) -> int:
    return tasks.create(
        con,
        **{
            "practice_id": practice_id,
            "type": TaskType.CODING,
            "title": "Which code",
            "instructions": "Name the diagnosis.",
            "token": "form",
            "actor": actor,
            "now": NOON,
            **changes,
        },
    )


def test_a_task_made_by_hand_shows_its_charge(con: Connection, cast: Cast) -> None:
    charge_id = add_charge(con, cast.practice)

    task_id = create(con, cast.dora, cast.practice, charge_id=charge_id, title=" Which code ")

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.type, task.status, task.turn) == (TaskType.CODING, Status.OPEN, Turn.PRACTICE)
    assert (task.title, task.patient_name, task.payer_name) == (
        "Which code", "Ray, Ida", "Blue Shield",
    )  # fmt: skip
    assert (task.provider_name, task.date_of_service) == ("Moreno, Ida", date(2025, 2, 3))
    assert (task.amount, task.source, task.created_by) == (Decimal("240.00"), "hand", "Dora")
    assert task.due_on == date(2025, 4, 2)
    assert task.due_rule == "30 days after the request, the practice's own rule"
    assert find(con, cast.ana, words=words("ida which")) == ["Which code"]
    assert story(con, task_id) == [("created", None, None, None, None, "Dora")]


def test_a_due_date_that_was_named_is_kept_and_days_are_the_practices(
    con: Connection, cast: Cast
) -> None:
    charge_id = add_charge(con, cast.practice)
    late = datetime.fromisoformat("2025-03-04T03:00:00+00:00")  # still the third in Chicago

    named = create(
        con, cast.dora, cast.practice, charge_id=charge_id, due_on=date(2025, 3, 9), token="1"
    )
    ruled = create(con, cast.dora, cast.practice, charge_id=charge_id, now=late, token="2")

    task = tasks.get(con, named, actor=cast.ana)
    assert (task.due_on, task.due_rule) == (date(2025, 3, 9), "named by the biller")
    assert tasks.get(con, ruled, actor=cast.ana).due_on == date(2025, 4, 2)


@pytest.mark.parametrize("due_on", [date(1925, 3, 9), date(2205, 3, 9)])
def test_a_due_date_of_a_wrong_year_is_refused(con: Connection, cast: Cast, due_on: date) -> None:
    charge_id = add_charge(con, cast.practice)

    with pytest.raises(WrongInput, match=rf"{due_on:%m/%d/%Y} is more than a year away"):
        create(con, cast.dora, cast.practice, charge_id=charge_id, due_on=due_on)


def test_a_documents_task_can_be_about_a_patient_alone(con: Connection, cast: Cast) -> None:
    patient_id = add_patient(con, cast.practice)

    task_id = create(
        con, cast.dora, cast.practice, type=TaskType.DOCUMENTS, patient_id=patient_id,
        document_label="Referral",
    )  # fmt: skip

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.patient_name, task.charge_id, task.amount) == ("Ray, Ida", None, None)
    assert task.document_label == "Referral"


def test_the_same_form_makes_one_task(con: Connection, cast: Cast) -> None:
    charge_id = add_charge(con, cast.practice)

    ids = [create(con, cast.dora, cast.practice, charge_id=charge_id) for _ in range(3)]

    assert len(set(ids)) == 1
    assert con.value("SELECT count(*) FROM task") == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": " "}, "Write what the task is about first."),
        ({"instructions": "\n"}, "Write the instructions first."),
        ({"charge_id": None}, "Choose the charge or the patient the task is about."),
        ({"charge_id": None, "patient_id": 1}, "Choose the charge: only a Documents task can"),
        ({"charge_id": None, "patient_id": 999, "type": TaskType.DOCUMENTS}, "no such patient"),
        ({"charge_id": 999}, "There is no such charge."),
    ],
)
def test_a_task_that_lacks_something_is_not_made(
    con: Connection, cast: Cast, changes: dict[str, Any], sentence: str
) -> None:
    wanted = {"charge_id": add_charge(con, cast.practice), **changes}

    with pytest.raises((NothingWritten, WrongInput, NoSuchCharge), match=sentence):
        create(con, cast.dora, cast.practice, **wanted)

    assert con.value("SELECT count(*) FROM task") == 0
    assert con.value("SELECT count(*) FROM submission") == 0


def test_a_form_sent_twice_makes_one_task_and_typed_over_another(
    con: Connection, cast: Cast
) -> None:
    charge_id = add_charge(con, cast.practice)

    ids = [
        create(con, cast.dora, cast.practice, charge_id=charge_id, title=title)
        for title in ("First", "First", "Second")
    ]

    assert ids[0] == ids[1] != ids[2]
    assert sorted(find(con, cast.ana)) == ["First", "Second"]
    assert create(con, cast.ana, cast.practice, charge_id=charge_id, title="First") not in ids


def test_only_billers_and_managers_make_tasks_and_only_in_their_practice(
    con: Connection, cast: Cast
) -> None:
    charge_id = add_charge(con, cast.practice)

    for actor in (cast.ben, cast.alan):
        with pytest.raises(NotAllowed, match="cannot create tasks"):
            create(con, actor, cast.practice, charge_id=charge_id)
    with pytest.raises(NoSuchTask):
        create(con, cast.carla, cast.practice, charge_id=charge_id)
    with pytest.raises(NoSuchCharge):
        create(con, cast.carla, cast.other_practice, charge_id=charge_id)
    with pytest.raises(WrongInput, match="no such patient"):
        create(
            con, cast.carla, cast.other_practice, type=TaskType.DOCUMENTS,
            patient_id=add_patient(con, cast.practice),
        )  # fmt: skip
    create(con, cast.ana, cast.practice, charge_id=charge_id)


def complete(con: Connection, task_id: int, actor: Person, **changes: Any) -> None:
    workflow.complete(
        con, task_id,
        **{"note": "Faxed.", "token": f"c{task_id}", "actor": actor, "now": minutes(5), **changes},
    )  # fmt: skip


def test_completing_says_what_was_done_and_by_whom(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)

    complete(con, task_id, cast.ben, note=" Faxed. ")

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.status, task.turn, task.completed_by) == (Status.COMPLETED, Turn.BILLER, "Ben")
    assert (task.completed_at, task.started_at) == (minutes(5), NOON)
    assert con.value("SELECT is_open FROM task") is False
    assert [(n.channel, n.text) for n in notes.notes(con, task_id, actor=cast.ana)] == [
        (Channel.TO_BILLER, "Faxed.")
    ]
    assert story(con, task_id)[-2:] == [
        ("noted to the biller", None, None, None, None, "Ben"),
        ("completed", "Status", "In progress", "Completed", None, "Ben"),
    ]


def test_completing_twice_with_one_form_is_once_and_with_another_is_refused(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    complete(con, task_id, cast.ben)
    before = story(con, task_id)

    complete(con, task_id, cast.ben)
    with pytest.raises(AlreadyCompleted, match="Ben has completed this task"):
        complete(con, task_id, cast.ben, token="another")

    assert story(con, task_id) == before
    assert len(notes.notes(con, task_id, actor=cast.ana)) == 1


def test_a_reopened_task_is_completed_again_by_a_page_that_kept_its_form(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    complete(con, task_id, cast.ben)
    workflow.reopen(con, task_id, reason="Not received", actor=cast.dora, now=minutes(9))

    complete(con, task_id, cast.ben, now=minutes(11))

    task = tasks.get(con, task_id, actor=cast.ben)
    assert (task.status, task.completed_at) == (Status.COMPLETED, minutes(11))
    assert len(notes.notes(con, task_id, actor=cast.ana)) == 2


def test_a_note_alone_completes_no_task_with_a_charge_or_a_document_to_send(
    con: Connection, cast: Cast
) -> None:
    """The checks of the charge, or the document, would be passed by."""
    ids = [
        add_task_of_charge(con, cast.practice),
        add_task(con, cast.practice, type=TaskType.DOCUMENTS),
    ]

    for task_id in ids:
        workflow.start(con, task_id, actor=cast.ben, now=NOON)
        with pytest.raises(WrongInput, match="with its charge or document"):
            complete(con, task_id, cast.ben)

        assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS
        assert notes.notes(con, task_id, actor=cast.ana) == []


def test_completing_is_for_who_has_the_task(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)

    with pytest.raises(NotYourTask, match="Nobody has started this task"):
        complete(con, task_id, cast.ana)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    with pytest.raises(NotYourTask, match="Ben is working on this task"):
        complete(con, task_id, cast.ana)
    with pytest.raises(NotAllowed):
        complete(con, task_id, cast.dora)
    with pytest.raises(NoSuchTask):
        complete(con, task_id, cast.carla)
    with pytest.raises(NothingWritten, match="what was done"):
        complete(con, task_id, cast.ben, note=" ")

    assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS


def test_reopening_gives_the_task_back_to_who_completed_it(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    complete(con, task_id, cast.ben)

    workflow.reopen(con, task_id, reason=" Wrong page ", actor=cast.dora, now=minutes(9))

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.status, task.turn, task.assignee_name) == (
        Status.IN_PROGRESS, Turn.PRACTICE, "Ben",
    )  # fmt: skip
    assert (task.completed_at, task.completed_by, task.started_at) == (None, None, NOON)
    assert story(con, task_id)[-1] == (
        "reopened", "Status", "Completed", "In progress", "Wrong page", "Dora",
    )  # fmt: skip
    assert queue.counts(con, [cast.practice], actor=cast.ben)["mine"] == 1
    complete(con, task_id, cast.ben, token="again")
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.COMPLETED


def test_a_reopened_task_shows_the_charge_as_it_is_now(con: Connection, cast: Cast) -> None:
    task_id, charge_id = add_task_of_charge(con, cast.practice), con.value("SELECT id FROM charge")
    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    charge = charges.get(con, charge_id, actor=cast.ben)
    charges.save_and_complete(
        con, task_id, charge, opened=charge, note="", token="t", actor=cast.ben, now=NOON
    )
    con.execute("UPDATE charge SET rendering_name = 'Ortiz, Pia', date_from = DATE '2025-02-04'")

    workflow.reopen(con, task_id, reason="Wrong", actor=cast.dora, now=minutes(9))

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.provider_name, task.date_of_service) == ("Ortiz, Pia", date(2025, 2, 4))
    assert find(con, cast.ana, words=words("ortiz")) == [task.title]
    assert find(con, cast.ana, words=words("moreno")) == []


def test_only_a_completed_task_is_reopened_with_a_reason(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)

    with pytest.raises(NotCompleted, match="nothing to reopen"):
        workflow.reopen(con, task_id, reason="Why", actor=cast.ana, now=NOON)
    complete(con, task_id, cast.ben)
    with pytest.raises(NothingWritten, match="why the task is reopened"):
        workflow.reopen(con, task_id, reason=" ", actor=cast.ana, now=NOON)
    with pytest.raises(NotAllowed, match="cannot see patients"):
        workflow.reopen(con, task_id, reason="Why", actor=cast.alan, now=NOON)
    with pytest.raises(NoSuchTask):
        workflow.reopen(con, task_id, reason="Why", actor=cast.carla, now=NOON)

    assert tasks.get(con, task_id, actor=cast.ana).status is Status.COMPLETED
    workflow.reopen(con, task_id, reason="Why", actor=cast.ana, now=NOON)


def test_there_is_no_task_with_an_unknown_id(con: Connection, cast: Cast) -> None:
    with pytest.raises(NoSuchTask):
        tasks.get(con, 999, actor=cast.ana)
