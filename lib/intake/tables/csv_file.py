"""Tables as text: encoding and separator are found out, quoted line breaks stay inside. Pure."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator

from lib.errors import RefusedFile
from lib.intake.tables.table import MAX_ROWS, Grid, Row, fold, with_header

SEPARATORS = (",", ";", "\t", "|")
LOOKED_AT = 20  # records from which the separator is judged
MAX_FIELD = 1_000_000
FORMULA = ("=", "+", "-", "@")


def decode(content: bytes) -> str | None:
    """The text, or None where the bytes are none: UTF-8, UTF-16 or Windows-1252."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return _checked(content.decode(encoding, "replace"))
    start = content[:2000]
    if start.count(0) > len(start) // 4:
        little = start[1::2].count(0) >= start[::2].count(0)
        return _checked(content.decode("utf-16-le" if little else "utf-16-be", "replace"))
    try:
        return _checked(content.decode("utf-8"))
    except UnicodeDecodeError:
        return _checked(content.decode("cp1252", "replace"))


def _checked(text: str) -> str | None:
    """The text where it is one: a file of pictures or programs is full of control signs."""
    start = text[:4000]
    odd = sum(ord(sign) < 32 and sign not in "\r\n\t\f" for sign in start)
    return None if "\0" in text or odd * 50 > len(start) else text


def separator(text: str, known: frozenset[str]) -> str | None:
    """What divides the columns, or None where the text is no table.

    The sign with which most columns are named as we know them; else the one that divides most
    records into the same number of columns.
    """
    if text[:4].lower() == "sep=" and text[4:5] in SEPARATORS:
        return text[4]

    def merit(sign: str) -> tuple[int, float, int]:
        widths, named = [], 0
        for row in _sample(text, sign):
            widths.append(len(row))
            named = max(named, sum(fold(cell) in known for cell in row))
        wide = Counter(width for width in widths if width > 1)
        if not wide:
            return 0, 0.0, 0
        width, times = wide.most_common(1)[0]
        return named, times / len(widths), width

    merits = {sign: merit(sign) for sign in SEPARATORS}
    best = max(SEPARATORS, key=lambda sign: merits[sign])
    named, share, _ = merits[best]
    return best if named >= 1 or share >= 0.5 else None


def read(name: str, text: str, sign: str, known: frozenset[str]) -> Grid:
    """The table in the text. Raises RefusedFile with the sentence that says why not."""
    skipped = 0
    if text[:4].lower() == "sep=":
        text = text.partition("\n")[2]
        skipped = 1
    warnings: tuple[str, ...] = ()
    misplaced: int | None = None
    try:
        try:
            rows = list(_records(text, sign, skipped, strict=True))
        except _Misplaced as problem:
            misplaced = problem.line
            rows = list(_records(text, sign, skipped, strict=False))
            warnings = (
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
    if len(rows) > MAX_ROWS + 1000:
        raise RefusedFile(
            f"{name} was refused: it has more than {MAX_ROWS:,} rows. Divide it and bring the "
            "parts in one after another."
        )
    columns, below = with_header(rows, known, format_="CSV", name=name)
    return Grid("CSV", columns, below, warnings=warnings)


def write(columns: list[str], rows: list[list[str]]) -> str:
    """A table as CSV. A cell that a spreadsheet would take for a formula gets an apostrophe
    before it; `read` takes it off again."""
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
    """A quotation mark inside a cell."""


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
            raise
        if not strict and skipped + reader.line_num > start:
            raise _Unclosed(start)  # where marks are out of place, none may swallow a line
        yield Row(start, tuple(_plain(cell) for cell in cells))
        start = skipped + reader.line_num + 1


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell


def _sample(text: str, sign: str) -> list[list[str]]:
    """The first records that are not empty, as far as they can be read."""
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
