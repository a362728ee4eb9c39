"""Import a file: preview it first, then bring it in whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from lib import access
from lib.access import Verb
from lib.errors import NotAllowed, RefusedFile, WrongInput
from lib.import_report_models import ImportReport
from lib.intake import file_import
from lib.intake.charges.charges_pending_import import ComingCharges, Wanted
from lib.intake.file_import import FileImport, Previewed
from lib.intake.files import parsed_file as contents
from lib.intake.files import rejected_rows, saved_mappings
from lib.intake.files.non_x12_formats import ParsedFile, TableOptions
from lib.intake.files.parsed_file import FileSummary, Kinds
from lib.intake.files.source_archive import keep, quarantined_text
from lib.intake.files.source_file import SourceFile
from lib.intake.import_context import ImportContext
from lib.intake.x12 import transaction_reader
from lib.intake.x12.transaction_reader import QUARANTINED, Batch, Message
from lib.models import Person, Practice, TaskType
from lib.store.database import Connection, transaction


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the import of a file has come."""

    done: int  # bytes
    size: int  # bytes
    charges: int
    tasks: int


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
    choice: TableOptions | None = None,
    watch: Watch | None = None,
    now: datetime | None = None,
) -> ImportReport:
    """Return what would come in, or in `refused` the sentence why nothing would. Write nothing.

    `now` decides how a table's dates are read: which year two digits mean, and which days lie in
    the future.

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
    watch: Callable[[int, Progress], None] | None = None,
    now: datetime | None = None,
) -> list[ImportReport]:
    """Return what each file would bring if all of them were imported, claims first. Write nothing.

    Answers in one file are matched to the claims of the others. `watch` is called with the place of
    the file that is being read. Raises as `preview` does.
    """
    _require(actor, practice_id)
    practice = _practice(con, practice_id)
    files = [
        _Reading(
            SourceFile(each.name, each.content),
            _dated(each.choice or _choice(con, practice_id), practice, now),
            partial(watch, place) if watch else None,
        )
        for place, each in enumerate(chosen)
    ]
    for each in files:
        each.report = _known(con, each.raw.name, each.raw.sha256, practice_id)
        each.kinds = contents.kinds(each.raw)
    while True:
        try:
            return _preview_all(con, practice_id, files)
        except _Again:
            continue


@dataclass(slots=True)
class _Reading:
    """A file being previewed."""

    raw: SourceFile
    choice: TableOptions
    watch: Watch | None
    report: ImportReport | None = None  # of a file that was imported before, or cannot be read
    kinds: Kinds = field(default_factory=Kinds)
    other: ParsedFile | None = None
    is_read: bool = False  # `other` is what a file that is no X12 says
    without: frozenset[int] = frozenset()

    def parts(self, tally: FileSummary) -> Iterator[Batch | Message]:
        """Yield what the file says. Raise _Again where all must begin again without its bad
        messages."""
        if not self.is_read:
            self.other, self.is_read = _read(self.raw, self.choice, self.watch), True
        try:
            yield from contents.parts(self.raw, tally, without=self.without, other=self.other)
        except transaction_reader.RestartWithout:
            self.without = transaction_reader.bad_ones(self.raw.text())
            raise _Again from None


class _Again(Exception):
    """A message turned out bad after parts of it were counted: begin again without it."""


def _preview_all(
    con: Connection, practice_id: int, files: Sequence[_Reading]
) -> list[ImportReport]:
    readable = [each for each in files if each.report is None]
    previewed = Previewed(wants_batches=any(each.kinds.receipts for each in readable))
    naming = [each for each in readable if each.kinds.answers or each.kinds.changes]
    if naming and any(each.kinds.claims for each in readable):
        wanted = Wanted()
        for each in naming:
            with suppress(RefusedFile):
                for piece in each.parts(FileSummary()):
                    if isinstance(piece, Batch):
                        wanted.add(file_import.about(piece))
        previewed.charges = ComingCharges(con, practice_id, wanted)
    reports = {id(each): each.report for each in files}
    for each in sorted(readable, key=lambda file: not file.kinds.claims):
        try:
            reports[id(each)] = _preview_one(con, practice_id, each, previewed)
        except RefusedFile as problem:
            reports[id(each)] = ImportReport(
                each.raw.name, each.raw.sha256, None, refused=str(problem)
            )
    return [report for each in files if (report := reports[id(each)])]


def _preview_one(
    con: Connection, practice_id: int, file: _Reading, previewed: Previewed
) -> ImportReport:
    tally = FileSummary()
    taking = FileImport(con, practice_id, None, tally, previewed, file.raw.name)
    return _take(taking, file.raw, file.parts(tally), file.watch)


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
    """Import the file in one transaction, and return what became of it.

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

    def attempt(without: frozenset[int]) -> ImportReport:
        if known := _known(con, name, raw.sha256, practice_id):
            return known
        other = _read(raw, choice, watch)  # can take long, and must keep nobody's write waiting
        with transaction(con, doing="an import"):
            if known := _known(con, name, raw.sha256, practice_id):
                return known
            file_id = con.next_ids("intake_file", 1)[0]
            source = ImportContext(file_id, name, practice, actor.id if actor else None, now)
            tally = FileSummary()
            taking = FileImport(con, practice_id, source, tally, file_name=name)
            parts = contents.parts(raw, tally, without=without, other=other)
            report = _take(taking, raw, parts, watch)
            if report.refused_rows and not report.tasks_new and not keeps_refused:
                raise _all_refused(report)
            keep(con.store, raw)
            _record(con, report, source)
            _record_messages(con, taking.messages(), raw, source)
            rejected_rows.keep(con, taking.tally, source)
        return report

    return _attempted(raw, attempt)


def _attempted(raw: SourceFile, attempt: Callable[[frozenset[int]], ImportReport]) -> ImportReport:
    """Try with every message; if a long one turns out to be bad, try again without the bad ones."""
    try:
        try:
            return attempt(frozenset())
        except transaction_reader.RestartWithout:
            return attempt(transaction_reader.bad_ones(raw.text()))
    except RefusedFile as problem:
        return ImportReport(raw.name, raw.sha256, None, refused=str(problem))


def _read(raw: SourceFile, choice: TableOptions, watch: Watch | None) -> ParsedFile | None:
    def alive() -> None:
        if watch:
            watch(Progress(0, raw.size, 0, 0))

    return contents.not_x12(raw, choice, alive)


def _take(
    taking: FileImport, raw: SourceFile, parts: Iterable[Batch | Message], watch: Watch | None
) -> ImportReport:
    for piece in parts:
        taking.take(piece)
        if watch:
            watch(Progress(raw.done, raw.size, taking.totals.charges, taking.totals.tasks))
    return taking.report(raw.name, raw.sha256)


def _choice(con: Connection, practice_id: int) -> TableOptions:
    """Return how to read tables: as the practice saved it, else by the names of their columns."""
    return TableOptions(plan_for=saved_mappings.saved(con, practice_id))


def _dated(choice: TableOptions, practice: Practice, now: datetime | None) -> TableOptions:
    """Return the options with today's date in the practice."""
    return (
        replace(choice, today=now.astimezone(ZoneInfo(practice.timezone)).date()) if now else choice
    )


def _all_refused(report: ImportReport) -> RefusedFile:
    rows = report.refused_rows
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
            }
            for id_, each in zip(ids, found, strict=True)
        ],
    )
