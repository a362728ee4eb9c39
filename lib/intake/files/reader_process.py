"""Read files from outside in a separate process, which has limits and can be stopped.

A table or a FHIR file of 50 MB takes seconds to read, a hostile one longer; in the process that
serves everybody it would hold up every click. Small files are read in this process: starting
another costs more.
"""

from __future__ import annotations

import os
import pickle
import resource
import selectors
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from lib.errors import RefusedFile
from lib.intake.fhir import resources
from lib.intake.files import non_x12_formats
from lib.intake.files.non_x12_formats import ParsedFile, TableOptions
from lib.intake.tables import columns, task_table
from lib.intake.tables.columns import Outline
from lib.intake.tables.excel_file import is_workbook

ROOT = Path(__file__).parents[3]
COMMAND = (
    "import sys; from lib.intake.files.reader_process import serve; "
    "serve(sys.stdin.buffer, sys.stdout.buffer)"
)
SMALL = 65_536  # bytes of text that this process reads itself, in less than a tenth of a second
MAX_BYTES = max(task_table.MAX_BYTES, resources.MAX_BYTES)
MAX_SECONDS = 180
MAX_MEMORY = 2_000_000_000  # bytes
AT_ONCE = 2  # processes; a third reader waits
OFTEN = 0.2  # seconds between two checks whether somebody cancelled
BATCH = 500  # records handed over at once, few enough that receiving them holds nobody up
_LENGTH = struct.Struct(">Q")
_places = threading.BoundedSemaphore(AT_ONCE)

Alive = Callable[[], None]  # called often while the file is read; what it raises ends the reading


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the process is to do with the content that follows."""

    name: str
    choice: TableOptions | None  # None: only describe the columns
    sheet: str | None
    size: int  # bytes


def read(
    name: str, content: bytes, choice: TableOptions | None = None, alive: Alive | None = None
) -> ParsedFile | None:
    """Return what the file says, or None if it is for the X12 reader: see `non_x12_formats.read`.

    Raises RefusedFile, also where the file takes more time or memory than any real one, and
    whatever `alive` raises.
    """
    if non_x12_formats.is_x12(content):
        return None
    if _is_light(content):
        return non_x12_formats.read(name, content, choice)
    parts = _run(_Asked(name, choice or TableOptions(), None, len(content)), content, alive)
    found: ParsedFile | None = next(parts)
    if found is None:
        return None
    held: dict[str, list[Any]] = {"requests": [], "messages": [], "refused_rows": []}
    for which, several in parts:
        held[which] += several
    return replace(
        found,
        requests=tuple(held["requests"]),
        messages=tuple(held["messages"]),
        refused_rows=tuple(held["refused_rows"]),
    )


def outline(
    name: str, content: bytes, sheet: str | None, alive: Alive | None = None
) -> Outline | None:
    """Return the columns of a table and what they look like, or None if it is no table.

    Raises as `read` does.
    """
    if non_x12_formats.is_fhir(name, content):
        return None
    if _is_light(content):
        grid = task_table.open_table(name, content, sheet)
        return columns.outline(grid) if grid else None
    found: Outline | None = next(_run(_Asked(name, None, sheet, len(content)), content, alive))
    return found


def _is_light(content: bytes) -> bool:
    """Return True for short text, which cannot take long. A small workbook can unpack to much."""
    return len(content) <= SMALL and not is_workbook(content)


def _run(asked: _Asked, content: bytes, alive: Alive | None) -> Iterator[Any]:
    """Yield the process's answers, one after another."""
    with _place(alive), _process() as process:
        feeder = threading.Thread(target=_feed, args=(process, asked, content), daemon=True)
        feeder.start()
        assert process.stdout
        for answer in _answers(process.stdout, alive):
            if isinstance(answer, Exception):
                raise answer
            if answer is _End:
                return
            yield answer
        process.kill()  # one that is still writing to us would wait for ever
        raise _too_much(asked.name)


@contextmanager
def _place(alive: Alive | None) -> Iterator[None]:
    """Wait until one of the places is free."""
    while not _places.acquire(timeout=OFTEN):
        if alive:
            alive()
    try:
        yield
    finally:
        _places.release()


@contextmanager
def _process() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that reads, and end it whatever happens here."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a traceback could name a patient
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:  # what was still to be written to it
                    continue


def _feed(process: subprocess.Popen[bytes], asked: _Asked, content: bytes) -> None:
    """Write the question and the content; a process that has ended takes no more."""
    assert process.stdin
    try:
        _send(process.stdin, asked)
        process.stdin.write(content)
        process.stdin.flush()
    except (BrokenPipeError, ValueError):
        return


def _answers(stream: IO[bytes], alive: Alive | None) -> Iterator[Any]:
    """Yield the answers as they come, without `_End` if the process ended or took too long."""
    until = time.monotonic() + MAX_SECONDS
    held = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while time.monotonic() < until:
            if alive:
                alive()
            if not selector.select(OFTEN):
                continue
            piece = os.read(stream.fileno(), 1 << 20)
            if not piece:
                return
            held += piece
            while len(held) >= _LENGTH.size:
                end = _LENGTH.size + _LENGTH.unpack_from(held)[0]
                if len(held) < end:
                    break
                # Pickled by our own code in the reading process, which treats the file as data.
                yield pickle.loads(held[_LENGTH.size : end])
                del held[:end]


def _send(stream: IO[bytes], what: object) -> None:
    packed = pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(packed)))
    stream.write(packed)
    stream.flush()


class _End:
    """The last answer."""


def _too_much(name: str) -> RefusedFile:
    return RefusedFile(
        f"{name} was refused: reading it takes more time or memory than a file of its kind needs. "
        "Divide it and bring the parts in one after another."
    )


def serve(source: IO[bytes], out: IO[bytes]) -> None:
    """Read one file, within limits, and write what it says."""
    _limit(resource.RLIMIT_AS, MAX_MEMORY)
    _limit(resource.RLIMIT_CPU, MAX_SECONDS)
    _limit(resource.RLIMIT_CORE, 0)
    os.nice(10)  # people's clicks come first
    asked: _Asked = pickle.loads(source.read(_LENGTH.unpack(source.read(_LENGTH.size))[0]))
    content = source.read(asked.size)
    try:
        if asked.choice is None:
            grid = task_table.open_table(asked.name, content, asked.sheet)
            _send(out, columns.outline(grid) if grid else None)
        else:
            _hand_over(out, non_x12_formats.read(asked.name, content, asked.choice))
    except RefusedFile as problem:
        _send(out, RefusedFile(*problem.args))
    except (MemoryError, RecursionError):
        _send(out, _too_much(asked.name))
    _send(out, _End)


def _hand_over(out: IO[bytes], found: ParsedFile | None) -> None:
    if found is None:
        _send(out, None)
        return
    _send(out, replace(found, requests=(), messages=(), refused_rows=()))
    for which in ("requests", "messages", "refused_rows"):
        several = getattr(found, which)
        for at in range(0, len(several), BATCH):
            _send(out, (which, list(several[at : at + BATCH])))


def _limit(which: int, most: int) -> None:
    hard = resource.getrlimit(which)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (most, most))
