"""SQL with its values in it, so that it can be pasted and run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any


def runnable(sql: str, parameters: Mapping[str, Any]) -> str:
    """Return the SQL with literals for its parameters, so that it runs wherever the tables are."""
    text = re.sub(r"\$(\w+)", lambda found: literal(parameters[found[1]]), sql)
    return text.strip()


def literal(value: Any) -> str:
    """Return a value as SQL writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, str):  # the words of an enum too
        text = value.value if isinstance(value, StrEnum) else value
        return "'" + text.replace("'", "''") + "'"
    if isinstance(value, Sequence):
        return "[" + ", ".join(literal(each) for each in value) + "]"
    return _moment(value) if isinstance(value, date) else str(value)


def _moment(value: date) -> str:
    if isinstance(value, datetime):
        naive = value.astimezone(UTC).replace(tzinfo=None)
        return f"TIMESTAMP '{naive.isoformat(sep=' ')}'"
    return f"DATE '{value.isoformat()}'"
