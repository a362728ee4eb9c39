"""Rows below or between the claims of a table that are none: sums, counts, and a report's footer.
Pure.

A row is taken for one only where it names no claim and no patient, and all that it says is a footer
alone, the sum of the amounts above it, or a word of totals: in the place of the claim's number
beside anything, elsewhere beside numbers, days, a currency and whose total it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from lib.intake.tables.cells import DateOrder, day, is_blank, is_like_money, money
from lib.intake.tables.columns import DATES, WHOSE, Field
from lib.intake.tables.table import Cell, Row, Uncomputed, text_of

MAX_LETTERS = 120  # of a footer or a word of totals
NUMBERS = (Field.CLAIM, Field.ACCOUNT, Field.OTHER, Field.ICN)
REPEATED = (Field.PAYER, Field.PROVIDER, Field.STATUS)  # a total can be of one of these
WHICH = WHOSE | {*DATES, *NUMBERS}  # what names a claim
_COUNTED = r"claims?|records?|rows?|items?|lines?|denials?|accounts?|patients?|entries"
_OF = r"(?: (?:for|of|by|in|on|this) .{1,80})?"
_TOTAL = re.compile(
    rf"(?:(?:grand|sub|report|page|overall|running|column|net|final|sheet|payer|the)[ -]?)?"
    rf"(?:totals?|sums?)(?: (?:{_COUNTED}|amounts?|charges?|billed|paid|denied|due|balance|count))*"
    rf"{_OF}"
    rf"|subtotals?{_OF}|(?:average|avg|mean)(?: amount)?"
    rf"|(?:(?:{_COUNTED}) )?count(?: of (?:{_COUNTED}))?"
    rf"|(?:number|no|#) ?of (?:{_COUNTED})|(?:{_COUNTED})(?: listed| shown)?",
)
_COUNT = re.compile(
    rf"\d[\d,]{{0,12}} (?:total )?(?:{_COUNTED})(?: listed| shown| in total| total)?"
)
_FOOTER = re.compile(
    r"(?:(?:this )?(?:report|list|file|data|document) (?:was )?)?"
    r"(?:generated|printed|created|produced|exported|prepared|run|extracted|downloaded)"
    r"(?: (?:on|at|by|from|date|time)\b.*|:.*)?"
    r"|page \d{1,6}(?: ?(?:of|/) ?\d{1,6})?|end of (?:the )?(?:report|list|file|data)"
    r"|(?:run|print|report) (?:date|time)\b.*|confidential\b.*|copyright\b.*|©.*|\(c\) .*"
    r"|filters? applied\b.*|applied filters?\b.*|contains (?:phi|protected health)\b.*"
)
_BESIDE = re.compile(
    r"usd|us ?dollars?|dollars?|\$|all(?: \w{1,30})?|n/?a|none|[\d.,]{1,20} ?%"
    r"|(?:as of|through|thru|from|to|for)? ?\d{1,4}[-/]\d{1,2}[-/]\d{1,4}"
    r"(?: ?(?:-|to|through|thru) ?\d{1,4}[-/]\d{1,2}[-/]\d{1,4})?"
)
_VALUE = re.compile(
    rf"[-:=.\s]{{0,9}}\$?\(?[\d,. ]{{0,20}}(?:{_COUNTED})?\)?"
)  # after the word: "Total: 540.00"


def lines(rows: Sequence[Row], at: Mapping[Field, int]) -> frozenset[int]:
    """Return the lines of the rows that are no claims; `at` are the columns of the table."""
    naming = [place for which, place in at.items() if which in WHICH]
    whose = [place for which, place in at.items() if which in WHOSE]
    numbers = [at[which] for which in NUMBERS if which in at]
    repeated = {
        at[which]: {_plain(row.cells[at[which]]) for row in rows if _filled(row, naming)}
        for which in REPEATED
        if which in at
    }
    amounts = [at[which] for which in (Field.AMOUNT, Field.BILLED) if which in at]
    found = {
        row.line
        for row in rows
        if _is_footer(row)
        or _is_number_of_total(row, numbers, whose)
        or _is_worded(row, naming, repeated)
    }
    last = max(
        (row.line for row in rows if row.line not in found and _filled(row, naming)), default=0
    )
    summed, several = dict.fromkeys(amounts, Decimal(0)), 0
    for row in rows:
        if row.line > last and several > 1 and _is_sum(row, summed):
            found.add(row.line)
        elif row.line not in found:
            several += 1
            for place in amounts:
                summed[place] += money(row.cells[place]) or 0
    return frozenset(found)


def _is_footer(row: Row) -> bool:
    """Return True if the row says a footer, and no more than a day beside it."""
    first = next((cell for cell in row.cells if text_of(cell)), None)
    if not _FOOTER.fullmatch(_plain(first)):
        return False
    _, *more = _filled(row, range(len(row.cells)))
    return all(day(cell, DateOrder.MONTH_FIRST) or _FOOTER.fullmatch(_plain(cell)) for cell in more)


def _is_number_of_total(row: Row, numbers: Sequence[int], whose: Sequence[int]) -> bool:
    """Return True if a word of totals stands where claims have their number, and no patient is
    named."""
    named = _filled(row, numbers)
    is_total = bool(named) and all(_says_total(_plain(cell)) for cell in named)
    return is_total and not any(
        not _says_total(_plain(cell)) and not _is_number(cell) for cell in _filled(row, whose)
    )


def _is_worded(row: Row, naming: Sequence[int], repeated: Mapping[int, set[str]]) -> bool:
    """Return True if a word of totals is all that the row says but for numbers, days, a currency,
    and what the claims say in the same columns of payer, provider or status."""
    named = _filled(row, naming)
    if len(named) > 1 or any(not _says_total(_plain(cell)) for cell in named):
        return False
    filled = [(at, cell) for at in range(len(row.cells)) for cell in _filled(row, [at])]
    words = [cell for _, cell in filled if _says_total(_plain(cell))]
    return bool(words) and all(
        cell in words or _is_beside(cell) or _plain(cell) in repeated.get(at, ())
        for at, cell in filled
    )


def _is_beside(cell: Cell) -> bool:
    """Return True for what stands beside a total and names no claim."""
    is_day = day(cell, DateOrder.MONTH_FIRST) is not None
    return _is_number(cell) or is_day or bool(_BESIDE.fullmatch(_plain(cell)))


def _is_sum(row: Row, summed: Mapping[int, Decimal]) -> bool:
    """Return True if the row says nothing but numbers, and its amounts are the sums of those above
    it."""
    filled = _filled(row, range(len(row.cells)))
    told = {place: money(row.cells[place]) for place in summed}
    is_plain = all(map(_is_number, filled))
    are_sums = [found == summed[place] for place, found in told.items() if found]
    return is_plain and bool(are_sums) and all(are_sums)


def _filled(row: Row, places: Iterable[int]) -> list[Cell]:
    return [cell for at in places if text_of(cell := row.cells[at]) and not is_blank(cell)]


def _says_total(text: str) -> bool:
    if _COUNT.fullmatch(text):
        return True
    found = _TOTAL.match(text)
    return bool(found and _VALUE.fullmatch(text[found.end() :]))


def _plain(cell: Cell) -> str:
    text = " ".join(text_of(cell)[: MAX_LETTERS + 1].casefold().split())
    return text.strip("-*=:. ") if len(text) <= MAX_LETTERS else ""


def _is_number(cell: Cell) -> bool:
    """Return True for an amount or a count, and for a sum that the file does not hold."""
    return isinstance(cell, Uncomputed) or is_like_money(cell)
