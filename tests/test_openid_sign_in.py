"""Signing in with a provider, asked of a real server and a provider that can answer wrongly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from lib import people, practices
from lib.models import Role
from lib.sign_in_limits import FREE
from lib.store.duckdb.store import DuckDBStore
from lib.web import openid_settings
from tests import openid_stand_in
from tests.openid_stand_in import CLIENT, EMAIL, SECRET, StandIn
from tests.server import Answer, Server, free_port, running
from tests.test_invitations import PASSWORD
from tests.test_serve import run

pytestmark = pytest.mark.slow
ADA = "ada@example.com"


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with openid_stand_in.running() as provider:
        yield provider


def folder(tmp_path: Path, stand_in: StandIn, *more: str) -> Path:
    """Return a data folder with Ada, who has a password, and Eva, who has none."""
    data = tmp_path / "data"
    store = DuckDBStore(data)
    con, now = store.connection(), datetime.now(UTC)
    practices.set_up(
        con,
        practices.Details("My practice", "America/New_York"),
        practices.Administrator("Ada", ADA, PASSWORD),
        now=now,
    )
    practice_id = con.value("SELECT id FROM practice")
    people.add_person(con, "Eva", EMAIL, {practice_id: Role.STAFF}, is_sample=False, now=now)
    store.close()
    told = {"issuer": stand_in.issuer, "client_id": CLIENT, "client_secret": SECRET, "name": "Ex"}
    lines = [f'{key} = "{value}"' for key, value in told.items()]
    (data / openid_settings.FILE).write_text("\n".join((*lines, *more)))
    return data


@dataclass
class Browser:
    """The cookies of a browser, and the one server that it talks to."""

    server: Server
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """Follow a link."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.server.ask(path, headers={"Cookie": cookie})
        for said in answer.headers.get("set-cookie", "").split(", billing_"):
            name, _, value = said.partition(";")[0].partition("=")
            if value:
                self.cookies[f"billing_{name.removeprefix('billing_')}"] = value
        return answer

    def begin(self, wanted: str = "/edit_charge?task=7") -> str:
        """Press the button. Return the address at the provider."""
        answer = self.get("/sign-in/openid?" + urlencode({"next": wanted}))
        assert answer.status == 303, answer.text
        return answer.headers["location"]

    def back(self, stand_in: StandIn, address: str) -> str:
        """Sign in at the provider. Return the path that it leads back to."""
        parts = urlsplit(stand_in.sign_in(address))
        return f"{parts.path}?{parts.query}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, stand_in: StandIn) -> Iterator[Server]:
    data = folder(tmp_path_factory.mktemp("openid"), stand_in)
    with running(data) as served:
        yield served
    log = served.log.read_text()
    for secret in (SECRET, EMAIL, "an access token", "eyJ", "code-", "reference ", "Traceback"):
        assert secret not in log
    store = DuckDBStore(data)
    told = {row[0] for row in store.connection().rows("SELECT detail FROM activity")}
    store.close()
    assert {
        "OpenID: another or old sign-in", "OpenID: another browser", "OpenID: access denied",
        "OpenID: invalid grant", "OpenID: no answer", "OpenID: wrong aud",
        "OpenID: not on the list", "OpenID, by two factors",
    } <= told  # fmt: skip


@pytest.fixture
def browser(server: Server, stand_in: StandIn) -> Browser:
    stand_in.claims, stand_in.delay = {}, 0.0
    return Browser(server)


def test_the_button_leads_there_and_back_to_what_was_wanted(
    browser: Browser, stand_in: StandIn
) -> None:
    page = browser.get("/sign-in?next=/edit_charge%3Ftask%3D7").text
    assert 'href="/sign-in/openid?next=/edit_charge%3Ftask%3D7"' in page
    address = browser.begin()
    assert address.startswith(f"{stand_in.issuer}/authorize?")
    assert SECRET not in address

    answer = browser.get(browser.back(stand_in, address))

    assert (answer.status, answer.headers["location"]) == (303, "/edit_charge?task=7")
    assert browser.get("/edit_charge?task=7").status == 200
    browser.get("/sign-out")
    browser.server.ask(
        "/sign-out", method="POST", token=browser.cookies["billing_session"],
        origin=browser.server.address,
    )  # fmt: skip
    assert browser.get("/edit_charge?task=7").status == 303


def test_a_sign_in_is_of_one_browser_once_and_its_state(
    browser: Browser, stand_in: StandIn
) -> None:
    for _ in range(FREE["address"] + 1):  # as any page could make a browser ask
        assert browser.get("/sign-in/openid/callback?state=x&code=y").status == 403
    back = browser.back(stand_in, browser.begin())
    stranger = Browser(browser.server, {"billing_openid": "another"})
    for other in (stranger, Browser(browser.server)):
        answer = other.get(back)
        assert (answer.status, "begun in another browser" in answer.text) == (403, True)
    assert browser.get(back).status == 403  # a stranger took it: it is over

    back = browser.back(stand_in, browser.begin())
    assert browser.get(back).status == 303
    assert browser.get(back).status == 403
    assert browser.get("/sign-in/openid/callback").status == 403
    assert browser.get("/sign-in/openid/callback?state=guessed&code=x").status == 403


def test_two_tabs_of_a_browser_sign_in_beside_each_other(
    browser: Browser, stand_in: StandIn
) -> None:
    first, second = browser.begin("/import_files"), browser.begin("/documents")

    for address, wanted in ((first, "/import_files"), (second, "/documents")):
        answer = browser.get(browser.back(stand_in, address))
        assert (answer.status, answer.headers["location"]) == (303, wanted)


def test_what_fails_is_one_sentence_and_the_page_to_try_again(
    browser: Browser, stand_in: StandIn
) -> None:
    def said(answer: Answer) -> str:
        assert answer.status == 403
        assert "billing_session" not in answer.headers.get("set-cookie", "")
        assert 'name="next" value="/edit_charge?task=7"' in answer.text
        return answer.text.partition('role="alert">')[2].partition("</p>")[0]

    path = urlsplit(browser.back(stand_in, browser.begin()))
    state = path.query.partition("state=")[2]
    answer = browser.get(f"{path.path}?error=access_denied&error_description=x&state={state}")
    assert said(answer) == "You did not sign in at Ex, or may not use it for Billing Tasks."
    state = browser.back(stand_in, browser.begin()).partition("state=")[2]
    answer = browser.get(f"{path.path}?code=used&state={state}")
    assert said(answer).startswith("This sign-in was used already")
    stand_in.claims = {"aud": "another"}
    answer = browser.get(browser.back(stand_in, browser.begin()))
    assert said(answer).startswith("The answer of Ex is for another application")
    stand_in.claims = {"sub": "stranger", "email": "stranger@example.com"}
    answer = browser.get(browser.back(stand_in, browser.begin()))
    assert "opens nothing here." in said(answer)
    assert "stranger" not in answer.text


def test_a_provider_that_hangs_stops_nobody_else(browser: Browser, stand_in: StandIn) -> None:
    back = browser.back(stand_in, browser.begin())
    stand_in.delay = 6.0
    with ThreadPoolExecutor(1) as crowd:
        waiting = crowd.submit(browser.get, back)
        began = datetime.now(UTC)
        assert browser.server.ask("/healthz").status == 200
        assert (datetime.now(UTC) - began).total_seconds() < 3
        answer = waiting.result()
    assert (answer.status, "Ex does not answer" in answer.text) == (403, True)


def test_two_factors_there_are_kept_with_the_session(browser: Browser, stand_in: StandIn) -> None:
    stand_in.claims = {"amr": ["pwd", "mfa"]}

    assert browser.get(browser.back(stand_in, browser.begin())).status == 303


def test_where_everybody_signs_in_there_no_password_does(tmp_path: Path, stand_in: StandIn) -> None:
    stand_in.claims, stand_in.delay = {}, 0.0
    with running(folder(tmp_path, stand_in, "only = true")) as server:
        browser = Browser(server)
        page = browser.get("/sign-in").text
        assert 'type="password"' not in page
        form = urlencode({"email": ADA, "password": PASSWORD}).encode()
        answer = server.ask("/sign-in", method="POST", body=form, origin=server.address)
        assert (answer.status, "Everybody signs in with Ex here." in answer.text) == (403, True)
        asked = server.ask("/sign-in/passkey", method="POST", body=b"", origin=server.address)
        assert asked.status == 400
        assert browser.get(browser.back(stand_in, browser.begin())).status == 303
        assert browser.get("/documents").status == 200


def test_serve_is_told_of_a_provider_and_says_what_is_wrong_of_it(
    tmp_path: Path, stand_in: StandIn
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    command = [
        sys.executable, "-m", "lib", "serve", "--port", str(free_port()),
        "--openid-client-id", CLIENT, "--openid-secret-file", str(secret), "--openid-issuer",
    ]  # fmt: skip
    ended = run([*command, "http://login.example.com"], tmp_path / "data")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "http://login.example.com is no issuer: it begins with https:// and has no ? or #.\n"
    )
    port = int(command[5])
    told = [*command, stand_in.issuer, "--openid-name", "Ours", "--openid-only"]
    data = folder(tmp_path, stand_in)
    with running(data, command=told, port=port) as server:
        page = server.ask("/sign-in").text
    assert "Sign in with Ours" in page
    assert 'type="password"' not in page
