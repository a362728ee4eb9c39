from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import resource
import struct
import threading
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lib import documents, file_type_detection, tasks, workflow
from lib.documents import MAX_BYTES
from lib.errors import (
    AlreadyCompleted,
    DocumentFileProblem,
    DuplicateDocument,
    NoSuchDocument,
    NoSuchTask,
    NotAllowed,
    NothingWritten,
    NotWritten,
    NotYourTask,
    WrongDocument,
    WrongInput,
)
from lib.models import DocumentDetails, DocumentStatus, Person, Status, TaskType
from lib.store.database import Connection, Store
from lib.upkeep.sweep import sweep
from tests.conftest import NOON, Cast
from tests.given import ABOUT, add_patient, add_task, kept_at, minutes, names, pdf, story


def image(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(file, kind)
    return file.getvalue()


def scan(kind: str, **how: Any) -> bytes:
    """Two pages of grain, as far as the kind has pages: what is cut off it is missed."""
    file = io.BytesIO()
    page = Image.effect_noise((60, 40), 50)
    more = {"save_all": True, "append_images": [page]} if kind == "TIFF" else {}
    page.save(file, kind, **more, **how)
    return file.getvalue()


def package(*parts: str, kinds: str = "<x/>") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part in parts:
            archive.writestr(part, kinds if part == "[Content_Types].xml" else "<x/>")
    return file.getvalue()


def compound(stream: str) -> bytes:
    """Return the smallest OLE compound file with one empty stream. Source: MS-CFB 2.2, 2.6."""
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)

    def entry(name: str, kind: int, child: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        return (
            text.ljust(64, b"\0")
            + struct.pack("<HBB3I", len(text) if name else 0, kind, 1, free, free, child)
            + bytes(36)
            + struct.pack("<IQ", end if kind else 0, 0)
        )

    sectors = struct.pack("<128I", fat, end, *[free] * 126)
    directory = entry("Root Entry", 5, 1) + entry(stream, 2, free) + entry("", 0, free) * 2
    return header + sectors + directory


DOCX = package("[Content_Types].xml", "word/document.xml")
KINDS = {
    file_type_detection.PDF: pdf(), file_type_detection.TIFF: image("TIFF"),
    file_type_detection.PNG: image("PNG"),
    file_type_detection.JPEG: image("JPEG"), file_type_detection.DOCX: DOCX,
    file_type_detection.DOC: compound("WordDocument"),
}  # fmt: skip
OTHERS = {
    "a program": b"MZ\x90\0" + pdf(),
    "a web page": b"<html>%PDF-1.4</html>",
    "a spreadsheet": package("[Content_Types].xml", "xl/workbook.xml"),
    "an archive with a PDF": package("%PDF-1.4"),
    "half an archive": DOCX[:-30],
    "an old spreadsheet": compound("Workbook"),
    "half a compound file": compound("WordDocument")[:600],
    "the beginning of a PNG": image("PNG")[:20],
    "a GIF": image("GIF"),
    "a PDF that begins too late": b" " * 1025 + pdf(),
    "a program that holds a PDF": b"\x7fELF" + bytes(60) + pdf(),
    "a script that holds a PDF": b"#!/bin/sh\n" + pdf(),
    "a web page behind blanks": b" \n<html>" + pdf(),
    "a GIF that is a PDF too": image("GIF") + pdf(),
    "a JPEG that is a PDF too": image("JPEG")[:300] + pdf(),
    "half a JPEG": scan("JPEG")[:900],
    "a JPEG without its end": scan("JPEG")[:-2],
    "half a TIFF": scan("TIFF")[:-1200],
    "a compressed TIFF without its end": scan("TIFF", compression="tiff_lzw")[:-60],
    "half a PNG": scan("PNG")[:900],
    "a Word document with macros": package(
        "[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"
    ),
    "a Word document that says it has macros": package(
        "[Content_Types].xml",
        "word/document.xml",
        kinds="application/vnd.ms-word.document.macroEnabled.main+xml",
    ),
    "a spreadsheet with a text in it": package(
        "[Content_Types].xml", "word/document.xml", "xl/workbook.xml"
    ),
    "text": b"Dear payer",
    "nothing": b"",
}


def details(about: dict[str, Any]) -> DocumentDetails:
    """Return what `about` says of a document, taken out of it."""
    names = [field.name for field in dataclasses.fields(DocumentDetails)]
    return dataclasses.replace(ABOUT, **{name: about.pop(name) for name in names if name in about})


def upload(
    con: Connection, cast: Cast, content: bytes, actor: Person | None = None, **about: Any
) -> int:
    return documents.upload(
        con, content,
        **{
            "details": details(about), "file_name": "scan.pdf", "practice_id": cast.practice,
            "patient_id": None,
            "token": hashlib.sha256(content).hexdigest(), "actor": actor or cast.ana,
            "now": NOON, **about,
        },
    )  # fmt: skip


def upload_and_complete(
    con: Connection, task_id: int, content: bytes, actor: Person, **about: Any
) -> None:
    documents.upload_and_complete(
        con, task_id, content,
        **{
            "details": details(about), "file_name": "scan.pdf", "token": "form", "actor": actor,
            "now": minutes(5), **about,
        },
    )  # fmt: skip


def started(con: Connection, cast: Cast, **row: Any) -> int:
    task_id = add_task(con, cast.practice, type=TaskType.DOCUMENTS, **row)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    return task_id


def files(store: Store) -> list[Path]:
    return [path for path in (store.folder / "documents").rglob("*") if path.is_file()]


def test_each_kind_is_known_by_its_content_whatever_its_name(con: Connection, cast: Cast) -> None:
    for kind, content in KINDS.items():
        document_id = upload(con, cast, content, file_name="holiday.exe")

        document, found = documents.content(con, document_id, actor=cast.ben)
        assert document.media_type == kind
        assert found == content


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_anything_else_is_refused_and_nothing_of_it_is_kept(con: Connection, cast: Cast) -> None:
    for what, content in OTHERS.items():
        sentence = "holds macros" if "macros" in what else "not a PDF, TIFF, PNG, JPEG or Word doc"
        with pytest.raises(WrongDocument, match=sentence):
            upload(con, cast, content, file_name="letter.pdf")

    assert con.rows("SELECT * FROM document") == []
    assert files(con.store) == []


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("what", OTHERS)
def test_content_is_not_taken_for_what_it_is_not(what: str) -> None:
    assert file_type_detection.look(OTHERS[what]).media_type is None


def test_whole_scans_are_taken_with_what_printers_and_mailers_put_around_them() -> None:
    assert file_type_detection.look(scan("JPEG")).media_type == file_type_detection.JPEG
    assert file_type_detection.look(scan("JPEG") + bytes(50)).media_type == file_type_detection.JPEG
    assert file_type_detection.look(scan("TIFF")).media_type == file_type_detection.TIFF
    assert (
        file_type_detection.look(scan("TIFF", compression="tiff_lzw")).media_type
        == file_type_detection.TIFF
    )
    for before in (b"\r\n", b"\xef\xbb\xbf", b"\x1b%-12345X@PJL\r\n"):
        assert file_type_detection.look(before + pdf()).media_type == file_type_detection.PDF


def test_ten_megabytes_are_kept_and_one_byte_more_is_not(con: Connection, cast: Cast) -> None:
    most = pdf().ljust(MAX_BYTES, b"\0")

    with pytest.raises(WrongDocument, match=r"has 10\.5 MB; at most 10 MB"):
        upload(con, cast, most + b"\0")
    document_id = upload(con, cast, most)

    assert documents.get(con, document_id, actor=cast.ana).size == MAX_BYTES


def test_a_document_is_what_the_form_says(con: Connection, cast: Cast) -> None:
    patient_id = add_patient(con, cast.practice)

    document_id = upload(
        con, cast, pdf(), name=" RAY ", label="Consent", status=DocumentStatus.PROCESSED,
        notes=" signed ", patient_id=patient_id, file_name="a b.pdf",
    )  # fmt: skip

    document = documents.get(con, document_id, actor=cast.ana)
    assert (document.name, document.label, document.status, document.notes) == (
        "RAY", "Consent", DocumentStatus.PROCESSED, "signed",
    )  # fmt: skip
    assert (document.document_date, document.patient_name) == (date(2025, 2, 3), "Ray, Ida")
    assert (document.file_name, document.size) == ("a b.pdf", len(pdf()))
    assert (document.created_by, document.created_at) == ("Ana", NOON)
    assert con.rows("SELECT kind, document_id, detail FROM event") == [
        ("uploaded", document_id, "RAY")
    ]


def test_content_lies_under_its_hash_and_is_stored_once(con: Connection, cast: Cast) -> None:
    sha256 = hashlib.sha256(pdf()).hexdigest()

    upload(con, cast, pdf())
    upload(con, cast, pdf(), cast.carla, practice_id=cast.other_practice, token="there")

    assert files(con.store) == [con.store.folder / "documents" / sha256[:2] / sha256]
    assert con.rows("SELECT DISTINCT sha256 FROM document") == [(sha256,)]


def test_the_same_content_again_says_where_it_already_is(con: Connection, cast: Cast) -> None:
    first = upload(con, cast, pdf(), name="FIRST")

    with pytest.raises(DuplicateDocument, match=f"already saved as “FIRST” .ID {first}") as refusal:
        upload(con, cast, pdf(), name="SECOND", token="another")

    assert refusal.value.document_id == first
    assert con.value("SELECT count(*) FROM document") == 1


def test_the_same_form_sent_twice_saves_one_document(con: Connection, cast: Cast) -> None:
    ids = [upload(con, cast, pdf(), token="form") for _ in range(2)]

    assert len(set(ids)) == 1
    assert con.value("SELECT count(*) FROM event") == 1


def test_ten_threads_uploading_one_content_make_one_document(store: Store, cast: Cast) -> None:
    gate = threading.Barrier(10)
    outcome: list[str] = []

    def send(place: int) -> None:
        own = store.connection()
        gate.wait()
        try:
            upload(own, cast, pdf(), token=str(place))
            outcome.append("saved")
        except BaseException as problem:
            outcome.append(type(problem).__name__)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcome) == ["DuplicateDocument"] * 9 + ["saved"]
    assert len(files(store)) == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../billing.duckdb", "billing_duckdb.pdf"), ("/etc/passwd", "passwd.pdf"),
        (r"C:\scans\..\a.pdf", "a.pdf"), ("scans/", "document.pdf"), ("", "document.pdf"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"), ("Überweisung.pdf", "Überweisung.pdf"),
    ],
)  # fmt: skip
def test_a_file_name_leads_nowhere(con: Connection, cast: Cast, given: str, kept: str) -> None:
    def kept_files() -> set[Path]:
        found = con.store.folder.parent.rglob("*")
        beside = {".wal", ".blocks"}  # of the database
        return {path for path in found if path.is_file() and path.suffix not in beside}

    before = kept_files()

    document_id = upload(con, cast, pdf(), file_name=given)

    document = documents.get(con, document_id, actor=cast.ana)
    path = kept_at(con, document.sha256)
    assert document.file_name == kept
    assert kept_files() - before == {path}
    assert path.parent.parent == con.store.folder / "documents"


def test_another_file_in_a_form_that_was_sent_is_saved_too(con: Connection, cast: Cast) -> None:
    ids = [upload(con, cast, pdf(text), token="form") for text in ("1", "1", "2")]

    assert ids[0] == ids[1] != ids[2]


def test_a_document_that_finds_no_room_is_said_and_leaves_nothing(
    con: Connection, cast: Cast, store: Store
) -> None:
    content = pdf("x" * 100_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))  # a full disk
    try:
        with pytest.raises(NotWritten):
            upload(con, cast, content)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    assert files(store) == []
    upload(con, cast, content)
    assert len(files(store)) == 1


def test_what_the_form_lacks_is_said(con: Connection, cast: Cast) -> None:
    foreign = add_patient(con, cast.other_practice)
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"name": " "}, NothingWritten, "a name for the document"),
        ({"label": "Poem"}, WrongInput, "Choose a label"),
        ({"patient_id": foreign}, WrongInput, "no such patient"),
    ]

    for about, problem, sentence in wrong:
        with pytest.raises(problem, match=sentence):
            upload(con, cast, pdf(), **about)

    assert con.rows("SELECT * FROM document") == []


def test_uploading_and_completing_is_one_thing(con: Connection, cast: Cast) -> None:
    patient_id = add_patient(con, cast.practice)
    task_id = started(con, cast, patient_id=patient_id)

    upload_and_complete(con, task_id, pdf(), cast.ana)

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.status, task.completed_by) == (Status.COMPLETED, "Ana")
    (document,) = documents.attached(con, task_id, actor=cast.dora)
    assert (document.name, document.patient_name) == (ABOUT.name, "Ray, Ida")
    assert story(con, task_id)[2:] == [
        ("uploaded", None, None, None, ABOUT.name, "Ana"),
        ("attached", None, None, None, ABOUT.name, "Ana"),
        ("completed", "Status", "In progress", "Completed", None, "Ana"),
    ]


def test_attaching_a_saved_document_completes_too(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    document_id = upload(con, cast, pdf())

    documents.attach_and_complete(
        con, task_id, document_id, token="form", actor=cast.ana, now=minutes(5)
    )

    assert tasks.get(con, task_id, actor=cast.ana).status is Status.COMPLETED
    assert [d.id for d in documents.attached(con, task_id, actor=cast.ana)] == [document_id]
    assert [line[0] for line in story(con, task_id)[2:]] == ["attached", "completed"]


def test_a_document_of_a_reopened_task_is_attached_again_by_a_page_that_kept_its_form(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    first, second = upload(con, cast, pdf("1")), upload(con, cast, pdf("2"), name="SECOND")

    for document_id in (first, second, second):
        documents.attach_and_complete(
            con, task_id, document_id, token="form", actor=cast.ana, now=minutes(5)
        )
        assert tasks.get(con, task_id, actor=cast.ana).status is Status.COMPLETED
        workflow.reopen(con, task_id, reason="Wrong page", actor=cast.dora, now=minutes(6))

    assert [d.id for d in documents.attached(con, task_id, actor=cast.ana)] == [first, second]


def test_the_same_form_completes_once_and_another_is_refused(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    upload_and_complete(con, task_id, pdf(), cast.ana)
    (document,) = documents.attached(con, task_id, actor=cast.ana)
    before = story(con, task_id)

    upload_and_complete(con, task_id, pdf(), cast.ana)
    with pytest.raises(AlreadyCompleted):
        upload_and_complete(con, task_id, pdf("2"), cast.ana, token="2")
    with pytest.raises(AlreadyCompleted):
        documents.attach_and_complete(
            con, task_id, document.id, token="3", actor=cast.ana, now=NOON
        )

    assert story(con, task_id) == before
    assert con.value("SELECT count(*) FROM document") == 1


def test_a_document_that_is_already_saved_leaves_the_task_as_it_was(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    upload(con, cast, pdf())

    with pytest.raises(DuplicateDocument):
        upload_and_complete(con, task_id, pdf(), cast.ana)

    assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS
    assert documents.attached(con, task_id, actor=cast.ana) == []


def test_only_who_has_the_task_completes_it_with_a_document(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    document_id = upload(con, cast, pdf("saved"))

    for actor, problem in (
        (cast.ben, NotYourTask), (cast.dora, NotAllowed), (cast.carla, NoSuchTask),
    ):  # fmt: skip
        with pytest.raises(problem):
            upload_and_complete(con, task_id, pdf(), actor)
        with pytest.raises(problem):
            documents.attach_and_complete(
                con, task_id, document_id, token="form", actor=actor, now=NOON
            )

    assert con.value("SELECT count(*) FROM document") == 1


def test_another_practices_document_is_neither_read_nor_attached(
    con: Connection, cast: Cast
) -> None:
    task_id = started(con, cast)
    theirs = upload(con, cast, pdf(), cast.carla, practice_id=cast.other_practice)

    for read in (documents.get, documents.content):
        with pytest.raises(NoSuchDocument, match="There is no such document"):
            read(con, theirs, actor=cast.ana)
    with pytest.raises(NoSuchDocument):
        documents.attach_and_complete(con, task_id, theirs, token="f", actor=cast.ana, now=NOON)
    with pytest.raises(NoSuchDocument):
        upload(con, cast, pdf("x"), cast.carla)
    with pytest.raises(NoSuchTask):
        documents.attached(con, task_id, actor=cast.carla)

    assert documents.find(con, "", actor=cast.ana) == ([], 0)
    assert tasks.get(con, task_id, actor=cast.ana).status is Status.IN_PROGRESS


def test_analysts_read_documents_and_add_none(con: Connection, cast: Cast) -> None:
    document_id = upload(con, cast, pdf(), cast.dora)

    assert documents.get(con, document_id, actor=cast.ben).created_by == "Dora"
    with pytest.raises(NotAllowed, match="cannot add documents"):
        upload(con, cast, pdf("2"), cast.alan)


def test_documents_are_found_by_file_name_id_label_name_and_patient(
    con: Connection, cast: Cast
) -> None:
    patient_id = add_patient(con, cast.practice, "Poe", "Al")
    upload(con, cast, pdf("a"), name="A", file_name="fax 0815.tif", label="Consent")
    second = upload(
        con, cast, pdf("b"), name="B", patient_id=patient_id, now=minutes(1),
        status=DocumentStatus.ERROR,
    )  # fmt: skip

    def found(query: str, **how: Any) -> list[str]:
        rows, count = documents.find(con, query, actor=cast.ben, **how)
        assert count == len(rows)
        return names(rows)

    assert found("") == ["B", "A"]
    assert found("0815 FAX") == ["A"]
    assert found("consent") == ["A"]
    assert found("poe, al") == ["B"]
    assert found(str(second)) == ["B"]
    assert found("poe consent") == []
    assert found("", label="Consent") == ["A"]
    assert found("", status=DocumentStatus.ERROR) == ["B"]
    assert found("", practice_id=cast.other_practice) == []


def test_fifty_documents_are_on_a_page(con: Connection, cast: Cast) -> None:
    for n in range(52):
        upload(con, cast, pdf(str(n)), name=f"{n:02}", now=minutes(n))

    first, count = documents.find(con, "", actor=cast.ana)
    second, _ = documents.find(con, "", actor=cast.ana, page=2)

    assert (len(first), count) == (50, 52)
    assert names(first)[0] == "51"
    assert names(second) == ["01", "00"]


def test_the_recommended_name_is_last_first_day_label() -> None:
    day = date(2025, 2, 3)

    assert documents.recommended_name("Ray, Ida", day, "Lab results") == (
        "RAY_IDA_2025-02-03_LAB-RESULTS"
    )
    assert documents.recommended_name("O'Hara-Ray, Ida May", day, "Consent") == (
        "O-HARA-RAY_IDA-MAY_2025-02-03_CONSENT"
    )
    assert documents.recommended_name("", day, "Consent") == "2025-02-03_CONSENT"


def test_a_crash_while_writing_leaves_neither_row_nor_half_a_file(
    con: Connection, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            upload(con, cast, pdf())
    sha256 = hashlib.sha256(pdf()).hexdigest()

    assert con.rows("SELECT * FROM document") == []
    assert not kept_at(con, sha256).exists()
    assert files(con.store) == []
    assert documents.content(con, upload(con, cast, pdf()), actor=cast.ana)[1] == pdf()


def test_a_document_that_is_rolled_back_takes_its_file_with_it(con: Connection, cast: Cast) -> None:
    task_id = started(con, cast)
    con.execute("ALTER TABLE attachment RENAME TO away")

    with pytest.raises(Exception, match="attachment"):
        upload_and_complete(con, task_id, pdf(), cast.ana)
    con.execute("ALTER TABLE away RENAME TO attachment")

    assert con.rows("SELECT * FROM document") == []
    if not con.store.is_in_file:  # another practice's document could be the same meanwhile
        sweep(con.store, now=datetime.now(UTC) + timedelta(days=1), age=timedelta())
    assert files(con.store) == []
    upload_and_complete(con, task_id, pdf(), cast.ana)
    assert len(files(con.store)) == 1
    assert len(documents.attached(con, task_id, actor=cast.ana)) == 1


def test_half_a_file_under_the_hash_is_written_again(con: Connection, cast: Cast) -> None:
    path = kept_at(con, hashlib.sha256(pdf()).hexdigest())
    path.parent.mkdir()
    path.write_bytes(pdf()[:5])

    upload(con, cast, pdf())

    assert path.read_bytes() == pdf()


def test_a_changed_or_missing_file_is_said_and_the_original_heals_it(
    con: Connection, cast: Cast
) -> None:
    document_id = upload(con, cast, pdf("original"))
    path = kept_at(con, documents.get(con, document_id, actor=cast.ana).sha256)
    same_size = pdf("orIginal")

    for damage, sentence in (
        (lambda: path.write_bytes(same_size), f"changed on disk .ID {document_id}"),
        (lambda: path.write_bytes(b""), "changed on disk"),
        (lambda: path.write_bytes(path.read_bytes() + b" "), "changed on disk"),
        (path.unlink, "missing on disk"),
    ):
        damage()
        with pytest.raises(DocumentFileProblem, match=sentence) as problem:
            documents.content(con, document_id, actor=cast.ana)
        assert problem.value.for_operator.startswith(f"document {document_id} ")
        with pytest.raises(DuplicateDocument):
            upload(con, cast, pdf("original"), token=sentence)
        assert documents.content(con, document_id, actor=cast.ana)[1] == pdf("original")


def test_the_id_that_was_typed_comes_first_and_an_id_as_shown_is_only_that(
    con: Connection, cast: Cast
) -> None:
    first = upload(con, cast, pdf("0"), name="FIRST")
    for n in range(3):
        upload(con, cast, pdf(f"x{n}"), name=f"{first}{n} OF {first}", now=minutes(n + 1))

    def found(query: str) -> list[str]:
        rows, count = documents.find(con, query, actor=cast.ben)
        assert count == len(rows)
        return names(rows)

    assert found(f"{first}") == ["FIRST", f"{first}2 OF {first}", f"{first}1 OF {first}",
                                 f"{first}0 OF {first}"]  # fmt: skip
    for shown in (f"ID {first}", f"id{first}", f"#{first}", f"ID: {first}", f" Id  00{first} "):
        assert found(shown) == ["FIRST"]
    assert found("ID 999") == []
    assert found(f"ID {first} nothing") == []
    assert found("9" * 40) == []


def test_a_date_as_shown_and_a_label_find(con: Connection, cast: Cast) -> None:
    ida = add_patient(con, cast.practice, "Ridley", "Ida")
    upload(con, cast, pdf("a"), name="A", label="Lab results", document_date=date(2025, 1, 13))
    upload(con, cast, pdf("b"), name="B", label="Certificate of medical necessity",
           document_date=date(2024, 12, 3), patient_id=ida)  # fmt: skip

    def found(query: str) -> list[str]:
        return names(documents.find(con, query, actor=cast.ben)[0])

    for query in ("01/13/2025", "1/13/2025", "1/13/25", "01/13", "Lab results", "results LAB"):
        assert found(query) == ["A"]
    for query in ("12/03/2024", "certificate of medical necessity", "Ridley Ida", "ida 12/3/24"):
        assert found(query) == ["B"]
    for query in ("13", "2025", "02/30/2025", "%", "' OR 1=1 --", "_"):
        assert found(query) == []


def test_what_was_sent_as_a_program_is_shown_as_what_it_is(con: Connection, cast: Cast) -> None:
    """In a store of an earlier version too, where the sender's name was kept."""
    document_id = upload(con, cast, pdf(), file_name="Invoice.pdf.bat")
    con.execute("UPDATE document SET file_name = 'Invoice.hta'")

    assert documents.get(con, document_id, actor=cast.ana).file_name == "Invoice.pdf"
    assert documents.find(con, "invoice", actor=cast.ana)[0][0].file_name == "Invoice.pdf"
