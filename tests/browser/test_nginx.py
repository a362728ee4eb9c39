"""The app behind a real nginx with the configuration of docs/nginx.conf, over https."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from lib import practices
from lib.store.duckdb.store import DuckDBStore
from lib.store.process_store import ROOT
from lib.web import reach
from tests.server import free_port, running
from tests.test_invitations import PASSWORD

NGINX = shutil.which("nginx")


@contextmanager
def nginx(folder: Path, *app_ports: int) -> Iterator[str]:
    """Run nginx in front of the app's processes; yield its address. It notes in `asked.log` which
    process answered what."""
    port, plain = free_port(), free_port()
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    example = (ROOT / "docs/nginx.conf").read_text()
    for said, meant in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("billing.example.com;", "localhost;"),
        ("access_log off", f"access_log {folder}/asked.log asked"),
        ("server 127.0.0.1:8501;", " ".join(f"server 127.0.0.1:{each};" for each in app_ports)),
        ("/etc/letsencrypt/live/billing.example.com/fullchain.pem", str(certificate)),
        ("/etc/letsencrypt/live/billing.example.com/privkey.pem", str(key)),
    ):  # fmt: skip
        assert said in example
        example = example.replace(said, meant)
    paths = "".join(
        f"{name}_temp_path {folder}/{name}; "
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    settings = folder / "nginx.conf"
    settings.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}} "
        f"http {{ {paths} log_format asked '$upstream_addr $request_uri'; {example} }}"
    )
    assert NGINX
    process = subprocess.Popen([NGINX, "-c", settings, "-p", folder, "-e", folder / "error.log"])
    try:
        deadline = time.monotonic() + 10
        while not (folder / "pid").exists() and time.monotonic() < deadline:
            assert process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")
def test_people_work_through_a_real_nginx(tmp_path: Path, browser: Browser) -> None:
    store = DuckDBStore(tmp_path / "data")
    practices.set_up(
        store.connection(),
        practices.Details("My practice", "America/New_York"),
        practices.Administrator("Ada Lovell", "ada@example.com", PASSWORD),
        now=datetime.now(UTC),
    )
    store.close()
    told = {reach.PROXIES_VARIABLE: "127.0.0.1", reach.NAMES_VARIABLE: "localhost"}
    with (
        running(tmp_path / "data", environment=told) as server,
        nginx(tmp_path, server.port) as address,
    ):
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        answer = page.goto(f"{address}/documents")
        assert answer
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        page.get_by_label("E-mail address").fill("ada@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(re.compile(r"/documents"))
        expect(page.get_by_text("Ada Lovell")).to_be_visible()  # drawn over the WebSocket
        (cookie,) = (one for one in context.cookies() if one["name"] == "billing_session")
        assert cookie["secure"]
        assert cookie["httpOnly"]
        page.get_by_role("link", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        metrics = page.goto(f"{address}/metrics")
        assert metrics
        assert metrics.status == 404
        context.close()
