"""A real server and a real Chromium: people sit down in their own browser context."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from lib.models import Person
from lib.store import process_store
from tests import postgres
from tests.browser.desk import Desk, own_browser, strange_browser
from tests.browser.scene import Cast, Scene, seed
from tests.conftest import ON_POSTGRES
from tests.server import running

Sit = Callable[..., Desk]
FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """Return a data folder that nobody opens; each server works on a copy of it."""
    folder = tmp_path_factory.mktemp("seeded") / "data"
    return folder, seed(folder)


@pytest.fixture(scope="session")
def scene(
    seeded: tuple[Path, Cast],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Scene]:
    """Yield the practices in which tests work: their tasks, their documents."""
    yield from _scene(seeded, tmp_path_factory.mktemp("busy") / "data", request)


@pytest.fixture(scope="session")
def still(
    seeded: tuple[Path, Cast],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Scene]:
    """Yield the same practices in a store of their own where nobody works, so that counts stay."""
    yield from _scene(seeded, tmp_path_factory.mktemp("still") / "data", request)


def _scene(
    seeded: tuple[Path, Cast], folder: Path, request: pytest.FixtureRequest
) -> Iterator[Scene]:
    cast, environment = copy.deepcopy(seeded[1]), {}
    if ON_POSTGRES:
        database = postgres.new_database(request.getfixturevalue("postgres_server"))
        cast = seed(folder, database)
        environment[process_store.DATABASE_VARIABLE] = database
    else:
        shutil.copytree(seeded[0], folder)
    with running(folder, environment=environment) as server:
        yield Scene(server, cast)
    said = server.log.read_text()
    assert "reference " not in said, f"The server met a bug:\n{said}"


@pytest.fixture(scope="session")
def browsers(browser: Browser) -> Iterator[dict[tuple[int, int], BrowserContext]]:
    """Yield each person's own browser, by server and person; its cache outlives a test."""
    opened: dict[tuple[int, int], BrowserContext] = {}
    yield opened
    for context in opened.values():
        context.close()


@pytest.fixture(scope="session")
def tabs() -> dict[tuple[int, int], Page]:
    """Return the tab that each person left open, by server and person."""
    return {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test failed, to take pictures of its pages."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def sit(
    browser: Browser,
    browsers: dict[tuple[int, int], BrowserContext],
    tabs: dict[tuple[int, int], Page],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Sit]:
    """Sit somebody down at a page: `sit(scene, scene.cast.ana, "/?q=N017")`.

    A second page of the same person is another tab of their browser; `elsewhere` is a browser of
    its own, without anybody's session. With an empty path nothing is opened yet: for what begins
    with a task that the desk opens or starts.

    `again` is the tab of an earlier test that also sat there `again`, as it was left, and they
    come to the page as Back does: an opened page costs Chromium a second. For what is not about a
    page that opens, and leaves none of its own scripts, routes or listeners in the tab.
    """
    desks: list[Desk] = []
    left: dict[tuple[int, int], Page] = {}
    others: list[BrowserContext] = []

    def sit_down(
        where: Scene,
        person: Person,
        path: str = "/",
        *,
        elsewhere: bool = False,
        again: bool = False,
    ) -> Desk:
        key = where.server.port, person.id
        if elsewhere:
            context = strange_browser(browser)
            others.append(context)
        else:
            if key not in browsers:
                browsers[key] = own_browser(
                    browser, where, person, tmp_path_factory.mktemp("profile")
                )
            context = browsers[key]
        again = again and key not in left
        page = (tabs.pop(key, None) if again else None) or context.new_page()
        desk = Desk(page, where.server)
        desks.append(desk)
        if again:
            left[key] = page
            desk.tidy()
            if path:
                desk.move(path)
        elif path:
            desk.go(path)
        return desk

    yield sit_down
    has_failed = request.node.stash.get(FAILED, False)
    for place, desk in enumerate(desks):
        if has_failed:
            picture = tmp_path / f"page-{place}.png"
            desk.page.screenshot(path=picture)
            print(f"{desk.page.url} as it was: {picture}\n{desk.text}")
        elif desk.page in left.values() and not desk.page.is_closed() and desk.is_in_app:
            continue
        desk.page.close()
    tabs.update({key: page for key, page in left.items() if not page.is_closed()})
    for context in others:
        context.close()
