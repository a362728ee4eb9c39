"""A task on paper: `?task=…` says which."""

import streamlit as st

from lib.errors import BillingError
from lib.ui import looks, navigation, paper, session

actor = session.person()
task_id = navigation.task_in_url()
if task_id is None:
    st.info("A task is printed from its details: choose one in the list and press Print.")
else:
    try:
        paper.print_task(task_id, actor)
    except BillingError as problem:
        looks.refused(problem, actor, task_id)
        st.warning(session.escape_markdown(str(problem)))
