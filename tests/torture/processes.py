"""Processes of the load, and of whoever looks at the store after them.

They are forked from a process that never opens a store: what a start costs is paid once.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 120  # seconds for what ends by itself


@dataclass(slots=True)
class Process:
    """A forked process, with the pipe that it tells by."""

    pid: int
    handle: int
    rest: bytes = b""
    lines: list[dict[str, Any]] = field(default_factory=list)
    has_ended: bool = False
    has_ended_by_itself: bool = False

    def read(self) -> None:
        """Take in what it has told."""
        if piece := os.read(self.handle, 1 << 16):
            *whole, self.rest = (self.rest + piece).split(b"\n")
            self.lines += map(json.loads, whole)
        else:
            self.has_ended = True

    def kill(self) -> None:
        """Kill it and all that it started, as a service manager does."""
        self.has_ended_by_itself = self.has_ended
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        while not self.has_ended:
            self.read()
        os.close(self.handle)
        os.waitpid(self.pid, 0)

    def has_told(self, what: str) -> bool:
        """Return True if one of its lines is of that kind."""
        return any(what in line for line in self.lines)


def forked(work: Callable[[int], None]) -> Process:
    """Run `work` in a process of its own, with the end of a pipe to write to."""
    out, into = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        os.close(into)
        with suppress(ProcessLookupError, PermissionError):
            os.setpgid(pid, pid)
        return Process(pid, out)
    try:
        os.close(out)
        with suppress(PermissionError):
            os.setpgid(0, 0)
        work(into)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    finally:
        os._exit(0)


def run_for(processes: list[Process], seconds: float, until: str = "-") -> None:
    """Take in what they tell, for so long, or until all have told `until` or have ended."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        running = {process.handle: process for process in processes if not process.has_ended}
        if all(process.has_told(until) for process in running.values()):
            return
        for handle in select.select(list(running), [], [], left)[0]:
            running[handle].read()


def asked(work: Callable[[], Any]) -> Any:
    """Return what `work` returns in a process of its own, by way of JSON."""

    def tell(handle: int) -> None:
        os.set_blocking(handle, True)
        with os.fdopen(handle, "wb") as out:
            out.write(json.dumps({"answer": work()}).encode() + b"\n")

    process = forked(tell)
    run_for([process], PATIENCE)
    process.kill()
    if not process.lines:
        raise RuntimeError("the process that looks at the store gave no answer")
    return process.lines[0]["answer"]
