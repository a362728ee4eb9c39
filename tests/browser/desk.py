"""What somebody does at a page, in the words of the reference."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

from lib import sessions
from lib.models import Person
from tests import chromium
from tests.browser.scene import Scene, Ticket
from tests.server import Server

RESTING = '[data-testid="stApp"][data-test-script-state="notRunning"]'
PATIENCE = 20_000  # milliseconds, enough on a busy machine
WIDE, SMALL, NARROW, PHONE = (1440, 900), (1024, 768), (768, 1024), (390, 800)

# innerText stops at the shadow roots in which our own components are.
_EVERY_TEXT = """() => {
    const read = (node) =>
        [node.innerText ?? "", ...[...node.querySelectorAll("*")].map((one) =>
            one.shadowRoot ? [...one.shadowRoot.children].map(read).join("\\n") : "")]
        .filter(Boolean).join("\\n")
    return read(document.body)
}"""

# Toasts vanish after some seconds; a test on a busy machine may look later than that.
_KEEP_TOASTS = """addEventListener("DOMContentLoaded", () => {
    const kept = document.createElement("aside")
    kept.id = "toasts"
    kept.hidden = true
    document.documentElement.append(kept)
    const seen = new WeakSet()
    new MutationObserver(() => {
        for (const toast of document.querySelectorAll('[data-testid="stToast"]')) {
            if (!seen.has(toast) && toast.innerText.trim()) {
                seen.add(toast)
                const said = document.createElement("p")
                said.innerText = toast.innerText
                kept.append(said)
            }
        }
    }).observe(document.body, { childList: true, subtree: true, characterData: true })
})"""

# A click meets its button, and the Tab key what follows, only once the page is still: late fonts
# move it, and a part whose script is still on its way cannot be reached.
_STANDS = """() => new Promise((done) => {
    const look = () => document.querySelectorAll("*").length + " " +
        document.querySelector('[data-testid="stMainBlockContainer"]')?.scrollHeight
    let seen, since
    const frame = () => {
        const now = performance.now()
        const isComing = document.querySelector("[data-testid=stSkeleton]")
        if (isComing || look() !== seen) [seen, since] = [look(), now]
        if (now - since > 100) done()
        else setTimeout(() => requestAnimationFrame(frame), 25)  // to look costs half a millisecond
    }
    requestAnimationFrame(frame)
})"""

# Counts what the server tells the page, which `_MOVE` waits for.
_HEAR = """(() => {
    window.heard = 0
    window.WebSocket = class extends WebSocket {
        constructor(...how) {
            super(...how)
            this.addEventListener("message", () => { window.heard += 1 })
        }
    }
})()"""

# As Back and Forward do: to another address of the app without loading its scripts again. Ends when
# the page runs for it, or has run: a short run can begin and end between two frames.
_MOVE = """(address) => new Promise((done, fail) => {
    const [before, since] = [window.heard, performance.now()]
    const look = () => {
        if (window.heard > before) return setTimeout(done, 50)
        if (performance.now() - since < 20000) return setTimeout(look, 10)
        fail(new Error(`The app does not move to ${address}`))
    }
    history.pushState(null, "", address)
    dispatchEvent(new PopStateEvent("popstate"))
    look()
})"""

_LOOK: Any = {"viewport": {"width": WIDE[0], "height": WIDE[1]}, "locale": "en-US"}

expect.set_options(timeout=PATIENCE)


def own_browser(browser: Browser, scene: Scene, person: Person, profile: Path) -> BrowserContext:
    """Return a browser of the person's own with their session; it keeps its files in `profile`."""
    context = chromium.launch_profile(browser.browser_type, profile, **_LOOK)
    give_session(context, scene, scene.token(person))
    return _prepared(context)


def strange_browser(browser: Browser) -> BrowserContext:
    """Return a browser without anybody's session."""
    return _prepared(browser.new_context(**_LOOK))


def _prepared(context: BrowserContext) -> BrowserContext:
    context.set_default_timeout(PATIENCE)
    context.add_init_script(_KEEP_TOASTS)
    context.add_init_script(_HEAR)
    return context


def give_session(context: BrowserContext, scene: Scene, token: str) -> None:
    """Set the session cookie in a browser."""
    context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": scene.server.address}])


@dataclass
class Desk:
    """A page, and whoever sits in front of it."""

    page: Page
    server: Server
    problems: list[str] = field(default_factory=list)  # what the browser's console complained of

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda problem: self.problems.append(str(problem)))
        self.page.on("console", lambda said: self._listen(said.type, said.text, said.location))

    def _listen(self, kind: str, text: str, where: object) -> None:
        # Streamlit looks for its own base path first and is answered 404 below a page's address.
        if kind == "error" and "/_stcore/" not in str(where):
            self.problems.append(f"{text} {where}")

    def go(self, path: str) -> Response | None:
        """Open an address, as from a link in a letter."""
        answer = self.page.goto(self.server.address + path)
        is_plain = self.path in ("/sign-in", "/sign-out") or (answer and answer.status == 404)
        if not is_plain:
            self.stand()
        return answer

    @property
    def is_in_app(self) -> bool:
        """Return True if a page of the app is open."""
        is_ours = self.page.url.startswith(self.server.address)
        return is_ours and self.page.get_by_test_id("stApp").count() > 0

    def move(self, path: str) -> None:
        """Come to an address as Back and Forward do, which costs a third of `go`; open it where
        the app is not open yet."""
        if not self.is_in_app:
            self.go(path)
            return
        self.rest()
        self.page.evaluate(_MOVE, path)
        self.stand()

    def tidy(self) -> None:
        """Have a tab that was left as if it had just been opened: as wide, with nothing said."""
        if self.is_in_app:
            self.rest()
            self.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
            self.page.locator("#toasts").evaluate("(kept) => kept.replaceChildren()")

    def sign_in(self, person: Person) -> None:
        """Choose oneself on the sign-in page."""
        self.page.locator(f'button[name="person"][value="{person.id}"]').click()
        self.rest()

    def reload(self) -> None:
        """Reload the page, as fast as a hand gets to the key."""
        self.page.wait_for_timeout(300)
        self.page.reload()
        self.stand()

    def rest(self) -> None:
        """Wait until the page is drawn and nothing runs."""
        self.page.locator(RESTING).wait_for()

    def stand(self) -> None:
        """Wait until a page that was just opened no longer moves."""
        self.rest()
        self.page.evaluate(_STANDS)

    @property
    def path(self) -> str:
        """Return the path of the address."""
        return urlsplit(self.page.url).path

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters of the address."""
        return {
            name: values[-1] for name, values in parse_qs(urlsplit(self.page.url).query).items()
        }

    # The list

    @property
    def rows(self) -> Locator:
        """Return the rows of the list."""
        return self.page.locator("tbody tr[data-record]")

    def row(self, ticket: Ticket) -> Locator:
        """Return a task's row in the list."""
        return self.page.locator(f'tr[data-record="{ticket.id}"]')

    @property
    def foot(self) -> Locator:
        """Return the count and amount of all pages."""
        return self.page.locator(".foot .total")

    def choose(self, label: str, option: str, inside: Locator | None = None) -> None:
        """Choose an option of a drop-down, again if the page closes it while being redrawn."""
        self.rest()
        self.drop_down((inside or self.page).get_by_role("combobox", name=label, exact=True))
        self.page.get_by_role("option", name=option, exact=True).click()

    def drop_down(self, box: Locator) -> None:
        """Open a drop-down, first brought into view: one that scrolls while it opens closes."""
        box.scroll_into_view_if_needed()
        self.stand()
        box.click()

    def menu(self, entry: str) -> Locator:
        """Return an entry of the left menu."""
        return self.page.get_by_role("navigation", name="Views of the queue").get_by_role(
            "button", name=re.compile(rf"^{re.escape(entry)} [\d,]+$")
        )

    def menu_count(self, entry: str) -> int:
        """Return the count on an entry of the left menu."""
        text = self.menu(entry).locator(".count").inner_text()
        return int(text.replace(",", ""))

    # The Task Details panel

    @property
    def panel(self) -> Locator:
        """Return the Task Details panel."""
        return self.page.locator(".st-key-details_box")

    def open(self, ticket: Ticket) -> None:
        """Find the task's claim in the list, with the task open beside it."""
        self.move(f"/?q={ticket.claim}&status=Pending+and+completed&task={ticket.id}")
        expect(self.panel.get_by_role("heading", name=ticket.title)).to_be_visible()
        expect(self.page.locator("html")).to_have_attribute("data-panel", str(ticket.id))

    def close(self) -> None:
        """Close the panel with the × in its upper right corner."""
        self.panel.locator(".st-key-close_details button:visible").click()
        expect(self.panel).to_be_hidden()

    def press(self, button: str) -> None:
        """Press the button with that name."""
        self.page.get_by_role("button", name=button, exact=True).click()

    def start(self, ticket: Ticket, window: str = "Edit Charge") -> None:
        """Go from the list into the window that Start Task opens."""
        self.open(ticket)
        self.press("Start Task")
        expect(self.page.get_by_role("heading", name=window, exact=True)).to_be_visible()
        expect(self.page.get_by_role("status").first).to_have_text("You are working on this task.")
        self.stand()

    def is_told(self, text: str) -> None:
        """Expect that the page says so in its header, or has said so; each message is used once."""
        said = self.page.locator("#toasts p").filter(has_text=text).first
        expect(said).to_be_attached()
        said.evaluate("(one) => one.remove()")
        self.rest()

    # Edit Charge and the Reference Document form

    def field(self, label: str) -> Locator:
        """Return the field with that label."""
        return self.page.get_by_label(label, exact=True)

    def type(self, label: str, text: str) -> None:
        """Type into a field and leave it; a page being redrawn may have the field twice."""
        self.rest()
        self.field(label).fill(text)
        self.field(label).press("Tab")

    @property
    def total(self) -> Locator:
        """Return the charge's total below its lines."""
        return self.page.locator(".lines .sum strong")

    def put_file(self, name: str, content: bytes, kind: str = "application/pdf") -> None:
        """Choose a file from one's computer."""
        self.page.locator('input[type="file"]').set_input_files(
            {"name": name, "mimeType": kind, "buffer": content}
        )

    @property
    def text(self) -> str:
        """Return everything that can be read on the page."""
        return str(self.page.evaluate(_EVERY_TEXT))

    def history(self) -> Locator:
        """Open the history and return its lines."""
        story = self.page.locator(".bt-story")
        if story.get_attribute("open") is None:
            story.locator("summary").click()
        return story.locator("li")
