"""When the backlog is cleared, and how many tasks are completed by a date, if the coming days are
like the past ones.

Monte Carlo over whole past days: each coming day is one of them, drawn with its completions and
its arrivals together. The same past and seed give the same answer. Source: D. Vacanti,
"Actionable Agile Metrics for Predictability" (2015), chapters 14 and 15.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from lib.backlog.calendar_periods import Unit
from lib.backlog.flow import bars, over_time
from lib.backlog.report_scope import Reader, Table, View

SEED = 20_250_303
RUNS = 2_000
HORIZON = 730  # days; beyond them no date is given
PAST_DAYS = 91  # whole days that are drawn from
LEAST_DAYS = 28


@dataclass(frozen=True, slots=True)
class PastDay:
    """What came in and what was completed on one past day."""

    day: date
    received: int  # reopened ones too
    completed: int
    pending: int  # at its end


@dataclass(frozen=True, slots=True)
class Clearing:
    """In how many days the backlog is cleared; None where that is not within the horizon."""

    pending: int
    p50: int | None
    p85: int | None
    p95: int | None


@dataclass(frozen=True, slots=True)
class Backtest:
    """How often earlier forecasts would have held."""

    tried: int
    held: int
    expected: float  # the share that should hold

    @property
    def rate(self) -> float | None:
        """Return the share of past forecasts that held, None where there were none."""
        return self.held / self.tried if self.tried else None


def past(con: Reader, view: View, days: int = PAST_DAYS) -> Table:
    """Return the last whole days before the view's day as `flow.over_time` does, oldest first,
    including days on which nothing happened."""
    last = view.today if view.closes_day else view.today - timedelta(days=1)
    whole = replace(view, since=last - timedelta(days=days - 1), until=last, unit=Unit.DAY)
    return over_time(con, whole)


def days_of(table: Table) -> list[PastDay]:
    """Return the rows of `past` as records."""
    return [
        PastDay(bar.begins_on, bar.received + bar.reopened, bar.completed, bar.pending)
        for bar in bars(table)
    ]


def clearing(
    days: Sequence[PastDay], pending: int, *, arrivals: bool = True, seed: int = SEED
) -> Clearing:
    """Return when what is pending is done, with what comes in meanwhile or without."""
    if not pending:
        return Clearing(0, 0, 0, 0)
    import numpy as np

    chance = np.random.default_rng(seed)
    drawn = chance.integers(0, len(days), size=(RUNS, HORIZON))
    change = np.array([day.completed - (day.received if arrivals else 0) for day in days])[drawn]
    left = pending - np.cumsum(change, axis=1)
    is_clear = left <= 0
    took = np.where(is_clear.any(axis=1), is_clear.argmax(axis=1) + 1, HORIZON + 1)
    found = [int(np.sort(took)[int(RUNS * share) - 1]) for share in (0.5, 0.85, 0.95)]
    return Clearing(pending, *(None if each > HORIZON else each for each in found))


def completed_within(
    days: Sequence[PastDay], count: int, *, seed: int = SEED
) -> tuple[int, int, int]:
    """Return how many tasks are completed in the next `count` days: at least so many in 50, 85 and
    95 of 100 runs."""
    import numpy as np

    chance = np.random.default_rng(seed)
    drawn = chance.integers(0, len(days), size=(RUNS, count))
    done = np.sort(np.array([day.completed for day in days])[drawn].sum(axis=1))
    p50, p85, p95 = (int(done[int(RUNS * (1 - share))]) for share in (0.5, 0.85, 0.95))
    return p50, p85, p95


def backtest(
    days: Sequence[PastDay], ahead: int = 14, *, past_days: int = PAST_DAYS, seed: int = SEED
) -> Backtest:
    """Return how often "at least this many in the next two weeks, with 85%" would have held, for
    each past week with enough days before it and `ahead` days after it."""
    tried = held = 0
    for place in range(min(past_days, len(days)), len(days) - ahead + 1, 7):
        before = days[max(0, place - past_days) : place]
        if len(before) < LEAST_DAYS:
            continue
        promised = completed_within(before, ahead, seed=seed)[1]
        actual = sum(day.completed for day in days[place : place + ahead])
        tried += 1
        held += actual >= promised
    return Backtest(tried, held, 0.85)
