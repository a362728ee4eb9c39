"""The bare page: what Streamlit itself needs for these widgets, fifty rows and a panel.

Its filters are in the address, each change a step of the browser's history, as in the product:
Streamlit's `bind=` takes a few milliseconds less, and leaves the back button without steps.
"""

import zlib
from typing import Literal

import streamlit as st

from lib.models import TaskType
from lib.ui import components, navigation
from lib.ui.components import Column
from lib.ui.task_list import COLUMNS

NAMES = [f"{last}, {first}" for last in ("Kimura", "Quigley", "Whitlock") for first in "ABCDEFGH"]
PAYERS = [f"{name} Health Plan" for name in NAMES]
TYPES = [kind.label for kind in TaskType]
STATUSES = [
    "Pending", "Open", "In progress", "Waiting on biller", "Answered", "Completed",
    "Pending and completed",
]  # fmt: skip
AGES = ["0–7 days", "8–30 days", "31–60 days", "61–90 days", "Over 90 days"]
ROWS = [
    {
        "id": 1_000 + number,
        "title": f"Medical records requested, part {number + 1}",
        "type": TYPES[number % len(TYPES)],
        "patient": NAMES[number % len(NAMES)],
        "payer": PAYERS[-number % len(PAYERS)],
        "service": "03/14/2026",
        "amount": f"{100 + 7 * number:,.2f}",
        "age": f"{number} d",
        "due": "04/28/2026",
        "late": number % 3 == 0,
        "state": "open",
        "status": "Open",
        "assignee": "Ben Cole" if number % 2 else "",
    }
    for number in range(50)
]
FACTS = "".join(
    f"<dt>{name}</dt><dd>{value}</dd>"
    for name, value in (
        ("Patient", "Kimura, Olive"),
        ("Claim number", "G00000001"),
        ("Payer", "Bluewater Health Plan"),
        ("Provider", "Galvez, Teresa"),
        ("Date of service", "03/14/2026"),
        ("Amount", "$310.00"),
        ("Received", "03/29/2026 9:14 AM (30 days ago)"),
        ("Due", "04/28/2026 (30 days after the request, the practice's own rule)"),
        ("Denial codes (CARC/RARC)", "CO-16 N290"),
    )
)


def put(key: str) -> None:
    """Write a filter into the address, and return to the first page."""
    values = {**st.query_params.to_dict(), key: st.session_state[key], "page": None}
    st.query_params.from_dict({name: value for name, value in values.items() if value})


def take(key: str) -> None:
    """Set a filter from the address, before it is drawn."""
    wanted = st.query_params.get(key)
    if (st.session_state.get(key) or None) != wanted:
        st.session_state[key] = wanted


def select(label: str, key: str, options: list[str], width: int) -> None:
    """Draw a drop-down whose value is in the address."""
    take(key)
    st.selectbox(
        label, options, index=None, key=key, placeholder=label, width=width,
        label_visibility="collapsed", on_change=put, args=(key,),
    )  # fmt: skip


def text(label: str, key: str, width: int, kind: Literal["default", "search"] = "default") -> None:
    """Draw a text field whose value is in the address."""
    take(key)
    st.text_input(
        label, key=key, type=kind, placeholder=label, width=width,
        label_visibility="collapsed", max_chars=100, on_change=put, args=(key,),
    )  # fmt: skip


def on_action() -> None:
    """Put what was clicked in the list into the address."""
    match st.session_state["task_list"].action:
        case {"kind": "open", "record": int(task)}:
            st.query_params["task"] = str(task)
            st.rerun("details")
        case {"kind": "page", "page": int(page)}:
            st.query_params["page"] = str(page)


def on_close() -> None:
    """Close the panel."""
    st.query_params.pop("task", None)
    st.rerun("details")


def nothing() -> None:
    """Do nothing: the menu of this page only looks like one."""


def block(name: str, words: str) -> None:
    """Draw a heading and a paragraph."""
    st.html(f'<p class="bt-head">{name}</p><p class="bt-text">{words}</p>')


@st.fragment(key="details")
def details() -> None:
    """Draw the panel of the task in the address."""
    task = st.query_params.get("task")
    if task is None:
        return
    with st.container(key="details_box"):
        with st.container(horizontal=True, vertical_alignment="top", wrap=False, gap="xsmall"):
            st.html(
                '<p class="bt-title">Medical records requested</p>'
                '<span class="bt-badge open">Open</span> <span class="bt-quiet">Documents</span>',
                width="stretch",
            )
            st.button(
                ":material/close:", key="close_details", type="tertiary",
                help="Close (Esc)", on_click=on_close,
            )  # fmt: skip
        st.html(f'<dl class="bt-facts">{FACTS}</dl>')
        block("Task Instructions", "Send the signed visit note. The payer wants it to decide.")
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            st.button("Start Task", key=f"start_{task}", type="primary")
            st.menu_button("Assign", NAMES[:6], key=f"assign_{task}", help="Assign this task")
        block("Questions &amp; Comments", "Not assigned yet")
        st.text_area(
            "Question or comment", key=f"text_{task}", height=72, on_change="ignore",
            label_visibility="collapsed", placeholder="Ask the biller a question",
        )  # fmt: skip
        st.button("Submit question", key=f"submit_{task}")
        st.html(
            '<details class="bt-story"><summary>History (1)</summary><ol><li><b>From a file</b> '
            "<time>03/29/2026 9:14 AM</time><p>Created</p></li></ol></details>"
        )


st.set_page_config(page_title="Bare page", layout="wide")
for style in navigation.STYLES:
    st.html(style)
with st.container(key="who"):
    st.html("<span><b>Ana Ruiz</b> <i>Billing manager · Practice</i></span> <a>Sign out</a>")
with st.sidebar:
    entries = [
        {"view": view, "label": view, "count": "1,234", "first": False}
        for view in (
            "All tasks",
            "My tasks",
            "Unassigned",
            "Waiting on biller",
            "Answered",
            *TYPES,
            "Completed",
        )
    ]
    components.task_menu({"entries": entries, "current": "All tasks"}, nothing)
    st.button("New task", width="stretch")
with st.container(horizontal=True, key="filters", gap="xsmall"):
    text("Search tasks", "q", 204, "search")
    select("Status", "status", STATUSES, 112)
    select("Type", "type", TYPES, 118)
    select("Assignee", "assignee", NAMES[:8], 142)
    select("Payer", "payer", PAYERS, 116)
    select("Provider", "provider", NAMES, 116)
    select("Age", "age", AGES, 98)
    text("Amount from", "from", 96)
    text("Amount to", "to", 96)
page = int(st.query_params.get("page", "1"))
keys = ("q", "status", "type", "assignee", "payer", "provider", "age", "from", "to")
view = repr([st.session_state[key] for key in keys]) + str(page)
start = zlib.crc32(view.encode()) % len(ROWS)
with st.container(horizontal=True, key="work"):
    with st.container(key="list_box"):
        components.task_list(
            {
                "rows": ROWS[start:] + ROWS[:start],
                "selected": None,
                "order": "due",
                "descending": False,
                "page": page,
                "pages": 1_649,
                "count": "82,418",
                "countWord": "tasks ·",
                "amount": "$23,628,605.00",
                "range": "1–50",
                "empty": "",
                "view": view,
            },
            [
                Column(each.name, each.label, each.width, each.needs, each.gives_way)
                for each in COLUMNS[:9] + COLUMNS[10:]
            ],
            on_action,
        )
    details()
