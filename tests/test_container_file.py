"""The container file of docs/operating.md: what it copies is all that a server needs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from lib.store.process_store import ROOT
from lib.web import reach, serve_command
from tests.server import free_port

WRITTEN = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
FILE = re.search(r"```dockerfile\n(.*?)```", WRITTEN, re.DOTALL)[1]  # type: ignore[index]


def lines(word: str) -> list[str]:
    return re.findall(rf"^{word} (.*)$", FILE.replace("\\\n", ""), re.MULTILINE)


@pytest.mark.slow
def test_a_server_of_the_copied_files_alone_is_healthy_and_ends(tmp_path: Path) -> None:
    place = tmp_path / "image"
    for line in lines("COPY"):
        *sources, to = line.split()
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place / to)
            else:
                (place / to).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place / to)
    settings = dict(each.split("=") for each in lines("ENV")[0].split())
    port = free_port()
    settings |= {
        "BILLING_TASKS_DATA": str(tmp_path / "data"),
        reach.NAMES_VARIABLE: "billing.example.com",
        serve_command.PORT_VARIABLE: str(port),
    }
    command = json.loads(lines("CMD")[0])
    assert command == [".venv/bin/python", "app.py"]
    with subprocess.Popen(
        [sys.executable, *command[1:]], cwd=place, env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as server:  # fmt: skip
        until = monotonic() + 60
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
                    assert answer.read() == b"ok"
                break
            except URLError:
                assert server.poll() is None
                assert monotonic() < until
                sleep(0.1)
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=20)[0].decode()
    assert f"Set it up here, once: http://billing.example.com:{port}/set-up#" in said


def test_it_names_variables_and_requirements_that_there_are() -> None:
    named = set(re.findall(r"requirements[\w-]*\.txt", FILE))
    assert named == {path.name for path in ROOT.glob("requirements*.txt")} - {
        "requirements-dev.txt"
    }
    known = {
        reach.HOST_VARIABLE,
        reach.NAMES_VARIABLE,
        reach.PROXIES_VARIABLE,
        "BILLING_TASKS_DATA",
    }
    part = WRITTEN[WRITTEN.index("```dockerfile") : WRITTEN.index("## Signing in")]
    assert set(re.findall(r"BILLING_TASKS_\w+", part)) == known
