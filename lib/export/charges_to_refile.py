"""Gather the charges that were changed on completed tasks, to be filed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from lib import payers_claim_number
from lib.earlier_claims import filed_payers
from lib.export import claim_identity_check, completed_tasks, replacement_claims_837p
from lib.export.filed_claim import element_at
from lib.export.filed_claim_reader import FiledClaims
from lib.export.period import Period, record_export
from lib.export.replacement_claims_837p import Replacement
from lib.export.x12_writer import Envelope
from lib.intake.files.parsed_file import count
from lib.intake.matching.claim_facts import REJECTIONS
from lib.models import CHARGE_COLUMNS, Charge, Patient, Payer, Person, ServiceLine
from lib.payers_claim_number import Said
from lib.store.database import Connection, transaction

BATCH = 500  # charges in memory at once
RECEIVER = "BILLER"  # the file goes to whoever files the practice's claims


@dataclass(frozen=True, slots=True)
class Review:
    """What a file of replacements would hold."""

    claims: int
    left_out: int
    remarks: tuple[tuple[str, int], ...]  # a sentence, and how many claims it is true of


def review(con: Connection, wanted: Period) -> Review:
    """Return how many claims there are to replace, and what they will lack. It names no patient."""
    remarks: Counter[str] = Counter()
    claims = left_out = 0
    if voided := len(completed_tasks.changed_charges(con, wanted, is_voided=True)):
        left_out += voided
        remarks["left out, because the claim was voided"] = voided
    for each in replacements(con, completed_tasks.changed_charges(con, wanted)):
        hindrance = replacement_claims_837p.hindrance(each)
        if hindrance:
            left_out += 1
            remarks[f"left out, because {hindrance}"] += 1
        else:
            claims += 1
            remarks.update(replacement_claims_837p.missing(each))
    return Review(claims, left_out, tuple(remarks.most_common()))


def claims_file(
    con: Connection, wanted: Period, *, actor: Person | None, now: datetime
) -> Iterator[bytes]:
    """Yield the 837P of the period, piece by piece, after recording the export in the history."""
    ids = completed_tasks.changed_charges(con, wanted)
    record_export(
        con, wanted, f"{count(len(ids), 'claim')} to replace (837P)",
        patient_ids=completed_tasks.patients_of("charge", con, ids), actor=actor, now=now,
    )  # fmt: skip
    with transaction(con):
        control = int(con.value("SELECT nextval('interchange_id')")) % 1_000_000_000
    envelope = Envelope(*_between(con, wanted, ids), control, now.astimezone(wanted.zone))
    writable = (
        each for each in replacements(con, ids) if not replacement_claims_837p.hindrance(each)
    )
    return replacement_claims_837p.write(writable, envelope)


def replacements(con: Connection, ids: list[int]) -> Iterator[Replacement]:
    """Yield the charges as they are now, in this order, with whom they are about."""
    originals = FiledClaims(con)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        charges = {charge.id: charge for charge in _charges(con, batch)}
        patients = _patients(con, batch)
        payers = _payers(con, batch)
        numbers = payer_claim_numbers(con, batch)
        places = _places(con, batch)
        filed = filed_payers(con, batch)
        rejected = _rejected(con, batch)
        uncertain = claim_identity_check.doubts(con, batch)
        for charge_id in batch:
            charge = charges[charge_id]
            found = Replacement(
                charge,
                patients[charge.patient_id],
                payers[charge.payer_id],
                numbers.get(charge_id, ""),
                originals.find(*places[charge_id]),
                filed.get(charge_id),
                charge_id in rejected,
            )
            yield replace(found, doubt=claim_identity_check.why_not(found, uncertain))


def _between(con: Connection, wanted: Period, ids: list[int]) -> tuple[str, str]:
    """Return sender and receiver of the file: those of the first claim as filed, else practice and
    biller."""
    for first in replacements(con, ids[:1]):
        named = [loop[0] for loop in (first.filing.submitter, first.filing.receiver) if loop]
        if len(named) == 2 and all(element_at(each, 9) for each in named):
            return element_at(named[0], 9), element_at(named[1], 9)
        if first.charge.billing_npi:
            return first.charge.billing_npi, RECEIVER
    return wanted.practice.name.upper(), RECEIVER


def payer_claim_numbers(con: Connection, charge_ids: list[int]) -> dict[int, str]:
    """Return the payer's number of each claim that it decided (CLP07)."""
    kept: dict[int, str] = dict(
        con.rows(
            """
            SELECT id, payer_claim_number FROM charge
            WHERE id IN (SELECT unnest($ids::BIGINT[])) AND payer_claim_number <> ''
            """,
            ids=charge_ids,
        )
    )
    # read anew: an older version wrote the number that came in last
    return kept | payers_claim_number.of_charges(con, charge_ids)


def _rejected(con: Connection, charge_ids: list[int]) -> set[int]:
    """Return the charges that were changed for a rejection, of which no remittance says that the
    payer has them."""
    rows = con.rows(
        """
        SELECT DISTINCT task.charge_id
        FROM task JOIN event ON event.task_id = task.id
        WHERE task.charge_id IN (SELECT unnest($ids::BIGINT[]))
          AND event.kind = 'changed' AND event.charge_id = task.charge_id
          AND (request_key LIKE $of_claim || '%' OR request_key LIKE $of_lines || '%')
          AND NOT EXISTS (SELECT 1 FROM claim_answer
                          WHERE claim_answer.charge_id = task.charge_id AND outcome <> $nothing)
        """,
        ids=charge_ids,
        nothing=Said.NOTHING.value,
        of_claim=REJECTIONS[0],
        of_lines=REJECTIONS[1],
    )
    return {row[0] for row in rows}


_COLUMNS = ", ".join(CHARGE_COLUMNS)


def _charges(con: Connection, ids: list[int]) -> Iterator[Charge]:
    lines: dict[int, list[ServiceLine]] = {}
    for charge_id, *values in con.rows(
        """
        SELECT charge_id, date_from, date_to, procedure, modifiers, pointers, units, unit_charge,
               total
        FROM service_line WHERE charge_id IN (SELECT unnest($ids::BIGINT[]))
        ORDER BY charge_id, position
        """,
        ids=ids,
    ):
        start, end, procedure, modifiers, pointers, *amounts = values
        lines.setdefault(charge_id, []).append(
            ServiceLine(start, end, procedure, tuple(modifiers), tuple(pointers), *amounts)
        )
    for charge in con.records(
        Charge,
        f"SELECT {_COLUMNS} FROM charge WHERE id IN (SELECT unnest($ids::BIGINT[]))",
        ids=ids,
    ):
        yield replace(charge, lines=tuple(lines.get(charge.id, ())))


def _places(con: Connection, ids: list[int]) -> dict[int, tuple[int | None, int | None]]:
    """Return the file and the segment each charge came from."""
    return {
        row[0]: (row[1], row[2])
        for row in con.rows(
            f"""
            WITH filed AS ({completed_tasks.FILED})
            SELECT charge_id, file_id, segment_number FROM filed
            WHERE charge_id IN (SELECT unnest($ids::BIGINT[]))
            """,
            ids=ids,
        )
    }


def _patients(con: Connection, charge_ids: list[int]) -> dict[int, Patient]:
    found = con.records(
        Patient,
        """
        SELECT id, practice_id, last_name, first_name, birth_date, sex FROM patient
        WHERE id IN (SELECT patient_id FROM charge
                     WHERE id IN (SELECT unnest($ids::BIGINT[])))
        """,
        ids=charge_ids,
    )
    return {patient.id: patient for patient in found}


def _payers(con: Connection, charge_ids: list[int]) -> dict[int, Payer]:
    found = con.records(
        Payer,
        """
        SELECT id, practice_id, code, name FROM payer
        WHERE id IN (SELECT payer_id FROM charge WHERE id IN (SELECT unnest($ids::BIGINT[])))
        """,
        ids=charge_ids,
    )
    return {payer.id: payer for payer in found}
