"""A real S3 server for tests, with one bucket, and one key that may use it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import install_seaweedfs

BUCKET = "billing-files"
KEY = {"AWS_ACCESS_KEY_ID": "billing", "AWS_SECRET_ACCESS_KEY": "secret-of-billing"}
PATIENCE = 60  # seconds; it takes four
STARTS = 3


@dataclass(slots=True)
class Server:
    """A server that runs."""

    url: str
    environment: dict[str, str]


@contextmanager
def running() -> Iterator[Server]:
    """Yield a server that lives as long as the block."""
    folder = Path(tempfile.mkdtemp(prefix="seaweedfs-"))
    process = None
    try:
        for attempt in range(STARTS):
            process, url, bucket = _begun(folder / str(attempt))
            try:
                _until(f"{url}/healthz", "GET", process)
                _until(bucket, "POST", process)
                break
            except OSError:  # somebody took a port meanwhile, or the machine is too busy
                process.kill()
                process.wait()
                if attempt == STARTS - 1:
                    raise
        yield Server(url, {**KEY, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": url})
    finally:
        if process:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _begun(folder: Path) -> tuple[subprocess.Popen[bytes], str, str]:
    """Return a server that starts, its address, and where its bucket is made."""
    folder.mkdir()
    master, volume, filer, s3 = _free_ports(4)
    may = ["Read", "Write", "List"]
    key = {"accessKey": KEY["AWS_ACCESS_KEY_ID"], "secretKey": KEY["AWS_SECRET_ACCESS_KEY"]}
    (folder / "s3.json").write_text(
        json.dumps({"identities": [{"name": "billing", "credentials": [key], "actions": may}]})
    )
    process = subprocess.Popen(
        [install_seaweedfs.program(), "server", "-s3", f"-dir={folder}", "-ip=127.0.0.1",
         "-ip.bind=127.0.0.1", f"-master.port={master}", f"-volume.port={volume}",
         f"-filer.port={filer}", f"-s3.port={s3}", f"-s3.config={folder / 's3.json'}",
         "-master.volumeSizeLimitMB=64", "-master.telemetry=false",
         # these have ports of their own, the same for every server of this computer
         "-s3.port.iceberg=0", "-s3.port.lance=0"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    return process, f"http://127.0.0.1:{s3}", f"http://127.0.0.1:{filer}/buckets/{BUCKET}/"


def _until(url: str, method: str, process: subprocess.Popen[bytes]) -> None:
    """Ask until it is answered. Raises OSError where the server has ended, or takes too long."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            request = urllib.request.Request(url, method=method)  # noqa: S310 - of this computer
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > ends or process.poll() is not None:
                raise
            time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on; the server takes each plus 10,000 too."""
    with ExitStack() as held:
        found: list[int] = []
        for port in range(21_000 + time.monotonic_ns() % 20_000, 50_000):
            try:
                for each in (port, port + 10_000):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", each))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                break
        return found
