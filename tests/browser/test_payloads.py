"""Texts that try to be more than text, in every name, note, file name and setting: nothing of them
runs, and nothing is fetched."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Dialog

from lib import documents, memberships, notes, people, practices
from lib.models import Person, Role, TaskType
from lib.practices import Details
from lib.store.database import transaction
from lib.store.duckdb.store import DuckDBStore
from tests.browser.conftest import Sit
from tests.browser.scene import Cast, Scene
from tests.given import ABOUT, add_task_of_charge, administrator, pdf
from tests.server import running

RAN = "window.payload_ran=1"
PAYLOADS = (
    f"<script>{RAN}</script>",
    "<script src=//evil.example/p.js></script>",
    f"<img src=/payload onerror={RAN}>",
    "<img src=https://evil.example/beacon.gif>",
    f"<svg onload={RAN}>",
    f"<svg><animate onbegin={RAN} attributeName=x dur=1s>",
    f"<iframe srcdoc='<script>top.{RAN}</script>'></iframe>",
    f"<iframe src=javascript:parent.{RAN}></iframe>",
    "<object data=//evil.example/o></object>",
    "<embed src=//evil.example/e>",
    f"<details open ontoggle={RAN}>x",
    f"<input autofocus onfocus={RAN}>",
    "<video src=//evil.example/v autoplay></video>",
    f"<audio src=/payload onerror={RAN}></audio>",
    "<link rel=stylesheet href=//evil.example/s.css>",
    "<style>body{background:url(//evil.example/b.png)}</style>",
    "<div style='position:fixed;inset:0;background:url(//evil.example/d.png)'>x</div>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example/><button autofocus>x</button></form>",
    f"<a href=javascript:{RAN}>x</a>",
    f"[x](javascript:{RAN})",
    "![x](https://evil.example/markdown.png)",
    "[x]: https://evil.example/r ![y][x]",
    "https://evil.example/auto www.evil.example",
    ":material/check: :red[x] $\\href{https://evil.example}{x}$",
    '"><script>' + RAN + "</script><x y='",
    "{{7*7}}${7*7}{% include 'x' %}",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200b\ufeff",
)


@pytest.fixture
def hostile(seeded: tuple[Path, Cast], tmp_path: Path) -> Iterator[tuple[Scene, Person, int, int]]:
    """Yield a practice in which every text is one of them, or all of them."""
    folder, now = tmp_path / "data", datetime.now(UTC)
    shutil.copytree(seeded[0], folder)
    store = DuckDBStore(folder)
    con = store.connection()
    here = people.add_practice(con, "West", timezone="America/Chicago", now=now)
    boss = administrator(con, here, "Hostile")
    everything = " ".join(PAYLOADS)
    practices.change(con, here, Details(PAYLOADS[2], "America/Chicago"), actor=boss, now=now)
    for place, text in enumerate(PAYLOADS):
        people.add_person(con, text, f"{place}@example.com", {here: Role.STAFF}, is_sample=True,
                          now=now)  # fmt: skip
        add_task_of_charge(
            con, here, title=text, instructions=everything, patient_name=text, payer_name=text,
            provider_name=text, claim_number=text[:40],
            type=TaskType.DOCUMENTS if place == 0 else TaskType.CODING,
        )  # fmt: skip
    with transaction(con):
        con.execute(
            "UPDATE patient SET last_name = $all, first_name = $one WHERE practice_id = $id",
            all=everything,
            one=PAYLOADS[0],
            id=here,
        )
        con.execute(
            "UPDATE payer SET name = $one WHERE practice_id = $id", one=PAYLOADS[3], id=here
        )
    row = con.row("SELECT max(id), max(patient_id) FROM task WHERE practice_id = $id", id=here)
    assert row
    notes.ask(con, row[0], everything[:3900], token="hq", actor=boss, now=now)
    for place, text in enumerate(PAYLOADS):
        about = type(ABOUT)(text[:100], ABOUT.label, ABOUT.status, ABOUT.document_date)
        documents.upload(
            con, pdf(str(place)), f"{text}.pdf"[:150], practice_id=here, details=about,
            patient_id=row[1], token=f"h{place}", actor=boss, now=now,
        )  # fmt: skip
    memberships.change(con, here, boss.id, role=Role.ADMINISTRATOR, actor=boss, now=now)
    found = people.person(con, boss.id)
    assert found
    store.close()
    with running(folder) as server:
        yield Scene(server, copy.deepcopy(seeded[1])), found, int(row[0]), int(row[1])


def test_nothing_of_a_text_runs_and_nothing_is_fetched(
    hostile: tuple[Scene, Person, int, int], sit: Sit
) -> None:
    scene, boss, task_id, patient_id = hostile
    desk = sit(scene, boss)
    asked: list[str] = []
    dialogs: list[str] = []

    def hear(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    desk.page.on("request", lambda request: asked.append(request.url))
    desk.page.on("dialog", hear)
    assert len(PAYLOADS) == 29

    for path in (
        "/?size=50", f"/?task={task_id}", f"/edit_charge?task={task_id}",
        f"/find_document?task={task_id - len(PAYLOADS) + 1}", "/documents", "/workload",
        "/causes", "/settings",
        "/print_list", f"/print_task?task={task_id}", "/manage_people", "/practices", "/activity",
        f"/activity?patient={patient_id}",
    ):  # fmt: skip
        desk.go(path)
        assert desk.page.evaluate("window.payload_ran") is None, path
        assert "Something went wrong" not in desk.text, path
        assert desk.page.locator(
            "a[href*='evil.example'], a[href^='javascript:'], [src*='evil.example'], [onerror]"
        ).count() == 0, path  # fmt: skip
        assert desk.path == path.partition("?")[0]
    foreign = [
        url for url in asked
        if url.startswith("http") and not url.startswith(scene.server.address)
    ]  # fmt: skip
    assert foreign == []
    assert not [url for url in asked if url.endswith("/payload")]
    assert dialogs == []
