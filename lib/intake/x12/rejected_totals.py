"""Claims that the totals of a 277CA count as rejected and nothing in it accounts for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from lib.intake.x12.claim_status_rules import StatusOutcome
from lib.intake.x12.hl_levels_277 import PROVIDER, RECEIVER, StatusLevel
from lib.intake.x12.status_codes import StatusSeen

FAVORABLE = frozenset({StatusOutcome.ACCEPTED, StatusOutcome.RECEIVED})
COUNTS = ("QC", "AA")  # QTY01: of a provider, of a receiver
NOTHING, ALL = Decimal(0), Decimal("Infinity")
MAX_COUNT = 10**9  # what is more is no count of claims


@dataclass(slots=True)
class _Stated:
    """The totals of a receiver or provider, of all numbers (TRN) it has, and what the file names
    below it."""

    unit: StatusLevel
    stated: Decimal | None  # claims counted as rejected; None if they are not counted
    amount: Decimal | None  # US dollars of these
    named: Decimal = NOTHING  # claims that were not accepted
    worth: Decimal | None = NOTHING  # US dollars of these; None if one has no amount

    def add(self, claims: Decimal, worth: Decimal | None) -> None:
        self.named += claims
        self.worth = None if worth is None or self.worth is None else self.worth + worth

    def also(self, unit: StatusLevel) -> None:
        """Add the totals under another number of the same level."""
        self.stated = _sum(self.stated, _stated(unit))
        self.amount = _sum(self.amount, unit.amounts.get("YY"))

    def missing(self) -> tuple[Decimal, Decimal | None] | None:
        """Return how many claims are not named, 0 if the file does not count them, and their
        amount; None if there are none."""
        stated, amount = self.stated, self.amount
        if stated is None and (self.named or not amount or amount < 0):
            return None
        if stated is not None and not self.named < stated <= MAX_COUNT:
            return None
        left = amount - self.worth if amount is not None and self.worth is not None else NOTHING
        return (stated or self.named) - self.named, left if left > 0 else None


def _stated(unit: StatusLevel) -> Decimal | None:
    """Return how many claims a level counts as rejected; None if it does not count them."""
    counts = [unit.quantities[kind] for kind in COUNTS if kind in unit.quantities]
    return max(counts, default=None)


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    found = [each for each in (one, other) if each is not None]
    return sum(found, NOTHING) if found else None


class RejectedTotals:
    """Compares the totals of each level with the claims below it, in the order of the file."""

    def __init__(self) -> None:
        self._open: list[_Stated] = []  # a receiver, then a provider
        self._is_in_rejected = False  # within a level that is a task of its own

    def begin(self, unit: StatusLevel, *, is_rejected: bool) -> Iterator[StatusSeen]:
        """Begin a level above claims; yield what those that end with it lack."""
        last = self._open[-1] if self._open else None
        if last and last.unit.begun == unit.begun and not is_rejected:
            last.also(unit)
            return
        yield from self._end({PROVIDER} if unit.level == PROVIDER else {PROVIDER, RECEIVER})
        self._is_in_rejected = is_rejected
        if is_rejected:
            self._add(_stated(unit) or ALL, unit.amounts.get("YY"))
        elif unit.level in {PROVIDER, RECEIVER}:
            self._open.append(_Stated(unit, _stated(unit), unit.amounts.get("YY")))

    def claim(self, unit: StatusLevel, said: Iterable[object]) -> None:
        """Count a claim unless all that was said of it is favorable: the others are tasks, or named
        in the report."""
        outcomes = {each.outcome for each in said if isinstance(each, StatusSeen)}
        if self._is_in_rejected or (outcomes and outcomes <= FAVORABLE):
            return
        amounts = [each.amount for each in unit.statuses if each.amount is not None]
        lines = sum((line.amount for line in unit.lines), NOTHING)
        self._add(Decimal(1), amounts[0] if amounts else lines or None)

    def finish(self) -> Iterator[StatusSeen]:
        """Yield what the levels lack that are still open."""
        yield from self._end({PROVIDER, RECEIVER})

    def _add(self, claims: Decimal, worth: Decimal | None) -> None:
        for each in self._open:
            each.add(claims, worth)

    def _end(self, levels: set[str]) -> Iterator[StatusSeen]:
        while self._open and self._open[-1].unit.level in levels:
            ended = self._open.pop()
            if missing := ended.missing():
                yield _seen(ended.unit, *missing)
                self._add(missing[0] or ALL, missing[1])


def _seen(unit: StatusLevel, claims: Decimal, worth: Decimal | None) -> StatusSeen:
    whose = (unit.provider if unit.level == PROVIDER else unit.receiver).name or "its batch"
    what = f"{claims:,.0f} claim{'' if claims == 1 else 's'}" if claims else "claims"
    over = f" over {worth:,.2f} US dollars" if worth else ""
    return StatusSeen(
        StatusOutcome.UNCLEAR, unit.number, "", "",
        f"{what}{over}, by the totals for {whose}",
    )  # fmt: skip
