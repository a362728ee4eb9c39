"""The Export page, as the biller and the billing manager use it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Sit
from tests.browser.scene import Scene

FROM = f"{datetime.now(UTC) - timedelta(days=300):%Y-%m-%d}"


def downloaded(page: Page, link: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=link).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_the_biller_takes_the_completed_tasks_away(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.dora, f"/export?since={FROM}")
    said = desk.page.get_by_text(re.compile(r"^\d+ tasks? with")).inner_text()

    name, content = downloaded(desk.page, "Download ZIP")

    manifest = zipfile.ZipFile(io.BytesIO(content)).read("manifest.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(manifest, newline="")))
    assert re.fullmatch(rf"answers_Northside-Clinic_{FROM}_\d{{4}}-\d\d-\d\d\.zip", name)
    assert len(rows) == int(said.split()[0]) > 0
    assert still.cast.completed.claim in {row["Claim number"] for row in rows}
    assert {row["Completed by"] for row in rows} == {"Ben"}
    desk.page.reload()
    desk.rest()
    expect(desk.page.get_by_text("Previous exports")).to_be_visible()
    expect(desk.page.get_by_text(re.compile(r"Dora · .* completed tasks?"))).to_be_visible()


def test_days_without_answers_have_nothing_to_download(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, "/export?since=2020-01-01&until=2020-01-31")

    expect(desk.page.get_by_text("Nothing to download on these days.")).to_have_count(2)
    expect(desk.page.get_by_role("link", name="Download")).to_have_count(0)


def test_a_link_to_the_page_opens_the_same_days(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, "/export")

    desk.page.get_by_role("spinbutton", name="month, Completed from").click()
    desk.page.keyboard.type("01022024")
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("heading", name="Export").click()
    expect(desk.page).to_have_url(re.compile(r"since=2024-01-02"))
    copied = sit(still, still.cast.dora, desk.page.url.removeprefix(still.server.address))

    link = copied.page.get_by_role("link", name="Download ZIP")
    expect(link).to_have_attribute("href", re.compile(r"\.zip\?since=2024-01-02&until="))


def test_practice_staff_is_told_who_takes_answers(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ben, "/export")

    expect(desk.page.get_by_text("Only the billing manager and the biller export")).to_be_visible()
    expect(desk.page.get_by_role("link", name="Download")).to_have_count(0)
