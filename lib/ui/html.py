"""Blocks of HTML, each from a template that escapes every value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lib import formats
from lib.intake.provenance import Provenance
from lib.models import Event, Note, Status, Task, Turn

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {
    "day": formats.day,
    "dollars": formats.dollars,
    "moment": formats.moment,
    "plural": formats.plural,
}


def render(template: str, **values: object) -> str:
    """Return `templates/<template>.html` with these values, each escaped."""
    return _TEMPLATES.get_template(f"{template}.html").render(values)


def state(status: Status, turn: Turn) -> tuple[str, str]:
    """Return a task's state as (style, words); a pending task that waits for the biller says so."""
    if status is not Status.COMPLETED and turn is Turn.BILLER:
        return "biller", "With biller"
    return status.value, status.label


def badge(status: Status, turn: Turn) -> str:
    """Return a task's state as a badge."""
    style, label = state(status, turn)
    return render("badge", style=style, label=label)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a small table of facts; those without a value are left out."""
    return render("facts", pairs=list(pairs))


def thread(notes: Iterable[Note], zone: ZoneInfo) -> str:
    """Return notes as a thread: who, when, what."""
    return render("thread", notes=list(notes), zone=zone)


def story(events: Sequence[Event], zone: ZoneInfo) -> str:
    """Return the history, newest first: who did what when, and old → new."""
    return render("history", events=events, zone=zone)


def origin(places: Sequence[Provenance], zone: ZoneInfo, address: str) -> str:
    """Return which files something comes from; the address opens the text they were read from."""
    return render("provenance", places=places, zone=zone, address=address)


def task_facts(task: Task, today: date, zone: ZoneInfo) -> str:
    """Return the charge summary of the Task Details panel."""
    due = (
        f"{formats.day(task.due_on)} ({task.due_rule})"
        if task.due_rule
        else formats.day(task.due_on)
    )
    days = formats.plural(formats.age(task.created_at, today, zone), "day")
    return facts(
        [
            ("Patient", task.patient_name),
            ("Claim number", task.claim_number),
            ("Payer", task.payer_name),
            ("Provider", task.provider_name),
            ("Date of service", formats.day(task.date_of_service)),
            ("Amount", f"${formats.dollars(task.amount)}" if task.amount is not None else ""),
            ("Received", f"{formats.moment(task.created_at, zone)} ({days} ago)"),
            ("Due", due),
            ("Document wanted", task.document_label or ""),
            ("Payer's codes", task.codes),
        ]
    )
