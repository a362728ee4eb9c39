"""A claim that went to the wrong payer, from Edit Charge to the new claim: charge_form, charges,
the matcher and the export."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lib import charge_form, charges, queue, tasks, workflow
from lib.earlier_claims import filed_payers, with_corrected_payer
from lib.errors import WrongInput
from lib.export.charges_to_refile import claims_file, review
from lib.export.period import period
from lib.intake.charges import task_charge_choice
from lib.models import Charge, Payer, TaskFilter
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import CHARGE, add_payer, minutes, story
from tests.test_export import TODAY
from tests.test_import import bring
from tests.test_replacement_claims_837p import is_accepted, written
from tests.test_replacement_claims_837p_filed import AROUND, FILED, as_filed
from tests.x12_texts import answer, claim, envelope, file_835, file_837, remittance

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # many imports

OLD, NEW = "PLAINS HEALTH (PH-7)", "Prairie Mutual (PM2)"
KNOWN = (OLD, "Blue Shield", "River Plan (RP-9)")


def denied(con: Connection, cast: Cast) -> tuple[int, int]:
    """Return a claim that PLAINS HEALTH denied as not its own: task and charge, Ana works on it."""
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", codes=("CAS*CO*109*200",))))
    [(task_id, charge_id)] = con.rows("SELECT id, charge_id FROM task")
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    return task_id, charge_id


def typed(con: Connection, cast: Cast, charge_id: int, **fields: str) -> tuple[Charge, Charge]:
    """Return the charge as it was opened, and as it is typed."""
    opened = charges.get(con, charge_id, actor=cast.ana)
    form = charge_form.to_form(opened) | fields
    charge, problems = charge_form.from_form(
        form, opened, payers=charges.payers(con, cast.practice, actor=cast.ana)
    )
    assert problems == []
    return opened, charge


def save(con: Connection, cast: Cast, task_id: int, charge_id: int, **fields: str) -> None:
    opened, charge = typed(con, cast, charge_id, **fields)
    charges.save(
        con, task_id, charge, opened=opened, note="", token=str(fields), actor=cast.ana, now=NOON
    )


@pytest.mark.parametrize("text", ["", "Prairie", "Prairie ()", "(PM2)", "A*B (PM2)", "Pr (P M)"])
def test_a_payer_that_nobody_knows_is_typed_with_its_id(text: str) -> None:
    form = charge_form.to_form(CHARGE) | {"payer": text}
    if text == CHARGE.payer:
        form["payer"] = " . "

    _, [problem] = charge_form.from_form(form, CHARGE, payers=KNOWN)

    assert problem.field == "payer"
    assert "write a new one with its payer ID" in problem.sentence


@pytest.mark.parametrize("text", [*KNOWN, "Prairie Mutual (60054)", " Prairie (pm2) "])
def test_a_known_payer_or_a_new_one_with_its_id_is_read(text: str) -> None:
    form = charge_form.to_form(CHARGE) | {"payer": text}

    charge, problems = charge_form.from_form(form, CHARGE, payers=KNOWN)

    assert (charge.payer, problems) == (text.strip(), [])


def test_a_new_payer_shows_where_its_id_goes() -> None:
    said = [charge_form.with_room_for_id(text, KNOWN) for text in ("Prairie ", "Blue Shield", "")]

    assert said == ["Prairie ()", "Blue Shield", ""]
    assert charge_form.with_room_for_id("Prairie (PM2)", KNOWN) == "Prairie (PM2)"


def test_the_id_of_a_known_payer_is_not_given_to_another_name() -> None:
    form = charge_form.to_form(CHARGE) | {"payer": "Plain (ph-7)"}

    _, [problem] = charge_form.from_form(form, CHARGE, payers=KNOWN)

    assert (
        problem.sentence == "Payer ID PH-7 is PLAINS HEALTH (PH-7) here: choose it from the list."
    )


def test_charge_task_and_history_have_the_corrected_payer(con: Connection, cast: Cast) -> None:
    task_id, charge_id = denied(con, cast)

    save(con, cast, task_id, charge_id, payer=NEW, member_id="NEW-1")

    assert charges.get(con, charge_id, actor=cast.ana).payer == NEW
    assert tasks.get(con, task_id, actor=cast.ana).payer_name == "Prairie Mutual"
    found = queue.find(con, TaskFilter(payer="Prairie Mutual"), actor=cast.ana)
    assert [row.id for row in found.rows] == [task_id]
    changed = [line[:4] for line in story(con, task_id) if line[0] == "changed"]
    assert changed == [
        ("changed", "Payer", OLD, NEW), ("changed", charge_form.FIELD_LABELS["member_id"],
                                         "MEM1", "NEW-1"),
    ]  # fmt: skip
    again = charges.payers(con, cast.practice, actor=cast.ana)
    assert set(again) == {OLD, NEW}


def test_a_payer_of_ours_is_taken_and_another_practices_is_not(con: Connection, cast: Cast) -> None:
    task_id, charge_id = denied(con, cast)
    mine = add_payer(con, cast.practice, "River Plan")
    add_payer(con, cast.other_practice, "Theirs")
    [shown] = [text for text, id_ in charges.payers(con, cast.practice, actor=cast.ana).items()
               if id_ == mine]  # fmt: skip

    save(con, cast, task_id, charge_id, payer=shown)

    assert charges.get(con, charge_id, actor=cast.ana).payer_id == mine
    opened = charges.get(con, charge_id, actor=cast.ana)
    with pytest.raises(WrongInput, match="There is no payer “Theirs”"):
        charges.save(
            con, task_id, replace(opened, payer="Theirs"), opened=opened, note="", token="t",
            actor=cast.ana, now=NOON,
        )  # fmt: skip


def test_answers_of_the_earlier_and_of_the_new_payer_find_the_claim(
    con: Connection, cast: Cast
) -> None:
    task_id, charge_id = denied(con, cast)
    save(con, cast, task_id, charge_id, member_id="TYPO")
    save(con, cast, task_id, charge_id, payer=NEW, member_id="NEW-1")
    save(con, cast, task_id, charge_id, payer="Third (T33)", member_id="NEW-2")

    for payer, control in (
        ("PLAINS HEALTH", "1"), ("Prairie Mutual", "2"), ("Third", "3"),
    ):  # fmt: skip
        body = remittance(
            answer("A1", control=f"C{control}", codes=(f"CAS*CO*{control}9*200",)), payer=payer
        )
        file = envelope(body, kind="835", version="005010X221A1", control=f"00000010{control}")
        report = bring(con, cast, file.encode())
        assert report.tasks_new == 0, payer  # it belongs to the open task of this charge

    assert con.rows("SELECT count(*) FROM charge") == [(1,)]
    bring(con, cast, file_837(claim("B1"), control="000000009"))
    other = remittance(answer("A1", control="C9"), payer="NOBODY WE KNOW")
    bring(con, cast, envelope(other, kind="835", version="005010X221A1", control="77").encode())
    assert con.value("SELECT count(*) FROM task WHERE charge_id IS NULL") == 1


def test_the_new_payer_gets_a_new_claim_with_nothing_of_the_earlier_plan(
    con: Connection, cast: Cast
) -> None:
    task_id, charge_id = denied(con, cast)
    opened, charge = typed(con, cast, charge_id, payer=NEW, member_id="NEW-1")
    charges.save_and_complete(
        con, task_id, charge, opened=opened, note="", token="t", actor=cast.ana, now=NOON
    )
    wanted = period(con, cast.practice, TODAY, TODAY, actor=cast.ana)

    text = b"".join(claims_file(con, wanted, actor=cast.ana, now=NOON)).decode()
    said = review(con, wanted)

    segments = text.replace("\n", "").split("~")
    assert "CLM*A1*200***11:B:1*Y*A*Y*Y" in segments
    assert "NM1*PR*2*Prairie Mutual*****PI*PM2".upper() in {each.upper() for each in segments}
    assert "SBR*P*18*******ZZ" in segments
    assert "NM1*IL*1*GREEN*EMMA****MI*NEW-1" in segments
    assert not [each for each in segments if "PH-7" in each or each.startswith("REF*F8")]
    assert any("the payer was corrected: it gets a new claim" in sentence
               for sentence, _ in said.remarks)  # fmt: skip


def test_a_new_claim_made_from_a_whole_filing_is_accepted() -> None:
    filed = as_filed([*AROUND, *FILED])

    new = replace(
        filed, payer=Payer(2, 1, "PM2", "PRAIRIE MUTUAL"), filed_payer=filed.payer,
        payer_claim_number="",
    )  # fmt: skip

    assert is_accepted(written(new))
    assert "SBR*P********ZZ" in written(new).replace("\n", "").split("~")


def test_a_claim_that_the_new_payer_denied_is_replaced_there(con: Connection, cast: Cast) -> None:
    task_id, charge_id = denied(con, cast)
    opened, charge = typed(con, cast, charge_id, payer=NEW)
    charges.save_and_complete(
        con, task_id, charge, opened=opened, note="", token="t", actor=cast.ana, now=NOON
    )
    body = remittance(answer("A1", control="PM-NUMBER"), payer="Prairie Mutual", paid_on="20250303")
    bring(con, cast, envelope(body, kind="835", version="005010X221A1", control="78").encode())
    wanted = period(con, cast.practice, TODAY, TODAY, actor=cast.ana)

    text = b"".join(claims_file(con, wanted, actor=cast.ana, now=NOON)).decode()

    assert "CLM*A1*200***11:B:7*" in text
    assert "REF*F8*PM-NUMBER~" in text


def of_payer(con: Connection, cast: Cast, payer: str, number: str, *, paid_on: str) -> None:
    """Return a remittance of that payer that denies A1 under its number for it."""
    body = remittance(answer("A1", control=number), payer=payer, paid_on=paid_on)
    file = envelope(body, kind="835", version="005010X221A1", control=f"{paid_on[-3:]}00")
    bring(con, cast, file.encode())


def test_a_later_answer_of_the_earlier_payer_gives_the_claim_no_number(
    con: Connection, cast: Cast
) -> None:
    task_id, charge_id = denied(con, cast)
    save(con, cast, task_id, charge_id, payer=NEW)
    number = "SELECT payer_claim_number FROM charge"

    of_payer(con, cast, "PLAINS HEALTH", "OLD-2", paid_on="20250303")

    assert con.value(number) == ""
    of_payer(con, cast, "Prairie Mutual", "PM-1", paid_on="20250304")
    assert con.value(number) == "PM-1"
    of_payer(con, cast, "PLAINS HEALTH", "OLD-3", paid_on="20250305")
    assert con.value(number) == "PM-1"


def test_a_charge_chosen_for_the_earlier_payers_answer_takes_no_number_of_it(
    con: Connection, cast: Cast
) -> None:
    task_id, charge_id = denied(con, cast)
    save(con, cast, task_id, charge_id, payer=NEW)
    other = [
        part.replace("20250113", "20250120").replace("0114-20250115", "0121-20250122")
        for part in claim("A1")
    ]
    bring(con, cast, file_837(other, control="000000002"), "b.837")
    late = [each for each in answer("A1", control="P0") if not each.startswith("DTM")]
    bring(con, cast, file_835(late, control="000000003", paid_on="20250301"), "c.835")
    [(late_task, seen)] = con.rows("SELECT id, charge_id FROM task WHERE id <> $id", id=task_id)

    task_charge_choice.choose(
        con, late_task, charge_id, seen=seen, token="t", actor=cast.ana, now=minutes(5)
    )

    number = con.value("SELECT payer_claim_number FROM charge WHERE id = $id", id=charge_id)
    assert not number


def test_a_payer_that_is_corrected_back_has_its_number_again(con: Connection, cast: Cast) -> None:
    task_id, charge_id = denied(con, cast)
    given = con.value("SELECT payer_claim_number FROM charge")
    for hours, payer in ((1, NEW), (3, OLD)):
        opened, charge = typed(con, cast, charge_id, payer=payer)
        now = NOON + timedelta(hours=hours)
        charges.save(
            con, task_id, charge, opened=opened, note="", token=payer, actor=cast.ana, now=now
        )
        if payer == NEW:
            assert con.value("SELECT payer_claim_number FROM charge") == ""
            of_payer(con, cast, "Prairie Mutual", "PM-1", paid_on="20250304")
            con.execute(
                "UPDATE charge_number SET recorded_at = $at WHERE number = 'PM-1'",
                at=NOON + timedelta(hours=2),
            )

    assert con.value("SELECT payer_claim_number FROM charge") == given != ""
    of_payer(con, cast, "Prairie Mutual", "PM-2", paid_on="20250305")
    assert con.value("SELECT payer_claim_number FROM charge") == given


@pytest.mark.parametrize("is_corrected", [False, True])
def test_a_replacement_of_the_billers_with_another_spelling_is_no_correction(
    con: Connection, cast: Cast, is_corrected: bool
) -> None:
    bring(con, cast, file_837(claim("A1")))
    again = file_837(
        [line.replace(":B:1*", ":B:7*") for line in claim("A1")], control="000000009"
    ).replace(b"PLAINS HEALTH", b"PLAINS HEALTH PLAN").replace(b"PH-7", b"PLAINS")  # fmt: skip
    bring(con, cast, again)
    bring(con, cast, file_835(answer("A1", codes=("CAS*CO*16*200",))))
    [(task_id, charge_id, number)] = con.rows(
        "SELECT t.id, c.id, payer_claim_number FROM task t, charge c WHERE charge_id = c.id"
    )
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    fields = {"payer": NEW} if is_corrected else {"member_id": "NEW-1"}
    opened, charge = typed(con, cast, charge_id, **fields)
    charges.save_and_complete(
        con, task_id, charge, opened=opened, note="", token="t", actor=cast.ana,
        now=NOON + timedelta(minutes=1),
    )  # fmt: skip

    assert con.value("SELECT count(DISTINCT payer_id) FROM earlier_claim") == 2
    found = filed_payers(con, [charge_id])

    assert number
    assert {id_: payer.code for id_, payer in found.items()} == (
        {charge_id: "PLAINS"} if is_corrected else {}
    )
    assert bool(with_corrected_payer(con, [charge_id])) is is_corrected
