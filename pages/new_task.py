"""New Task: a biller or billing manager writes a request by hand."""

from functools import partial

import streamlit as st

from lib import charges, file_type_detection, tasks
from lib.access import Verb, may_anywhere
from lib.drafts import NO_TASK, Form
from lib.errors import WrongInput
from lib.models import Person, TaskType
from lib.store.idempotency import new_token
from lib.ui import (
    components,
    html,
    kept_form,
    lossless_widgets,
    page_switching,
    practice_switch,
    session,
)
from lib.ui.kept_form import KeptForm
from lib.ui.session_state import KeptOrNew
from lib.us_formats import parse_date

FIELDS = {name: f"new_{name}" for name in ("type", "title", "instructions", "label", "due")}
TOKEN = KeptOrNew("new_task_token", new_token)


def subject(actor: Person, practice_id: int, kind: TaskType) -> None:
    """Draw the search and the choice of the charge or the patient the task is about."""
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
    else:
        names = dict(charges.search_patients(con, query, practice_id, actor=actor))
    st.selectbox(
        about, list(names), index=None, format_func=names.__getitem__, key=f"new_{about}",
        placeholder=f"Choose one of {len(names)}" if names else "Nothing found",
    )  # fmt: skip


def chosen(kind: TaskType) -> tuple[int | None, int | None]:
    """Return the ids of the charge or the patient that is chosen now."""
    is_patient = kind is TaskType.DOCUMENTS and lossless_widgets.typed("new_about") == "Patient"
    said = lossless_widgets.typed("new_Patient" if is_patient else "new_Charge")
    number = int(said) if said else None
    return (None, number) if is_patient else (number, None)


def draw(actor: Person, practices: list[int]) -> None:
    """Draw the form, and create the task."""
    practice_id = practices[0]
    if len(practices) > 1:
        practice_id = st.selectbox(
            "Practice", practices, key="new_practice",
            format_func=lambda p: session.practice_of(actor, p).name,
        )  # fmt: skip
    draft = kept_form.opened(Form.NEW_TASK, NO_TASK, FIELDS, actor, {"type": TaskType})
    heard = kept_form.heard(draft, actor)
    kind = st.selectbox(
        "Type", list(TaskType), format_func=lambda t: t.label, key="new_type", on_change=heard
    )
    kind = TaskType(kind or TaskType.CODING)
    subject(actor, practice_id, kind)
    st.text_input("Subject", key="new_title", max_chars=100, on_change=heard)
    st.text_area("Instructions", key="new_instructions", max_chars=4000, on_change=heard)
    if kind is TaskType.DOCUMENTS:
        st.selectbox(
            "Document requested", file_type_detection.DOCUMENT_LABELS, index=None, key="new_label",
            placeholder="Choose a label", on_change=heard,
        )  # fmt: skip
    st.text_input(
        "Due", key="new_due", placeholder="MM/DD/YYYY, or leave empty for the practice's own rule",
        on_change=heard,
    )  # fmt: skip
    kept_form.say_whether_kept(draft)
    components.form_guard(key="guard_new_task")
    lossless_widgets.button(
        "Create task", partial(create, draft, practices), key="new_task", actor=actor,
        type="primary",
    )  # fmt: skip


def create(draft: KeptForm, practices: list[int], actor: Person) -> str:
    """Create the task as it is typed and chosen now: the click may come with the last of it."""
    says = {name: lossless_widgets.typed(key) or "" for name, key in draft.keys.items()}
    kind = TaskType(says["type"] or TaskType.CODING)
    charge_id, patient_id = chosen(kind)
    due_on = parse_date(says["due"]) if says["due"].strip() else None
    if says["due"].strip() and due_on is None:
        raise WrongInput("Write the due date as MM/DD/YYYY.")
    label = says["label"] if kind is TaskType.DOCUMENTS else None
    task_id = tasks.create(
        session.connection(), type=kind, title=says["title"],
        practice_id=int(lossless_widgets.typed("new_practice") or practices[0]),
        instructions=says["instructions"], charge_id=charge_id, patient_id=patient_id,
        document_label=label or None, due_on=due_on, token=TOKEN.ensure(), actor=actor,
        now=session.now(),
    )  # fmt: skip
    kept_form.sent(draft, actor)
    TOKEN.take()
    lossless_widgets.leave("tasks", task=str(task_id))
    return "Task created."


actor = session.person()
if st.button("Back to tasks", icon=":material/arrow_back:", type="tertiary"):
    page_switching.go("tasks")
st.html(html.window("New task"))
practices = may_anywhere(practice_switch.narrowed(actor), Verb.CREATE_TASK)
if practices:
    lossless_widgets.settle()
    with st.container(width=640, key="new_task"):
        draw(actor, practices)
else:
    st.info("Tasks are written by the biller and the billing manager.")
