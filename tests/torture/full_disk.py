"""A disk that is full at random moments of the work, and has room again a moment later.

It is a small disk in memory where this user may mount one. Elsewhere the size of what the processes
may write is limited: the system refuses the same calls.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.postgres import Server
from tests.torture.processes import Process, run_for
from tests.torture.scene import Scene

MEGABYTE = 1 << 20
FORGIVEN = ("NotWritten", "NotCertain", "StoreStopped", "BackupFailed")
# PostgreSQL that cannot write its log ends, and starts again when it can.
FORGIVEN_AT_SERVERS = (*FORGIVEN, "DatabaseUnreachable", "MaybeSaved", "WrongDataFolder")
WORK = 3.0  # seconds of each turn


class Disk:
    """A folder on a disk that can be filled."""

    def __init__(self, folder: Path, *, is_own: bool) -> None:
        self.folder, self.is_own = folder, is_own
        self._filler = folder / "filler"

    def fill(self, processes: list[Process], leaving: int) -> None:
        """Leave so many bytes."""
        if not self.is_own:
            for process in processes:
                with suppress(ProcessLookupError):
                    resource.prlimit(
                        process.pid, resource.RLIMIT_FSIZE, (leaving, resource.RLIM_INFINITY)
                    )
            return
        with suppress(OSError), self._filler.open("wb") as file:
            free = shutil.disk_usage(self.folder).free
            os.posix_fallocate(file.fileno(), 0, max(1, free - leaving))

    def empty(self, processes: list[Process]) -> None:
        """Make room again."""
        self._filler.unlink(missing_ok=True)
        if not self.is_own:
            for process in processes:
                with suppress(ProcessLookupError):
                    resource.prlimit(
                        process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2
                    )


@contextmanager
def small(megabytes: int) -> Iterator[Disk]:
    """Yield a disk of that size, or a folder of a larger one."""
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        done = False
    if done:
        folder.chmod(0o755)
    try:
        yield Disk(folder, is_own=done)
    finally:
        if done:
            subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def torture(scene: Scene, disk: Disk, turns: int, server: Server | None = None) -> None:
    """Fill the disk several times in each turn, and kill the work in the middle of it."""
    forgiven = FORGIVEN_AT_SERVERS if server else FORGIVEN
    for turn in range(turns):
        ends = time.monotonic() + WORK
        processes = scene.start(forgiven=forgiven)
        run_for(processes, 0.5)
        while time.monotonic() < ends:
            disk.fill(processes, scene.random.choice([0, 4096, 20_000, 100_000, MEGABYTE]))
            scene.ledger.said["disk filled"] += 1
            run_for(processes, scene.random.uniform(0.05, 0.5))
            if scene.random.random() < 0.8 or time.monotonic() < ends:
                disk.empty(processes)
                if server and not server.runs:
                    scene.ledger.said["server ended for want of room"] += 1
                    server.start()
                run_for(processes, scene.random.uniform(0.05, 0.5))
        for process in processes:
            process.kill()
        disk.empty([])
        if server and not server.runs:
            server.start()
        scene.settle(processes, f"full disk, turn {turn}")
    scene.verify("after the disk was full")
