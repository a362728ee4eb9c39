"""Find the practice's patients by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lib.store.database import Connection


class Patients:
    """The patients that names could mean."""

    def __init__(self, rows: Sequence[tuple[str, date | None, int]]) -> None:
        self._held: dict[str, list[tuple[date | None, int]]] = {}
        for name, birth_date, id_ in rows:
            self._held.setdefault(name, []).append((birth_date, id_))

    def find(self, name: str, birth_date: date | None) -> int | None:
        """Return the only patient of that name and, if given, that birth date; else None."""
        ids = [
            id_
            for born, id_ in self._held.get(name.casefold(), [])
            if birth_date is None or born in (None, birth_date)
        ]
        return ids[0] if len(ids) == 1 else None


def patients(con: Connection, practice_id: int, names: Sequence[str]) -> Patients:
    """Return the practice's patients with these names ("LAST, FIRST", in any case)."""
    wanted = list({name.casefold() for name in names if name})
    if not wanted:
        return Patients([])
    rows = con.rows(
        """
        SELECT name, birth_date, id FROM (
            SELECT lower(concat_ws(', ', nullif(last_name, ''), nullif(first_name, ''))) AS name,
                   birth_date, id
            FROM patient WHERE practice_id = $practice_id
        ) AS named
        WHERE name IN (SELECT unnest($wanted::VARCHAR[]))
        """,
        practice_id=practice_id,
        wanted=wanted,
    )
    return Patients([(row[0], row[1], row[2]) for row in rows])
