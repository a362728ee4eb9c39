"""Every verb × every role × one's own and another practice, generated from the code: whoever writes
a new verb finds it tried here.

A verb is a public function of `lib/` with a connection, an `actor`, and the id of a thing. For
somebody of another practice it answers as if there were no such thing, word for word. In one's own
practice it is refused to the roles without the verb of `lib/access.py` that it is listed with.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import lib
from lib import charges, documents, people, practice_settings, practices
from lib.access import ALLOWED, Verb
from lib.errors import BillingError
from lib.models import Person, Resolution, Role, Suggestion, TaskFilter, TaskType
from lib.practice_holidays import Holiday
from lib.store.database import Connection
from lib.timely_filing import FilingLimit
from tests.conftest import NOON, Cast
from tests.given import ABOUT, add_task_of_charge, pdf

NOWHERE = 10**9  # an id that nothing has
IDS = ("task_id", "charge_id", "document_id", "practice_id", "practice_ids", "patient_id",
       "file_id", "message_id", "person_id", "note_id", "payer_id", "question_id")  # fmt: skip
# Steps that verbs share, after they have asked; and what only says something of ids.
INNER = {
    "lib.access.may", "lib.access.require", "lib.tasks.is_biller",
    "lib.audit_log.saw",  # what is written about somebody is not asked of them
    "lib.accounts.note", "lib.membership_offers.insert", "lib.documents.add", "lib.drafts.end",
}  # fmt: skip
ROOMS_ABOVE = ("lib.ui", "lib.web", "lib.frame", "lib.samples", "lib.generate", "lib.watch",
               "lib.__main__")  # fmt: skip
_TOKENS = count()

# What each verb asks for, so that none is written without a thought of who may.
NEEDS: dict[Verb, str] = {
    # What everybody in the practice may ask; an analyst gets it without patients.
    Verb.SEE: """
        backlog.day_notes.notes backlog.day_notes.remove documents.find drafts.drop history.of_task
        intake.files.rejected_rows.content notes.notes practice_settings.read
        practice_settings.changes practice_holidays.find practices.details queue.counts
        queue.filter_choices queue.next_after
        snapshot.explore.shared timely_filing.filing_limits
    """,
    Verb.SEE_PATIENTS: """
        charges.get charges.has_work charges.patient charges.payers charges.search
        charges.search_patients document_details.change document_details.changes documents.attached
        documents.check_file documents.content documents.get drafts.find drafts.kept
        intake.files.provenance.of_charge intake.files.provenance.of_fields
        intake.files.provenance.of_task changes_since.latest_of_task changes_since.who_changed
        tasks.get tasks.require_seen
    """,
    Verb.CHOOSE_CHARGE: "intake.charges.task_charge_choice.choose",
    Verb.REOPEN: "workflow.reopen",
    Verb.WORK: """
        charges.save charges.save_and_complete completion_suggestions.accept
        completion_suggestions.dismiss documents.attach_and_complete documents.attachable
        documents.upload_and_complete drafts.keep task_documents.attach task_documents.complete
        task_documents.detach task_documents.upload_and_attach tasks.workable workflow.complete
        workflow.start workflow.take_over workflow.undo_start
    """,
    Verb.ASSIGN: "workflow.assign",
    Verb.ASK: "notes.ask notes.comment",
    Verb.ANSWER: "notes.answer",
    Verb.WRITE_AS_BILLER: "notes.write_from_biller",
    Verb.CREATE_TASK: "tasks.create",
    Verb.KEEP_DOCUMENTS: "documents.upload",
    Verb.IMPORT: """
        intake.charges.charge_mismatches.review intake.files.saved_mappings.save
        intake.import_log.get intake.import_log.text intake.imports.apply intake.imports.preview
        intake.imports.preview_all
    """,
    Verb.EXPORT: "export.period.period",
    Verb.CHANGE_SETTINGS: """
        practice_settings.change practice_settings.set_timezone timely_filing.set_filing_limit
    """,
    Verb.BACK_UP: "upkeep.backup.make_by_hand",
    Verb.MANAGE_PEOPLE: """
        accounts.deactivate accounts.reactivate accounts.require_whole
        invitations.invite_again invitations.link
        memberships.change memberships.of_practice memberships.remove
    """,
    Verb.MANAGE_PRACTICE: "practices.change practice_holidays.add practice_holidays.remove",
    Verb.NOTE_DAYS: "backlog.day_notes.write",
    Verb.TAKE_COPY: "snapshot.explore.copy_of",
}
# What answers with nothing rather than with a refusal to whoever lacks a verb.
SILENT = {"lib.audit_log_queries.patient_name"}

Outcome = tuple[str, str]


def verbs() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every verb by its full name."""
    for info in pkgutil.walk_packages(lib.__path__, "lib."):
        if info.name.startswith(ROOMS_ABOVE):
            continue
        module = importlib.import_module(info.name)
        for name, function in vars(module).items():
            full = f"{info.name}.{name}"
            if (
                inspect.isfunction(function)
                and function.__module__ == info.name
                and not name.startswith("_")
                and full not in INNER
                and {"con", "actor"} <= set(inspect.signature(function).parameters)
                and set(IDS) & set(inspect.signature(function).parameters)
            ):
                yield full, function


VERBS = dict(verbs())


def arguments(
    name: str, function: Callable[..., Any], con: Connection, ids: dict[str, int], cast: Cast,
    folder: Path,
) -> dict[str, Any]:  # fmt: skip
    """Something valid for each parameter that has to be given, and the ids."""
    charge_id = int(con.value("SELECT min(id) FROM charge"))
    charge = charges.get(con, charge_id, actor=cast.ana)
    document = documents.get(con, int(con.value("SELECT min(id) FROM document")), actor=cast.ana)
    settings = practice_settings.read(con, cast.practice, actor=cast.ana)
    values: dict[str, Any] = {
        "charge": charge, "opened": charge, "details": ABOUT, "content": pdf("y"),
        "file_name": "y.pdf", "name": "y.txt", "text": "Why?", "note": "Done.", "reason": "Wrong.",
        "token": f"t{next(_TOKENS)}", "query": "ray", "to": cast.ben.id, "day": date(2025, 3, 3),
        "resolution": Resolution.ANSWERED, "type": TaskType.CODING, "title": "New",
        "instructions": "Do it.", "is_confirmed": True, "now": NOON, "timezone": "America/Denver",
        "since": date(2025, 3, 1), "until": date(2025, 3, 3), "order": "due", "descending": False,
        "patient_id": None, "chosen": [], "wanted": TaskFilter(), "seen": None,
    }  # fmt: skip
    by_verb: dict[str, dict[str, Any]] = {
        "lib.completion_suggestions.accept": {"seen": Suggestion("Paid.", NOON)},
        "lib.completion_suggestions.dismiss": {"seen": Suggestion("Paid.", NOON)},
        "lib.document_details.change": {"seen": document},
        "lib.memberships.change": {"role": Role.STAFF, "away": (None, None)},
        "lib.practices.change": {"wanted": practices.details(con, cast.practice, actor=None)},
        "lib.practice_holidays.add": {"days": [Holiday(date(2025, 12, 24), "Christmas Eve")]},
        "lib.practice_settings.change": {"wanted": settings, "seen": settings},
        "lib.timely_filing.set_filing_limit": {
            "wanted": FilingLimit(90, "Contract", None), "seen": FilingLimit(None, "", None),
        },
        "lib.changes_since.who_changed": {"seen": 0},
        "lib.upkeep.backup.make_by_hand": {"to": folder},
        "lib.drafts.keep": {"content": {"member_id": "x"}},
        "lib.intake.files.saved_mappings.save": {"grid": None, "plan": None},
    }  # fmt: skip
    values |= by_verb.get(name, {})
    given: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        key = parameter.name
        if key == "practice_ids":
            given[key] = (ids["practice_id"],)
        elif key in ids:
            given[key] = ids[key]
        elif key not in ("con", "actor") and (
            parameter.default is parameter.empty or key in by_verb.get(name, {})
        ):
            given[key] = values[key]
    return given


def outcome(
    name: str, con: Connection, ids: dict[str, int], actor: Person, cast: Cast, folder: Path
) -> Outcome:
    function = VERBS[name]
    given = arguments(name, function, con, ids, cast, folder)
    try:
        found = function(con, actor=actor, **given)
        if inspect.isgenerator(found):
            found = list(found)
    except BillingError as problem:
        return type(problem).__name__, str(problem)
    except AttributeError:  # let in, and stopped by a parameter that is none
        return "let in", ""
    return "returned", repr(found)


@pytest.fixture
def ids(con: Connection, cast: Cast) -> dict[str, int]:
    """Return the id of a thing of each kind at Northside."""
    task_id = add_task_of_charge(con, cast.practice)
    row = con.row("SELECT charge_id, patient_id FROM task WHERE id = $id", id=task_id)
    assert row
    document_id = documents.upload(
        con, pdf(), "a.pdf", practice_id=cast.practice, details=ABOUT, patient_id=row[1],
        token="first", actor=cast.ana, now=NOON,
    )  # fmt: skip
    con.execute(
        """
        INSERT INTO intake_file (practice_id, name, sha256, format, charges_new, tasks_new,
                                 tasks_amount, imported_at)
        VALUES ($practice, 'a.835', 'x', '835', 0, 0, 0, $now)
        """,
        practice=cast.practice, now=NOON,
    )  # fmt: skip
    file_id = int(con.value("SELECT max(id) FROM intake_file"))
    con.execute(
        """
        INSERT INTO intake_message (practice_id, intake_file_id, kind, identifiers, first_segment,
                                    last_segment, outcome, raw, received_at)
        VALUES ($practice, $file, '835', 'x', 1, 2, 'quarantined', 'RAY*IDA', $now)
        """,
        practice=cast.practice, file=file_id, now=NOON,
    )  # fmt: skip
    return {
        "task_id": task_id, "charge_id": row[0], "patient_id": row[1], "document_id": document_id,
        "practice_id": cast.practice, "file_id": file_id,
        "message_id": int(con.value("SELECT max(id) FROM intake_message")),
        "payer_id": int(con.value("SELECT payer_id FROM charge WHERE id = $id", id=row[0])),
        "person_id": cast.ben.id, "note_id": NOWHERE, "question_id": NOWHERE,
    }  # fmt: skip


def hired(con: Connection, practice_id: int, role: Role) -> Person:
    person_id = people.add_person(
        con, f"A {role}", f"{role}@example.com", {practice_id: role}, is_sample=True, now=NOON
    )
    found = people.person(con, person_id)
    assert found
    return found


@pytest.mark.slow
@pytest.mark.parametrize("role", Role)
def test_another_practices_thing_is_answered_as_one_that_does_not_exist(
    con: Connection, cast: Cast, ids: dict[str, int], role: Role, tmp_path: Path
) -> None:
    outsider = hired(con, cast.other_practice, role)
    nowhere = dict.fromkeys(ids, NOWHERE)
    before = con.rows("SELECT count(*), max(id) FROM event")

    told = {
        name: (
            outcome(name, con, ids, outsider, cast, tmp_path),
            outcome(name, con, nowhere, outsider, cast, tmp_path),
        )
        for name in VERBS
    }

    assert {name: both for name, both in told.items() if both[0] != both[1]} == {}
    assert "Ray" not in repr(told)
    assert con.rows("SELECT count(*), max(id) FROM event") == before


@pytest.mark.slow
@pytest.mark.parametrize("role", Role)
def test_a_role_is_refused_the_verbs_it_has_not_and_no_other(
    con: Connection, cast: Cast, ids: dict[str, int], role: Role, tmp_path: Path
) -> None:
    insider = hired(con, cast.practice, role)
    listed = {f"lib.{name}": verb for verb, names in NEEDS.items() for name in names.split()}

    assert sorted(listed) == sorted(VERBS.keys() - SILENT), "say in NEEDS what a verb asks for"
    for name, verb in listed.items():
        kind, said = outcome(name, con, ids, insider, cast, tmp_path)
        assert (kind == "NotAllowed") == (role not in ALLOWED[verb]), (name, kind)
        if role is Role.ANALYST:
            assert "Ray" not in said, name


def test_most_verbs_are_found() -> None:
    assert len(VERBS) > 60
    assert {"lib.tasks.get", "lib.workflow.start", "lib.documents.content"} <= set(VERBS)
