"""Tables in Excel workbooks: values only, no formula is run, and unpacking is bounded. Pure."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

from lib.errors import RefusedFile
from lib.intake.tables import workbook_safety
from lib.intake.tables.table import (
    MAX_COLUMNS,
    MAX_ROWS,
    NO_ROWS,
    Cell,
    Grid,
    Row,
    Uncomputed,
    names_known,
    text_of,
    too_many_rows,
    with_header,
)
from lib.intake.tables.workbook_safety import Odd, Scan, TooLarge

MAX_UNPACKED = 300_000_000  # bytes of all parts
MAX_TEXTS = 100_000_000  # bytes of the shared strings, which are held in memory
MAX_PARTS = 2000
MAX_CELLS = 5_000_000  # of all sheets, empty ones included: each takes time
MAX_LETTERS = 200_000_000  # of a sheet: one shared string can stand in many cells
OTHER_PROGRAMS = {  # told by a part that only their files have
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "content.xml": "an OpenDocument file (.ods, .odt)",
    "word/document.xml": "a Word document (.docx)",
    "ppt/presentation.xml": "a presentation (.pptx)",
    "Index/Document.iwa": "a document of Apple's Numbers, Pages or Keynote",
}
MAX_ZEROS = 40  # digits to which a number may be padded with zeros
LOOKED_AT = 200  # rows among which the column names are looked for

Formulas = dict[tuple[int, int], str]  # by row and column

warnings.filterwarnings("ignore", module="openpyxl")  # about styles and extensions that it drops


def is_workbook(content: bytes) -> bool:
    """Return True for a ZIP archive, which every workbook is."""
    return content.startswith(b"PK\x03\x04")


def read(name: str, content: bytes, wanted: str | None, known: frozenset[str]) -> Grid:
    """Return the table in the wanted sheet, or in the one whose columns we know best.

    Raises RefusedFile with the sentence that says why not.
    """
    scans = _bounded(name, content)
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except MemoryError:
        raise
    except Exception as problem:  # openpyxl raises many things for a damaged workbook
        raise _unreadable(name, problem) from problem
    try:
        return _table(name, content, book, wanted, known, scans)
    except (RefusedFile, MemoryError):
        raise
    except Exception as problem:  # parts are unpacked and read only as the rows are asked for
        raise _unreadable(name, problem) from problem
    finally:
        book.close()


def _table(
    name: str,
    content: bytes,
    book: Any,
    wanted: str | None,
    known: frozenset[str],
    scans: dict[str, Scan],
) -> Grid:
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    unseen = [sheet for sheet in book.worksheets if sheet.sheet_state != "visible"]
    merits = {
        sheet.title: names_known(_rows(name, sheet, LOOKED_AT), known) for sheet in book.worksheets
    }
    names = tuple(sheet.title for sheet in sheets)
    hidden = [sheet.title for sheet in unseen if merits[sheet.title] > 2]
    sheets.sort(key=lambda sheet: (sheet.title != wanted, -merits[sheet.title]))
    refused: list[str] = []
    for sheet in sheets:
        scan = scans.get(str(getattr(sheet, "_worksheet_path", "")).lstrip("/"), Scan())
        formulas = _formulas(content, sheet.title) if scan.has_formulas else {}
        try:
            filled = list(_rows(name, sheet, formulas=formulas))
            columns, rows = with_header(filled, known, name=name)
        except RefusedFile as problem:
            refused.append(str(problem))
            continue
        others = [title for title in names if merits[title] > 2 and title != sheet.title]
        return Grid(
            "XLSX",
            columns,
            rows,
            sheet.title,
            names,
            (*_unread(sheet.title, others), *_unseen(hidden)),
            frozenset(row.line for row in rows if row.line in scan.hidden_rows),
            tuple(column for at, column in enumerate(columns) if scan.hides_column(at)),
            book.epoch.year == 1904,
        )
    refused.sort(key=lambda said: said.endswith(NO_ROWS))  # the most informative one first
    why = next(iter(refused), f"{name} was refused: it has no sheet of cells that can be seen.")
    raise RefusedFile(" ".join((why, *_unseen(hidden))))


def _unread(sheet: str, others: list[str]) -> tuple[str, ...]:
    """Return a warning if other sheets look like tasks too."""
    if not others:
        return ()
    return (
        f"Only the sheet “{sheet}” was read. Save each of the others that hold tasks as a file of "
        f"its own: {_named(others)}.",
    )


def _unseen(hidden: list[str]) -> tuple[str, ...]:
    """Return a warning if hidden sheets look like tasks."""
    if not hidden:
        return ()
    return (
        f"Not read, because hidden in the workbook: {_named(hidden)}. Show what holds tasks, save "
        "it and bring it in.",
    )


def _named(titles: list[str]) -> str:
    return ", ".join(f"“{title}”" for title in titles[:5])


def _unreadable(name: str, problem: Exception) -> RefusedFile:
    if "integer string conversion" in str(problem):
        return RefusedFile(f"{name} was refused: a cell holds a number of thousands of digits.")
    return RefusedFile(
        f"{name} was refused: it cannot be read as an Excel workbook. It is damaged, or made in a "
        "way that is not read here: open it in Excel, save it as .xlsx and bring that in."
    )


def _too_large(name: str) -> RefusedFile:
    return RefusedFile(f"{name} was refused: unpacked it is too large to be read.")


def _bounded(name: str, content: bytes) -> dict[str, Scan]:
    """Refuse what would unpack without limit or declares entities. Return what each sheet holds, by
    its part."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            texts = sum(p.file_size for p in parts if p.filename.endswith("sharedStrings.xml"))
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or texts > MAX_TEXTS:
                raise _too_large(name)
            if what := _other_program({part.filename for part in parts}):
                raise RefusedFile(f"{name} was refused: {what}")
            if workbook_safety.is_locked(packed):
                raise RefusedFile(
                    f"{name} was refused: it is locked with a password. Save it without one."
                )
            return _scans(packed)
    except (RefusedFile, MemoryError):
        raise
    except TooLarge as problem:
        raise _too_large(name) from problem
    except Odd as problem:
        raise RefusedFile(
            f"{name} was refused: it is damaged, or made to do harm: {problem}."
        ) from problem
    except Exception as problem:  # zipfile and expat raise many things for damaged archives
        raise _unreadable(name, problem) from problem


def _other_program(names: set[str]) -> str:
    """Return the sentence about an archive that is no Excel workbook; empty if it is one."""
    if "xl/workbook.xml" in names:
        return ""
    for part, what in OTHER_PROGRAMS.items():
        if part in names:
            return f"it is {what}, not an .xlsx workbook. Save its table as .xlsx or .csv."
    if "[Content_Types].xml" in names and any(part.lower().startswith("xl/") for part in names):
        return (
            "it is an Excel workbook, but made in a way that is not read here. Open it in Excel, "
            "save it as .xlsx and bring that in."
        )
    return "it is a ZIP archive but no Excel workbook. Unpack it and bring in the files."


def _scans(packed: zipfile.ZipFile) -> dict[str, Scan]:
    """Return what each sheet holds. Raise if a part declares entities or there are too many
    cells."""
    found: dict[str, Scan] = {}
    left = MAX_CELLS
    for part in packed.infolist():
        name = part.filename
        if not name.endswith((".xml", ".rels")):
            continue
        with packed.open(part) as opened:
            if name.startswith("xl/worksheets/") and not name.endswith(".rels"):
                found[name] = workbook_safety.scan(opened, left)
                left -= found[name].cells
            else:
                workbook_safety.check_prolog(opened)
    return found


def _formulas(content: bytes, title: str) -> Formulas:
    """Return the formulas of a sheet by row and column."""
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
    """Yield the rows that are not empty: all of them, or those down to `last`."""
    sheet.reset_dimensions()  # a file's statement of its own size cannot be trusted
    count = letters = 0
    for row in sheet.iter_rows(max_row=last):
        near, far = row[:MAX_COLUMNS], [cell for cell in row[MAX_COLUMNS:] if cell.value]
        cells = tuple(_value(cell, formulas or {}) for cell in (*near, *far[:1]))
        if not any(map(text_of, cells)):
            continue
        count += 1
        letters += sum(len(cell) for cell in cells if isinstance(cell, str))
        if letters > MAX_LETTERS:
            raise _too_large(name)
        if count > MAX_ROWS + 1000:
            raise too_many_rows(name)
        line = next((cell.row for cell in row if getattr(cell, "row", None)), count)
        yield Row(line, cells)


def _value(cell: Any, formulas: Formulas) -> Cell:
    """Return the value of a cell; a number displayed with leading zeros keeps them."""
    value: Cell = cell.value
    # "str" would be a formula whose result is an empty text
    if value is None and formulas and cell.data_type == "n":
        written = formulas.get((getattr(cell, "row", 0), getattr(cell, "column", 0)))
        return None if written is None else Uncomputed(written)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        shown = str(cell.number_format or "")
        is_padded = 1 < len(shown) <= MAX_ZEROS and set(shown) == {"0"}
        if is_padded and math.isfinite(value) and value == int(value):
            return f"{int(value):0{len(shown)}}"
    return value
