"""What was chosen or typed before the server restarts is there, or the page says that it is not."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, expect

from lib.models import TaskType
from tests.browser.desk import Desk, own_browser
from tests.browser.scene import Cast, Scene
from tests.server import running
from tests.x12_texts import answer, claim, file_835, file_837

FILES = [
    FilePayload(name=name, mimeType="text/plain", buffer=raw)
    for name, raw in (
        ("new.837", file_837(claim("R1"), control="000000901")),
        ("new.835", file_835(answer("R1"), control="000000902")),
    )
]
GONE = "The files chosen before were not imported"


def test_after_a_restart_chosen_files_are_asked_for_again_and_a_question_is_there(
    seeded: tuple[Path, Cast], tmp_path: Path, browser: Browser
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(seeded[0], folder)
    with running(folder) as server:
        scene = Scene(server, copy.deepcopy(seeded[1]))
        task = scene.fresh(TaskType.AUTHORIZATION)
        context = own_browser(browser, scene, scene.cast.ana, tmp_path / "profile")
        desk, asking = Desk(context.new_page(), server), Desk(context.new_page(), server)
        asking.go("/")
        asking.open(task)
        asking.type("Question or comment", "Which visit is meant?")
        asking.rest()
        desk.go("/import")
        desk.page.locator('input[type="file"]').set_input_files(FILES)
        desk.page.get_by_text("Charges of 1 task in new.835").click()
        seen = desk.page.get_by_role("row").filter(has_text="comes in with new.837")
        expect(seen).to_contain_text("Agree: claim number, patient, date of service")
        expect(desk.page.get_by_text(GONE)).to_have_count(0)

    with running(folder, port=server.port):
        desk.press("Import 2 files")  # the page still shows what it showed before
        expect(desk.page.get_by_text(GONE)).to_be_visible(timeout=60_000)
        expect(desk.page.get_by_role("button", name="Import 2 files")).to_have_count(0)
        desk.reload()
        expect(desk.page.get_by_text(GONE)).to_be_visible()
        desk.page.locator('input[type="file"]').set_input_files(FILES)
        desk.press("Import 2 files")
        desk.is_told("2 files imported.")
        expect(desk.page.get_by_text(GONE)).to_have_count(0)
        asking.reload()
        expect(asking.field("Question or comment")).to_have_value("Which visit is meant?")
        context.close()
