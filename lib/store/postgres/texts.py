"""How the store in PostgreSQL connects, and what it asks about writers and imports."""

from __future__ import annotations

from typing import Any

import psycopg

SETTINGS: dict[str, Any] = {
    "autocommit": True,
    "cursor_factory": psycopg.ClientCursor,
    "connect_timeout": 5,
    "application_name": "billing-tasks",
}
# What the cache goes by, and who wrote. An import cannot change the writers' row, which others have
# changed since it began.
SEEN = """
    SELECT writer.revision + importer.revision, changes FROM writer, importer
    WHERE writer.one = 1 AND importer.one = 1
"""
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
