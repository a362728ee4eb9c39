"""Documents beside a task are named, linked to, and told apart from another patient's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from lib import tasks
from lib.models import Document, DocumentStatus, TaskType
from lib.store.database import Connection
from lib.ui import document_attach
from tests.conftest import NOON, Cast
from tests.given import add_task

DOCUMENT = Document(
    id=5, practice_id=1, sha256="", media_type="application/pdf", size=1, file_name="a b&c.pdf",
    name="<b>RAY</b>", label="Referral", status=DocumentStatus.NEW, document_date=date(2025, 3, 3),
    notes="", patient_id=None, patient_name=None, created_at=NOON, created_by=None,
)  # fmt: skip


def test_a_link_opens_the_file_in_a_tab_of_its_own_and_runs_nothing_of_its_name() -> None:
    link = document_attach.link(DOCUMENT, DOCUMENT.name)

    assert 'href="/documents/5/a%20b%26c.pdf"' in link
    assert 'target="_blank"' in link
    assert "&lt;b&gt;RAY&lt;/b&gt;" in link
    assert "<b>" not in link


def test_what_is_said_of_a_document_leaves_nothing_empty() -> None:
    assert document_attach._about(DOCUMENT) == "ID 5 · Referral · 03/03/2025 · PDF · no patient"
    unknown = replace(DOCUMENT, media_type="", patient_name="Ray, Ida")
    assert document_attach._about(unknown) == "ID 5 · Referral · 03/03/2025 · Ray, Ida"


def test_only_a_documents_task_ends_with_its_document(con: Connection, cast: Cast) -> None:
    for kind in TaskType:
        task = tasks.get(con, add_task(con, cast.practice, type=kind), actor=cast.ana)
        assert document_attach._completes(task) is (kind is TaskType.DOCUMENTS)
