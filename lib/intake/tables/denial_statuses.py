"""Whether a row of a denial list says in one of its columns that the payer denied the claim. Pure.

A row that says so is a denial whatever its codes say, as CLP02 = 4 is in an 835.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lib.intake.tables.table import Cell, Row, Uncomputed, fold, text_of

MAX_LOOKED_AT = 300  # letters of a cell
_STATUS = re.compile(
    r"status|\bsts?\b|\bstat\b|\bstate\b|disposition|outcome|\bresult|determination|decision"
    r"|adjudicat|\bclp ?02\b"
)
_FLAG = re.compile(r"(?:is |was |claim |line |fully )*(?:denied|denial|rejected|rejection)[? ]*")
_YES = frozenset({"y", "yes", "true", "x", "1"})
_NO = frozenset({"n", "no", "false", "0"})
_DENIED = re.compile(r"(?<![a-z])(?:denied|rejected|declined|disallowed|refused|dnd)(?![a-z])")
# Under a heading of statuses shorter words are enough, and codes: 4 is CLP02's, F2 a finalized
# denial and A3, A6, A7 and A8 rejections (X12 code source 507).
_DENIED_STATUS = re.compile(
    r"(?<![a-z])(?:denial|denials|deny|den|dny|rejection|reject|rej|refusal)(?![a-z])"
    r"|^(?:d|dn)$|^0?4(?:\.0)?(?:$|\s*[-:=.)(])|^(?:f2|a[3678])(?![a-z0-9])"
)
_NEGATED = re.compile(
    r"(?:\bnot|\bnever|\bnon|\bno|n['’]t)[ -]+(?:(?:yet|been|be|longer|yet been)[ -]+)?$"
)
# What a status says of a claim that was not denied, or not yet decided; "processed" and CLP02's 1,
# 2 and 3 say neither.
_NO_DENIAL = re.compile(
    r"(?<![a-z])(?:paid|approved|allowed|accepted|pend(?:ed|ing)?|in (?:process|progress|review)"
    r"|under review|received|submitted|acknowledged|reversed)(?![a-z])"
    r"|^f1(?![a-z0-9])|^p[0-5](?![a-z0-9])|^a[12](?![a-z0-9])"
)
_DENIAL_WORD = re.compile(rf"{_DENIED.pattern}|(?<![a-z])(?:denial|rejection)(?![a-z])")
_MARKS = re.compile(r"[\s_]+")


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """A column in which a row can say that it is a denial."""

    at: int
    name: str
    is_status: bool  # its heading means what was decided
    is_flag: bool  # its heading asks whether the claim was denied


def is_of_statuses(heading: str) -> bool:
    """Return True if a heading means what became of a claim."""
    return bool(_STATUS.search(_heading(heading)))


def columns(
    names: Sequence[str], held: Collection[str], codes: Sequence[str]
) -> tuple[StatusColumn, ...]:
    """Return the columns to look in, those of statuses first: every one that holds nothing else.

    `held` are the columns with names, numbers, dates and amounts.
    """
    found = [
        StatusColumn(
            at,
            name,
            is_of_statuses(name) and name not in codes,
            is_flag(name),
        )
        for at, name in enumerate(names)
        if name not in held
    ]
    return tuple(sorted(found, key=lambda each: not each.is_status))


def denied_by(row: Row, several: Sequence[StatusColumn]) -> str:
    """Return the column in which the row says that the claim was denied; empty if it does not."""
    for each in several:
        cell = row.cells[each.at]
        if isinstance(cell, Uncomputed):
            continue
        text = text_of(cell)[:MAX_LOOKED_AT]
        if says_denied(text, is_status=each.is_status) or (each.is_flag and fold(text) in _YES):
            return each.name
    return ""


def says_denied(text: str, *, is_status: bool) -> bool:
    """Return True if a text says that the claim was denied. `is_status`: it stands where statuses
    do."""
    plain = _MARKS.sub(" ", text[:MAX_LOOKED_AT].casefold()).strip()
    patterns = (_DENIED, _DENIED_STATUS) if is_status else (_DENIED,)
    return any(
        not _NEGATED.search(plain[: found.start()])
        for pattern in patterns
        for found in pattern.finditer(plain)
    )


def denies(heading: str, cells: Sequence[Cell]) -> bool:
    """Return True if a column of statuses, or one that asks "Denied?", says of some row that its
    claim was denied."""
    is_status, asks = is_of_statuses(heading), is_flag(heading)
    if not is_status and not asks:
        return False
    texts = (text_of(each) for each in cells if not isinstance(each, Uncomputed))
    return any(
        says_denied(text, is_status=is_status) or (asks and fold(text) in _YES) for text in texts
    )


def says_no_denial(heading: str, cell: Cell) -> bool:
    """Return True if a status says that the claim was not denied, or is not decided yet."""
    text = "" if isinstance(cell, Uncomputed) else text_of(cell)
    plain = _MARKS.sub(" ", text[:MAX_LOOKED_AT].casefold()).strip()
    is_negated = any(_NEGATED.search(plain[: at.start()]) for at in _DENIAL_WORD.finditer(plain))
    if is_flag(heading):
        return is_negated or fold(plain) in _NO
    named = _NO_DENIAL.search(plain)
    return is_negated or bool(named and not _NEGATED.search(plain[: named.start()]))


def is_flag(heading: str) -> bool:
    """Return True if a heading asks whether the claim was denied."""
    return bool(_FLAG.fullmatch(_heading(heading)))


def _heading(name: str) -> str:
    """Return a heading in small letters, its words apart: ClaimStatus as claim status."""
    return _MARKS.sub(" ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).casefold().strip()
