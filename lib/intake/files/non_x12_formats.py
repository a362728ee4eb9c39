"""Files that are not X12, recognized by their content: FHIR and tables of tasks. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from lib.import_report_models import RefusedRow
from lib.intake.fhir import attachment_requests, resources
from lib.intake.fhir.attachment_requests import Recorded
from lib.intake.fhir.resources import LOOKED_AT
from lib.intake.records import Request, Sent, Withdrawal
from lib.intake.tables import columns, task_table, unsupported_formats
from lib.intake.tables.columns import ColumnMapping
from lib.intake.tables.table import Grid, text_of
from lib.intake.x12.separators import PIECE
from lib.intake.x12.transaction_reader import APPLIED, QUARANTINED, RECORDED, Message
from lib.models import TaskType

# How an X12 file, or a piece of one, begins: x12/segment_reader.py says what is wrong with it.
_X12 = re.compile(
    rb"^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*(?:I\0?S\0?A|" + PIECE.encode() + rb")"
)

MAX_NAMED = 20  # requests named in the report


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How to read a file that is not X12: the sheet of a workbook, the mapping of its columns, and
    the practice's days."""

    sheet: str | None = None
    plan_for: Callable[[Grid], ColumnMapping] = columns.guess
    type: TaskType | None = None  # of every row that names none, whatever the mapping says
    today: date | None = None  # today's date in the practice
    zone: ZoneInfo | None = None  # in which the practice counts its days


@dataclass(frozen=True, slots=True)
class Chosen:
    """The mapping that somebody has on the screen, for whatever table it is."""

    plan: ColumnMapping

    def __call__(self, _: Grid) -> ColumnMapping:
        """Return that mapping."""
        return self.plan


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What a file that is not X12 says."""

    format: str
    requests: tuple[Request, ...]
    warnings: tuple[str, ...]
    messages: tuple[Message, ...]
    refused_rows: tuple[RefusedRow, ...] = ()
    refused_text: str = ""  # the rejected rows as a file to correct
    withdrawals: tuple[Withdrawal, ...] = ()
    left_out: int = 0  # rows that are hidden


def is_x12(head: bytes) -> bool:
    """Return True if a file begins as X12 does, or as a piece of it."""
    return _X12.match(head[:LOOKED_AT]) is not None


def is_fhir(name: str, content: bytes) -> bool:
    """Return True for JSON, and for XML in the FHIR namespace."""
    is_json = resources.is_json(content) and unsupported_formats.sentence(name, content) is None
    return is_json or resources.is_fhir_xml(content)


def read(name: str, content: bytes, choice: TableOptions | None = None) -> ParsedFile | None:
    """Return what the file says, or None if it is for the X12 reader.

    Raises RefusedFile with the sentence that says why nothing of it can be read.
    """
    if is_x12(content):
        return None
    choice = choice or TableOptions()
    if is_fhir(name, content):
        requests, recorded = attachment_requests.read(name, content, choice.zone)
        return ParsedFile(
            attachment_requests.FORMAT, tuple(requests),
            (*_left_empty(requests), *_without_patient(requests), *_remarked(requests)),
            _messages(requests, recorded),
            withdrawals=tuple(each.withdrawal for each in recorded if each.withdrawal),
        )  # fmt: skip
    grid = task_table.open_table(name, content, choice.sheet)
    if grid is None:
        return None
    plan = choice.plan_for(grid)
    plan = replace(plan, type=choice.type or plan.type)
    sheet = task_table.read(name, grid, plan, choice.today)
    sha256 = hashlib.sha256(content).hexdigest()
    dated = _dated(sheet.requests)
    message = Message(grid.format, sha256, grid.rows[0].line, grid.rows[-1].line, APPLIED)
    return ParsedFile(
        grid.format,
        dated,
        tuple(task_table.warnings(sheet)),
        (message,),
        refused_rows=tuple(
            RefusedRow(row.line, row.reason, " · ".join(filter(None, map(text_of, row.cells))))
            for row in sheet.refused
        ),
        refused_text=sheet.refused_text,
        left_out=sheet.left_hidden,
    )


def _dated(requests: Sequence[Request]) -> tuple[Request, ...]:
    """Return a table's requests; those with a due date name the table, by what it asks in all."""
    said = hashlib.sha256()
    for each in requests:
        said.update(f"{each.key}|{each.due_on}|{each.codes}\n".encode())
    sent = Sent(said.hexdigest())
    return tuple(replace(each, sent=sent) if each.due_on else each for each in requests)


def _left_empty(requests: Sequence[Request]) -> list[str]:
    """Return a sentence on each of the first requests that say something that cannot be read."""
    odd = [each for each in requests if each.left_empty]
    said = [
        f"Left empty, since it cannot be read: {each.left_empty} of the request in place "
        f"{each.segment_number}."
        for each in odd[:MAX_NAMED]
    ]
    if len(odd) > MAX_NAMED:
        said.append(f"Left empty too: days of {len(odd) - MAX_NAMED:,} more requests.")
    return said


def _without_patient(requests: Sequence[Request]) -> list[str]:
    """Return a sentence on the requests whose patient the file does not name."""
    places = [each.segment_number for each in requests if not each.patient_name]
    if not places:
        return []
    return [f"The file does not name the patient of {_named(places)}."]


def _remarked(requests: Sequence[Request]) -> list[str]:
    """Return a sentence on each thing that is odd about requests."""
    places: dict[str, list[int]] = {}
    for each in requests:
        for remark in each.remarks:
            places.setdefault(remark, []).append(each.segment_number)
    return [f"{remark}: {_named(where)}." for remark, where in places.items()]


def _named(places: Sequence[int]) -> str:
    """Return how many requests are meant, and where they stand."""
    named = ", ".join(map(str, places[:MAX_NAMED])) + (" …" if len(places) > MAX_NAMED else "")
    return f"{'1 request' if len(places) == 1 else f'{len(places):,} requests'}, in place {named}"


def _messages(requests: list[Request], recorded: list[Recorded]) -> tuple[Message, ...]:
    """Return a message for each Task of a FHIR file, in its order."""
    said = [
        Message(
            attachment_requests.FORMAT, each.key, each.segment_number, each.segment_number, APPLIED
        )
        for each in requests
    ]
    said += [
        Message(
            attachment_requests.FORMAT, each.identifiers, each.number, each.number,
            QUARANTINED if each.is_bad else RECORDED, each.sentence, each.number, each.text,
        )
        for each in recorded
    ]  # fmt: skip
    return tuple(sorted(said, key=lambda message: message.first))
