"""Whether a charge is certainly the claim that a payer answered. Only then may a replacement of it
be written: otherwise it would carry another visit's, patient's or payer's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lib.export.filed_claim import Segments, element_at
from lib.export.replacement_claims_837p import Replacement
from lib.intake.charges import learned_numbers
from lib.intake.charges.charge_mismatches import facts_of_tasks
from lib.intake.matching import claim_matcher, known_charges
from lib.intake.matching.claim_matcher import BORN, DAY, MEMBER, PATIENT, PAYER, ROLE
from lib.intake.matching.spelling_comparison import could_be_payer, could_be_person
from lib.store.database import Connection

NEEDED = {PATIENT: "patient", MEMBER: "member ID", BORN: "date of birth", DAY: "date of service",
          PAYER: "payer", ROLE: "order of payers"}  # fmt: skip

LACKING = {PATIENT: "the patient's whole name", DAY: "the date of service", PAYER: "the payer"}


def doubts(con: Connection, charge_ids: Sequence[int]) -> dict[int, str]:
    """Return for each charge that is not certain the reason; the sentences name no patient."""
    return _unproven_numbers(con, charge_ids) | _uncertain(con, charge_ids)


def _uncertain(con: Connection, charge_ids: Sequence[int]) -> dict[int, str]:
    """Return the charges that a task's message contradicts, or names with letters lost, and those
    that were changed for one which names no patient, day or payer; unless a person chose them for
    it."""
    rows = con.rows(
        """
        SELECT id, charge_id,
               EXISTS (SELECT 1 FROM event
                       WHERE event.task_id = task.id AND event.kind = 'changed'
                         AND event.charge_id = task.charge_id)
        FROM task
        WHERE charge_id IN (SELECT unnest($ids::BIGINT[])) AND intake_file_id IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM charge_choice
                          WHERE charge_choice.task_id = task.id
                            AND charge_choice.charge_id = task.charge_id)
        """,
        ids=list(charge_ids),
    )
    facts = facts_of_tasks(con, [task_id for task_id, _, _ in rows])
    proven = learned_numbers.proven(con, charge_ids)
    candidates = {
        candidate.charge_id: candidate for _, candidate in known_charges.known(con, charge_ids)
    }
    found: dict[int, str] = {}
    for task_id, charge_id, is_changed_for in sorted(rows, key=lambda row: not row[2]):
        if task_id not in facts:
            continue
        comparison = claim_matcher.compare(facts[task_id], candidates[charge_id])
        against = [NEEDED[each.name] for each in comparison.doubts if each.name in NEEDED]
        if against:
            verb = "is" if comparison.disagreements else "may be"
            found[charge_id] = (
                f"the answer it was changed for {verb} about another {', '.join(against)}: choose "
                "the right charge in the task"
            )
        elif is_changed_for and charge_id not in found:
            known = proven.get(charge_id, ())
            lacking = learned_numbers.lacking(comparison, facts[task_id], known)
            if lacking:
                found[charge_id] = (
                    f"the answer it was changed for leaves {_said(lacking)} open: confirm in the "
                    "task that this charge is meant"
                )
    return found


def _said(lacking: Sequence[str]) -> str:
    *first, last = (LACKING[each] for each in lacking)
    return f"{', '.join(first)} and {last}" if first else last


def _unproven_numbers(con: Connection, charge_ids: Sequence[int]) -> dict[int, str]:
    """Return the charges whose payer's claim number may be another's: no agreeing message gave it,
    and another charge has the same claim number or payer's claim number."""
    return dict.fromkeys(
        learned_numbers.doubtful(con, charge_ids),
        "the payer's claim number may be that of another claim: no answer proves it for this one. "
        "Confirm in the task that this charge is meant",
    )


def of_filing(replacement: Replacement) -> str | None:
    """Return why the filed claim cannot be this charge's, or None."""
    filing = replacement.filing
    who = _name(filing.patient or filing.subscriber)
    if who and not could_be_person(who, replacement.patient.name, same_member=True):
        return "the claim that was filed names another patient"
    payer = element_at(filing.payer[0], 3) if filing.payer else ""
    filed = replacement.filed_payer or replacement.payer
    is_code = bool(filing.payer) and element_at(filing.payer[0], 9) == filed.code
    if payer and not is_code and not could_be_payer(payer, filed.name):
        return "the claim that was filed goes to another payer"
    return None


def _name(loop: Segments) -> str:
    if not loop:
        return ""
    return ", ".join(part for part in (element_at(loop[0], 3), element_at(loop[0], 4)) if part)


def why_not(replacement: Replacement, found: Mapping[int, str]) -> str:
    """Return why the original claim is not certain; empty if it is."""
    return found.get(replacement.charge.id) or of_filing(replacement) or ""
