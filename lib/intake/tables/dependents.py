"""Who the patient is where a table names the insured, and beside them a dependent. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lib.intake.tables import heading_words
from lib.intake.tables.table import Row, Uncomputed, fold, text_of

MAX_NAME = 200  # letters looked at
_PATIENT = frozenset(["patient", "client", "recipient", "beneficiary", "enrollee", "resident"])
_INSURED = frozenset(["member", "subscriber", "insured", "policyholder"])
_DEPENDENT = frozenset(
    ["dependent", "dependant", "dep", "dpndt", "depend", "dependents", "dependants"]
)
_NAME = frozenset(["name", "full", "last", "first", "middle", "initial"])
_RELATIONSHIP = frozenset(
    ["relationship", "relation", "rel", "reln", "relship", "relationshp", "rltnshp"]
)
_OF = _PATIENT | _INSURED | _DEPENDENT | {"code", "to"}
# What says that the insured is the patient: in words, as X12 (18), or nothing at all.
_SELF = frozenset({
    "", "self", "same", "subscriber", "member", "insured", "policyholder", "employee", "cardholder",
    "18", "no", "n", "none", "na", "n/a", "false", "0", "00", "-", "not applicable", "patient",
})  # fmt: skip
_NAMED = re.compile(r"[^\W\d_]{2}")
_FLAGS = frozenset({"y", "yes", "true", "x", "dependent", "child", "spouse", "other"})


@dataclass(frozen=True, slots=True)
class Dependents:
    """The columns that tell of each row whether somebody else than the insured is the patient."""

    full: int | None = None
    last: int | None = None
    first: int | None = None
    relationship: int | None = None

    @property
    def places(self) -> tuple[int, ...]:
        """Return the columns, from the left."""
        several = (self.full, self.last, self.first, self.relationship)
        return tuple(sorted(each for each in several if each is not None))

    def patient(self, row: Row, insured: str) -> str:
        """Return the patient's name, where `insured` is that of the insured: the dependent's, and
        none where the row says that it is somebody else but not who."""
        full, last, first = (_text(row, at) for at in (self.full, self.last, self.first))
        if _is_name(full):
            return full
        if _is_name(first):
            last = last if _is_name(last) else insured.partition(",")[0]
            return f"{last}, {first}"
        said = (full, last, first, _text(row, self.relationship))
        return insured if all(fold(each) in _SELF for each in said) else ""


def columns(names: Sequence[str], patient: Iterable[str]) -> Dependents | None:
    """Return the columns that tell of dependents; None where the columns read as the `patient` are
    not those of the insured, or nothing tells."""
    said = [heading_words.words(name) for name in patient]
    if not said or any(not words & _INSURED or words & _PATIENT for words in said):
        return None
    full = last = first = relationship = None
    for at, name in enumerate(names):
        words = heading_words.words(name)
        if words & _RELATIONSHIP and words <= _RELATIONSHIP | _OF:
            relationship = at if relationship is None else relationship
        elif words & _DEPENDENT and words <= _DEPENDENT | _NAME | _OF - {"code"}:
            if "last" in words and "first" not in words:
                last = at if last is None else last
            elif "first" in words and "last" not in words:
                first = at if first is None else first
            else:
                full = at if full is None else full
    found = Dependents(full, last, first, relationship)
    return found if found.places else None


def is_of_insured(name: str) -> bool:
    """Return True if a heading means something of the insured, such as their date of birth."""
    words = heading_words.words(name)
    return bool(words & _INSURED) and not words & _PATIENT


def _text(row: Row, at: int | None) -> str:
    if at is None or isinstance(row.cells[at], Uncomputed):
        return ""
    return " ".join(text_of(row.cells[at])[:MAX_NAME].split())


def _is_name(text: str) -> bool:
    return bool(_NAMED.search(text)) and fold(text) not in _SELF | _FLAGS
