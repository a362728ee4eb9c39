"""From an empty folder to work: set-up, invitation, password, deep link, ends of sessions."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lib import accounts, passwords, people, sessions
from lib.models import Role, TaskType
from lib.store.database import transaction
from lib.store.duckdb.store import DuckDBStore
from lib.web import sockets
from tests.browser.desk import PHONE, Desk, give_session, strange_browser
from tests.browser.scene import Cast, Scene
from tests.server import running
from tests.test_command import run_command
from tests.test_invitations import PASSWORD

SOON = (sockets.OFTEN + sockets.LEAVING) * 1000 + 5000  # milliseconds in which tabs are led away
LEFT = 35  # seconds that a session has left when it is written


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def set_password(page: Page) -> None:
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same once more").fill(PASSWORD)


def fits(page: Page) -> None:
    """Expect that nothing is wider than a phone."""
    before = page.viewport_size
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert before
    page.set_viewport_size(before)


def test_from_an_empty_folder_to_two_people_at_work(tmp_path: Path, browser: Browser) -> None:
    data = tmp_path / "data"
    with running(data) as server:
        link = server.log.read_text().rpartition(": ")[2].strip()
        page = browser.new_page()
        page.goto(link)
        expect(page.get_by_role("heading", name="First administrator")).to_be_visible()
        assert page.url == f"{server.address}/set-up"  # the secret is out of the address
        fits(page)
        page.get_by_label("Name of the practice").fill("My practice")
        page.get_by_label("Time zone").select_option("America/New_York")
        page.get_by_label("Your name").fill("Ada Lovell")
        page.get_by_label("E-mail address").fill("ada@example.com")
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("The same once more").fill("something else")
        page.get_by_role("button", name="Set up and sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("not the same")
        set_password(page)
        page.get_by_role("button", name="Set up and sign in").click()
        expect(page.get_by_text("Ada Lovell")).to_be_visible()
        expect(page.get_by_text("My practice").first).to_be_visible()

        page.get_by_role("link", name="Your account").click()
        expect(page.get_by_role("heading", name="Change your password")).to_be_visible()
        fits(page)

        invited = run_command(
            data, "people", "add", "eva@example.com", "--name", "Eva Sand", "--role", "manager"
        )
        other = browser.new_page()
        other.goto(invited.stdout.split()[-1])
        expect(other.get_by_text("Welcome, Eva Sand.")).to_be_visible()
        fits(other)
        set_password(other)
        other.get_by_role("button", name="Set the password and sign in").click()
        expect(other.get_by_text("Eva Sand")).to_be_visible()

        third = browser.new_page()
        third.goto(f"{server.address}/documents")
        expect(third.get_by_role("heading", name="Sign in")).to_be_visible()
        fits(third)
        sign_in(third, "eva@example.com", "not her password")
        expect(third.get_by_role("alert")).to_contain_text("do not belong together")
        sign_in(third, "eva@example.com")
        third.wait_for_url(re.compile(r"/documents"))
        expect(third.get_by_text("Eva Sand")).to_be_visible()
        for each in (page, other, third):
            each.context.close()
    assert PASSWORD not in server.log.read_text()


@pytest.fixture
def accountable(tmp_path: Path, seeded: tuple[Path, Cast]) -> tuple[Path, dict[str, str]]:
    """Return the scene's folder with Rae and Sam, who are real, and the tokens of their sessions;
    that of Sam is about to have lasted as long as one can."""
    folder = tmp_path / "data"
    shutil.copytree(seeded[0], folder)
    store, now = DuckDBStore(folder), datetime.now(UTC)
    con, tokens = store.connection(), {}
    hashed = passwords.hash_of(PASSWORD)
    for name, began in (("Rae", now), ("Sam", now - sessions.LONGEST + timedelta(seconds=LEFT))):
        roles = {seeded[1].ana.practice_ids[0]: Role.MANAGER}
        email = f"{name.lower()}@example.com"
        person_id = people.add_person(con, name, email, roles, is_sample=False, now=now)
        with transaction(con):
            accounts.set_password(con, person_id, hashed, now=now)
        tokens[name] = sessions.sign_in(con, person_id, now=began)
        con.execute("UPDATE session SET last_used_at = $now", now=now)
    store.close()
    return folder, tokens


def test_tabs_end_with_their_session_and_what_was_typed_is_kept(
    accountable: tuple[Path, dict[str, str]], seeded: tuple[Path, Cast], browser: Browser
) -> None:
    folder, tokens = accountable
    sams, raes = (seeded[1].untouched[TaskType.AUTHORIZATION][place] for place in (0, 1))
    with running(folder) as server:
        scene = Scene(server, seeded[1])
        desks = []
        for name, ticket in (("Sam", sams), ("Rae", raes)):
            context = strange_browser(browser)
            give_session(context, scene, tokens[name])
            desk = Desk(context.new_page(), server)
            desk.start(ticket)
            desk.type("Authorization number", f"OF-{name}")
            expect(desk.page.get_by_text("What you typed is kept as a draft.")).to_be_visible()
            desks.append(desk)
        sam, rae = desks
        window = sam.page.url
        second = sam.page.context.new_page()
        second.goto(server.address)

        run_command(folder, "people", "deactivate", "rae@example.com")
        rae.page.wait_for_url("**/sign-in?ended", timeout=SOON)
        sign_in(rae.page, "rae@example.com")
        expect(rae.page.get_by_role("alert")).to_contain_text("do not belong together")

        for page in (sam.page, second):  # nobody touches them
            page.wait_for_url("**/sign-in?ended", timeout=LEFT * 1000)
        sign_in(sam.page, "sam@example.com")
        sam.page.wait_for_url(window)
        expect(sam.field("Authorization number")).to_have_value("OF-Sam")
        for desk in desks:
            desk.page.context.close()
