from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lib import charge_form, charges, drafts, notes, queue, scrubber, tasks, workflow
from lib.errors import (
    AlreadyCompleted,
    BillingError,
    ChargeChanged,
    ChargeProblems,
    NoSuchCharge,
    NoSuchTask,
    NotAllowed,
    NotYourTask,
)
from lib.models import Channel, Charge, Person, Problem, Status, TaskFilter
from lib.store.database import Connection, Store
from lib.store.search_match import words
from tests.conftest import NOON, Cast
from tests.given import (
    CHARGE,
    INJECTIONS,
    VISIT,
    add_charge,
    add_patient,
    add_task_of_charge,
    minutes,
    seen,
    story,
)

TYPED: dict[str, Any] = {
    "member_id": "W-77",
    "rendering_name": "Ortiz, Pia",
    "hospitalized_from": date(2025, 2, 1),
    "diagnoses": ("J029", "I10"),
    "lines": (
        replace(VISIT, procedure="99214", modifiers=(), date_from=date(2025, 2, 2)),
        replace(INJECTIONS, units=Decimal("2.000"), total=Decimal("66.66")),
        replace(VISIT, pointers=(1,)),
    ),
}
SAID = [
    ("Member ID", "XYZ100", "W-77"),
    ("Rendering provider", "Moreno, Ida", "Ortiz, Pia"),
    ("Admission date", "", "02/01/2025"),
    ("Diagnoses", "E119 I10", "J029 I10"),
    (
        "Service line 1",
        "02/03/2025 99213 25 AB 1 × 140.00 = 140.00",
        "02/02/2025–02/03/2025 99214 AB 1 × 140.00 = 140.00",
    ),
    (
        "Service line 2",
        "02/03/2025–02/05/2025 96372 A 3 × 33.33 = 100.00",
        "02/03/2025–02/05/2025 96372 A 2 × 33.33 = 66.66",
    ),
    ("Service line 3", "", "02/03/2025 99213 25 A 1 × 140.00 = 140.00"),
]


def started(con: Connection, cast: Cast, actor: Person | None = None, **fields: Any) -> int:
    """Return a task about a charge of its own, on which Ana is at work."""
    charge_id = fields.pop("charge_id", None) or add_charge(con, cast.practice, **fields)
    task_id = add_task_of_charge(con, cast.practice, charge_id=charge_id)
    workflow.start(con, task_id, actor=actor or cast.ana, now=NOON)
    return task_id


def charge_of(con: Connection, task_id: int, actor: Person) -> Charge:
    charge_id = tasks.get(con, task_id, actor=actor).charge_id
    assert charge_id is not None
    return charges.get(con, charge_id, actor=actor)


def send(
    con: Connection, task_id: int, charge: Charge, actor: Person, *, save: bool = False, **how: Any
) -> list[Problem]:
    """Save and Complete, or Save, as the window does it."""
    verb = charges.save if save else charges.save_and_complete
    found = verb(
        con, task_id, charge,
        **{"opened": charge, "note": "", "token": "form", "actor": actor, "now": minutes(5), **how},
    )  # fmt: skip
    return found or []


def everything(con: Connection) -> list[list[tuple[Any, ...]]]:
    return [
        sorted(con.rows(f"SELECT * FROM {table}"), key=repr)
        for table in ("charge", "service_line", "task", "note", "event", "submission", "draft")
    ]


def test_a_charge_is_read_with_its_lines_in_order(con: Connection, cast: Cast) -> None:
    charge_id = add_charge(con, cast.practice)

    charge = charges.get(con, charge_id, actor=cast.ben)

    assert charge.lines == (VISIT, INJECTIONS)
    assert charge.total == Decimal("240.00")
    assert charge.diagnoses == CHARGE.diagnoses
    with pytest.raises(NoSuchCharge):
        charges.get(con, charge_id, actor=cast.carla)
    with pytest.raises(NoSuchCharge):
        charges.get(con, 999, actor=cast.ana)


def test_differences_name_every_field_in_the_words_of_the_window() -> None:
    assert seen(charges.differences(CHARGE, replace(CHARGE, **TYPED))) == SAID
    assert charges.differences(CHARGE, CHARGE) == []


@pytest.mark.parametrize("name", charge_form.FIELD_LABELS)
def test_a_change_of_any_field_is_told(name: str) -> None:
    value: Any = date(2025, 1, 1) if name.startswith("hospitalized") else "other"

    (change,) = charges.differences(CHARGE, replace(CHARGE, **{name: value}))

    assert (change.field, change.label) == (name, charge_form.FIELD_LABELS[name])


def test_a_removed_line_is_told_as_one_that_is_nothing_now() -> None:
    changes = charges.differences(CHARGE, replace(CHARGE, lines=(INJECTIONS,)))

    assert [(change.label, bool(change.now)) for change in changes] == [
        ("Service line 1", True),
        ("Service line 2", False),
    ]


def test_save_and_complete_writes_charge_note_completion_and_history(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    opened = charge_of(con, task_id, cast.ana)
    drafts.keep(con, task_id, {"member_id": "W"}, actor=cast.ana, now=NOON)

    send(con, task_id, replace(opened, **TYPED), cast.ana, opened=opened, note=" Corrected. ")

    charge = charge_of(con, task_id, cast.ana)
    assert charge == replace(opened, **TYPED, is_edited=True, version=2, date_from=date(2025, 2, 2))
    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.status, task.completed_by, task.completed_at) == (
        Status.COMPLETED, "Ana", minutes(5),
    )  # fmt: skip
    assert [(n.channel, n.text) for n in notes.notes(con, task_id, actor=cast.ana)] == [
        (Channel.TO_BILLER, "Corrected.")
    ]
    assert story(con, task_id)[2:] == [
        *(("changed", label, old or None, new, None, "Ana") for label, old, new in SAID),
        ("noted to the biller", None, None, None, None, "Ana"),
        ("completed", "Status", "In progress", "Completed", None, "Ana"),
    ]
    assert drafts.find(con, task_id, actor=cast.ana) is None


def test_a_completion_that_fails_at_its_very_end_leaves_nothing(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    opened = charge_of(con, task_id, cast.ana)
    before = everything(con)
    con.execute("ALTER TABLE draft RENAME TO away")

    with pytest.raises(Exception, match="draft"):
        send(con, task_id, replace(opened, **TYPED), cast.ana, opened=opened, note="Lost?")
    con.execute("ALTER TABLE away RENAME TO draft")

    assert everything(con) == before


def test_saving_keeps_the_work_and_leaves_the_task_in_progress(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    opened = charge_of(con, task_id, cast.ana)

    found = send(
        con, task_id, replace(opened, member_id="", diagnoses=("J029", "I10")), cast.ana,
        opened=opened, note="Half done.", save=True,
    )  # fmt: skip

    assert [problem.field for problem in found] == ["member_id"]
    charge = charge_of(con, task_id, cast.ana)
    assert (charge.member_id, charge.version, charge.is_edited) == ("", 2, True)
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS
    assert [line[:4] for line in story(con, task_id)[2:]] == [
        ("changed", "Member ID", "XYZ100", None),
        ("changed", "Diagnoses", "E119 I10", "J029 I10"),
        ("noted to the biller", None, None, None),
    ]


@pytest.mark.parametrize("save", [True, False])
def test_the_same_form_sent_twice_changes_once(con: Connection, cast: Cast, save: bool) -> None:
    task_id = started(con, cast)
    opened = charge_of(con, task_id, cast.ana)
    mine = replace(opened, **TYPED)
    send(con, task_id, mine, cast.ana, opened=opened, note="Once.", save=save)
    before = everything(con)

    send(con, task_id, mine, cast.ana, opened=opened, note="Once.", save=save, now=minutes(6))

    assert everything(con) == before


def test_a_double_click_from_two_threads_completes_once(store: Store, cast: Cast) -> None:
    con = store.connection()
    for turn in range(3):
        task_id = started(con, cast)
        opened = charge_of(con, task_id, cast.ana)
        gate = threading.Barrier(2)
        problems: list[BaseException] = []

        def click(task_id: int, opened: Charge, gate: threading.Barrier, turn: int) -> None:
            own = store.connection()
            gate.wait()
            try:
                send(
                    own, task_id, replace(opened, member_id="W"), cast.ana, opened=opened,
                    note="Once.", token=f"form {turn}",
                )  # fmt: skip
            except BaseException as problem:
                problems.append(problem)  # noqa: B023

        threads = [
            threading.Thread(target=click, args=(task_id, opened, gate, turn)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert problems == []
        assert [line[0] for line in story(con, task_id)[2:]] == [
            "changed", "noted to the biller", "completed",
        ]  # fmt: skip
        assert charge_of(con, task_id, cast.ana).version == 2


def test_a_new_problem_stops_completing_and_nothing_is_written(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    opened = charge_of(con, task_id, cast.ana)
    before = everything(con)
    wrong = replace(opened, rendering_npi="1122334456", diagnoses=("E119",))

    with pytest.raises(ChargeProblems, match="2 problems must be corrected") as refusal:
        send(con, task_id, wrong, cast.ana, opened=opened, note="Lost?")

    assert [p.field for p in refusal.value.problems] == ["rendering_npi", "lines.0.pointers"]
    assert everything(con) == before
    send(con, task_id, opened, cast.ana, opened=opened)  # the same form, corrected
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.COMPLETED


def arrived_wrong(con: Connection, cast: Cast) -> int:
    """Return a task on a charge whose rendering NPI was wrong when it came in."""
    wrong = replace(CHARGE, rendering_npi="1122334456")
    keys = [problem.key for problem in scrubber.check_charge(wrong, today=NOON.date())]
    return started(con, cast, rendering_npi="1122334456", arrival_problems=keys)


def test_a_problem_that_came_in_does_not_stop_and_is_recorded(con: Connection, cast: Cast) -> None:
    task_id = arrived_wrong(con, cast)
    opened = charge_of(con, task_id, cast.ana)

    send(con, task_id, replace(opened, member_id="W"), cast.ana, opened=opened)

    (known,) = [line for line in story(con, task_id) if line[0] == "known problems"]
    assert known[4] == (
        "1122334456 is not a valid NPI: its check digit is wrong. Correct the rendering provider."
    )
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.COMPLETED


def test_another_wrong_value_in_the_same_field_is_a_new_problem(
    con: Connection, cast: Cast
) -> None:
    task_id = arrived_wrong(con, cast)
    opened = charge_of(con, task_id, cast.ana)

    with pytest.raises(ChargeProblems, match="One problem"):
        send(con, task_id, replace(opened, rendering_npi="1122334457"), cast.ana, opened=opened)


def test_saving_in_between_forgives_no_new_problem_and_forgets_no_old_one(
    con: Connection, cast: Cast
) -> None:
    task_id = arrived_wrong(con, cast)
    opened = charge_of(con, task_id, cast.ana)
    send(con, task_id, replace(opened, member_id=""), cast.ana, opened=opened, save=True)
    saved = charge_of(con, task_id, cast.ana)

    with pytest.raises(ChargeProblems) as refusal:
        send(con, task_id, saved, cast.ana, token="2")
    assert [problem.field for problem in refusal.value.problems] == ["member_id"]

    send(con, task_id, replace(saved, member_id="W"), cast.ana, opened=saved, token="3")
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.COMPLETED


@pytest.mark.parametrize("save", [True, False])
def test_what_somebody_else_changed_is_listed_and_not_overwritten(
    con: Connection, cast: Cast, save: bool
) -> None:
    mine = started(con, cast)
    opened = charge_of(con, mine, cast.ana)
    bens = started(con, cast, cast.ben, charge_id=opened.id)
    send(con, bens, replace(opened, **TYPED), cast.ben, opened=opened, token="ben", save=True)
    before = everything(con)

    with pytest.raises(ChargeChanged, match="Ben changed this charge while you had") as refusal:
        send(
            con, mine, replace(opened, location="Mine"), cast.ana, opened=opened, note="Lost?",
            save=save,
        )  # fmt: skip

    assert seen(refusal.value.changes) == SAID
    assert everything(con) == before


def test_after_reading_it_again_the_same_form_can_be_sent(con: Connection, cast: Cast) -> None:
    mine = started(con, cast)
    opened = charge_of(con, mine, cast.ana)
    bens = started(con, cast, cast.ben, charge_id=opened.id)
    send(con, bens, replace(opened, member_id="B"), cast.ben, opened=opened, token="b", save=True)
    with pytest.raises(ChargeChanged):
        send(con, mine, replace(opened, location="Mine"), cast.ana, opened=opened)

    current = charge_of(con, mine, cast.ana)
    send(con, mine, replace(current, location="Mine"), cast.ana, opened=current)

    charge = charge_of(con, mine, cast.ana)
    assert (charge.member_id, charge.location, charge.version) == ("B", "Mine", 3)


def test_somebody_who_saved_without_changing_anything_stops_nobody(
    con: Connection, cast: Cast
) -> None:
    mine = started(con, cast)
    opened = charge_of(con, mine, cast.ana)
    bens = started(con, cast, cast.ben, charge_id=opened.id)
    send(con, bens, opened, cast.ben, token="ben", note="Only a note.", save=True)

    send(con, mine, replace(opened, location="Mine"), cast.ana, opened=opened)

    assert charge_of(con, mine, cast.ana).location == "Mine"


def test_a_form_that_was_saved_still_completes(con: Connection, cast: Cast) -> None:
    """The page may have kept the token of its Save: a click elsewhere ended that run."""
    task_id = started(con, cast)
    opened = charge_of(con, task_id, cast.ana)
    send(con, task_id, replace(opened, member_id="W"), cast.ana, opened=opened, save=True)
    saved = charge_of(con, task_id, cast.ana)

    send(con, task_id, saved, cast.ana)

    assert tasks.get(con, task_id, actor=cast.ana).status is Status.COMPLETED


def test_saving_without_a_change_takes_the_sum_of_the_lines_as_the_total(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast, filed_total=Decimal("999.00"))
    opened = charge_of(con, task_id, cast.ana)
    assert scrubber.total_differs(opened)

    send(con, task_id, opened, cast.ana, save=True)
    first = charge_of(con, task_id, cast.ana)
    send(con, task_id, first, cast.ana, save=True, token="again")

    assert not scrubber.total_differs(first)
    assert charge_of(con, task_id, cast.ana) == first
    assert [line[0] for line in story(con, task_id)] == ["assigned", "started"]


def test_pending_tasks_on_the_charge_follow_it_in_list_and_search(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    opened = charge_of(con, task_id, cast.ana)
    other = add_task_of_charge(con, cast.practice, charge_id=opened.id, title="Another")
    elsewhere = add_task_of_charge(con, cast.practice)

    send(con, task_id, replace(opened, **TYPED), cast.ana, opened=opened)

    for each in (task_id, other):
        task = tasks.get(con, each, actor=cast.ana)
        assert (task.provider_name, task.date_of_service) == ("Ortiz, Pia", date(2025, 2, 2))
    assert tasks.get(con, elsewhere, actor=cast.ana).provider_name == "Moreno, Ida"

    def found(query: str) -> set[int]:
        page = queue.find(con, TaskFilter(words=words(query)), actor=cast.ana)
        return {row.id for row in page.rows}

    assert found("ortiz") == {task_id, other}
    assert found("moreno") == {elsewhere}
    assert found("ortiz another ray shield") == {other}


def test_without_a_rendering_provider_the_task_shows_the_billing_one(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    opened = charge_of(con, task_id, cast.ana)

    send(con, task_id, replace(opened, rendering_name=""), cast.ana, opened=opened, save=True)

    assert tasks.get(con, task_id, actor=cast.ana).provider_name == "Northside Clinic"


@pytest.mark.parametrize("save", [True, False])
def test_only_who_has_the_task_saves_its_charge(con: Connection, cast: Cast, save: bool) -> None:
    task_id = started(con, cast)
    charge = charge_of(con, task_id, cast.ana)
    before = everything(con)
    refused: list[tuple[Person, type[BillingError]]] = [
        (cast.ben, NotYourTask), (cast.dora, NotAllowed), (cast.alan, NotAllowed),
        (cast.carla, NoSuchTask),
    ]  # fmt: skip

    for actor, problem in refused:
        with pytest.raises(problem):
            send(con, task_id, replace(charge, member_id="W"), actor, opened=charge, save=save)

    assert everything(con) == before


@pytest.mark.parametrize("save", [True, False])
def test_a_completed_task_saves_no_charge(con: Connection, cast: Cast, save: bool) -> None:
    task_id = started(con, cast)
    charge = charge_of(con, task_id, cast.ana)
    send(con, task_id, charge, cast.ana)

    with pytest.raises(AlreadyCompleted, match="Ana has completed"):
        send(con, task_id, replace(charge, member_id="W"), cast.ana, token="2", save=save)


@pytest.mark.parametrize("save", [True, False])
def test_a_task_saves_no_charge_but_its_own(con: Connection, cast: Cast, save: bool) -> None:
    task_id = started(con, cast)
    other = charges.get(con, add_charge(con, cast.practice), actor=cast.ana)

    with pytest.raises(NoSuchCharge):
        send(con, task_id, other, cast.ana, save=save)


def test_a_patient_is_known_in_its_practice_only(con: Connection, cast: Cast) -> None:
    patient_id = add_patient(con, cast.practice)

    assert charges.patient(con, patient_id, actor=cast.ana).name == "Ray, Ida"
    for who, wanted in ((cast.carla, patient_id), (cast.ana, 999)):
        with pytest.raises(NoSuchCharge):
            charges.patient(con, wanted, actor=who)


def test_charges_and_patients_are_found_by_all_words_in_their_practice(
    con: Connection, cast: Cast
) -> None:
    ray = add_charge(con, cast.practice)
    poe = add_charge(con, cast.practice, patient="Poe", date_from=None)

    def found(query: str) -> list[int]:
        return [row[0] for row in charges.search(con, query, cast.practice, actor=cast.dora)]

    assert found("") == [ray, poe]
    assert found("ida POE") == [poe]
    assert found(f"shield N-{1000 + ray}") == [ray]
    assert found("ray poe") == []
    (line,) = charges.search(con, "ray", cast.practice, actor=cast.dora)
    assert line[2] == f"Ray, Ida · N-{1000 + ray} · 02/03/2025 · Blue Shield · 240.00"
    patients = charges.search_patients(con, "ida", cast.practice, actor=cast.dora)
    assert [text for _, text in patients] == [
        "Poe, Ida · born 05/04/1980", "Ray, Ida · born 05/04/1980",
    ]  # fmt: skip
    with pytest.raises(NoSuchCharge):
        charges.search(con, "", cast.practice, actor=cast.carla)
    with pytest.raises(NoSuchCharge):
        charges.search_patients(con, "", cast.practice, actor=cast.carla)
