"""Replacements and voids that became charges of their own, since no charge had the number of the
claim that they name (REF*F8): they take its place once a remittance says which charge has it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from lib import charges, payers_claim_number
from lib.earlier_claims import keep_earlier
from lib.history_event_kinds import EventKind
from lib.intake.charges import filing_times, replacement_claims
from lib.intake.charges.filing_times import REPLACES, SUPERSEDED, VOIDS
from lib.intake.import_context import ImportContext
from lib.intake.matching import known_charges
from lib.intake.matching.claim_facts import ClaimFacts, stated
from lib.intake.matching.claim_matcher import Candidate
from lib.models import CHARGE_COLUMNS
from lib.store.database import Connection

# What a charge is filed as. Its own id, its versions and where it came from stay.
FILED = (
    *(name for name in CHARGE_COLUMNS
      if name not in {"id", "practice_id", "version", "is_edited"}),
    "frequency", "number_key", "payer_role", "patient_more", "other_payers",
)  # fmt: skip


class _Waiting(NamedTuple):
    """A charge that came in as the replacement or void of a claim that no charge was known as."""

    charge_id: int
    is_void: bool  # as it came in, or since
    number: str  # REF*F8


@dataclass(frozen=True, slots=True)
class Replaced:
    """A charge, and the one that turned out to replace or void it."""

    charge_id: int
    by: _Waiting
    number: str  # our number for the later one


def apply(con: Connection, numbers: Collection[str], source: ImportContext) -> list[Replaced]:
    """Let the charges that replace or void a claim with one of these numbers of the payer's (as
    `lookup_key` makes them) take the place of the charge that has it now; inside a transaction.

    The original stays the charge and gets the content, as later claims left it; the other one
    counts as voided, and its open tasks and answers are the original's. What somebody edited or
    chose here stays as it is.
    """
    found = []
    for each in _waiting(con, source.practice.id, numbers) if numbers else ():
        [(held, candidate)] = known_charges.known(con, [each.charge_id])
        facts = _facts(candidate, each.number)
        known = known_charges.charges(con, source.practice.id, [facts])
        filed = filing_times.first(con, [one.charge_id for one, _ in known.pairs()])
        filed_at = filing_times.last(con, [each.charge_id]).get(each.charge_id, "")
        others = [
            one
            for one in known.candidates(facts)
            if one.charge_id != each.charge_id
            and not one.is_voided
            and not filing_times.is_after(filed.get(one.charge_id, ""), filed_at)
        ]
        match = replacement_claims.original_of(facts, each.number, others)
        charge_id = match.charge_id
        if charge_id is None or charge_id in known.edited(con):
            continue
        last = filing_times.last(con, [charge_id]).get(charge_id, "")
        if not filing_times.is_after(last, filed_at):
            found.append(Replaced(charge_id, each, held.claim_number))
            _apply(con, found[-1], source)
    return found


def _waiting(con: Connection, practice_id: int, numbers: Collection[str]) -> list[_Waiting]:
    """Return the charges that wait for a claim of one of these numbers and that nobody touched."""
    rows = con.rows(
        """
        SELECT charge.id, coalesce(is_voided, false), min(said.number)
        FROM charge JOIN charge_number AS said
          ON said.charge_id = charge.id AND said.kind = 'payer'
         AND said.recorded_at = charge.created_at
        WHERE charge.practice_id = $practice_id AND frequency IN ($replaces, $voids)
          AND said.number_key IN (SELECT unnest($numbers::VARCHAR[]))
          AND NOT is_edited
          AND charge.id NOT IN (SELECT charge_id FROM charge_arrival
                                WHERE frequency NOT IN ($replaces, $voids, $superseded))
          AND charge.id NOT IN (SELECT charge_id FROM charge_choice)
          AND charge.id NOT IN (SELECT charge_id FROM task JOIN draft ON draft.task_id = task.id
                                WHERE charge_id IS NOT NULL)
          AND charge.fingerprint NOT IN (SELECT fingerprint FROM charge_arrival
                                         WHERE practice_id = $practice_id)
          -- One that was itself replaced can have the number from its own answer, not from REF*F8.
          AND NOT (EXISTS (SELECT 1 FROM charge_arrival AS later WHERE later.charge_id = charge.id)
                   AND EXISTS (SELECT 1 FROM claim_answer AS own
                               WHERE own.charge_id = charge.id
                                 AND own.payer_claim_number = said.number))
        GROUP BY charge.id, is_voided, filed_at
        ORDER BY coalesce(filed_at, ''), charge.id
        """,
        practice_id=practice_id,
        replaces=REPLACES,
        voids=VOIDS,
        superseded=SUPERSEDED,
        numbers=list(numbers),
    )
    return [_Waiting(*row) for row in rows]


def _facts(candidate: Candidate, number: str) -> ClaimFacts:
    """Return by which facts the claim is found that this one names by that number."""
    filed = candidate.filed[0]
    return ClaimFacts(
        claim_numbers=stated(filed.claim_number, number),
        payer_numbers=stated(number),
        patient_name=filed.patient_name,
        birth_date=candidate.birth_date,
        member_ids=stated(filed.member_id),
        dates=filed.dates,
        payer_name=filed.payer_names[0],
        payer_code=filed.payer_code,
        payer_role=filed.payer_role,
    )


def _apply(con: Connection, each: Replaced, source: ImportContext) -> None:
    ids = {"id": each.charge_id, "by": each.by.charge_id}
    con.execute(
        """
        INSERT INTO charge_arrival (id, practice_id, charge_id, fingerprint, frequency, filed_at,
                                    intake_file_id, segment_number, arrived_at)
        SELECT $arrival, practice_id, $id, fingerprint, frequency, filed_at, intake_file_id,
               segment_number, $now
        FROM charge WHERE id = $by
        """,
        arrival=con.next_ids("charge_arrival", 1)[0],
        now=source.now,
        **ids,
    )
    if each.by.is_void:
        con.execute(
            "UPDATE charge SET is_voided = true, version = version + 1 WHERE id = $id",
            id=each.charge_id,
        )
        kind, said = EventKind.VOIDED, "A claim that voids this one had come in before"
    else:
        said = _take_content(con, each, source)
        kind = EventKind.REPLACED
    _move(con, each, source)
    why = f"{said}; its number of the payer's ({each.by.number}) is known by this file."
    for charge_id, what, text in (
        (each.charge_id, kind, why),
        (each.by.charge_id, EventKind.ORIGINAL_ARRIVED,
         "The claim that this one replaces or voids is known by its number now, and is what this "
         "one says: this one counts no more."),
    ):  # fmt: skip
        tasks = con.rows("SELECT id FROM task WHERE charge_id = $id AND is_open", id=charge_id)
        for task_id in [row[0] for row in tasks] or [None]:
            event = source.event(what, 1, task_id=task_id, charge_id=charge_id)
            con.insert("event", [event | {"detail": f"{text} {event['detail']}."}])


def _take_content(con: Connection, each: Replaced, source: ImportContext) -> str:
    """Give the original the content of the claim that replaces it; return what it changes."""
    before = replacement_claims.held(con, each.charge_id)
    keep_earlier(con, each.charge_id, now=source.now)
    assignments = ", ".join(f"{name} = later.{name}" for name in FILED)
    con.execute(
        f"""
        UPDATE charge SET {assignments}, version = charge.version + 1
        FROM (SELECT {", ".join(FILED)} FROM charge WHERE id = $by) AS later
        WHERE charge.id = $id
        """,
        id=each.charge_id,
        by=each.by.charge_id,
    )
    later = replacement_claims.held(con, each.by.charge_id)
    replacement_claims.put_lines(con, replace(later, id=each.charge_id))
    con.execute(
        "UPDATE charge SET is_voided = true, version = version + 1 WHERE id = $by",
        by=each.by.charge_id,
    )
    after = replacement_claims.held(con, each.charge_id)
    charges.keep_total(con, before, after, now=source.now)
    return (
        "A claim that replaces this one had come in before. "
        f"{replacement_claims.changes(before, after)}"
    )


def _move(con: Connection, each: Replaced, source: ImportContext) -> None:
    """Give the original the numbers, answers and open tasks of the claim that takes its place."""
    ids = {"id": each.charge_id, "by": each.by.charge_id}
    con.execute(
        """
        INSERT INTO charge_number (practice_id, charge_id, kind, number, number_key, is_proven,
                                   recorded_at)
        SELECT practice_id, $id, kind, number, number_key, is_proven, $now
        FROM charge_number AS said
        WHERE charge_id = $by
          AND NOT EXISTS (SELECT 1 FROM charge_number AS known
                          WHERE known.charge_id = $id AND known.kind = said.kind
                            AND known.number = said.number)
        """,
        now=source.now,
        **ids,
    )
    for table in ("claim_answer", "charge_arrival"):
        con.execute(f"UPDATE {table} SET charge_id = $id WHERE charge_id = $by", **ids)
    payers_claim_number.refresh(con, [each.charge_id])
    tasks = con.rows(
        "SELECT id FROM task WHERE charge_id = $by AND is_open ORDER BY id", by=each.by.charge_id
    )
    if tasks:
        [(held, _)] = known_charges.known(con, [each.charge_id])
        replacement_claims.show_charges(
            con, {task_id: held for (task_id,) in tasks}, now=source.now
        )
