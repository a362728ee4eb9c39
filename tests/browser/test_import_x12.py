"""Importing in the browser: shown before it comes in, once, and whole or not at all."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Locator, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene
from tests.x12_texts import answer, claim, claims, envelope, file_835, file_837


def cells(desk: Desk) -> Locator:
    """Return the table of what each file brings."""
    return desk.page.locator("table.bt-report tbody td")


def says(desk: Desk, *row: str) -> None:
    """Return the only row of the table."""
    expect(cells(desk)).to_have_text(row)


def put(desk: Desk, *named: tuple[str, bytes]) -> None:
    desk.page.locator('input[type="file"]').set_input_files(
        [FilePayload(name=name, mimeType="text/plain", buffer=text) for name, text in named]
    )


def test_a_file_is_previewed_applied_and_then_changes_nothing(scene: Scene, sit: Sit) -> None:
    sent = "new-claims.txt", file_837(claim("B1"), claim("B2"), control="000000501")
    denials = "new-denials.txt", file_835(answer("B1"), control="000000502")
    desk = sit(scene, scene.cast.ana, "/import")

    put(desk, sent)
    says(desk, "new-claims.txt", "837P", "2", "0", "0.00", "0", "Ready")
    other = sit(scene, scene.cast.ben, "/?q=B1")
    expect(other.foot).to_have_text("0tasks ·$0.00")  # shown, not brought in
    desk.press("Import 1 file")
    desk.is_told("1 file imported.")
    says(desk, "new-claims.txt", "837P", "2", "0", "0.00", "0", "Imported")

    put(desk, denials)
    says(desk, "new-denials.txt", "835", "0", "1", "200.00", "0", "Ready")
    desk.press("Import 1 file")
    says(desk, "new-denials.txt", "835", "0", "1", "200.00", "0", "Imported")
    other.reload()
    expect(other.rows).to_have_count(1)
    expect(other.rows.first).to_contain_text("GREEN, EMMA")

    put(desk, sent)
    says(desk, "new-claims.txt", "837P", "0", "0", "0.00", "0", "Imported before; nothing changes")
    expect(desk.page.get_by_role("button", name="Import 0 files")).to_be_disabled()


def test_a_wrong_file_is_refused_with_name_segment_and_reason_and_nothing_is_kept(
    scene: Scene, sit: Sit
) -> None:
    whole = file_837(claim("C1"), claim("C2"), control="000000601")
    cut = whole[: whole.index(b"CLM*C2") + 9]
    desk = sit(scene, scene.cast.ana, "/import")

    put(desk, ("cut.txt", cut), ("letter.txt", b"Dear Sirs"))

    refusals = desk.page.get_by_test_id("stAlert")
    expect(refusals).to_have_count(2)
    expect(refusals.first).to_contain_text("cut.txt was refused at segment ")
    expect(refusals.first).to_contain_text("cut off")
    expect(refusals.first).to_contain_text("Nothing of it was imported.")
    expect(refusals.last).to_contain_text("letter.txt")
    expect(desk.page.get_by_role("button", name="Import 0 files")).to_be_disabled()
    desk.press("Clear")
    expect(refusals).to_have_count(0)
    expect(desk.page.locator('input[type="file"]')).to_have_count(
        1
    )  # the old one has left the page

    put(desk, ("whole.txt", whole))
    says(desk, "whole.txt", "837P", "2", "0", "0.00", "0", "Ready")  # nothing was kept of C1


def test_an_imported_file_is_listed_and_what_was_set_aside_is_opened(
    scene: Scene, sit: Sit
) -> None:
    spoiled = [*claims(claim("D2")), "CLM*D3*many***11:B:1"]
    desk = sit(scene, scene.cast.ana, "/import")

    put(desk, ("half.txt", envelope(claims(claim("D1")), spoiled, control="000000701").encode()))
    desk.press("Import 1 file")
    desk.is_told("1 file imported.")
    desk.rows.filter(has_text="half.txt").click()

    note = desk.page.locator(".bt-note")
    expect(note).to_contain_text("Rejected: 837P")
    expect(note).to_contain_text("CLM02 is not an amount")
    address = note.get_by_role("link", name="Open the text").get_attribute("href")
    assert address
    server = scene.server
    assert "CLM*D3*many" in server.ask(address, token=scene.token(scene.cast.ana)).text
    assert server.ask(address, token=scene.token(scene.cast.carla)).status == 404
    assert server.ask(address, token=scene.token(scene.cast.ben)).status == 403
    assert server.ask(address).status == 401
    elsewhere = sit(scene, scene.cast.carla, f"/import?file={desk.query['file']}")
    expect(elsewhere.page.get_by_text("There is no such file.")).to_be_visible()
    expect(elsewhere.rows.filter(has_text="half.txt")).to_have_count(0)


def test_staff_do_not_import(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ben, "/import")

    expect(desk.page.get_by_text("Files are imported by the billing manager")).to_be_visible()
    expect(desk.page.locator('input[type="file"]')).to_have_count(0)
