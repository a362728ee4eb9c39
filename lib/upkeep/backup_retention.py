"""Which backups are kept: the newest of each of the last days, weeks and months. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

DAYS, WEEKS, MONTHS = 7, 5, 12
_NAME = re.compile(r"billing-tasks-(\d{4}-\d\d-\d\dT\d{6}Z)")
_FORM = "%Y-%m-%dT%H%M%SZ"


def name_at(moment: datetime) -> str:
    """Return the name of a backup made at that moment."""
    return f"billing-tasks-{moment.astimezone(UTC).strftime(_FORM)}"


def moment_of(name: str) -> datetime | None:
    """Return when a backup of that name was made; None if the name is no backup's."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    try:
        return datetime.strptime(found[1], _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None


def too_many(names: Iterable[str]) -> list[str]:
    """Return the backups to delete, oldest first; other names are never among them. Only days,
    weeks and months that have a backup are counted, so a pause in between costs none."""
    moments = {moment: name for name in names if (moment := moment_of(name))}
    newest_first = sorted(moments, reverse=True)
    kept: set[datetime] = set(newest_first[:1])
    for form, most in (("%Y-%m-%d", DAYS), ("%G-%V", WEEKS), ("%Y-%m", MONTHS)):
        newest: dict[str, datetime] = {}
        for moment in newest_first:
            newest.setdefault(moment.strftime(form), moment)
        kept |= set(list(newest.values())[:most])
    return [moments[moment] for moment in sorted(moments) if moment not in kept]
