"""The Edit Charge form: fields, diagnoses, service lines, and each problem beside its field."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib import charge_form, charges, scrubber
from lib.charge_form import FIELD_LABELS, amount_of
from lib.models import Charge, Person, Problem, Task
from lib.ui import components, html, live_updates, lossless_widgets, session, session_state
from lib.ui.edit_charge_state import Editing, keep, known_payers
from lib.us_formats import show

_ROWS = (
    ("rendering_name", "rendering_npi", "referring_name", "referring_npi"),
    ("billing_name", "billing_npi", "supervising_name", "supervising_npi"),
)


def form(state: Editing, task: Task, actor: Person, *, is_mine: bool) -> None:
    """Draw the form, and put what is typed into `state.form`."""
    take_typed(state, task)
    _, problems = found_in(state, task, actor)
    with st.container(key="charge_fields"):
        _fields(state, problems, task, actor, is_mine=is_mine)
    with st.container(key="charge_diagnoses"):
        _diagnoses(state, problems, task, actor, is_mine)
    _lines(state, problems, task, actor, is_mine)
    components.form_guard(
        wrong=_marked(state, problems, task, is_blocking=True),
        known=_marked(state, problems, task, is_blocking=False),
        key=f"guard_{task.id}",
    )


def _fields(
    state: Editing, problems: Sequence[Problem], task: Task, actor: Person, *, is_mine: bool
) -> None:
    con = session.connection()
    patient = charges.patient(con, state.opened.patient_id, actor=actor)
    born = f" · born {show(patient.birth_date)}" if patient.birth_date else ""
    first = st.columns(4)
    with first[0]:
        _read("Patient", patient.name + born, task)
        _say(scrubber.check_patient(patient.birth_date), "birth_date")
    state.payers = known_payers(state.opened, actor)
    _payer(first[1], state, problems, task, actor, is_mine)

    def text(column: DeltaGenerator, name: str, hint: str = "") -> None:
        _text(column, name, state, problems, task, actor, is_mine, hint=hint)

    text(first[2], "member_id")
    text(first[3], "authorization_number")
    for row in _ROWS:
        for column, name in zip(st.columns(4), row, strict=True):
            text(column, name)
    fourth = st.columns(4)
    text(fourth[0], "location")
    _place(fourth[1], state, problems, task, actor, is_mine)
    text(fourth[2], "hospitalized_from", "MM/DD/YYYY")
    text(fourth[3], "hospitalized_to", "MM/DD/YYYY")


def _marked(
    state: Editing, problems: Sequence[Problem], task: Task, *, is_blocking: bool
) -> list[str]:
    """Return the keys of the fields that a problem is about; service lines mark their own."""
    names = []
    for problem in problems:
        first, _, place = problem.field.partition(".")
        if problem.is_blocking is is_blocking and first != "lines":
            names.append(f"diagnosis_{_diagnosis_in_form(state, place)}" if place else first)
    return [f"{name}_{task.id}_{state.stamp}" for name in names]


def _diagnosis_in_form(state: Editing, place: str) -> int:
    """Return where the charge's diagnosis is in the form, which may hold empty fields too."""
    filled = [at for at, code in enumerate(state.form["diagnoses"]) if code.strip()]
    return filled[int(place)] if int(place) < len(filled) else int(place)


def take_typed(state: Editing, task: Task) -> None:
    """Put what the fields say now into the form's state. Called before their problems are listed
    and before anything is saved, since a click may come together with what was typed last."""
    says = session_state.typed()

    def typed(name: str, known: str) -> str:
        value = says.get(f"{name}_{task.id}_{state.stamp}")
        return known if value is None else str(value)

    for name in FIELD_LABELS:
        state.form[name] = typed(name, state.form[name])
    state.form["payer"] = charge_form.with_room_for_id(state.form["payer"], state.payers)
    codes = [*state.form["diagnoses"], *[""] * charge_form.MAX_DIAGNOSES]
    found = [typed(f"diagnosis_{at}", codes[at]) for at in range(charge_form.MAX_DIAGNOSES)]
    while found and not found[-1].strip():
        found.pop()
    state.form["diagnoses"] = found
    state.note = typed("note", state.note)
    _take_lines(state, says.get(f"lines_{task.id}"))


def _take_lines(state: Editing, editor: Any) -> None:
    typed = (editor.get("typed") if editor else None) or {}
    lines = typed.get("lines")
    if typed.get("stamp") != state.stamp or not isinstance(lines, list):
        return
    if len(lines) <= charge_form.MAX_LINES:
        state.form["lines"] = [
            {name: str(line.get(name, ""))[:20] for name in charge_form.EMPTY_LINE}
            for line in lines
        ]


def heard(state: Editing, task: Task, actor: Person) -> None:
    """Take and save what was typed: the callback of every field in the window."""
    take_typed(state, task)
    payer_key = f"payer_{task.id}_{state.stamp}"
    if session_state.has_widget(payer_key):
        session_state.set_widget(payer_key, state.form["payer"])
    lossless_widgets.keep_typed(actor, partial(keep, state, task))
    if not state.not_kept:
        live_updates.stay(task.id, actor)


def found_in(state: Editing, task: Task, actor: Person) -> tuple[Charge, list[Problem]]:
    """Return the charge as it is typed, and the problems to show now.

    What came in wrong is shown from the beginning; what was typed wrong, once somebody checks the
    charge or wants to save it.
    """
    charge, unreadable = charge_form.from_form(state.form, state.opened, payers=state.payers)
    today = charges.today_of(task, actor, session.now())
    found = scrubber.marked(state.opened, scrubber.check_charge(charge, today=today))
    # What cannot be read is said once, without adding that its line's total is wrong, or that a
    # last day is missing, which is the first where none is typed.
    fields = {problem.field for problem in unreadable}
    fields |= {f"{field.rpartition('.')[0]}.total" for field in fields}
    fields |= {
        f"lines.{place}.date_to"
        for place, line in enumerate(charge.lines)
        if line.date_to is None and f"lines.{place}.date_from" in fields
    }
    everything = [*unreadable, *(p for p in found if p.field not in fields)]
    return charge, [p for p in everything if state.is_checked or not p.is_blocking]


def _read(label: str, value: str, task: Task) -> None:
    st.text_input(label, value, disabled=True, key=f"read_{label}_{task.id}_{value}")


def _text(
    column: DeltaGenerator,
    name: str,
    state: Editing,
    problems: Sequence[Problem],
    task: Task,
    actor: Person,
    is_mine: bool,
    *,
    hint: str = "",
) -> None:
    with column:
        state.form[name] = st.text_input(
            FIELD_LABELS[name], state.form[name], key=f"{name}_{task.id}_{state.stamp}",
            disabled=not is_mine, placeholder=hint, max_chars=80, autocomplete="off",
            on_change=heard, args=(state, task, actor),
        )  # fmt: skip
        _say(problems, name)


def _payer(
    column: DeltaGenerator,
    state: Editing,
    problems: Sequence[Problem],
    task: Task,
    actor: Person,
    is_mine: bool,
) -> None:
    """Draw the payer: one of the practice's, or a new one typed with its payer ID."""
    key = f"payer_{task.id}_{state.stamp}"
    if not session_state.has_widget(key):
        session_state.set_widget(key, state.form["payer"])  # which need not be an option
    with column:
        chosen = st.selectbox(
            FIELD_LABELS["payer"], state.payers, disabled=not is_mine, accept_new_options=True,
            key=key, placeholder="Name (payer ID)", on_change=heard, args=(state, task, actor),
        )  # fmt: skip
        state.form["payer"] = (chosen or "")[: charge_form.MAX_PAYER]
        _say(problems, "payer")


def _place(
    column: DeltaGenerator,
    state: Editing,
    problems: Sequence[Problem],
    task: Task,
    actor: Person,
    is_mine: bool,
) -> None:
    places = scrubber.places_of_service()
    now = state.form["place_of_service"]
    options = list(places) if now in places else [now, *places]
    with column:
        state.form["place_of_service"] = st.selectbox(
            FIELD_LABELS["place_of_service"], options, options.index(now), disabled=not is_mine,
            format_func=lambda code: f"{code} {places.get(code, '')}".strip() or "None",
            key=f"place_of_service_{task.id}_{state.stamp}",
            on_change=heard, args=(state, task, actor),
        )  # fmt: skip
        _say(problems, "place_of_service")


def _diagnoses(
    state: Editing, problems: Sequence[Problem], task: Task, actor: Person, is_mine: bool
) -> None:
    codes = [*state.form["diagnoses"], *[""] * charge_form.MAX_DIAGNOSES]
    typed: list[str] = []
    for start in (0, 6):
        for place, column in enumerate(st.columns(6), start):
            with column:
                typed.append(
                    st.text_input(
                        f"Diagnosis {chr(65 + place)}", codes[place], disabled=not is_mine,
                        key=f"diagnosis_{place}_{task.id}_{state.stamp}", max_chars=10,
                        autocomplete="off",
                        on_change=heard, args=(state, task, actor),
                    )
                )  # fmt: skip
                _say(problems, f"diagnoses.{len([c for c in typed[:-1] if c.strip()])}")
    while typed and not typed[-1].strip():
        typed.pop()
    state.form["diagnoses"] = typed
    _say(problems, "diagnoses")


def _lines(
    state: Editing,
    problems: Sequence[Problem],
    task: Task,
    actor: Person,
    is_mine: bool,
) -> None:
    # same key after a new stamp: a newly mounted editor shifts what is below it
    key = f"lines_{task.id}"

    shown = []
    for problem in problems:
        parts = problem.field.split(".")
        if parts[0] == "lines" and len(parts) > 2:
            shown.append(
                {
                    "place": _line_in_form(state, int(parts[1])),
                    "field": _FIELDS.get(parts[2], parts[2]),
                    "sentence": problem.sentence,
                    "blocking": problem.is_blocking,
                }
            )
    components.line_editor(
        {
            "stamp": state.stamp,
            "lines": state.form["lines"],
            "filed": [
                filed
                and {
                    "units": amount_of(filed.units),
                    "unit_charge": f"{filed.unit_charge:.2f}",
                    "total": f"{filed.total:.2f}",
                }
                for filed in charge_form.filed_lines(state.form["lines"], state.opened)
            ],
            "filedTotal": "" if state.opened.is_edited else f"{state.opened.filed_total:,.2f}",
            "problems": shown,
            "empty": charge_form.EMPTY_LINE,
            "most": charge_form.MAX_LINES,
            "readOnly": not is_mine,
        },
        key=key,
        on_typed=partial(heard, state, task, actor),
    )
    _say(problems, "lines")
    if scrubber.total_differs(state.opened):
        filed, total = show(state.opened.filed_total), show(state.opened.total)
        st.html(
            html.paragraph(
                f"The claim came in with a total of {filed}; its lines add up to {total}. "
                "Saving keeps the sum of the lines.",
                "bt-known bt-apart",
            )
        )


# The scrubber's names for cells, and the editor's.
_FIELDS = {
    "date_from": "from", "date_to": "to", "modifiers": "m1", "total": "unit_charge",
}  # fmt: skip


def _line_in_form(state: Editing, place: int) -> int:
    """Return where the charge's line is in the form, which may hold empty lines too."""
    filled = [at for at, line in enumerate(state.form["lines"]) if not charge_form.is_blank(line)]
    return filled[place] if place < len(filled) else place


def _say(problems: Sequence[Problem], name: str) -> None:
    """Draw the sentences beside a field."""
    for problem in problems:
        if problem.field == name:
            style = "bt-problem" if problem.is_blocking else "bt-known"
            st.html(html.paragraph(problem.sentence, style))
