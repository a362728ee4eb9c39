"""Claims that replace (CLM05-3 = 7) or void (8) one that is held, and tasks that find their claim.

The charge stays the same charge, so open tasks stay attached to it. A replacement brings its new
content, unless somebody has edited the charge here: then the history says what arrived.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from lib import charges
from lib.intake import new_charges
from lib.intake.import_context import ImportContext
from lib.intake.known_records import Payers
from lib.intake.new_charges import NewClaim
from lib.models import Charge, ServiceLine
from lib.store import search_terms
from lib.store.database import Connection, Value

REPLACES, VOIDS = "7", "8"
COLUMNS = ", ".join(name for name in Charge.__dataclass_fields__ if name != "lines")


class ReplacedCharge(NamedTuple):
    """A held charge that another claim is about, and that claim."""

    charge_id: int
    is_edited: bool
    by: NewClaim


def originals(
    con: Connection, practice_id: int, new: Sequence[NewClaim]
) -> tuple[list[NewClaim], list[ReplacedCharge]]:
    """The claims that are charges of their own, and those about a charge that is held.

    The original is found by what REF*F8 says (the payer's number, of some senders our own), else
    by the claim number.
    """
    later = [each for each in new if each.claim.frequency in {REPLACES, VOIDS}]
    if not later:
        return list(new), []
    said = {each.claim.original for each in later if each.claim.original}
    rows = con.rows(
        """
        SELECT id, claim_number, payer_claim_number, is_edited FROM charge
        WHERE practice_id = $practice_id AND NOT is_voided
          AND (claim_number IN (SELECT unnest($numbers::VARCHAR[]))
               OR payer_claim_number IN (SELECT unnest($payer_numbers::VARCHAR[])))
        ORDER BY id
        """,
        practice_id=practice_id,
        numbers=list({each.claim.claim_number for each in later} | said),
        payer_numbers=list(said),
    )
    by_number = {row[1]: row for row in rows}
    by_payer = {row[2]: row for row in rows if row[2]}
    own, found = [], []
    for each in new:
        row = None
        if each.claim.frequency in {REPLACES, VOIDS}:
            named, own_number = each.claim.original, each.claim.claim_number
            row = by_payer.get(named) or by_number.get(named) or by_number.get(own_number)
        if row:
            found.append(ReplacedCharge(row[0], row[3], each))
        else:
            own.append(each)
    return own, found


def late_originals(
    con: Connection, practice_id: int, new: Sequence[NewClaim]
) -> tuple[list[NewClaim], list[ReplacedCharge]]:
    """The claims that are charges of their own, and those whose replacement or void came before
    them: of the same number, patient and first day of service. Each of these takes one claim."""
    if not new:
        return [], []
    rows = con.rows(
        """
        SELECT claim_number, last_name, first_name, birth_date, date_from, charge.id, is_edited
        FROM charge JOIN patient ON patient.id = charge.patient_id
        WHERE charge.practice_id = $practice_id AND frequency IN ($replaces, $voids)
          AND claim_number IN (SELECT unnest($numbers::VARCHAR[]))
          AND charge.id NOT IN (SELECT charge_id FROM charge_arrival)
        ORDER BY charge.id DESC
        """,
        practice_id=practice_id,
        replaces=REPLACES,
        voids=VOIDS,
        numbers=list({each.claim.claim_number for each in new}),
    )
    waiting: dict[tuple[Value, ...], list[tuple[int, bool]]] = {}
    for *about, charge_id, is_edited in rows:
        waiting.setdefault(tuple(about), []).append((charge_id, is_edited))
    own, found = [], []
    for each in new:
        claim, who = each.claim, each.claim.patient
        visit = claim.claim_number, who.last_name, who.first_name, who.birth_date, claim.dates[0]
        if later := waiting.get(visit):
            charge_id, is_edited = later.pop()
            found.append(ReplacedCharge(charge_id, is_edited, each))
        else:
            own.append(each)
    return own, found


def keep(con: Connection, found: Sequence[ReplacedCharge], source: ImportContext) -> None:
    """Remember claims that came after what replaces or voids them; inside a transaction."""
    for each in found:
        _arrive(con, each, source)
        said = "The claim that this one replaces or voids came after it; nothing changed."
        _tell(con, each, "original arrived", said, source)


def apply(con: Connection, found: Sequence[ReplacedCharge], source: ImportContext) -> None:
    """Bring replacements and voids to their charges, with history; inside a transaction."""
    if not found:
        return
    people = new_charges.people_of(con, [each.by.claim for each in found], source)
    for each in found:
        claim = each.by.claim
        _arrive(con, each, source)
        if claim.frequency == VOIDS:
            con.execute(
                "UPDATE charge SET is_voided = true, version = version + 1 WHERE id = $id",
                id=each.charge_id,
            )
            _tell(con, each, "voided", "A claim that voids this one arrived.", source)
        elif each.is_edited:
            said = (
                f"A claim over {claim.filed_total:,.2f} that replaces this one arrived; the charge "
                "was edited here and was left as it is."
            )
            _tell(con, each, "replacement arrived", said, source)
        else:
            _replace(con, each, source, *people)


def _arrive(con: Connection, each: ReplacedCharge, source: ImportContext) -> None:
    claim = each.by.claim
    row = {
        "id": con.next_ids("charge_arrival", 1)[0],
        "practice_id": source.practice.id,
        "charge_id": each.charge_id,
        "fingerprint": each.by.fingerprint,
        "frequency": claim.frequency,
        "intake_file_id": source.file_id,
        "segment_number": claim.segment_number,
        "arrived_at": source.now,
    }
    con.insert("charge_arrival", [row])


def _replace(
    con: Connection,
    original: ReplacedCharge,
    source: ImportContext,
    payers: Payers,
    patients: new_charges.Patients,
) -> None:
    before = _held(con, original.charge_id)
    after = new_charges.charge_of(
        original.charge_id, original.by.claim, source.practice.id, payers, patients
    )
    row = new_charges.charge_row(after, original.by, source)
    keep = {"id", "practice_id", "version", "is_edited", "fingerprint", "intake_file_id",
            "segment_number", "created_at"}  # fmt: skip
    values = {name: value for name, value in row.items() if name not in keep}
    assignments = ", ".join(f"{name} = ${name}" for name in values)
    con.execute(
        f"UPDATE charge SET {assignments}, version = version + 1 WHERE id = $id",
        id=original.charge_id,
        **values,
    )
    con.execute("DELETE FROM service_line WHERE charge_id = $id", id=original.charge_id)
    lines = new_charges.line_rows(after)
    for id_, line in zip(con.next_ids("service_line", len(lines)), lines, strict=True):
        line["id"] = id_
    con.insert("service_line", lines)
    changes = [
        f"{each.label}: {each.before or 'nothing'} → {each.now or 'nothing'}"
        for each in charges.differences(before, after)
    ]
    said = f"A claim that replaces this one arrived. {'; '.join(changes) or 'Nothing changed'}."
    _tell(con, original, "replaced", said, source)


def _held(con: Connection, charge_id: int) -> Charge:
    [found] = con.records(Charge, f"SELECT {COLUMNS} FROM charge WHERE id = $id", id=charge_id)
    lines = con.records(
        ServiceLine,
        """
        SELECT date_from, date_to, procedure, modifiers, pointers, units, unit_charge, total
        FROM service_line WHERE charge_id = $id ORDER BY position
        """,
        id=charge_id,
    )
    return dataclasses.replace(found, lines=tuple(lines))


def _tell(
    con: Connection, original: ReplacedCharge, kind: str, said: str, source: ImportContext
) -> None:
    """A line of history on the charge and on each open task about it."""
    number = original.by.claim.segment_number
    tasks = con.rows("SELECT id FROM task WHERE charge_id = $id AND is_open", id=original.charge_id)
    for task_id in [row[0] for row in tasks] or [None]:
        event = source.event(kind, number, task_id=task_id, charge_id=original.charge_id)
        con.insert("event", [event | {"detail": f"{said} {event['detail']}."}])


def link(con: Connection, new: Sequence[NewClaim], source: ImportContext) -> int:
    """Give open tasks about a claim that was not held the charge that came now; how many.

    Of several charges the one of the same day and amount, else the last.
    """
    rows = con.rows(
        """
        SELECT task.id, charge.id, charge.patient_id, charge.payer_id,
               concat_ws(', ', nullif(patient.last_name, ''), nullif(patient.first_name, '')),
               payer.name, coalesce(nullif(rendering_name, ''), billing_name),
               charge.date_from, charge.segment_number
        FROM task
        JOIN charge ON charge.claim_number = task.claim_number
            AND charge.practice_id = task.practice_id AND charge.intake_file_id = $file_id
        JOIN patient ON patient.id = charge.patient_id
        JOIN payer ON payer.id = charge.payer_id
        WHERE task.practice_id = $practice_id AND task.is_open AND task.charge_id IS NULL
          AND task.claim_number IN (SELECT unnest($numbers::VARCHAR[]))
        ORDER BY charge.date_from IS NOT DISTINCT FROM task.date_of_service,
                 charge.filed_total IS NOT DISTINCT FROM task.amount, charge.id
        """,
        practice_id=source.practice.id,
        file_id=source.file_id,
        numbers=list({each.claim.claim_number for each in new}),
    )
    for task_id, *values, segment_number in {row[0]: row for row in rows}.values():
        charge_id, patient_id, payer_id, patient, payer, provider, day = values
        con.execute(
            """
            UPDATE task SET charge_id = $charge_id, patient_id = $patient_id,
                payer_id = $payer_id, patient_name = $patient, payer_name = $payer,
                provider_name = $provider, date_of_service = coalesce($day, date_of_service),
                version = version + 1
            WHERE id = $task_id
            """,
            task_id=task_id,
            charge_id=charge_id,
            patient_id=patient_id,
            payer_id=payer_id,
            patient=patient,
            payer=payer,
            provider=provider,
            day=day,
        )
        event = source.event("claim found", segment_number, task_id=task_id, charge_id=charge_id)
        con.insert("event", [event])
    search_terms.index(con, [row[0] for row in rows])
    return len({row[0] for row in rows})
