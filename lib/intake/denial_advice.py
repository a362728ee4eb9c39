"""What a denial asks of the practice, from its codes: our own words, in data/reference."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lib.intake.x12.remittances_835 import ClaimPayment
from lib.models import TaskType

REFERENCE = Path(__file__).parents[2] / "data" / "reference"
UNKNOWN, UNEXPLAINED = "unknown", "unexplained"
UNNAMED = {  # a reason that leaves the naming to a remark code -> where we do not know that code
    "missing_unnamed": "missing_unread",
    "document_unnamed": "document_unread",
}
MAX_CODES = 8  # said in one sentence; the task's codes hold all of them


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell the practice about one kind of denial."""

    type: TaskType
    title: str
    answer: str  # goes on from "The payer says that"
    advice: str
    label: str | None = None  # the document that is asked for
    resend: str = ""  # what to do instead of sending again what was not processed


def codes(answer: ClaimPayment) -> str:
    """The codes as the sender gave them, without those nobody need answer: "CO-197, N290"."""
    reasons = answer.asked or answer.reasons
    return ", ".join([str(reason) for reason in reasons] + list(answer.remarks))


def find(answer: ClaimPayment) -> Advice:
    """The advice for a denial: remark codes come before reasons, since they say more.

    A reason that only says "something is missing" stays unnamed where no remark code names it;
    one that we hold no hint for is said to be so.
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


def instructions(answer: ClaimPayment, advice: Advice) -> str:
    """Two to five sentences: what was answered with which codes, and what to do."""
    when = f" on {answer.remitted_on:%m/%d/%Y}" if answer.remitted_on else ""
    first = f"{answer.payer.name or 'The payer'} denied the claim{when}"
    given = ", ".join([*map(str, answer.asked or answer.reasons), *answer.remarks][:MAX_CODES])
    if answer.asked or answer.remarks:
        return f"{first} with {given}: it says that {advice.answer}. {advice.advice}"
    why = f" with {given} alone, which does not say why" if given else " and gave no reason code"
    return f"{first}{why}. {advice.advice}"


def advice(key: str) -> Advice:
    """One entry of denial_advice.toml."""
    return _advice()[key]


def _first(code_list: str, wanted: Iterable[str]) -> str | None:
    return next((found for code in wanted if (found := _codes().get((code_list, code)))), None)


@cache
def _codes() -> dict[tuple[str, str], str]:
    """Advice by list and code; empty for remarks that only inform."""
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
    """Return the advice for a denial of which only the codes are known: groups with their reason
    codes, and remark codes. The same tables decide as for a remittance."""
    several = list(reasons)
    expected = {("PR", "1"), ("PR", "2"), ("PR", "3")}
    asked = [each for each in several if each[1] != "45" and each not in expected]
    codes_ = [code for _, code in asked or several]
    named = _first("RARC", remarks)
    plain = _first("CARC", (code for code in codes_ if _codes().get(("CARC", code)) not in UNNAMED))
    return _advice()[named or plain or _first("CARC", codes_) or UNKNOWN]
