"""Blocks of HTML, each from a template that escapes every value."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lib import us_formats
from lib.intake.files.provenance import Provenance
from lib.models import Event, Note, Status, Task, TaskRow, Turn


def environment(*folders: Path) -> Environment:
    """Return the templates in these: each value is escaped, and a missing one is an error."""
    templates = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "day": us_formats.day,
        "dollars": us_formats.dollars,
        "moment": us_formats.moment,
        "plural": us_formats.plural,
    }
    return templates


_TEMPLATES = environment(Path(__file__).parent / "templates")


def render(template: str, **values: object) -> Markup:
    """Return `templates/<template>.html` with these values, each escaped but for what this made."""
    return Markup(_TEMPLATES.get_template(f"{template}.html").render(values))


def paragraph(text: str, style: str = "", *, role: str = "") -> Markup:
    """Return a paragraph; `style` is a class of frame.css."""
    return render("paragraph", text=text, style=style, role=role)


def text(text: str) -> Markup:
    """Return what people wrote, with its line breaks."""
    return paragraph(text, "bt-text")


def quiet(text: str) -> Markup:
    """Return a side remark, in grey."""
    return paragraph(text, "bt-quiet")


def status(text: str, *, asks: bool = False) -> Markup:
    """Return a sentence that screen readers say when it changes: a quiet one, unless it asks."""
    return paragraph(text, "bt-asks" if asks else "bt-quiet", role="status")


def heading(text: str, *, is_apart: bool = False) -> Markup:
    """Return the small heading of a block; `is_apart` keeps away from what stands above."""
    return paragraph(text, "bt-head bt-apart" if is_apart else "bt-head")


def title(text: str) -> Markup:
    """Return the title of a panel."""
    return paragraph(text, "bt-title")


def section(title: str) -> Markup:
    """Return the title of a part of a page, found by screen readers."""
    return render("section", title=title)


def window(title: str, about: str = "") -> Markup:
    """Return the title of a page, and beside it what it is about."""
    return render("window", title=title, about=about)


def link(
    address: str, text: str, *, in_new_tab: bool = False, is_download: bool = False, style: str = ""
) -> Markup:
    """Return a link to an address of ours."""
    return render(
        "link", address=address, text=text, in_new_tab=in_new_tab, is_download=is_download,
        style=style,
    )  # fmt: skip


def bullets(lines: Iterable[str], style: str = "") -> Markup:
    """Return a list, a line each; nothing where there is none."""
    return render("bullets", lines=list(lines), style=style)


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Container[int] = (),
    style: str = "",
) -> Markup:
    """Return a table; the columns whose places are `right` hold numbers."""
    return render("table", heads=heads, rows=rows, right=right, style=style)


def state(task: Task | TaskRow) -> tuple[str, str]:
    """Return a task's state as (style, words); a pending task that waits for the biller says so, or
    that the biller has answered."""
    if task.status is not Status.COMPLETED and task.turn is Turn.BILLER:
        return "biller", "Waiting on biller"
    if task.is_answered:
        return "answered", "Answered"
    return task.status.value, task.status.label


def badge(task: Task) -> Markup:
    """Return a task's state as a badge."""
    style, label = state(task)
    return render("badge", style=style, label=label)


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Return a small table of facts; those without a value are left out."""
    return render("facts", pairs=list(pairs))


def thread(notes: Iterable[Note], zone: ZoneInfo) -> Markup:
    """Return notes as a thread: who, when, what."""
    return render("thread", notes=list(notes), zone=zone)


def story(events: Sequence[Event], zone: ZoneInfo, *, is_open: bool = False) -> Markup:
    """Return the history, newest first: who did what when, and old → new."""
    return render("history", events=events, zone=zone, is_open=is_open)


def origin(places: Sequence[Provenance], zone: ZoneInfo, address: str) -> Markup:
    """Return which files something comes from; the address opens the text they were read from."""
    return render("provenance", places=places, zone=zone, address=address)


def task_facts(task: Task, today: date, zone: ZoneInfo) -> Markup:
    """Return the charge summary of the Task Details panel."""
    due = (
        f"{us_formats.day(task.due_on)} ({task.due_rule})"
        if task.due_rule
        else us_formats.day(task.due_on)
    )
    days = us_formats.plural(us_formats.age(task, today, zone), "day")
    waited = f"{days} until it was completed" if task.completed_at else f"{days} ago"
    requested = (
        f"{us_formats.day(task.requested_on)} ({waited})" if task.requested_on else "not recorded"
    )
    return facts(
        [
            ("Patient", task.patient_name),
            ("Claim number", task.claim_number),
            ("Payer", task.payer_name),
            ("Provider", task.provider_name),
            ("Date of service", us_formats.day(task.date_of_service)),
            (
                "Requested amount",
                f"${us_formats.dollars(task.amount)}" if task.amount is not None else "",
            ),
            ("Requested", requested),
            (
                "Imported",
                us_formats.moment(task.created_at, zone)
                + ("" if task.requested_on else f" ({waited})"),
            ),
            ("Due", due),
            ("Resolution", _resolution(task)),
            ("Document requested", task.document_label or ""),
            ("Denial codes (CARC/RARC)", task.codes),
        ]
    )


def _resolution(task: Task) -> str:
    if task.status is not Status.COMPLETED:
        return ""
    return task.resolution.label if task.resolution else "not recorded"
