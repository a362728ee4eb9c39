"""A task on paper: `?task=…` says which."""

import streamlit as st

from lib.errors import BillingError
from lib.ui import page_switching, page_view_audit, paper, session

actor = session.person()
task_id = page_switching.task_in_url()
if task_id is None:
    st.info("A task is printed from its details: choose one in the list and press Print.")
else:
    try:
        paper.print_task(task_id, actor)
    except BillingError as problem:
        page_view_audit.refused(problem, actor, task_id)
        st.warning(session.escape_markdown(str(problem)))
