"""Every SQL text of `lib` is in forms that DuckDB and PostgreSQL both understand, and mean alike.

Looks at `lib` as a whole: its modules and the schema. What only DuckDB understands is named here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LIB = Path(__file__).parents[1] / "lib"

# Where DuckDB's own SQL stands, and why it may.
ONE_ENGINE_ONLY = {
    "backlog": "counts whole tables over years, in DuckDB's own aggregates",
    "snapshot": "makes and reads DuckDB files for analysts",
    "generate": "fills an empty data folder, for measuring",
    "store/duckdb": "is the store in a DuckDB file",
    "store/postgres": "is the store in PostgreSQL",
    "store/row_transfer.py": "reads everything from one engine and writes it into the other",
    "upkeep/verify.py": "reads DuckDB's file block by block",
}
# Migrations as they were when DuckDB was the only engine; elsewhere a store begins after them.
LAST_OF_DUCKDB = "170_earlier_tasks.sql"

# What DuckDB alone understands -> what both do.
FORMS = {
    r"(?<![\w.])(ends_with|prefix|suffix)\(": "contains(text, word), starts_with(text, word)",
    r"(?<![\w.])list\(": "ARRAY(SELECT … ORDER BY …)",
    r"(?<![\w.])(list_(?!contains\()\w+|len|flatten)\(": "a join with unnest($list::T[])",
    r"(?<![\w.])(arg_max|arg_min|max_by|min_by)\w*\(": "DISTINCT ON (key) … ORDER BY key, …",
    r"(?<![\w.])(any_value|first|last|mode|median|quantile\w*)\(": "DISTINCT ON, or a window",
    r"(?<![\w.])(map|struct_pack|array_agg_distinct)\(": "a join",
    r"(?<![\w.])(epoch|date_diff|datediff|date_add|to_days|strftime|strptime)\(": "extract(…)",
    r"(?<![\w.])(regexp_matches|regexp_extract)\(": "text ~ pattern, substring(text FROM pattern)",
    r"(?<![\w.])(string_split|str_split)\(": "string_to_array(text, ',')",
    r"(?<![\w.])(hash|bit_xor)\(": "sha256(text)",
    r"\bFROM\s+range\(": "FROM generate_series(1, $count)",
    r"[(,=]\s*\[\s*['\d\]]": "column IN ('a', 'b'), or a parameter",
    r"\bON CONFLICT DO UPDATE\b": "ON CONFLICT (columns) DO UPDATE",
    r"\b(GROUP|ORDER) BY ALL\b": "the columns",
    r"\b(EXCLUDE|REPLACE)\s*\(|\bBY NAME\b|\bQUALIFY\b|\bASOF\b|\bTRY_CAST\b": "plain columns",
    r"\bINSERT OR (REPLACE|IGNORE)\b": "ON CONFLICT (columns)",
    r"(^|\()\s*FROM\s+\w": "SELECT … FROM",
    r"\bduckdb_\w+\(": "information_schema",
    r"unnest\(\$\w+\)": "unnest($list::T[])",
    r"\blambda\s+\w+\s*:": "a join with unnest($list::T[])",
    r"\s//\s": "floor(a / b)",
}
# Columns that are never NULL, so that DESC orders them alike; the rest say NULLS LAST.
NEVER_NULL = (
    r"(id|place|turn|\w*(last|saved|chosen|recorded|ended|created|happened|imported|written)_at)"
)
DESCENDING = re.compile(rf"(?<!\w)(?!(\w+\.)?{NEVER_NULL}\s)([\w.]+)\s+DESC\b(?!\s+NULLS LAST)")
OPENING = re.compile(r"\b(?:FROM|JOIN)\s*\(\s*(?=SELECT\b|WITH\b|VALUES\b)")
NAME = re.compile(r"\s*(AS\s+\w+|(?!WHERE|ORDER|GROUP|JOIN|LEFT|UNION|LIMIT|ON\b)[a-z_]\w*)")


def objections(sql: str) -> list[str]:
    """Return what only DuckDB understands in a text, each with the form for both."""
    code = re.sub(r"--[^\n]*", "", sql)
    found = [
        f"{hit[0].strip()}: write {better}"
        for form, better in FORMS.items()
        if (hit := re.search(form, code))
    ]
    found += [f"{hit[0]}: write NULLS LAST" for hit in DESCENDING.finditer(code)]
    return found + [
        f"{code[at : at + 30].strip()}: name the subquery, (…) AS name" for at in nameless(code)
    ]


def nameless(sql: str) -> Iterator[int]:
    """Yield where a subquery begins in FROM that has no name."""
    for opening in OPENING.finditer(sql):
        depth, at = 1, opening.end()
        while depth and at < len(sql):
            depth += {"(": 1, ")": -1}.get(sql[at], 0)
            at += 1
        if not depth and not NAME.match(sql, at):
            yield opening.start()


def texts(source: str) -> Iterator[str]:
    """Yield what could be SQL in a module: its texts, docstrings aside, with a name in the place of
    what is put into them."""
    tree = ast.parse(source)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node and isinstance(part, ast.Constant)
    }
    for node in ast.walk(tree):
        if id(node) in docs:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "text"
                for part in node.values
            )
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
        ):
            yield node.value


def is_of_duckdb(path: Path) -> bool:
    return any(path.is_relative_to(LIB / room) for room in ONE_ENGINE_ONLY)


def sent() -> Iterator[tuple[str, str]]:
    """Yield every text of `lib` that is SQL for both engines, with where it stands."""
    for path in sorted(LIB.rglob("*.py")):
        if is_of_duckdb(path):
            continue
        for text in texts(path.read_text(encoding="utf-8")):
            if SQL.search(text):
                yield str(path.relative_to(LIB)), text
    for path in sorted(LIB.rglob("*.sql")):
        if not is_of_duckdb(path) and (path.parent.name != "schema" or path.name > LAST_OF_DUCKDB):
            yield str(path.relative_to(LIB)), path.read_text(encoding="utf-8")


SQL = re.compile(
    r"\b(SELECT|FROM|WHERE|INSERT INTO|UPDATE|DELETE FROM|ON CONFLICT|ORDER BY)\s|\$\w+"
)


def test_every_text_is_understood_by_both_engines() -> None:
    found = list(sent())

    assert len(found) > 250
    assert [f"lib/{where}: {said}" for where, text in found for said in objections(text)] == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM task ORDER BY list_position($ids, id)",
        "WHERE len(list_filter($words, lambda w: NOT contains(name, w))) = 0",
        "SELECT list(id) FROM task",
        "SELECT arg_max(kind, id) FROM event",
        "SELECT count(*) FROM (SELECT id FROM task) WHERE id > 1",
        "SELECT count(*) FROM task JOIN (SELECT 1 AS id) ON true",
        "INSERT INTO password VALUES (1) ON CONFLICT DO UPDATE SET hash = $hash",
        "SELECT id FROM task ORDER BY amount DESC, id DESC",
        "SELECT nextval('task_id') FROM range($count)",
        "SELECT unnest($words) AS word",
        "WHERE form = ANY(['charge', 'note'])",
        "EXISTS (FROM password WHERE person_id = 1)",
        "SELECT kind, count(*) FROM event GROUP BY ALL",
    ],
)  # fmt: skip
def test_what_one_engine_alone_understands_is_seen(sql: str) -> None:
    assert objections(sql) != []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM (SELECT id FROM (SELECT 1 AS id) AS inner) AS outer WHERE id > 1",
        "SELECT id FROM task ORDER BY amount DESC NULLS LAST, task.id DESC",
        "SELECT x FROM a, (SELECT unnest($words::VARCHAR[]) AS word) AS typed",
        "SELECT id FROM task WHERE id IN (SELECT unnest($ids::BIGINT[]))",
        "SELECT 1 FROM task WHERE list_contains($ids, id) -- len(list)",
    ],
)
def test_what_both_understand_passes(sql: str) -> None:
    assert objections(sql) == []


def test_every_room_of_duckdb_is_there() -> None:
    assert [room for room in ONE_ENGINE_ONLY if not (LIB / room).exists()] == []
