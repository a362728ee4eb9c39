"""The frame around every page: who is there, the pages there are, and what was said last."""

import streamlit as st

from lib.store.process import ROOT
from lib.ui import frame, session, url

st.set_page_config(page_title="Billing Tasks", layout="wide")
frame.style()
actor = session.person_or_sign_in()
page = st.navigation(frame.pages(ROOT / "pages"), position="top")
frame.signed_in_as(actor)
session.show_toasts()
url.arrive(page.url_path)
if page.title != frame.LIST:  # which sets the browser's address itself, and lets it be painted
    url.write()
page.run()
url.write()
