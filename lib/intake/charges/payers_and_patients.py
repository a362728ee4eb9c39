"""Payers and patients that files name: found if we have them, else created.

These are inner steps of an import: they run inside its transaction, with one query a table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lib.intake.records import Party, Subject
from lib.store.database import Connection


class Payers:
    """The payers of one practice, by ID, or by name where a file gives no ID."""

    def __init__(self, con: Connection, practice_id: int) -> None:
        self._con, self._practice_id = con, practice_id
        self._by_code: dict[str, tuple[int, str]] = {}
        self._by_name: dict[str, tuple[int, str]] = {}
        for id_, code, name in con.rows(
            "SELECT id, code, name FROM payer WHERE practice_id = $practice_id ORDER BY id",
            practice_id=practice_id,
        ):
            self._keep(id_, code, name)

    def find(self, who: Party) -> tuple[int, str] | None:
        """Return id and name of a payer we have, or None."""
        if who.code and who.code in self._by_code:
            return self._by_code[who.code]
        return None if who.code else self._by_name.get(who.name)

    def find_named(self, who: Party) -> tuple[int, str] | None:
        """Return the same, by name if we do not have the ID: remittances often give another ID."""
        return self.find(who) or self._by_name.get(who.name)

    def make(self, wanted: Iterable[Party]) -> None:
        """Insert payers we don't have yet. A payer named without an ID is matched to one of the
        same name that has an ID."""
        missing = [who for who in dict.fromkeys(wanted) if not self.find(who)]
        coded = {who.code: who for who in reversed(missing) if who.code}
        names = {who.name for who in coded.values()}
        named = {who.name: who for who in missing if not who.code and who.name not in names}
        new = [*reversed(coded.values()), *named.values()]
        ids = self._con.next_ids("payer", len(new)) if new else []
        self._con.insert(
            "payer",
            [
                {"id": id_, "practice_id": self._practice_id, "code": who.code, "name": who.name}
                for id_, who in zip(ids, new, strict=True)
            ],
        )
        for id_, who in zip(ids, new, strict=True):
            self._keep(id_, who.code, who.name)

    def _keep(self, id_: int, code: str, name: str) -> None:
        if code:
            self._by_code.setdefault(code, (id_, name))
        self._by_name.setdefault(name, (id_, name))


def patients(con: Connection, practice_id: int, wanted: Iterable[Subject]) -> dict[Any, int]:
    """Return patient ids by (last name, first name, birth date); insert patients we don't have
    yet."""
    subjects = {_who(subject): subject for subject in wanted}
    held = {
        (last, first, born): id_
        for id_, last, first, born in con.rows(
            """
            SELECT id, last_name, first_name, birth_date FROM patient
            WHERE practice_id = $practice_id
              AND last_name IN (SELECT unnest($names::VARCHAR[]))
            ORDER BY id DESC
            """,
            practice_id=practice_id,
            names=list({subject.last_name for subject in subjects.values()}),
        )
    }
    missing = [subject for key, subject in subjects.items() if key not in held]
    ids = con.next_ids("patient", len(missing)) if missing else []
    rows = [
        {
            "id": id_,
            "practice_id": practice_id,
            "last_name": subject.last_name,
            "first_name": subject.first_name,
            "birth_date": subject.birth_date,
            "sex": subject.sex,
        }
        for id_, subject in zip(ids, missing, strict=True)
    ]
    con.insert("patient", rows)
    return held | {_who(subject): id_ for id_, subject in zip(ids, missing, strict=True)}


def _who(subject: Subject) -> Any:
    return subject.last_name, subject.first_name, subject.birth_date
