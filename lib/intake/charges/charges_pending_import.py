"""Charges that the files being previewed would bring: their answers are matched to them too.

Only claims that some answer names are held, so a preview of many claims stays small. Their ids are
below zero, since the store has none for them yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from lib.intake.charges import replacement_claims
from lib.intake.charges.new_charges import NewClaim
from lib.intake.charges.payers_and_patients import Payers
from lib.intake.charges.replacement_claims import REPLACES, VOIDS, ReplacedCharge
from lib.intake.matching import known_charges
from lib.intake.matching.claim_facts import ClaimFacts
from lib.intake.matching.claim_matcher import CUT, Candidate, Filed
from lib.intake.matching.known_charges import Candidates, Charges, KnownCharge
from lib.intake.matching.spelling_comparison import could_be_person, number_key
from lib.intake.records import Claim, PayerUpdate, Request
from lib.intake.x12.remittances_835 import ClaimPayment
from lib.store.database import Connection


class Wanted:
    """The numbers by which the answers of an import name their claims."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._cut: dict[int, set[str]] = defaultdict(set)

    def add(self, facts: Iterable[ClaimFacts]) -> None:
        """Add the numbers of some answers."""
        for number in (number for each in facts for number in known_charges.numbers(each)):
            key = number_key(number)
            self._keys.add(key)
            if len(number.strip()) >= CUT:
                self._cut[len(key)].add(key)

    def names(self, claim: Claim) -> bool:
        """Return True if an answer could be about this claim."""
        return any(
            key in self._keys or any(key[:length] in cut for length, cut in self._cut.items())
            for key in map(number_key, (claim.claim_number, claim.original, claim.trace_number))
            if key
        )


class ComingCharges:
    """The charges of an import that is previewed, file after file."""

    def __init__(self, con: Connection, practice_id: int, wanted: Wanted) -> None:
        self._con, self._wanted = con, wanted
        self._payers = Payers(con, practice_id)
        self._aliases = known_charges.aliases_of(con, practice_id)
        self._held: dict[int, KnownCharge] = {}
        self._candidates = Candidates(())
        self._files: dict[int, str] = {}
        self._changes: dict[int, list[Claim]] = defaultdict(list)  # of charges that are held
        self._learned: dict[int, dict[str, None]] = defaultdict(dict)  # payers' numbers
        self._changed_by: dict[str, set[int]] = defaultdict(set)  # number key -> held charges
        # replacements and voids whose original may still come, by what it has in common with them
        self._early: dict[tuple[object, ...], list[Claim]] = defaultdict(list)

    def add(self, new: Iterable[NewClaim], file_name: str) -> None:
        """Add the claims of one file that become charges of their own."""
        for claim in (each.claim for each in new if self._wanted.names(each.claim)):
            id_ = -1 - len(self._held)
            filed = self._filed(claim)
            self._held[id_] = KnownCharge(
                claim.claim_number, id_, 0, claim.patient.name, 0, filed.payer_names[0],
                claim.rendering.name or claim.billing.name, claim.dates[0],
            )  # fmt: skip
            self._files[id_] = file_name
            if claim.frequency in {REPLACES, VOIDS}:
                self._early[replacement_claims.visit(claim)].insert(0, claim)
            self._candidates.add(
                Candidate(
                    id_,
                    (filed,),
                    claim.patient.birth_date,
                    tuple(filter(None, (claim.original,))),
                    tuple(filter(None, (claim.trace_number,))),
                    tuple(
                        text for who in claim.other_payers for text in (who.name, who.code) if text
                    ),
                    claim.frequency == VOIDS,
                )
            )

    def change(self, found: Iterable[ReplacedCharge]) -> None:
        """Note the claims that replace or void charges we have."""
        for each in found:
            claim = each.by.claim
            if not self._wanted.names(claim) or (each.is_edited and claim.frequency != VOIDS):
                continue
            self._changes[each.charge_id].append(claim)
            self._changed_by[number_key(claim.claim_number)].add(each.charge_id)

    def change_own(self, later: Sequence[NewClaim]) -> None:
        """Apply claims that replace or void others of this import."""
        for claim in (each.claim for each in later):
            found = replacement_claims.original(claim, self._candidates.candidates(claim.facts))
            if found.charge_id is None:
                continue
            self._candidates.add(self._changed(self._candidates.get(found.charge_id), claim))

    def has_original(self, claim: Claim) -> bool:
        """Return True for a replacement or void of a claim of this import."""
        candidates = [
            each for each in self._candidates.candidates(claim.facts) if not each.is_voided
        ]
        return replacement_claims.original(claim, candidates).charge_id is not None

    def without_late(self, first: Sequence[NewClaim]) -> list[NewClaim]:
        """Return the claims whose own replacement or void did not come before them in this
        import."""
        left = []
        for each in first:
            early = self._early.get(replacement_claims.visit(each.claim), [])
            same = [
                one
                for one in early
                if replacement_claims.is_same_payer(each.claim.payer, one.payer)
                and could_be_person(
                    each.claim.patient.full_name, one.patient.full_name, same_member=True
                )
            ]
            if same:
                early.remove(same[-1])
            else:
                left.append(each)
        return left

    def learn(self, said: Iterable[Request | PayerUpdate | ClaimPayment], charges: Charges) -> None:
        """Note the payer's numbers for the charges that these messages are certainly about."""
        for each in said:
            facts = each.about if isinstance(each, Request) else each.facts
            charge_id = charges.match(facts).charge_id if each.payer_claim_number else None
            if charge_id is not None:
                self._learned[charge_id][each.payer_claim_number] = None
                self._changed_by[number_key(each.payer_claim_number)].add(charge_id)
                if charge_id in self._held:
                    known = self._candidates.get(charge_id)
                    numbers = tuple(self._learned[charge_id])
                    self._candidates.add(replace(known, payer_numbers=numbers))

    def join(self, charges: Charges, said: Iterable[ClaimFacts]) -> Charges:
        """Return the charges that we have and those that would come in, which these messages could
        be about."""
        messages = list(said)
        named = {number_key(number) for each in messages for number in known_charges.numbers(each)}
        ids = {id_ for key in named for id_ in self._changed_by.get(key, ()) if id_ > 0}
        pairs = charges.pairs()
        pairs += known_charges.known(self._con, sorted(ids - {held.charge_id for held, _ in pairs}))
        coming = {
            each.charge_id: each
            for message in messages
            for each in self._candidates.candidates(message)
        }
        joined = [self._as_changed(held, candidate) for held, candidate in pairs]
        return Charges([*joined, *((self._held[id_], each) for id_, each in coming.items())])

    def file_of(self, charge_id: int) -> str:
        """Return which file brings the charge; empty for one that we have."""
        return self._files.get(charge_id, "")

    def _as_changed(self, held: KnownCharge, candidate: Candidate) -> tuple[KnownCharge, Candidate]:
        numbers = (*candidate.payer_numbers, *self._learned.get(candidate.charge_id, ()))
        candidate = replace(candidate, payer_numbers=tuple(dict.fromkeys(numbers)))
        for claim in self._changes.get(candidate.charge_id, ()):
            candidate = self._changed(candidate, claim)
            if claim.frequency != VOIDS:
                held = held._replace(claim_number=claim.claim_number, date_from=claim.dates[0])
        return held, candidate

    def _changed(self, candidate: Candidate, claim: Claim) -> Candidate:
        if claim.frequency == VOIDS:
            return replace(candidate, is_voided=True)
        numbers = dict.fromkeys((*candidate.payer_numbers, claim.original))
        return replace(
            candidate,
            filed=(self._filed(claim), *candidate.filed),
            payer_numbers=tuple(filter(None, numbers)),
        )

    def _filed(self, claim: Claim) -> Filed:
        payer_id, name = self._payers.find(claim.payer) or (0, claim.payer.name)
        return Filed(
            claim.claim_number,
            claim.patient.full_name,
            claim.member_id,
            claim.dates,
            (claim.filed_total,),
            (name, *self._aliases.get(payer_id, ())),
            claim.payer.code,
            claim.payer_role,
        )
