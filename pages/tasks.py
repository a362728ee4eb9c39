"""Medical Billing Tasks: left menu, filters, list, Task Details."""

import streamlit as st

from lib.access import Verb, may_anywhere
from lib.ui import filters, navigation, session
from lib.ui.details import details
from lib.ui.task_list import choices, colleagues_of, menu, task_list

actor = session.person()
colleagues = colleagues_of(actor)
filters.choose_practice(actor)
filters.choose(actor, colleagues, *choices(actor))
with st.container(horizontal=True, key="work"):
    with st.container(key="list_box"):
        task_list(actor, colleagues)
    details()
with st.sidebar:  # after the list, which need not wait for what the menu counts
    menu(actor)
    if may_anywhere(actor, Verb.CREATE_TASK) and st.button("New task", width="stretch"):
        navigation.go("new_task", task=None)
