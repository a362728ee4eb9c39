"""Verify a data folder or a backup: every block, reference, file, search term and history line, and
the chain of the activity.

The database is copied first and the copy is read: what DuckDB holds in memory proves nothing about
the disk, and a live file belongs to one process.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lib import audit_log_integrity
from lib.errors import BillingError, NotWritten, StoreDamaged
from lib.store import (
    block_checksums,
    data_folder_lock,
    database_copy,
    durable_files,
    file_places,
    search_index,
)
from lib.store.database import Connection, Store
from lib.store.duckdb import metadata_blocks
from lib.store.duckdb.store import DuckDBStore, file_of
from lib.store.files import BOUND
from lib.store.process_store import ROOT
from lib.upkeep import referenced_files
from lib.upkeep.referenced_files import KINDS

MANIFEST = "backup.json"
EXAMPLES = 5  # ids named in one sentence
# columns with ids of people; so are those named …_by
PEOPLE = ("assignee_id", "author_id", "actor_id")
MEMORY = "512MB"
LEFT = ".verify-"  # how the name of a copy's folder begins


class NotVerified(NotWritten):
    """There is no room for the copy that is verified."""

    what = "Nothing was verified"


@dataclass(frozen=True, slots=True)
class Findings:
    """One sentence for each thing that is wrong; empty where everything is as it was written."""

    of_database: tuple[str, ...] = ()  # it cannot be read, or only in part
    of_content: tuple[str, ...] = ()  # its records contradict each other or the files

    @property
    def all(self) -> tuple[str, ...]:
        """Return all the sentences, those about the database first."""
        return (*self.of_database, *self.of_content)


def verify(folder: Path, *, is_whole: bool = True) -> Findings:
    """Verify a data folder that nobody writes to, or a backup; its files too if `is_whole`.

    The sentences name ids and places, never a person or a value. Raises NotVerified where there is
    no room for a copy of the database.
    """
    if not (folder / data_folder_lock.DATABASE).exists():
        return Findings((f"{folder / data_folder_lock.DATABASE} is missing.",))
    with copied(folder) as copy:
        damage = [
            *_changed_since_backup(folder),
            *_half_written(folder, copy),
            *block_checksums.damaged(copy / data_folder_lock.DATABASE),
        ]
        try:
            store = DuckDBStore(copy, memory_limit=MEMORY)
        except BillingError as problem:
            return Findings((*damage, str(problem).replace(str(copy), str(folder))))
        try:
            con = store.connection()
            damage += _of_tables(con)
            found = [] if damage else _of_content(con, folder, is_whole)
        finally:
            store.close()
        return Findings(tuple(damage), tuple(found))


def verify_live(store: Store) -> tuple[int, list[str]]:
    """Verify the folder of the open store in a process of its own. Return its exit code and lines.

    Writers wait only while the database is copied; where it is in PostgreSQL, nobody waits.
    """
    if not store.is_in_file:
        return _verify_database(store)
    with ExitStack() as held:
        held.enter_context(store.exclusive())
        store.check()
        file_of(store).checkpoint()
        keeping = ExitStack()
        copy = keeping.enter_context(copied(store.folder))
    with keeping:
        _lend_files(store.folder, copy)
        code, lines = in_own_process(copy)
    return code, [line.replace(str(copy), str(store.folder)) for line in lines]


def _verify_database(store: Store) -> tuple[int, list[str]]:
    """Verify a store in PostgreSQL by a copy of its rows, which are all read for that."""
    try:
        with database_copy.beside(store) as copy:
            place = copy.folder
            copy.close()
            _lend_files(store.folder, place)
            code, lines = in_own_process(place)
    except NotWritten as problem:
        raise NotVerified(problem.why) from problem
    return code, [line.replace(str(place), str(store.folder)) for line in lines]


def _lend_files(folder: Path, copy: Path) -> None:
    """Let a copy of the database find the files of its folder."""
    if (folder / BOUND).exists():
        shutil.copyfile(folder / BOUND, copy / BOUND)
        return
    for kind in KINDS:
        shutil.rmtree(copy / kind.folder, ignore_errors=True)
        (copy / kind.folder).symlink_to(folder / kind.folder)


def in_own_process(folder: Path, *options: str) -> tuple[int, list[str]]:
    """Verify a folder in a process of its own: reading a damaged file can kill the process."""
    done = subprocess.run(
        [sys.executable, "-m", "lib", "verify", *options, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines() or done.stderr.splitlines()[-1:]
    return done.returncode, lines or ["The database cannot be read."]


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """Copy the database and its log into a temporary folder inside the folder, for the duration of
    the block. Raise NotVerified where there is no room."""
    try:
        temporary = Path(tempfile.mkdtemp(prefix=LEFT, dir=folder))
    except OSError as problem:
        raise NotVerified(durable_files.not_written(problem).why) from problem
    try:
        try:
            copy_database(folder, temporary)
        except NotWritten as problem:
            raise NotVerified(problem.why) from problem
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def copy_database(folder: Path, to: Path) -> None:
    """Copy the database and its log in a process of its own: a process that opens and closes a live
    file loses its lock. Raise NotWritten where there is no room."""
    for name in (data_folder_lock.DATABASE, data_folder_lock.LOG):
        if (folder / name).exists():
            done = subprocess.run(
                ["cp", "--", folder / name, to / name], capture_output=True, check=False
            )
            if done.returncode:
                raise NotWritten
            (to / name).chmod(0o600)


def _of_content(con: Connection, folder: Path, is_whole: bool) -> list[str]:
    found = [
        *_references(con),
        *_search(con),
        *_history(con),
        *_sequences(con),
        *audit_log_integrity.broken(con),
    ]
    return [*found, *_files(con, folder)] if is_whole else found


def _half_written(folder: Path, copy: Path) -> Iterator[str]:
    """Put back in the copy what a checkpoint left half written; yield a sentence about it."""
    blocks = folder / data_folder_lock.BLOCKS
    if not blocks.exists():
        return
    shutil.copyfile(blocks, copy / data_folder_lock.BLOCKS)
    if found := metadata_blocks.put_back(copy / data_folder_lock.DATABASE):
        yield (
            f"{found} blocks of {folder / data_folder_lock.DATABASE} are half written: the process "
            "ended while it wrote them. Billing Tasks puts them back when it starts."
        )


def _changed_since_backup(folder: Path) -> Iterator[str]:
    """Yield a sentence if a backup's database no longer has the SHA-256 it was made with."""
    manifest = folder / MANIFEST
    if not manifest.exists():
        return
    try:
        said = json.loads(manifest.read_text(encoding="utf-8"))["database_sha256"]
    except (ValueError, KeyError, TypeError):
        yield f"{manifest} is damaged."
        return
    database = folder / data_folder_lock.DATABASE
    if said != durable_files.sha256_of(database):
        yield f"{database} is not what was backed up: its SHA-256 differs."


def _tables(con: Connection) -> dict[str, list[str]]:
    """Return the columns of every table."""
    found: dict[str, list[str]] = {}
    for table, column in con.rows(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal ORDER BY 1, 2"
    ):
        found.setdefault(table, []).append(column)
    return found


def _of_tables(con: Connection) -> Iterator[str]:
    """Read every value, so that DuckDB checks the checksum of every block in use."""
    for table in _tables(con):
        try:
            con.rows(f"SELECT bit_xor(hash({table})) FROM {table}")
        except StoreDamaged as problem:
            yield f"The table {table} cannot be read: {problem.where}."


# A column that ends as one of an id does may hold a word, such as how a session was opened.
_NUMBERS = """
    SELECT table_name, column_name FROM duckdb_columns()
    WHERE NOT internal AND data_type = 'BIGINT'
"""


def _references(con: Connection) -> Iterator[str]:
    """Yield a sentence for each …_id that names no row, or a row of another practice."""
    tables = _tables(con)
    numbers = set(con.rows(_NUMBERS))
    for table, columns in tables.items():
        for column in columns:
            parent = _parent(column)
            if parent not in tables or "id" not in tables[parent]:
                continue
            if (table, column) not in numbers:
                continue
            rows = con.rows(
                f"""
                SELECT DISTINCT child.{column} FROM {table} AS child
                WHERE child.{column} IS NOT NULL
                  AND NOT EXISTS (SELECT 1 FROM {parent} WHERE {parent}.id = child.{column})
                ORDER BY 1
                """
            )
            if rows:
                yield f"{table}.{column} names a {parent} that is not there: {_some(rows)}."
            if "practice_id" in columns and "practice_id" in tables[parent]:
                rows = con.rows(
                    f"""
                    SELECT DISTINCT child.{column} FROM {table} AS child
                    JOIN {parent} AS parent ON parent.id = child.{column}
                    WHERE parent.practice_id <> child.practice_id ORDER BY 1
                    """
                )
                if rows:
                    yield f"{table}.{column} names a {parent} of another practice: {_some(rows)}."


def _parent(column: str) -> str:
    if column in PEOPLE or column.endswith("_by"):
        return "person"
    return column.removesuffix("_id") if column.endswith("_id") else ""


def _files(con: Connection, folder: Path) -> Iterator[str]:
    """Yield a sentence for each row whose file is missing or changed, and each file that no row
    names."""
    content = file_places.of(folder)
    for kind in KINDS:
        named = referenced_files.named(con, kind)
        for sha256, ids in named.items():
            whose = f"The file of {kind.noun} {_some([(id_,) for id_ in ids])}"
            problem = content.problem(kind.folder, sha256)
            if problem == "was changed":
                yield f"{whose} was changed on disk: its SHA-256 differs."
            elif problem:
                yield f"{whose} {problem}."
        strays = [found for found in content.lying(kind.folder) if found.sha256 not in named]
        if strays:
            yield (
                f"{len(strays)} in {kind.folder}/ are named by no row, the first "
                f"{kind.folder}/{strays[0].name}: python -m lib sweep deletes them."
            )


def _search(con: Connection) -> Iterator[str]:
    unindexed = len(search_index.unindexed(con))
    shapes = search_index.wrong_shapes(con)
    if unindexed or shapes:
        yield (
            f"The search does not find {unindexed + shapes} texts of tasks: "
            "python -m lib reindex writes anew what it has to know."
        )


# The starts and completions of each task, and which starts nobody undid.
_STORY = """
    story AS (
        SELECT task_id, id, kind, happened_at, assignee_id,
               kind = 'started' AND lead(kind) OVER (PARTITION BY task_id ORDER BY id)
                   IS DISTINCT FROM 'start undone' AS is_start
        FROM event WHERE kind IN ('started', 'start undone', 'completed', 'reopened')
    )
"""


def _history(con: Connection) -> Iterator[str]:
    """Yield a sentence for each task whose row and history disagree."""
    said = {
        "is completed, and its history does not say so": """
            SELECT id FROM task WHERE NOT is_open AND NOT EXISTS (
                SELECT 1 FROM event WHERE event.task_id = task.id AND kind = 'completed')
            """,
        "is open, and its history ends with its completion": """
            SELECT task_id FROM (
                SELECT task_id, arg_max(kind, event.id) AS last FROM event
                WHERE kind IN ('completed', 'reopened') GROUP BY task_id) AS told
            JOIN task ON task.id = task_id WHERE is_open AND last = 'completed'
            """,
        "was reopened, and its history tells of other completions than are kept of it": f"""
            WITH {_STORY},
            dated AS (
                SELECT task_id, id, kind, happened_at, assignee_id,
                       coalesce(arg_min(happened_at, id) FILTER (is_start) OVER until_then,
                                arg_min(happened_at, id) FILTER (kind = 'completed')
                                    OVER until_then) AS started_at
                FROM story
                WHERE task_id IN (SELECT task_id FROM event WHERE kind = 'reopened')
                WINDOW until_then AS (PARTITION BY task_id ORDER BY id ROWS UNBOUNDED PRECEDING)
            ),
            told AS (
                SELECT task_id, kind, started_at, happened_at AS completed_at,
                       assignee_id AS completed_by, lead(kind) OVER story AS next_kind,
                       lead(happened_at) OVER story AS reopened_at
                FROM dated WHERE kind IN ('completed', 'reopened')
                WINDOW story AS (PARTITION BY task_id ORDER BY id)
            ),
            ended AS (
                SELECT task_id, started_at, completed_at, completed_by, reopened_at FROM told
                WHERE kind = 'completed' AND next_kind = 'reopened'
            ),
            kept AS (
                SELECT task_id, started_at, completed_at, completed_by, reopened_at
                FROM reopened_completion
            )
            SELECT task_id FROM (FROM ended EXCEPT FROM kept)
            UNION SELECT task_id FROM (FROM kept EXCEPT FROM ended)
            """,
        "was started at another time than its history tells": f"""
            WITH {_STORY},
            told AS (
                SELECT task_id, arg_min(happened_at, id) FILTER (is_start) AS started_at,
                       arg_min(happened_at, id) FILTER (kind = 'completed') AS completed_at
                FROM story GROUP BY task_id
            )
            SELECT task.id FROM told JOIN task ON task.id = task_id
            WHERE task.started_at IS DISTINCT FROM
                  coalesce(told.started_at, CASE WHEN NOT is_open THEN told.completed_at END)
            """,
        "has a status that does not agree with whether it is open": """
            SELECT id FROM task WHERE is_open = (status = 'completed')
            """,
        "is completed without a time": """
            SELECT id FROM task WHERE NOT is_open AND completed_at IS NULL
            """,
        "is named by an event of another practice": """
            SELECT task.id FROM event JOIN task ON task.id = task_id
            WHERE event.practice_id <> task.practice_id
            """,
    }
    for what, sql in said.items():
        rows = con.rows(f"SELECT DISTINCT id FROM ({sql}) AS found (id) ORDER BY 1")
        if rows:
            yield f"Task {_some(rows)} {what}."


def _sequences(con: Connection) -> Iterator[str]:
    """Yield a sentence for each sequence that lags behind and would hand out an id twice."""
    tables = _tables(con)
    for name, last in con.rows("SELECT sequence_name, last_value FROM duckdb_sequences()"):
        table = str(name).removesuffix("_id")
        if table in tables and "id" in tables[table]:
            most = con.value(f"SELECT max(id) FROM {table}")
            if most is not None and (last is None or last < most):
                yield f"The ids of {table} go on at {last}, and {most} is given already."


def _some(rows: list[tuple[int, ...]]) -> str:
    """Name a few ids, and how many more there are."""
    ids = ", ".join(str(row[0]) for row in rows[:EXAMPLES])
    more = len(rows) - EXAMPLES
    return f"{ids} and {more} more" if more > 0 else ids
