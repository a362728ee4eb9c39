"""Imports point one way: app → web, frame → pages → ui → nouns → db → duckdb."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in [ROOT / "app.py", *(ROOT / "lib").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
}
WEB = {"streamlit", "starlette"}
EDGES = ("lib.ui", "lib.web", "lib.frame", "pages", "app")
PURE = (
    "lib.models",
    "lib.errors",
    "lib.scrubber",
    "lib.document_types",
    "lib.store.search_words",
    "lib.intake.x12.reader",
)
# A module imports only what stands no higher than itself; the nouns of lib are at 1.
HEIGHT = {
    "lib.models": 0, "lib.errors": 0, "lib.store.database": 0, "lib.ui": 2, "pages": 3,
    "lib.web": 3, "lib.frame": 3, "lib.__main__": 4, "app": 4,
}  # fmt: skip


def is_in(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def height(module: str) -> int:
    """How far a module is from the store."""
    return next((high for name, high in HEIGHT.items() if is_in(module, name)), 1)


def imports(source: str) -> Iterator[str]:
    """Every module that the source imports anywhere, functions included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                deeper = f"{node.module}.{name.name}"
                yield deeper if deeper in MODULES else node.module


def objections(module: str, source: str) -> list[str]:
    """What is wrong with the imports of a module, as sentences."""
    found = []
    for wanted in imports(source):
        first = wanted.partition(".")[0]
        if first == "duckdb" and module != "lib.store.database":
            found.append(f"{module} knows DuckDB")
        if first in WEB and not is_in(module, *EDGES):
            found.append(f"{module} knows {first}")
        if first == "starlette" and is_in(module, "lib.ui", "pages"):
            found.append(f"{module} knows HTTP")
        if first in ("lib", "pages", "app") and wanted in MODULES:
            if height(wanted) > height(module):
                found.append(f"{module} imports {wanted}, which stands above it")
            if is_in(module, "pages") and is_in(wanted, "pages"):
                found.append(f"{module} imports another page")
            if is_in(module, "lib.models", "lib.errors") and wanted not in PURE[:2]:
                found.append(f"{module} imports {wanted}")
            if is_in(module, *PURE) and wanted in ("lib.store.database", "lib.store.process"):
                found.append(f"{module} is not pure: it imports {wanted}")
            if is_in(module, "lib.store.database") and wanted not in PURE[:2]:
                found.append(f"lib.store.database imports {wanted}")
    return found


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_one_way(module: str) -> None:
    assert objections(module, MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("lib.tasks", "import duckdb"),
        ("lib.ui.filters", "from duckdb import connect"),
        ("lib.charges", "import streamlit as st"),
        ("lib.intake.x12.claims_837", "from starlette.requests import Request"),
        ("lib.store.process", "def f():\n    import streamlit"),
        ("lib.ui.filters", "from starlette.requests import Request"),
        ("lib.tasks", "from lib.ui import filters"),
        ("lib.tasks", "def f():\n    from lib.web.gate import Gate"),
        ("lib.ui.frame", "from pages import tasks"),
        ("pages.tasks", "from pages import documents"),
        ("lib.models", "from lib import errors, db"),
        ("lib.errors", "from lib.tasks import get"),
        ("lib.scrubber", "from lib.store.database import Connection"),
        ("lib.store.database", "from lib import tasks"),
    ],
)
def test_an_import_the_wrong_way_is_seen(module: str, source: str) -> None:
    assert objections(module, source) != []


def test_every_part_of_the_house_is_looked_at() -> None:
    assert {"app", "lib.store.database", "lib.ui.filters", "lib.web.gate", "pages.tasks"} <= set(
        MODULES
    )
    assert len(MODULES) > 50


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_module_outgrows_what_one_reads_at_once(module: str) -> None:
    lines = MODULES[module].read_text(encoding="utf-8").count("\n")

    assert lines <= (250 if is_in(module, "pages") else 500)


def calls(source: str) -> set[str]:
    """The names of everything that is called, such as `datetime.now`."""
    return {
        ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)
    }


VERBS = [
    "queue", "tasks", "workflow", "charges", "charge_form", "scrubber", "notes", "documents", "drafts",
    "backlog", "history", "people", "access",
]  # fmt: skip


@pytest.mark.parametrize("noun", VERBS)
def test_no_verb_reads_the_clock_or_the_environment(noun: str) -> None:
    found = calls((ROOT / "lib" / f"{noun}.py").read_text(encoding="utf-8"))

    assert not {
        name for name in found
        if name.endswith((".now", ".today", ".utcnow", "time.time", "getenv", "environ.get"))
    }  # fmt: skip


@pytest.mark.parametrize("module", sorted(m for m in MODULES if is_in(m, "pages", "lib.ui")))
def test_no_page_writes_sql_or_opens_a_transaction(module: str) -> None:
    source = MODULES[module].read_text(encoding="utf-8")

    assert "transaction(" not in source
    assert not {name for name in calls(source) if name.endswith((".execute", ".rows", ".records"))}
