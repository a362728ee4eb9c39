"""Have a database refuse every row that a transaction writes outside of its scope.

`lib/store/writer_scope.py` trusts verbs to say whose rows they write. In the tests' databases each
table asks the locks of its writer.
"""

from __future__ import annotations

import psycopg

# What verbs of any practice write beside its rows: whoever sends a form, and texts searched for.
OF_NO_PRACTICE = ("submission", "spelling", "written", "session")

_WATCH = """
CREATE FUNCTION require_scope() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    of_practice TEXT := to_jsonb(coalesce(NEW, OLD)) ->> 'practice_id';
    own TEXT[];
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' OR NOT EXISTS (
        SELECT 1 FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
            AND classid = 20013 AND mode = 'ShareLock'
    ) THEN
        RETURN NULL;  -- a long transaction, one that has the whole store, or a test's own statement
    END IF;
    own := CASE TG_TABLE_NAME
        WHEN 'activity' THEN ARRAY['record 0']
        WHEN 'draft' THEN ARRAY['practice ' || of_practice,
                                'person ' || (to_jsonb(coalesce(NEW, OLD)) ->> 'person_id')]
        ELSE ARRAY['practice ' || of_practice]
    END;
    IF NOT EXISTS (
        SELECT 1 FROM pg_locks, unnest(own) AS scope
        WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND classid = 20014
            AND objid::BIGINT = hashtext(current_schema() || ' ' || scope)::BIGINT & 4294967295
    ) THEN
        RAISE EXCEPTION 'a row of % is written outside of the scope of its transaction',
            TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $body$
"""


def watch(address: str) -> None:
    """Let each table of the database at `address` ask whether its writer may write that row."""
    with psycopg.connect(address, autocommit=True) as con:
        con.execute(_WATCH.encode())
        tables = con.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (table,) in tables.fetchall():
            if table not in OF_NO_PRACTICE:
                text = f"""
                    CREATE TRIGGER require_scope AFTER INSERT OR UPDATE OR DELETE ON {table}
                    FOR EACH ROW EXECUTE FUNCTION require_scope()
                """
                con.execute(text.encode())
