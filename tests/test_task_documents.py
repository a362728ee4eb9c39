"""Documents of a task before it is completed: several of them, taken off again, and whose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib import document_details, documents, task_documents, tasks, workflow
from lib.errors import (
    AlreadyCompleted,
    DocumentFileChanged,
    DocumentFileMissing,
    NoSuchDocument,
    NoSuchTask,
    NotAllowed,
    NotAttached,
    NothingAttached,
    NotYourTask,
    OtherPatient,
    WrongInput,
)
from lib.models import Status, TaskType
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import ABOUT, add_charge, add_patient, add_task, kept_at, minutes, pdf, story


def started(con: Connection, cast: Cast, **row: Any) -> int:
    task_id = add_task(con, cast.practice, **{"type": TaskType.DOCUMENTS, **row})
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    return task_id


def saved(con: Connection, cast: Cast, text: str, patient_id: int | None = None) -> int:
    return documents.upload(
        con, pdf(text), f"{text}.pdf", practice_id=cast.practice, details=ABOUT,
        patient_id=patient_id, token=text, actor=cast.ana, now=NOON,
    )  # fmt: skip


def attached(con: Connection, cast: Cast, task_id: int) -> list[int]:
    return [document.id for document in documents.attached(con, task_id, actor=cast.ben)]


def test_several_documents_are_attached_before_the_task_is_completed(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    first = saved(con, cast, "1")

    task_documents.attach(con, task_id, first, actor=cast.ana, now=minutes(1))
    task_documents.attach(con, task_id, first, actor=cast.ana, now=minutes(2))
    second = task_documents.upload_and_attach(
        con, task_id, pdf("2"), "b.bat", details=ABOUT, token="up", actor=cast.ana, now=minutes(3)
    )
    again = task_documents.upload_and_attach(
        con, task_id, pdf("2"), "b.bat", details=ABOUT, token="up", actor=cast.ana, now=minutes(3)
    )
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS
    for _ in range(2):
        task_documents.complete(con, task_id, token="done", actor=cast.ana, now=minutes(4))

    assert attached(con, cast, task_id) == [first, second]
    assert again == second
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.COMPLETED
    assert [line[0] for line in story(con, task_id)[2:]] == [
        "attached", "uploaded", "attached", "completed",
    ]  # fmt: skip


def test_a_document_is_detached_with_history_and_stays_saved(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    document_id = saved(con, cast, "1")
    task_documents.attach(con, task_id, document_id, actor=cast.ana, now=minutes(1))

    task_documents.detach(con, task_id, document_id, actor=cast.ana, now=minutes(2))
    with pytest.raises(NotAttached):
        task_documents.detach(con, task_id, document_id, actor=cast.ana, now=minutes(3))

    assert attached(con, cast, task_id) == []
    assert story(con, task_id)[-1] == ("detached", None, None, None, ABOUT.name, "Ana")
    kinds = [line.kind for line in document_details.changes(con, document_id, actor=cast.ana)]
    assert kinds == ["detached", "attached", "uploaded"]
    task_documents.attach(con, task_id, document_id, actor=cast.ana, now=minutes(4))
    assert attached(con, cast, task_id) == [document_id]


def test_a_task_is_not_completed_with_nothing_attached(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    charge_task = started(con, cast, type=TaskType.CODING)
    task_documents.attach(con, charge_task, saved(con, cast, "1"), actor=cast.ana, now=NOON)

    with pytest.raises(NothingAttached):
        task_documents.complete(con, task_id, token="t", actor=cast.ana, now=NOON)
    with pytest.raises(WrongInput, match="with its charge"):
        task_documents.complete(con, charge_task, token="t", actor=cast.ana, now=NOON)

    assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS


def test_another_patients_document_is_asked_about_by_every_verb_that_attaches(
    con: Connection, cast: Cast
) -> None:
    ray = add_patient(con, cast.practice)
    poe = add_patient(con, cast.practice, "Poe", "Al")
    task_id = started(con, cast, patient_id=ray, patient_name="Ray, Ida")
    theirs = saved(con, cast, "1", poe)
    sentence = "is of Poe, Al, and the task is about Ray, Ida"

    with pytest.raises(OtherPatient, match=sentence):
        task_documents.attach(con, task_id, theirs, actor=cast.ana, now=NOON)
    with pytest.raises(OtherPatient, match=sentence):
        documents.attach_and_complete(con, task_id, theirs, token="t", actor=cast.ana, now=NOON)
    assert attached(con, cast, task_id) == []
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS

    documents.attach_and_complete(
        con, task_id, theirs, is_other_patient_confirmed=True, token="t", actor=cast.ana, now=NOON
    )
    assert attached(con, cast, task_id) == [theirs]
    assert story(con, task_id)[-2][4] == f"{ABOUT.name} (of Poe, Al)"


def test_who_the_patient_is_decides_and_not_how_a_task_knows_them(
    con: Connection, cast: Cast
) -> None:
    ray = add_patient(con, cast.practice)
    namesake = add_patient(con, cast.practice)
    by_name = started(con, cast, patient_name="RAY,  IDA ")
    by_id = started(con, cast, patient_id=ray, patient_name="Ray, Ida")
    unknown = started(con, cast)
    own, of_namesake, of_nobody = (
        saved(con, cast, text, who) for text, who in (("1", ray), ("2", namesake), ("3", None))
    )
    poe = saved(con, cast, "4", add_patient(con, cast.practice, "Poe", "Al"))

    for task_id, document_id in (
        (by_name, own), (by_id, own), (by_id, of_nobody), (unknown, own), (unknown, poe),
    ):  # fmt: skip
        task_documents.attach(con, task_id, document_id, actor=cast.ana, now=NOON)
    for task_id, document_id in ((by_name, poe), (by_id, poe), (by_id, of_namesake)):
        with pytest.raises(OtherPatient):
            task_documents.attach(con, task_id, document_id, actor=cast.ana, now=NOON)


def test_only_the_assignee_attaches_and_detaches_while_the_task_is_pending(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    document_id = saved(con, cast, "1")
    task_documents.attach(con, task_id, document_id, actor=cast.ana, now=NOON)

    def attempts(actor: Any) -> list[Any]:
        how: dict[str, Any] = {"actor": actor, "now": NOON}
        return [
            lambda: task_documents.attach(con, task_id, document_id, **how),
            lambda: task_documents.detach(con, task_id, document_id, **how),
            lambda: task_documents.complete(con, task_id, token="x", **how),
            lambda: task_documents.upload_and_attach(
                con, task_id, pdf("2"), "a.pdf", details=ABOUT, token="y", **how
            ),
        ]

    for actor, problem in (
        (cast.ben, NotYourTask), (cast.dora, NotAllowed), (cast.alan, NotAllowed),
        (cast.carla, NoSuchTask),
    ):  # fmt: skip
        for attempt in attempts(actor):
            with pytest.raises(problem):
                attempt()
    task_documents.complete(con, task_id, token="z", actor=cast.ana, now=NOON)
    for attempt in attempts(cast.ana):
        with pytest.raises(AlreadyCompleted):
            attempt()
    assert attached(con, cast, task_id) == [document_id]


def test_another_practices_document_is_not_there(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    theirs = documents.upload(
        con, pdf("x"), "a.pdf", practice_id=cast.other_practice, details=ABOUT, patient_id=None,
        token="x", actor=cast.carla, now=NOON,
    )  # fmt: skip

    for verb in (task_documents.attach, task_documents.detach):
        with pytest.raises(NoSuchDocument):
            verb(con, task_id, theirs, actor=cast.ana, now=NOON)


def test_a_document_whose_file_changed_or_went_is_not_attached_and_completes_nothing(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    document_id = saved(con, cast, "1")
    task_documents.attach(con, task_id, document_id, actor=cast.ana, now=NOON)
    path = kept_at(con, documents.get(con, document_id, actor=cast.ana).sha256)

    damages: list[tuple[Callable[[], object], type[Exception]]] = [
        (lambda: path.write_bytes(pdf("2")), DocumentFileChanged),
        (path.unlink, DocumentFileMissing),
    ]
    for damage, problem in damages:
        damage()
        attempts: list[Callable[[], None]] = [
            lambda: task_documents.attach(con, task_id, document_id, actor=cast.ana, now=NOON),
            lambda: task_documents.complete(con, task_id, token="t", actor=cast.ana, now=NOON),
            lambda: documents.attach_and_complete(
                con, task_id, document_id, token="t", actor=cast.ana, now=NOON
            ),
        ]
        for attempt in attempts:
            with pytest.raises(problem):
                attempt()
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS


def test_a_task_about_a_charge_takes_documents_too(con: Connection, cast: Cast) -> None:
    charge_id = add_charge(con, cast.practice)
    task_id = started(con, cast, type=TaskType.AUTHORIZATION, charge_id=charge_id)

    document_id = task_documents.upload_and_attach(
        con, task_id, pdf("note"), "note.pdf", details=ABOUT, token="t", actor=cast.ana, now=NOON
    )

    assert attached(con, cast, task_id) == [document_id]
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS
