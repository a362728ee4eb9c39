"""Tables with one task a row, the form in which a practice leaves another system. Pure.

Good rows become requests; each of the others is rejected with its line and its reasons.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from lib.errors import RefusedFile
from lib.intake.matching.claim_numbers import grouped_key
from lib.intake.records import Request
from lib.intake.tables import (
    csv_file,
    denial_statuses,
    dependents,
    excel_file,
    text_encoding,
    total_rows,
    unsupported_formats,
)
from lib.intake.tables.cells import DateOrder, day, days_of_range, order_of
from lib.intake.tables.columns import (
    DATES,
    KNOWN,
    MONEY,
    NUMBERS,
    PEOPLE,
    WHOSE,
    ColumnMapping,
    Field,
)
from lib.intake.tables.row_reader import ERRORS, LINES, Reader
from lib.intake.tables.table import REASON, Cell, Grid, fold, text_of
from lib.intake.tables.value_synonyms import is_open

__all__ = ["ERRORS", "Refused", "Sheet", "missing_columns", "open_table", "read", "warnings"]

MAX_BYTES = 50_000_000
FORMATS = ("CSV", "XLSX")
MAX_LINES = 10  # named in one sentence
MAX_NAMED = 40  # columns named in one sentence
# What cannot say of a row that it is a denial: names, numbers, dates and amounts.
NO_STATUS = WHOSE | {*DATES, *MONEY, *NUMBERS, Field.ICN, Field.PAYER,
                     Field.PROVIDER, Field.LABEL, Field.ASSIGNEE}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is rejected."""

    line: int  # in the file
    reason: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a table says, read by a mapping."""

    grid: Grid
    plan: ColumnMapping
    requests: tuple[Request, ...]
    refused: tuple[Refused, ...]
    completed: int = 0  # rows completed in the other system: they make no task
    unknown_states: int = 0
    typed_by_codes: int = 0  # rows whose type comes from their denial codes
    totals: tuple[int, ...] = ()  # lines of sums, counts and footers: no claims
    settled: tuple[int, ...] = ()  # lines of a denial list that are no denial: they make no task
    # lines that are denials by what they say, though their codes say otherwise; by column
    denied_by: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    left_hidden: int = 0  # hidden rows that stayed out
    took_hidden: int = 0  # hidden rows that came in
    today: date | None = None  # the date by which its dates were read
    # lines in which something that nothing needs could not be read, by column
    left_empty: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def refused_text(self) -> str:
        """Return the rejected rows as a CSV file to correct and import again: the same columns,
        plus the reason; no line numbers. Empty if all came in.

        Dates that could be read both ways are written YYYY-MM-DD: without the other rows nothing
        would say in which order they are.
        """
        if not self.refused:
            return ""
        orders = {self.plan.columns[which]: order for which, order in self.plan.orders.items()}
        days = {name for which, name in self.plan.columns.items() if which in DATES}
        numbered = days if self.grid.is_from_1904 else frozenset[str]()
        kept = [at for at, name in enumerate(self.grid.columns) if name != REASON]
        names = [self.grid.columns[at] for at in kept]
        return csv_file.write(
            [*names, REASON],
            [
                [
                    *(
                        _since_1900(row.cells[at])
                        if (column := self.grid.columns[at]) in numbered
                        else _unmistakable(row.cells[at], orders.get(column), self.today)
                        for at in kept
                    ),
                    row.reason,
                ]
                for row in self.refused
            ],
        )


def _since_1900(cell: Cell) -> str:
    """Return a day of a workbook that counts from 1904 as text that can be read in one way only."""
    is_number = isinstance(cell, (int, float)) and not isinstance(cell, bool)
    found = day(cell, DateOrder.MONTH_FIRST, is_from_1904=True) if is_number else None
    return str(found) if found else text_of(cell)


def _unmistakable(cell: Cell, order: DateOrder | None, today: date | None) -> str:
    """Return the cell as text, with a date rewritten so that it can be read in one way only."""
    if order and isinstance(cell, str) and (ends := days_of_range(text_of(cell), order)):
        return " - ".join(_unmistakable(end, order, today) for end in ends)
    found = {each: day(cell, each, today) for each in DateOrder if order}
    is_ambiguous = None not in found.values() and len(set(found.values())) > 1
    return str(found[order]) if order and is_ambiguous else text_of(cell)


def open_table(name: str, content: bytes, sheet: str | None = None) -> Grid | None:
    """Return the table in a file, or None if it is something else.

    Raises RefusedFile for a table that cannot be read.
    """
    if what := unsupported_formats.sentence(name, content):
        raise RefusedFile(f"{name} was refused: {what}")
    is_workbook = excel_file.is_workbook(content)
    decoded = None if is_workbook else text_encoding.decode(content[: MAX_BYTES + 1])
    sign = csv_file.separator(decoded.text, KNOWN) if decoded else None
    if not is_workbook and (decoded is None or sign is None):
        return None
    if len(content) > MAX_BYTES:
        raise RefusedFile(
            f"{name} was refused: a table may have {MAX_BYTES // 1_000_000} MB; divide it."
        )
    if is_workbook:
        return excel_file.read(name, content, sheet, KNOWN)
    assert decoded is not None and sign is not None
    return csv_file.read(name, decoded.text, sign, KNOWN, decoded.warnings)


def read(name: str, grid: Grid, plan: ColumnMapping, today: date | None = None) -> Sheet:
    """Return what the table says; `today` is the date in the practice.

    Raises RefusedFile where the mapping finds no type or no subject in it.
    """
    missing = missing_columns(plan)
    if missing:
        raise RefusedFile(f"{name} was refused: {missing}")
    at = {which: grid.columns.index(column) for which, column in plan.columns.items()}
    codes = tuple(grid.columns.index(column) for column in plan.codes)
    told = {*plan.columns.values(), *plan.codes}
    lines = tuple(
        at_ for at_, name in enumerate(grid.columns) if name not in told and fold(name) in LINES
    )
    requests: list[Request] = []
    left_empty: dict[str, list[int]] = defaultdict(list)
    refused: list[Refused] = []
    settled: list[int] = []
    denied_by: dict[str, list[int]] = defaultdict(list)
    held = {column for which, column in plan.columns.items() if which in NO_STATUS}
    statuses = denial_statuses.columns(grid.columns, held, plan.codes)
    people = [column for which, column in plan.columns.items() if which in PEOPLE]
    others = dependents.columns(grid.columns, people)
    completed = unknown_states = by_codes = 0
    shown = [row for row in grid.rows if plan.with_hidden or row.line not in grid.hidden]
    totals = total_rows.lines(shown, at)
    for row in shown:
        if row.line in totals:
            continue
        reader = Reader(row, at, plan, codes, today, lines, others, is_from_1904=grid.is_from_1904)
        state = _is_open(reader.text(Field.STATUS), plan)
        if state is False:
            completed += 1
            continue
        if reader.is_settled or reader.is_without_reason:
            column = denial_statuses.denied_by(row, statuses)
            is_told = plan.denials and denial_statuses.says_no_denial(
                plan.denials, row.cells[grid.columns.index(plan.denials)]
            )
            if (reader.is_settled or is_told) and not column:
                settled.append(row.line)
                continue
            if column:
                denied_by[column].append(row.line)
                reader.is_denied = True
        request = reader.request(grid.format)
        for which in reader.left_empty:
            left_empty[plan.columns[which]].append(row.line)
        if reader.problems:
            refused.append(Refused(row.line, "; ".join(reader.problems), row.cells))
        else:
            unknown_states += state is None and not denial_statuses.says_denied(
                reader.text(Field.STATUS), is_status=True
            )
            by_codes += reader.is_typed_by_codes
            requests.append(request)
    return Sheet(
        grid, plan, _with_parts(requests), tuple(refused), completed, unknown_states, by_codes,
        tuple(sorted(totals)), tuple(settled), _by_column(denied_by), len(grid.rows) - len(shown),
        len(grid.hidden) if plan.with_hidden else 0, today, _by_column(left_empty),
    )  # fmt: skip


def _by_column(lines: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(several) for name, several in lines.items()}


def _is_open(text: str, plan: ColumnMapping) -> bool | None:
    """Return True for a row in which somebody has something to do, None if its state is unknown.

    In a denial list a number under *Status* is the payer's (CLP02), not a yes or no.
    """
    if not text:
        return True
    is_payers = plan.is_of_denials and denial_statuses.is_of_statuses(plan.columns[Field.STATUS])
    return None if is_payers and text.strip().isdigit() else is_open(text)


def _with_parts(requests: Sequence[Request]) -> tuple[Request, ...]:
    """Return the requests; of several rows about one claim what was billed may be a line's."""
    rows = Counter(_claim(each) for each in requests)
    return tuple(
        replace(each, facts=replace(each.facts, is_part=True)) if rows[_claim(each)] > 1 else each
        for each in requests
    )


def _claim(request: Request) -> tuple[object, ...]:
    return grouped_key(request.claim_number), fold(request.patient_name), request.date_of_service


def missing_columns(plan: ColumnMapping) -> str:
    """Return the sentence that names a required column that is missing; empty if all are there."""
    has = plan.columns.keys()
    if Field.TYPE not in has and not plan.is_of_denials and plan.type is None:
        return (
            "no column is known to hold the type of the task, nor denial codes that say it, nor "
            "does a column of statuses say of any row that it was denied; choose "
            "one on the Import page, or one type for all rows (on the command line: --type)."
        )
    if not has & {Field.TITLE, Field.INSTRUCTIONS} and not plan.is_of_denials:
        return "no column is known to say what is asked; choose it on the Import page."
    if not has & {*NUMBERS, Field.ICN, Field.PATIENT, Field.LAST}:
        return (
            "no column is known to hold the claim number or the patient; choose one on the "
            "Import page."
        )
    return ""


def warnings(sheet: Sheet) -> list[str]:
    """Return what is worth saying about a table, without any value of a row."""
    said = [*sheet.grid.warnings, *_hidden_warnings(sheet), *_unread_warning(sheet)]
    for which in DATES:
        if which in sheet.plan.columns:
            said += _date_warning(sheet, which)
    if sheet.typed_by_codes:
        said.append(f"The type comes from the denial codes: {_rows(sheet.typed_by_codes)}.")
    if sheet.completed:
        said.append(f"Completed in the other system: {_rows(sheet.completed)}; they make no task.")
    if sheet.totals:
        said.append(
            f"Totals and what else a report adds, no claims: {_rows(len(sheet.totals))} "
            f"({_lines(sheet.totals)}); they make no task."
        )
    if sheet.settled:
        why = f" by “{sheet.plan.denials}”" if sheet.plan.denials else (
            ", since their codes leave money only to the contract, the patient or another payer"
        )  # fmt: skip
        said.append(
            f"No denial{why}, or all was paid: {_rows(len(sheet.settled))} "
            f"({_lines(sheet.settled)}); they make no task."
        )
    whatever = ", whatever codes they have" if sheet.plan.codes else ""
    said += [
        f"Denied by “{name}”{whatever}: {_rows(len(lines))} ({_lines(lines)})."
        for name, lines in sheet.denied_by.items()
    ]
    if sheet.unknown_states:
        said.append(
            f"In a state that is not known here: {_rows(sheet.unknown_states)}; they come in open."
        )
    if sheet.refused:
        said.append(f"Refused: {_rows(len(sheet.refused))}; correct them and bring them in again.")
    return said


def _hidden_warnings(sheet: Sheet) -> list[str]:
    said = []
    if sheet.left_hidden:
        said.append(
            f"Left out, because hidden in the workbook or by a filter: {_rows(sheet.left_hidden)}. "
            "To bring them in too, choose it on the Import page or show them in the workbook."
        )
    if sheet.took_hidden:
        said.append(f"Hidden in the workbook, and read all the same: {_rows(sheet.took_hidden)}.")
    used = {*sheet.plan.columns.values(), *sheet.plan.codes}
    if hidden := [name for name in sheet.grid.hidden_columns if name in used]:
        named = ", ".join(f"“{name}”" for name in hidden[:5])
        said.append(
            f"Hidden in the workbook, and read all the same: {named}. Look whether these columns "
            "are meant."
        )
    return said


def _unread_warning(sheet: Sheet) -> Sequence[str]:
    """Name the columns with values that were not read, and the lines of what could not be."""
    people = [column for which, column in sheet.plan.columns.items() if which in PEOPLE]
    others = dependents.columns(sheet.grid.columns, people)
    used = {
        *sheet.plan.columns.values(), *sheet.plan.codes, sheet.plan.denials, *sheet.denied_by,
        *(sheet.grid.columns[at] for at in (others.places if others else ())),
    }  # fmt: skip
    unread = [
        name for name in sheet.grid.columns
        if name not in used and name != REASON and fold(name) not in LINES
        and any(map(text_of, sheet.grid.column(name)))
    ]  # fmt: skip
    said = [
        f"Left empty, since it cannot be read: “{name}” in {_lines(lines)}."
        for name, lines in sheet.left_empty.items()
    ]
    if told := _unstated(sheet.plan):
        said.append(told)
    if unread:
        named = ", ".join(f"“{name}”" for name in unread[:MAX_NAMED])
        more = "" if len(unread) <= MAX_NAMED else f" and {len(unread) - MAX_NAMED} more"
        said.append(
            f"Columns not read: {named}{more}. What they hold can be chosen on the Import page."
        )
    return said


def _unstated(plan: ColumnMapping) -> str:
    """Return the sentence on a table whose columns say too little of whose claims they name."""
    has = plan.columns.keys()
    if not has & {*NUMBERS, Field.ICN}:
        return ""
    if not has & WHOSE and Field.SERVICE not in has:
        return (
            "No column was read as the patient or the date of service: no charge is found by a "
            "claim number alone."
        )
    if not has & WHOSE:
        return (
            "No column was read as the patient: charges are found by claim number and date of "
            "service."
        )
    return ""


def _lines(lines: Sequence[int]) -> str:
    named = ", ".join(map(str, lines[:MAX_LINES]))
    more = "" if len(lines) <= MAX_LINES else " …"
    return f"line{'s' if len(lines) > 1 else ''} {named}{more}"


def _date_warning(sheet: Sheet, which: Field) -> Sequence[str]:
    found = order_of(sheet.grid.column(sheet.plan.columns[which]))
    if found.is_sure or not found.example:
        return ()
    first = "month" if sheet.plan.orders.get(which) is not DateOrder.DAY_FIRST else "day"
    if found.is_mixed:
        return (
            f"{which.label}: some dates are written month first and some day first; what could be "
            f"read both ways was read {first} first.",
        )
    return (f"{which.label}: every date could be read both ways; it was read {first} first.",)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
