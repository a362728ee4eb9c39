"""Which of our document labels a LOINC code stands for. The table holds codes, no LOINC text."""

from __future__ import annotations

import csv
import re
from functools import cache

from lib.intake.denial_advice import REFERENCE

OTHER = "Other"
_CODE = re.compile(r"\d{1,7}-\d")


def is_code(text: str) -> bool:
    """Return True for text written like a LOINC code."""
    return _CODE.fullmatch(text) is not None


def label(code: str) -> str:
    """Return the label of the document a code asks for; Other for a code we do not know."""
    return _labels().get(code, OTHER)


@cache
def _labels() -> dict[str, str]:
    with (REFERENCE / "loinc_labels.csv").open(encoding="utf-8", newline="") as file:
        return {row["loinc"]: row["label"] for row in csv.DictReader(file)}
