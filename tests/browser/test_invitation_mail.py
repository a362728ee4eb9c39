"""An invitation that comes by e-mail to somebody who has an account, and is accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, Page, expect

from lib import accounts, passwords, people, practices
from lib.models import Role
from lib.store.duckdb.store import DuckDBStore
from lib.web import invitation_mail
from tests.browser.desk import RESTING
from tests.browser.test_sign_in import fits, sign_in
from tests.conftest import NOON
from tests.mailbox import Mailbox
from tests.server import Server, free_port, running
from tests.test_invitations import PASSWORD


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def server(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> Iterator[Server]:
    """Yield a server of two practices: Eva works at North, Bob administers South."""
    store = DuckDBStore(tmp_path / "data")
    con = store.connection()
    for name, practice, role in (
        ("Eva Sand", "North", Role.STAFF), ("Bob Reed", "South", Role.ADMINISTRATOR),
    ):  # fmt: skip
        details = practices.Details(practice, "America/New_York")
        practice_id = practices.add(con, details, actor=None, now=NOON)
        email = f"{name.split()[0].lower()}@example.com"
        person_id = people.add_person(
            con, name, email, {practice_id: role}, is_sample=False, now=NOON
        )
        accounts.set_password(con, person_id, passwords.hash_of(PASSWORD), now=NOON)
    store.close()
    told = {
        invitation_mail.SERVER_VARIABLE: f"127.0.0.1:{mailbox[1]}",
        invitation_mail.SECURITY_VARIABLE: "none",
        invitation_mail.SENDER_VARIABLE: "billing@example.com",
    }
    with running(tmp_path / "data", environment=told) as server:
        yield server


def signed_in(browser: Browser, server: Server, email: str, path: str) -> Page:
    page = browser.new_page()
    page.goto(f"{server.address}{path}")
    sign_in(page, email)
    return page


def invite(page: Page, name: str, email: str) -> None:
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    page.locator(RESTING).wait_for()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Invite by e-mail").click()


def test_somebody_of_one_practice_accepts_another_by_the_link_of_a_letter(
    server: Server, mailbox: tuple[Mailbox, int], browser: Browser
) -> None:
    bobs = signed_in(browser, server, "bob@example.com", "/manage_people")
    invite(bobs, "No Body", "nobody@example.com")
    expect(bobs.get_by_text("does not take this e-mail address").first).to_be_visible()
    expect(bobs.locator("code").filter(has_text="/invitation#")).to_be_visible()
    bobs.get_by_role("button", name="Done").click()
    expect(bobs.locator("code")).to_have_count(0)
    invite(bobs, "Eva Sand", "eva@example.com")
    expect(bobs.get_by_text("The link was sent to eva").first).to_be_visible()
    assert bobs.locator("code").count() == 0
    [letter] = mailbox[0].letters
    text = letter.get_content()
    link = re.search(r"http://\S+/invitation#\S+", text)
    assert link and "Bob Reed invites you to work in Billing Tasks for South." in text

    evas = browser.new_page()
    evas.goto(link[0])
    expect(evas.get_by_text("You are invited: South, as practice staff.")).to_be_visible()
    fits(evas)
    assert "#" not in evas.url
    evas.get_by_label("Your password, as eva@example.com").fill("not her password")
    evas.get_by_role("button", name="Accept").click()
    expect(evas.get_by_role("alert")).to_be_visible()
    evas.get_by_label("Your password, as eva@example.com").fill(PASSWORD)
    evas.get_by_role("button", name="Accept").click()
    expect(evas.locator(".st-key-who")).to_contain_text("Practice staff · 2 practices")

    again = browser.new_page()
    again.goto(link[0])
    expect(again.get_by_role("alert")).to_be_visible()
    bobs.goto(f"{server.address}/activity")
    with bobs.expect_download() as saved:
        bobs.get_by_role("link", name="Save as CSV").click()
    said = saved.value.path().read_text(encoding="utf-8-sig")
    assert "One-time link e-mailed,,,Eva Sand" in said and "Accepted the invitation" in said
    assert "e-mailed,,,No Body" not in said
    for each in (bobs, evas, again):
        each.context.close()
    assert "#" not in server.log.read_text()
