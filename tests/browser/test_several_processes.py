"""Two processes of the app on one PostgreSQL, behind nginx with docs/nginx.conf: one is killed."""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from lib import practices
from lib.store.process_store import DATABASE_VARIABLE
from lib.web import reach
from tests.browser.desk import Desk
from tests.browser.test_drafts import says_it_is_kept
from tests.browser.test_nginx import NGINX, nginx
from tests.conftest import opened
from tests.given import add_task_of_charge
from tests.server import Server, running
from tests.test_invitations import PASSWORD

ASKED = re.compile(r"127\.0\.0\.1:(\d+) /edit_charge")  # the last that was asked answered


class Behind(Server):
    """The app as a browser sees it."""

    @property
    def address(self) -> str:
        """Return the address of nginx."""
        return f"https://localhost:{self.port}"


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")
def test_whose_process_is_killed_goes_on_with_the_other_and_loses_nothing(
    new_database: str, tmp_path: Path, browser: Browser
) -> None:
    folder = tmp_path / "data"
    store = opened(folder, new_database)
    con, now = store.connection(), datetime.now(UTC)
    practices.set_up(
        con,
        practices.Details("My practice", "America/New_York"),
        practices.Administrator("Ada Lovell", "ada@example.com", PASSWORD),
        now=now,
    )
    task = add_task_of_charge(con, con.value("SELECT id FROM practice"))
    told = {
        DATABASE_VARIABLE: new_database,
        reach.PROXIES_VARIABLE: "127.0.0.1",
        reach.NAMES_VARIABLE: "localhost",
    }
    with ExitStack() as ends:
        servers = {
            server.port: server
            for server in (ends.enter_context(running(folder, environment=told)) for _ in range(2))
        }
        address = ends.enter_context(nginx(tmp_path, *servers))
        context = browser.new_context(ignore_https_errors=True)
        one = next(iter(servers.values()))
        desk = Desk(
            context.new_page(),
            Behind(int(address.rpartition(":")[2]), folder, one.process, one.log),
        )
        desk.page.goto(f"{address}/")
        desk.page.get_by_label("E-mail address").fill("ada@example.com")
        desk.page.get_by_label("Password").fill(PASSWORD)
        desk.press("Sign in")
        expect(desk.page.get_by_text("Ada Lovell")).to_be_visible()
        desk.go(f"/edit_charge?task={task}")
        desk.press("Start Task")
        desk.type("Authorization number", "KEPT-1")
        says_it_is_kept(desk)

        killed = int(ASKED.findall((tmp_path / "asked.log").read_text())[-1])
        servers[killed].process.kill()
        servers[killed].process.wait()
        desk.go(f"/edit_charge?task={task}")

        expect(desk.field("Authorization number")).to_have_value("KEPT-1")
        desk.press("Save and Complete")
        desk.page.wait_for_url(lambda url: "edit_charge" not in url)
        left = int(ASKED.findall((tmp_path / "asked.log").read_text())[-1])
        assert left != killed
        context.close()
    saved = con.rows(
        "SELECT kind, count(*) FROM event WHERE task_id = $task GROUP BY kind ORDER BY kind",
        task=task,
    )
    assert saved == [("assigned", 1), ("changed", 1), ("completed", 1), ("started", 1)]
    store.close()
