"""The same answer of a payer once more, under another spelling of payer, number or patient.

An answer is known by what it says of no name: in which remittance or batch it stands (trace, date),
of which day, how much and why. Whose claim it is, is compared as the matcher compares it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lib.intake.matching import known_charges
from lib.intake.matching.claim_facts import ClaimFacts
from lib.intake.matching.claim_matcher import PAYER, compare
from lib.intake.matching.claim_numbers import grouped_key, lookup_key
from lib.intake.matching.known_charges import Charges, candidate_of
from lib.intake.matching.task_claim_facts import COLUMNS, could_be_others, facts_of
from lib.intake.records import PayerUpdate, Request
from lib.store.database import Connection


class _Held(NamedTuple):
    """A task, with the keys of all that was said of its claim."""

    task_id: int
    charge_id: int | None
    facts: ClaimFacts | None  # None if an older store did not keep them
    keys: list[str]


def find(
    con: Connection,
    practice_id: int,
    said: Sequence[Request | PayerUpdate],
    charges: Charges,
    file_id: int | None = None,
) -> dict[str, int]:
    """Return by key the newest task, open or completed, that was told each of these answers before
    in other files than this one, in whatever spelling."""
    about = {each.key: _facts(each) for each in said if each.nameless}
    matched = {key: charges.match(facts).charge_id for key, facts in about.items()}
    held = _held(con, practice_id, about, matched, file_id)
    found = {}
    for each in said if held else ():
        if each.nameless:
            facts, charge_id = about[each.key], matched[each.key]
            for task in held:
                is_told = any(_is_same(each, key) for key in task.keys)
                if is_told and _is_of_one_claim(facts, charge_id, task):
                    found[each.key] = task.task_id
    return found


def _facts(said: Request | PayerUpdate) -> ClaimFacts:
    return said.about if isinstance(said, Request) else said.facts


def _held(
    con: Connection,
    practice_id: int,
    about: Mapping[str, ClaimFacts],
    matched: Mapping[str, int | None],
    file_id: int | None,
) -> list[_Held]:
    """Return the tasks of these charges, or that name these numbers, the newest last."""
    keys = {lookup_key(each) for facts in about.values() for each in known_charges.numbers(facts)}
    ids = {each for each in matched.values() if each is not None}
    if not keys and not ids:
        return []
    rows = con.rows(
        f"""
        SELECT task.id, charge_id, coalesce(request_key, ''), task_claim.task_id, {COLUMNS}
        FROM task LEFT JOIN task_claim ON task_claim.task_id = task.id
        WHERE task.practice_id = $practice_id AND intake_file_id IS DISTINCT FROM $file_id
          AND (charge_id IN (SELECT unnest($ids::BIGINT[]))
               OR task_claim.number_key IN (SELECT unnest($keys::VARCHAR[])))
        ORDER BY task.id
        """,
        practice_id=practice_id,
        file_id=file_id,
        ids=list(ids),
        keys=list(keys),
    )
    held = {
        row[0]: _Held(row[0], row[1], facts_of(row[4:]) if row[3] is not None else None, [row[2]])
        for row in rows
    }
    if held:
        for task_id, key in con.rows(
            """
            SELECT task_id, answer_key FROM task_answer
            WHERE task_id IN (SELECT unnest($ids::BIGINT[]))
              AND intake_file_id IS DISTINCT FROM $file_id
            """,
            ids=list(held),
            file_id=file_id,
        ):
            held[task_id].keys.append(key)
    return list(held.values())


def _is_same(said: Request | PayerUpdate, key: str) -> bool:
    """Return True if a key differs from that of an answer in names at most; the payer's number for
    the claim, where the answer states one, is the same."""
    if key == said.key:
        return True
    first, *middle, last = said.nameless
    if not (key.startswith(first) and key.endswith(last)):
        return False
    names, at = "", len(first)
    for part in middle:
        place = key.find(part, at)
        if place < 0:
            return False
        names, at = f"{names}|{key[at:place]}", place + len(part)
    names += f"|{key[at : len(key) - len(last)]}"
    number = said.payer_claim_number
    return not number or grouped_key(number) in map(grouped_key, names.split("|"))


def _is_of_one_claim(facts: ClaimFacts, charge_id: int | None, task: _Held) -> bool:
    """Return True if an answer and a task mean one claim; a charge may know its payer by names that
    are not alike."""
    is_same_charge = charge_id is not None and charge_id == task.charge_id
    if task.facts is None:
        return is_same_charge
    if could_be_others(facts, task.facts):
        return False
    compared = compare(facts, candidate_of(task.facts, task.task_id))
    others = {each.name for each in compared.disagreements} - {PAYER}
    return compared.agrees or (is_same_charge and not others)
