"""Documents beside a task are named, linked to, and told apart from another patient's."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from typing import Any

from streamlit.testing.v1 import AppTest

from lib import documents, tasks, workflow
from lib.models import Document, DocumentStatus, TaskType
from lib.store import process_store
from lib.store.database import Connection, Store
from lib.ui import document_attach, session
from tests.conftest import NOON, Cast
from tests.given import add_task, add_task_of_charge, pdf
from tests.pages import Visit

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


def started(store: Store, cast: Cast) -> int:
    con = store.connection()
    task_id = add_task_of_charge(con, cast.practice, type=TaskType.DOCUMENTS)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    return task_id


def upload(page: AppTest, task_id: int, content: bytes) -> None:
    """Choose a file in the form that is empty now, and press Upload and attach."""
    chooser: Any = page.get("file_uploader")[0]
    chooser.upload("letter.pdf", content, "application/pdf")
    page.run()
    next(box for box in page.selectbox if box.label == "Label").set_value("Consent").run()
    page.button(key=f"verb_upload_only_{task_id}").click().run()


def attached(store: Store, cast: Cast, task_id: int) -> list[int]:
    found = documents.attached(store.connection(), task_id, actor=cast.ana)
    return [document.id for document in found]


def test_a_refusal_goes_with_the_next_press_that_is_done_and_with_the_page(
    store: Store, cast: Cast
) -> None:
    task_id = started(store, cast)
    with Visit(store, cast.ana) as visit:
        page = visit.page("find_document", task=str(task_id))
        upload(page, task_id, pdf("One"))
        upload(page, task_id, pdf("One"))
        assert "Attach that one" in page.error[0].value
        page.button(key=f"verb_detach_{task_id}_1").click().run()
        assert list(page.error) == []
        upload_again = page.button(key=f"verb_upload_only_{task_id}")
        upload_again.click().run()
        assert "Attach that one" in page.error[0].value
        for name in ("tasks", "find_document"):
            page.switch_page(str(process_store.ROOT / f"pages/{name}.py"))
            page.query_params["task"] = str(task_id)
            page.run()
        assert page.button(key=f"verb_attach_only_{task_id}")

        assert list(page.error) == []


def test_what_was_detached_and_is_uploaded_again_is_not_taken_for_the_first_time(
    store: Store, cast: Cast
) -> None:
    task_id = started(store, cast)
    with Visit(store, cast.ana) as visit:
        page = visit.page("find_document", task=str(task_id))
        upload(page, task_id, pdf("One"))
        assert attached(store, cast, task_id) == [1]
        page.button(key=f"verb_detach_{task_id}_1").click().run()
        assert attached(store, cast, task_id) == []
        time.sleep(session.PAINTED_BY_THEN)  # until then a message is said again

        upload(page, task_id, pdf("One"))

        assert "Attach that one" in page.error[0].value
        assert not any("uploaded and attached" in each.value for each in page.toast)
