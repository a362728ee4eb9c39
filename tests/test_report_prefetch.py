"""What a Backlog page shows is counted before it asks: the same numbers, for those who may."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from starlette.requests import Request

from lib import sessions, tasks
from lib.backlog import report_url
from lib.backlog.report_scope import View
from lib.errors import StoreClosing
from lib.models import Person, TaskType
from lib.store.database import Connection, Store
from lib.ui import report_prefetch
from lib.ui.task_list import colleagues_of
from lib.web import index_page
from tests.conftest import Cast
from tests.given import add_charge
from tests.pages import Visit


@pytest.fixture
def threads() -> Iterator[None]:
    with report_prefetch.threads():
        yield
    assert not [each for each in threading.enumerate() if each.name.startswith("counting")]


def view_of(actor: Person, **says: str) -> View:
    return report_url.read(says, actor, colleagues_of(actor), datetime.now(UTC)).view


def counted(store: Store) -> list[tuple[Any, ...]]:
    """Return the pages that are counted now, each with its view."""
    known: Any = store._remembered[1] if store._remembered[0] == store.revision else {}
    return [key[1:] for key in known if isinstance(key, tuple) and key[:1] == ("backlog",)]


def come_in(con: Connection, cast: Cast, number: int) -> None:
    tasks.create(
        con, practice_id=cast.practice, type=TaskType.CODING, title="Q", instructions="Q",
        charge_id=add_charge(con, cast.practice), token=f"t{number}",
        actor=cast.dora, now=datetime.now(UTC) - timedelta(days=1),
    )  # fmt: skip


def opened(store: Store, person: Person, page: str, *, dest: str = "document", query: str = "",
           purpose: str = "") -> None:  # fmt: skip
    """Ask for a page as a browser does, and do what follows the answer."""
    token = sessions.sign_in(store.connection(), person.id, now=datetime.now(UTC))
    headers = {"cookie": f"{sessions.COOKIE}={token}", "sec-fetch-dest": dest}
    headers |= {"sec-purpose": purpose} if purpose else {}
    request = Request({
        "type": "http", "method": "GET", "path": f"/{page}", "path_params": {"page": page},
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    })  # fmt: skip

    async def ask() -> None:
        response = await index_page.send_page(request)
        if response.background:
            await response.background()

    with ThreadPoolExecutor(1) as thread:  # a browser's loop may run in this one
        thread.submit(lambda: asyncio.run(ask())).result()


@pytest.mark.duckdb
def test_what_an_address_asks_for_is_what_the_page_then_shows(served: Store, cast: Cast) -> None:
    come_in(served.connection(), cast, 1)
    for person in (cast.ana, cast.alan):  # an analyst sees no patient, and these numbers
        with Visit(served, person) as visit:
            opened(served, person, "flow", query="weeks=13+weeks&type=Coding")
            [(page, view)] = counted(served)
            assert (page, view.practice_ids, view.types) == (
                "Flow", (cast.practice,), (TaskType.CODING,)
            )  # fmt: skip
            visit.page("backlog_flow", weeks="13 weeks", type="Coding")
            assert len(counted(served)) == 1
            assert "0 completed, 1 received" in visit.words()


def test_nothing_is_counted_of_others_or_for_what_nobody_opened(served: Store, cast: Cast) -> None:
    come_in(served.connection(), cast, 1)
    opened(served, cast.ana, "documents")
    opened(served, cast.ana, "explore")
    opened(served, cast.ana, "flow", dest="image")
    opened(served, cast.ana, "flow", purpose="prefetch")
    assert counted(served) == []

    opened(served, cast.carla, "backlog", query="practice=Northside+Clinic")

    assert all(cast.practice not in view.practice_ids for _, view in counted(served))


@pytest.mark.duckdb
def test_a_page_is_counted_once_and_anew_after_each_change(
    served: Store, cast: Cast, threads: None
) -> None:
    con, view = served.connection(), view_of(cast.ana)
    come_in(con, cast, 1)
    several = [report_prefetch.begin(served, "Overview", view) for _ in range(5)]
    first = [report_prefetch.wait(each) for each in several]
    assert all(each is first[0] for each in first)

    come_in(con, cast, 2)

    again = report_prefetch.wait(report_prefetch.begin(served, "Overview", view))
    assert [each.now["summary"].dicts()[0]["Pending"] for each in (first[0], again)] == [1, 2]
    assert not report_prefetch._on_their_way


@pytest.mark.duckdb
def test_what_goes_wrong_is_raised_where_it_is_waited_for(
    served: Store, cast: Cast, threads: None
) -> None:
    view = view_of(cast.ana)
    served.connection().execute("DROP TABLE charge_total")
    for _ in range(2):
        with pytest.raises(duckdb.CatalogException):
            report_prefetch.wait(report_prefetch.begin(served, "Overview", view))


@pytest.mark.duckdb
def test_no_thread_is_left_when_the_process_ends(served: Store, cast: Cast) -> None:
    view = view_of(cast.ana)
    pages = ["Overview", "Flow", "Aging", "Causes", "Workload", "Waiting"]
    with report_prefetch.threads():
        on_their_way = [report_prefetch.begin(served, page, view) for page in pages]
    assert not [each for each in threading.enumerate() if each.name.startswith("counting")]
    outcomes = set()
    for each in on_their_way:  # what had begun is there, the rest never is
        try:
            report_prefetch.wait(each)
            outcomes.add("counted")
        except StoreClosing:
            outcomes.add("not counted")
    assert outcomes == {"counted", "not counted"}
