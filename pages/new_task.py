"""New Task: a biller or billing manager writes a request by hand."""

import streamlit as st

from lib import charges, document_types, tasks
from lib.access import Verb, may_anywhere
from lib.errors import BillingError, WrongInput
from lib.formats import parse_date
from lib.models import Person, TaskType
from lib.store.idempotency import new_token
from lib.ui import html, navigation, session
from lib.ui.session_state import KeptOrNew

TOKEN = KeptOrNew("new_task_token", new_token)


def subject(actor: Person, practice_id: int, kind: TaskType) -> tuple[int | None, int | None]:
    """Return the ids of the charge or the patient the task is about, found by search."""
    con = session.connection()
    about = "Charge"
    if kind is TaskType.DOCUMENTS:
        about = st.segmented_control(
            "About", ["Charge", "Patient"], default="Charge", key="new_about", required=True
        )
    query = st.text_input(
        f"Find the {about.lower()}", key="new_search", type="search", live=True,
        placeholder="Patient, claim number or payer" if about == "Charge" else "Patient",
    )  # fmt: skip
    if about == "Charge":
        found = charges.search(con, query, practice_id, actor=actor)
        names = {charge_id: line for charge_id, _, line in found}
        patients = {charge_id: patient_id for charge_id, patient_id, _ in found}
    else:
        names = dict(charges.search_patients(con, query, practice_id, actor=actor))
        patients = {}
    chosen = st.selectbox(
        about, list(names), index=None, format_func=names.__getitem__, key=f"new_{about}",
        placeholder=f"Choose one of {len(names)}" if names else "Nothing found",
    )  # fmt: skip
    if about == "Charge":
        return chosen, patients.get(chosen or 0)
    return None, chosen


def draw(actor: Person, practices: list[int]) -> None:
    """Draw the form, and create the task."""
    practice_id = practices[0]
    if len(practices) > 1:
        practice_id = st.selectbox(
            "Practice", practices, key="new_practice",
            format_func=lambda p: session.practice_of(actor, p).name,
        )  # fmt: skip
    kind = st.selectbox("Type", list(TaskType), format_func=lambda t: t.label, key="new_type")
    kind = TaskType(kind or TaskType.CODING)
    charge_id, patient_id = subject(actor, practice_id, kind)
    title = st.text_input("Subject", key="new_title", max_chars=100)
    instructions = st.text_area("Instructions", key="new_instructions", max_chars=4000)
    label = None
    if kind is TaskType.DOCUMENTS:
        label = st.selectbox(
            "Document requested", document_types.DOCUMENT_LABELS, index=None, key="new_label",
            placeholder="Choose a label",
        )  # fmt: skip
    due = st.text_input(
        "Due", key="new_due", placeholder="MM/DD/YYYY, or leave empty for the practice's own rule"
    )
    token = TOKEN.ensure()
    if not st.button("Create task", type="primary"):
        return
    said = session.toasts()
    try:
        due_on = parse_date(due) if due.strip() else None
        if due.strip() and due_on is None:
            raise WrongInput("Write the due date as MM/DD/YYYY.")
        task_id = tasks.create(
            session.connection(), practice_id=practice_id, type=kind, title=title,
            instructions=instructions, charge_id=charge_id, patient_id=patient_id,
            document_label=label, due_on=due_on, token=token, actor=actor, now=session.now(),
        )  # fmt: skip
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        return
    said.append(("success", "Task created."))
    TOKEN.take()
    navigation.go("tasks", task=str(task_id))


actor = session.person()
if st.button("Back to tasks", icon=":material/arrow_back:", type="tertiary"):
    navigation.go("tasks")
st.html(html.window("New task"))
practices = may_anywhere(actor, Verb.CREATE_TASK)
if practices:
    with st.container(width=640):
        draw(actor, practices)
else:
    st.info("Tasks are written by the biller and the billing manager.")
