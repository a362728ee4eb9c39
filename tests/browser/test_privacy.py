"""Nobody sees another practice's patients, or any without being signed in; no text is a program."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from lib import sessions
from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import Desk, give_session
from tests.browser.scene import EVE, FIRST, IMAGE, LAST, REMOTE, Scene

NAMES = re.compile("|".join((*LAST, *FIRST)))


def shows_no_patient(desk: Desk) -> None:
    """Nobody's name can be read on the page or found in it."""
    assert not NAMES.search(desk.text)
    assert not NAMES.search(desk.page.content())


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/?status=Pending+and+completed&task={}", TaskType.CODING),
        ("/edit_charge?task={}", TaskType.CODING),
        ("/find_document?task={}", TaskType.DOCUMENTS),
    ],
)
def test_a_link_to_another_practices_task_says_there_is_none(
    still: Scene, sit: Sit, path: str, kind: TaskType
) -> None:
    task = still.cast.untouched[kind][0]

    carla = sit(still, still.cast.carla, path.format(task.id))

    expect(carla.page.get_by_test_id("stAlert")).to_have_text(["There is no such task."])
    shows_no_patient(carla)
    assert task.claim not in carla.text
    assert task.title not in carla.text
    carla.go(path.format(999_999))
    expect(carla.page.get_by_test_id("stAlert")).to_have_text(["There is no such task."])


def test_a_link_to_another_practices_document_says_there_is_none(still: Scene, sit: Sit) -> None:
    held = still.cast.documents["scan-0001.pdf"]

    carla = sit(still, still.cast.carla, f"/documents?document={held}")

    expect(carla.page.get_by_text("There is no such document.")).to_be_visible()
    shows_no_patient(carla)
    for address in (f"/documents/{held}/scan-0001.pdf", f"/documents/{held}/x", "/media/x"):
        answer = carla.page.request.get(still.server.address + address)
        assert (answer.status, answer.text()) == (404, "There is no such document.")


def test_signed_out_in_one_tab_every_other_goes_to_sign_in_though_nobody_clicks(
    still: Scene, sit: Sit
) -> None:
    desk = sit(still, still.cast.ana, "/?type=Coding", elsewhere=True)
    desk.sign_in(still.cast.ana)
    expect(desk.rows).to_have_count(26)
    assert NAMES.search(desk.text)
    with desk.page.context.new_page() as tab:
        tab.goto(still.server.address + "/documents")
        tab.get_by_role("link", name="Sign out").click()
        expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
        desk.page.wait_for_url("**/sign-in?ended", timeout=5000)

        assert tab.url == still.server.address + "/sign-in?out=yes"
    shows_no_patient(desk)
    desk.page.go_back()
    assert desk.path == "/sign-in"
    shows_no_patient(desk)
    desk.page.go_forward()
    desk.sign_in(still.cast.ana)
    expect(desk.field("Type")).to_have_value("Coding")


def test_what_was_typed_in_a_tab_that_is_led_away_is_there_after_signing_in_again(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.CHARGE)
    desk = sit(scene, scene.cast.ana, elsewhere=True)
    desk.sign_in(scene.cast.ana)
    desk.start(task)
    desk.type("Notes to Biller", "Half a note")
    desk.page.keyboard.press("Tab")
    expect(desk.page.get_by_text("What you typed is kept as a draft.")).to_be_visible()
    with desk.page.context.new_page() as tab:
        tab.goto(scene.server.address)
        tab.get_by_role("link", name="Sign out").click()
        desk.page.wait_for_url("**/sign-in?ended", timeout=5000)
    desk.sign_in(scene.cast.ana)

    assert desk.path == "/edit_charge"
    expect(desk.field("Notes to Biller")).to_have_value("Half a note")


def test_somebody_else_signed_in_the_tabs_of_who_was_there_go_to_sign_in(
    still: Scene, sit: Sit
) -> None:
    desk = sit(still, still.cast.ana, "/documents", elsewhere=True)
    desk.sign_in(still.cast.ana)
    expect(desk.rows.first).to_be_visible()
    with desk.page.context.new_page() as tab:
        tab.goto(still.server.address + "/sign-in")
        tab.get_by_role("button", name="Carla").click()
        desk.page.wait_for_url("**/sign-in?ended", timeout=5000)

        shows_no_patient(desk)


def test_a_tab_that_was_away_while_its_session_ended_goes_to_sign_in_when_it_is_back(
    still: Scene, sit: Sit
) -> None:
    """The computer slept, or the cable was out."""
    desk = sit(still, still.cast.ana, "/?type=Coding", elsewhere=True)
    desk.page.add_init_script(
        """window.sockets = []
        const Real = WebSocket
        window.WebSocket = class extends Real {
            constructor(...all) { super(...all); window.sockets.push(this) }
        }"""
    )
    desk.sign_in(still.cast.ana)
    expect(desk.rows).to_have_count(26)
    context = desk.page.context
    token = next(c["value"] for c in context.cookies() if c["name"] == sessions.COOKIE)
    context.set_offline(True)
    desk.page.evaluate("sockets.forEach((one) => one.close())")

    still.server.ask("/sign-out", method="POST", token=token, origin=still.server.address)
    context.set_offline(False)

    desk.page.wait_for_url("**/sign-in?ended")
    shows_no_patient(desk)


def test_signed_out_a_reload_asks_to_sign_in_and_leads_back(still: Scene, sit: Sit) -> None:
    task = still.cast.untouched[TaskType.CODING][0]
    link = f"/?type=Coding&q={task.claim}&task={task.id}"
    desk = sit(still, still.cast.ana, link, elsewhere=True)
    desk.sign_in(still.cast.ana)
    expect(desk.panel).to_contain_text(task.patient)
    with desk.page.context.new_page() as tab:
        tab.goto(still.server.address)
        tab.get_by_role("link", name="Sign out").click()
        tab.wait_for_url("**/sign-in?out=yes")

    desk.page.reload()
    assert desk.path == "/sign-in"
    shows_no_patient(desk)
    desk.sign_in(still.cast.ana)

    assert desk.query.keys() == {"type", "q", "task"}
    assert desk.query["task"] == str(task.id)
    expect(desk.panel).to_contain_text(task.patient)
    expect(desk.rows).to_have_count(1)
    expect(desk.field("Type")).to_have_value("Coding")


def test_a_made_up_session_opens_nothing(still: Scene, sit: Sit) -> None:
    held = still.cast.documents["scan-0001.pdf"]
    desk = sit(still, still.cast.ana, elsewhere=True)
    give_session(desk.page.context, still, "0" * 43)

    desk.go("/?q=N027")

    assert desk.path == "/sign-in"
    shows_no_patient(desk)
    for address in (f"/documents/{held}/scan-0001.pdf", "/media/x", "/_stcore/host-config"):
        assert desk.page.request.get(still.server.address + address).status == 401


def test_texts_of_others_are_shown_as_text_and_load_nothing(still: Scene, sit: Sit) -> None:
    task = still.cast.hostile
    wanda = sit(still, still.cast.wanda)
    asked: list[str] = []
    wanda.page.on("request", lambda request: asked.append(request.url))

    cells = wanda.row(task).get_by_role("cell")
    expect(cells.first).to_have_text(task.title)
    expect(wanda.row(task)).to_contain_text(task.patient)
    stays_text(wanda)
    wanda.field("Payer").click()
    expect(wanda.page.get_by_role("option")).to_have_text([f"{IMAGE} {REMOTE}"])
    stays_text(wanda)
    wanda.page.keyboard.press("Escape")
    wanda.row(task).click()
    expect(wanda.panel.get_by_role("heading", name=task.title)).to_be_visible()
    expect(wanda.panel.get_by_text(task.patient, exact=True)).to_be_visible()
    expect(wanda.panel.locator(".bt-note p")).to_have_text(task.title)
    stays_text(wanda)
    wanda.go(f"/find_document?task={task.id}")
    expect(wanda.page.get_by_text(task.patient).first).to_be_visible()
    expect(wanda.page.get_by_role("radiogroup")).to_contain_text(task.title)
    wanda.page.get_by_text("Task Details", exact=True).click()
    expect(wanda.page.locator(".bt-facts")).to_contain_text(task.patient)
    stays_text(wanda)
    wanda.go("/documents?document=" + str(wanda_document(wanda)))
    expect(wanda.page.locator(".bt-title")).to_have_text(task.title)
    expect(wanda.rows).to_contain_text([task.patient])
    stays_text(wanda)
    wanda.go("/new_task")
    wanda.drop_down(wanda.page.get_by_role("combobox", name="Charge"))
    expect(wanda.page.get_by_role("option").first).to_contain_text(task.patient)
    stays_text(wanda)

    elsewhere = [url for url in asked if not url.startswith(still.server.address)]
    assert not [url for url in elsewhere if url.startswith("http")]
    assert not [url for url in asked if url.endswith("/x")]


def test_a_persons_name_is_shown_as_it_was_typed_wherever_it_stands(scene: Scene, sit: Sit) -> None:
    task = scene.cast.hostile
    wanda = sit(scene, scene.cast.wanda, f"/?task={task.id}")

    wanda.panel.get_by_role("button", name="Assign", exact=True).click()
    item = wanda.page.get_by_role("menuitem").filter(has_text="Eve")
    assert seen(item) == EVE
    expect(item.locator("a, strong, code, del, .katex, [data-testid*=Icon]")).to_have_count(0)
    item.click()
    wanda.press("Finish Assigning")
    toast = wanda.page.get_by_test_id("stToast").filter(has_text="Assigned to")
    expect(toast).to_be_visible()
    words = toast.get_by_test_id("stMarkdownContainer").last
    assert seen(words) == f"Assigned to {EVE}."
    expect(words.locator("a, strong, code, del, .katex, [data-testid*=Icon]")).to_have_count(0)


def seen(place: Locator) -> str:
    """Return what can be read there, without what has no width."""
    return place.inner_text().replace("\u2060", "").strip()


def stays_text(desk: Desk) -> None:
    """No image, link or program has come of what people wrote, nor was one kept from loading."""
    expect(desk.page.locator('img[src="x"], img[src*="elsewhere"]')).to_have_count(0)
    expect(desk.page.locator('a[href*="elsewhere"]')).to_have_count(0)
    assert "broken-in" not in desk.page.title()
    assert desk.problems == []


def wanda_document(desk: Desk) -> int:
    """Return the id of the only document there is."""
    desk.go("/documents")
    return int(desk.rows.get_attribute("data-record") or 0)
