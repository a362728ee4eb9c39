"""People, Practices and Activity, as an administrator works with them."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from lib.models import Person
from lib.store.duckdb.store import DuckDBStore
from tests.browser.conftest import Sit
from tests.browser.scene import Cast, Scene
from tests.browser.test_verbs import VERBS_IN_CALLBACKS, press_and_go
from tests.given import administrator
from tests.server import running


@dataclass
class Office:
    """A server of its own, as who is invited here would end the sample for all others."""

    scene: Scene
    gina: Person


@pytest.fixture
def office(seeded: tuple[Path, Cast], tmp_path: Path) -> Iterator[Office]:
    folder = tmp_path / "data"
    shutil.copytree(seeded[0], folder)
    store = DuckDBStore(folder)
    gina = administrator(store.connection(), seeded[1].ana.practice_ids[0])
    store.close()
    with running(folder) as server:
        yield Office(Scene(server, copy.deepcopy(seeded[1])), gina)


def test_what_an_administrator_does_with_people_and_practices_is_in_the_activity(
    office: Office, sit: Sit
) -> None:
    scene = office.scene
    bens = sit(scene, scene.cast.ben, f"/?task={scene.cast.completed.id}")
    anas = sit(scene, scene.cast.ana, "/activity")
    expect(anas.page.get_by_text("Type a patient’s name")).to_be_visible()
    assert anas.page.get_by_role("combobox", name="Person").count() == 0
    desk = sit(scene, office.gina, "/practices")
    desk.page.get_by_label("NPI, as on its claims (NM1*85)").fill("1234567893")
    desk.page.get_by_role("button", name="Save practice").click()
    expect(desk.page.locator("#toasts")).to_contain_text("Practice saved.")

    desk.choose("Practice", "A new practice")
    expect(desk.page.get_by_role("button", name="Add practice")).to_be_visible()
    desk.field("Name").fill("Harbor Clinic")
    desk.choose("Time zone", "America/New_York")
    desk.page.get_by_role("button", name="Add practice").click()
    expect(desk.page.locator("#toasts")).to_contain_text("Harbor Clinic was added.")
    desk.go("/?practice=Harbor+Clinic")
    expect(desk.page.get_by_text("Nothing is waiting.")).to_be_visible()
    expect(desk.page.locator(".st-key-who")).to_contain_text("Administrator · Harbor Clinic")
    desk.page.get_by_role("button", name="Clear value").click()
    expect(desk.rows.first).to_be_visible()

    desk.go("/manage_people?practice=Northside+Clinic")
    desk.choose("Person", "Ben (ben@example.com)")
    desk.page.get_by_role("button", name="Deactivate").click()
    expect(desk.page.locator("#toasts")).to_contain_text("Ben can sign in no more.")
    desk.page.get_by_label("Name", exact=True).fill("Nina Park")
    desk.page.get_by_label("E-mail address").fill("nina@example.com")
    desk.page.get_by_role("button", name="Invite").click()
    expect(desk.page.locator("#toasts")).to_contain_text("Invite an administrator first")
    invite = desk.page.get_by_test_id("stForm").filter(has_text="E-mail address")
    desk.choose("Role", "Administrator", invite)
    desk.page.get_by_role("button", name="Invite").click()
    expect(desk.page.locator("code").filter(has_text="/invitation#")).to_be_visible()
    expect(bens.page).to_have_url(re.compile("/sign-in"))  # although he clicked nowhere

    desk.go("/activity")
    with desk.page.expect_download() as saved:
        desk.page.get_by_role("link", name="Save as CSV").click()
    said = saved.value.path().read_text(encoding="utf-8-sig")
    for line in (
        "Gina,Invited,,,Nina Park",
        "Gina,Deactivated,,,Ben",
        "Ben,Saw the task,",
        "Gina,Practice changed,,,npi:  → 1234567893",
    ):
        assert line in said
    assert "Invitation" not in said
    assert "Nina" not in desk.page.url


@pytest.mark.long(held_by=VERBS_IN_CALLBACKS)
def test_what_an_administrator_pressed_is_done_whatever_is_clicked_right_after(
    office: Office, sit: Sit
) -> None:
    desk = sit(office.scene, office.gina, "/practices")
    for delay, npi in ((-1, "1234567893"), (30, "1245319599")):
        desk.page.get_by_label("NPI, as on its claims (NM1*85)").fill(npi)
        assert press_and_go(desk, "Save practice", "Documents", delay)
        desk.is_told("Practice saved.")
        desk.go("/practices")
        expect(desk.page.get_by_label("NPI, as on its claims (NM1*85)")).to_have_value(npi)

    for delay, name in ((-1, "Nina Park"), (20, "Omar Reed")):
        desk.go("/manage_people")
        desk.page.get_by_label("Name", exact=True).fill(name)
        desk.page.get_by_label("E-mail address").fill(f"{name[:4].lower()}@example.com")
        desk.choose("Role", "Administrator", desk.page.get_by_test_id("stForm"))
        desk.rest()
        assert press_and_go(desk, "Invite", "Documents", delay)
        desk.is_told("is invited.")
        # Without loading the page anew: the link is kept for this tab alone.
        desk.press("Administration")
        desk.page.get_by_role("menuitem", name="People").click()
        expect(desk.page.get_by_text(f"Give this link to {name}.")).to_be_visible()
        expect(desk.page.locator("code").filter(has_text="/invitation#")).to_be_visible()
        expect(desk.page.get_by_label("Name", exact=True)).to_have_value("")


def test_holidays_are_added_and_removed_by_their_buttons(office: Office, sit: Sit) -> None:
    desk = sit(office.scene, office.gina, "/practices")
    toasts = desk.page.locator("#toasts")
    this_year = desk.page.get_by_role("button", name="Add the US federal holidays of").first
    this_year.click()
    expect(toasts).to_contain_text(re.compile(r"(?<!\d)1[1-3] holidays added\."))
    this_year.click()
    expect(toasts).to_contain_text(re.compile(r"(?<!\d)0 holidays added\."))

    form = desk.page.get_by_test_id("stForm").filter(has_text="Add holiday")
    form.get_by_label("Holiday").fill("Staff day")
    desk.press("Add holiday")
    expect(toasts).to_contain_text("Choose the day.")
    expect(form.get_by_label("Holiday")).to_have_value("Staff day")
    form.get_by_role("spinbutton", name="month, Day").click()
    desk.page.keyboard.type("03152027")
    desk.press("Add holiday")
    expect(toasts).to_contain_text("Holiday added.")

    desk.choose("Holiday to remove", "03/15/2027 Staff day")
    desk.press("Remove holiday")
    expect(toasts).to_contain_text("Holiday removed.")
    desk.rest()
    desk.drop_down(desk.page.get_by_role("combobox", name="Holiday to remove", exact=True))
    options = desk.page.get_by_role("option")
    expect(options.first).to_be_visible()
    expect(options.filter(has_text="Staff day")).to_have_count(0)
