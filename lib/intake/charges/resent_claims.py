"""Claims that were sent again as originals (CLM05-3 = 1) with a correction: the same number,
patient, payer, providers, days, amount and service lines as a charge we have.

Practices correct a rejected claim so, since its payer never had it. What such a claim says
otherwise (a diagnosis, a member ID, an authorization) makes no other claim of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from lib.intake.charges.filing_times import VOIDS
from lib.intake.charges.new_charges import NewClaim
from lib.intake.charges.replacement_claims import ReplacedCharge
from lib.intake.import_context import ImportContext
from lib.intake.matching.spelling_comparison import as_written, fold, number_key
from lib.intake.records import Claim, Party
from lib.store.database import Connection, Value

Told = tuple[Value, ...]  # what tells a claim from others


def find(
    con: Connection, new: Sequence[NewClaim], source: ImportContext
) -> tuple[list[NewClaim], list[ReplacedCharge], list[ReplacedCharge]]:
    """Return the claims that become charges of their own, those that were sent again, and those
    that were written before what we hold of them, with their charges.

    Two claims of one file are two, and where two charges are alike none is chosen.
    """
    told = [_told(each.claim) for each in new]
    held = _held(con, source, {each[:1] for each in told})
    times = Counter(told)
    own: list[NewClaim] = []
    again: list[ReplacedCharge] = []
    older: list[ReplacedCharge] = []
    for each, of in zip(new, told, strict=True):
        charges = held.get(of, [])
        if len(charges) == 1 and times[of] == 1:
            charge_id, is_edited, filed_at = charges[0]
            is_older = "" < each.claim.sent_at < filed_at
            (older if is_older else again).append(ReplacedCharge(charge_id, is_edited, each))
        else:
            own.append(each)
    return own, again, older


def _told(claim: Claim) -> Told:
    who = claim.patient
    return (
        number_key(claim.claim_number), claim.filed_total, as_written(who.full_name),
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
) -> dict[Told, list[tuple[int, bool, str]]]:
    """Return by what tells them apart the charges of these numbers that other files brought."""
    rows = con.rows(
        """
        SELECT charge.id, is_edited,
               greatest(coalesce((SELECT max(later.filed_at) FROM charge_arrival AS later
                                  WHERE later.charge_id = charge.id), ''),
                        coalesce(filed_at, '')),
               charge.number_key, filed_total,
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
    found: dict[Told, list[tuple[int, bool, str]]] = defaultdict(list)
    for charge_id, is_edited, filed_at, number, total, patient, born, *rest in rows:
        code, payer, role, billing_npi, billing, rendering_npi, rendering, place, *days = rest
        told = (
            number, total, as_written(patient), born, _payer(code, payer), role or "",
            billing_npi or fold(billing), rendering_npi or fold(rendering), place, *days,
            _lines(lines[charge_id]),
        )  # fmt: skip
        found[told].append((charge_id, is_edited, filed_at))
    return found
