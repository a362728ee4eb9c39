"""Medical Billing Tasks: left menu, filters, list, Task Details."""

import streamlit as st

from lib.access import Verb, may_anywhere
from lib.ui import filters, page_switching, practice_switch, session, url_widgets
from lib.ui.details import details
from lib.ui.task_list import desk_of, menu, task_list

actor = session.person()
desk = desk_of(practice_switch.narrowed(actor))
known = filters.options(desk)
# The list is drawn first: it need not wait for what is above and beside it.
above = st.container()
with st.container(horizontal=True, key="work"):
    with st.container(key="list_box"):
        task_list()
    details()
with above:
    filters.choose(known, desk)
with st.sidebar:
    here = practice_switch.choose(actor, width="stretch")
url_widgets.yield_to_browser()
with st.sidebar:
    menu()
    if may_anywhere(here, Verb.CREATE_TASK) and st.button(
        "New task", width="stretch", key="new_task_button"
    ):
        page_switching.go("new_task", task=None)
