"""What a denial asks of the practice, from its codes. The words are ours, in data/reference."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Protocol

from lib.models import TaskType

REFERENCE = Path(__file__).parents[2] / "data" / "reference"
UNKNOWN, UNEXPLAINED = "unknown", "unexplained"
# a reason that leaves the details to a remark code -> the advice where we do not know that code
UNNAMED = {
    "missing_unnamed": "missing_unread",
    "document_unnamed": "document_unread",
}
MAX_CODES = 8  # named in one sentence; the task holds all of them


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell the practice about one kind of denial."""

    type: TaskType
    title: str
    answer: str  # continues "The payer says that"
    advice: str
    label: str | None = None  # the document that is requested
    resend: str = ""  # what to do where resubmitting the same claim would not help


class Reason(Protocol):
    """Why an amount was not paid; its text is group and code, as in "CO-197"."""

    @property
    def code(self) -> str:
        """Return the claim adjustment reason code."""
        ...


class Payer(Protocol):
    """Who denies."""

    @property
    def name(self) -> str:
        """Return the name, or an empty string."""
        ...


class Denial(Protocol):
    """What a payer's answer says that denies a claim."""

    @property
    def asked(self) -> Sequence[Reason]:
        """Return the reasons that somebody may have to answer."""
        ...

    @property
    def reasons(self) -> Sequence[Reason]:
        """Return all reasons."""
        ...

    @property
    def remarks(self) -> Sequence[str]:
        """Return the remittance advice remark codes."""
        ...

    @property
    def remitted_on(self) -> date | None:
        """Return the day of the remittance, or None."""
        ...

    @property
    def payer(self) -> Payer:
        """Return who denies."""
        ...


def codes(answer: Denial) -> str:
    """Return the codes as the sender gave them, without those that need no answer: "CO-197,
    N290"."""
    reasons = answer.asked or answer.reasons
    return ", ".join([str(reason) for reason in reasons] + list(answer.remarks))


def find(answer: Denial) -> Advice:
    """Return the advice for a denial. Remark codes come before reasons, since they say more.

    A reason that only says "something is missing" stays general unless a remark code names what. A
    reason we have no advice for gets advice that says so.
    """
    named = _first("RARC", answer.remarks)
    if named:
        return _advice()[named]
    reasons = [reason.code for reason in answer.asked]
    plain = _first(
        "CARC", (code for code in reasons if _codes().get(("CARC", code)) not in UNNAMED)
    )
    if plain:
        return _advice()[plain]
    unnamed = _first("CARC", reasons)
    if unnamed and any(("RARC", code) not in _codes() for code in answer.remarks):
        unnamed = UNNAMED[unnamed]
    return _advice()[unnamed or (UNKNOWN if reasons or answer.remarks else UNEXPLAINED)]


def instructions(answer: Denial, advice: Advice) -> str:
    """Return two to five sentences: what the payer answered, with which codes, and what to do."""
    when = f" on {answer.remitted_on:%m/%d/%Y}" if answer.remitted_on else ""
    first = f"{answer.payer.name or 'The payer'} denied the claim{when}"
    given = ", ".join([*map(str, answer.asked or answer.reasons), *answer.remarks][:MAX_CODES])
    if answer.asked or answer.remarks:
        return f"{first} with {given}: it says that {advice.answer}. {advice.advice}"
    why = f" with {given} alone, which does not say why" if given else " and gave no reason code"
    return f"{first}{why}. {advice.advice}"


def advice(key: str) -> Advice:
    """Return one entry of denial_advice.toml."""
    return _advice()[key]


def _first(code_list: str, wanted: Iterable[str]) -> str | None:
    return next((found for code in wanted if (found := _codes().get((code_list, code)))), None)


@cache
def _codes() -> dict[tuple[str, str], str]:
    """Return the advice keys by list and code; empty for remarks that only inform."""
    with (REFERENCE / "denial_codes.csv").open(encoding="utf-8", newline="") as file:
        return {(row["list"], row["code"]): row["advice"] for row in csv.DictReader(file)}


@cache
def _advice() -> dict[str, Advice]:
    with (REFERENCE / "denial_advice.toml").open("rb") as file:
        return {
            key: Advice(**{**entry, "type": TaskType(entry["type"])})
            for key, entry in tomllib.load(file).items()
        }


def of_codes(reasons: Iterable[tuple[str, str]], remarks: Iterable[str]) -> Advice:
    """Return the advice for a denial of which only the codes are known: reason codes with their
    groups, and remark codes. The same tables decide as for a remittance."""
    several = list(reasons)
    expected = {("PR", "1"), ("PR", "2"), ("PR", "3")}
    asked = [each for each in several if each[1] != "45" and each not in expected]
    codes_ = [code for _, code in asked or several]
    named = _first("RARC", remarks)
    plain = _first("CARC", (code for code in codes_ if _codes().get(("CARC", code)) not in UNNAMED))
    return _advice()[named or plain or _first("CARC", codes_) or UNKNOWN]
