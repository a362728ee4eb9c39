"""What remittances that came in before said of a claim after the day on which a task asks.

Files come in any order, so an older denial can be read after the payment that ended it. What its
task is told is decided by the days of the messages: payments and reversals are in `claim_answer`.
Parts of a split claim (MA15) are not looked at, nor answers that name no day of service.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from lib.intake.charges.claim_payments import ADJUSTMENT
from lib.intake.records import PayerUpdate
from lib.intake.x12.adjustments import Adjustment, reason_code
from lib.intake.x12.denial_requests_835 import (
    left_open,
    paid_sentence,
    took_back_sentence,
    unexplained,
)
from lib.payers_claim_number import Said
from lib.store.database import Connection


@dataclass(slots=True)
class _Answer:
    """One answer of a remittance to a claim that is held."""

    id: int
    charge_id: int
    day: date
    outcome: str
    charged: Decimal  # US dollars
    paid: Decimal  # US dollars for the services, without interest
    interest: Decimal  # US dollars that were paid beside it
    patient_owes: Decimal  # US dollars, CLP05
    payer: str
    adjustments: list[Adjustment] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)

    @property
    def asked(self) -> list[Adjustment]:
        """Return what was taken off for a reason that somebody may answer."""
        return [each for each in self.adjustments if each.amount > 0 and not each.is_expected]

    @property
    def unexplained(self) -> Decimal:
        """Return the US dollars that are neither paid nor adjusted; where no adjustment names the
        patient's share, it is taken from CLP05."""
        named = sum((each.amount for each in self.adjustments), self.paid + self.interest)
        if all(each.group != "PR" for each in self.adjustments):
            named += self.patient_owes
        return self.charged - named

    @property
    def is_denial(self) -> bool:
        return self.outcome in {Said.DECIDED, Said.HELD} and self.paid == 0 and bool(self.asked)


class LaterAnswers:
    """The answers held to some charges."""

    def __init__(self, con: Connection, charge_ids: Iterable[int | None]) -> None:
        ids = list({each for each in charge_ids if each is not None})
        self._by_charge: dict[int, list[_Answer]] = defaultdict(list)
        for each in _read(con, ids) if ids else ():
            self._by_charge[each.charge_id].append(each)

    def is_taken_back(self, charge_id: int | None, paid: Decimal, day: date | None) -> bool:
        """Return True if a payment of this day (US dollars) was reversed on a later one."""
        return day is not None and any(
            each.outcome == Said.REVERSED and each.paid == -paid and each.day > day
            for each in self._of(charge_id)
        )

    def is_overtaken(self, charge_id: int | None, codes: str, news: PayerUpdate) -> bool:
        """Return True if a payment was reversed later, or if something else that was said later
        ended the denial with these codes."""
        is_reversed = news.paid > 0 and self.is_taken_back(charge_id, news.paid, news.told_on)
        later = self.good_news(charge_id, codes.split(", "), news.told_on)
        return is_reversed or later is not None

    def good_news(
        self, charge_id: int | None, codes: Collection[str], since: date | None
    ) -> str | None:
        """Return what ended a denial with these codes: a payment or a reversal that was said after
        this day and stands; None if nothing did."""
        held = self._of(charge_id)
        if since is None:
            return None
        for each in reversed(held):
            if each.day <= since:
                return None
            if each.is_denial:
                return None
            if each.outcome == Said.DECIDED and each.paid > 0:
                asked = set(map(reason_code, codes))
                is_open = any(reason.code in asked for reason in each.asked)
                if not is_open and not self.is_taken_back(charge_id, each.paid, each.day):
                    left = left_open(each.asked, each.charged - each.paid)
                    left += unexplained(each.unexplained)
                    return f"{paid_sentence(each.payer, each.paid, each.day)}{left}"
            is_reversal = each.outcome == Said.REVERSED and each.paid == 0
            if is_reversal and codes and set(codes) <= each.codes:
                return took_back_sentence(each.payer, each.day)
        return None

    def _of(self, charge_id: int | None) -> list[_Answer]:
        return self._by_charge.get(charge_id, []) if charge_id is not None else []


def _read(con: Connection, ids: list[int]) -> list[_Answer]:
    """Return the answers by day; of one day those that deny last, since they count."""
    rows = con.rows(
        """
        SELECT id, charge_id, answered_on, coalesce(outcome, ''), charged, paid - interest,
               interest, coalesce(patient_responsibility, 0),
               coalesce(stated_payer, payer_name)
        FROM claim_answer
        WHERE charge_id IN (SELECT unnest($ids::BIGINT[])) AND answered_on IS NOT NULL
          AND date_from IS NOT NULL AND NOT coalesce(is_part, false)
        """,
        ids=ids,
    )
    found = {row[0]: _Answer(*row) for row in rows}
    if not found:
        return []
    for id_, kind, group, code, amount in con.rows(
        """
        SELECT claim_answer_id, kind, group_code, code, amount FROM claim_answer_code
        WHERE claim_answer_id IN (SELECT unnest($ids::BIGINT[]))
        """,
        ids=list(found),
    ):
        said = Adjustment(group, code, amount or Decimal(0))
        found[id_].codes.add(str(said))
        if kind == ADJUSTMENT:
            found[id_].adjustments.append(said)
    return sorted(found.values(), key=lambda each: (each.day, each.is_denial, each.id))
