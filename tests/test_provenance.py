"""Tasks and charges say where they came from; proposals are accepted or left by people."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lib import charges, completion_suggestions, history, tasks, us_formats, workflow
from lib.errors import NoSuchCharge, NoSuchTask, NotAllowed, NothingProposed, NotYourTask
from lib.export.filed_claim import NOT_HELD
from lib.export.filed_claim_reader import FiledClaims
from lib.intake.files import provenance
from lib.models import Status, Suggestion
from lib.store.database import Connection, transaction
from tests.conftest import NOON, Cast
from tests.given import imported_at, minutes, story
from tests.test_import import bring
from tests.x12_texts import answer, claim, file_835, file_837


def proposed(con: Connection, cast: Cast) -> int:
    """Return a denied claim whose payment came later."""
    bring(con, cast, file_837(claim("A1")), "claims.837")
    bring(con, cast, file_835(answer("A1")), "denied.835")
    paid = file_835(
        answer("A1", status="1", paid="180", control="P2", codes=()), control="000000002"
    )
    bring(con, cast, paid, "paid.835")
    return int(con.value("SELECT id FROM task"))


def seen(con: Connection, cast: Cast, task_id: int) -> Suggestion:
    found = completion_suggestions.of_task(con, tasks.get(con, task_id, actor=cast.ana))
    assert found
    return found


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
        imported_at(con, place.sha256).unlink()

    place = provenance.of_task(con, task_id, cast.ana)[0]
    assert place.segment == ""
    assert "is missing on disk" in str(place.problem)


def test_of_a_file_that_was_changed_on_disk_nothing_is_shown_or_used(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "claims.837")
    [(file_id, sha256, number)] = con.rows(
        """
        SELECT intake_file.id, sha256, segment_number
        FROM charge JOIN intake_file ON intake_file.id = intake_file_id
        """
    )
    assert FiledClaims(con).find(file_id, number) is not NOT_HELD
    path = imported_at(con, sha256)
    path.write_bytes(path.read_bytes().replace(b"HC:87880", b"HC:87881"))

    [place] = provenance.of_charge(con, 1, cast.ana)

    assert (place.segment, place.loop) == ("", "")
    assert "was changed on disk" in str(place.problem)
    assert provenance.of_fields(con, 1, cast.ana) == []
    assert FiledClaims(con).find(file_id, number) is NOT_HELD


def test_nobody_of_another_practice_sees_where_a_task_came_from(
    con: Connection, cast: Cast
) -> None:
    task_id = proposed(con, cast)

    with pytest.raises(NoSuchTask):
        provenance.of_task(con, task_id, cast.carla)


def test_an_accepted_proposal_completes_the_task_once(con: Connection, cast: Cast) -> None:
    task_id = proposed(con, cast)

    read = seen(con, cast, task_id)
    for _ in range(2):
        completion_suggestions.accept(con, task_id, seen=read, token="t", actor=cast.ben, now=NOON)

    task = tasks.get(con, task_id, actor=cast.ben)
    assert task.status is Status.COMPLETED
    assert task.completed_by == "Ben"
    assert con.value("SELECT count(*) FROM event WHERE kind = 'accepted proposal'") == 1


def test_who_accepts_a_proposal_of_a_free_task_has_it_and_its_history_says_so(
    con: Connection, cast: Cast
) -> None:
    task_id = proposed(con, cast)

    read = seen(con, cast, task_id)
    completion_suggestions.accept(con, task_id, seen=read, token="t", actor=cast.ben, now=NOON)

    assert tasks.get(con, task_id, actor=cast.ana).assignee_name == "Ben"
    assert ("assigned", "Assignee", None, "Ben", None, "Ben") in story(con, task_id)


def test_not_yet_leaves_the_task_open_and_the_proposal_gone(con: Connection, cast: Cast) -> None:
    task_id = proposed(con, cast)

    read = seen(con, cast, task_id)
    for _ in range(2):
        completion_suggestions.dismiss(con, task_id, seen=read, token="t", actor=cast.ben, now=NOON)

    assert con.value("SELECT count(*) FROM event WHERE kind = 'declined proposal'") == 1
    assert completion_suggestions.of_task(con, tasks.get(con, task_id, actor=cast.ben)) is None
    assert tasks.get(con, task_id, actor=cast.ben).status is Status.OPEN
    with pytest.raises(NothingProposed):
        completion_suggestions.accept(con, task_id, seen=read, token="u", actor=cast.ben, now=NOON)


def test_another_proposal_than_the_one_that_was_read_is_not_accepted(
    con: Connection, cast: Cast
) -> None:
    task_id = proposed(con, cast)
    earlier = replace(seen(con, cast, task_id), sentence="Plains Health paid 1.00. Complete it?")

    with pytest.raises(NothingProposed):
        completion_suggestions.accept(
            con, task_id, seen=earlier, token="t", actor=cast.ben, now=NOON
        )
    assert tasks.get(con, task_id, actor=cast.ben).status is Status.OPEN


def test_only_the_assignee_or_a_worker_of_a_free_task_accepts(con: Connection, cast: Cast) -> None:
    task_id = proposed(con, cast)
    read = seen(con, cast, task_id)
    with pytest.raises(NotAllowed):
        completion_suggestions.accept(con, task_id, seen=read, token="t", actor=cast.dora, now=NOON)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)

    with pytest.raises(NotYourTask):
        completion_suggestions.accept(con, task_id, seen=read, token="t", actor=cast.ben, now=NOON)


def test_each_field_of_a_charge_names_its_segment_or_who_changed_it(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "claims.837")
    bring(con, cast, file_835(answer("A1")), "denied.835")
    task_id = int(con.value("SELECT id FROM task"))
    before = {each.label: each for each in provenance.of_fields(con, 1, cast.ben)}
    assert before["Claim number"].segment.startswith("CLM*A1*")
    assert before["Patient"].segment.startswith("NM1*IL*1*")
    assert before["Date of birth"].segment.startswith("DMG*D8*")
    assert before["Payer"].segment.startswith("NM1*PR*2*")
    assert (before["Service line 1"].file_name, before["Service line 1"].said_at) == (
        "claims.837",
        NOON,
    )
    assert before["Service line 1"].segment.startswith("SV1*HC:99213:25*120")
    assert "Authorization number" not in before

    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    opened = charges.get(con, 1, actor=cast.ben)
    charges.save(
        con, task_id, dataclasses.replace(opened, authorization_number="AUTH9"), opened=opened,
        note="", token="t", actor=cast.ben, now=minutes(5),
    )  # fmt: skip

    after = {each.label: each for each in provenance.of_fields(con, 1, cast.ben)}
    changed = after["Authorization number"]
    assert (changed.value, changed.changed_by, changed.said_at) == ("AUTH9", "Ben", minutes(5))
    assert after["Service line 1"] == before["Service line 1"]
    with pytest.raises(NoSuchCharge):
        provenance.of_fields(con, 1, cast.carla)


@pytest.mark.parametrize(
    ("name", "value", "label", "former"),
    [
        ("hospitalized_from", date(2025, 1, 12), "Admission date", "Hospitalized from"),
        ("hospitalized_to", date(2025, 1, 13), "Discharge date", "Hospitalized to"),
        ("member_id", "W2000", "Member ID", "Case/member ID"),
    ],
)
def test_a_field_that_was_called_otherwise_when_it_was_changed_names_who_did(
    con: Connection, cast: Cast, name: str, value: Any, label: str, former: str
) -> None:
    bring(con, cast, file_837(claim("A1", extra=["DTP*435*D8*20250111"])), "claims.837")
    bring(con, cast, file_835(answer("A1")), "denied.835")
    task_id = int(con.value("SELECT id FROM task"))
    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    opened = charges.get(con, 1, actor=cast.ben)
    charges.save(
        con, task_id, dataclasses.replace(opened, **{name: value}), opened=opened, note="",
        token="t", actor=cast.ben, now=minutes(5),
    )  # fmt: skip
    with transaction(con):
        con.execute("UPDATE event SET field = $f WHERE field = $l", f=former, l=label)

    found = {each.label: each for each in provenance.of_fields(con, 1, cast.ben)}

    assert (found[label].value, found[label].changed_by) == (us_formats.show(value), "Ben")
    sentences = [event.field for event in history.of_task(con, task_id, actor=cast.ben)]
    assert former in sentences  # as it was said then


def test_the_fields_of_a_replaced_charge_name_the_claim_that_replaced_it(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    newer = file_837(claim("A1", amount="250"), control="000000002").replace(b"B:1*", b"B:7*")
    bring(con, cast, newer, "newer.837")

    found = {each.label: each for each in provenance.of_fields(con, 1, cast.ana)}

    assert found["Place of service"].file_name == "newer.837"
    assert "B:7*" in found["Place of service"].segment


def test_the_fields_of_a_charge_whose_file_is_gone_say_nothing(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")), "claims.837")
    [place] = provenance.of_charge(con, 1, cast.ana, is_opened=False)
    imported_at(con, place.sha256).unlink()

    assert provenance.of_fields(con, 1, cast.ana) == []
