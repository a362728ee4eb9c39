"""What people do while a file comes in: it decides as of one moment, and they come first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from lib import charges, notes, practice_settings, tasks, workflow
from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.intake.charges import task_charge_choice
from lib.intake.imports import Progress
from lib.store.database import Connection, Store, transaction
from tests.conftest import NOON, Cast
from tests.test_import import bring
from tests.test_later_messages import of
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = pytest.mark.stores
Verb = Callable[[Connection], object]
PAID = file_835(
    answer("A1", status="1", control="P2", codes=()), control="000000002", paid_on="20250301"
).replace(b"*200*0*", b"*200*180*")
REPLACED = file_837(of(claim("A1", amount="250"), "7", "PAYER1"), control="000000002")
OTHERS = file_837(claim("B1"), claim("B2"), control="000000003")


@pytest.fixture
def task_id(con: Connection, cast: Cast) -> int:
    """Return a task that Ben works on, about the charge of claim A1."""
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))
    [(id_,)] = con.rows("SELECT id FROM task")
    workflow.start(con, id_, actor=cast.ben, now=NOON)
    return int(id_)


def bring_while(con: Connection, cast: Cast, raw: bytes, verb: Verb) -> tuple[ImportReport, int]:
    """Import the file, and have somebody do something once it has begun. Return how often it
    began."""
    begun = []

    def meanwhile() -> None:
        own = con.store.connection()
        verb(own)
        own.close()

    def watch(_: Progress) -> None:
        if con.long is not None and con.long not in begun:
            begun.append(con.long)
            if len(begun) == 1:
                with ThreadPoolExecutor(1) as others:
                    others.submit(meanwhile).result(20)

    report = imports.apply(
        con, "b.txt", raw, actor=cast.ana, practice_id=cast.practice, now=NOON, watch=watch
    )
    assert report.refused is None
    return report, len(begun)


def complete(task_id: int, cast: Cast) -> Verb:
    def verb(own: Connection) -> None:
        charge_id = tasks.get(own, task_id, actor=cast.ben).charge_id
        assert charge_id
        charge = charges.get(own, charge_id, actor=cast.ben)
        charges.save_and_complete(
            own, task_id, charge, opened=charge, note="", token="c", actor=cast.ben, now=NOON
        )

    return verb


def move(task_id: int, cast: Cast) -> Verb:
    """Return the verb that edits where the visit was."""

    def verb(own: Connection) -> None:
        charge_id = tasks.get(own, task_id, actor=cast.ben).charge_id
        assert charge_id
        opened = charges.get(own, charge_id, actor=cast.ben)
        charges.save(
            own, task_id, replace(opened, location="Annex"), opened=opened, note="", token="e",
            actor=cast.ben, now=NOON,
        )  # fmt: skip

    return verb


def test_what_has_nothing_to_do_with_the_file_makes_it_begin_once(
    con: Connection, cast: Cast, task_id: int
) -> None:
    def work(own: Connection) -> None:
        move(task_id, cast)(own)
        notes.comment(own, task_id, "Called.", token="n", actor=cast.ben, now=NOON)
        complete(task_id, cast)(own)

    report, times = bring_while(con, cast, OTHERS, work)

    assert (report.charges_new, times) == (2, 1)
    assert con.rows("SELECT status FROM task") == [("completed",)]
    ids = [(kind, charge_id) for kind, charge_id in con.rows(
        "SELECT kind, charge_id FROM event ORDER BY id DESC LIMIT 3"
    )]  # fmt: skip
    assert [kind for kind, _ in ids] == ["imported", "imported", "completed"]


def test_a_task_completed_meanwhile_is_told_nothing_that_is_for_open_ones(
    con: Connection, cast: Cast, task_id: int
) -> None:
    report, times = bring_while(con, cast, PAID, complete(task_id, cast))

    assert times == 2
    assert not any("Proposed" in each for each in report.warnings)
    assert con.rows("SELECT status, proposal FROM task") == [("completed", None)]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'proposed to complete'") == 0


def test_a_charge_edited_meanwhile_is_not_overwritten(
    con: Connection, cast: Cast, task_id: int
) -> None:
    report, times = bring_while(con, cast, REPLACED, move(task_id, cast))

    assert times == 2
    assert con.rows("SELECT location, is_edited, frequency FROM charge") == [("Annex", True, "1")]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'replacement arrived'") == 1
    assert "Replaced: 1 charge held before." not in report.warnings


def test_a_note_on_the_task_of_a_charge_that_the_file_replaces_comes_before_it(
    con: Connection, cast: Cast, task_id: int
) -> None:
    def note(own: Connection) -> None:
        notes.comment(own, task_id, "Called.", token="n", actor=cast.ben, now=NOON)

    _, times = bring_while(con, cast, REPLACED, note)

    assert times == 2
    assert con.rows(
        "SELECT kind FROM event WHERE kind IN ('commented', 'replaced') AND task_id > 0 ORDER BY id"
    ) == [("commented",), ("replaced",)]


def test_a_setting_changed_or_a_charge_chosen_meanwhile_counts_for_the_file(
    con: Connection, cast: Cast, task_id: int
) -> None:
    def set_zone(own: Connection) -> None:
        practice_settings.set_timezone(
            own, cast.practice, "America/Denver", actor=cast.ana, now=NOON
        )

    def choose(own: Connection) -> None:
        charge_id = tasks.get(own, task_id, actor=cast.ben).charge_id
        assert charge_id
        task_charge_choice.choose(
            own, task_id, charge_id, seen=charge_id, token="ch", actor=cast.ben, now=NOON
        )

    assert bring_while(con, cast, OTHERS, set_zone)[1] == 2
    other = file_837(claim("B3"), control="000000004")
    assert bring_while(con, cast, other, choose)[1] == 2


def test_work_of_another_practice_does_not_matter(
    con: Connection, cast: Cast, store: Store
) -> None:
    def elsewhere(own: Connection) -> None:
        practice_id = own.value("SELECT id FROM practice WHERE id <> $id LIMIT 1", id=cast.practice)
        with transaction(own):
            own.execute("UPDATE practice SET due_days = 9 WHERE id = $id", id=practice_id)

    assert bring_while(con, cast, OTHERS, elsewhere)[1] == 1
    assert store.wait_for_import(0) == ""
