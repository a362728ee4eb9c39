"""Signing in with a real OpenID provider: panva's oidc-provider, which is certified."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lib import people, practices
from lib.models import Role, TaskType
from lib.store.duckdb.store import DuckDBStore
from lib.web import openid_settings
from tests import install_openid_provider
from tests.browser.desk import PHONE, strange_browser
from tests.browser.scene import Cast
from tests.browser.test_passkeys import with_authenticator
from tests.server import free_port, running
from tests.test_command import run_command

CLIENT, SECRET = "billing-tasks", "the secret of the client"


@contextmanager
def provider(port: int, callback: str) -> Iterator[None]:
    """Run the provider until the end of the block."""
    if not install_openid_provider.is_there():
        pytest.skip("no OpenID provider: python -m tests.install_openid_provider installs one")
    process = subprocess.Popen(
        [install_openid_provider.node(), Path(__file__).parents[1] / "openid_provider/provider.js",
         install_openid_provider.FOLDER / "node_modules", str(port), callback],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/jwks", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def sign_in_there(page: Page, who: str) -> None:
    """Press the button here, and sign in at the provider's own page."""
    page.get_by_role("link", name="Sign in with Example").click()
    expect(page.get_by_role("heading", name="The provider's own sign-in")).to_be_visible()
    page.get_by_role("button", name=who, exact=True).click()


def test_from_a_link_over_the_provider_to_the_task_and_out_again(
    tmp_path: Path, seeded: tuple[Path, Cast], browser: Browser
) -> None:
    data, cast, now = tmp_path / "data", seeded[1], datetime.now(UTC)
    shutil.copytree(seeded[0], data)
    store = DuckDBStore(data)
    con = store.connection()
    practice_id = cast.ana.practice_ids[0]
    roles = {practice_id: Role.MANAGER}
    for name in ("Eva", "Max"):
        email = f"{name.lower()}@example.com"
        people.add_person(con, name, email, roles, is_sample=False, now=now)
    store.close()
    port, ours = free_port(), free_port()
    told = {
        openid_settings.ISSUER_VARIABLE: f"http://127.0.0.1:{port}",
        openid_settings.CLIENT_VARIABLE: CLIENT,
        openid_settings.SECRET_VARIABLE: SECRET,
        openid_settings.NAME_VARIABLE: "Example",
    }
    ticket = cast.untouched[TaskType.CODING][0]
    # Under a name, since browsers have no passkeys for a number.
    address = f"http://localhost:{ours}"
    callback = f"{address}/sign-in/openid/callback"
    with running(data, environment=told, port=ours) as server:
        context = strange_browser(browser)
        page = with_authenticator(context.new_page())
        page.goto(f"{address}/?task={ticket.id}")
        page.get_by_role("link", name="Sign in with Example").click()  # nobody is there yet
        expect(page.get_by_role("alert").first).to_contain_text("Example does not answer")
        with provider(port, callback):
            expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
            page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
            page.set_viewport_size({"width": 1440, "height": 900})

            for who, said in (
                ("Cancel", "You did not sign in at Example"),
                ("zoe", "opens nothing here."),
            ):
                sign_in_there(page, who)
                expect(page.get_by_role("alert").first).to_contain_text(said)
                assert "/sign-in/openid/callback" in page.url
            sign_in_there(page, "max")
            expect(page.get_by_role("alert").first).to_contain_text("not verified there")

            sign_in_there(page, "eva")
            page.wait_for_url(f"{address}/?task={ticket.id}")  # where the link led to
            expect(page.get_by_text(ticket.title).first).to_be_visible()
            expect(page.get_by_text("Eva", exact=True)).to_be_visible()
            (cookie,) = (one for one in context.cookies() if one["name"] == "billing_session")
            assert cookie["httpOnly"]
            former = cookie["value"]

            other = context.new_page()
            other.goto(f"{address}/documents")
            expect(other.get_by_text("Eva", exact=True)).to_be_visible()
            page.get_by_role("link", name="Sign out").click()
            expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
            expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
            again = server.ask(
                "/documents", headers={"Cookie": f"billing_session={former}"}
            )  # the session is over here, whatever the provider still knows
            assert again.status == 303
            other.close()

        context.close()
    log = server.log.read_text()
    assert not [word for word in (SECRET, "eyJ", "eva@", "zoe@", "code=") if word in log]


def test_a_passkey_follows_where_the_practice_requires_two_factors(
    tmp_path: Path, browser: Browser
) -> None:
    data, now = tmp_path / "data", datetime.now(UTC)
    store = DuckDBStore(data)
    con = store.connection()
    practice_id = people.add_practice(con, "North", timezone="America/Chicago", now=now)
    people.add_practice(con, "South", timezone="America/Chicago", now=now)
    told = practices.details(con, practice_id, actor=None)
    practices.change(con, practice_id, replace(told, needs_second_factor=True), actor=None, now=now)
    roles = {practice_id: Role.ADMINISTRATOR}
    people.add_person(con, "Eva", "eva@example.com", roles, is_sample=False, now=now)
    store.close()
    port, ours = free_port(), free_port()
    address = f"http://localhost:{ours}"
    (data / openid_settings.FILE).write_text(
        f'issuer = "http://127.0.0.1:{port}"\nclient_id = "{CLIENT}"\n'
        f'client_secret = "{SECRET}"\nname = "Example"\nonly = true\n'
    )
    callback = f"{address}/sign-in/openid/callback"
    with running(data, port=ours), provider(port, callback):
        page = with_authenticator(strange_browser(browser).new_page())
        page.goto(f"{address}/documents")
        expect(page.get_by_label("Password")).to_have_count(0)
        sign_in_there(page, "eva")
        expect(page.get_by_text("beside the sign-in elsewhere")).to_be_visible()
        page.get_by_role("button", name="Add a passkey and sign in").click()
        page.wait_for_url(re.compile(r"/documents"))
        expect(page.get_by_text("Eva", exact=True)).to_be_visible()

        page.get_by_role("link", name="Your account").click()
        expect(page.get_by_text("You sign in with Example.")).to_be_visible()

        offered = run_command(
            data, "people", "add", "eva@example.com", "--name", "Eva", "--role", "biller",
            "--practice", "South",
        )  # fmt: skip
        link = offered.stdout.split()[-1].replace("127.0.0.1", "localhost")
        stranger = strange_browser(browser).new_page()
        stranger.goto(link)
        expect(stranger.get_by_text("Sign in with Example first")).to_be_visible()
        expect(stranger.get_by_role("button")).to_have_count(0)
        stranger.context.close()
        page.goto(link)
        expect(page.get_by_text("You are invited: South, as biller.")).to_be_visible()
        page.get_by_role("button", name="Accept").click()
        expect(page.get_by_role("link", name="Sign out")).to_be_visible()

        page.get_by_role("link", name="Sign out").click()
        sign_in_there(page, "eva")  # asked anew, since somebody signed out here
        page.get_by_role("button", name="Use your passkey").click()
        expect(page.get_by_text("Eva", exact=True)).to_be_visible()
        page.context.close()
    store = DuckDBStore(data)
    joined = store.connection().value("SELECT count(*) FROM membership WHERE role = 'biller'")
    store.close()
    assert joined == 1
