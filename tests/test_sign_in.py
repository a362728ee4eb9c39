"""Set-up, invitation, signing in and one's account, asked of a real server."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from lib import invitations, people
from lib.models import Role
from lib.passkeys import Site
from lib.store.duckdb.store import DuckDBStore
from lib.web import reach, serve_command, start
from tests.authenticator import Authenticator
from tests.conftest import NOON
from tests.server import Answer, Server, running
from tests.test_command import run_command
from tests.test_invitations import PASSWORD, administrator
from tests.test_serve import run

pytestmark = pytest.mark.slow
EMAIL = "ada@example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sign-in") / "data"
    with running(folder) as served:
        yield served
    log = served.log.read_text()
    assert PASSWORD not in log
    assert EMAIL not in log
    assert "reference " not in log


def post(server: Server, path: str, session: str | None = None, **form: str) -> Answer:
    return server.ask(
        path, method="POST", body=urlencode(form).encode(), origin=server.address, token=session
    )


def cookie(answer: Answer) -> str:
    return answer.headers["set-cookie"].split(";")[0].split("=", 1)[1]


def sign_in(server: Server, email: str = EMAIL, password: str = PASSWORD) -> Answer:
    return post(server, "/sign-in", email=email, password=password, next="/documents")


@pytest.fixture(scope="module")
def ready(server: Server) -> Server:
    """Return the server, set up by Ada: what is wrong first, then what is right."""
    secret = server.log.read_text().partition("/set-up#")[2].strip()
    form = {
        "practice": "My practice", "zone": "America/New_York", "npi": "", "tax_id": "",
        "name": "Ada", "email": EMAIL, "password": PASSWORD, "repeated": PASSWORD,
    }  # fmt: skip
    assert "Set up" in server.ask("/set-up").text
    assert post(server, "/set-up", **form).status == 403
    assert post(server, "/set-up", **(form | {"token": "guessed"})).status == 403
    wrong = post(server, "/set-up", **(form | {"token": secret, "repeated": "another"}))
    assert (wrong.status, "not the same" in wrong.text) == (400, True)
    assert PASSWORD not in wrong.text
    assert 'value="My practice"' in wrong.text

    done = post(server, "/set-up", **(form | {"token": secret}))

    assert (done.status, done.headers["location"]) == (303, "/")
    assert server.ask("/", token=cookie(done)).status == 200
    again = post(server, "/set-up", **(form | {"token": secret, "email": "eve@example.com"}))
    assert (again.status, again.headers["location"]) == (303, "/sign-in")
    return server


def test_an_empty_folder_is_set_up_once_by_whoever_started_the_server(ready: Server) -> None:
    assert ready.ask("/set-up").headers["location"] == "/sign-in"
    assert sign_in(ready, "eve@example.com").status == 403


def test_signing_in_leads_to_what_was_wanted(ready: Server) -> None:
    asked = ready.ask("/documents?q=1")
    assert asked.headers["location"] == "/sign-in?next=/documents%3Fq%3D1"
    page = ready.ask(asked.headers["location"]).text
    assert 'name="next" value="/documents?q=1"' in page
    assert "Sample data" not in page

    answer = sign_in(ready)

    assert (answer.status, answer.headers["location"]) == (303, "/documents")
    assert "Secure" not in answer.headers["set-cookie"]  # plain http on this computer
    assert ready.ask("/", token=cookie(answer)).status == 200


def test_a_wrong_sign_in_says_the_same_whether_or_not_there_is_an_account(ready: Server) -> None:
    def said(email: str) -> tuple[int, str]:
        answer = sign_in(ready, email, "wrong password")
        assert "set-cookie" not in answer.headers
        return answer.status, answer.text.replace(email, "")

    assert said(EMAIL) == said("nobody@example.com")
    assert said(EMAIL)[0] == 403


def test_growing_waits_are_answered_too_many(ready: Server) -> None:
    answers = [sign_in(ready, "guess@example.com", f"wrong {n}") for n in range(6)]

    assert [answer.status for answer in answers] == [403] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 31


def test_where_somebody_is_real_nobody_is_chosen(ready: Server) -> None:
    assert post(ready, "/sign-in", person="1").status == 403


def test_ones_password_is_changed_in_ones_account(ready: Server) -> None:
    here, there = (cookie(sign_in(ready)) for _ in range(2))
    new = "another good password"
    assert ready.ask("/account").headers["location"] == "/sign-in?next=/account"
    assert EMAIL in ready.ask("/account", token=here).text
    form = {"old": PASSWORD, "password": new, "repeated": new}

    assert post(ready, "/account", **form).status == 401
    assert post(ready, "/account", here, **(form | {"old": "wrong"})).status == 400
    done = post(ready, "/account", here, **form)

    assert "Your password is changed" in done.text
    assert ready.ask("/", token=here).status == 200
    assert ready.ask("/", token=there).status == 303
    assert post(
        ready, "/account", here, old=new, password=PASSWORD, repeated=PASSWORD
    ).status == 200  # fmt: skip


def test_the_sample_is_not_served_to_other_computers(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "data")
    con = store.connection()
    practice = people.add_practice(con, "North", now=NOON)
    people.add_person(con, "A", "a@x.org", {practice: Role.STAFF}, is_sample=True, now=NOON)
    store.close()
    told = {reach.PROXIES_VARIABLE: "127.0.0.1", reach.NAMES_VARIABLE: "billing.example.com"}

    ended = run(serve_command.COMMAND, tmp_path / "data", told)

    assert ended.returncode == 1
    assert ended.stderr.strip() == start.NO_ACCOUNTS


def test_behind_a_proxy_cookies_are_secure_and_only_its_names_are_answered(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "data")
    con = store.connection()
    practice = people.add_practice(con, "North", now=NOON)
    ada = administrator(con, practice)
    token = invitations.link(con, ada.id, actor=None, now=datetime.now(UTC))
    store.close()
    told = {reach.PROXIES_VARIABLE: "127.0.0.1", reach.NAMES_VARIABLE: "billing.example.com"}
    proxied = {
        "Host": "billing.example.com", "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
    }  # fmt: skip

    with running(tmp_path / "data", environment=told) as server:
        assert server.ask("/sign-in").status == 200
        assert "Billing Tasks is ready: https://billing.example.com\n" in server.log.read_text()
        page = server.ask("/sign-in", headers=proxied)
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        foreign = server.ask("/sign-in", headers=proxied | {"Host": "evil.example"})
        unfinished = server.ask("/sign-in", headers={"X-Forwarded-For": "203.0.113.9"})
        numbers = [server.ask("/metrics", headers=each).status for each in ({}, proxied)]
        body = urlencode({"token": token, "password": PASSWORD, "repeated": PASSWORD}).encode()
        accepted = server.ask(
            "/invitation", method="POST", body=body, origin="https://billing.example.com",
            headers=proxied,
        )  # fmt: skip
        plain = server.ask(
            "/invitation", method="POST", body=body, origin="http://billing.example.com",
            headers=proxied,
        )  # fmt: skip

    assert (foreign.status, unfinished.status, plain.status) == (400, 400, 403)
    assert numbers == [200, 404]
    assert accepted.status == 303
    assert re.search(r";\s*Secure", accepted.headers["set-cookie"])


def by_name(server: Server, path: str, session: str | None = None, **form: str) -> Answer:
    """Post a form as a browser that opened the server by its name."""
    name = f"localhost:{server.port}"
    return server.ask(
        path, method="POST", body=urlencode(form).encode(), origin=f"http://{name}",
        headers={"Host": name}, token=session,
    )  # fmt: skip


def asked(server: Server, path: str, session: str | None = None, **form: str) -> tuple[str, str]:
    """Return the ceremony that the browser begins, and its challenge."""
    said = json.loads(by_name(server, path, session, **form).text)
    return said["ceremony"], json.loads(said["options"])["challenge"]


def test_a_found_session_gets_no_passkey_and_removes_none(ready: Server) -> None:
    name = f"localhost:{ready.port}"
    device = Authenticator(Site("localhost", f"http://{name}"))
    found = cookie(sign_in(ready))
    assert 'name="ceremony" value=""' in ready.ask("/sign-in", headers={"Host": name}).text
    assert "challenge" not in ready.ask("/account", token=found, headers={"Host": name}).text

    for password in ("", "guessed"):
        refused = by_name(ready, "/account/passkey", found, old=password)
        assert (refused.status, list(refused_words(refused))) == (400, ["said"])
    assert by_name(ready, "/account/passkey").status == 401

    def sent(path: str, session: str | None = None, **form: str) -> Answer:
        ceremony, challenge = asked(ready, f"{path}/passkey", session, **form)
        answer = (device.make if session else device.sign)(challenge)
        return by_name(ready, path, session, ceremony=ceremony, credential=answer, name="Desk")

    assert "The passkey is added" in sent("/account", found, old=PASSWORD).text
    assert sent("/sign-in").status == 303
    assert by_name(ready, "/account", found, remove="1").status == 400
    new = "another good password"
    form = {"old": PASSWORD, "password": new, "repeated": new}
    changed = by_name(ready, "/account", found, **form).text
    assert "Your passkeys below still sign in" in changed
    assert "Remove my passkeys too: Desk" in changed
    form = {"old": new, "password": PASSWORD, "repeated": PASSWORD, "forget": "yes"}
    assert "Your passkeys are removed" in by_name(ready, "/account", found, **form).text
    assert sent("/sign-in").status == 403


def refused_words(answer: Answer) -> dict[str, str]:
    said: dict[str, str] = json.loads(answer.text)
    return said


def test_a_second_factor_that_an_old_password_began_is_refused(ready: Server) -> None:
    name = f"localhost:{ready.port}"
    run_command(ready.folder, "practice", "set", "My practice", "--second-factor", "required")
    added = run_command(
        ready.folder, "people", "add", "eva@example.com", "--name", "Eva", "--role", "staff"
    )

    def set_password(printed: str, password: str) -> tuple[str, str]:
        token = printed.partition("/invitation#")[2].split()[0]
        page = by_name(ready, "/invitation", token=token, password=password, repeated=password).text
        ceremony = page.partition('name="ceremony" value="')[2].partition('"')[0]
        told = html.unescape(page.partition('data-passkey="')[2].partition('"')[0])
        return ceremony, json.loads(told)["challenge"]

    def enrol(ceremony: str, challenge: str) -> int:
        device = Authenticator(Site("localhost", f"http://{name}"))
        return by_name(
            ready, "/sign-in", ceremony=ceremony, credential=device.make(challenge)
        ).status

    stolen = set_password(added.stdout, PASSWORD)
    again = run_command(ready.folder, "people", "link", "eva@example.com")
    fresh = set_password(again.stdout, "another good password")
    run_command(ready.folder, "practice", "set", "My practice", "--second-factor", "optional")

    assert enrol(*stolen) == 403
    assert enrol(*fresh) == 303


def test_a_browser_that_signed_in_before_is_known_again_and_no_stranger_makes_it_wait(
    ready: Server,
) -> None:
    given = sign_in(ready).headers["set-cookie"].partition("billing_browser=")[2]
    assert "HttpOnly; Max-Age=15552000; Path=/; SameSite=lax" in given
    for n in range(6):
        sign_in(ready, password=f"wrong {n}")
    assert sign_in(ready).status == 429

    form = urlencode({"email": EMAIL, "password": PASSWORD}).encode()
    headers = {"Cookie": f"billing_browser={given.partition(';')[0]}"}
    answer = ready.ask("/sign-in", method="POST", body=form, origin=ready.address, headers=headers)

    assert answer.status == 303
    assert sign_in(ready).status == 429  # strangers wait on
