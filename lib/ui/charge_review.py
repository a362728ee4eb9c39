"""The check on the Import page: tasks whose charge disagrees with the file behind them."""

from __future__ import annotations

from html import escape

import streamlit as st

from lib import formats
from lib.intake import charge_check
from lib.intake.charge_check import Review
from lib.models import Person
from lib.ui import session

MAX_SHOWN = 200  # tasks; the command line lists all


def charge_review(actor: Person, practice_id: int) -> None:
    """Check on request, and list the tasks that disagree, with links."""
    with st.expander("Check the charges of pending tasks"):
        st.caption(
            "Compares patient, day of service, amount and payer of each task's charge with what "
            "the file behind the task says. Older files are read again, so this can take minutes."
        )
        if st.button("Check now", key="check_charges"):
            with st.spinner("Checking"):
                found = charge_check.review(session.connection(), practice_id, actor=actor)
            st.session_state["charge_review"] = (practice_id, found)
        checked = st.session_state.get("charge_review")
        if checked and checked[0] == practice_id:
            _show(checked[1])


def _show(review: Review) -> None:
    said = f"{formats.plural(review.checked, 'task')} checked. "
    said += (
        f"{formats.plural(len(review.doubts), 'task')} "
        f"{'disagrees' if len(review.doubts) == 1 else 'disagree'} with the charge."
        if review.doubts
        else "Every charge agrees with its file."
    )
    if review.unread:
        said += f" The file of {formats.plural(review.unread, 'task')} could not be read again."
    rows = "".join(
        f'<tr><td><a href="/?task={each.task_id}" target="_self">{escape(each.title)}</a></td>'
        f"<td>{escape('; '.join(f'{f.name}: {f.stated} → {f.held}' for f in each.facts))}</td></tr>"
        for each in review.doubts[:MAX_SHOWN]
    )
    table = (
        '<table class="bt-changes"><thead><tr><th>Task</th><th>The file says → the charge says</th>'
        f"</tr></thead><tbody>{rows}</tbody></table>"
    )
    st.html(f"<p>{escape(said)}</p>{table if rows else ''}")
