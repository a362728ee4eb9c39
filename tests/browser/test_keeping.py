"""What people see of the disk: an import that finds no room, and the backup under Settings."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from lib import sessions
from lib.errors import NotWritten
from lib.store.database import transaction
from lib.store.duckdb.store import DuckDBStore
from lib.upkeep import backup_retention
from lib.upkeep.verify import verify
from tests.browser.conftest import Sit
from tests.browser.scene import Scene, seed
from tests.browser.test_verbs import press_and_go
from tests.server import running
from tests.test_block_checksums import flip_a_text
from tests.test_full_disk import NO_LIMIT, limit
from tests.x12_texts import claim, file_837

CLAIMS = file_837(*(claim(f"F{number}") for number in range(40)), control="000000777")


def test_an_import_that_finds_no_room_says_so_and_comes_in_once_there_is_some(
    scene: Scene, sit: Sit
) -> None:
    desk = sit(scene, scene.cast.carla, "/import")
    page, pid = desk.page, scene.server.process.pid
    file = {"name": "claims.837", "mimeType": "text/plain", "buffer": CLAIMS}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    go = page.get_by_role("button", name="Import 1 file")
    expect(go).to_be_enabled()
    desk.rest()

    resource.prlimit(pid, resource.RLIMIT_FSIZE, limit(4_000))
    try:
        go.click()
        expect(page.get_by_text(str(NotWritten()))).to_be_visible()
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, NO_LIMIT)
    desk.rest()
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(go).to_be_enabled()
    desk.rest()
    go.click()

    expect(page.locator("table.bt-report")).to_contain_text("Imported")
    assert scene.server.ask("/healthz").text == "ok"


def test_a_manager_backs_up_from_the_settings_page(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.carla, "/settings")
    page = desk.page
    expect(page.get_by_text("There is no backup yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Back up now")).to_be_enabled()

    press_and_go(desk, "Back up now", "Documents", 0)

    desk.is_told("was made.")
    desk.go("/settings")
    expect(page.get_by_text("Last backup: ")).to_be_visible()
    [made] = (scene.server.folder / "backups").iterdir()
    assert backup_retention.moment_of(made.name)
    assert verify(made).all == ()


def test_a_page_answers_while_a_backup_is_made(scene: Scene, sit: Sit) -> None:
    """The backup waits for the import that is being written."""
    ana, carla = sit(scene, scene.cast.ana, "/settings"), sit(scene, scene.cast.carla, "/import")
    many = file_837(*(claim(f"B{number}") for number in range(6_000)), control="000000902")
    file = {"name": "many.txt", "mimeType": "text/plain", "buffer": many}
    carla.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    go = carla.page.get_by_role("button", name="Import 1 file")
    expect(go).to_be_enabled(timeout=60_000)
    carla.rest()
    go.click()
    expect(carla.page.get_by_test_id("stProgress")).to_be_visible()

    ana.press("Back up now")
    ana.page.get_by_role("link", name="Documents").click()
    expect(ana.rows.first).to_be_visible()
    assert ana.page.locator("#toasts p").filter(has_text="was made.").count() == 0

    expect(ana.page.locator("#toasts p").filter(has_text="was made.")).to_have_count(
        1, timeout=60_000
    )
    assert ana.path == "/documents"


def test_who_is_no_manager_is_offered_no_backup(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ben, "/settings")

    expect(desk.page.get_by_text("Settings are changed by the billing manager")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Back up now")).to_have_count(0)


@pytest.mark.duckdb
def test_damage_that_a_page_meets_is_said_in_view_though_the_page_ends_there(
    tmp_path: Path, browser: Browser
) -> None:
    folder = tmp_path / "data"
    cast = seed(folder)
    store = DuckDBStore(folder)
    con = store.connection()
    with transaction(con):
        con.execute(
            "INSERT INTO note (practice_id, task_id, channel, text, author_id, written_at) "
            "SELECT practice_id, id, 'question', 'Which? ' || md5(CAST(i AS VARCHAR)), $ana, now() "
            "FROM task, range(60000) AS r (i) WHERE id = $task",
            ana=cast.ana.id,
            task=cast.of_ben.id,
        )
    flip_a_text(store, "note", "text")

    with running(folder) as server:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        token = server.sign_in(cast.ana.id)
        context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": server.address}])
        page = context.new_page()
        page.goto(f"{server.address}/?task={cast.of_ben.id}")
        said = page.get_by_text("A part of the data on disk is damaged")

        expect(said).to_be_in_viewport(ratio=1, timeout=20_000)
        context.close()
