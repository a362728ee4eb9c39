from __future__ import annotations

import pytest

from lib.store.database import Store
from tests.conftest import Cast
from tests.given import add_task, add_task_of_charge
from tests.pages import Visit


@pytest.mark.parametrize(
    ("page", "kinds"),
    [
        ("tasks", ["saw task"]),
        ("edit_charge", ["saw charge", "saw task"]),
        ("print_task", ["printed task"]),
    ],
)
def test_whoever_sees_a_task_has_a_line_that_says_of_which_patient(
    store: Store, cast: Cast, page: str, kinds: list[str]
) -> None:
    con = store.connection()
    task_id = add_task_of_charge(con, cast.practice)
    with Visit(store, cast.ben) as visit:
        visit.page(page, task=str(task_id))
        visit.drawn.run()

    lines = con.rows(
        "SELECT kind, actor_id, task_id, patient_id > 0 FROM activity "
        "WHERE kind <> 'signed in' AND kind <> 'changes' ORDER BY kind"
    )
    assert lines == [(kind, cast.ben.id, task_id, True) for kind in kinds]


def test_whoever_is_refused_a_task_has_a_line_too(store: Store, cast: Cast) -> None:
    con = store.connection()
    theirs = add_task(con, cast.other_practice)
    with Visit(store, cast.ben) as visit:
        for page in ("tasks", "edit_charge", "print_task"):
            visit.page(page, task=str(theirs))
    with Visit(store, cast.alan) as visit:
        visit.page("tasks", task=str(add_task(con, cast.practice)))

    lines = con.rows("SELECT actor_id, detail FROM activity WHERE kind = 'refused' ORDER BY id")
    assert lines[0] == (cast.ben.id, f"task {theirs}: NoSuchTask")
    assert len([line for line in lines if line[0] == cast.ben.id]) == 1
    assert not con.rows("SELECT id FROM activity WHERE kind = 'saw task'")


def test_a_list_on_paper_is_written_with_its_count(store: Store, cast: Cast) -> None:
    con = store.connection()
    for _ in range(3):
        add_task_of_charge(con, cast.practice)
    with Visit(store, cast.ana) as visit:
        visit.page("print_list")

    assert con.rows("SELECT practice_id, detail FROM activity WHERE kind = 'printed list'") == [
        (cast.practice, "3 tasks")
    ]
