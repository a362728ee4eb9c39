"""Every page and whatever it draws: it writes nothing while it is drawn, since a click elsewhere
ends a run in its middle. What writes is called by the callbacks of widgets, which run to their end
(`lib.ui.lossless_widgets`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

import pytest

from tests.test_architecture import SOURCES, is_in, parsed

DRAWN = "(as it is drawn)"  # the body of a module
# What takes a function to call it from a callback, later or never; so does each function with a
# parameter that is a Verb.
DEFERS = {"partial", "lossless_widgets.button", "lossless_widgets.submit",
          "lossless_widgets.keep_typed"}  # fmt: skip
CALLBACKS = {"on_click", "on_change", "on_dismiss", "heard"}
# What is written while a page is drawn: nobody pressed it, and it is written by the next run if a
# click ends this one.
WHILE_DRAWN = {
    ("lib.audit_log", "record"),  # who saw what, and who was refused
    ("lib.sessions", "session_of"),  # when the session was last used
    ("lib.ui.edit_charge_state", "keep"),  # a draft that a callback kept already, or could not
    ("lib.store.long_transaction", "rehearse"),  # a preview, of which nothing is kept
    ("lib.snapshot.copies", "_key"),  # of the copy that is asked for
    # Facts that an older version did not keep, read again from their files.
    ("lib.intake.charges.charge_mismatches", "_keep_missing"),
}

Node = tuple[str, str]  # a module, and a function of it


class Calls(ast.NodeVisitor):
    """What each function of a module calls, or hands on to be called at once."""

    def __init__(self, module: str, source: str, known: Mapping[Node, ast.FunctionDef]) -> None:
        self.module, self.known = module, known
        self.within: list[str] = []
        self.made: dict[Node, set[Node]] = {}
        self.writes: set[Node] = set()
        self.modules: dict[str, str] = {}
        self.functions: dict[str, Node] = {}
        for node in ast.walk(parsed(source)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for name in node.names:
                    here = name.asname or name.name
                    if f"{node.module}.{name.name}" in SOURCES:
                        self.modules[here] = f"{node.module}.{name.name}"
                    else:
                        self.functions[here] = (node.module, name.name)
        self.visit(parsed(source))

    @property
    def here(self) -> Node:
        return self.module, ".".join(self.within) or DRAWN

    def meant(self, node: ast.expr) -> Node | None:
        """Return the function that an expression names, if it is one of ours."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = self.modules.get(node.value.id)
            return (found, node.attr) if found and (found, node.attr) in self.known else None
        if not isinstance(node, ast.Name):
            return None
        for depth in range(len(self.within), -1, -1):
            inner = (self.module, ".".join([*self.within[:depth], node.id]))
            if inner in self.known:
                return inner
        return self.functions.get(node.id)

    def takes_verb(self, node: ast.expr) -> bool:
        found = self.meant(node)
        function = self.known.get(found) if found else None
        return function is not None and any(
            each.annotation and ast.unparse(each.annotation) == "lossless_widgets.Verb"
            for each in function.args.args
        )

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self.within.append(node.name)
        for part in node.body:
            self.visit(part)
        self.within.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Look into no class: those of ours are records, or run beside the page."""

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func)
        if name == "transaction":
            self.writes.add(self.here)
        handed = [] if name in DEFERS or self.takes_verb(node.func) else list(node.args)
        handed += [word.value for word in node.keywords if word.arg not in CALLBACKS]
        for each in (node.func, *handed):
            if found := self.meant(each):
                self.made.setdefault(self.here, set()).add(found)
            self.visit(each)


def functions(module: str, source: str) -> Iterator[tuple[Node, ast.FunctionDef]]:
    def inside(body: list[ast.stmt], names: list[str]) -> Iterator[tuple[Node, ast.FunctionDef]]:
        for node in body:
            if isinstance(node, ast.FunctionDef):
                yield (module, ".".join([*names, node.name])), node
                yield from inside(node.body, [*names, node.name])

    yield from inside(parsed(source).body, [])


def written_while_drawn(sources: Mapping[str, str]) -> list[str]:
    """Return the way from the body of a page to each function that opens a transaction."""
    known = dict(each for module, source in sources.items() for each in functions(module, source))
    seen = [Calls(module, source, known) for module, source in sources.items()]
    calls = {node: made for each in seen for node, made in each.made.items()}
    writes = {node for each in seen for node in each.writes}
    ways = {(module, DRAWN): module for module in sources if is_in(module, "pages")}
    waiting = list(ways)
    while waiting:
        node = waiting.pop(0)
        for following in sorted(calls.get(node, set()) - ways.keys() - WHILE_DRAWN):
            ways[following] = f"{ways[node]} > {'.'.join(following)}"
            waiting.append(following)
    return sorted(ways[node] for node in writes & ways.keys())


def test_no_page_writes_while_it_is_drawn() -> None:
    assert written_while_drawn(SOURCES) == []


VERB = "from lib.store.database import transaction\ndef save(con):\n    with transaction(con): pass"
IMPORTS = "from lib import notes\nfrom lib.ui import lossless_widgets\n"


@pytest.mark.parametrize(
    "page",
    [
        'if st.button("Save"): notes.save(con)',
        'def act(verb): verb()\ndef go(): notes.save(con)\nif st.button("Save"): act(go)',
        "def act(verb): verb()\nact(lambda: notes.save(con))",
        '@st.dialog("Save")\ndef ask():\n    if st.checkbox("Sure"): notes.save(con)\nask()',
    ],
)
def test_a_verb_that_a_click_elsewhere_would_end_is_seen(page: str) -> None:
    found = written_while_drawn({"lib.notes": VERB, "pages.page": IMPORTS + page})

    assert [way.split(" > ")[-1] for way in found] == ["lib.notes.save"]


@pytest.mark.parametrize(
    "page",
    [
        'st.button("Save", on_click=lambda: notes.save(con))',
        'def do(now): notes.save(con)\nlossless_widgets.button("Save", do)',
        'def go(more, now): notes.save(con)\nlossless_widgets.submit("Save", partial(go, 1))',
    ],
)
def test_a_verb_in_a_callback_is_none_of_these(page: str) -> None:
    assert written_while_drawn({"lib.notes": VERB, "pages.page": IMPORTS + page}) == []
