"""Which of what a practice holds is meant: charges and tasks by claim number, patients by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from lib.store.database import Connection


class KnownCharge(NamedTuple):
    """What a task shows of the charge it is about."""

    claim_number: str
    filed_total: Decimal
    charge_id: int
    patient_id: int
    patient_name: str
    payer_id: int
    payer_name: str
    provider_name: str
    date_from: date | None


class OpenTask(NamedTuple):
    """An open task that a later answer may belong to."""

    claim_number: str
    id: int
    charge_id: int | None
    type: str
    source: str
    request_key: str | None
    patient_name: str
    date_of_service: date | None


class Charges:
    """The charges that claim numbers could mean."""

    def __init__(self, rows: Sequence[KnownCharge]) -> None:
        self._held: dict[str, list[KnownCharge]] = {}
        for row in rows:
            self._held.setdefault(row.claim_number, []).append(row)

    def __contains__(self, claim_number: str) -> bool:
        return claim_number in self._held

    def find(self, claim_number: str, amount: Decimal | None) -> KnownCharge | None:
        """Of several the one with the amount, else the newest."""
        several = self._held.get(claim_number, [])
        same = (each for each in several if each.filed_total == amount)
        return next(same, several[0] if several else None)


class Patients:
    """The patients that names could mean."""

    def __init__(self, rows: Sequence[tuple[str, date | None, int]]) -> None:
        self._held: dict[str, list[tuple[date | None, int]]] = {}
        for name, birth_date, id_ in rows:
            self._held.setdefault(name, []).append((birth_date, id_))

    def find(self, name: str, birth_date: date | None) -> int | None:
        """The one patient of that name, and of that birth date where it is said; else None."""
        ids = [
            id_
            for born, id_ in self._held.get(name.casefold(), [])
            if birth_date is None or born in (None, birth_date)
        ]
        return ids[0] if len(ids) == 1 else None


def charges(con: Connection, practice_id: int, claim_numbers: Sequence[str]) -> Charges:
    """The charges of the practice with these claim numbers, newest first."""
    wanted = list({number for number in claim_numbers if number})
    if not wanted:
        return Charges([])
    rows = con.rows(
        """
        SELECT charge.claim_number, filed_total, charge.id, patient_id,
               concat_ws(', ', nullif(patient.last_name, ''), nullif(patient.first_name, '')),
               payer_id, payer.name, coalesce(nullif(rendering_name, ''), billing_name), date_from
        FROM charge
        JOIN patient ON patient.id = charge.patient_id
        JOIN payer ON payer.id = charge.payer_id
        WHERE charge.practice_id = $practice_id
          AND charge.claim_number IN (SELECT unnest($wanted::VARCHAR[]))
        ORDER BY coalesce(is_voided, false), charge.id DESC
        """,
        practice_id=practice_id,
        wanted=wanted,
    )
    return Charges([KnownCharge(*row) for row in rows])


def claim_numbers(
    con: Connection, practice_id: int, payer_numbers: Sequence[str]
) -> dict[str, str]:
    """Our claim number for each number that a payer calls one of our charges, the newest first."""
    if not payer_numbers:
        return {}
    rows = con.rows(
        """
        SELECT payer_claim_number, claim_number FROM charge
        WHERE practice_id = $practice_id
          AND payer_claim_number IN (SELECT unnest($wanted::VARCHAR[]))
        ORDER BY coalesce(is_voided, false) DESC, id
        """,
        practice_id=practice_id,
        wanted=list(payer_numbers),
    )
    return dict(rows)


def open_tasks(
    con: Connection, practice_id: int, claim_numbers: Sequence[str]
) -> dict[str, list[OpenTask]]:
    """The open tasks about these claim numbers, newest first.

    A charge may have got another number from a claim that replaced it: its tasks go by both.
    """
    wanted = list({number for number in claim_numbers if number})
    found: dict[str, list[OpenTask]] = {}
    if not wanted:
        return found
    rows = con.rows(
        """
        SELECT claim_number, id, charge_id, type, source, request_key, patient_name,
               date_of_service
        FROM task
        WHERE practice_id = $practice_id AND is_open
          AND claim_number IN (SELECT unnest($wanted::VARCHAR[]))
        UNION
        SELECT charge.claim_number, task.id, charge_id, type, source, request_key, patient_name,
               date_of_service
        FROM task
        JOIN charge ON charge.id = charge_id
        WHERE task.practice_id = $practice_id AND is_open
          AND charge.claim_number IN (SELECT unnest($wanted::VARCHAR[]))
        ORDER BY id DESC
        """,
        practice_id=practice_id,
        wanted=wanted,
    )
    for row in rows:
        found.setdefault(row[0], []).append(OpenTask(*row))
    return found


def patients(con: Connection, practice_id: int, names: Sequence[str]) -> Patients:
    """The patients of the practice with these names ("LAST, FIRST", in any case)."""
    wanted = list({name.casefold() for name in names if name})
    if not wanted:
        return Patients([])
    rows = con.rows(
        """
        SELECT name, birth_date, id FROM (
            SELECT lower(concat_ws(', ', nullif(last_name, ''), nullif(first_name, ''))) AS name,
                   birth_date, id
            FROM patient WHERE practice_id = $practice_id
        ) AS named
        WHERE name IN (SELECT unnest($wanted::VARCHAR[]))
        """,
        practice_id=practice_id,
        wanted=wanted,
    )
    return Patients([(row[0], row[1], row[2]) for row in rows])
