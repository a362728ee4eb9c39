"""The house: which room may look into which, who owns what, and what stays pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in [ROOT / "app.py", *(ROOT / "lib").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
}
SOURCES = {module: path.read_text(encoding="utf-8") for module, path in MODULES.items()}

# Every room, from the ground up. A module imports only from its own floor and from those below it;
# the longest name that fits a module says which floor is its own.
FLOORS = (
    (
        "lib.history_event_kinds",
        "lib.models",
        "lib.import_report_models",
        "lib.errors",
        "lib.us_formats",
    ),
    (
        "lib.file_type_detection",
        "lib.unsafe_pdf",
        "lib.unsafe_word",
        "lib.unsafe_word_xml",
        "lib.scrubber",
        "lib.charge_form",
        "lib.store.search_match",
    ),
    (
        "lib.intake.records",
        "lib.intake.matching.claim_facts",
        "lib.intake.matching.claim_numbers",
        "lib.intake.matching.spelling_comparison",
        "lib.intake.matching.claim_matcher",
        "lib.intake.loinc",
        "lib.intake.denial_advice",
    ),
    ("lib.intake.x12", "lib.intake.fhir", "lib.intake.tables"),
    ("lib.store",),
    ("lib",),  # the nouns of the trade: queue, tasks, charges …
    ("lib.intake",),
    ("lib.export", "lib.upkeep", "lib.snapshot"),
    ("lib.watch", "lib.samples", "lib.generate"),
    ("lib.ui",),
    ("pages", "lib.web", "lib.frame"),
    ("app", "lib.__main__"),
)
# What these import, they may reach by no path whatever: neither disk, nor clock, nor the web.
PURE = FLOORS[0] + FLOORS[1] + FLOORS[2] + FLOORS[3]
IMPURE_LIBRARIES = {
    "duckdb",
    "obstore",
    "psycopg",
    "psycopg_pool",
    "streamlit",
    "starlette",
    "socket",
    "sqlite3",
    "tempfile",
    "time",
}
WEB = {"streamlit", "starlette", "uvicorn"}
EDGES = ("lib.ui", "lib.web", "lib.frame", "pages", "app")
# These start the process, so the clock and the environment are theirs to read.
STARTERS = (
    *EDGES, "lib.__main__", "lib.store.process_store", "lib.store.migrations", "lib.watch",
    "lib.upkeep.command",
)  # fmt: skip


def is_in(module: str, *rooms: str) -> bool:
    return any(module == room or module.startswith(room + ".") for room in rooms)


def floor(module: str) -> int:
    """How high a module stands: the floor with the longest name that fits it."""
    fits = [
        (len(room), height)
        for height, rooms in enumerate(FLOORS)
        for room in rooms
        if is_in(module, room)
    ]
    return max(fits)[1]


@cache
def parsed(source: str) -> ast.Module:
    """Return the syntax tree of a source: every rule looks through it."""
    return ast.parse(source)


@cache
def imports(source: str) -> frozenset[str]:
    """Return every module that the source imports anywhere, functions included."""
    found: set[str] = set()
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                deeper = f"{node.module}.{name.name}"
                found.add(deeper if deeper in MODULES else node.module)
    return frozenset(found)


def arrows(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Return for each module those of ours that it imports."""
    return {
        module: {name for name in imports(source) if name in sources and name != module}
        for module, source in sources.items()
    }


def imported_by(module: str) -> set[str]:
    """Return the modules of ours that one of ours imports."""
    return {name for name in imports(SOURCES[module]) if name in SOURCES and name != module}


def circles(sources: Mapping[str, str]) -> list[str]:
    """Each module that can reach itself by imports, as a sentence."""
    direct = arrows(sources)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(direct[start])
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting += direct[module]
        return seen

    return [
        f"{module} imports itself by a detour" for module in direct if module in reached(module)
    ]


def rooms(sources: Mapping[str, str], folder: str) -> dict[str, set[str]]:
    """Each module or package that stands in a folder -> those beside it that it imports."""
    inside = {module: module.removeprefix(f"{folder}.").partition(".")[0] for module in sources
              if module.startswith(f"{folder}.")}  # fmt: skip
    found: dict[str, set[str]] = {name: set() for name in inside.values()}
    for module, imported in arrows(sources).items():
        if module in inside:
            found[inside[module]] |= {inside[name] for name in imported if name in inside}
    return {name: others - {name} for name, others in found.items()}


def room_circles(sources: Mapping[str, str], folder: str) -> list[str]:
    """Return the rooms of a folder that are in a circle: what is left once no room can be taken
    away that imports none of the others left."""
    left = rooms(sources, folder)
    while free := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in free}
    return sorted(left)


FOLDERS = sorted({module.rpartition(".")[0] for module in MODULES} - {""})


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_room_imports_itself_by_a_detour(folder: str) -> None:
    assert room_circles(SOURCES, folder) == []


def test_a_circle_of_rooms_is_seen_though_no_module_is_in_one() -> None:
    sources = {
        "lib.intake.advice": "from lib.intake.x12.payments import Payment",
        "lib.intake.x12": "",
        "lib.intake.x12.payments": "",
        "lib.intake.x12.denials": "from lib.intake import advice\nfrom lib.intake.advice import x",
        "lib.intake.imports": "from lib.intake.x12 import denials",
    }

    assert circles(sources) == []
    assert room_circles(sources, "lib.intake") == ["advice", "imports", "x12"]


def objections(module: str, source: str) -> list[str]:
    """Return what is wrong with the imports of a module, as sentences."""
    found = []
    for wanted in imports(source):
        first = wanted.partition(".")[0]
        if first == "duckdb" and not is_in(module, *DUCKDB):
            found.append(f"{module} knows DuckDB")
        if first in {"psycopg", "psycopg_pool"} and not is_in(module, "lib.store.postgres"):
            found.append(f"{module} knows PostgreSQL")
        if first == "obstore" and module != "lib.store.bucket":
            found.append(f"{module} knows buckets")
        if first in WEB and not is_in(module, *EDGES):
            found.append(f"{module} knows {first}")
        if first == "starlette" and is_in(module, "lib.ui", "pages"):
            found.append(f"{module} knows HTTP")
        if wanted in MODULES and floor(wanted) > floor(module):
            found.append(f"{module} imports {wanted}, which stands above it")
        if is_in(module, "pages") and is_in(wanted, "pages"):
            found.append(f"{module} imports another page")
    return found


# What analysts take along and ask is a DuckDB file of its own.
DUCKDB = ("lib.store.duckdb", "lib.snapshot.copies", "lib.snapshot.explore_process")


def test_imports_point_down() -> None:
    assert [each for module in MODULES for each in objections(module, SOURCES[module])] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("lib.tasks", "import duckdb"),
        ("lib.store.database", "import duckdb"),
        ("lib.store.process_store", "import psycopg"),
        ("lib.store.files", "import obstore"),
        ("lib.store.process_store", "def f():\n    from duckdb import connect"),
        ("lib.ui.filters", "from duckdb import connect"),
        ("lib.charges", "import streamlit as st"),
        ("lib.intake.imports", "from starlette.requests import Request"),
        ("lib.store.process_store", "def f():\n    import streamlit"),
        ("lib.ui.filters", "from starlette.requests import Request"),
        ("lib.tasks", "from lib.ui import filters"),
        ("lib.tasks", "def f():\n    from lib.web.gate import Gate"),
        ("lib.tasks", "from lib.intake import imports"),
        ("lib.notes", "from lib.export import period"),
        ("lib.ui.navigation", "from pages import tasks"),
        ("pages.tasks", "from pages import documents"),
        ("lib.models", "from lib import people"),
        ("lib.errors", "from lib.tasks import get"),
        ("lib.scrubber", "from lib.store.database import Connection"),
        ("lib.intake.x12.denial_requests_835", "from lib.store.database import Connection"),
        ("lib.intake.tables.cells", "from lib import practice_settings"),
        ("lib.store.database", "from lib import tasks"),
    ],
)
def test_an_import_the_wrong_way_is_seen(module: str, source: str) -> None:
    assert objections(module, source) != []


def test_no_module_imports_itself_by_a_detour() -> None:
    assert circles(SOURCES) == []


def test_a_circle_is_seen_wherever_its_imports_stand() -> None:
    sources = {
        "lib.tasks": "def f():\n    from lib import notes",
        "lib.notes": "from lib import workflow",
        "lib.workflow": "from lib import tasks",
        "lib.queue": "from lib import tasks",
    }

    assert circles(sources) == [
        f"lib.{noun} imports itself by a detour" for noun in ("tasks", "notes", "workflow")
    ]


def impurities(module: str) -> set[str]:
    """Modules of ours that are not pure, and libraries, that a module reaches by any path."""
    seen, waiting = set[str](), [module]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += imported_by(name)
    libraries = {each.partition(".")[0] for name in seen for each in imports(SOURCES[name])}
    return (libraries & IMPURE_LIBRARIES) | {
        name for name in seen if not is_in(name, *PURE) and name not in PACKAGES
    }


def test_what_is_pure_reaches_nothing_impure_by_any_path() -> None:
    pure = [module for module in MODULES if is_in(module, *PURE)]

    assert len(pure) > 30
    assert {module: found for module in pure if (found := impurities(module))} == {}


def test_what_verbs_see_reaches_no_database_by_any_path() -> None:
    nouns = [module for module in MODULES if floor(module) == FLOORS.index(("lib",))]

    assert len(nouns) > 40
    assert [module for module in nouns if {"duckdb", "psycopg"} & impurities(module)] == []


def test_what_is_reached_by_a_detour_is_seen() -> None:
    assert {"duckdb", "lib.store.database"} <= impurities("lib.samples")


PACKAGES = {
    "lib",
    "lib.intake",
    "lib.intake.matching",
    "lib.store",
}  # their __init__.py imports nothing


def test_a_package_does_nothing_when_it_is_imported() -> None:
    for package in PACKAGES:
        assert list(imports(SOURCES[package])) == []


def test_every_part_of_the_house_is_looked_at() -> None:
    assert {"app", "lib.store.database", "lib.ui.filters", "lib.web.gate", "pages.tasks"} <= set(
        MODULES
    )
    assert len(MODULES) > 100


def test_no_module_outgrows_what_one_reads_at_once() -> None:
    lines = {module: source.count("\n") for module, source in SOURCES.items()}

    assert [
        module for module in MODULES if lines[module] > (250 if is_in(module, "pages") else 500)
    ] == []


def calls(source: str) -> set[str]:
    """Return the names of everything that is called, such as `datetime.now`."""
    return {
        ast.unparse(node.func) for node in ast.walk(parsed(source)) if isinstance(node, ast.Call)
    }


CLOCK = (".now", ".today", ".utcnow", "time.time", "getenv", "environ.get")


def test_only_what_starts_the_process_reads_the_clock_or_the_environment() -> None:
    readers = {
        module for module in MODULES if any(c.endswith(CLOCK) for c in calls(SOURCES[module]))
    }

    assert "lib.__main__" in readers
    assert {module for module in readers if not is_in(module, *STARTERS)} == set()


SQL_CALLS = (".execute", ".rows", ".records")


def test_no_page_writes_sql_or_opens_a_transaction() -> None:
    writers = {
        module
        for module, source in SOURCES.items()
        if "transaction(" in source or any(c.endswith(SQL_CALLS) for c in calls(source))
    }

    assert "lib.workflow" in writers
    assert {module for module in writers if is_in(module, "pages", "lib.ui")} == set()


def test_only_tasks_writes_the_row_of_a_task() -> None:
    write = re.compile(r"\b(UPDATE|INSERT INTO|DELETE FROM) task\b|insert\(\s*\"task\"")
    writers = {module for module, source in SOURCES.items() if write.search(source)}

    assert "lib.tasks" in writers
    assert writers <= set(ROW_WRITERS)


ROW_WRITERS = ("lib.tasks", "lib.store.search_index")  # which rebuilds what the search knows


def docstrings(source: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each function and what it is said to do."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, ast.get_docstring(node) or ""


# Ruff's D401 knows the moods of verbs, but lets pass whatever begins with no verb at all.
NO_VERBS = re.compile(r"(An?|The|True|Wh(at|ere|o|ich|ile|en)|How|One|At|All|Each|Every\w*|If)\b")


def test_what_a_function_does_is_said_by_a_verb() -> None:
    assert [
        (module, name)
        for module, source in SOURCES.items()
        for name, said in docstrings(source)
        if NO_VERBS.match(said)
    ] == []


def test_what_is_said_by_no_verb_is_seen() -> None:
    [(name, said)] = docstrings('def find() -> None:\n    """The tasks of a practice."""')

    assert (name, bool(NO_VERBS.match(said))) == ("find", True)


def touches_session_state(source: str) -> bool:
    """Return True if the source reaches Streamlit's session state, not the accessors of ours."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr == "session_state")
        or (
            isinstance(node, ast.ImportFrom)
            and str(node.module).partition(".")[0] == "streamlit"
            and "session_state" in {name.name for name in node.names}
        )
        for node in ast.walk(parsed(source))
    )


def test_only_its_accessors_touch_the_session_state() -> None:
    assert [module for module, source in SOURCES.items() if touches_session_state(source)] == [
        "lib.ui.session_state"
    ]


@pytest.mark.parametrize(
    "source",
    [
        'import streamlit as st\nst.session_state["chosen"] = 1',
        "import streamlit\nstreamlit.session_state.clear()",
        "from streamlit import session_state",
    ],
)
def test_a_touch_of_the_session_state_is_seen(source: str) -> None:
    assert touches_session_state(source)


def test_what_a_session_keeps_is_declared_once_each_with_a_key_of_its_own() -> None:
    kept = re.compile(r"= Kept(?:OrNew)?(?:Each)?(?:\[.*\])?\(\s*(\S+?)[,)]")
    keys = [
        key
        for module, source in SOURCES.items()
        if module != "lib.ui.session_state"
        for key in kept.findall(source)
    ]

    assert all(re.fullmatch(r'"[a-z_]+"', key) for key in keys)
    assert len(keys) > 20
    assert len(keys) == len(set(keys))


def caches(source: str) -> list[str]:
    """Return what is remembered from one call to the next other than by `Store.cached`, as
    sentences. A function of texts and numbers alone may remember what it returned."""
    found = []
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Attribute) and node.attr in {"cache_data", "cache_resource"}:
            found.append(f"Streamlit's {node.attr}")
        if isinstance(node, ast.FunctionDef):
            decorators = {ast.unparse(each).partition("(")[0] for each in node.decorator_list}
            if decorators & {"cache", "lru_cache", "functools.cache", "functools.lru_cache"}:
                kinds = {ast.unparse(a.annotation) for a in node.args.args if a.annotation}
                if not kinds <= PLAIN or node.args.vararg or node.args.kwonlyargs:
                    found.append(f"{node.name} remembers {', '.join(sorted(kinds))}")
    return found


PLAIN = {"str", "int", "date", "tuple[str, ...]", "frozenset[str]", "type[Record]", "type[Any]"}


def test_what_depends_on_the_store_is_cached_by_the_store_alone() -> None:
    assert [(module, found) for module in MODULES if (found := caches(SOURCES[module]))] == []


@pytest.mark.parametrize(
    "source",
    [
        "@st.cache_data(ttl=60)\ndef f(name: str) -> int: ...",
        "@st.cache_resource\ndef f() -> Store: ...",
        "@cache\ndef f(con: Connection) -> int: ...",
        "@lru_cache(maxsize=5)\ndef f(name: str, actor: Person) -> int: ...",
    ],
)
def test_another_cache_is_seen(source: str) -> None:
    assert caches(source)


UNTESTED_BY_NAME = dict(
    re.findall(
        r"^\| `(lib[\w.]*)` \| `(tests/[\w/]+\.py)` \| \S.* \|$",
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
)


def has_test_of_its_name(module: str) -> bool:
    """Return True where there is a test file of the module's name, which looks at this one where
    several modules have that name."""
    name = module.rpartition(".")[2]
    file = ROOT / "tests" / f"test_{name}.py"
    if not file.exists():
        return False
    is_shared = sum(other.rpartition(".")[2] == name for other in MODULES) > 1
    return not is_shared or module in set(imports(file.read_text(encoding="utf-8")))


def test_a_module_has_a_test_file_of_its_name_or_contributing_says_why_not() -> None:
    packages = {module for module in MODULES if MODULES[module].name == "__init__.py"}
    modules = {module for module in MODULES if is_in(module, "lib")} - packages

    assert {m for m in modules if not has_test_of_its_name(m)} == set(UNTESTED_BY_NAME)


def test_what_contributing_says_looks_at_a_module_is_there() -> None:
    assert [file for file in UNTESTED_BY_NAME.values() if not (ROOT / file).exists()] == []
