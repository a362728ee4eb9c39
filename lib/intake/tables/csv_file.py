"""Tables as text: detect the separator, keep quoted line breaks inside their cell. Pure."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from lib.errors import RefusedFile
from lib.intake.tables.table import (
    MAX_COLUMNS,
    MAX_NAME,
    MAX_ROWS,
    Grid,
    Row,
    fold,
    too_many_rows,
    with_header,
)

SEPARATORS = (",", ";", "\t", "|")
LOOKED_AT = 20  # records by which the separator is judged
MAX_FIELD = 1_000_000  # letters of a cell
MAX_ABOVE = 1000  # rows that may stand above the names of the columns, or be empty
FORMULA = ("=", "+", "-", "@")


def separator(text: str, known: frozenset[str]) -> str | None:
    """Return the separator of the columns, or None if the text is no table.

    It is the character with which most columns have names we know; else the one that divides most
    records into the same number of columns.
    """
    if text[:4].lower() == "sep=" and text[4:5] in SEPARATORS:
        return text[4]

    def merit(sign: str) -> tuple[int, float, int]:
        widths, named = [], 0
        for row in _sample(text, sign):
            widths.append(len(row))
            named = max(named, sum(fold(cell) in known for cell in row if len(cell) <= MAX_NAME))
        wide = Counter(width for width in widths if width > 1)
        if not wide:
            return 0, 0.0, 0
        width, times = wide.most_common(1)[0]
        return named, times / len(widths), width

    merits = {sign: merit(sign) for sign in SEPARATORS}
    best = max(SEPARATORS, key=lambda sign: merits[sign])
    named, share, _ = merits[best]
    return best if named >= 1 or share >= 0.5 else None


def read(
    name: str, text: str, sign: str, known: frozenset[str], warnings: tuple[str, ...] = ()
) -> Grid:
    """Return the table in the text; `warnings` are about the text itself.

    Raises RefusedFile with the sentence that says why not.
    """
    skipped = 0
    if text[:4].lower() == "sep=":
        text = text.partition("\n")[2]
        skipped = 1
    misplaced: int | None = None
    most = MAX_ROWS + MAX_ABOVE + 1
    try:
        try:
            rows = list(islice(_records(text, sign, skipped, strict=True), most))
        except _Misplaced as problem:
            misplaced = problem.line
            rows = list(islice(_records(text, sign, skipped, strict=False), most))
            warnings += (
                "Some quotation marks are out of place; look whether the columns are right.",
            )
    except _Unclosed as problem:
        raise RefusedFile(
            f"{name} was refused: a quotation mark opened in line {misplaced or problem.line} is "
            "never closed. "
            "Nothing of it was imported."
        ) from problem
    except csv.Error as problem:
        raise RefusedFile(f"{name} was refused: it cannot be read as a table.") from problem
    except _TooLong as problem:
        raise RefusedFile(
            f"{name} was refused: in line {problem.line} a cell has more than {MAX_FIELD:,} "
            "letters."
        ) from problem
    if len(rows) > MAX_ROWS + MAX_ABOVE:
        raise too_many_rows(name)
    columns, below = with_header(rows, known, name=name)
    return Grid("CSV", columns, below, warnings=warnings)


def write(columns: list[str], rows: list[list[str]]) -> str:
    """Return a table as CSV. A cell that a spreadsheet would take for a formula gets an apostrophe
    before it, which `read` removes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in (columns, *rows):
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row])
    return out.getvalue()


class _Unclosed(Exception):
    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class _Misplaced(_Unclosed):
    """A quotation mark inside an unquoted cell."""


class _TooLong(Exception):
    """A cell longer than any real one."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


def _records(text: str, sign: str, skipped: int, *, strict: bool) -> Iterator[Row]:
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=strict)
    start = skipped + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            if "unexpected end" in str(problem):
                raise _Unclosed(start) from problem
            if strict and "expected after" in str(problem):
                raise _Misplaced(start) from problem
            if "field larger" in str(problem):
                raise _TooLong(start) from problem
            raise
        if not strict and skipped + reader.line_num > start:
            raise _Unclosed(start)  # where marks are misplaced, none may swallow a line
        if any(cells):
            yield Row(start, tuple(map(_plain, _trimmed(cells))))
        start = skipped + reader.line_num + 1


def _trimmed(cells: list[str]) -> list[str]:
    """Return the cells without the empty ones at the end. Of too many cells, one more than allowed
    is kept, so that the excess shows."""
    if len(cells) > MAX_COLUMNS:
        while len(cells) > MAX_COLUMNS and not cells[-1].strip():
            cells.pop()
        cells[MAX_COLUMNS:] = cells[MAX_COLUMNS:][-1:]
    return cells


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell


def _sample(text: str, sign: str) -> list[list[str]]:
    """Return the first records that are not empty, as far as they can be read."""
    found: list[list[str]] = []
    reader = csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=sign)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                found.append(row)
            if len(found) == LOOKED_AT:
                break
    except csv.Error:
        pass
    return found
