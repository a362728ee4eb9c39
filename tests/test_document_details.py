"""What is said of a saved document is changed with its history, by those who keep documents."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lib import document_details, documents
from lib.errors import DocumentChanged, NoSuchDocument, NotAllowed, NothingWritten, WrongInput
from lib.models import Document, DocumentDetails, DocumentStatus, Person
from lib.store.database import Connection
from tests.conftest import Cast
from tests.given import ABOUT, minutes, pdf

NEW: dict[str, Any] = {
    "name": "RIVERA_ADA_2025-03-01_REFERRAL",
    "label": "Referral",
    "status": DocumentStatus.PROCESSED,
    "document_date": date(2025, 3, 1),
    "notes": "Signed.",
}


@pytest.fixture
def saved(con: Connection, cast: Cast) -> Document:
    number = documents.upload(
        con, pdf("a"), "scan.pdf", practice_id=cast.practice, patient_id=None, token="1",
        actor=cast.ana, now=minutes(0), details=ABOUT,
    )  # fmt: skip
    return documents.get(con, number, actor=cast.ana)


def change(con: Connection, seen: Document, actor: Person, **said: Any) -> int:
    details = DocumentDetails(**{**NEW, **said})
    return document_details.change(
        con, seen.id, details=details, seen=seen, actor=actor, now=minutes(5)
    )


def test_each_field_that_differs_is_written_with_its_history(
    con: Connection, cast: Cast, saved: Document
) -> None:
    count = change(con, saved, cast.ben)

    now = documents.get(con, saved.id, actor=cast.ana)
    assert {name: getattr(now, name) for name in NEW} == NEW
    assert (now.sha256, now.file_name) == (saved.sha256, saved.file_name)
    lines = document_details.changes(con, saved.id, actor=cast.ana)
    changed = {line.field: (line.old, line.new) for line in lines if line.kind == "changed"}
    assert len(changed) == count
    assert changed["Status"] == ("New", "Processed")
    assert changed["Date"][1] == "03/01/2025"
    assert {line.actor for line in lines if line.kind == "changed"} == {"Ben"}
    assert lines[-1].kind == "uploaded"


def test_the_same_again_changes_nothing(con: Connection, cast: Cast, saved: Document) -> None:
    change(con, saved, cast.ben)
    now = documents.get(con, saved.id, actor=cast.ana)
    before = document_details.changes(con, saved.id, actor=cast.ana)

    assert change(con, now, cast.ana) == 0
    assert document_details.changes(con, saved.id, actor=cast.ana) == before


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    con: Connection, cast: Cast, saved: Document
) -> None:
    change(con, saved, cast.ben, notes="Ben was first.")

    with pytest.raises(DocumentChanged):
        change(con, saved, cast.ana)
    assert documents.get(con, saved.id, actor=cast.ana).notes == "Ben was first."


def test_a_name_and_a_label_are_needed(con: Connection, cast: Cast, saved: Document) -> None:
    with pytest.raises(NothingWritten):
        change(con, saved, cast.ana, name="  ")
    with pytest.raises(WrongInput):
        change(con, saved, cast.ana, label="Gossip")
    assert documents.get(con, saved.id, actor=cast.ana) == saved


def test_only_those_who_keep_documents_of_the_practice_change_one(
    con: Connection, cast: Cast, saved: Document
) -> None:
    with pytest.raises(NotAllowed):
        change(con, saved, cast.alan)
    for attempt in (
        lambda: change(con, saved, cast.carla),
        lambda: document_details.changes(con, saved.id, actor=cast.carla),
    ):
        with pytest.raises(NoSuchDocument):
            attempt()
    assert documents.get(con, saved.id, actor=cast.ana) == saved
