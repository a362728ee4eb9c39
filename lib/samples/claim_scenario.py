"""A year of invented claims and of the payers' answers. Pure, and the same for the same day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Protocol, TypeVar

from lib.samples.value_lists import (
    Denial,
    Diagnosis,
    Fee,
    FirstName,
    Name,
    SamplePayer,
    SamplePractice,
    SampleProvider,
    Town,
    read,
)

SEED = "Billing Tasks sample 1"
BATCH_DAYS = 28  # between two files of claims
HISTORY = 14  # such files
ANSWER_DAYS = (8, 30)  # from filing to the payer's answer
WORKDAYS = [n for n in range(1, BATCH_DAYS) if n % 7 not in (5, 6)]  # before a Friday


@dataclass(frozen=True, slots=True)
class Size:
    """How much a sample practice does."""

    claims: int
    denied: int
    payers: int
    remittance_weeks: int  # between two remittance files


SIZES = {"harbor": Size(480, 104, 14, 2), "lakeside": Size(100, 16, 8, 4)}


@dataclass(frozen=True, slots=True)
class SamplePatient:
    """A patient with an address and insurance."""

    last: str
    first: str
    birth_date: date
    sex: str
    street: str
    town: Town
    member_id: str
    payer: SamplePayer


@dataclass(frozen=True, slots=True)
class Line:
    """A service line."""

    fee: Fee
    modifiers: tuple[str, ...]
    pointers: tuple[int, ...]
    units: int

    @property
    def total(self) -> Decimal:
        """Return the US dollars of all its units."""
        return self.fee.charge * self.units


@dataclass(frozen=True, slots=True)
class SampleClaim:
    """A claim, and what became of it."""

    number: str
    patient: SamplePatient
    rendering: SampleProvider
    referring: SampleProvider | None
    supervising: SampleProvider | None
    authorization: str
    place_of_service: str
    day: date  # of service
    diagnoses: tuple[str, ...]
    lines: tuple[Line, ...]
    filed_on: date
    answered_on: date
    payer_number: str  # the payer's claim number
    denial: Denial | None
    patient_share: Decimal  # of the allowed amount, US dollars

    @property
    def total(self) -> Decimal:
        """Return the US dollars of all its lines."""
        return sum((line.total for line in self.lines), Decimal(0))


def claims(practice: SamplePractice, today: date) -> list[SampleClaim]:
    """Return every claim of one sample practice up to `today`, oldest first."""
    chance = Random(f"{SEED} {practice.key} {today.isoformat()}")
    size = SIZES[practice.key]
    patients = _patients(practice, size, today, chance)
    first = _friday_before(today) - timedelta(days=BATCH_DAYS * (HISTORY - 1))
    filed = [
        first + timedelta(days=BATCH_DAYS * (n * HISTORY // size.claims))
        for n in range(size.claims)
    ]
    answered = [
        _remitted(day + timedelta(days=chance.randint(*ANSWER_DAYS)), size.remittance_weeks)
        for day in filed
    ]
    denied = _denied(answered, today, size.denied, chance)
    made = []
    for n, days in enumerate(zip(filed, answered, strict=True)):
        denial = weighted(read("denials", Denial), chance) if n in denied else None
        made.append(_claim(practice, n, days, chance.choice(patients), denial, chance))
    return made


def _denied(answered: Sequence[date], today: date, count: int, chance: Random) -> set[int]:
    """Return which of the answered claims are denied: more of the recent ones."""
    places = [n for n, day in enumerate(answered) if day < today]
    late = today - timedelta(days=60)
    drawn = {n: chance.random() ** (0.33 if answered[n] >= late else 1.0) for n in places}
    return set(sorted(places, key=drawn.__getitem__)[-count:])


def _claim(
    practice: SamplePractice,
    n: int,
    days: tuple[date, date],  # filed, answered
    patient: SamplePatient,
    denial: Denial | None,
    chance: Random,
) -> SampleClaim:
    by_role = {
        role: [
            p
            for p in read("providers", SampleProvider)
            if (p.practice, p.role) == (practice.key, role)
        ]
        for role in ("rendering", "referring", "supervising")
    }
    rendering = chance.choice(by_role["rendering"])
    needs_supervision = rendering.taxonomy.startswith("363") and by_role["supervising"]
    codes = [d.code for d in read("diagnoses", Diagnosis) if d.practice == practice.key]
    diagnoses = chance.sample(codes, chance.choice((1, 1, 2, 2, 3, 4)))
    count = len(diagnoses)
    if chance.random() < 0.02:
        diagnoses.append(diagnoses[0])  # an error that the scrubber finds on import
    lines = tuple(_lines(practice, count, chance))
    day = days[0] - timedelta(days=chance.choice(WORKDAYS))
    return SampleClaim(
        number=f"{practice.claim_prefix}{10_001 + n}",
        patient=patient,
        rendering=rendering,
        referring=chance.choice(by_role["referring"]) if chance.random() < 0.3 else None,
        supervising=by_role["supervising"][0] if needs_supervision else None,
        authorization=f"A{chance.randrange(10**8):08}" if chance.random() < 0.12 else "",
        place_of_service=chance.choice(("11",) * 16 + ("10", "22")),
        day=day,
        diagnoses=tuple(diagnoses),
        lines=lines,
        filed_on=days[0],
        answered_on=days[1],
        payer_number=f"{chance.randrange(10**11):011}",
        denial=denial,
        patient_share=Decimal(chance.choice((0, 20, 25, 40))),
    )


def _lines(practice: SamplePractice, diagnoses: int, chance: Random) -> list[Line]:
    fees = [fee for fee in read("fees", Fee) if fee.practice == practice.key]
    chosen = [weighted([fee for fee in fees if fee.kind == "visit"], chance)]
    extras = [fee for fee in fees if fee.kind == "extra"]
    for _ in range(chance.choice((0, 0, 1, 1, 2, 3))):
        extra = weighted(extras, chance)
        if extra not in chosen:
            chosen.append(extra)
    return [
        Line(
            fee,
            (fee.modifier,) if fee.modifier and chance.random() < 0.7 else (),
            tuple(sorted(chance.sample(range(1, diagnoses + 1), min(diagnoses, 1 + n % 2)))),
            2 if fee.kind == "extra" and chance.random() < 0.1 else 1,
        )
        for n, fee in enumerate(chosen)
    ]


def _patients(
    practice: SamplePractice, size: Size, today: date, chance: Random
) -> list[SamplePatient]:
    payers = read("payers", SamplePayer)[: size.payers]
    towns = [town for town in read("towns", Town) if town.practice == practice.key]
    made: dict[tuple[str, str], SamplePatient] = {}
    while len(made) < size.claims // 3:
        last = chance.choice(read("last_names", Name)).name
        first = chance.choice(read("first_names", FirstName))
        made[last, first.name] = SamplePatient(
            last=last,
            first=first.name,
            birth_date=today - timedelta(days=chance.randint(7 * 365, 88 * 365)),
            sex=first.sex,
            street=f"{chance.randint(10, 990)} {chance.choice(read('streets', Name)).name}",
            town=chance.choice(towns),
            member_id=f"{chance.choice('ABHKMPRWXZ')}{chance.randrange(10**9):09}",
            payer=weighted(payers, chance),
        )
    return list(made.values())


class _Weighted(Protocol):
    @property
    def weight(self) -> int: ...


_Item = TypeVar("_Item", bound=_Weighted)


def weighted(items: Sequence[_Item], chance: Random) -> _Item:
    """Return one of the items, each with a chance in proportion to its weight."""
    return chance.choices(items, [item.weight for item in items])[0]


def _friday_before(day: date) -> date:
    return day - timedelta(days=(day.weekday() - 4) % 7 or 7)


def _remitted(day: date, weeks: int) -> date:
    """Return the Wednesday of the next remittance; they come every so many weeks."""
    day += timedelta(days=(2 - day.weekday()) % 7)
    while day.toordinal() // 7 % weeks:
        day += timedelta(days=7)
    return day
