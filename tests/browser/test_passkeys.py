"""Passkeys, made and used by Chromium's virtual authenticator: instead of a password, and after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from lib import practices
from lib.store.duckdb.store import DuckDBStore
from tests.browser.test_sign_in import fits, sign_in
from tests.server import Server, running
from tests.test_command import run_command
from tests.test_invitations import PASSWORD

EMAIL = "ada@example.com"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    store = DuckDBStore(tmp_path / "data")
    practices.set_up(
        store.connection(),
        practices.Details("My practice", "America/New_York"),
        practices.Administrator("Ada Lovell", EMAIL, PASSWORD),
        now=datetime.now(UTC),
    )
    store.close()
    with running(tmp_path / "data") as served:
        yield served
    assert "reference " not in served.log.read_text()


def with_authenticator(page: Page) -> Page:
    """Give the page a device that keeps passkeys and whose owner always says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                "hasUserVerification": True, "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip
    return page


def sign_out(page: Page, address: str) -> None:
    page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.url.startswith(address)


def test_a_passkey_is_added_used_required_and_removed(server: Server, browser: Browser) -> None:
    address = f"http://localhost:{server.port}"
    page = with_authenticator(browser.new_context().new_page())
    page.goto(f"{address}/account")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The device gave no passkey.")).to_be_visible()  # it has none yet
    sign_in(page, EMAIL)
    page.get_by_label("Name of the passkey").fill("Front desk")
    page.get_by_label("Your password").fill("a guess")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("present password is not right")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("status")).to_contain_text("The passkey is added")
    expect(page.get_by_text("Front desk", exact=True)).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Back to tasks").click()
    expect(page.get_by_text("Ada Lovell")).to_be_visible()

    sign_out(page, address)
    fits(page)
    with page.expect_request("**/sign-in", timeout=20_000) as sent:
        page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("Ada Lovell")).to_be_visible()
    again = server.ask(  # the same answer once more
        "/sign-in", method="POST", body=(sent.value.post_data or "").encode(),
        origin=address, headers={"Host": f"localhost:{server.port}"},
    )  # fmt: skip
    assert again.status == 403
    assert "set-cookie" not in again.headers

    required = run_command(
        server.folder, "practice", "set", "My practice", "--second-factor", "required"
    )
    assert required.returncode == 0
    sign_out(page, address)
    sign_in(page, EMAIL)
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    assert "billing_session" not in {cookie["name"] for cookie in page.context.cookies()}
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_text("Ada Lovell")).to_be_visible()
    page.goto(f"{address}/account")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Remove Front desk").click()
    expect(page.get_by_role("alert").first).to_contain_text("requires a passkey")

    number = browser.new_context().new_page()  # passkeys need a name
    number.goto(server.address)
    sign_in(number, EMAIL)
    expect(number.get_by_text("Open Billing Tasks by its name")).to_be_visible()

    invited = run_command(
        server.folder, "people", "add", "eva@example.com", "--name", "Eva", "--role", "manager"
    )
    eva = with_authenticator(browser.new_context().new_page())
    eva.goto(invited.stdout.split()[-1].replace("127.0.0.1", "localhost"))
    eva.get_by_label("New password").fill(PASSWORD)
    eva.get_by_label("The same once more").fill(PASSWORD)
    eva.get_by_role("button", name="Set the password and sign in").click()
    eva.get_by_role("button", name="Add a passkey and sign in").click()
    expect(eva.get_by_text("Eva", exact=True)).to_be_visible()
    for each in (page, number, eva):
        each.context.close()


def test_a_forged_answer_signs_nobody_in(server: Server) -> None:
    origin = {"Host": f"localhost:{server.port}"}
    address = f"http://localhost:{server.port}"
    for credential in ("", "{}", "[]", '{"id": "AA", "response": {}}', "x" * 9000):
        asked = server.ask("/sign-in/passkey", method="POST", origin=address, headers=origin)
        ceremony = json.loads(asked.text)["ceremony"]
        answer = server.ask(
            "/sign-in", method="POST", origin=address, headers=origin,
            body=urlencode({"ceremony": ceremony, "credential": credential}).encode(),
        )  # fmt: skip
        assert answer.status == 403
        assert "set-cookie" not in answer.headers
