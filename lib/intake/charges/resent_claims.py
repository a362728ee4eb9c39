"""Claims that were sent again as originals (CLM05-3 = 1) with a correction: the same number,
patient, payer, providers, days, amount and service lines as a charge we have.

Practices correct a rejected claim so, since its payer never had it. What such a claim says
otherwise (a diagnosis, a member ID, an authorization) makes no other claim of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lib.intake.charges.filing_times import VOIDS
from lib.intake.charges.new_charges import NewClaim
from lib.intake.charges.replacement_claims import ReplacedCharge
from lib.intake.import_context import ImportContext
from lib.intake.matching.claim_numbers import (
    could_be_same,
    grouped_key,
    is_same,
    lookup_key,
)
from lib.intake.matching.spelling_comparison import as_written, fold
from lib.intake.records import Claim, Party
from lib.store.database import Connection, Value

Told = tuple[Value, ...]  # what tells a claim from others, but for separators in its number


class _Charge(NamedTuple):
    """A charge that a claim sent again could be."""

    charge_id: int
    is_edited: bool
    filed_at: str
    claim_number: str


def find(
    con: Connection, new: Sequence[NewClaim], source: ImportContext
) -> tuple[list[NewClaim], list[ReplacedCharge], list[ReplacedCharge]]:
    """Return the claims that become charges of their own, those that were sent again, and those
    that were written before what we hold of them, with their charges.

    Two claims of one file are two, and where two charges are alike none is chosen. A number without
    the separators between its digits is that of a charge that has them, if no other has the number.
    """
    told = [_told(each.claim) for each in new]
    held = _held(con, source, {each[:1] for each in told})
    numbered = Counter(map(_numbered, new, told))
    alike = Counter(told)
    own: list[NewClaim] = []
    again: list[ReplacedCharge] = []
    older: list[ReplacedCharge] = []
    for each, of in zip(new, told, strict=True):
        number = each.claim.claim_number
        could_be = [one for one in held.get(of, ()) if could_be_same(number, one.claim_number)]
        same = [one for one in could_be if is_same(number, one.claim_number)]
        charges, times = (same, numbered[_numbered(each, of)]) if same else (could_be, alike[of])
        if len(charges) == 1 and times == 1:
            [charge] = charges
            is_older = "" < each.claim.sent_at < charge.filed_at
            found = ReplacedCharge(charge.charge_id, charge.is_edited, each)
            (older if is_older else again).append(found)
        else:
            own.append(each)
    return own, again, older


def _numbered(each: NewClaim, told: Told) -> Told:
    return grouped_key(each.claim.claim_number), *told


def _told(claim: Claim) -> Told:
    who = claim.patient
    return (
        lookup_key(claim.claim_number), claim.filed_total, as_written(who.full_name),
        who.birth_date,
        _payer(claim.payer.code, claim.payer.name), claim.payer_role, _provider(claim.billing),
        _provider(claim.rendering), claim.place_of_service, *claim.dates,
        _lines((line.procedure, line.modifiers, line.units, line.total, line.date_from)
               for line in claim.lines),
    )  # fmt: skip


def _payer(code: str | None, name: str) -> Value:
    return code or fold(name)


def _provider(who: Party) -> Value:
    return who.npi or fold(who.name)


def _lines(lines: Iterable[Told]) -> Value:
    return tuple(
        (procedure, tuple(modifiers), f"{units:f}".rstrip("0").rstrip("."), total, day)
        for procedure, modifiers, units, total, day in lines
    )


def _held(
    con: Connection, source: ImportContext, numbers: Iterable[Told]
) -> dict[Told, list[_Charge]]:
    """Return by what tells them apart the charges of these numbers that other files brought."""
    rows = con.rows(
        """
        SELECT charge.id, is_edited,
               greatest(coalesce((SELECT max(later.filed_at) FROM charge_arrival AS later
                                  WHERE later.charge_id = charge.id), ''),
                        coalesce(filed_at, '')),
               charge.claim_number, charge.number_key, filed_total,
               concat_ws(' ', last_name || ', ' || first_name, nullif(patient_more, '')),
               birth_date, payer.code, payer.name, payer_role, billing_npi, billing_name,
               rendering_npi, rendering_name, place_of_service, date_from, date_to
        FROM charge
        JOIN patient ON patient.id = charge.patient_id
        JOIN payer ON payer.id = charge.payer_id
        WHERE charge.practice_id = $practice_id
          AND charge.number_key IN (SELECT unnest($numbers::VARCHAR[]))
          AND intake_file_id IS DISTINCT FROM $file_id
          AND coalesce(frequency, '') <> $voids AND NOT coalesce(is_voided, false)
          AND charge.id NOT IN (SELECT charge_id FROM charge_arrival
                                WHERE intake_file_id = $file_id)
        """,
        practice_id=source.practice.id,
        numbers=[number for (number,) in numbers],
        file_id=source.file_id,
        voids=VOIDS,
    )
    lines: dict[int, list[Told]] = defaultdict(list)
    for charge_id, *line in (
        con.rows(
            """
        SELECT charge_id, procedure, modifiers, units, total, date_from FROM service_line
        WHERE charge_id IN (SELECT unnest($ids::BIGINT[])) ORDER BY charge_id, position
        """,
            ids=[row[0] for row in rows],
        )
        if rows
        else ()
    ):
        lines[charge_id].append(tuple(line))
    found: dict[Told, list[_Charge]] = defaultdict(list)
    for charge_id, is_edited, filed_at, claim_number, number, total, patient, born, *rest in rows:
        code, payer, role, billing_npi, billing, rendering_npi, rendering, place, *days = rest
        told = (
            number, total, as_written(patient), born, _payer(code, payer), role or "",
            billing_npi or fold(billing), rendering_npi or fold(rendering), place, *days,
            _lines(lines[charge_id]),
        )  # fmt: skip
        found[told].append(_Charge(charge_id, is_edited, filed_at, claim_number))
    return found
