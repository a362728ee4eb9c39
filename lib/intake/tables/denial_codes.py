"""Denial codes as people write them in a table: CARC with or without its group, RARC. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from lib.intake.tables.table import Cell, fold, text_of
from lib.intake.x12.adjustments import Adjustment

MAX_LOOKED_AT = 300  # letters of a cell
MAX_CODES = 20
NO_AMOUNT = Decimal(0)
_NAMES = (
    "denial code, denial codes, carc, carcs, carc code, carc codes, rarc, rarcs, rarc code, rarc "
    "codes, carc/rarc, reason code, reason codes, denial reason code, denial reason codes, remark "
    "code, remark codes, remittance remark code, adjustment code, adjustment codes, adjustment "
    "reason code, adjustment reason codes, adj code, adj reason code, claim adjustment reason "
    "code, claim adjustment reason codes, remittance advice remark code, denial codes "
    "(carc/rarc), denial, denial carc, denial rarc, rejection code"
)
NAMES = frozenset(map(fold, _NAMES.split(",")))
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))
_KIND = re.compile(r"\b(?:CARC|RARC)S?\b[ :#-]{0,3}", re.IGNORECASE)  # "CARC 197" is 197
_GROUPED = re.compile(r"\b(CO|PR|OA|PI|CR)[ :-]{0,3}0{0,2}([ABDPWY]?\d{1,3})\b", re.IGNORECASE)
_REMARK = re.compile(r"\b(MA|M|N)(\d{1,3})\b", re.IGNORECASE)
_ALONE = re.compile(r"0{0,2}([ABDPWY]?\d{1,3})", re.IGNORECASE)
_SPLIT = re.compile(r"[\s,;/|+&]+")


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of one row, each once, in the order they appear."""

    reasons: tuple[tuple[str, str], ...] = ()  # group, if written, and CARC
    remarks: tuple[str, ...] = ()  # RARC

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """Return the reasons that somebody may have to answer: neither the contract's, nor the
        patient's share, nor another payer's payment."""
        return tuple(each for each in self.reasons if not _is_expected(*each))

    def __bool__(self) -> bool:
        return bool(self.reasons or self.remarks)

    def __str__(self) -> str:
        reasons = [f"{group}-{code}" if group else code for group, code in self.reasons]
        return ", ".join([*reasons, *self.remarks])


def _is_expected(group: str, code: str) -> bool:
    """Return True for a reason that nobody needs to answer; one without a group counts in any."""
    groups = (group,) if group else ("CO", "PR", "OA")
    return any(Adjustment(each, code, NO_AMOUNT).is_expected for each in groups)


def read(text: str) -> Codes:
    """Return the codes in a cell. Words beside codes that name their group are ignored."""
    text = _plain(text)
    reasons = [(found[1].upper(), found[2].upper()) for found in _GROUPED.finditer(text)]
    rest = _GROUPED.sub(" ", text)
    remarks = [f"{found[1]}{found[2]}".upper() for found in _REMARK.finditer(rest)]
    parts = [part for part in _SPLIT.split(_REMARK.sub(" ", rest)) if part.strip("-:.")]
    if parts and all(map(_ALONE.fullmatch, parts)):  # "197" is one, "see page 3" is not
        reasons += [("", found[1].upper()) for part in parts if (found := _ALONE.fullmatch(part))]
    elif parts and not reasons:
        remarks = []
    return Codes(
        tuple(dict.fromkeys(reasons))[:MAX_CODES], tuple(dict.fromkeys(remarks))[:MAX_CODES]
    )


def _plain(text: str) -> str:
    """Return the beginning of a cell with every dash as a hyphen and no name of the code list."""
    return _KIND.sub(" ", text[:MAX_LOOKED_AT].translate(_DASHES))


def joined(several: list[Codes]) -> Codes:
    """Return the codes of all columns of a row together."""
    return Codes(
        tuple(dict.fromkeys(reason for each in several for reason in each.reasons)),
        tuple(dict.fromkeys(remark for each in several for remark in each.remarks)),
    )


def are_codes(cells: list[Cell], *, grouped: bool = False) -> bool:
    """Return True if half the filled cells of a column hold codes. With `grouped`, count only those
    that name their group ("CO-197"), which nothing else looks like."""
    filled = [text for cell in cells[:200] if (text := _plain(text_of(cell)).strip())]
    if grouped:
        return bool(filled) and sum(map(bool, map(_GROUPED.search, filled))) * 2 >= len(filled)
    return sum(map(bool, map(read, filled))) * 2 >= len(filled)
