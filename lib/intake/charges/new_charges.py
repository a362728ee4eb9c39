"""Turn a file's claims into charges: which of them are new, and their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from lib import scrubber
from lib.history_event_kinds import EventKind
from lib.intake.charges import payers_and_patients
from lib.intake.import_context import ImportContext
from lib.intake.matching.claim_numbers import lookup_key
from lib.intake.records import Claim
from lib.models import CHARGE_COLUMNS, Charge
from lib.store.database import Connection, Value

Patients = dict[tuple[str, str, date | None], int]
_NEVER = "9999"  # after any time


@dataclass(frozen=True, slots=True)
class NewClaim:
    """A claim we do not have yet."""

    claim: Claim
    fingerprint: str
    is_held: bool = False  # it was corrected since, and only its charge can take it up again


class Known:
    """De-duplicate one file's claims: if the file contains a claim k times and we already hold n
    copies, k − n are new. The claims may come in batches."""

    def __init__(self, con: Connection, practice_id: int, file_id: int) -> None:
        self._con, self._practice_id, self._file_id = con, practice_id, file_id
        # of claims that we hold: when each copy was filed, voided or corrected, and whether voided
        self._spare: dict[bytes, tuple[tuple[str, str, bool], ...]] = {}

    def fresh(self, claims: Sequence[Claim]) -> list[NewClaim]:
        """Return the claims we do not have yet."""
        found = [NewClaim(claim, claim.fingerprint) for claim in claims]
        before_roles: dict[str, str] = {}
        before_middles: dict[str, str] = {}
        for each in found:
            for earlier, old in zip(
                (before_roles, before_middles), each.claim.earlier_fingerprints, strict=True
            ):
                if old is not None:
                    earlier[old] = each.fingerprint
        held = self._con.rows(
            """
            SELECT held.fingerprint, has_role, has_middle, coalesce(held.filed_at, '') AS filed_at,
                   coalesce(least(voided_at, corrected_at), $never) AS ended_at,
                   coalesce(voided_at <= coalesce(corrected_at, $never), false) AS is_voided
            FROM (
                SELECT fingerprint, id AS charge_id, filed_at, intake_file_id,
                       payer_role IS NOT NULL AS has_role, patient_more IS NOT NULL AS has_middle
                FROM charge
                WHERE practice_id = $practice_id
                  AND fingerprint IN (SELECT unnest($wanted::VARCHAR[]))
                UNION ALL
                SELECT charge_arrival.fingerprint, charge_id, charge_arrival.filed_at,
                       charge_arrival.intake_file_id, payer_role IS NOT NULL,
                       patient_more IS NOT NULL
                FROM charge_arrival JOIN charge ON charge.id = charge_id
                WHERE charge_arrival.practice_id = $practice_id
                  AND charge_arrival.fingerprint IN (SELECT unnest($wanted::VARCHAR[]))
            ) AS held
            LEFT JOIN LATERAL (
                SELECT min(CASE WHEN later.frequency = '8' THEN later.filed_at END) AS voided_at,
                       min(CASE WHEN later.frequency <> '8'
                                 AND later.fingerprint <> held.fingerprint
                                THEN later.filed_at END) AS corrected_at
                FROM charge_arrival AS later
                WHERE later.charge_id = held.charge_id AND later.filed_at > held.filed_at
            ) AS ended ON true
            WHERE intake_file_id IS DISTINCT FROM $file_id
            ORDER BY ended_at
            """,
            practice_id=self._practice_id,
            file_id=self._file_id,
            wanted=list({*(each.fingerprint for each in found), *before_roles, *before_middles}),
            never=_NEVER,
        )
        copies: dict[str, list[tuple[str, str, bool]]] = {}
        own = {each.fingerprint for each in found}
        for fingerprint, has_role, has_middle, *ended in held:
            keys = {fingerprint} & own
            if not has_role and fingerprint in before_roles:
                keys.add(before_roles[fingerprint])
            if not has_middle and fingerprint in before_middles:
                keys.add(before_middles[fingerprint])
            for key in keys:
                copies.setdefault(key, []).append((ended[0], ended[1], ended[2]))
        for fingerprint, of in copies.items():
            self._spare.setdefault(bytes.fromhex(fingerprint), tuple(of))
        kept = [(each, self._take(each)) for each in found]
        return [replace(each, is_held=is_held) for each, is_held in kept if is_held is not None]

    def _take(self, new: NewClaim) -> bool | None:
        """Use up a copy of the claim that we hold, and return None; else whether one was corrected
        since. One that was voided or corrected before the claim was written is none of it: the
        claim is filed anew, or again as it was at first."""
        key, at_time = bytes.fromhex(new.fingerprint), new.claim.sent_at
        left = self._spare.get(key, ())
        for at, (filed_at, ended_at, _) in enumerate(left):
            if at_time < ended_at or (at_time == ended_at and not filed_at < at_time):
                self._spare[key] = left[:at] + left[at + 1 :]
                return None
        return any(not is_voided for _, _, is_voided in left)


def add(con: Connection, new: Sequence[NewClaim], source: ImportContext) -> None:
    """Insert the charges, their lines, the records they name and their history; inside a
    transaction."""
    if not new:
        return
    claims = [each.claim for each in new]
    payers, patients = people_of(con, claims, source)
    charges: list[dict[str, Value]] = []
    lines: list[dict[str, Value]] = []
    events: list[dict[str, Value]] = []
    numbers: list[dict[str, Value]] = []
    for id_, each in zip(con.next_ids("charge", len(new)), new, strict=True):
        charge = charge_of(id_, each.claim, source.practice.id, payers, patients)
        charges.append(charge_row(charge, each, source))
        lines += line_rows(charge)
        numbers += number_rows(id_, each.claim, source)
        events.append(source.event(EventKind.IMPORTED, each.claim.segment_number, charge_id=id_))
    ids = con.next_ids("service_line", len(lines)) if lines else []
    for id_, line in zip(ids, lines, strict=True):
        line["id"] = id_
    con.insert("charge", charges)
    con.insert("service_line", lines)
    con.insert("charge_number", numbers)
    con.insert("event", events)


def people_of(
    con: Connection, claims: Sequence[Claim], source: ImportContext
) -> tuple[payers_and_patients.Payers, Patients]:
    """Return the payers and patients that the claims name. Insert those we don't have."""
    payers = payers_and_patients.Payers(con, source.practice.id)
    payers.make(claim.payer for claim in claims)
    patients = payers_and_patients.patients(
        con, source.practice.id, (claim.patient for claim in claims)
    )
    return payers, patients


def charge_of(
    id_: int, claim: Claim, practice_id: int, payers: payers_and_patients.Payers, patients: Patients
) -> Charge:
    """Return the claim as a charge."""
    subject, payer = claim.patient, payers.find(claim.payer)
    assert payer is not None
    patient_id = patients[subject.last_name, subject.first_name, subject.birth_date]
    payer_id = payer[0]
    return Charge(
        id=id_,
        practice_id=practice_id,
        claim_number=claim.claim_number,
        patient_id=patient_id,
        payer_id=payer_id,
        member_id=claim.member_id,
        authorization_number=claim.authorization_number,
        billing_npi=claim.billing.npi,
        billing_name=claim.billing.name,
        rendering_npi=claim.rendering.npi,
        rendering_name=claim.rendering.name,
        referring_npi=claim.referring.npi,
        referring_name=claim.referring.name,
        supervising_npi=claim.supervising.npi,
        supervising_name=claim.supervising.name,
        location=claim.location,
        place_of_service=claim.place_of_service,
        date_from=claim.dates[0],
        date_to=claim.dates[1],
        hospitalized_from=claim.hospitalized[0],
        hospitalized_to=claim.hospitalized[1],
        diagnoses=claim.diagnoses,
        filed_total=claim.filed_total,
        is_edited=False,
        arrival_problems=(),
        version=1,
        lines=claim.lines,
    )


_COLUMNS = tuple(name for name in CHARGE_COLUMNS if name != "arrival_problems")


def charge_row(charge: Charge, each: NewClaim, source: ImportContext) -> dict[str, Value]:
    """Return the row of a new charge."""
    row: dict[str, Value] = {name: getattr(charge, name) for name in _COLUMNS}
    problems = scrubber.check_patient(each.claim.patient.birth_date)
    problems += scrubber.check_charge(charge, today=source.today)
    row["arrival_problems"] = tuple(problem.key for problem in problems)
    row["fingerprint"] = each.fingerprint
    row["intake_file_id"] = source.file_id
    row["segment_number"] = each.claim.segment_number
    row["frequency"] = each.claim.frequency
    row["filed_at"] = each.claim.sent_at or None
    row["is_voided"] = each.claim.frequency == "8"
    row["created_at"] = source.now
    row["number_key"] = lookup_key(charge.claim_number)
    row["payer_role"] = each.claim.payer_role
    row["patient_more"] = each.claim.patient.compared_more
    row["other_payers"] = tuple(
        text for who in each.claim.other_payers for text in (who.name, who.code) if text
    )
    return row


def number_rows(charge_id: int, claim: Claim, source: ImportContext) -> list[dict[str, Value]]:
    """Return the rows for the numbers that a claim names beside its own: the clearinghouse's, and
    the payer's for the claim that it replaces or voids."""
    numbers = (("trace", claim.trace_number), ("payer", claim.original))
    return [number_row(charge_id, kind, number, source) for kind, number in numbers if number]


def number_row(
    charge_id: int, kind: str, number: str, source: ImportContext, *, is_proven: bool = True
) -> dict[str, Value]:
    """Return the row for a number by which others call a charge."""
    return {
        "practice_id": source.practice.id,
        "charge_id": charge_id,
        "kind": kind,
        "number": number,
        "number_key": lookup_key(number),
        "is_proven": is_proven,
        "recorded_at": source.now,
    }


def line_rows(charge: Charge) -> list[dict[str, Value]]:
    """Return the rows of a charge's lines, without their ids."""
    return [
        {
            "practice_id": charge.practice_id,
            "charge_id": charge.id,
            "position": position,
            "date_from": line.date_from,
            "date_to": line.date_to,
            "procedure": line.procedure,
            "modifiers": line.modifiers,
            "pointers": line.pointers,
            "units": line.units,
            "unit_charge": line.unit_charge,
            "total": line.total,
        }
        for position, line in enumerate(charge.lines, start=1)
    ]
