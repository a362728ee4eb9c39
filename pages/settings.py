"""Settings: what a practice decides for itself."""

import pandas as pd
import streamlit as st

from lib import practice_settings, timely_filing, us_formats
from lib.access import Verb, may
from lib.errors import BillingError, WrongInput
from lib.intake.x12 import claim_status_rules, payer_decision_rules
from lib.models import Person, TaskOptions
from lib.practice_settings import OPTION_LABELS, Settings
from lib.store.idempotency import new_token
from lib.timely_filing import FilingLimit, PayerLimit
from lib.ui import (
    backup_panel,
    html,
    lossless_widgets,
    navigation,
    practice_switch,
    session,
    session_state,
)
from lib.ui.session_state import Kept, KeptOrNewEach

# The practice, the token and the settings of the form as it was opened.
OPENED = Kept[tuple[int, str, Settings]]("settings_form")
# By what the forms showed, so that they show what somebody else changed.
ZONE = KeptOrNewEach("timezone_form", new_token)
LIMIT = KeptOrNewEach("filing_limit_form", new_token)

RULES = ("What it says", "Counted as", "Becomes")
MEANING = {
    "partial_denials": "A paid claim of which the payer denied a part, on any of its lines",
    "line_denials": "A paid claim with service lines for which nothing was paid",
    "reversals": "A payment that the payer reversed (claim status 22, or amounts below zero)",
    "takebacks": "Money that the payer deducted from a payment (PLB) without a counter-entry",
}


def form(seen: Settings, *, token: str, practice_id: int, actor: Person, is_allowed: bool) -> None:
    """Draw the settings, to be saved."""

    def do(now: Person) -> str:
        says = session_state.typed()
        days = says[f"days_{token}"]
        # a 0 is rejected with the allowed range
        number = int(days) if days.isascii() and days.strip().isdigit() else 0
        options = TaskOptions(**{name: says[f"{name}_{token}"] for name in MEANING})
        return save(Settings(number, options), seen, practice_id, now)

    with st.form(f"settings_{token}", width=640):
        st.html(html.heading("Due date"))
        st.text_input(  # a number field takes "12,5" for 125
            "Days to answer a request that names no date", str(seen.due_days), max_chars=3,
            width=320, disabled=not is_allowed, key=f"days_{token}", autocomplete="off",
        )  # fmt: skip
        st.html(
            html.heading("Remittances (835)")
            + html.quiet(
                "A claim is denied where nothing was paid for a reason that is neither the "
                "contract’s, the patient’s nor another payer’s. It always makes a task. What else "
                "does:"
            )
        )
        for name, meaning in MEANING.items():
            st.checkbox(
                f"**{OPTION_LABELS[name]}**: {meaning}", getattr(seen.options, name),
                disabled=not is_allowed, key=f"{name}_{token}",
            )  # fmt: skip
        st.caption("Counts for what comes in from now on; tasks that are there stay as they are.")
        lossless_widgets.submit(
            "Save settings", do, key=f"settings_{token}", actor=actor, type="primary",
            disabled=not is_allowed,
        )  # fmt: skip


def rules() -> None:
    """Draw the rules by which answers are read: the tables that an import itself follows."""
    with st.expander("How answers of payers are read"):
        st.html(
            html.heading("Remittances (835): the first row that applies decides")
            + html.table(RULES, payer_decision_rules.plain_rows())
            + html.heading("Claim acknowledgments (277CA)")
            + html.table(RULES, claim_status_rules.plain_status_rows())
        )


def save(wanted: Settings, seen: Settings, practice_id: int, actor: Person) -> str:
    """Write the settings, and return what is then said. The form shows them as they now are."""
    try:
        count = practice_settings.change(
            session.connection(), practice_id, wanted, seen=seen, actor=actor, now=session.now()
        )
    except WrongInput:  # the choices on the screen stay
        raise
    except BillingError:
        OPENED.take()
        raise
    OPENED.take()
    return f"{us_formats.plural(count, 'setting')} saved." if count else "Nothing was changed."


def timezone_form(practice_id: int, actor: Person, *, is_allowed: bool) -> None:
    """Draw the time zone by which the practice counts its days."""
    con = session.connection()
    zone = session.practice_of(actor, practice_id).timezone
    if practice_settings.is_timezone_assumed(con, practice_id):
        st.warning(
            session.escape_markdown(
                f"Nobody has said in which time zone this practice is. {zone} is assumed: choose "
                "it."
            )
        )
    token = ZONE.of(practice_id, zone).ensure()

    def do(now: Person) -> str:
        wanted = session_state.typed()[f"zone_{token}"]
        if not wanted:
            raise WrongInput("Choose a time zone.")
        practice_settings.set_timezone(
            session.connection(), practice_id, wanted, actor=now, now=session.now()
        )
        return f"Days are counted in {wanted}. Those that are over stay as they are."

    with st.form(f"timezone_{token}", width=640):
        zones = practice_settings.zones()
        place = zones.index(zone) if zone in zones else None
        st.selectbox(
            "Time zone", zones, index=place, width=320, disabled=not is_allowed,
            key=f"zone_{token}",
        )  # fmt: skip
        lossless_widgets.submit(
            "Save time zone", do, key=f"timezone_{token}", actor=actor, disabled=not is_allowed
        )


def filing_limits(practice_id: int, actor: Person, *, is_allowed: bool) -> None:
    """Draw how long each payer takes claims, with its source."""
    con = session.connection()
    rows = timely_filing.filing_limits(con, practice_id, actor=actor)
    if not rows:
        return
    st.subheader("Timely filing", anchor=False)
    st.caption("Days after the first day of service within which a payer takes a claim.")
    names = timely_filing.names(rows)
    columns = ["Payer", "Days", "Source", "Verified"]
    table = [
        (
            names[row.payer_id], "not recorded" if row.days is None else str(row.days),
            row.source or "not recorded",
            us_formats.day(row.verified_on) if row.verified_on else "never",
        )
        for row in rows
    ]  # fmt: skip
    st.dataframe(pd.DataFrame(table, columns=columns), hide_index=True, width=640,
                 alt="Filing limits", height=navigation.table_height(len(table)))  # fmt: skip
    if not is_allowed:
        return
    by_id = {row.payer_id: row for row in rows}
    chosen = st.selectbox(
        "Payer to change",
        list(by_id),
        format_func=names.__getitem__,
        index=None,
        width=320,
    )
    if chosen is None:
        return
    filing_limit(by_id[chosen], practice_id, actor)


def filing_limit(row: PayerLimit, practice_id: int, actor: Person) -> None:
    """Draw the form for how long one payer takes claims."""
    form = LIMIT.of(practice_id, row.payer_id, row.days, row.source, row.verified_on)
    token = form.ensure()

    def do(now: Person) -> str:
        says = session_state.typed()
        days = says[f"days_{token}"]
        number = int(days) if days.isascii() and days.strip().isdigit() else 0 if days else None
        limit = FilingLimit(number, says[f"source_{token}"], says[f"verified_{token}"])
        timely_filing.set_filing_limit(
            session.connection(), practice_id, row.payer_id, limit, seen=row.limit, actor=now,
            now=session.now(),
        )  # fmt: skip
        form.take()
        return "Filing limit saved."

    with st.form(f"limit_{token}", width=640):
        st.text_input("Days", str(row.days or ""), max_chars=4, key=f"days_{token}")
        st.text_input("Source", row.source, max_chars=200, key=f"source_{token}")
        st.date_input("Verified", row.verified_on, format="MM/DD/YYYY", key=f"verified_{token}")
        lossless_widgets.submit("Save filing limit", do, key=f"limit_{token}", actor=actor)


def story(practice_id: int, actor: Person) -> None:
    """Draw who changed what, newest first."""
    zone = session.zone(actor, practice_id)
    lines = [
        f"{event.actor or 'The command line'} · {us_formats.moment(event.happened_at, zone)} · "
        + us_formats.with_days(f"{event.field or ''}: {event.old or ''} → {event.new or ''}")
        for event in practice_settings.changes(session.connection(), practice_id, actor=actor)
    ]
    if lines:
        st.html(html.heading("History") + html.bullets(lines, "bt-taken"))


actor = session.person()
st.html(html.window("Settings", "What the practice decides for itself."))
practice_id = practice_switch.choose_one(actor, Verb.SEE, "")
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
form(seen, token=token, practice_id=opened[0], actor=actor, is_allowed=is_allowed)
if opened[0] != practice_id or seen != now:
    OPENED.take()
    st.rerun()
timezone_form(practice_id, actor, is_allowed=is_allowed)
filing_limits(practice_id, actor, is_allowed=is_allowed)
rules()
story(practice_id, actor)
backup_panel.show(practice_id, actor)
