"""Export: what the practice did, as files for the biller."""

from datetime import date, timedelta

import streamlit as st
from markupsafe import Markup

from lib import us_formats
from lib.access import Verb
from lib.errors import BillingError
from lib.export import completed_tasks
from lib.export.charges_to_refile import Review, review
from lib.export.completed_tasks import Counts
from lib.export.period import Period, exports, period
from lib.models import Person
from lib.ui import html, practice_switch, session

USUAL = timedelta(days=30)


def day(label: str, key: str, usual: date) -> date | None:
    """Return one end of the period, which is kept in the address."""
    asked = st.query_params.get(key, "")
    try:
        start = date.fromisoformat(asked)
    except ValueError:
        start = usual
    chosen: date | None = st.date_input(label, start, format="MM/DD/YYYY", key=key, width=150)
    if chosen and chosen != usual:
        st.query_params[key] = chosen.isoformat()
    else:
        st.query_params.pop(key, None)
    return chosen


def chosen_period(actor: Person) -> Period:
    """Return the period that the fields above ask for; end the run if it is none."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        practice_id = practice_switch.choose_one(
            actor, Verb.EXPORT, "Only the billing manager and the biller export."
        )
        today = session.today(actor, practice_id)
        since = day("Completed from", "since", today - USUAL)
        until = day("to", "until", today)
    if not since or not until:
        st.info("Choose both days.")
        st.stop()
    try:
        return period(session.connection(), practice_id, since, until, actor=actor)
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        st.stop()


def contents(wanted: Period) -> tuple[Counts, Review]:
    """Return what both files would hold."""
    con = session.connection()
    found: tuple[Counts, Review] = con.store.cached(
        ("export", wanted), lambda: (completed_tasks.counts(con, wanted), review(con, wanted))
    )
    return found


def file(heading: str, what: str, said: str, link: str, name: str, *, is_empty: bool) -> Markup:
    """Return one of the two files: what is in it, and the way to have it."""
    return html.render(
        "export_file", heading=heading, what=what, said=said, address=link, name=name,
        is_empty=is_empty,
    )  # fmt: skip


def remarks(found: Review) -> Markup:
    """Return what to know before the claims are sent."""
    return html.bullets(
        [f"{us_formats.plural(count, 'claim')}: {sentence}" for sentence, count in found.remarks],
        "bt-remarks",
    )


def taken_before(wanted: Period) -> Markup:
    """Say who exported last: payers refuse claims that are replaced twice."""
    events = exports(session.connection(), wanted)
    return html.render("export_history", events=events, zone=wanted.zone)


actor = session.person()
st.html(html.window("Export", "What the practice completed, as files for the biller."))
wanted = chosen_period(actor)
counts, found = contents(wanted)
address = f"/answers/{wanted.practice.id}"
days = f"since={wanted.since}&until={wanted.until}"
left, right = st.columns(2, gap="medium", border=True)
left.html(
    file(
        "Completed tasks",
        "A ZIP: manifest.csv with a row a task (notes, questions, changed fields) and the "
        "documents beside it.",
        us_formats.plural(counts.tasks, "task")
        + " with "
        + us_formats.plural(counts.documents, "document"),
        f"{address}.zip?{days}",
        "Download ZIP",
        is_empty=not counts.tasks,
    )
)
right.html(
    file(
        "Claims to replace",
        "An X12 837P: the changed charges as replacement claims (CLM05-3 = 7).",
        us_formats.plural(found.claims, "claim"),
        f"{address}.x12?{days}",
        "Download 837P",
        is_empty=not found.claims,
    )
    + remarks(found)
)
st.html(taken_before(wanted))
