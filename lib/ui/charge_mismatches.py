"""The check on the Import page: tasks whose charge disagrees with the file behind them."""

from __future__ import annotations

import streamlit as st

from lib import us_formats
from lib.intake.charges import charge_mismatches
from lib.intake.charges.charge_mismatches import Review
from lib.models import Person
from lib.ui import html, session
from lib.ui.session_state import Kept

MAX_SHOWN = 200  # tasks; the command line lists all

_CHECKED = Kept[tuple[int, Review]]("charge_review")  # of which practice, and what was found


def charge_review(actor: Person, practice_id: int) -> None:
    """Check on request, and list the tasks that disagree, with links."""
    with st.expander("Check the charges of pending tasks"):
        st.caption(
            "Compares patient, day of service, amount and payer of each task's charge with what "
            "the file behind the task says. Older files are read again, so this can take minutes."
        )
        if st.button("Check now", key="check_charges"):
            with st.spinner("Checking"):
                found = charge_mismatches.review(session.connection(), practice_id, actor=actor)
            _CHECKED.put((practice_id, found))
        checked = _CHECKED.get()
        if checked and checked[0] == practice_id:
            _show(checked[1])


def _show(review: Review) -> None:
    said = f"{us_formats.plural(review.checked, 'task')} checked. "
    said += (
        f"{us_formats.plural(len(review.doubts), 'task')} "
        f"{'disagrees' if len(review.doubts) == 1 else 'disagree'} with the charge."
        if review.doubts
        else "Every charge agrees with its file."
    )
    if review.unread:
        said += f" The file of {us_formats.plural(review.unread, 'task')} could not be read again."
    rows = [
        (
            html.link(f"/?task={doubt.task_id}", doubt.title),
            "; ".join(f"{fact.name}: {fact.stated} → {fact.held}" for fact in doubt.facts),
        )
        for doubt in review.doubts[:MAX_SHOWN]
    ]
    table = html.table(("Task", "The file says → the charge says"), rows) if rows else ""
    st.html(html.render("charge_review", said=said, table=table))
