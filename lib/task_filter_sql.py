"""Conditions on tasks that look at more than the row: part of a text only where asked for."""

from __future__ import annotations

from typing import Any

from lib.models import TaskFilter

_DAY = """CAST({moment} AT TIME ZONE 'UTC' AT TIME ZONE
        (SELECT timezone FROM practice WHERE practice.id = task.practice_id) AS DATE)"""
# Days from the asker's own date, else from the day it came in by the clock of the practice; of a
# completed task they end with the completion.
_AGE = (
    f"{_DAY.format(moment='coalesce(task.completed_at, $as_of)')}"
    f" - coalesce(task.requested_on, {_DAY.format(moment='task.created_at')})"
)
_TEXTS = {
    "age_from": f"{_AGE} >= $age_from",
    "age_to": f"{_AGE} <= $age_to",
    "code": "strpos(', ' || task.codes || ',', ', ' || $code || ',') > 0",
}


def asked(wanted: TaskFilter) -> tuple[str, dict[str, Any]]:
    """Return the conditions the filter asks for, each beginning with AND, and their values."""
    text, values = "", {}
    for name, condition in _TEXTS.items():
        if (value := getattr(wanted, name)) is not None:
            text += f"\n    AND {condition}"
            values[name] = value
    if {"age_from", "age_to"} & set(values):
        values["as_of"] = wanted.as_of
    if wanted.selection:
        text += f"\n    AND task.id IN ({wanted.selection.sql})"
        values |= dict(wanted.selection.values)
    return text, values


def amount(wanted: TaskFilter) -> tuple[str, dict[str, Any]]:
    """Return the text of a task's amount, as it was at the moment of a bar, and its values."""
    if wanted.selection is None:
        return "task.amount", {}
    text, values = wanted.selection.amount, dict(wanted.selection.values)
    return text, {name: value for name, value in values.items() if f"${name}" in text}
