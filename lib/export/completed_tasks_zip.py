"""Completed tasks as one ZIP: manifest.csv with a row a task, and the documents beside it."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from datetime import datetime, tzinfo

from lib import documents, file_type_detection
from lib.errors import DocumentFileMissing, DocumentFileProblem
from lib.export import completed_tasks
from lib.export.completed_tasks import Attached, CompletedTask
from lib.export.period import Period, record_export
from lib.intake.files.parsed_file import count
from lib.models import Channel, Person
from lib.store.database import Connection

CHUNK = 256 * 1024  # bytes of a document packed at once
COLUMNS = (
    "Claim number", "Patient", "Payer", "Type", "Task", "Date of service", "Amount",
    "Completed", "Completed by", "Notes to Biller", "Notes from Biller", "Questions & Comments",
    "Changed fields", "Documents",
)  # fmt: skip
FORMULA = frozenset("=+-@＝＋－＠")  # what begins a formula; OWASP, CSV injection


def write_zip(
    con: Connection,
    wanted: Period,
    *,
    actor: Person | None,
    now: datetime,
    left_out: list[DocumentFileProblem] | None = None,
) -> tuple[list[int], Iterator[bytes]]:
    """Return the tasks of the period, and their ZIP piece by piece, recording the export in the
    history. Once all pieces were taken, `left_out` holds the documents that could not be
    included."""
    ids = completed_tasks.task_ids(con, wanted)
    record_export(
        con, wanted, count(len(ids), "completed task"),
        patient_ids=completed_tasks.patients_of("task", con, ids), actor=actor, now=now,
    )  # fmt: skip
    missing: list[DocumentFileProblem] = [] if left_out is None else left_out
    return ids, _all(con, wanted, ids, missing, actor=actor, now=now)


def _all(
    con: Connection,
    wanted: Period,
    ids: list[int],
    left_out: list[DocumentFileProblem],
    *,
    actor: Person | None,
    now: datetime,
) -> Iterator[bytes]:
    yield from _chunks(con, ids, now.astimezone(wanted.zone), left_out)
    if left_out:
        said = "; ".join(problem.for_operator for problem in left_out)
        record_export(con, wanted, f"not in it: {said}", actor=actor, now=now)


def cell(text: str) -> str:
    """Return the text so that no spreadsheet calculates with it, whatever invisible characters
    precede it."""
    seen = (sign for sign in text if sign.isprintable() and not sign.isspace())
    is_formula = text.startswith(("\t", "\r")) or next(seen, "") in FORMULA
    return f"'{text}" if is_formula else text


class _Outlet(io.RawIOBase):
    """An output that collects what was written until it is fetched; it cannot seek."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        content = bytes(data)  # type: ignore[call-overload]
        self.waiting += content
        return len(content)

    def take(self) -> Iterator[bytes]:
        if self.waiting:
            yield bytes(self.waiting)
            self.waiting.clear()


def _chunks(
    con: Connection, ids: list[int], made_at: datetime, left_out: list[DocumentFileProblem]
) -> Iterator[bytes]:
    """Yield the ZIP. Each document is read twice, since the manifest before it says whether it is
    intact."""
    outlet, zone = _Outlet(), made_at.tzinfo
    wanted: dict[int, Attached] = {}
    lost: dict[int, DocumentFileProblem] = {}
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(_entry("manifest.csv", made_at), "w") as manifest:
            manifest.write("\ufeff".encode())  # without it Excel does not read UTF-8
            manifest.write(_line(COLUMNS))
            for answer in completed_tasks.answers(con, ids):
                for document in answer.documents:
                    if document.document_id in wanted or document.document_id in lost:
                        continue
                    try:
                        documents.read_content(con, document.document_id, document.sha256)
                        wanted[document.document_id] = document
                    except DocumentFileProblem as problem:
                        lost[document.document_id] = problem
                        left_out.append(problem)
                manifest.write(_line(_row(answer, zone, lost)))
                yield from outlet.take()
        for document in wanted.values():
            content = documents.read_content(con, document.document_id, document.sha256)
            name = f"documents/{file_name(document)}"
            with archive.open(_entry(name, made_at), "w") as entry:
                for start in range(0, len(content), CHUNK):
                    entry.write(content[start : start + CHUNK])
                    yield from outlet.take()
    yield from outlet.take()


def _entry(name: str, made_at: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def file_name(document: Attached) -> str:
    """Return a name that every system can write and no other document of the store has."""
    decomposed = unicodedata.normalize("NFKD", document.name)
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    stem = re.sub(r"[^0-9A-Za-z_-]+", "-", letters).strip("-_")[:80]
    ending = file_type_detection.ending(document.media_type)
    return f"{document.document_id}_{stem or 'document'}{ending}"


def _row(
    answer: CompletedTask, zone: tzinfo | None, lost: dict[int, DocumentFileProblem]
) -> tuple[str, ...]:
    return (
        answer.claim_number,
        answer.patient,
        answer.payer,
        answer.type.label,
        answer.title,
        f"{answer.date_of_service:%m/%d/%Y}" if answer.date_of_service else "",
        f"{answer.amount:.2f}" if answer.amount is not None else "",
        f"{answer.completed_at.astimezone(zone):%m/%d/%Y %H:%M}",
        answer.completed_by,
        _notes(answer, Channel.TO_BILLER, zone),
        _notes(answer, Channel.FROM_BILLER, zone),
        _notes(answer, Channel.QUESTION, zone),
        "\n".join(
            f"{c.field}: {c.old or 'nothing'} → {c.new or 'nothing'}" for c in answer.changes
        ),
        "\n".join(
            _document(document, lost.get(document.document_id)) for document in answer.documents
        ),
    )


def _document(document: Attached, problem: DocumentFileProblem | None) -> str:
    """Return the document's name in the archive, or why it is not there."""
    if problem is None:
        return file_name(document)
    what = "file lost" if isinstance(problem, DocumentFileMissing) else "file changed on disk"
    return f"{document.name} ({what})"


def _notes(answer: CompletedTask, channel: Channel, zone: tzinfo | None) -> str:
    return "\n".join(
        f"{note.written_at.astimezone(zone):%m/%d/%Y %H:%M} {note.author}: {note.text}"
        for note in answer.notes
        if note.channel is channel
    )


def _line(cells: tuple[str, ...]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow([cell(each) for each in cells])
    return text.getvalue().encode("utf-8", "replace")
