"""Tables in Excel workbooks: values only, no formula is run, and what unpacks is bounded. Pure."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

from lib.errors import RefusedFile
from lib.intake.tables.table import (
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    Grid,
    Row,
    Uncomputed,
    names_known,
    text_of,
    with_header,
)

MAX_UNPACKED = 300_000_000  # bytes of all parts
MAX_TEXTS = 100_000_000  # bytes of the shared texts: they are held in memory
MAX_PARTS = 2000
MAX_CELLS = 5_000_000  # of all sheets, empty ones included: each takes its time
MAX_IN_ROW = 16_384  # Excel's own limit
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ELEMENT = re.compile(rb"<(?:\w+:)?(?:c|(row))[\s/>]")
OTHER_PROGRAMS = {"xl/workbook.bin", "content.xml", "word/document.xml"}  # .xlsb, .ods, .docx
LOOKED_AT = 200  # rows in which the names of the columns are looked for
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

Formulas = dict[tuple[int, int], str]  # by row and column

warnings.filterwarnings("ignore", module="openpyxl")  # about styles and extensions it leaves out


def is_workbook(content: bytes) -> bool:
    return content.startswith(b"PK\x03\x04")


def read(name: str, content: bytes, wanted: str | None, known: frozenset[str]) -> Grid:
    """The table of the sheet that is wanted, or of the one whose columns we know best.

    Raises RefusedFile with the sentence that says why not.
    """
    _bounded(name, content)
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Exception as problem:  # whatever openpyxl meets in a damaged workbook
        raise _unreadable(name) from problem
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        names = tuple(sheet.title for sheet in sheets)
        merits = {
            sheet.title: names_known(_rows(name, sheet, LOOKED_AT), known) for sheet in sheets
        }
        sheets.sort(key=lambda sheet: (sheet.title != wanted, -merits[sheet.title]))
        refused: RefusedFile | None = None
        for sheet in sheets:
            try:
                filled = list(_rows(name, sheet, formulas=_formulas(content, sheet.title)))
                columns, rows = with_header(filled, known, format_="XLSX", name=name)
            except RefusedFile as problem:
                refused = refused or problem
                continue
            others = [title for title in names if merits[title] > 2 and title != sheet.title]
            return Grid("XLSX", columns, rows, sheet.title, names, _unread(sheet.title, others))
    except RefusedFile:
        raise
    except Exception as problem:  # the parts are unpacked and read as the rows are asked for
        raise _unreadable(name) from problem
    finally:
        book.close()
    raise refused or RefusedFile(f"{name} was refused: it has no sheet that can be seen.")


def _unread(sheet: str, others: list[str]) -> tuple[str, ...]:
    """What is worth saying where other sheets look like tasks too."""
    if not others:
        return ()
    named = ", ".join(f"“{title}”" for title in others[:5])
    return (
        f"Only the sheet “{sheet}” was read. Save each of the others that hold tasks as a file of "
        f"its own: {named}.",
    )


def _unreadable(name: str) -> RefusedFile:
    return RefusedFile(
        f"{name} was refused: it is damaged or locked with a password, so it cannot be read as an "
        "Excel workbook."
    )


def _bounded(name: str, content: bytes) -> None:
    """Refuse what would unpack without measure, or declares entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            texts = sum(p.file_size for p in parts if p.filename.endswith("sharedStrings.xml"))
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or texts > MAX_TEXTS:
                raise RefusedFile(f"{name} was refused: unpacked it is too large to be read.")
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names and names & OTHER_PROGRAMS:
                raise RefusedFile(
                    f"{name} was refused: it is no Excel workbook that can be read here. Save its "
                    "table as .xlsx or .csv."
                )
            if "xl/workbook.xml" not in names:
                raise RefusedFile(
                    f"{name} was refused: it is a ZIP archive but no Excel workbook. Unpack it "
                    "and bring in the files."
                )
            if not _is_countable(packed):
                raise RefusedFile(f"{name} was refused: unpacked it is too large to be read.")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with packed.open(part) as opened:
                        if b"<!DOCTYPE" in opened.read(4096):
                            raise _unreadable(name)
    except RefusedFile:
        raise
    except Exception as problem:  # zipfile raises many things for damaged archives
        raise _unreadable(name) from problem


def _is_countable(packed: zipfile.ZipFile) -> bool:
    """False where the sheets have more cells than anybody needs."""
    cells = 0
    for part in packed.infolist():
        if not part.filename.startswith("xl/worksheets/"):
            continue
        in_row = 0
        with packed.open(part) as opened:
            while piece := opened.read(1 << 20):
                for found in _ELEMENT.finditer(piece):
                    in_row = 0 if found[1] else in_row + 1
                    cells += not found[1]
                    if in_row > MAX_IN_ROW or cells > MAX_CELLS:
                        return False
    return True


def _formulas(content: bytes, title: str) -> Formulas:
    """The formulas of a sheet by row and column; none where no sheet has any."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = (p for p in packed.namelist() if p.startswith("xl/worksheets/"))
        if not any(_FORMULA.search(packed.read(part)) for part in parts):
            return {}
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    try:
        sheet: Any = book[title]
        sheet.reset_dimensions()
        return {
            (cell.row, cell.column): str(cell.value)
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f"
        }
    finally:
        book.close()


def _rows(
    name: str, sheet: Any, last: int | None = None, formulas: Formulas | None = None
) -> Iterator[Row]:
    """The rows that are not empty, of all or of those down to the `last`."""
    sheet.reset_dimensions()  # what a file says of its own size is not to be believed
    count = 0
    for row in sheet.iter_rows(max_row=last):
        cells = tuple(_value(cell, formulas or {}) for cell in row[: MAX_COLUMNS + 1])
        if not any(map(text_of, cells)):
            continue
        count += 1
        if count > MAX_ROWS + 1000:
            raise RefusedFile(
                f"{name} was refused: it has more than {MAX_ROWS:,} rows. Divide it and bring "
                "the parts in one after another."
            )
        line = next((cell.row for cell in row if getattr(cell, "row", None)), count)
        yield Row(line, cells)


def _value(cell: Any, formulas: Formulas) -> Cell:
    """The value of a cell; a number that is shown with leading zeros keeps them."""
    value: Cell = cell.value
    if value is None and formulas and cell.data_type == "n":  # "str": it came to an empty text
        written = formulas.get((getattr(cell, "row", 0), getattr(cell, "column", 0)))
        return None if written is None else Uncomputed(written)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        shown = str(cell.number_format or "")
        if len(shown) > 1 and set(shown) == {"0"} and value == int(value):
            return f"{int(value):0{len(shown)}}"
    return value
