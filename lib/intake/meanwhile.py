"""What people did while a file came in: whether it rests on what the file changed.

An import comes out as if all of it had been done in the moment it began, and what people did
meanwhile after it. That is so unless one of them read something that the import wrote: then, and
wherever that is not certain, the file has to come in anew.
"""

from __future__ import annotations

from lib.history_event_kinds import EventKind
from lib.store import long_transaction
from lib.store.database import Connection
from lib.store.open_long_transaction import LongTransaction
from lib.store.values import Value

# Verbs that read of tasks and charges only the one they change, and those of its charge.
_OF_ONE_TASK = frozenset({
    EventKind.CREATED, EventKind.ASSIGNED, EventKind.STARTED, EventKind.START_UNDONE,
    EventKind.GIVEN_BACK, EventKind.COMPLETED, EventKind.REOPENED, EventKind.COMMENTED,
    EventKind.ASKED, EventKind.ANSWERED, EventKind.NOTED_TO_BILLER, EventKind.NOTED_FROM_BILLER,
    EventKind.CHANGED, EventKind.ATTACHED, EventKind.DETACHED, EventKind.UPLOADED,
    EventKind.KNOWN_PROBLEMS, EventKind.SUGGESTION_ACCEPTED, EventKind.SUGGESTION_DISMISSED,
})  # fmt: skip
# Those that change nothing of the practice's tasks, charges and settings.
_OF_NONE = frozenset({EventKind.EXPORTED, EventKind.BACKED_UP, EventKind.DAY_NOTED})
# What an import reads of a practice as a whole, and verbs that write it read its tasks by.
_OF_PRACTICE = (
    "SELECT * FROM practice WHERE id = $id",
    "SELECT * FROM payer WHERE practice_id = $id ORDER BY id",
    "SELECT * FROM payer_alias WHERE practice_id = $id ORDER BY payer_id, name",
    "SELECT * FROM membership WHERE practice_id = $id ORDER BY person_id",
    "SELECT coalesce(max(id), 0) FROM patient WHERE practice_id = $id",
)


def mind(con: Connection, practice_id: int) -> None:
    """Let the open import be committed only where nothing that people did meanwhile rests on what
    it changed."""
    long = con.long
    if long is None:  # nobody can do anything meanwhile
        return
    before = _practice(con, practice_id)
    long_transaction.requires(
        con,
        lambda now: (
            _practice(now, practice_id) == before and _is_apart(con, now, long, practice_id)
        ),
    )


def _practice(con: Connection, practice_id: int) -> list[list[tuple[Value, ...]]]:
    return [con.rows(sql, id=practice_id) for sql in _OF_PRACTICE]


def _is_apart(con: Connection, now: Connection, long: LongTransaction, practice_id: int) -> bool:
    """Return True if the tasks and charges that people changed, and those that belong to them, are
    others than those that the import changed."""
    done = now.rows(
        """
        SELECT DISTINCT kind, task_id, charge_id FROM event
        WHERE id > $last AND practice_id = $practice_id
        """,
        last=long.last_event,
        practice_id=practice_id,
    )
    done = [each for each in done if each[0] not in _OF_NONE]
    if not done:
        return True
    if long.is_anything_changed or any(kind not in _OF_ONE_TASK for kind, _, _ in done):
        return False
    tasks = {task_id for _, task_id, _ in done if task_id is not None}
    charges = {charge_id for _, _, charge_id in done if charge_id is not None}
    for reader in (con, now):
        charges |= {
            charge_id
            for (charge_id,) in reader.rows(
                """
                SELECT DISTINCT charge_id FROM task
                WHERE id IN (SELECT unnest($ids::BIGINT[])) AND charge_id IS NOT NULL
                """,
                ids=list(tasks),
            )
        }
        tasks |= {
            task_id
            for (task_id,) in reader.rows(
                "SELECT id FROM task WHERE charge_id IN (SELECT unnest($ids::BIGINT[]))",
                ids=list(charges),
            )
        }
    return not (tasks & long.tasks or charges & long.charges)
