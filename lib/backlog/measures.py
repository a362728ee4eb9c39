"""Every number of the Backlog pages by its name, with what exactly is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from lib.backlog import (
    calendar_periods,
    completions_by_person,
    flow,
    forecast,
    payer_denials,
    pending_tasks,
    times,
)
from lib.backlog.report_scope import Reader, Table, Together, View, as_known, calendar_moment

_PENDING = (
    "Tasks that were received and not completed at the moment of the report. Requested: the "
    "amounts the tasks asked for."
)
HELD = (
    "Requested: the sum of what each task asked for. Held: each charge once, with the total it had "
    "at the moment of the report; a claim that is not among the charges here counts by its request."
)


@dataclass(frozen=True, slots=True)
class Number:
    """A question, what is counted to answer it, and the function that does."""

    question: str
    definition: str
    table: Callable[[Reader, View], Table]
    ignores: tuple[str, ...] = ()  # filters, by their word, that do not change it


NUMBERS: dict[str, Number] = {
    "summary": Number(
        "What is pending?",
        f"{HELD} Overdue: due before the day of the report. Oldest: days since the request.",
        pending_tasks.summary,
    ),
    "flow": Number("Do we complete as many as come in?", flow.DEFINITION, flow.over_time),
    "asked_for": Number(
        "When did payers ask?", flow.ASKED_FOR, flow.asked_for, ("assignee",)
    ),
    "cumulative_flow": Number(
        "How far are completions behind what came in?",
        "Everything received, and everything completed less what was reopened, since the first "
        "day. The distance between the two lines is what was pending.",
        flow.cumulative,
    ),
    "forecast_days": Number(
        "Which days is it drawn from?",
        f"The last {forecast.PAST_DAYS} whole days before the report, those without any work too.",
        forecast.past,
    ),
    "pending_by_type": Number("What is asked for?", _PENDING, pending_tasks.by_type),
    "pending_by_payer": Number("Which payers wait?", _PENDING, pending_tasks.by_payer),
    "pending_by_person": Number(
        "Who has them?",
        f"{_PENDING} By the person who had the task then.",
        pending_tasks.by_assignee,
    ),
    "pending_by_age": Number(
        "How long have they waited?",
        "Pending tasks by days since the request: the date of the remittance, acknowledgment or "
        "request itself; the day it came in where that was not recorded.",
        pending_tasks.by_age,
    ),
    "pending_by_due_date": Number(
        "What is due?",
        "Pending tasks by their due date on the day of the report.",
        pending_tasks.by_due,
    ),
    "pending_by_filing_limit": Number(
        "Which claims may be too late to file?",
        "Days left = first day of service + the payer's timely-filing limit − the day of the "
        "report. Limits are the practice's own list, with source and date verified (Settings).",
        pending_tasks.by_filing,
    ),
    "oldest": Number(
        "Which have waited longest?",
        "The ten oldest pending tasks, by days since the request.",
        pending_tasks.oldest,
    ),
    "waiting": Number(
        "Whom do pending tasks wait for?",
        "A task waits on the biller from a question until its answer, for the practice otherwise. "
        "Days since its history last grew.",
        pending_tasks.waiting,
    ),
    "time_on_each_side": Number(
        "How long did each side take?",
        "Of tasks completed in the period: days from a question to its answer (biller), and all "
        "other days from coming in to completion (practice).",
        times.on_each_side,
    ),
    "lead_time": Number(
        "How long do 85 of 100 tasks take?", times.LEAD, times.p85_lead
    ),
    "lead_and_cycle_time": Number("How long do tasks take?", times.LEAD, times.lead_and_cycle),
    "first_response": Number(
        "How soon is something taken up?", times.RESPONSE, times.first_response, ("assignee",)
    ),
    "handoffs_and_reopens": Number(
        "How often do tasks change hands or come back?",
        "Of tasks completed in the period. A handoff is an assignment from one person to another.",
        times.handoffs_and_reopens,
    ),
    "causes": Number("What causes the tasks?", payer_denials.CAUSES, payer_denials.causes,
                     ("assignee",)),
    "denials_by_payer": Number("Which payers deny, and what comes back?", payer_denials.DENIALS,
                               payer_denials.denials,
                               ("type", "assignee", "provider", "amount from", "amount to")),
    "recovered_after_tasks": Number(
        "What did payers pay after a task was completed?",
        "Payments dated in the period, less what was recouped, for claims whose first completed "
        "task lies before them.",
        payer_denials.recovered_after_tasks,
        ("assignee",),
    ),
    "completions_by_person": Number(
        "Who completed what?",
        completions_by_person.DEFINITION,
        completions_by_person.completions,
    ),
    "resolutions": Number(
        "How did completed tasks end?",
        "Completions in the period by the resolution chosen with them.",
        completions_by_person.resolutions,
    ),
}  # fmt: skip

# The numbers of each page. "summary" is on all of them.
PAGES: dict[str, tuple[str, ...]] = {
    "Overview": ("summary", "flow", "lead_time", "pending_by_type", "pending_by_filing_limit"),
    "Flow": (
        "summary", "flow", "asked_for", "cumulative_flow", "lead_and_cycle_time", "first_response",
        "handoffs_and_reopens",
    ),
    "Aging": (
        "summary", "pending_by_age", "pending_by_due_date", "pending_by_filing_limit",
        "pending_by_type", "pending_by_payer", "oldest",
    ),
    "Causes": ("summary", "causes", "denials_by_payer", "recovered_after_tasks"),
    "Workload": ("summary", "pending_by_person", "completions_by_person", "resolutions"),
    "Waiting": ("summary", "waiting", "time_on_each_side"),
    "Forecast": ("summary", "forecast_days"),
}  # fmt: skip
# Relations worth a temporary table on each page. Completions are not: reading them twice is faster.
SHARED: dict[str, tuple[str, ...]] = {
    "Overview": ("standing", "daily"), "Flow": ("daily",), "Aging": ("standing",),
    "Causes": (), "Workload": ("standing",), "Waiting": ("standing",), "Forecast": (),
}  # fmt: skip
# The extra columns of `standing` that each page needs.
FACTS = {"Workload": ("assignee",), "Waiting": ("last_at",)}
# Numbers not compared with the period before: running totals and single tasks.
NOT_COMPARED = ("cumulative_flow", "oldest")


def earlier(view: View) -> View:
    """Return the view of the period before: of the same length, as of the end of its last day."""
    since, until = calendar_periods.before(view.since, view.until)
    return replace(
        view, since=since, until=until, today=until, closes_day=True,
        as_of=min(view.as_of, view.as_of - (view.today - until) + timedelta(days=2)),
        holidays_as_of=calendar_moment(view),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """The tables of one page by name, for its period and for the period before."""

    now: Mapping[str, Table]
    before: Mapping[str, Table]
    law: flow.LittlesLaw | None = None  # on the Flow page


def counted(con: Reader, page: str, view: View) -> Counted:
    """Return all numbers of a page; relations that several of them share are computed once."""
    view, before = as_known(con, view), as_known(con, earlier(view))
    # Past days do not change, so one count of the flow serves both periods: filters ask what the
    # tasks are at the moment of the report.
    flow_before = replace(
        before, as_of=view.as_of, values_at=view, is_changed_since=view.is_changed_since
    )
    with Together(con, shared=SHARED[page], facts=FACTS.get(page, ())) as both:
        return Counted(
            {name: NUMBERS[name].table(both, view) for name in PAGES[page]},
            {
                name: NUMBERS[name].table(both, flow_before if name == "flow" else before)
                for name in PAGES[page]
                if name not in NOT_COMPARED
                and (name != "summary" or page in ("Overview", "Forecast"))
            },
            flow.littles_law(both, view) if page == "Flow" else None,
        )
