"""A table in a file, CSV or Excel, as rows of cells with their line numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from itertools import islice

from lib.errors import RefusedFile
from lib.intake.tables import heading_words

MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_LETTERS = 32_767  # in one cell; Excel's own limit
MAX_NAME = 100  # letters of a column's name
MAX_CACHED = 200  # letters of a text whose folded form is cached
HEADER_WITHIN = 20  # a report may begin with its title: the column names are in one of these rows
HUGE = 10**300
BOM = "\ufeff"  # found inside a file that was joined from two
NO_ROWS = "it holds no rows."
REASON = "Why it was refused"  # the added column of a file of rejected rows
NAMELESS = re.compile("Column [A-Z]{1,3}")  # what `_names` calls a column without a name
AGAIN = re.compile(r" \(\d+\)$")  # what it adds to a name that stood there before


class Uncomputed(str):
    """The text of a formula whose value the file does not hold."""

    __slots__ = ()


Cell = str | int | float | Decimal | bool | date | datetime | time | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its cells, and its line in the file."""

    line: int  # in the file, counted from 1
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet: its column names, and the rows below them, as wide as the names."""

    format: str  # CSV or XLSX
    columns: tuple[str, ...]  # each name once
    rows: tuple[Row, ...]
    sheet: str = ""
    sheets: tuple[str, ...] = ()  # names of the workbook's sheets
    warnings: tuple[str, ...] = ()
    hidden: frozenset[int] = frozenset()  # lines of rows that the workbook hides
    hidden_columns: tuple[str, ...] = ()
    is_from_1904: bool = False  # the workbook counts its days from 1904

    def column(self, name: str) -> list[Cell]:
        """Return the cells below a column name."""
        at = self.columns.index(name)
        return [row.cells[at] for row in self.rows]


def with_header(
    rows: Sequence[Row], known: frozenset[str], *, name: str
) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """Return the column names, and the non-empty rows below them.

    The header is the row among the first twenty that holds the most `known` names, two at least;
    else the first. Raises RefusedFile where there is no table.
    """
    filled = [row for row in rows if any(map(text_of, row.cells))]
    if not filled:
        raise RefusedFile(f"{name} was refused: {NO_ROWS}")
    head = max(filled[:HEADER_WITHIN], key=lambda row: (_names_known(row.cells, known), -row.line))
    below = [row for row in filled if row.line > head.line]
    width = max(_width(row.cells) for row in (head, *below))
    if width > MAX_COLUMNS:
        raise RefusedFile(f"{name} was refused: it has more than {MAX_COLUMNS} columns.")
    if len(below) > MAX_ROWS:
        raise too_many_rows(name)
    if not below:
        raise RefusedFile(f"{name} was refused: below the names of the columns it has no row.")
    return _names(head.cells, width), tuple(
        Row(row.line, (*row.cells, *[None] * width)[:width]) for row in below
    )


def too_many_rows(name: str) -> RefusedFile:
    """Return the error for a table with more rows than we import at once."""
    return RefusedFile(
        f"{name} was refused: it has more than {MAX_ROWS:,} rows. Divide it and bring the parts "
        "in one after another."
    )


def _width(cells: Sequence[Cell]) -> int:
    """Return how many cells there are up to the last that is not empty."""
    width = len(cells)
    while width and not text_of(cells[width - 1]):
        width -= 1
    return width


def names_known(rows: Iterable[Row], known: frozenset[str]) -> int:
    """Return how many `known` names the header among the first rows would hold."""
    filled = (row for row in rows if any(map(text_of, row.cells)))
    first = islice(filled, HEADER_WITHIN)
    return max((_names_known(row.cells, known) for row in first), default=0)


def _names_known(cells: Sequence[Cell], known: frozenset[str]) -> int:
    """Return how many `known` names a row holds. A single one counts as none, since a row of tasks
    may contain the word."""
    texts = (text_of(cell) for cell in cells[:MAX_COLUMNS])
    count = sum(
        len(text) <= MAX_NAME and (fold(text) in known or heading_words.is_known(text))
        for text in texts
    )
    return count if count > 1 else 0


def _names(cells: Sequence[Cell], width: int) -> tuple[str, ...]:
    """Return each column's name once: a second "Date" is "Date (2)", one without a name "Column
    C"."""
    names: dict[str, None] = {}
    for at in range(width):
        text = " ".join(text_of(cells[at]).split())[:MAX_NAME] if at < len(cells) else ""
        wanted = text or f"Column {letter(at)}"
        name, count = wanted, 1
        while name in names:
            count += 1
            name = f"{wanted} ({count})"
        names[name] = None
    return tuple(names)


def letter(at: int) -> str:
    """Return a column's letter in Excel: 0 is A, 26 is AA."""
    return (letter(at // 26 - 1) if at >= 26 else "") + chr(65 + at % 26)


def fold(text: str) -> str:
    """Return a column's name or a type in comparable form: lower-case letters and digits only."""
    return _folded(text) if len(text) <= MAX_CACHED else _fold(text)


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return _fold(text)


def _fold(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def text_of(cell: Cell) -> str:  # noqa: PLR0911 (one line a kind)
    """Return a cell as text: 12.0 is "12", a date is written YYYY-MM-DD."""
    if isinstance(cell, str):
        return clean(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, int):
        return str(cell) if abs(cell) < HUGE else "a number too large to be read"
    if isinstance(cell, float) and abs(cell) < 1e15 and cell == int(cell):
        return str(int(cell))
    return str(cell)


def clean(text: str) -> str:
    """Return text without control characters and lone surrogates; line breaks stay. Longer text
    than a cell can hold is cut, and ends in a sign that says so: it is no number, day or code."""
    if len(text) <= MAX_LETTERS and text.isprintable():
        return text.strip()
    if len(text) > MAX_LETTERS:
        text = f"{text[: MAX_LETTERS - 1]}…"
    kept = "".join(
        sign
        for sign in text.replace("\r\n", "\n").replace("\r", "\n")
        if sign in "\n\t" or (ord(sign) >= 32 and sign != BOM and not 0x7F <= ord(sign) < 0xA0)
    )
    return kept.encode("utf-8", "ignore").decode("utf-8").strip()
