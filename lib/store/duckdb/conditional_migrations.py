"""Steps of migrations that a fixed SQL text cannot say: they go by the columns that are there.

A step runs after the file of `schema/` that it is named for, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable

from lib.store.migrations import Run

_CHECKS = """
    SELECT constraint_text FROM duckdb_constraints()
    WHERE schema_name = 'main' AND table_name = $table AND constraint_type = 'CHECK'
      AND constraint_column_names = [$column]
"""
_TABLE = "SELECT sql FROM duckdb_tables() WHERE schema_name = 'main' AND table_name = $table"
_INDEXES = "SELECT sql FROM duckdb_indexes() WHERE schema_name = 'main' AND table_name = $table"


def drop_check(run: Run, table: str, column: str) -> None:
    """Make `table` anew without the CHECK of one column, which DuckDB cannot alter.

    Whatever columns, defaults, keys, indexes and other checks the table has by now, it keeps; its
    rows stay in their order. Nothing happens where there is no such check.
    """
    checks = [text for (text,) in run(_CHECKS, table=table, column=column)]
    if not checks:
        return
    ((text,),) = run(_TABLE, table=table)
    indexes = [sql for (sql,) in run(_INDEXES, table=table)]
    for check in checks:
        if text.count(f", {check}") != 1:
            raise RuntimeError(f"the CHECK of {table}.{column} is not where it was expected")
        text = text.replace(f", {check}", "")
    head = f"CREATE TABLE {table}("
    if not text.startswith(head):
        raise RuntimeError(f"{table} is not written as it was expected")
    run(f"CREATE TABLE {table}_anew(" + text.removeprefix(head))
    run(f"INSERT INTO {table}_anew BY NAME SELECT * FROM {table}")
    run(f"DROP TABLE {table}")
    run(f"ALTER TABLE {table}_anew RENAME TO {table}")
    for sql in indexes:
        run(sql)


STEPS: dict[str, Callable[[Run], None]] = {
    "110_administrators.sql": lambda run: drop_check(run, "membership", "role"),
    "090_task_without_type_check.sql": lambda run: drop_check(run, "task", "type"),
}
