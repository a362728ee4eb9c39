"""The frame around every page: who is signed in, the page map, and the latest messages."""

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from lib.store.process_store import ROOT
from lib.ui import (
    backup_panel,
    live_updates,
    navigation,
    page_switching,
    practice_switch,
    session,
    streamlit_patches,
    url_widgets,
)

streamlit_patches.listen()

st.set_page_config(page_title="Billing Tasks", layout="wide")
actor = session.person_or_sign_in()
page = st.navigation(navigation.pages(ROOT / "pages", actor), position="top")
is_window = page.url_path in {"edit_charge", "find_document"}  # which say what was refused there
session.say_what_no_form_says(page_switching.task_in_url() if is_window else None)
is_new_page = url_widgets.arrive(page.url_path)
practice_switch.arrive(actor, is_new_page=is_new_page)
navigation.signed_in_as(actor, has_account=session.has_accounts(), is_window=is_window)
session.say_again(page.url_path)
# The list sets the browser's address itself, and is painted first.
if page.title != navigation.LIST:
    url_widgets.write()
# Messages come last: a run that a newer request ends, or that leaves, would take them with it.
try:
    page.run()
except StopException:  # a page that had no more to draw
    backup_panel.follow()
    session.show_toasts()
    raise
url_widgets.LEAVING.take()  # of a press that came after its page was left: nobody goes anywhere
backup_panel.follow()
session.show_toasts()
live_updates.still()
url_widgets.write()
