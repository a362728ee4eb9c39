"""The Find Document window: `?task=…` says for which task."""

import streamlit as st

from lib.models import TaskType
from lib.ui import document_attach, html, live_updates, lossless_widgets, session
from lib.ui.task_window_header import head, task_of_window


@st.fragment(key="window")
def window() -> None:
    """Draw what is attached; the saved documents on the left, a file to add on the right."""
    actor = session.person()
    lossless_widgets.settle()
    seen = live_updates.latest_of_window(actor)
    task, is_mine = task_of_window("Find Document", actor)
    live_updates.follow_task("window", task.id, seen)
    if task.document_label:
        st.html(html.render("document_wanted", label=task.document_label))
    with st.container(key="attached_box"):
        found = document_attach.attached(task, actor, is_mine=is_mine)
        if found and is_mine:
            document_attach.complete(task, actor)
    with st.container(key="find_body"):
        left, right = st.columns(2, gap="large")
    with left, st.container(key="find_saved"):
        document_attach.saved(task, actor, is_mine=is_mine)
    with right, st.container(key="find_own"):
        document_attach.own(task, actor, is_mine=is_mine)
    session.unsaid().clear()  # the window has said it


actor = session.person()
head("Find Document", actor, wrong=(TaskType.DOCUMENTS, "edit_charge"))
window()
