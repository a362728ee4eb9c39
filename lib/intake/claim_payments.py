"""What payers answered to claims, paid ones too: one row a claim of a remittance, and its codes."""

from __future__ import annotations

from collections.abc import Sequence

from lib.intake.import_context import ImportContext
from lib.intake.matching.known_charges import Charges
from lib.intake.x12.remittances_835 import ClaimPayment
from lib.store.database import Connection

ADJUSTMENT, REMARK = "adjustment", "remark"


def keep(
    con: Connection, answers: Sequence[ClaimPayment], charges: Charges, source: ImportContext
) -> None:
    """Insert the answers that are new, inside a transaction.

    An answer is known again by what it says of which claim, so that the same remittance in another
    envelope counts once.
    """
    wanted = {_key(answer): answer for answer in answers}
    if not wanted:
        return
    held = con.rows(
        """
        SELECT answer_key FROM claim_answer
        WHERE practice_id = $practice_id AND answer_key IN (SELECT unnest($wanted::VARCHAR[]))
        """,
        practice_id=source.practice.id,
        wanted=list(wanted),
    )
    for (key,) in held:
        del wanted[key]
    if not wanted:
        return
    ids = con.next_ids("claim_answer", len(wanted))
    rows, codes = [], []
    for id_, (key, answer) in zip(ids, wanted.items(), strict=True):
        charge = charges.held(charges.match(answer.facts).charge_id)
        rows.append(
            {
                "id": id_,
                "practice_id": source.practice.id,
                "intake_file_id": source.file_id,
                "segment_number": answer.segment_number,
                "answer_key": key,
                "charge_id": charge.charge_id if charge else None,
                "payer_name": charge.payer_name if charge else answer.payer.name,
                "claim_number": answer.claim_number,
                "payer_claim_number": answer.payer_claim_number,
                "status": answer.status,
                "charged": answer.charged,
                "paid": answer.paid,
                "patient_responsibility": answer.patient_owes,
                "answered_on": answer.remitted_on,
                "recorded_at": source.now,
            }
        )
        codes += _codes(id_, answer, source.practice.id)
    con.insert("claim_answer", rows)
    con.insert("claim_answer_code", codes)


def _key(answer: ClaimPayment) -> str:
    said = (
        answer.claim_number or answer.patient.name,
        answer.payer_claim_number,
        answer.dates[0],
        answer.status,
        answer.charged,
        answer.paid,
        answer.remitted_on,
    )
    return "|".join(str(each) for each in said)


def _codes(answer_id: int, answer: ClaimPayment, practice_id: int) -> list[dict[str, object]]:
    common: dict[str, object] = {"claim_answer_id": answer_id, "practice_id": practice_id}
    adjustments = [
        common
        | {"kind": ADJUSTMENT, "group_code": each.group, "code": each.code, "amount": each.amount}
        for each in answer.reasons
    ]
    remarks = [
        common | {"kind": REMARK, "group_code": "", "code": code, "amount": None}
        for code in answer.remarks
    ]
    return [*adjustments, *remarks]
