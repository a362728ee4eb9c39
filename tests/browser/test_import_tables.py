"""Tables on the Import page: denial lists, hidden rows, and hostile files that hold up nobody."""

from __future__ import annotations

import threading
import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene
from tests.server import Server
from tests.test_table_kinds import ROWS, hiding
from tests.test_table_limits import HEAD, NAMES, SHEET, book, coding

CELL = (HEAD + 'Coding,x,A1,Doe,01/13/2025,"1' + " " * 30_000 + 'x"\n').encode()
SLOW = b'{"resourceType": "Task", "a": [' + b"[]," * 5_000_000 + b"[]]}"  # 15 MB, some seconds


def drop(desk: Desk, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    desk.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]


def test_a_denial_list_without_a_type_column_comes_in_by_its_codes(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.carla, "/import")
    page = desk.page
    text = "Claim #,Patient,DOS,Denial Code,Denial Reason,Balance\n" + (
        'D1,"Doe, Jane",01/13/2025,CO-197,Precert absent,150\n'
    )

    drop(desk, "denials.csv", text.encode())
    expect(page.get_by_text("Columns of denials.csv")).to_be_visible()
    desk.rest()

    expect(page.get_by_text("The type comes from the denial codes: 1 row")).to_be_visible()
    page.get_by_role("button", name="Import 1 file").click()
    expect(page.locator("table.bt-report").get_by_text("Imported")).to_be_visible()
    desk.go("/?q=D1")
    row = page.get_by_role("row", name="Precert absent")
    expect(row).to_contain_text("Authorization & referral")


def test_a_list_without_types_and_codes_takes_one_type_for_all_rows(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.carla, "/import")
    page = desk.page

    drop(desk, "plain.csv", b"Title,Claim,Patient\nAsk for the card,P1,Doe\n")
    expect(page.get_by_text("no column is known to hold the type").first).to_be_visible()
    desk.stand()
    desk.drop_down(page.get_by_role("combobox", name="Type of every row that names none"))
    page.get_by_role("option", name="Insurance & eligibility").click()
    desk.rest()

    page.get_by_role("button", name="Import 1 file").click()
    expect(page.locator("table.bt-report").get_by_text("Imported")).to_be_visible()


def test_rows_that_a_workbook_hides_are_asked_about(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.carla, "/import")
    page = desk.page

    drop(desk, "filtered.xlsx", hiding(ROWS, hidden_rows=[3]))
    expect(page.get_by_text("hidden in the workbook or by a filter: 1 row")).to_be_visible()
    desk.stand()
    cells = page.locator("table.bt-report tbody td")
    expect(cells.nth(3)).to_have_text("2")
    page.get_by_text("Bring in 1 row hidden").click()
    desk.rest()

    expect(cells.nth(3)).to_have_text("3")


class Watch:
    """Asks the server how it is, again and again, and keeps the longest wait."""

    def __init__(self, server: Server) -> None:
        self.server, self.longest, self.count = server, 0.0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.is_set():
            begun = time.monotonic()
            assert self.server.ask("/healthz").status == 200
            self.longest = max(self.longest, time.monotonic() - begun)
            self.count += 1
            self._over.wait(0.05)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("cells.csv", CELL, ""),
        ("rows.xlsx", book(SHEET % (NAMES + coding(20_000_000))), "it names row 20,000,000"),
        ("deep.json", SLOW, "it does not say that it is about a claim"),
    ],
)  # fmt: skip
def test_a_hostile_file_on_the_page_holds_up_nobody(
    scene: Scene, sit: Sit, name: str, content: bytes, said: str
) -> None:
    desk = sit(scene, scene.cast.carla, "/import")

    with Watch(scene.server) as watch:
        drop(desk, name, content)
        report = desk.page.locator("table.bt-report")
        expect(report.get_by_text(name)).to_be_visible(timeout=120_000)
        desk.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(
            timeout=120_000
        )

    if said:
        expect(desk.page.get_by_text(said).first).to_be_visible()
    assert watch.count > 1
    assert watch.longest < 5  # 10 to 47 seconds while patterns and nesting were not bounded


def test_a_file_that_is_still_read_can_be_taken_away(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.carla, "/import")
    page = desk.page

    drop(desk, "slow.csv", b"Type,Title,Claim\n" + b"Coding,Why is it so,A1\n" * 90_000)
    page.get_by_role("button", name="Remove slow.csv").click(timeout=60_000)
    desk.rest()

    expect(page.locator("table.bt-report").get_by_text("slow.csv")).to_have_count(0)
