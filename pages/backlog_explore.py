"""Backlog, explore: questions in SQL on the copy that names nobody."""

from functools import partial

import pandas as pd
import streamlit as st

from lib import us_formats
from lib.access import Verb, may_anywhere
from lib.errors import BillingError
from lib.models import Person
from lib.snapshot import explore
from lib.snapshot.explore import EXAMPLES, Found, Running
from lib.snapshot.tables import dictionary
from lib.store.idempotency import new_token
from lib.ui import lossless_widgets, practice_switch, session, session_state, url_widgets
from lib.ui.session_state import Kept, KeptOrNew

FORMS = ("Table", "Bars", "Line")
STARTED_FROM = Kept[str]("started_from")  # the example whose text the field has, or had
RUNNING = Kept[Running]("running")
FOUND = Kept[Found | str]("found")  # the answer, or why there is none
NAMING = KeptOrNew("question_form", new_token)
SAVED = Kept[str]("saved_question")  # just now, for the address to name it


def of_address(actor: Person) -> str:
    """Return the text that the address names: a saved question, or the words themselves."""
    number = url_widgets.number("question")
    if number is not None and not url_widgets.get("sql"):
        linked = explore.shared(session.connection(), number, actor=actor)
        if linked is not None:
            return linked.query
        st.warning("There is no such question, or it is of another practice.")
    return url_widgets.get("sql") or EXAMPLES["Pending by type"]


def question(actor: Person) -> str:
    """Return the text of the question: of the address, an example, or a saved one."""
    con = session.connection()
    saved = {f"Saved: {each.name}": each for each in explore.saved(con, actor=actor)}
    ready = {f"Example: {name}": text for name, text in EXAMPLES.items()}
    ready |= {name: each.query for name, each in saved.items()}
    chosen = st.selectbox("Start from", list(ready), index=None, key="ready", width=420)
    if chosen and STARTED_FROM.get() != chosen:
        STARTED_FROM.put(chosen)
        session_state.set_widget("query", ready[chosen])
        asked = str(saved[chosen].id) if chosen in saved else None
        url_widgets.filter_by({"question": asked, "sql": None})
    if not session_state.has_widget("query"):
        session_state.set_widget("query", of_address(actor))
    text: str = st.text_area("SQL", key="query", height=170, max_chars=explore.MAX_LENGTH)
    return text


def link_to(actor: Person, query: str) -> dict[str, str | None]:
    """Return the parameters of an address that opens a question: its number where it is saved."""
    saved = explore.saved(session.connection(), actor=actor)
    kept = next((str(each.id) for each in saved if each.query == query), None)
    return {"question": kept, "sql": None if kept else query}


@st.fragment(run_every=0.5)
def waiting() -> None:
    """Draw how long a question has been running, and a way to stop it."""
    session.person()
    running = RUNNING.get()
    if running is None:
        return
    if running.is_done(session.now()):
        RUNNING.take()
        try:
            FOUND.put(running.result())
        except BillingError as problem:
            FOUND.put(str(problem))
        st.rerun()
    seconds = (session.now() - running.began_at).total_seconds()
    st.text(f"Asking… {seconds:.0f} s")
    if st.button("Stop", key="stop"):
        running.stop()


def result() -> None:
    said = FOUND.get()
    if said is None:
        return
    if not isinstance(said, Found):
        st.error(session.escape_markdown(said))
        return
    frame = pd.DataFrame([list(row) for row in said.rows], columns=list(said.names))
    more = " (more are left out)" if said.is_cut else ""
    st.caption(f"{us_formats.plural(len(frame), 'row')}{more}")
    form = st.segmented_control("Show as", FORMS, default="Table", key="form")
    numbers = [str(name) for name in frame if pd.api.types.is_numeric_dtype(frame[name])]
    if form == "Table" or not numbers or len(frame.columns) < 2:
        st.dataframe(frame, hide_index=True, alt="The answer", placeholder="–")
    elif form == "Bars":
        st.bar_chart(frame, x=frame.columns[0], y=numbers, alt="The answer")
    else:
        st.line_chart(frame, x=frame.columns[0], y=numbers, alt="The answer")


def keep(actor: Person, query: str) -> None:
    """Draw the way to save the question under a name."""
    token = NAMING.ensure()
    with st.popover("Save this question"), st.form(f"question_{token}", border=False):
        st.text_input("Name", key=f"name_{token}", max_chars=80)
        lossless_widgets.submit(
            "Save", partial(save, token, query), key=f"question_{token}", actor=actor
        )


def save(token: str, query: str, actor: Person) -> str:
    """Save the question as it is typed now: the click may come with the last of it."""
    says = session_state.typed()
    query = says.get("query", query)
    name = says[f"name_{token}"]
    explore.save(session.connection(), name, query, actor=actor, now=session.now())
    NAMING.take()
    SAVED.put(query)
    return "Question saved. The address opens it for colleagues too."


def copy_address() -> str:
    """Return where the copy is, of the chosen practice or of all."""
    here = practice_switch.chosen()
    return f"/snapshot.zip?practice={here}" if here else "/snapshot.zip"


with st.sidebar:
    actor = practice_switch.choose(session.person(), width="stretch")
st.header("Explore")
st.caption(
    "A copy that names nobody: no patients, claim numbers, titles or notes; dates of service are "
    "the first of their month. It answers in an engine of its own and changes nothing."
)
allowed = tuple(may_anywhere(actor, Verb.TAKE_COPY))
if not allowed:
    st.info("Questions are asked by analysts and billing managers.")
    st.stop()
with st.container(key="explore_body"):
    left, right = st.columns([3, 2], gap="medium")
with left:
    query = question(actor)
    if saved := SAVED.take():
        url_widgets.filter_by(link_to(actor, saved))
    with st.container(horizontal=True, gap="xsmall"):
        asked = st.button("Ask", type="primary", key="ask", disabled=RUNNING.is_there())
        fresh = st.button("Copy anew", key="fresh")
        keep(actor, query)
        st.link_button("Take the copy along (ZIP)", copy_address())
    if fresh or asked:
        try:
            with st.spinner("Copying…"):
                file = explore.copy_of(
                    session.connection(), allowed, actor=actor, now=session.now(), again=fresh
                )
            if asked:
                if earlier := RUNNING.take():  # pressed again before the button was drawn anew
                    earlier.discard()
                FOUND.take()
                url_widgets.filter_by(link_to(actor, query))
                RUNNING.put(explore.ask(file, query, now=session.now()))
        except BillingError as problem:
            st.error(session.escape_markdown(str(problem)))
    if RUNNING.is_there():
        waiting()
    result()
with right:
    columns = ["Table", "Column", "Meaning"]
    st.dataframe(pd.DataFrame(dictionary(), columns=columns), hide_index=True, height=520,
                 alt="Data dictionary")  # fmt: skip
