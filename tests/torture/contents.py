"""What a store holds, as one dictionary: each fact that a change of the load leaves, by a key."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from lib.store import durable_files
from lib.store.database import Connection, Store

OF_IMPORTS = re.compile(r"(F\d+)-")  # claims of the file that was the n-th change
Facts = dict[str, Any]  # what stands in JSON, by key; a key that is not there is None


def opened(folder: Path, database: str) -> Store:
    """Open the store: in the folder, or in the PostgreSQL database of that address."""
    if not database:
        from lib.store.duckdb.store import DuckDBStore

        return DuckDBStore(folder)
    from lib.store.postgres.store import PostgresStore

    return PostgresStore(folder, database)


def facts(store: Store) -> Facts:
    """Read everything that the load can have written, when nobody writes any more."""
    con = store.connection()
    with store.exclusive():  # a server may still be busy with the commit of a dead process
        found = _tasks(con) | _history(con) | _typed(con) | _documents(con, store.folder)
        return found | _imports(con, store.folder)


def _tasks(con: Connection) -> Facts:
    found: Facts = {}
    for id_, status, assignee, turn in con.rows(
        "SELECT id, status, assignee_id, turn FROM task WHERE source = 'torture'"
    ):
        found[f"task {id_}"] = [status, assignee, turn]
    for id_, member, version in con.rows(
        "SELECT id, member_id, version FROM charge WHERE claim_number LIKE 'N-%'"
    ):
        found[f"charge {id_}"] = [member, version]
    return found


def _history(con: Connection) -> Facts:
    """Return the kinds of events of each change, which is known by its microsecond. An import,
    whose time is later where it had to wait, is known by its claims: how many events of a kind
    there are, and at how many times."""
    kinds: dict[str, list[Any]] = defaultdict(list)
    times: dict[str, set[datetime]] = defaultdict(set)
    for kind, at, claim in con.rows(
        """
        SELECT kind, happened_at, coalesce(charge.claim_number, task.claim_number)
        FROM event LEFT JOIN charge ON charge.id = event.charge_id
            LEFT JOIN task ON task.id = event.task_id
        ORDER BY kind
        """
    ):
        if claim and (found := OF_IMPORTS.match(claim)):
            key = f"{kind} {found[1]}"
            times[key].add(at)
            kinds[key] = [1 + (kinds[key][0] if kinds[key] else 0), len(times[key])]
        elif at.microsecond:  # not what was prepared, or raced for
            kinds[f"events {at.microsecond}"].append(kind)
    for (at,) in con.rows("SELECT happened_at FROM activity WHERE kind = 'signed out'"):
        kinds[f"line {at.microsecond}"].append("signed out")
    return dict(kinds)


def _typed(con: Connection) -> Facts:
    found: Facts = {}
    for text, task, channel in con.rows("SELECT text, task_id, channel FROM note"):
        found[text] = [*found.get(text, []), [task, channel]]
    for task, person, form, content in con.rows(
        "SELECT task_id, person_id, form, content FROM draft"
    ):
        found[f"draft {task} {person} {form}"] = content
    for (token,) in con.rows("SELECT token FROM submission"):
        name = str(token).partition(":")[0]
        found[name] = found.get(name, 0) + 1
    return found


def _documents(con: Connection, folder: Path) -> Facts:
    found: Facts = {}
    for (sha256,) in con.rows("SELECT sha256 FROM document"):
        found[f"document {sha256}"] = [is_whole(folder / "documents", sha256)]
    for sha256, task in con.rows(
        "SELECT sha256, task_id FROM attachment JOIN document ON document.id = document_id"
    ):
        found[f"attachment {sha256}"] = [*found.get(f"attachment {sha256}", []), task]
    return found


def _imports(con: Connection, folder: Path) -> Facts:
    found: Facts = {}
    for sha256, charges, tasks in con.rows(
        "SELECT sha256, charges_new, tasks_new FROM intake_file"
    ):
        found[f"file {sha256}"] = [charges, tasks, is_whole(folder / "intake", sha256)]
    for table, noun in (("charge", "charges"), ("task", "tasks")):
        rows = con.rows(
            f"""
            SELECT split_part(claim_number, '-', 1), count(*) FROM {table}
            WHERE claim_number LIKE 'F%' GROUP BY 1
            """
        )
        found |= {f"{noun} {name}": count for name, count in rows}
    return found


def is_whole(folder: Path, sha256: str) -> bool:
    """Return True if the content is there as it was written."""
    path = folder / sha256[:2] / sha256
    return path.is_file() and durable_files.sha256_of(path) == sha256
