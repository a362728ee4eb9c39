"""Settings: what a practice decides for itself."""

import pandas as pd
import streamlit as st

from lib import practice_settings, timely_filing, us_formats
from lib.access import Verb, may
from lib.errors import BillingError, WrongInput
from lib.intake.x12 import payer_decision_rules
from lib.models import Person, TaskOptions
from lib.practice_settings import OPTION_LABELS, Settings
from lib.store.idempotency import new_token
from lib.timely_filing import FilingLimit
from lib.ui import backup_panel, html, session
from lib.ui.session_state import Kept

# The practice, the token and the settings of the form as it was opened.
OPENED = Kept[tuple[int, str, Settings]]("settings_form")

RULES = ("What it says", "Counted as", "Becomes")
MEANING = {
    "partial_denials": "A paid claim of which the payer denied a part, on any of its lines",
    "line_denials": "A paid claim with service lines for which nothing was paid",
    "reversals": "A payment that the payer reversed (claim status 22, or amounts below zero)",
    "takebacks": "Money that the payer deducted from a payment (PLB) without a counter-entry",
}


def practice(actor: Person) -> int:
    """Return the practice whose settings are shown, asking only if there are several."""
    ids = actor.practice_ids
    if len(ids) == 1:
        return ids[0]
    names = {p: session.practice_of(actor, p).name for p in ids}
    asked = st.query_params.get("practice", "")
    place = next((at for at, p in enumerate(ids) if str(p) == asked), 0)
    chosen: int = st.selectbox(
        "Practice", ids, index=place, format_func=names.__getitem__, width=320,
        key="settings_practice",
    )  # fmt: skip
    st.query_params["practice"] = str(chosen)
    return chosen


def form(seen: Settings, *, key: str, is_allowed: bool) -> Settings | None:
    """Draw the settings. Return them as they are to be, when somebody saves them."""
    with st.form(key, width=640):
        st.html(html.heading("Due date"))
        days = st.text_input(  # a number field takes "12,5" for 125
            "Days to answer a request that names no date", str(seen.due_days), max_chars=3,
            width=320, disabled=not is_allowed, key=f"{key}_days", autocomplete="off",
        )  # fmt: skip
        st.html(
            html.heading("Remittances (835)")
            + html.quiet(
                "A claim is denied where nothing was paid for a reason that is neither the "
                "contract’s, the patient’s nor another payer’s. It always makes a task. What else "
                "does:"
            )
        )
        chosen = {
            name: st.checkbox(
                f"**{OPTION_LABELS[name]}**: {meaning}", getattr(seen.options, name),
                disabled=not is_allowed, key=f"{key}_{name}",
            )
            for name, meaning in MEANING.items()
        }  # fmt: skip
        st.caption("Counts for what comes in from now on; tasks that are there stay as they are.")
        sent = st.form_submit_button("Save settings", type="primary", disabled=not is_allowed)
    # a 0 is rejected with the allowed range
    number = int(days) if days.isascii() and days.strip().isdigit() else 0
    return Settings(number, TaskOptions(**chosen)) if sent else None


def rules() -> None:
    """Draw the rules by which answers are read: the tables that an import itself follows."""
    with st.expander("How answers of payers are read"):
        st.html(
            html.heading("Remittances (835): the first row that holds counts")
            + html.table(RULES, payer_decision_rules.plain_rows())
            + html.heading("Claim acknowledgments (277CA)")
            + html.table(RULES, payer_decision_rules.plain_status_rows())
        )


def save(wanted: Settings, seen: Settings, practice_id: int, actor: Person) -> None:
    """Write the settings, say so, and show them as they now are."""
    messages = session.toasts()
    try:
        count = practice_settings.change(
            session.connection(), practice_id, wanted, seen=seen, actor=actor, now=session.now()
        )
        said = f"{us_formats.plural(count, 'setting')} saved." if count else "Nothing was changed."
        messages.append(("success", said))
    except WrongInput as problem:  # the choices on the screen stay
        messages.append(("error", str(problem)))
        st.rerun()
    except BillingError as problem:
        messages.append(("error", str(problem)))
    OPENED.take()
    st.rerun()


def timezone_form(practice_id: int, actor: Person, *, is_allowed: bool) -> None:
    """Draw the time zone by which the practice counts its days."""
    con = session.connection()
    now = session.practice_of(actor, practice_id).timezone
    if practice_settings.is_timezone_assumed(con, practice_id):
        st.warning(
            session.escape_markdown(
                f"Nobody has said in which time zone this practice is. {now} is assumed: choose it."
            )
        )
    with st.form(f"zone_{practice_id}", width=640):
        zones = practice_settings.zones()
        place = zones.index(now) if now in zones else None
        wanted = st.selectbox("Time zone", zones, index=place, width=320, disabled=not is_allowed)
        sent = st.form_submit_button("Save time zone", disabled=not is_allowed)
    if sent and wanted:
        said = session.toasts()
        try:
            practice_settings.set_timezone(con, practice_id, wanted, actor=actor, now=session.now())
            said.append(("success", f"Days are counted in {wanted}."))
        except BillingError as problem:
            said.append(("error", str(problem)))
        st.rerun()


def filing_limits(practice_id: int, actor: Person, *, is_allowed: bool) -> None:
    """Draw how long each payer takes claims, with its source."""
    con = session.connection()
    rows = timely_filing.filing_limits(con, practice_id, actor=actor)
    if not rows:
        return
    st.subheader("Timely filing", anchor=False)
    st.caption("Days after the first day of service within which a payer takes a claim.")
    columns = ["Payer", "Days", "Source", "Verified"]
    table = [[row.name, row.days, row.source or "not recorded", row.verified_on] for row in rows]
    st.dataframe(pd.DataFrame(table, columns=columns), hide_index=True, width=640,
                 alt="Filing limits")  # fmt: skip
    if not is_allowed:
        return
    by_id = {row.payer_id: row for row in rows}
    chosen = st.selectbox(
        "Payer to change",
        list(by_id),
        format_func=lambda id_: by_id[id_].name,
        index=None,
        width=320,
    )
    if chosen is None:
        return
    held = by_id[chosen]
    with st.form(f"limit_{chosen}", width=640):
        days = st.text_input("Days", str(held.days or ""), max_chars=4)
        source = st.text_input("Source", held.source, max_chars=200)
        verified = st.date_input("Verified", held.verified_on, format="MM/DD/YYYY")
        sent = st.form_submit_button("Save filing limit")
    if not sent:
        return
    said = session.toasts()
    try:
        number = int(days) if days.isascii() and days.strip().isdigit() else 0 if days else None
        limit = FilingLimit(number, source, verified)
        timely_filing.set_filing_limit(
            con, practice_id, chosen, limit, seen=held.limit, actor=actor, now=session.now()
        )
        said.append(("success", "Filing limit saved."))
    except BillingError as problem:
        said.append(("error", str(problem)))
    st.rerun()


def story(practice_id: int, actor: Person) -> None:
    """Draw who changed what, newest first."""
    zone = session.zone(actor, practice_id)
    lines = [
        f"{event.actor or 'The command line'} · {us_formats.moment(event.happened_at, zone)} · "
        f"{event.field or ''}: {event.old or ''} → {event.new or ''}"
        for event in practice_settings.changes(session.connection(), practice_id, actor=actor)
    ]
    if lines:
        st.html(html.heading("History") + html.bullets(lines, "bt-taken"))


actor = session.person()
st.html(html.window("Settings", "What the practice decides for itself."))
practice_id = practice(actor)
is_allowed = may(actor, Verb.CHANGE_SETTINGS, practice_id)
if not is_allowed:
    st.info("Settings are changed by the billing manager.")
now = practice_settings.read(session.connection(), practice_id, actor=actor)
# What the form showed when it opened, so that somebody else's change meanwhile is noticed.
opened = OPENED.get()
if opened is None:
    opened = (practice_id, new_token(), now)
    OPENED.put(opened)
_, token, seen = opened
wanted = form(seen, key=f"settings_{token}", is_allowed=is_allowed)
if wanted:
    save(wanted, seen, practice_id, actor)
elif opened[0] != practice_id or seen != now:
    OPENED.take()
    st.rerun()
timezone_form(practice_id, actor, is_allowed=is_allowed)
filing_limits(practice_id, actor, is_allowed=is_allowed)
rules()
story(practice_id, actor)
backup_panel.show(practice_id, actor)
