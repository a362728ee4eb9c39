"""What tests start from: charges and tasks as an import would have left them in the store."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from lib import people
from lib.intake.matching.claim_numbers import lookup_key
from lib.models import (
    CHARGE_COLUMNS,
    Charge,
    Document,
    DocumentDetails,
    DocumentStatus,
    FieldChange,
    Person,
    Role,
    ServiceLine,
    Status,
    TaskType,
)
from lib.store import migrations, search_index
from lib.store.database import Connection, transaction
from lib.store.files import DOCUMENTS, INTAKE, Folder
from lib.store.search_match import claim_shape
from tests.conftest import NOON

VISIT = ServiceLine(
    date_from=date(2025, 2, 3),
    date_to=date(2025, 2, 3),
    procedure="99213",
    modifiers=("25",),
    pointers=(1, 2),
    units=Decimal("1.000"),
    unit_charge=Decimal("140.00"),
    total=Decimal("140.00"),
)
# Filed as 100.00 for three: the unit charge is rounded, so the total is not units × charge.
INJECTIONS = ServiceLine(
    date_from=date(2025, 2, 3),
    date_to=date(2025, 2, 5),
    procedure="96372",
    modifiers=(),
    pointers=(1,),
    units=Decimal("3.000"),
    unit_charge=Decimal("33.33"),
    total=Decimal("100.00"),
)
CHARGE = Charge(
    id=1,
    practice_id=1,
    claim_number="N-1001",
    patient_id=1,
    payer_id=1,
    member_id="XYZ100",
    authorization_number="",
    billing_npi="1234567893",
    billing_name="Northside Clinic",
    rendering_npi="1122334455",
    rendering_name="Moreno, Ida",
    referring_npi="",
    referring_name="",
    supervising_npi="",
    supervising_name="",
    location="Main office",
    place_of_service="11",
    date_from=date(2025, 2, 3),
    date_to=date(2025, 2, 5),
    hospitalized_from=None,
    hospitalized_to=None,
    diagnoses=("E119", "I10"),
    filed_total=Decimal("240.00"),
    is_edited=False,
    arrival_problems=(),
    version=1,
    lines=(VISIT, INJECTIONS),
)


def administrator(con: Connection, practice_id: int, name: str = "Gina") -> Person:
    """Insert somebody who administers the practice, and return them."""
    person_id = people.add_person(
        con, name, f"{name.lower()}@example.com", {practice_id: Role.ADMINISTRATOR},
        is_sample=True, now=NOON,
    )  # fmt: skip
    found = people.person(con, person_id)
    assert found is not None
    return found


def add_patient(con: Connection, practice_id: int, last: str = "Ray", first: str = "Ida") -> int:
    """Insert a patient and return the id."""
    with transaction(con):
        return int(
            con.value(
                """
                INSERT INTO patient (practice_id, last_name, first_name, birth_date, sex)
                VALUES ($practice_id, $last, $first, DATE '1980-05-04', 'F') RETURNING id
                """,
                practice_id=practice_id,
                last=last,
                first=first,
            )
        )


def add_payer(
    con: Connection, practice_id: int, name: str = "Blue Shield", *, code: str | None = None
) -> int:
    """Insert a payer and return the id."""
    with transaction(con):
        return int(
            con.value(
                "INSERT INTO payer (practice_id, code, name) VALUES ($practice_id, $code, $name) "
                "RETURNING id",
                practice_id=practice_id,
                code=name if code is None else code,
                name=name,
            )
        )


def add_charges(
    con: Connection, practice_id: int, count: int, *, patient: str = "Ray", **fields: Any
) -> list[int]:
    """Insert charges of one patient and payer that differ in their claim number. Return their
    ids."""
    patient_id, payer_id = add_patient(con, practice_id, patient), add_payer(con, practice_id)
    lines: Sequence[ServiceLine] = fields.pop("lines", CHARGE.lines)
    ids = con.next_ids("charge", count)
    common = {name: getattr(CHARGE, name) for name in CHARGE_COLUMNS} | {
        "practice_id": practice_id,
        "patient_id": patient_id,
        "payer_id": payer_id,
        "created_at": NOON,
    }
    rows = [
        {**common, "claim_number": f"N-{1000 + id_}", "fingerprint": f"{id_}", **fields, "id": id_}
        for id_ in ids
    ]
    rows = [{**row, "number_key": lookup_key(row["claim_number"])} for row in rows]
    with transaction(con):
        con.insert("charge", rows)
        con.insert(
            "service_line",
            [
                {
                    "practice_id": practice_id,
                    "charge_id": id_,
                    "position": place,
                    **{name: getattr(line, name) for name in ServiceLine.__dataclass_fields__},
                }
                for id_ in ids
                for place, line in enumerate(lines, 1)
            ],
        )
    return ids


def add_charge(con: Connection, practice_id: int, **fields: Any) -> int:
    """Insert one charge and return its id."""
    return add_charges(con, practice_id, 1, **fields)[0]


def add_tasks(con: Connection, practice_id: int, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert tasks as these rows say, with plain values for the rest. Return their ids in order."""
    ids = con.next_ids("task", len(rows))
    found = []
    for id_, row in zip(ids, rows, strict=True):
        task: dict[str, Any] = {
            "id": id_,
            "practice_id": practice_id,
            "type": TaskType.CODING,
            "status": Status.OPEN,
            "is_answered": False,
            "turn": "practice",
            "title": "Diagnosis is missing",
            "instructions": "Add the diagnosis.",
            "charge_id": None,
            "patient_id": None,
            "assignee_id": None,
            "claim_number": "",
            "patient_name": "",
            "payer_name": "",
            "provider_name": "",
            "date_of_service": None,
            "amount": None,
            "due_on": None,
            "due_rule": "",
            "source": "835",
            "created_at": NOON,
            "started_at": None,
            "completed_at": None,
            "completed_by": None,
            **row,
        }
        task["is_open"] = task["status"] is not Status.COMPLETED
        task["claim_shape"] = claim_shape(task["claim_number"])
        task = {"came_at": task["created_at"], "taken_up_at": task["started_at"]} | task
        found.append(task)
    with transaction(con):
        con.insert("task", found)
        search_index.index(con, ids)
    return ids


def add_task(con: Connection, practice_id: int, **row: Any) -> int:
    """Insert one task and return its id."""
    return add_tasks(con, practice_id, [row])[0]


def add_task_of_charge(con: Connection, practice_id: int, **row: Any) -> int:
    """Insert a task about a charge of its own, as a denial would have made it."""
    charge_id = row.pop("charge_id", None) or add_charge(con, practice_id)
    return add_task(
        con,
        practice_id,
        **{
            "charge_id": charge_id,
            "patient_id": con.value("SELECT patient_id FROM charge WHERE id = $id", id=charge_id),
            "claim_number": con.value(
                "SELECT claim_number FROM charge WHERE id = $id", id=charge_id
            ),
            "patient_name": "Ray, Ida",
            "payer_name": "Blue Shield",
            "provider_name": "Moreno, Ida",
            "date_of_service": date(2025, 2, 3),
            "amount": Decimal("240.00"),
            **row,
        },
    )


def minutes(count: int) -> datetime:
    """Return the time so many minutes after noon."""
    return NOON + timedelta(minutes=count)


def story(con: Connection, task_id: int) -> list[tuple[Any, ...]]:
    """Return the history of a task, oldest first, as (kind, field, old, new, detail, who)."""
    return con.rows(
        """
        SELECT kind, field, old_value, new_value, detail, person.name
        FROM event LEFT JOIN person ON person.id = actor_id
        WHERE task_id = $task_id ORDER BY event.id
        """,
        task_id=task_id,
    )


def seen(changes: Sequence[FieldChange]) -> list[tuple[str, str, str]]:
    """Return changes as (label, before, now)."""
    return [(change.label, change.before, change.now) for change in changes]


def pdf(text: str = "") -> bytes:
    """Return the smallest content that is a PDF; `text` makes it another one."""
    return f"%PDF-1.4\n%{text}\n%%EOF\n".encode()


ABOUT = DocumentDetails(
    name="RAY_IDA_2025-02-03_REFERRAL",
    label="Referral",
    status=DocumentStatus.NEW,
    document_date=date(2025, 2, 3),
)


def names(found: Sequence[Document]) -> list[str]:
    """Return the names of documents."""
    return [document.name for document in found]


def kept_at(con: Connection, sha256: str) -> Path:
    """Return where the content of a document lies."""
    return Folder(con.store.folder).path(DOCUMENTS, sha256)


def imported_at(con: Connection, sha256: str) -> Path:
    """Return where an imported file lies."""
    return Folder(con.store.folder).path(INTAKE, sha256)


def schema_before(name: str, folder: Path) -> Path:
    """Return a new folder in `folder` with the schema files whose names come before `name`."""
    older = folder / "older-schema"
    older.mkdir()
    for file in migrations.SCHEMA.glob("*.sql"):
        if file.name < name:
            shutil.copy(file, older)
    return older
