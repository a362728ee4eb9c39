"""Import a file: preview it first, then bring it in whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

from lib import access
from lib.access import Verb
from lib.errors import NotAllowed, RefusedFile, WrongInput
from lib.import_report_models import ImportReport
from lib.intake import meanwhile, unfinished_imports
from lib.intake.file_import import FileImport
from lib.intake.files import parsed_file as contents
from lib.intake.files import rejected_rows, saved_mappings
from lib.intake.files.non_x12_formats import ParsedFile, TableOptions
from lib.intake.files.parsed_file import FileSummary
from lib.intake.files.source_archive import keep, quarantined_text, sent
from lib.intake.files.source_file import SourceFile
from lib.intake.import_context import ImportContext
from lib.intake.x12 import transaction_reader
from lib.intake.x12.transaction_reader import QUARANTINED, Batch, Message
from lib.models import Person, Practice, TaskType
from lib.store import long_transaction
from lib.store.database import Connection

GROSS = 1.0  # seconds of waiting that matter to history


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the import of a file has come."""

    done: int  # bytes
    size: int  # bytes
    charges: int
    tasks: int
    waits_for: str = ""  # what else is being written, before it can begin


# Called after every part of a file. What it raises ends the import, and nothing of the file is
# kept.
Watch = Callable[[Progress], None]


def preview(
    con: Connection,
    name: str,
    content: bytes | Path,
    *,
    actor: Person | None,
    practice_id: int,
    now: datetime,
    choice: TableOptions | None = None,
    watch: Watch | None = None,
) -> ImportReport:
    """Return what would come in, or in `refused` the sentence why nothing would. Keep nothing.

    Raises NotAllowed for somebody who may not import into this practice.
    """

    def tell(_: int, progress: Progress) -> None:
        if watch:
            watch(progress)

    chosen = [ChosenFile(name, content, choice)]
    [report] = preview_all(con, chosen, actor=actor, practice_id=practice_id, watch=tell, now=now)
    return report


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """A file that somebody chose to import, and how to read it if it is a table."""

    name: str
    content: bytes | Path = field(repr=False)
    choice: TableOptions | None = None


def preview_all(
    con: Connection,
    chosen: Sequence[ChosenFile],
    *,
    actor: Person | None,
    practice_id: int,
    now: datetime,
    watch: Callable[[int, Progress], None] | None = None,
) -> list[ImportReport]:
    """Return what each file would bring if all of them were imported, claims first. Keep nothing.

    The files are imported, and rolled back. `watch` is called with the place of the file that is
    being read. Raises as `preview` does.
    """
    _require(actor, practice_id)
    practice = _practice(con, practice_id)
    files = [
        _Previewed(
            SourceFile(each.name, each.content),
            _dated(each.choice or _choice(con, practice_id), practice, now),
            partial(watch, place) if watch else None,
        )
        for place, each in enumerate(chosen)
    ]
    for each in files:
        if not is_known(con, each.raw.sha256, practice_id):
            each.read()
    actor_id = actor.id if actor else None

    def attempt() -> list[ImportReport] | None:
        names: dict[int, str] = {}
        reports: dict[int, ImportReport] = {}
        for each in sorted(files, key=lambda file: not file.has_claims):
            file_id = con.next_ids("intake_file", 1)[0]
            names[file_id] = each.raw.name
            source = ImportContext(file_id, each.raw.name, practice, actor_id, now)
            report = each.imported(con, source, names)
            if report is None:
                return None
            reports[id(each)] = replace(report, file_id=None)
        return [reports[id(each)] for each in files]

    while True:
        reports = long_transaction.rehearse(con, attempt, doing="a preview of files")
        if reports is not None:
            return reports


@dataclass(slots=True)
class _Previewed:
    """A file being previewed."""

    raw: SourceFile
    choice: TableOptions
    watch: Watch | None
    refused: ImportReport | None = None
    has_claims: bool = False
    other: ParsedFile | None = None  # what a file that is no X12 says
    without: frozenset[int] = frozenset()  # messages that turned out bad

    def read(self) -> None:
        """Read what can take long and needs no store."""
        self.has_claims = contents.has_claims(self.raw)
        try:
            self.other = _read(self.raw, self.choice, self.watch)
        except RefusedFile as problem:
            self.refused = _refused(self.raw, problem)

    def imported(
        self,
        con: Connection,
        source: ImportContext,
        names: Mapping[int, str],
    ) -> ImportReport | None:
        """Import the file, or return None where what came in of it must be rolled back: then it is
        known what of it is bad."""
        if known := _known(con, self.raw.name, self.raw.sha256, source.practice.id):
            return known
        if self.refused:
            return self.refused

        tally = FileSummary()
        taking = FileImport(con, source, tally, names)
        parts = contents.parts(self.raw, tally, without=self.without, other=self.other)
        try:
            return _bring_in(con, taking, self.raw, parts, self.watch)
        except transaction_reader.RestartWithout:
            self.without = transaction_reader.bad_ones(self.raw.text())
        except RefusedFile as problem:
            self.refused = _refused(self.raw, problem)
        return None


def apply(
    con: Connection,
    name: str,
    content: bytes | Path,
    *,
    actor: Person | None,
    practice_id: int,
    now: datetime,
    choice: TableOptions | None = None,
    watch: Watch | None = None,
    keeps_refused: bool = True,
    type_for_all: TaskType | None = None,
) -> ImportReport:
    """Import the file in one transaction, and return what became of it. People work on meanwhile.

    `actor` is None on the command line. A file that is rejected or was imported before changes
    nothing; the report says so. Messages that cannot be read are rejected singly, the others come
    in. A table whose rows are all rejected is kept for somebody to correct on the Import page; with
    `keeps_refused` False the file is rejected as a whole. `type_for_all` is the type of every row
    of a table that names none. Raises NotAllowed as `preview` does, and whatever `watch` raises.
    """
    _require(actor, practice_id)
    raw = SourceFile(name, content)
    practice = _practice(con, practice_id)
    choice = _dated(choice or _choice(con, practice_id), practice, now)
    choice = replace(choice, type=type_for_all or choice.type)

    actor_id = actor.id if actor else None
    began = monotonic()

    def attempt(without: frozenset[int]) -> ImportReport:
        if known := _known(con, name, raw.sha256, practice_id):
            return known
        other = _read(raw, choice, watch)

        def bring() -> ImportReport:
            if known := _known(con, name, raw.sha256, practice_id):
                return known
            meanwhile.mind(con, practice_id)
            file_id = con.next_ids("intake_file", 1)[0]
            source = ImportContext(file_id, name, practice, actor_id, _later(now, began))
            tally = FileSummary()
            taking = FileImport(con, source, tally)
            parts = contents.parts(raw, tally, without=without, other=other)
            report = _bring_in(con, taking, raw, parts, watch)
            is_empty = (report.refused_rows or report.left_out) and not report.tasks_new
            if is_empty and not keeps_refused:
                raise _none_in(report)
            keep(con, raw)
            return report

        with unfinished_imports.noted(
            con, name, raw.sha256, practice_id=practice_id, actor_id=actor_id, now=now
        ):
            return long_transaction.kept(
                con, bring, doing="an import", waits=waits, around=partial(sent, con, raw)
            )

    def waits(doing: str) -> None:
        if watch:
            watch(Progress(0, raw.size, 0, 0, doing))

    return _attempted(raw, attempt)


def _later(now: datetime, began: float) -> datetime:
    """Return the time of an import that had to wait, or to begin anew: history goes by it."""
    gone = monotonic() - began
    return now + timedelta(seconds=gone) if gone >= GROSS else now


def _attempted(raw: SourceFile, attempt: Callable[[frozenset[int]], ImportReport]) -> ImportReport:
    """Try with every message; if a long one turns out to be bad, try again without the bad ones."""
    try:
        try:
            return attempt(frozenset())
        except transaction_reader.RestartWithout:
            return attempt(transaction_reader.bad_ones(raw.text()))
    except RefusedFile as problem:
        return _refused(raw, problem)


def _refused(raw: SourceFile, problem: RefusedFile) -> ImportReport:
    return ImportReport(raw.name, raw.sha256, None, refused=str(problem))


def _read(raw: SourceFile, choice: TableOptions, watch: Watch | None) -> ParsedFile | None:
    def alive() -> None:
        if watch:
            watch(Progress(0, raw.size, 0, 0))

    return contents.not_x12(raw, choice, alive)


def _bring_in(
    con: Connection,
    taking: FileImport,
    raw: SourceFile,
    parts: Iterable[Batch | Message],
    watch: Watch | None,
) -> ImportReport:
    """Write what the file says, and the record of the file; inside a transaction."""
    for piece in parts:
        taking.take(piece)
        if watch:
            watch(Progress(raw.done, raw.size, taking.totals.charges, taking.totals.tasks))
    report = taking.report(raw.name, raw.sha256)
    _record(con, report, taking.source)
    _record_messages(con, taking.messages(), raw, taking.source)
    rejected_rows.keep(con, taking.tally, taking.source)
    return report


def _choice(con: Connection, practice_id: int) -> TableOptions:
    """Return how to read tables: as the practice saved it, else by the names of their columns."""
    return TableOptions(plan_for=saved_mappings.saved(con, practice_id))


def _dated(choice: TableOptions, practice: Practice, now: datetime) -> TableOptions:
    """Return the options with the practice's time zone and today's date in it."""
    zone = ZoneInfo(practice.timezone)
    return replace(choice, today=now.astimezone(zone).date(), zone=zone)


def _none_in(report: ImportReport) -> RefusedFile:
    rows = report.refused_rows
    if not rows:
        return RefusedFile(
            f"{report.file} was refused: no row of it is new and shown. Hidden in the workbook or "
            f"by a filter: {contents.count(report.left_out, 'row')}; show them there, or choose on "
            "the Import page to bring them in."
        )
    return RefusedFile(
        f"{report.file} was refused: no row of it is new and without a mistake. Refused: "
        f"{contents.count(len(rows), 'row')}, the first in line {rows[0].line}; the Import page "
        "says why, row by row."
    )


def is_known(con: Connection, sha256: str, practice_id: int) -> bool:
    """Return True for a file that the practice imported before."""
    return _known(con, "", sha256, practice_id) is not None


def refusal(name: str, content: bytes, sentence: str) -> ImportReport:
    """Return the report on a file of which nothing comes in."""
    return ImportReport(name, hashlib.sha256(content).hexdigest(), None, refused=sentence)


def _known(con: Connection, name: str, sha256: str, practice_id: int) -> ImportReport | None:
    """Return the report on a file that was imported before, or None. A table of which no row came
    in may be tried again, since another column mapping may read it better."""
    format_ = con.value(
        """
        SELECT format FROM intake_file
        WHERE practice_id = $practice_id AND sha256 = $sha256
          AND (tasks_new > 0 OR format NOT IN ('CSV', 'XLSX'))
        """,
        practice_id=practice_id,
        sha256=sha256,
    )
    return ImportReport(name, sha256, format_, already_imported=True) if format_ else None


def _require(actor: Person | None, practice_id: int) -> None:
    if actor:
        access.require(actor, Verb.IMPORT, practice_id, NotAllowed(Verb.IMPORT.value))


def _practice(con: Connection, practice_id: int) -> Practice:
    found = con.records(
        Practice,
        "SELECT id, name, timezone, due_days FROM practice WHERE id = $id",
        id=practice_id,
    )
    if not found:
        raise WrongInput("There is no such practice.")
    return found[0]


def _record(con: Connection, report: ImportReport, source: ImportContext) -> None:
    con.execute(
        """
        INSERT INTO intake_file (id, practice_id, name, sha256, format, charges_new, tasks_new,
                                 tasks_amount, imported_at, imported_by)
        VALUES ($id, $practice_id, $name, $sha256, $format, $charges, $tasks, $amount, $now, $actor)
        """,
        id=source.file_id,
        practice_id=source.practice.id,
        name=report.file,
        sha256=report.sha256,
        format=report.format,
        charges=report.charges_new,
        tasks=report.tasks_new,
        amount=report.tasks_amount,
        now=source.now,
        actor=source.actor_id,
    )


def _record_messages(
    con: Connection, found: list[Message], raw: SourceFile, source: ImportContext
) -> None:
    texts = quarantined_text(raw, [each for each in found if each.outcome == QUARANTINED])
    ids = con.next_ids("intake_message", len(found)) if found else []
    con.insert(
        "intake_message",
        [
            {
                "id": id_,
                "practice_id": source.practice.id,
                "intake_file_id": source.file_id,
                "kind": each.kind,
                "identifiers": each.identifiers,
                "first_segment": each.first,
                "last_segment": each.last,
                "outcome": each.outcome,
                "sentence": each.sentence,
                "segment_number": each.segment_number,
                "raw": each.text or texts.get(each.first),
                "received_at": source.now,
                "written_at": each.written_at,
            }
            for id_, each in zip(ids, found, strict=True)
        ],
    )
