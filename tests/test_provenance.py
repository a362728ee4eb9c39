"""Tasks and charges say where they came from; proposals are accepted or left by people."""

from __future__ import annotations

import pytest

from lib import assignments, proposals, tasks
from lib.db import Connection
from lib.errors import NoSuchTask, NotAllowed, NothingProposed, NotYourTask
from lib.intake import provenance
from lib.intake.raw import path_of
from lib.models import Status
from tests.conftest import NOON, Cast
from tests.test_import import bring
from tests.x12_texts import answer, claim, file_835, file_837


def proposed(con: Connection, cast: Cast) -> int:
    """A denied claim whose payment came later."""
    bring(con, cast, file_837(claim("A1")), "claims.837")
    bring(con, cast, file_835(answer("A1")), "denied.835")
    paid = file_835(answer("A1", status="1", control="P2", codes=()), control="000000002")
    bring(con, cast, paid, "paid.835")
    return int(con.value("SELECT id FROM task"))


def test_a_task_shows_every_file_that_spoke_of_it_with_the_raw_segments(
    con: Connection, cast: Cast
) -> None:
    first, later = provenance.of_task(con, proposed(con, cast), cast.ben)

    assert (first.file_name, first.segment_number, first.imported_at) == ("denied.835", 8, NOON)
    assert first.segment == "CLP*A1*4*200*0**12*PAYER1~"
    assert first.loop.endswith("CAS*CO*197*200~")
    assert (later.file_name, later.what) == ("paid.835", "A later answer")


def test_a_charge_shows_its_claim_and_what_replaced_it(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    newer = file_837(claim("A1", amount="250"), control="000000002").replace(b"B:1*", b"B:7*")
    bring(con, cast, newer, "newer.837")

    first, second = provenance.of_charge(con, 1, cast.ana)

    assert first.loop.splitlines()[0] == "CLM*A1*200***11:B:1*Y*A*Y*Y~"
    assert "SV1*HC:87880*80*UN*2***1~" in first.loop
    assert (second.file_name, second.what) == ("newer.837", "A claim that replaces it")


def test_a_file_that_is_gone_leaves_the_place(con: Connection, cast: Cast) -> None:
    task_id = proposed(con, cast)
    for place in provenance.of_task(con, task_id, cast.ana):
        path_of(con.store, place.sha256).unlink()

    assert provenance.of_task(con, task_id, cast.ana)[0].segment == ""


def test_nobody_of_another_practice_sees_where_a_task_came_from(
    con: Connection, cast: Cast
) -> None:
    task_id = proposed(con, cast)

    with pytest.raises(NoSuchTask):
        provenance.of_task(con, task_id, cast.carla)


def test_an_accepted_proposal_completes_the_task_once(con: Connection, cast: Cast) -> None:
    task_id = proposed(con, cast)

    for _ in range(2):
        proposals.accept(con, task_id, token="t", actor=cast.ben, now=NOON)

    task = tasks.get(con, task_id, actor=cast.ben)
    assert task.status is Status.COMPLETED
    assert task.completed_by == "Ben"
    assert con.value("SELECT count(*) FROM event WHERE kind = 'accepted proposal'") == 1


def test_not_yet_leaves_the_task_open_and_the_proposal_gone(con: Connection, cast: Cast) -> None:
    task_id = proposed(con, cast)

    proposals.decline(con, task_id, token="t", actor=cast.ben, now=NOON)

    assert proposals.of_task(con, tasks.get(con, task_id, actor=cast.ben)) is None
    assert tasks.get(con, task_id, actor=cast.ben).status is Status.OPEN
    with pytest.raises(NothingProposed):
        proposals.accept(con, task_id, token="u", actor=cast.ben, now=NOON)


def test_only_the_assignee_or_a_worker_of_a_free_task_accepts(con: Connection, cast: Cast) -> None:
    task_id = proposed(con, cast)
    with pytest.raises(NotAllowed):
        proposals.accept(con, task_id, token="t", actor=cast.dora, now=NOON)
    assignments.start(con, task_id, actor=cast.ana, now=NOON)

    with pytest.raises(NotYourTask):
        proposals.accept(con, task_id, token="t", actor=cast.ben, now=NOON)
