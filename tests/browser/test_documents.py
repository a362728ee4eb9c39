"""Work on a Document-Related Task, both ways, and the Documents page."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene, Ticket, letter
from tests.browser.test_verbs import VERBS_IN_CALLBACKS, press_and_go


def find(desk: Desk, words: str) -> None:
    """Search the saved documents in the Find Document window."""
    desk.type("Search documents", words)


def displays_as_completed(desk: Desk, task: Ticket, message: str) -> None:
    """Back at the list; one that shows pending tasks only has let go of the task."""
    desk.is_told(message)
    assert (desk.path, desk.query["task"]) == ("/", str(task.id))
    expect(desk.panel.locator(".bt-badge")).to_have_text("Completed")


def test_a_saved_document_is_attached_step_by_step(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.DOCUMENTS)
    desk = sit(scene, scene.cast.ana)
    report = f"ID {scene.cast.documents['scan-0001.pdf']} · Operative report"

    desk.menu("Documents").click()
    expect(desk.menu("Documents")).to_have_attribute("aria-current", "page")
    expect(desk.foot).to_contain_text(f"{desk.menu_count('Documents')}")
    desk.row(task).click()
    expect(desk.panel).to_contain_text("Task Instructions")
    expect(desk.panel).to_contain_text("Document requested")
    desk.press("Start Task")
    expect(desk.page.get_by_role("heading", name="Find Document", exact=True)).to_be_visible()
    assert (desk.path, desk.query["task"]) == ("/find_document", str(task.id))
    attach = desk.page.get_by_role("button", name="Attach and Complete Task")

    choices = desk.page.get_by_role("radiogroup", name="Documents")
    find(desk, "scan-0002")  # the file's name
    expect(choices.get_by_text("HOLT_FRANK")).to_be_visible()
    find(desk, str(scene.cast.documents["card-front.pdf"]))  # the ID number
    expect(choices.get_by_text("JONES_HUGO")).to_be_visible()
    find(desk, "operative report")  # the label
    expect(choices.get_by_text(report)).to_be_visible()
    expect(choices.get_by_text("HOLT_FRANK")).to_be_hidden()
    expect(attach).to_be_disabled()
    choices.get_by_text("GREEN_EMMA_2025-01-13_OPERATIVE-REPORT", exact=True).click()
    expect(attach).to_be_enabled()
    attach.click()

    displays_as_completed(desk, task, "Document attached, task completed.")
    assert desk.query["type"] == "Documents"
    expect(desk.panel.get_by_role("link", name="GREEN_EMMA")).to_have_attribute(
        "href", re.compile(r"^/documents/\d+/scan-0001\.pdf$")
    )


def test_what_was_typed_stays_while_the_file_is_replaced(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(scene.fresh(TaskType.DOCUMENTS), "Find Document")
    desk.put_file("first.pdf", letter("The wrong one"))
    desk.choose("Label", "Office notes")
    desk.type("Name", "BY_HAND")
    desk.type("Notes", "Page 2 is missing.")
    desk.choose("Status", "In process")

    for name, content in (("bad.pdf", b"not a document"), ("second.pdf", letter("The right one"))):
        desk.put_file(name, content)
        upload = desk.page.get_by_role("button", name="Upload and Complete").first
        expect(upload).to_be_enabled(enabled=name == "second.pdf")
        desk.rest()
        expect(desk.field("Label")).to_have_value("Office notes")
        expect(desk.field("Status")).to_have_value("In process")
        expect(desk.field("Name")).to_have_value("BY_HAND")
        expect(desk.field("Notes")).to_have_value("Page 2 is missing.")

    # A browser may send the name that was filled in while somebody typed theirs.
    recommended = desk.page.get_by_role("button", name=re.compile("^Use "))
    said = recommended.inner_text().removeprefix("Use ").strip()
    desk.type("Name", said)
    expect(desk.field("Name")).to_have_value("BY_HAND")
    recommended.click()
    expect(desk.field("Name")).to_have_value(said)
    desk.choose("Label", "Referral")
    expect(desk.field("Name")).to_have_value(re.compile("REFERRAL$"))


def test_a_file_of_ones_own_is_uploaded_step_by_step(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.DOCUMENTS)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task, "Find Document")
    today = datetime.now(ZoneInfo("America/Chicago")).date()

    desk.put_file("first.pdf", letter("The wrong one"))
    expect(desk.page.get_by_text("first.pdf")).to_be_visible()
    expect(desk.field("Status")).to_have_value("New")
    expect(desk.field("Date")).to_have_value(f"{today:%m/%d/%Y}")
    expect(desk.field("Label")).to_have_value("Medical records")
    desk.field("Status").click()
    expect(desk.page.get_by_role("option")).to_have_text(
        ["New", "In process", "Processed", "Error"]
    )
    desk.page.keyboard.press("Escape")

    desk.put_file("second.pdf", letter("The right one"))
    expect(desk.page.get_by_text("second.pdf")).to_be_visible()
    expect(desk.page.get_by_text("first.pdf")).to_be_hidden()
    desk.choose("Label", "Office notes")
    last, first = task.patient.split(", ")
    recommended = f"{last}_{first}_{today:%Y-%m-%d}_OFFICE-NOTES"
    expect(desk.field("Name")).to_have_value(recommended)
    desk.type("Notes", "Page 2 is missing.")
    desk.press("Upload and Complete")

    displays_as_completed(desk, task, "Document uploaded, task completed.")
    link = desk.panel.get_by_role("link", name=recommended)
    saved = desk.page.request.get(desk.server.address + (link.get_attribute("href") or ""))
    assert saved.body() == letter("The right one")
    expect(desk.history().filter(has_text=f"Uploaded · {recommended}")).to_be_visible()


def test_the_recommended_name_fills_in_by_itself_until_somebody_types_one(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.DOCUMENTS)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task, "Find Document")
    own = "_".join(task.patient.split(", "))
    box = desk.page.get_by_test_id("stFileUploader")
    expect(box).to_contain_text("Drag and drop a file here or browse")
    expect(desk.page.get_by_role("heading", name="Reference Document")).to_be_hidden()

    desk.put_file("scan.pdf", letter("One"))
    expect(desk.page.get_by_role("heading", name="Reference Document")).to_be_visible()
    expect(box).not_to_contain_text("Drag and drop")
    name = desk.field("Name")
    expect(name).to_have_value(re.compile(rf"^{own}_\d{{4}}-\d\d-\d\d_MEDICAL-RECORDS$"))
    desk.choose("Label", "Referral")
    expect(name).to_have_value(re.compile(rf"^{own}_\d{{4}}-\d\d-\d\d_REFERRAL$"))
    desk.type("Date", "02/03/2025")
    expect(name).to_have_value(f"{own}_2025-02-03_REFERRAL")

    desk.type("Name", "BY_HAND")
    desk.choose("Label", "Consent")
    desk.rest()
    expect(name).to_have_value("BY_HAND")
    desk.press(f"Use {own}_2025-02-03_CONSENT")
    expect(name).to_have_value(f"{own}_2025-02-03_CONSENT")
    desk.choose("Label", "Other")
    expect(name).to_have_value(f"{own}_2025-02-03_OTHER")


def test_several_documents_are_attached_and_one_is_detached_before_completing(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.DOCUMENTS)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task, "Find Document")
    expect(desk.page.get_by_role("button", name="Complete Task", exact=True)).to_be_hidden()

    find(desk, f"ID {scene.cast.documents['scan-0002.pdf']}")
    desk.page.get_by_text("HOLT_FRANK_2025-01-13_REFERRAL", exact=True).click()
    desk.press("Attach")
    desk.is_told("Document attached.")
    expect(desk.page.get_by_text("1 document attached")).to_be_visible()
    desk.put_file("Invoice.bat", letter(f"Second of {task.claim}"))
    desk.type("Name", "SECOND")
    desk.press("Upload and attach")
    desk.is_told("Document uploaded and attached.")
    expect(desk.page.get_by_text("2 documents attached")).to_be_visible()
    link = desk.page.get_by_role("link", name="SECOND")
    expect(link).to_have_attribute("href", re.compile(r"/Invoice\.pdf$"))
    desk.reload()
    expect(desk.page.get_by_text("2 documents attached")).to_be_visible()
    desk.page.get_by_role("button", name="Detach").first.click()
    desk.is_told("Document detached.")
    expect(desk.page.get_by_text("1 document attached")).to_be_visible()
    desk.press("Complete Task")

    displays_as_completed(desk, task, "Task completed.")
    expect(desk.panel.get_by_role("link", name="SECOND")).to_be_visible()
    expect(desk.panel.get_by_role("link", name="HOLT_FRANK")).to_be_hidden()
    expect(desk.history().filter(has_text="Detached a document · HOLT_FRANK")).to_be_visible()


def of_other_patient(desk: Desk, scene: Scene, title: str) -> str:
    """Somebody adds a document of LARSEN, JAMES in the Documents page; its name."""
    desk.go("/documents")
    desk.press("Add document")
    form = desk.page.get_by_role("dialog")
    desk.put_file(f"{title}.pdf", letter(title))
    expect(form.get_by_label("Name", exact=True)).to_be_visible()
    desk.type("Find the patient", "larsen james")
    desk.drop_down(desk.page.get_by_role("combobox", name="Patient", exact=True))
    desk.page.get_by_role("option", name=re.compile("LARSEN, JAMES")).first.click()
    desk.choose("Label", "Referral", form)
    name = form.get_by_label("Name", exact=True)
    expect(name).to_have_value(re.compile(r"^LARSEN_JAMES_.*_REFERRAL$"))
    desk.type("Name", title)
    desk.press("Upload")
    desk.is_told("Document saved.")
    return title


def test_another_patients_document_is_asked_about_before_it_completes_a_task(
    scene: Scene, sit: Sit
) -> None:
    task = next(t for t in scene.cast.untouched[TaskType.DOCUMENTS] if "LARSEN" not in t.patient)
    scene.cast.untouched[TaskType.DOCUMENTS].remove(task)
    desk = sit(scene, scene.cast.ana)
    name = of_other_patient(desk, scene, f"Other than {task.claim}")
    desk.start(task, "Find Document")
    find(desk, name)
    desk.page.get_by_text(name, exact=True).click()

    desk.press("Attach and Complete Task")
    asked = desk.page.get_by_test_id("stAlert")
    expect(asked).to_contain_text(
        f"This document is of LARSEN, JAMES, and the task is about {task.patient}. "
        "Nothing was attached yet."
    )
    desk.press("Cancel")
    expect(asked).to_be_hidden()
    assert desk.path == "/find_document"
    desk.press("Attach and Complete Task")
    expect(asked).to_be_visible()
    desk.press("Attach the other patient's document")

    displays_as_completed(desk, task, "Document attached, task completed.")
    expect(desk.history().filter(has_text=f"{name} (of LARSEN, JAMES)")).to_be_visible()


def test_a_note_is_attached_from_edit_charge_and_what_was_typed_stays(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.AUTHORIZATION)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    desk.type("Authorization number", "A-77")

    desk.press("Attach a document")
    form = desk.page.get_by_role("dialog")
    desk.put_file("note.pdf", letter(f"Note of {task.claim}"))
    desk.choose("Label", "Office notes", form)
    desk.press("Upload and attach")
    desk.is_told("Document uploaded and attached.")
    expect(form).to_be_hidden()
    expect(desk.page.get_by_text("1 document attached")).to_be_visible()
    expect(desk.field("Authorization number")).to_have_value("A-77")
    desk.press("Save and Complete")

    displays_as_completed(desk, task, "Task completed.")
    expect(desk.panel.get_by_role("link", name="OFFICE-NOTES")).to_be_visible()


def test_a_document_that_was_changed_on_disk_is_said_where_it_is_met(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.DOCUMENTS)
    desk = sit(scene, scene.cast.ana)
    held = scene.cast.documents["lab-77.pdf"]
    whole = letter("MOORE_KATE_2025-01-13_LAB-RESULTS")
    sha256 = hashlib.sha256(whole).hexdigest()
    path = scene.server.folder / "documents" / sha256[:2] / sha256
    sentence = f"This document was changed on disk (ID {held})"
    try:
        path.write_bytes(whole.replace(b"MOORE", b"MAARE"))
        desk.go(f"/documents?document={held}")
        expect(desk.page.get_by_test_id("stAlert")).to_contain_text(sentence)
        expect(desk.page.locator("iframe")).to_have_count(0)
        desk.start(task, "Find Document")
        find(desk, f"ID {held}")
        desk.page.get_by_text("MOORE_KATE_2025-01-13_LAB-RESULTS", exact=True).click()
        desk.press("Attach and Complete Task")
        expect(desk.page.get_by_test_id("stAlert")).to_contain_text(sentence)
        assert desk.path == "/find_document"
    finally:
        path.write_bytes(whole)


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("evil.pdf", b"MZ\x90\x00 not a PDF", "This file is not a PDF, TIFF, PNG, JPEG or Word"),
        ("form.pdf", b"%PDF-1.4\n<</S/JavaScript/JS(1)>>", "This PDF holds scripts. Print it to a"),
        ("huge.pdf", b"%PDF-1.4\n" + b"0" * 10_500_000, "10.5 MB; at most 10 MB can be kept"),
    ],
    ids=["a program named .pdf", "a PDF with scripts", "too big"],
)
def test_a_wrong_file_gets_a_sentence(
    scene: Scene, sit: Sit, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    task = scene.cast.untouched[TaskType.DOCUMENTS][0]
    desk = sit(scene, scene.cast.ana, f"/find_document?task={task.id}")
    expect(desk.page.get_by_text("PDF, TIFF, PNG, JPEG or Word, up to 10 MB")).to_be_visible()
    expect(desk.page.get_by_text("200MB")).to_be_hidden()

    (tmp_path / name).write_bytes(content)
    desk.page.locator('input[type="file"]').set_input_files(tmp_path / name)

    expect(desk.page.get_by_test_id("stAlert")).to_contain_text(sentence)
    expect(desk.page.get_by_role("button", name="Upload and Complete")).to_have_count(0)


def test_content_that_is_saved_already_is_named_with_its_id(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.DOCUMENTS)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task, "Find Document")
    desk.put_file("again.pdf", letter("MOORE_KATE_2025-01-13_LAB-RESULTS"))
    desk.type("Name", "Once more")

    desk.press("Upload and Complete")

    held = scene.cast.documents["lab-77.pdf"]
    expect(desk.page.get_by_test_id("stAlert")).to_contain_text(
        f"This file is already saved as “MOORE_KATE_2025-01-13_LAB-RESULTS” (ID {held}). "
        "Attach that one: search for its ID on the left."
    )
    assert desk.path == "/find_document"
    find(desk, str(held))
    desk.page.get_by_text("MOORE_KATE_2025-01-13_LAB-RESULTS", exact=True).click()
    desk.press("Attach and Complete Task")
    displays_as_completed(desk, task, "Document attached, task completed.")


def test_the_documents_page_lists_searches_previews_and_downloads(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ben, "/documents")
    expect(desk.rows).to_have_count(4)
    expect(desk.foot).to_have_text("4documents")

    desk.type("Search documents", "insurance")
    expect(desk.rows).to_have_count(1)
    assert desk.query.keys() == {"doc_q"}
    desk.rows.first.click()
    held = still.cast.documents["card-front.pdf"]
    frame = desk.page.locator("iframe")
    expect(frame).to_have_attribute("src", re.compile(rf"^/documents/{held}/card-front\.pdf"))
    link = desk.page.get_by_role("link", name="Download")
    with desk.page.expect_download() as waiting:
        link.click()

    assert waiting.value.suggested_filename == "card-front.pdf"
    assert waiting.value.path().read_bytes() == letter("JONES_HUGO_2025-01-13_INSURANCE-CARD")
    shown = desk.page.request.get(f"{desk.server.address}/documents/{held}/card-front.pdf")
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-disposition"].startswith("inline")

    desk.reload()
    expect(frame).to_have_attribute("src", re.compile(rf"^/documents/{held}/"))
    expect(desk.field("Search documents")).to_have_value("insurance")
    desk.type("Search documents", "nothing like it")
    expect(desk.page.get_by_text("No document matches.")).to_be_visible()


def test_a_document_is_added_without_a_task(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana, "/documents")
    desk.press("Add document")
    form = desk.page.get_by_role("dialog")
    desk.put_file("fax.pdf", letter("A fax"))
    form.get_by_label("Name", exact=True).fill("Fax of Monday")
    desk.press("Upload")
    expect(form.get_by_text("Choose a label for the document.")).to_be_visible()
    desk.choose("Label", "Referral", form)

    desk.press("Upload")

    desk.is_told("Document saved.")
    expect(form).to_be_hidden()
    expect(desk.rows.first).to_contain_text("Fax of Monday")


def test_what_is_said_of_a_document_is_changed_and_stands_in_its_history(
    scene: Scene, sit: Sit
) -> None:
    held = scene.cast.documents["card-front.pdf"]
    desk = sit(scene, scene.cast.ana, f"/documents?document={held}")
    desk.press("Edit details")
    form = desk.page.get_by_role("dialog")
    expect(form.get_by_label("Name", exact=True)).to_have_value(
        "JONES_HUGO_2025-01-13_INSURANCE-CARD"
    )
    desk.choose("Status", "Processed", form)
    form.get_by_label("Notes", exact=True).fill("Front side only.")
    form.get_by_label("Notes", exact=True).press("Tab")

    desk.press("Save")

    desk.is_told("Document saved.")
    expect(form).to_be_hidden()
    expect(desk.rows.filter(has_text="JONES_HUGO")).to_contain_text("Processed")
    expect(desk.page.get_by_text("Front side only.").first).to_be_visible()
    expect(desk.history().filter(has_text="Status")).to_contain_text("New → Processed")


@pytest.mark.long(held_by=VERBS_IN_CALLBACKS)
@pytest.mark.parametrize("delay", [-1, 30])
def test_what_is_sent_from_a_dialog_counts_whatever_is_clicked_right_after(
    scene: Scene, sit: Sit, delay: int
) -> None:
    held = scene.cast.documents["lab-77.pdf"]
    desk = sit(scene, scene.cast.ana, f"/documents?document={held}")
    desk.press("Edit details")
    form = desk.page.get_by_role("dialog")
    form.get_by_label("Notes", exact=True).fill(f"Looked at {delay}.")
    form.get_by_label("Notes", exact=True).press("Tab")
    desk.rest()
    press_and_go(desk, "Save", "Import", delay)
    desk.is_told("Document saved.")
    desk.go(f"/documents?document={held}")
    expect(desk.page.get_by_text(f"Looked at {delay}.").first).to_be_visible()

    desk.press("Add document")
    desk.put_file("fax.pdf", letter(f"A fax, {delay}"))
    form.get_by_label("Name", exact=True).fill(f"Fax {delay}")
    desk.choose("Label", "Referral", form)
    expect(desk.page.get_by_role("button", name="Upload", exact=True)).to_be_enabled()
    desk.rest()
    press_and_go(desk, "Upload", "Import", delay)
    desk.is_told("Document saved.")
    desk.go("/documents")
    expect(desk.rows.filter(has_text=f"Fax {delay}")).to_have_count(1)

    task = scene.fresh(TaskType.AUTHORIZATION)
    desk.start(task)
    desk.press("Attach a document")
    desk.put_file("note.pdf", letter(f"Note of {task.claim}"))
    desk.choose("Label", "Office notes", form)
    desk.rest()
    press_and_go(desk, "Upload and attach", "Import", delay)
    desk.is_told("Document uploaded and attached.")
    desk.go(f"/edit_charge?task={task.id}")
    expect(desk.page.get_by_text("1 document attached")).to_be_visible()
