"""Streamlit's page with our lines in it: the browser asks for nothing that is not there."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from lib import people, sessions
from lib.models import Person, Role
from lib.store.database import Store
from lib.ui import navigation
from lib.web import headers, index_page
from tests.conftest import Cast


def test_the_page_has_our_title_and_our_script_before_streamlits() -> None:
    page = index_page.page()

    assert page.count("<title>") == 1
    assert "<title>Billing Tasks</title>" in page
    assert page.index("window.__streamlit") < page.index('type="module"')


def test_our_styles_stand_in_the_page_after_streamlits_so_that_nothing_waits_for_a_file() -> None:
    page = index_page.page("(max-width: 1100px)")

    assert page.index('rel="stylesheet"') < page.index("<style>", page.index("<body>"))
    assert 'rel="stylesheet"' not in page[page.index("<body>") :]
    assert '<style id="bt-cold-load" media="(max-width: 1100px)">' in page
    for path in (*navigation.STYLES, navigation.COLD_LOAD):
        assert path.read_text(encoding="utf-8").strip() in page


def test_the_policy_allows_every_inline_script_of_the_page_and_no_other() -> None:
    inline = re.findall(r"<script>(.*?)</script>", index_page.page(), re.DOTALL)
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in inline
    }

    assert len(inline) == 2
    assert hashes == set(re.findall(r"'sha256-[^']*'", headers.CONTENT_POLICY))


def sent_page(cookie: str, name: str) -> Response:
    request = Request({
        "type": "http", "method": "GET", "path": f"/{name}", "path_params": {"page": name},
        "query_string": b"", "headers": [(b"cookie", cookie.encode())],
    })  # fmt: skip
    with ThreadPoolExecutor(1) as thread:  # a browser's loop may run in this one
        return thread.submit(lambda: asyncio.run(index_page.send_page(request))).result()


def test_the_places_of_what_comes_late_are_kept(served: Store, cast: Cast) -> None:
    con, now = served.connection(), datetime.now(UTC)
    both = {cast.practice: Role.BILLER, cast.other_practice: Role.STAFF}
    rita_id = people.add_person(con, "Rita", "rita@a.test", both, is_sample=True, now=now)
    rita = people.person(con, rita_id)
    assert rita is not None

    def kept(person: Person, name: str) -> bytes:
        cookie = f"{sessions.COOKIE}={sessions.sign_in(con, person.id, now=now)}"
        answer = sent_page(cookie, name)
        found = re.search(b'<html lang="en"(?: class="(.*)")?>', bytes(answer.body))
        assert found
        return found[1] or b""

    of_list, menu = b"bt-menu-comes bt-filters-come", b"bt-menu-comes"
    assert [kept(cast.ana, name) for name in ("", "flow", "documents")] == [of_list, b"", b""]
    assert [kept(rita, name) for name in ("", "flow", "documents")] == [of_list, menu, b""]


def test_an_address_that_leads_nowhere_or_not_for_this_role_says_so(
    served: Store, cast: Cast
) -> None:
    con, now = served.connection(), datetime.now(UTC)

    def answer(person: Person, name: str) -> Response:
        return sent_page(f"{sessions.COOKIE}={sessions.sign_in(con, person.id, now=now)}", name)

    for person, name in ((cast.ana, "flwo"), (cast.alan, "documents"), (cast.ben, "activity")):
        said = answer(person, name)
        assert said.status_code == 404
        assert b"There is no such page for you" in bytes(said.body)
        assert b'<a href="/">Go to the tasks</a>' in bytes(said.body)
    for name in ("", "documents", "edit_charge", "print_list"):
        assert answer(cast.ana, name).status_code == 200
