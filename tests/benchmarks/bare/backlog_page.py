"""The bare Backlog page: the widgets, charts and table of the Overview, with fixed data."""

from datetime import date, timedelta

import pandas as pd
import streamlit as st

from lib.ui import charts, navigation
from lib.ui.charts import Mark

FIRST = date(2026, 6, 1)
WEEKS = [FIRST + timedelta(weeks=number) for number in range(26)]
FLOW = pd.DataFrame(
    {
        "From": WEEKS,
        "Until": [day + timedelta(days=6) for day in WEEKS],
        "Pending": [10 + number for number in range(26)],
        "Unfinished": [number == 25 for number in range(26)],
    }
)
LEFT = ["Past the limit", "0–7 days left", "8–30 days left", "31–90 days left", "Over 90 days left"]
ABOUT = "As of 11/26/2026 3:31 AM CST · 46 tasks · $11,169.00 requested · $10,941.00 held"

st.set_page_config(layout="wide")
for style in navigation.STYLES:
    st.html(style)
st.header("Backlog", anchor=False)
with st.container(horizontal=True):
    for name in ("Type", "Assignee", "Payer", "Provider"):
        st.multiselect(name, LEFT, label_visibility="collapsed", placeholder=name, width=150)
    for name in ("Amount from", "Amount to"):
        st.text_input(name, label_visibility="collapsed", placeholder=name, width=100)
with st.container(horizontal=True):
    st.segmented_control("Period", ["4 weeks", "13 weeks", "26 weeks", "52 weeks"])
    for name in ("From", "Until", "As of"):
        st.date_input(name, value=None, width=128)
    st.segmented_control("Bars", ["Days", "Weeks", "Months"])
st.text(ABOUT)
st.caption("This period: 06/01/2026 to 11/26/2026. Period before: 12/04/2025 to 05/31/2026.")
with st.container(horizontal=True):
    for name in ("Pending", "Held", "Overdue", "Oldest, days", "Net flow", "P85 lead time, days"):
        with st.container(border=True, width=172):
            st.metric(name, "46", "+35", help="Each charge once.")
            st.button("Show tasks", key=name, type="tertiary")
st.subheader("What changed, and where?", anchor=False)
st.text("Insurance & eligibility +9; Charge & dates +8; Authorization & referral +4")
st.subheader("Do we complete as many as come in?", anchor=False)
st.caption("Received: the day a request came in here.")
charts.over_time(
    FLOW, ["Pending"], finding="Pending went from 11 to 46", about=ABOUT, key="pending",
    notes=[], unit="week", before=FLOW,
)  # fmt: skip
for name in ("flow", "filing"):
    if name == "filing":
        st.subheader("Which claims may be too late to file?", anchor=False)
        marks = [
            Mark(each, side, 4 + place, None)
            for place, each in enumerate(LEFT)
            for side in (*charts.SIDES, charts.BEFORE)
        ]
        charts.bars(marks, charts.SIDES, finding="$2,857.00 requested", about=ABOUT, key="filing",
                    before="12/04/2025 to 05/31/2026")  # fmt: skip
    st.expander("Table, SQL and files", key=f"{name} table", on_change="rerun")
st.subheader("What is pending?", anchor=False)
st.dataframe(FLOW.head(2), hide_index=True)
st.expander("SQL and files", key="summary table", on_change="rerun")
