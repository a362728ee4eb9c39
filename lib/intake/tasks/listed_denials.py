"""Rows of a denial list about denials that a remittance or an acknowledgment said before.

A list repeats what its payer answered; it names neither the remittance nor all of its reasons. So a
row is of the answer to its claim that gave all of its codes; a row without a code, of its denial.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from lib.intake.matching.claim_facts import ANSWERS, REVERSAL
from lib.intake.matching.task_claim_facts import FileTask
from lib.intake.records import Request

TABLES = frozenset({"CSV", "XLSX"})


def joined(request: Request, about_it: Sequence[FileTask]) -> Request:
    """Return the row as news for the first of these tasks, which are about its claim, that has its
    denial. It changes no more of the task than a due date that it names."""
    task = first(request, about_it)
    if task is None:
        return request
    is_later = bool(request.asked_on and task.asked_on and request.asked_on > task.asked_on)
    when = f" of {request.asked_on:%m/%d/%Y}" if request.asked_on else ""
    codes = f", with {request.codes}" if request.codes else ""
    return replace(
        request, joins=task.id, is_history=request.due_on is None, is_overtaken=not is_later,
        history=f"A denial list names this denial{when} as well{codes}.",
    )  # fmt: skip


def first(request: Request, about_it: Sequence[FileTask]) -> FileTask | None:
    """Return the first of these tasks that has the row's denial."""
    if request.listed is None:
        return None
    return next((task for task in about_it if _has(task, request, request.listed)), None)


def _has(task: FileTask, request: Request, codes: Collection[str]) -> bool:
    sources = ANSWERS if codes else ("835",)
    return (
        task.source in sources
        and not task.request_key.startswith(REVERSAL)
        and not task.could_be_of_other_visit(request.about)
        and all(is_among(code, task.codes) for code in codes)
    )


def is_same_answer(request: Request, task: FileTask) -> bool:
    """Return True if a row states the day of the answer that made this task; or if an answer is of
    the day that the row which made it states, and gives no code that the row does not."""
    if request.asked_on is None or request.asked_on != task.asked_on:
        return False
    if request.listed is not None:
        return True
    return is_of_list(task.source, task.codes, request) and all(
        is_among(code, task.codes) for code in request.codes.split(", ") if "-" in code
    )


def is_among(code: str, codes: str) -> bool:
    """Return True if a code is one of several, which commas separate; of a CARC the group counts
    where both name it."""
    group, _, carc = code.rpartition("-")
    return any(
        (group in {"", of} or not of) and carc == other
        for each in codes.split(", ")
        for of, _, other in (each.rpartition("-"),)
    )


def is_of_list(source: str, codes: str, request: Request) -> bool:
    """Return True if a task made by a row of a denial list has a code of this answer of a payer:
    the answer says what the list said first."""
    return (
        source in TABLES
        and request.source in ANSWERS
        and any(is_among(code, request.codes) for code in codes.split(", ") if code)
    )
