"""Claims that replace (CLM05-3 = 7) or void (8) one we have, and tasks that find their claim.

The charge stays the same charge, so open tasks stay attached to it. A replacement overwrites its
content, unless somebody has edited the charge here: then the history says what arrived.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from lib import charges, tasks
from lib.earlier_claims import add_earlier, keep_earlier
from lib.history_event_kinds import EventKind
from lib.intake.charges import filing_times, learned_numbers, new_charges
from lib.intake.charges.filing_times import REPLACES, SUPERSEDED, VOIDS
from lib.intake.charges.new_charges import NewClaim
from lib.intake.charges.payers_and_patients import Payers
from lib.intake.import_context import ImportContext
from lib.intake.matching import claim_matcher, known_charges, task_claim_facts
from lib.intake.matching.claim_facts import ClaimFacts
from lib.intake.matching.claim_matcher import Candidate, Match, Outcome
from lib.intake.matching.claim_numbers import could_be_same, is_same, lookup_key
from lib.intake.matching.known_charges import KnownCharge
from lib.intake.matching.spelling_comparison import could_be_payer, could_be_person
from lib.intake.matching.task_claim_facts import Waiting
from lib.intake.records import Claim, Party
from lib.models import CHARGE_COLUMNS, Charge, ServiceLine
from lib.store.database import Connection, Value

LATE = "The claim that this one replaces or voids came after it; nothing changed."
OLDER = "The claim as it was sent before came after it; nothing changed."
OF_CHARGE = {"date_of_service": "date_from"}  # where a task calls it otherwise
COLUMNS = ", ".join(CHARGE_COLUMNS)


class ReplacedCharge(NamedTuple):
    """A charge, and the later claim that replaces or voids it."""

    charge_id: int
    is_edited: bool
    by: NewClaim


def originals(
    con: Connection, practice_id: int, new: Sequence[NewClaim]
) -> tuple[list[NewClaim], list[ReplacedCharge], list[NewClaim]]:
    """Return the claims that become charges of their own, those that replace or void a charge we
    have, and which of the former name numbers of charges that contradict them.

    The original is found by REF*F8 (the payer's number; some senders write our own) or by the claim
    number, and has the same patient and payer. A claim may correct the day of one that the payer's
    number names. It replaces nothing that was first filed after it was written (BHT04, BHT05).
    """
    later = [each for each in new if each.claim.frequency in {REPLACES, VOIDS}]
    if not later:
        return list(new), [], []
    charges = known_charges.charges(con, practice_id, [each.claim.facts for each in later])
    edited = charges.edited(con)
    filed = filing_times.first(con, [held.charge_id for held, _ in charges.pairs()])
    own, found, doubtful = [], [], []
    for each in new:
        if each.claim.frequency not in {REPLACES, VOIDS}:
            own.append(each)
            continue
        facts = dataclasses.replace(each.claim.facts, dates=(None, None))  # a day can be corrected
        match = original(each.claim, _before(each.claim, charges.likely(facts), filed))
        if match.charge_id is not None:
            found.append(ReplacedCharge(match.charge_id, match.charge_id in edited, each))
        else:
            own.append(each)
            if _before(each.claim, charges.candidates(facts), filed):
                doubtful.append(each)
    return own, sorted(found, key=lambda each: each.by.claim.sent_at), doubtful


def _before(
    claim: Claim, candidates: Sequence[Candidate], filed: Mapping[int, str]
) -> list[Candidate]:
    """Return the charges that stand and were not filed after the claim."""
    return [
        each
        for each in candidates
        if not each.is_voided
        and not filing_times.is_after(filed.get(each.charge_id, ""), claim.sent_at)
    ]


def superseded(
    con: Connection, found: Sequence[ReplacedCharge]
) -> tuple[list[ReplacedCharge], list[ReplacedCharge]]:
    """Return the replacements and voids that were written before what their charge was last filed
    as (BHT04, BHT05), and the others: in whatever order they come in, the last written counts."""
    if not found:
        return [], []
    last = filing_times.last(con, [each.charge_id for each in found])
    older = [
        each for each in found if filing_times.is_after(last[each.charge_id], each.by.claim.sent_at)
    ]
    return older, [each for each in found if each not in older]


def original(claim: Claim, candidates: Sequence[Candidate]) -> Match:
    """Return the charge that the claim replaces or voids."""
    return original_of(claim.facts, claim.original, candidates)


def original_of(facts: ClaimFacts, number: str, candidates: Sequence[Candidate]) -> Match:
    """Return the charge that is meant by these facts of a claim that replaces or voids it, and by
    the payer's number for it, if the claim names that."""
    found = claim_matcher.match(facts, candidates)
    if found.outcome not in {Outcome.CONTRADICTED, Outcome.UNPROVEN} or not number:
        return found
    named = [each for each in candidates if any(is_same(number, one) for one in each.payer_numbers)]
    return claim_matcher.match(dataclasses.replace(facts, dates=(None, None)), named)


def visit(claim: Claim) -> tuple[Value, ...]:
    """Return what a claim has in common with its replacement or void that came before it."""
    who = claim.patient
    key = lookup_key(claim.claim_number)
    return key, who.last_name, who.first_name, who.birth_date, claim.dates[0]


def in_turn(claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    """Yield a file's claims in parts to be taken one after another: a claim that follows its void
    is filed anew, so the void must have been applied before."""
    part: list[Claim] = []
    voided: set[tuple[Value, ...]] = set()
    for each in claims:
        if voided and each.frequency not in {REPLACES, VOIDS} and visit(each) in voided:
            yield part
            part, voided = [], set()
        part.append(each)
        if each.frequency == VOIDS:
            voided.add(visit(each))
    yield part


def late_originals(
    con: Connection, practice_id: int, new: Sequence[NewClaim]
) -> tuple[list[NewClaim], list[ReplacedCharge]]:
    """Return the claims that become charges of their own, and those whose replacement or void came
    before them: same number, patient, payer and first day of service, and not written after it;
    where separators tell the numbers apart, the same amount. Each replacement takes one claim."""
    if not new:
        return [], []
    rows = con.rows(
        """
        SELECT charge.number_key, last_name, first_name, birth_date, date_from,
               charge.id, is_edited, charge.claim_number, filed_total, payer.code, payer.name,
               concat_ws(' ', last_name || ', ' || first_name, nullif(patient_more, '')),
               least(filed_at, (SELECT min(filed_at) FROM charge_arrival
                                WHERE charge_id = charge.id AND filed_at <> ''))
        FROM charge
        JOIN patient ON patient.id = charge.patient_id
        JOIN payer ON payer.id = charge.payer_id
        WHERE charge.practice_id = $practice_id AND frequency IN ($replaces, $voids)
          AND charge.number_key IN (SELECT unnest($numbers::VARCHAR[]))
          AND charge.id NOT IN (SELECT charge_id FROM charge_arrival
                                WHERE frequency NOT IN ($replaces, $voids, $superseded))
        ORDER BY charge.id DESC
        """,
        practice_id=practice_id,
        replaces=REPLACES,
        voids=VOIDS,
        superseded=SUPERSEDED,
        numbers=list({lookup_key(each.claim.claim_number) for each in new}),
    )
    waiting: dict[tuple[Value, ...], list[_Later]] = {}
    for *about, charge_id, is_edited, number, total, code, name, patient, filed_at in rows:
        payer = Party(last=name, code=code)
        told = _Later(charge_id, is_edited, number, total, payer, patient, filed_at or "")
        waiting.setdefault(tuple(about), []).append(told)
    own, found = [], []
    for each in new:
        of = visit(each.claim)
        later = [one for one in waiting.get(of, ()) if one.could_follow(each.claim)]
        later = [one for one in later if one.is_numbered(each.claim)] or later
        if later:
            waiting[of].remove(later[-1])
            found.append(ReplacedCharge(later[-1].charge_id, later[-1].is_edited, each))
        else:
            own.append(each)
    return own, found


class _Later(NamedTuple):
    """A charge that came in as a replacement or void of a claim that is not held."""

    charge_id: int
    is_edited: bool
    claim_number: str
    filed_total: Decimal
    payer: Party
    patient: str
    filed_at: str

    def is_numbered(self, claim: Claim) -> bool:
        """Return True if it has the number of this claim."""
        return is_same(claim.claim_number, self.claim_number)

    def could_follow(self, claim: Claim) -> bool:
        """Return True if this claim of its visit can be the one that it replaces or voids."""
        return (
            (
                self.is_numbered(claim)
                or (
                    could_be_same(claim.claim_number, self.claim_number)
                    and claim.filed_total == self.filed_total
                )
            )
            and is_same_payer(claim.payer, self.payer)
            and could_be_person(claim.patient.compared_name, self.patient, same_member=True)
            and not filing_times.is_after(claim.sent_at, self.filed_at)
        )


def is_same_payer(one: Party, other: Party) -> bool:
    """Return True if both name one payer, by its code or its name."""
    if one.code and other.code:
        return one.code == other.code
    return could_be_payer(one.name, other.name)


def keep(
    con: Connection, found: Sequence[ReplacedCharge], source: ImportContext, *, said: str = LATE
) -> None:
    """Store claims that came after what replaces, corrects or voids them, as what their charges
    were before; inside a transaction."""
    if not found:
        return
    people = new_charges.people_of(con, [each.by.claim for each in found], source)
    for each in found:
        claim = each.by.claim
        is_original = claim.frequency not in {REPLACES, VOIDS}
        _arrive(con, each, claim.frequency if is_original else SUPERSEDED, source)
        was = new_charges.charge_of(each.charge_id, claim, source.practice.id, *people)
        add_earlier(
            con, was, lookup_key(claim.claim_number), payer_role=claim.payer_role,
            patient_more=claim.patient.compared_more, now=source.now,
        )  # fmt: skip
        con.insert("charge_number", new_charges.number_rows(each.charge_id, claim, source))
        _tell(con, each, EventKind.ORIGINAL_ARRIVED, said, source)


def apply(con: Connection, found: Sequence[ReplacedCharge], source: ImportContext) -> None:
    """Apply replacements and voids to their charges, with history; inside a transaction."""
    if not found:
        return
    people = new_charges.people_of(con, [each.by.claim for each in found], source)
    for each in found:
        claim = each.by.claim
        # one that was sent again as an original is the last filing, too
        _arrive(con, each, VOIDS if claim.frequency == VOIDS else REPLACES, source)
        if claim.frequency == VOIDS:
            con.execute(
                "UPDATE charge SET is_voided = true, version = version + 1 WHERE id = $id",
                id=each.charge_id,
            )
            _tell(con, each, EventKind.VOIDED, "A claim that voids this one arrived.", source)
        elif each.is_edited:
            said = (
                f"A claim over {claim.filed_total:,.2f} that replaces this one arrived; the charge "
                "was edited here and was left as it is."
            )
            _tell(con, each, EventKind.REPLACEMENT_ARRIVED, said, source)
        else:
            _replace(con, each, source, *people)


def _arrive(con: Connection, each: ReplacedCharge, frequency: str, source: ImportContext) -> None:
    claim = each.by.claim
    row = {
        "id": con.next_ids("charge_arrival", 1)[0],
        "practice_id": source.practice.id,
        "charge_id": each.charge_id,
        "fingerprint": each.by.fingerprint,
        "frequency": frequency,
        "filed_at": claim.sent_at or None,
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
    before = held(con, original.charge_id)
    keep_earlier(con, original.charge_id, now=source.now)
    after = new_charges.charge_of(
        original.charge_id, original.by.claim, source.practice.id, payers, patients
    )
    row = new_charges.charge_row(after, original.by, source)
    keep = {"id", "practice_id", "version", "is_edited", "fingerprint", "intake_file_id",
            "segment_number", "created_at", "filed_at"}  # fmt: skip
    values = {name: value for name, value in row.items() if name not in keep}
    assignments = ", ".join(f"{name} = ${name}" for name in values)
    con.execute(
        f"UPDATE charge SET {assignments}, version = version + 1 WHERE id = $id",
        id=original.charge_id,
        **values,
    )
    put_lines(con, after)
    con.insert(
        "charge_number", new_charges.number_rows(original.charge_id, original.by.claim, source)
    )
    charges.keep_total(con, before, after, now=source.now)
    is_original = original.by.claim.frequency not in {REPLACES, VOIDS}
    arrived = (
        "The claim was sent again as a new one"
        if is_original
        else ("A claim that replaces this one arrived")
    )
    said = f"{arrived}. {changes(before, after)}."
    _tell(con, original, EventKind.REPLACED, said, source)


def put_lines(con: Connection, charge: Charge) -> None:
    """Let the charge have these service lines and no others, inside a transaction."""
    con.execute("DELETE FROM service_line WHERE charge_id = $charge_id", charge_id=charge.id)
    lines = new_charges.line_rows(charge)
    for id_, line in zip(con.next_ids("service_line", len(lines)), lines, strict=True):
        line["id"] = id_
    con.insert("service_line", lines)


def changes(before: Charge, after: Charge) -> str:
    """Return what a replacement changes of a charge, in words."""
    changed = [
        f"{each.label}: {each.before or 'nothing'} → {each.now or 'nothing'}"
        for each in charges.differences(before, after)
    ]
    if before.claim_number != after.claim_number:
        changed.insert(0, f"Claim number: {before.claim_number} → {after.claim_number}")
    return "; ".join(changed) or "Nothing changed"


def held(con: Connection, charge_id: int) -> Charge:
    """Return a charge with its lines, inside an import."""
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
    con: Connection, original: ReplacedCharge, kind: EventKind, said: str, source: ImportContext
) -> None:
    """Add a line of history to the charge and to each open task about it."""
    number = original.by.claim.segment_number
    tasks = con.rows("SELECT id FROM task WHERE charge_id = $id AND is_open", id=original.charge_id)
    for task_id in [row[0] for row in tasks] or [None]:
        event = source.event(kind, number, task_id=task_id, charge_id=original.charge_id)
        con.insert("event", [event | {"detail": f"{said} {event['detail']}."}])


def link(
    con: Connection, new: Sequence[NewClaim], waiting: Waiting, source: ImportContext
) -> tuple[list[int], set[str]]:
    """Attach charges to open tasks that waited for their claim. Return which tasks found one, and
    the lookup keys of the payer's numbers that their messages give to charges.

    A task whose claim could be several, or none for certain, keeps waiting for a person.
    """
    numbers = (
        number
        for each in new
        for number in (each.claim.claim_number, each.claim.original, each.claim.trace_number)
        if number
    )
    told = waiting.about(numbers)
    if not told:
        return [], set()
    charges = known_charges.charges(con, source.practice.id, told.values())
    charges.tell_apart(task_claim_facts.answers(con, told))
    matches = {task_id: charges.match(facts) for task_id, facts in told.items()}
    held = {
        task_id: charge
        for task_id, match in matches.items()
        if (charge := charges.held(match.charge_id))
    }
    linked = list(held)
    show_charges(con, held, now=source.now)
    con.execute(
        """
        UPDATE task_claim SET outcome = $outcome
        WHERE task_id IN (SELECT unnest($task_ids::BIGINT[]))
        """,
        outcome=Outcome.MATCHED.value,
        task_ids=linked,
    )
    numbers_of: dict[int, int] = dict(
        con.rows(
            "SELECT id, segment_number FROM charge WHERE id IN (SELECT unnest($ids::BIGINT[]))",
            ids=[charge.charge_id for charge in held.values()],
        )
    )
    con.insert(
        "event",
        [
            source.event(
                EventKind.CLAIM_FOUND, numbers_of[charge.charge_id], task_id=task_id,
                charge_id=charge.charge_id,
            )
            for task_id, charge in held.items()
        ],
    )  # fmt: skip
    learned = learned_numbers.learn(con, [told[each] for each in linked], charges, source)
    waiting.forget(linked)
    return linked, learned


def show_charges(con: Connection, held: Mapping[int, KnownCharge], *, now: datetime) -> None:
    """Attach charges to tasks, by their ids, and show them there, inside a transaction."""
    shown = (name for name, _ in tasks.SHOWN_OF_CHARGE)
    columns = [(name, OF_CHARGE.get(name, name)) for name in shown]
    tasks.link_charges(
        con,
        {
            task_id: {name: getattr(charge, of) for name, of in columns}
            for task_id, charge in held.items()
        },
        now=now,
    )
