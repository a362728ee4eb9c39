"""Find the practice's charges by what messages say about claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from lib.intake.matching import claim_matcher
from lib.intake.matching.candidate_index import CandidateIndex
from lib.intake.matching.claim_facts import ClaimFacts, is_numbered_otherwise
from lib.intake.matching.claim_matcher import (
    PAYERS_NUMBER,
    Agreement,
    Candidate,
    Filed,
    Match,
    Outcome,
)
from lib.intake.matching.claim_numbers import CUT, lookup_key
from lib.intake.matching.number_index import NumberIndex
from lib.store.database import Connection

FEW = 20  # charges of one number that are compared one by one


class KnownCharge(NamedTuple):
    """What a task shows of its charge."""

    claim_number: str
    charge_id: int
    patient_id: int
    patient_name: str
    payer_id: int
    payer_name: str
    provider_name: str
    date_from: date | None


class Candidates:
    """The charges that messages could be about, indexed by every number they have."""

    def __init__(self, found: Iterable[Candidate]) -> None:
        self._candidates: dict[int, Candidate] = {}
        self._numbers = NumberIndex()
        self._index: CandidateIndex | None = None
        self._matched: dict[ClaimFacts, Match] = {}  # one message is asked about several times
        for candidate in found:
            self.add(candidate)

    def add(self, candidate: Candidate) -> None:
        """Add a candidate, or replace the one of the same charge."""
        self._matched.clear()
        self._candidates[candidate.charge_id] = candidate
        if self._index is not None:
            self._index.add(candidate)
        ours = (each.claim_number for each in candidate.filed)
        named = (*ours, *candidate.payer_numbers, *candidate.trace_numbers)
        self._numbers.add(candidate.charge_id, named)

    def get(self, charge_id: int) -> Candidate:
        """Return one of these candidates."""
        return self._candidates[charge_id]

    def match(self, message: ClaimFacts) -> Match:
        """Return which charge the message is about."""
        if message not in self._matched:
            likely = self.likely(message) or self.candidates(message)[-FEW:]
            self._matched[message] = claim_matcher.match(message, likely)
        return self._matched[message]

    def candidates(self, message: ClaimFacts) -> list[Candidate]:
        """Return the charges that have a number like one the message names."""
        return [self._candidates[each] for each in self._ids(message)]

    def likely(self, message: ClaimFacts) -> list[Candidate]:
        """Return the candidates without those that contradict the message by name or day, where
        many share its number."""
        ids = self._ids(message)
        if len(ids) > FEW:
            if self._index is None:
                self._index = CandidateIndex()
                for each in self._candidates.values():
                    self._index.add(each)
            kept = self._index.narrowed(message, set(ids))
            ids = {each: None for each in ids if each in kept}
        return [self._candidates[each] for each in ids]

    def _ids(self, message: ClaimFacts) -> dict[int, None]:
        ids: dict[int, None] = {}
        for number in numbers(message):
            ids.update(self._numbers.like(number))
        return ids


class Charges(Candidates):
    """The charges that a batch of messages could be about."""

    def __init__(self, found: Iterable[tuple[KnownCharge, Candidate]] = ()) -> None:
        pairs = list(found)
        super().__init__(candidate for _, candidate in pairs)
        self._held = {held.charge_id: held for held, _ in pairs}
        self._shared: set[ClaimFacts] = set()

    def match(self, message: ClaimFacts) -> Match:
        """Return which charge the message is about; none for certain if another answer of the same
        day could be about it as well."""
        found = super().match(message)
        if message not in self._shared or found.charge_id is None:
            return found
        if found.compared[0].of(PAYERS_NUMBER) is Agreement.EXACT:
            return found
        return Match(Outcome.UNPROVEN, None, found.compared, is_shared=True)

    def tell_apart(self, answers: Iterable[tuple[ClaimFacts, Hashable]]) -> None:
        """Note which answers compete for one charge: a payer that answers one number twice in one
        file on one day, under two numbers of its own, answers two claims. Each answer comes with
        what names its file or day."""
        alike: dict[tuple[str, Hashable], list[ClaimFacts]] = defaultdict(list)
        for facts, place in answers:
            if facts.claim_numbers and facts.payer_numbers:
                alike[lookup_key(facts.claim_numbers[0]), place].append(facts)
        for several in (each for each in alike.values() if len(each) > 1):
            by_charge: dict[int | None, list[ClaimFacts]] = defaultdict(list)
            for facts in several:
                by_charge[super().match(facts).charge_id].append(facts)
            by_charge.pop(None, None)
            for rivals in by_charge.values():
                self._shared.update(
                    one
                    for one in rivals
                    if any(is_numbered_otherwise(one, other) for other in rivals)
                )

    def share(self, answers: Iterable[ClaimFacts]) -> None:
        """Note answers that compete for a charge with others, which were taken before them."""
        self._shared.update(answers)

    def held(self, charge_id: int | None) -> KnownCharge | None:
        """Return what a task shows of one of these charges."""
        return None if charge_id is None else self._held.get(charge_id)

    def pair(self, charge_id: int) -> tuple[KnownCharge, Candidate]:
        """Return one of these charges: what tasks show of it, and what tells it apart."""
        return self._held[charge_id], self._candidates[charge_id]

    def pairs(self) -> list[tuple[KnownCharge, Candidate]]:
        """Return these charges."""
        return [self.pair(id_) for id_ in self._held]

    def edited(self, con: Connection) -> set[int]:
        """Return which of these charges somebody has saved since they were imported."""
        rows = con.rows(
            "SELECT id FROM charge WHERE is_edited AND id IN (SELECT unnest($ids::BIGINT[]))",
            ids=list(self._held),
        )
        return {row[0] for row in rows}

    def filed_total(self, charge_id: int) -> Decimal:
        """Return the US dollars of one of these charges as it was last filed."""
        return self._candidates[charge_id].filed[0].totals[0]


def numbers(message: ClaimFacts) -> tuple[str, ...]:
    """Return every number by which the message names the claim."""
    return (*message.claim_numbers, *message.payer_numbers, *message.trace_numbers)


def charges(con: Connection, practice_id: int, messages: Iterable[ClaimFacts]) -> Charges:
    """Return the charges of the practice that these messages could be about."""
    said = {number for each in messages for number in numbers(each)}
    if not said:
        return Charges()
    ids = _charge_ids(con, practice_id, {lookup_key(each) for each in said})
    cut: dict[int, set[str]] = defaultdict(set)
    for number in said:
        if len(number.strip()) >= CUT:
            key = lookup_key(number)
            cut[len(key)].add(key)
    for length, keys in cut.items():
        ids |= _cut_ids(con, practice_id, length, keys)
    return Charges(known(con, sorted(ids)))


def _charge_ids(con: Connection, practice_id: int, keys: Iterable[str]) -> set[int]:
    rows = con.rows(
        """
        WITH wanted AS (SELECT unnest($keys::VARCHAR[]) AS number_key)
        SELECT id FROM charge
        WHERE practice_id = $practice_id AND number_key IN (SELECT number_key FROM wanted)
        UNION
        SELECT charge_id FROM charge_number
        WHERE practice_id = $practice_id AND number_key IN (SELECT number_key FROM wanted)
        UNION
        SELECT charge_id FROM earlier_claim
        WHERE practice_id = $practice_id AND number_key IN (SELECT number_key FROM wanted)
        """,
        practice_id=practice_id,
        keys=list(keys),
    )
    return {row[0] for row in rows}


def _cut_ids(con: Connection, practice_id: int, length: int, keys: Iterable[str]) -> set[int]:
    """Return the charges whose number begins with one of these keys, all of one length."""
    rows = con.rows(
        """
        WITH wanted AS (SELECT unnest($keys::VARCHAR[]) AS number_key)
        SELECT id FROM charge
        WHERE practice_id = $practice_id AND left(number_key, $length) IN
              (SELECT number_key FROM wanted)
        UNION
        SELECT charge_id FROM earlier_claim
        WHERE practice_id = $practice_id AND left(number_key, $length) IN
              (SELECT number_key FROM wanted)
        """,
        practice_id=practice_id,
        keys=list(keys),
        length=length,
    )
    return {row[0] for row in rows}


def known(con: Connection, ids: Sequence[int]) -> list[tuple[KnownCharge, Candidate]]:
    """Return these charges: what tasks show of them, and everything that tells them apart."""
    if not ids:
        return []
    aliases, numbers, earlier = _aliases(con, ids), _charge_numbers(con, ids), _earlier(con, ids)
    sums: dict[int, Decimal] = dict(
        con.rows(
            """
            SELECT charge_id, sum(total) FROM service_line
            WHERE charge_id IN (SELECT id FROM charge WHERE is_edited
                                AND id IN (SELECT unnest($ids::BIGINT[])))
            GROUP BY charge_id
            """,
            ids=list(ids),
        )
    )
    found = []
    for row in con.rows(
        """
        SELECT charge.claim_number, charge.id, patient_id,
               concat_ws(', ', nullif(patient.last_name, ''), nullif(patient.first_name, '')),
               payer_id, payer.name, coalesce(nullif(rendering_name, ''), billing_name), date_from,
               date_to, filed_total, member_id, payer.code, payer_role, birth_date, other_payers,
               coalesce(is_voided, false), coalesce(patient_more, '')
        FROM charge
        JOIN patient ON patient.id = charge.patient_id
        JOIN payer ON payer.id = charge.payer_id
        WHERE charge.id IN (SELECT unnest($ids::BIGINT[]))
        ORDER BY charge.id
        """,
        ids=list(ids),
    ):
        held = KnownCharge(*row[:8])
        date_to, total, member_id, code, role, born, others, is_voided, more = row[8:]
        totals = tuple(dict.fromkeys((total, sums.get(held.charge_id, total))))
        now = Filed(
            held.claim_number,
            f"{held.patient_name} {more}" if more else held.patient_name,
            member_id,
            (held.date_from, date_to),
            totals,
            (held.payer_name, *aliases.get(held.payer_id, ())),
            code,
            role or "",
            held.payer_id,
        )
        own = numbers.get(held.charge_id, {})
        filed = (now, *earlier.get(held.charge_id, ()), *_renumbered(now, own.get("claim", ())))
        found.append(
            (
                held,
                Candidate(
                    held.charge_id,
                    filed,
                    born,
                    tuple(own.get("payer", ())),
                    tuple(own.get("trace", ())),
                    tuple(others or ()),
                    is_voided,
                ),
            )
        )
    return found


def _renumbered(now: Filed, numbers: Iterable[str]) -> Iterable[Filed]:
    """Yield the charge under earlier numbers of which nothing else is known any more."""
    return (
        Filed(number, now.patient_name, now.member_id, now.dates, now.totals, now.payer_names,
              now.payer_code, now.payer_role, now.payer_id)
        for number in numbers
    )  # fmt: skip


def line(held: KnownCharge, candidate: Candidate) -> str:
    """Return a charge in one line: "01/10/2025 · DOE, JANE · ANY PLAN · 150.00 · C1"."""
    total = candidate.filed[0].totals[0]
    parts = (
        f"{held.date_from:%m/%d/%Y}" if held.date_from else "",
        candidate.filed[0].patient_name,
        held.payer_name,
        f"{total:,.2f}",
        held.claim_number,
        "voided" if candidate.is_voided else "",
    )
    return " · ".join(part for part in parts if part)


def aliases_of(con: Connection, practice_id: int) -> dict[int, list[str]]:
    """Return the other names of all payers of a practice, by payer."""
    found: dict[int, list[str]] = defaultdict(list)
    for payer_id, name in con.rows(
        "SELECT DISTINCT payer_id, name FROM payer_alias WHERE practice_id = $practice_id",
        practice_id=practice_id,
    ):
        found[payer_id].append(name)
    return found


def _aliases(con: Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for payer_id, name in con.rows(
        """
        SELECT DISTINCT payer_alias.payer_id, name FROM payer_alias
        WHERE payer_id IN (SELECT payer_id FROM charge
                           WHERE id IN (SELECT unnest($ids::BIGINT[])))
        """,
        ids=list(ids),
    ):
        found[payer_id].append(name)
    return found


def _charge_numbers(con: Connection, ids: Sequence[int]) -> dict[int, dict[str, list[str]]]:
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for charge_id, kind, number in con.rows(
        """
        SELECT DISTINCT charge_id, kind, number FROM charge_number
        WHERE charge_id IN (SELECT unnest($ids::BIGINT[]))
        """,
        ids=list(ids),
    ):
        found[charge_id][kind].append(number)
    return found


def _earlier(con: Connection, ids: Sequence[int]) -> dict[int, list[Filed]]:
    found: dict[int, list[Filed]] = defaultdict(list)
    for row in con.rows(
        """
        SELECT charge_id, claim_number,
               concat_ws(', ', nullif(patient.last_name, ''), nullif(patient.first_name, '')),
               member_id, date_from, date_to, filed_total, payer.name, payer.code, payer_role,
               coalesce(patient_more, ''), payer_id
        FROM earlier_claim
        JOIN patient ON patient.id = earlier_claim.patient_id
        JOIN payer ON payer.id = earlier_claim.payer_id
        WHERE charge_id IN (SELECT unnest($ids::BIGINT[]))
        ORDER BY ended_at DESC
        """,
        ids=list(ids),
    ):
        charge_id, number, patient, member, first, last, total, payer, code, role, *rest = row
        more, payer_id = rest
        patient = f"{patient} {more}" if more else patient
        found[charge_id].append(
            Filed(
                number, patient, member, (first, last), (total,), (payer,), code, role or "",
                payer_id,
            )
        )  # fmt: skip
    return found


def candidate_of(facts: ClaimFacts, place: int) -> Candidate:
    """Return a message's facts as if a charge stated them, to tell whether two messages mean one
    claim."""
    return Candidate(
        place,
        tuple(
            Filed(
                number,
                facts.patient_name,
                next(iter(facts.member_ids), ""),
                facts.dates,
                () if facts.charged is None else (facts.charged,),
                (facts.payer_name,),
                facts.payer_code,
                facts.payer_role,
            )
            for number in facts.claim_numbers or ("",)
        ),
        facts.birth_date,
        facts.payer_numbers,
        facts.trace_numbers,
    )
