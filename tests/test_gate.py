"""Nothing without a session, and nothing of another practice: asked of a real server."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

import pytest
from PIL import Image
from playwright.sync_api import Browser
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from lib import documents, file_type_detection, people, sessions
from lib.models import DocumentDetails, DocumentStatus, Person, Role
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBStore
from lib.web import session
from lib.web.documents import disposition
from lib.web.forms import local_path
from lib.web.gate import NOT_FORWARDED, ONLY_LOOPBACK, Gate
from lib.web.headers import ALWAYS
from tests import chromium
from tests.server import Server, running

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Practice:
    """Ana works at Lakeside; Carla works at Harbor and must see nothing of Lakeside."""

    server: Server
    ana: int
    carla: int
    scan: str  # the address of Lakeside's PDF
    fax: str  # and of its TIFF


@pytest.fixture(scope="module")
def lakeside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("gate") / "data"
    store = DuckDBStore(folder)
    con = store.connection()
    lakeside = people.add_practice(con, "Lakeside <b>Family</b>", now=NOW)
    harbor = people.add_practice(con, "Harbor Orthopedics", now=NOW)
    ana = add_person(con, "Ana Ruiz", lakeside)
    carla = add_person(con, "Carla Novak", harbor)
    actor = people.person(con, ana)
    assert actor
    scan = add_document(con, scanned_page("PDF"), 'Scan "März".bat', actor=actor)
    fax = add_document(con, scanned_page("TIFF"), "fax.tif", actor=actor)
    store.close()
    with running(folder) as server:
        yield Practice(server, ana, carla, f"/documents/{scan}/scan", f"/documents/{fax}/fax")


@pytest.fixture
def server(lakeside: Practice) -> Server:
    return lakeside.server


@pytest.fixture
def token(lakeside: Practice) -> str:
    return lakeside.server.sign_in(lakeside.ana)


def add_person(con: Connection, name: str, practice: int) -> int:
    return people.add_person(
        con, name, "somebody@example.com", {practice: Role.STAFF}, is_sample=True, now=NOW
    )


def add_document(con: Connection, content: bytes, file_name: str, *, actor: Person) -> int:
    return documents.upload(
        con,
        content,
        file_name,
        practice_id=actor.practice_ids[0],
        details=DocumentDetails(
            "Something scanned",
            file_type_detection.DOCUMENT_LABELS[0],
            DocumentStatus.NEW,
            date(2026, 3, 4),
        ),
        patient_id=None,
        token=file_name,
        actor=actor,
        now=NOW,
    )


def scanned_page(kind: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (600, 400), "#fde68a").save(content, kind)
    return content.getvalue()


def stream_status(server: Server, token: str | None, origin: str | None = None) -> int:
    """How the server answers a WebSocket: 101 is a connection."""
    cookie = {"Cookie": f"{sessions.COOKIE}={token}"} if token else {}
    try:
        with connect(
            f"ws://127.0.0.1:{server.port}/_stcore/stream",
            additional_headers=cookie,
            origin=Origin(origin) if origin else None,
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("/", "/"),
        ("/edit_charge?task=7&from=a%2Fb", "/edit_charge%3Ftask%3D7%26from%3Da%252Fb"),
        ("/index.html", "/index.html"),
        ("/sign-in/", "/sign-in/"),
        ("/documents", "/documents"),
    ],
)
def test_a_page_sends_to_sign_in_and_keeps_the_link(server: Server, page: str, wanted: str) -> None:
    answer = server.ask(page)

    assert answer.status == 303
    assert answer.headers["location"] == f"/sign-in?next={wanted}"


@pytest.mark.parametrize(
    "path",
    [
        "/media/0a1b2c.pdf",
        "/_stcore/health",
        "/_stcore/host-config",
        "/_stcore/metrics",
        "/_stcore/agent/openapi.json",
        "/%5Fstcore/host-config",
        "/static/js/index.js",
        "/component/anything/index.html",
        "/documents/1/scan",
    ],
)
def test_what_is_not_a_page_is_refused_without_a_session(server: Server, path: str) -> None:
    assert server.ask(path).status == 401
    assert server.ask(path, token="made-up").status == 401


def test_uploads_need_a_session(server: Server, token: str) -> None:
    upload = "/_stcore/upload_file/session/file"

    assert server.ask(upload, method="PUT", body=b"x", origin=server.address).status == 401
    assert (
        server.ask(upload, method="PUT", body=b"x", origin=server.address, token=token).status
        not in {401, 404}  # Streamlit knows no such browser session
    )


def test_a_websocket_needs_a_session(server: Server, token: str) -> None:
    assert stream_status(server, None) == 403
    assert stream_status(server, "made-up") == 403
    assert stream_status(server, token) == 101


def test_a_page_of_another_server_on_this_computer_cannot_use_the_session(
    server: Server, token: str
) -> None:
    """Cookies don't know ports: the browser sends ours with requests to and from any of them."""
    other = f"http://127.0.0.1:{server.port + 1}"

    assert stream_status(server, token, origin=server.address) == 101
    assert stream_status(server, token, origin=other) == 403
    assert server.ask("/sign-out", method="POST", token=token, origin=other).status == 403
    assert server.ask("/healthz", token=token).status == 200
    assert server.ask("/_stcore/health", token=token).status == 200


def test_health_says_ok_and_nothing_else(server: Server) -> None:
    assert server.ask("/healthz").text == "ok"


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/sign-in", "/sign-out", "/media/x", "/_stcore/health", "/favicon.png",
     "/documents/1/scan", "/documents/x", "/static/nothing.js", "//elsewhere.example/x"],
)  # fmt: skip
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_every_response_carries_the_security_headers(
    server: Server, token: str, path: str, is_signed_in: bool
) -> None:
    answer = server.ask(path, token=token if is_signed_in else None)

    for name, value in ALWAYS.items():
        assert answer.headers[name.lower()] == value
    assert "frame-ancestors" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] in {"DENY", "SAMEORIGIN"}
    if path != "/favicon.png":
        assert answer.headers["cache-control"] == "no-store"


def test_errors_carry_the_security_headers_too(server: Server) -> None:
    for answer in (
        server.ask("/", headers={"Host": "billing.example"}),
        server.ask("/sign-in", method="POST"),
        server.ask("/sign-in", method="PUT", origin=server.address),
    ):
        assert answer.status in {400, 403, 405}
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "host", ["billing.example", "localhost.evil.example", "127.0.0.1@evil", ""]
)
def test_a_foreign_name_for_this_computer_is_refused(server: Server, host: str) -> None:
    assert server.ask("/healthz", headers={"Host": host}).status == 400


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1", "[::1]:8501", "LOCALHOST"])
def test_this_computer_may_be_called_by_its_names(server: Server, host: str) -> None:
    assert server.ask("/healthz", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "arrived_at", [("192.0.2.7", 8501), ("::", 8501), ("/run/socket", None), None]
)
def test_nothing_is_answered_to_another_computer(arrived_at: tuple[str, int] | None) -> None:
    answered: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("the request came through")

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        answered.append(message)

    scope = {
        "type": "http", "method": "GET", "path": "/healthz", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"localhost")], "server": arrived_at,
    }  # fmt: skip
    with ThreadPoolExecutor(1) as thread:  # a browser's loop may run in this one
        for asked in (scope, {**scope, "type": "websocket"}):
            thread.submit(asyncio.run, Gate(app)(asked, receive, send)).result()

    assert answered[0]["status"] == 403
    assert answered[1]["body"].decode() == ONLY_LOOPBACK
    assert answered[2]["type"] == "websocket.close"


def test_sign_in_lists_the_sample_people_and_nobody_else(server: Server) -> None:
    page = server.ask("/sign-in?next=/tasks").text

    assert "Sample data — invented people" in page
    assert "Ana Ruiz" in page
    assert "Carla Novak" in page
    assert "Lakeside &lt;b&gt;Family&lt;/b&gt;" in page
    assert "<b>" not in page


def test_sign_in_does_not_write_what_the_link_says_into_the_page(server: Server) -> None:
    page = server.ask("/sign-in?" + urlencode({"next": '/"><script>alert(1)</script>'})).text

    assert "<script" not in page


def test_signing_in_sets_a_cookie_that_scripts_cannot_read(lakeside: Practice) -> None:
    server = lakeside.server
    form = urlencode({"person": lakeside.ana, "next": "/edit_charge?task=7"}).encode()

    plain = server.ask("/sign-in", method="POST", body=form, origin=server.address)
    encrypted = Response()
    session.give(encrypted, "a token", is_https=True)

    assert plain.status == 303
    assert plain.headers["location"] == "/edit_charge?task=7"
    parts = plain.headers["set-cookie"].split("; ")
    assert parts[0].startswith("billing_session=")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"} <= set(parts)
    assert "Secure" not in parts
    assert "Secure" in encrypted.headers["set-cookie"].split("; ")


@pytest.mark.parametrize(
    "header",
    ["Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Proto", "X-FORWARDED-PREFIX",
     "X-Forwarded-Something-New", "X-Real-IP", "Via", "X-Client-IP", "True-Client-IP",
     "CF-Connecting-IP", "X-Original-URL", "X-Rewrite-URL", "X-Cluster-Client-Ip", "Remote-User",
     "X-Envoy-External-Address", "Proxy-Connection", "CDN-Loop"],
)  # fmt: skip
def test_what_came_through_a_proxy_is_refused_while_none_is_set_up(
    server: Server, token: str, header: str
) -> None:
    forwarded = {header: "127.0.0.1"}

    for path in ("/", "/healthz", "/sign-in", "/documents/1/scan", "/_stcore/health"):
        answer = server.ask(path, token=token, headers=forwarded)
        assert (answer.status, answer.text) == (400, NOT_FORWARDED)
    with pytest.raises(InvalidStatus) as refused:
        connect(
            f"ws://127.0.0.1:{server.port}/_stcore/stream",
            additional_headers={"Cookie": f"{sessions.COOKIE}={token}", **forwarded},
        )
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_forged_sign_in_is_refused(lakeside: Practice, headers: dict[str, str]) -> None:
    form = urlencode({"person": lakeside.ana}).encode()

    answer = lakeside.server.ask("/sign-in", method="POST", body=form, headers=headers)

    assert answer.status == 403
    assert "set-cookie" not in answer.headers


def test_only_sample_people_can_be_chosen(lakeside: Practice) -> None:
    server = lakeside.server
    for person in ("999", "", "1 OR 1=1"):
        form = urlencode({"person": person}).encode()
        answer = server.ask("/sign-in", method="POST", body=form, origin=server.address)

        assert answer.status == 403
        assert "set-cookie" not in answer.headers


def test_a_sign_in_form_has_its_limits(server: Server) -> None:
    answer = server.ask("/sign-in", method="POST", body=b"x" * 20_000, origin=server.address)

    assert answer.status == 413


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil",
     "javascript:alert(1)", "/x\r\nSet-Cookie: a=b", "", "/sign-out", "/sign-in?next=/", "/a\\b",
     "/./sign-out", "/%73ign-out", "/x/../sign-out", "/sign-out?", "/news",
     "/answers/1.zip?since=2026-01-01",
     "/documents/1/a.pdf", "/activity.csv", "/snapshot.zip", "/metrics"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(wanted: str) -> None:
    assert local_path(wanted) == "/"


def test_signing_in_leads_to_pages_of_ours() -> None:
    for wanted in ("/", "/tasks?status=open&search=M%C3%BCller", "/sign-inspection", "/account",
                   "/edit_charge?task=7&from=%2Ftasks"):  # fmt: skip
        assert local_path(wanted) == wanted


def test_signing_out_ends_the_session_on_the_server(lakeside: Practice, token: str) -> None:
    server = lakeside.server
    assert server.ask(lakeside.scan, token=token).status == 200

    answer = server.ask("/sign-out", method="POST", token=token, origin=server.address)

    assert answer.headers["location"] == "/sign-in?out=yes"
    assert 'billing_session=""' in answer.headers["set-cookie"]
    assert server.ask("/tasks", token=token).status == 303
    assert server.ask(lakeside.scan, token=token).status == 401
    assert server.ask("/media/x", token=token).status == 401
    assert stream_status(server, token) == 403


def test_signing_in_again_ends_the_session_before(lakeside: Practice, token: str) -> None:
    server = lakeside.server
    form = urlencode({"person": lakeside.carla}).encode()

    server.ask("/sign-in", method="POST", body=form, origin=server.address, token=token)

    assert server.ask("/_stcore/health", token=token).status == 401


def test_a_link_of_ours_signs_out(server: Server, token: str) -> None:
    answer = server.ask(
        "/sign-out",
        token=token,
        headers={"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"},
    )

    assert answer.status == 303
    assert server.ask("/_stcore/health", token=token).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document", "Sec-Purpose": "prefetch"},
    ],
)
def test_anything_else_that_gets_the_sign_out_page_is_asked_first(
    server: Server, token: str, headers: dict[str, str]
) -> None:
    answer = server.ask("/sign-out", token=token, headers=headers)

    assert answer.status == 200
    assert 'method="post" action="/sign-out"' in answer.text
    assert server.ask("/_stcore/health", token=token).status == 200


def test_streamlits_media_store_is_closed_to_everybody(server: Server, token: str) -> None:
    answer = server.ask("/media/0a1b2c.pdf", token=token)

    assert answer.status == 404
    assert answer.text == "There is no such document."


def test_a_document_is_sent_to_its_practice_and_to_nobody_else(
    lakeside: Practice, token: str
) -> None:
    server = lakeside.server
    carla = server.sign_in(lakeside.carla)

    own = server.ask(lakeside.scan, token=token)
    foreign = server.ask(lakeside.scan, token=carla)
    missing = server.ask("/documents/999/scan", token=carla)

    assert own.status == 200
    assert own.body.startswith(b"%PDF")
    assert own.headers["content-type"] == "application/pdf"
    assert foreign.status == missing.status == 404
    assert foreign.body == missing.body == b"There is no such document."
    assert {**foreign.headers, "date": ""} == {**missing.headers, "date": ""}
    assert server.ask(lakeside.scan).status == 401


def test_a_document_that_was_changed_or_lost_on_disk_is_said_and_logged_without_its_name(
    lakeside: Practice, token: str
) -> None:
    server = lakeside.server
    whole = server.ask(lakeside.fax, token=token).body
    sha256 = hashlib.sha256(whole).hexdigest()
    path = server.folder / "documents" / sha256[:2] / sha256
    try:
        path.write_bytes(whole[:-1] + b"!")
        changed = server.ask(lakeside.fax, token=token)
        path.unlink()
        missing = server.ask(lakeside.fax, token=token)
    finally:
        path.write_bytes(whole)

    assert (changed.status, missing.status) == (410, 410)
    assert changed.text.startswith("This document was changed on disk (ID 2)")
    assert missing.text.startswith("The file of this document is missing on disk (ID 2)")
    log = server.log.read_text()
    assert "document 2 was changed on disk" in log
    assert "document 2 is missing on disk" in log
    assert "fax" not in log
    assert server.ask(lakeside.fax, token=token).body == whole


def test_the_list_is_found_under_its_own_name_too(server: Server, token: str) -> None:
    answer = server.ask("/tasks?type=Coding&task=7", token=token)

    assert (answer.status, answer.headers["location"]) == (307, "/?type=Coding&task=7")


def test_the_address_the_export_page_had_leads_to_the_one_it_has(
    server: Server, token: str
) -> None:
    answer = server.ask("/answers?since=2025-01-01", token=token)

    assert (answer.status, answer.headers["location"]) == (308, "/export?since=2025-01-01")


@pytest.mark.parametrize("digits", [19, 40, 5000])
@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/documents/{}/scan", "There is no such document."),
        ("/answers/{}.zip?since=2025-01-01&until=2025-01-31", "There is no such practice."),
        ("/imports/refused/{}", "There is no such file."),
        ("/imports/set-aside/{}", "There is no such file."),
        ("/origin/task/{}", "There is no such task."),
        ("/origin/charge/{}", "There is no such charge."),
    ],
)
def test_a_number_longer_than_any_id_is_nothing_there_is(
    server: Server, token: str, address: str, sentence: str, digits: int
) -> None:
    answer = server.ask(address.format("9" * digits), token=token)

    assert (answer.status, answer.text) == (404, sentence)


def test_only_what_a_browser_shows_safely_is_shown(lakeside: Practice, token: str) -> None:
    ask = lakeside.server.ask

    shown = ask(lakeside.scan, token=token).headers["content-disposition"]
    saved = ask(f"{lakeside.scan}?download=1", token=token).headers["content-disposition"]
    fax = ask(lakeside.fax, token=token).headers

    assert shown == "inline; filename=\"Scan _M_rz_.pdf\"; filename*=UTF-8''Scan%20_M%C3%A4rz_.pdf"
    assert saved == shown.replace("inline", "attachment")
    assert fax["content-disposition"].startswith("attachment;")
    assert fax["content-security-policy"].startswith("sandbox; default-src 'none';")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\x.pdf", "x.pdf"),
        ('a"; filename="b.exe', "a__ filename=_b.exe"),
        ("a\r\nSet-Cookie: x", "a__Set-Cookie: x"),
        (" .. ", "document"),
        ("рентген.pdf", "_______.pdf"),
    ],
)
def test_a_file_name_cannot_leave_its_header(name: str, plain: str) -> None:
    header = disposition(name, is_shown=False)

    assert header.startswith(f"attachment; filename=\"{plain}\"; filename*=UTF-8''")
    assert header.isascii()
    assert header.isprintable()


def test_in_a_browser_a_deep_link_survives_signing_in_and_out(
    lakeside: Practice, browser: Browser
) -> None:
    server = lakeside.server
    with browser.new_context() as context:
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))

        page.goto(f"{server.address}/backlog?status=open")
        assert page.title() == "Billing Tasks"
        page.get_by_role("button", name="Ana Ruiz").click()
        page.wait_for_selector('[data-testid="stApp"]')
        arrived = page.url
        page.wait_for_selector('[data-test-script-state="notRunning"]')
        page.evaluate("location.href = '/sign-out'")
        page.wait_for_url("**/sign-in?out=yes")
        page.goto(f"{server.address}/backlog")

        assert arrived == f"{server.address}/backlog?status=open"
        assert page.url == f"{server.address}/sign-in?next=/backlog"
        assert not [text for text in said if "Content Security Policy" in text]


def test_a_pdf_is_shown_inside_a_page_of_ours(
    lakeside: Practice, token: str, browser: Browser
) -> None:
    server = lakeside.server
    with (
        chromium.launch_with_pdf_viewer(browser.browser_type) as viewer,
        viewer.new_context() as context,
    ):
        context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": server.address}])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{server.address}/sign-in")

        page.evaluate(
            """async address => {
                const frame = document.createElement("iframe");
                frame.src = address;
                frame.width = frame.height = 500;
                document.body.prepend(frame);
                await new Promise(done => frame.onload = done);
            }""",
            lakeside.scan,
        )
        for _ in range(100):
            is_painted = _is_painted(page.screenshot())
            if is_painted:
                break
            page.wait_for_timeout(100)

        assert is_painted
        assert not said


def _is_painted(screenshot: bytes) -> bool:
    """Return True where the colour of the scanned page is seen."""
    with Image.open(io.BytesIO(screenshot)) as image:
        blue = image.convert("RGB").getchannel("B").histogram()
    return sum(blue[0x80:0x98]) > 10_000  # of #fde68a; the page around it is white and slate
