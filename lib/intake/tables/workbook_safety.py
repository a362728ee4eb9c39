"""Scan a workbook before reading it: what its parts declare, how large its sheets are, what they
hide.

Pure. The parts are walked, never held: a few bytes can describe a sheet of 20,000,000 rows.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO
from xml.parsers import expat

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # Excel's own limits
PIECE = 1 << 16  # bytes
_TRUE = {"1", "true"}
PIXEL = 0.75  # points; columns are measured in digits


class TooLarge(Exception):
    """The sheets have more cells than any real workbook."""


class Odd(Exception):
    """The workbook contains something that none should; the message continues "because "."""


class _Begun(Exception):
    """The first element of a part was reached."""


@dataclass(slots=True)
class Scan:
    """What one sheet holds, by its XML."""

    hidden_rows: set[int] = field(default_factory=set)  # counted from 1
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)  # from, to; from 1
    sized_columns: list[tuple[int, int]] = field(default_factory=list)  # with a width of their own
    # rows and columns that have no size of their own are hidden
    hides_other_rows: bool = False
    hides_other_columns: bool = False
    is_filtered: bool = False
    has_formulas: bool = False
    cells: int = 0  # including empty ones in between

    def hides_column(self, at: int) -> bool:
        """Return True if the workbook hides a column, counted from 0."""
        if any(first <= at + 1 <= last for first, last in self.hidden_columns):
            return True
        is_sized = any(first <= at + 1 <= last for first, last in self.sized_columns)
        return self.hides_other_columns and not is_sized


def check_prolog(opened: IO[bytes]) -> None:
    """Refuse a part that declares entities, in whatever encoding. Raises Odd."""
    parser = _parser()

    def begun(_name: str, _attributes: dict[str, str]) -> None:
        raise _Begun

    parser.StartElementHandler = begun
    try:
        _feed(parser, opened)
    except _Begun:
        return


def scan(opened: IO[bytes], most_cells: int) -> Scan:
    """Count what a sheet holds. Raises TooLarge, Odd, and expat's errors for what is no XML."""
    found = Scan()
    parser = _parser()
    parser.StartElementHandler = _Walk(found, most_cells).start
    _feed(parser, opened)
    return found


class _Walk:
    """The handler of one sheet's elements."""

    def __init__(self, found: Scan, most_cells: int) -> None:
        self.found, self.most = found, most_cells
        self.row = self.column = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self.cell(attributes.get("r"))
        elif name == "row":
            self.begin_row(attributes)
        elif name == "f":
            self.found.has_formulas = True
        elif name == "col":
            self.columns(attributes)
        elif name == "sheetFormatPr":
            # ECMA-376 18.3.1.81; where zeroHeight is set, rows that are written are shown
            self.found.hides_other_rows = _is_unseen(attributes.get("defaultRowHeight", ""))
            self.found.hides_other_columns = _is_unseen(attributes.get("defaultColWidth", ""))
        elif name in ("autoFilter", "filterColumn"):
            self.found.is_filtered = True

    def begin_row(self, attributes: dict[str, str]) -> None:
        written = attributes.get("r")
        row = _number(written, LAST_ROW, "row") if written else self.row + 1
        if row <= self.row or row > LAST_ROW:
            raise Odd(f"row {row:,} follows row {self.row:,}")
        self.row, self.column = row, 0
        self.found.cells += 1
        height = attributes.get("ht") or ("0" if self.found.hides_other_rows else "")
        if attributes.get("hidden") in _TRUE or _is_unseen(height):
            self.found.hidden_rows.add(row)

    def cell(self, written: str | None) -> None:
        column = _column(written[: _digits_at(written)]) if written else self.column + 1
        if column > LAST_COLUMN:
            raise TooLarge
        # One cell far to the right makes all before it, even if the file leaves them out.
        self.found.cells += max(column - self.column, 1)
        self.column = max(column, self.column)
        if self.found.cells > self.most:
            raise TooLarge

    def columns(self, attributes: dict[str, str]) -> None:
        is_hidden = attributes.get("hidden") in _TRUE or _is_unseen(attributes.get("width", ""))
        if not is_hidden and "width" not in attributes:
            return
        first, last = (
            _number(attributes.get(end, ""), LAST_COLUMN, "column") for end in ("min", "max")
        )
        found = self.found.hidden_columns if is_hidden else self.found.sized_columns
        if len(found) < LAST_COLUMN:
            found.append((first, last))


def _is_unseen(size: str) -> bool:
    """Return True for a height or width of less than a pixel."""
    try:
        return float(size) < PIXEL
    except ValueError:
        return False


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()

    def doctype(*_: object) -> None:
        raise Odd("it declares XML entities")

    parser.StartDoctypeDeclHandler = doctype
    return parser


def _feed(parser: expat.XMLParserType, opened: IO[bytes]) -> None:
    while piece := opened.read(PIECE):
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def _number(written: str, most: int, what: str) -> int:
    """Return a whole number from 1 to `most`; some programs write 3.0. Raises Odd for others."""
    whole = written.removesuffix(".0")
    if not (whole.isascii() and whole.isdigit()) or len(whole) > 12:
        raise Odd(f"it names a {what} that is no number")
    if not 1 <= int(whole) <= most:
        raise Odd(f"it names {what} {int(whole):,}, and a workbook has {most:,}")
    return int(whole)


def _digits_at(written: str) -> int:
    """Return where the digits of "AB12" begin."""
    return next((at for at, sign in enumerate(written[:5]) if sign.isdigit()), len(written))


@lru_cache(maxsize=LAST_COLUMN)
def _column(letters: str) -> int:
    """Return the column that its letters name, counted from 1. Raises Odd if they name none."""
    if not (0 < len(letters) <= 3 and letters.isascii() and letters.isalpha()):
        raise Odd("it names a column that is none")
    number = 0
    for sign in letters.upper():
        number = number * 26 + ord(sign) - 64
    return number


def is_locked(packed: zipfile.ZipFile) -> bool:
    """Return True if parts of the archive are protected by a password."""
    return any(part.flag_bits & 1 for part in packed.infolist())
