"""The same answer of a payer once more, under another spelling of payer, number or patient.

An answer is known by what it says of no name: in which remittance or batch it stands (trace, date),
of which day, how much and why. Whose claim it is, is compared as the matcher compares it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lib.intake.matching import known_charges
from lib.intake.matching.claim_facts import ClaimFacts, shares_payers_number
from lib.intake.matching.claim_matcher import PAYER, compare
from lib.intake.matching.claim_numbers import grouped_key, lookup_key
from lib.intake.matching.known_charges import Charges, candidate_of
from lib.intake.matching.spelling_comparison import fold, has_same_suffix, is_same_name
from lib.intake.matching.task_claim_facts import COLUMNS, could_be_others, facts_of
from lib.intake.records import PayerUpdate, Request
from lib.store.database import Connection

TABLE = "TABLE|"  # how the keys of rows begin; of a claim they have the number, not the payer's
FEW = 50  # requests of one file that differ in names only and are compared one by one


class _Held(NamedTuple):
    """A task, with the keys of all that was said of its claim."""

    task_id: int
    charge_id: int | None
    facts: ClaimFacts | None  # None if an older store did not keep them
    keys: list[str]
    is_of_file: bool  # made by the file that is being read


def find(
    con: Connection,
    practice_id: int,
    said: Sequence[Request | PayerUpdate],
    charges: Charges,
    file_id: int | None = None,
) -> dict[str, int]:
    """Return by key the newest task, open or completed, that was told each of these answers before,
    in whatever spelling; `file_id` is the file that says them."""
    about = {each.key: _facts(each) for each in said if each.nameless}
    matched = {key: charges.match(facts).charge_id for key, facts in about.items()}
    held = _held(con, practice_id, about, matched, file_id)
    others = [each for each in held if not each.is_of_file]
    own: dict[object, list[_Held]] = defaultdict(list)  # of this file, which may be thousands
    for task in held:
        for name in _names(task.facts) if task.is_of_file and task.facts else ():
            own[name].append(task)
    found = {}
    for each in said if held else ():
        if each.nameless:
            facts, charge_id = about[each.key], matched[each.key]
            of_file = (task for name in _names(facts) for task in own.get(name, ()))
            for task in (*others, *of_file):
                is_told = any(_is_same(each, key) for key in task.keys)
                if is_told and _is_of_one_claim(each, facts, charge_id, task):
                    found[each.key] = task.task_id
    return found


def alike(said: Sequence[Request]) -> dict[str, str]:
    """Return by the key of each request that of the first one among them which is the same in
    another spelling."""
    groups: dict[tuple[object, str], list[Request]] = defaultdict(list)
    for each in said:
        for number in known_charges.numbers(each.about)[:1] if each.nameless else ():
            groups[each.nameless, lookup_key(number)].append(each)
    found = {}
    for group in groups.values():
        firsts: list[Request] = []
        for each in group:
            told = next((one for one in firsts if _are_one(each, one)), None)
            if told:
                found[each.key] = told.key
            elif len(firsts) < FEW:
                firsts.append(each)
    return found


def _are_one(said: Request, other: Request) -> bool:
    return (
        _is_same(said, other.key)
        and not could_be_others(said.about, other.about)
        and not _could_be_relatives(said, said.about, other.about, is_one_file=True)
        and compare(said.about, candidate_of(other.about, 0)).agrees
    )


def _could_be_relatives(
    said: Request | PayerUpdate, facts: ClaimFacts, other: ClaimFacts, *, is_one_file: bool
) -> bool:
    """Return True if two names can be a father's and his son's, or twins': a file calls nobody by
    two names, and a row of a table no claim by a number of its answer."""
    if shares_payers_number(facts, other):
        return False
    if is_one_file:
        return not is_same_name(facts.patient_name, other.patient_name)
    return said.key.startswith(TABLE) and not has_same_suffix(
        facts.patient_name, other.patient_name
    )


def _names(facts: ClaimFacts) -> set[object]:
    """Return the patient's name and the payer's numbers: what one file says twice has one alike."""
    return {frozenset(fold(facts.patient_name)), *map(grouped_key, facts.payer_numbers)}


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
        SELECT task.id, charge_id, coalesce(request_key, ''),
               coalesce(intake_file_id = $file_id, false), task_claim.task_id, {COLUMNS}
        FROM task LEFT JOIN task_claim ON task_claim.task_id = task.id
        WHERE task.practice_id = $practice_id
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
        row[0]: _Held(row[0], row[1], facts_of(row[5:]) if row[4] is not None else None, [row[2]],
                      row[3])
        for row in rows
    }  # fmt: skip
    if held:
        for task_id, key in con.rows(
            """
            SELECT task_id, answer_key FROM task_answer
            WHERE task_id IN (SELECT unnest($ids::BIGINT[]))
            """,
            ids=list(held),
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
    if first == TABLE:  # whose claim it is, and nothing of which line
        return not any(each.startswith(("line=", "billed=")) for each in names.split("|"))
    number = said.payer_claim_number
    return not number or grouped_key(number) in map(grouped_key, names.split("|"))


def _is_of_one_claim(
    said: Request | PayerUpdate, facts: ClaimFacts, charge_id: int | None, task: _Held
) -> bool:
    """Return True if an answer and a task mean one claim; a charge may know its payer by names that
    are not alike."""
    is_same_charge = charge_id is not None and charge_id == task.charge_id
    if task.facts is None:
        return is_same_charge
    if could_be_others(facts, task.facts) or _could_be_relatives(
        said, facts, task.facts, is_one_file=task.is_of_file
    ):
        return False
    compared = compare(facts, candidate_of(task.facts, task.task_id))
    others = {each.name for each in compared.disagreements} - {PAYER}
    return compared.agrees or (is_same_charge and not others)
