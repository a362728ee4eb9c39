"""Convert values between Python and the columns of the store."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

NUL = "\0"  # no stored text may contain it: not every database accepts it
Value = Any  # what a column holds: str, int, Decimal, date, datetime, bool, list or None


def utc(value: datetime) -> datetime:
    """Return a stored time as an aware one, in UTC."""
    return value.replace(tzinfo=UTC)


def outgoing(parameters: Mapping[str, Value]) -> dict[str, Value]:
    """Return the parameters as the store takes them: naive UTC times, lists, plain strings."""
    return {name: _stored(value) for name, value in parameters.items()}


def _stored(value: Value) -> Value:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [_stored(item) for item in value]
    if isinstance(value, str) and NUL in value:  # from a form, a file or a command
        return value.replace(NUL, "")
    return value


def require_exact(rows: Sequence[Mapping[str, Value]], name: str, kind: str) -> None:
    """Raise ValueError if a number in this column would be rounded; DuckDB rounds silently."""
    if kind.startswith("DECIMAL"):
        places = int(kind[:-1].split(",")[1])
        for row in rows:
            value = row[name]
            if value is None or type(value) is int:
                continue
            if not isinstance(value, Decimal) or -int(value.as_tuple().exponent) > places:
                raise ValueError(f"{name} takes amounts of {places} decimal places")
    elif kind in ("BIGINT", "INTEGER") and not all(
        row[name] is None or isinstance(row[name], int) for row in rows
    ):
        raise ValueError(f"{name} takes whole numbers")


@cache
def readers_of(record: type[Any]) -> dict[str, Any]:
    """Return a converter for each field whose stored value has another type, by field name."""
    hints = typing.get_type_hints(record)
    found: dict[str, Any] = {}
    for part in dataclasses.fields(record):
        kind = hints[part.name]
        options = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
        for option in options:
            if option is datetime:
                found[part.name] = utc
            elif typing.get_origin(option) is tuple:
                found[part.name] = tuple
            elif isinstance(option, type) and issubclass(option, StrEnum):
                found[part.name] = option
    return found
