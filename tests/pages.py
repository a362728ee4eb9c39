"""Pages drawn without a browser, by Streamlit's AppTest: which fields, lists and messages a person
gets. The one stand-in is for the cookie that a browser would send.

AppTest does not run our JavaScript: a list is looked at as it is sent to the browser, and clicks on
it are left to `tests/browser`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from lib import sessions
from lib.access import may_anywhere
from lib.backlog import measures
from lib.models import Person
from lib.store import process_store
from lib.store.database import Store
from lib.ui import navigation

PAGES = tuple(sorted(path.stem for path in (process_store.ROOT / "pages").glob("*.py")))


def offered(person: Person) -> list[str]:
    """Return the files of the pages that the person is offered, as docs/roles.md says."""
    return [entry.file for entry in navigation.PAGES if may_anywhere(person, entry.needs)]


class Visit:
    """A person signed in at a store; `with Visit(store, ana) as visit: visit.page("tasks")`."""

    def __init__(self, store: Store, person: Person | None) -> None:
        self.store = store
        cookies = {}
        if person:
            con = store.connection()
            cookies[sessions.COOKIE] = sessions.sign_in(con, person.id, now=datetime.now(UTC))
        self._cookies = mock.patch.object(ContextProxy, "cookies", cookies)
        self._opened = mock.patch.dict(process_store._open, {store.folder: store}, clear=True)

    def __enter__(self) -> Visit:
        self._cookies.start()
        self._opened.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.stop()
        self._cookies.stop()

    def page(self, name: str, **query: str) -> AppTest:
        """Draw `pages/<name>.py` with the frame around it, at an address with these parameters."""
        self.drawn = AppTest.from_file(
            process_store.ROOT / "lib/frame/app_shell.py", default_timeout=60
        )
        if name != "tasks":
            self.drawn.run()  # the frame says which pages there are
            self.drawn.switch_page(str(Path(process_store.ROOT, "pages", f"{name}.py")))
        for key, value in query.items():
            self.drawn.query_params[key] = value
        return self.drawn.run()

    def open_everything(self) -> AppTest:
        """Draw the page again with what is below its charts and tables opened."""
        for number in measures.NUMBERS:
            self.drawn.session_state[f"evidence_{number}"] = True
        return self.drawn.run()

    def words(self) -> str:
        """Everything the page says, HTML included."""
        return "\n".join(str(element.proto) for element in _elements(self.drawn._tree))

    def listed(self) -> list[dict[str, Any]]:
        """Return the rows of the list, each by the names of its columns."""
        rows: list[dict[str, Any]] = self._sent("billing_record_list")["rows"]
        return rows

    def columns(self) -> list[str]:
        """Return the heads of the list."""
        return [column["label"] for column in self._sent("billing_record_list")["columns"]]

    def menu(self) -> list[tuple[str, str, str]]:
        """Return the entries of the left menu: name, label and count."""
        return [
            (entry["view"], entry["label"], entry["count"])
            for entry in self._sent("billing_task_menu")["entries"]
        ]

    def _sent(self, component: str) -> dict[str, Any]:
        """Return what a component of ours is sent to draw."""
        (proto,) = (
            element.proto
            for element in _elements(self.drawn._tree)
            if element.type == "bidi_component" and element.proto.component_name == component
        )
        data: dict[str, Any] = json.loads(proto.json)
        return data


def _elements(block: Any) -> Iterator[Any]:
    for child in getattr(block, "children", {}).values():
        if hasattr(child, "children"):
            yield from _elements(child)
        else:
            yield child
