"""How the store in PostgreSQL connects, and how it keeps writers and imports apart."""

from __future__ import annotations

from typing import Any

import psycopg

from lib.store.writer_scope import WHOLE, WriterScope

# By which processes know each other on the server. The number grows when writers of two versions
# would no longer wait for each other.
APPLICATION = "billing-tasks 2"
OLDER = "billing-tasks"
SETTINGS: dict[str, Any] = {
    "autocommit": True,
    "cursor_factory": psycopg.ClientCursor,
    "connect_timeout": 5,
    "application_name": APPLICATION,
}
# Writers keep each other out by advisory locks, which end with their transactions: all share one
# that whoever writes the whole store has alone, and each scope has one of its own.
_STORE = "20013, hashtext(current_schema())"
_SCOPE = "20014, hashtext(current_schema() || $scope)"
TAKE_WHOLE = f"BEGIN; SELECT pg_advisory_xact_lock({_STORE})".encode()
TAKE_WHOLE_SOON = f"""
    BEGIN; SET LOCAL lock_timeout = '200ms'; SELECT pg_advisory_xact_lock({_STORE})
""".encode()
IS_WHOLE_TAKEN = f"SELECT NOT pg_try_advisory_xact_lock_shared({_STORE})"


def take(scope: WriterScope) -> bytes:
    """Return what begins a transaction that writes a scope."""
    if scope == WHOLE:
        return TAKE_WHOLE
    own = _SCOPE.replace("$scope", f"' {scope.owner} {scope.id}'")
    return f"""
        BEGIN; SELECT pg_advisory_xact_lock_shared({_STORE}); SELECT pg_advisory_xact_lock({own})
    """.encode()


# What the cache goes by: how often each scope was written, imports apart.
SEEN = "SELECT coalesce(sum(revision), 0)::BIGINT FROM written"
COUNT = """
    INSERT INTO written (scope, revision) VALUES ($scope, 1)
    ON CONFLICT (scope) DO UPDATE SET revision = written.revision + 1
"""
BY_IMPORTS = "imports"
# To whose practice what a verb is asked to change belongs.
PRACTICE_OF = {
    owner: f"SELECT practice_id FROM {owner} WHERE id = $id"
    for owner in ("task", "charge", "document", "day_note")
}
# How rows are written for DuckDB, which reads times in this style alone.
CSV = r"WITH (FORMAT csv, NULL '\N', FORCE_QUOTE *)"
CSV_TIMES = b"SET LOCAL DateStyle = 'ISO'"
CSV_PIECE = 4_000_000  # bytes in memory at once
WAITED_FOR = b"""
    SELECT EXISTS (
        SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
    )
"""
_IMPORT = "20012, hashtext(current_schema())"
TRY_IMPORT = f"SELECT pg_try_advisory_lock({_IMPORT})".encode()
IMPORT_RUNS = """
    SELECT 1 FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 20012 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
IN_THE_WAY = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UniqueViolation,
)
