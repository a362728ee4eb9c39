"""Whether a row of a denial list says in one of its columns that the payer denied the claim. Pure.

A row that says so is a denial whatever its codes say, as CLP02 = 4 is in an 835.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lib.intake.tables.table import Row, Uncomputed, fold, text_of

MAX_LOOKED_AT = 300  # letters of a cell
_STATUS = re.compile(
    r"status|\bsts?\b|\bstat\b|\bstate\b|disposition|outcome|\bresult|determination|decision"
    r"|adjudicat|\bclp ?02\b"
)
_FLAG = re.compile(r"(?:is |was |claim |line |fully )*(?:denied|denial|rejected|rejection)[? ]*")
_YES = frozenset({"y", "yes", "true", "x", "1"})
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
            bool(_FLAG.fullmatch(_heading(name))),
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


def _heading(name: str) -> str:
    """Return a heading in small letters, its words apart: ClaimStatus as claim status."""
    return _MARKS.sub(" ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).casefold().strip()
