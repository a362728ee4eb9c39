"""Every number of the Backlog pages by its name, with what exactly is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lib.backlog import flow, payers, pending, team, times
from lib.backlog.view import Table, View
from lib.store.database import Connection

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
    table: Callable[[Connection, View], Table]


NUMBERS: dict[str, Number] = {
    "summary": Number(
        "What is pending?",
        f"{HELD} Overdue: due before the day of the report. Oldest: days since the request.",
        lambda con, view: pending.summary(con, view)[1],
    ),
    "flow": Number("Do we complete as many as come in?", flow.DEFINITION, flow.over_time),
    "cumulative_flow": Number(
        "How far are completions behind what came in?",
        "Everything received, and everything completed less what was reopened, since the first "
        "day. The distance between the two lines is what was pending.",
        flow.cumulative,
    ),
    "pending_by_type": Number("What is asked for?", _PENDING, pending.by_type),
    "pending_by_payer": Number("Which payers wait?", _PENDING, pending.by_payer),
    "pending_by_person": Number(
        "Who has them?", f"{_PENDING} By the person who had the task then.", pending.by_assignee
    ),
    "pending_by_age": Number(
        "How long have they waited?",
        "Pending tasks by days since the request: the date of the remittance, acknowledgment or "
        "request itself; the day it came in where that was not recorded.",
        pending.by_age,
    ),
    "pending_by_due_date": Number(
        "What is due?", "Pending tasks by their due date on the day of the report.", pending.by_due
    ),
    "pending_by_filing_limit": Number(
        "Which claims may be too late to file?",
        "Days left = first day of service + the payer's timely-filing limit − the day of the "
        "report. Limits are the practice's own list, with source and date verified (Settings).",
        pending.by_filing,
    ),
    "oldest": Number(
        "Which have waited longest?",
        "The ten oldest pending tasks, by days since the request.",
        pending.oldest,
    ),
    "waiting": Number(
        "Whom do pending tasks wait for?",
        "A task waits on the biller from a question until its answer, for the practice otherwise. "
        "Days since something last happened to it.",
        pending.waiting,
    ),
    "time_on_each_side": Number(
        "How long did each side take?",
        "Of tasks completed in the period: days from a question to its answer (biller), and all "
        "other days from coming in to completion (practice).",
        times.on_each_side,
    ),
    "lead_and_cycle_time": Number("How long do tasks take?", times.LEAD, times.lead_and_cycle),
    "first_response": Number(
        "How soon is something taken up?", times.RESPONSE, times.first_response
    ),
    "handoffs_and_reopens": Number(
        "How often do tasks change hands or come back?",
        "Of tasks completed in the period. A handoff is an assignment from one person to another.",
        times.handoffs_and_reopens,
    ),
    "causes": Number("What causes the tasks?", payers.CAUSES, payers.causes),
    "denials_by_payer": Number("Which payers deny, and what comes back?", payers.DENIALS,
                               payers.denials),
    "recovered_after_tasks": Number(
        "What did payers pay after a task was completed?",
        "Payments dated in the period for claims whose first completed task lies before them.",
        payers.recovered_after_tasks,
    ),
    "completions_by_person": Number("Who completed what?", team.DEFINITION, team.completions),
    "resolutions": Number(
        "How did completed tasks end?",
        "Completions in the period by the resolution chosen with them.",
        team.resolutions,
    ),
}  # fmt: skip
