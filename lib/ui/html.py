"""Values as people read them, and blocks of text as escaped HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from zoneinfo import ZoneInfo

from lib import formats
from lib.intake.provenance import Provenance
from lib.models import Event, Note, Status, Task, Turn


def state(status: Status, turn: Turn) -> tuple[str, str]:
    """A task's state as (style, words): a pending task that waits for the biller says so."""
    if status is not Status.COMPLETED and turn is Turn.BILLER:
        return "biller", "With biller"
    return status.value, status.label


def badge(status: Status, turn: Turn) -> str:
    style, label = state(status, turn)
    return f'<span class="bt-badge {style}">{escape(label)}</span>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A small table of facts; those without a value are left out."""
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs if value
    )
    return f'<dl class="bt-facts">{rows}</dl>'


def thread(notes: Iterable[Note], zone: ZoneInfo) -> str:
    """Notes as a thread: who, when, what."""
    return "".join(
        f'<div class="bt-note"><b>{escape(note.author)}</b> '
        f"<time>{formats.moment(note.written_at, zone)}</time><p>{escape(note.text)}</p></div>"
        for note in notes
    )


def story(events: list[Event], zone: ZoneInfo) -> str:
    """The history, newest first: who did what when, and old → new."""
    rows = []
    for event in events:
        what = escape(event.kind.sentence)
        if event.field:
            old, new = escape(event.old or "nothing"), escape(event.new or "nothing")
            what += f" · {escape(event.field)}: <s>{old}</s> → {new}"
        if event.detail:
            what += f" · {escape(event.detail)}"
        who = escape(event.actor or "From a file")
        rows.append(
            f"<li><b>{who}</b> <time>{formats.moment(event.happened_at, zone)}</time><p>{what}</p>"
        )
    return (
        f'<details class="bt-story"><summary>History ({len(events)})</summary>'
        f"<ol>{''.join(rows)}</ol></details>"
    )


def origin(places: Sequence[Provenance], zone: ZoneInfo, address: str) -> str:
    """Which files something comes from; the address opens the text they were read from."""
    rows = [
        f"<li><b>{escape(each.what)}</b> <time>{formats.moment(each.imported_at, zone)}</time>"
        f"<p>{escape(each.file_name)}, segment {each.segment_number}</p>"
        for each in places
    ]
    if not rows:
        return ""
    return (
        '<details class="bt-origin"><summary>Where it came from</summary>'
        f'<p><a href="{address}" target="_blank" rel="noopener">Open the text</a></p>'
        f"<ol>{''.join(rows)}</ol></details>"
    )


def task_facts(task: Task, today: date, zone: ZoneInfo) -> str:
    """The charge summary of the Task Details panel."""
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
