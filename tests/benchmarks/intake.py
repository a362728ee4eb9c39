"""python -m tests.benchmarks.intake [CLAIMS]: how fast claims come in; our reader beside others.

Writes an 837P of that many claims (100,000), imports it into an empty store, the first 10,000 of
them into one where an 835 denied them before, and has each reader walk every segment of it. pyx12
and openx12 are measured if they are installed. Never a test.
"""

from __future__ import annotations

import importlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from lib import people
from lib.intake import imports
from lib.intake.files.source_file import SourceFile
from lib.intake.x12 import segment_reader
from lib.store.duckdb.store import DuckDBStore
from tests.x12_texts import DOCTOR, answer, claim, claims, envelope, remittance

READS = 3  # the fastest counts
LATE = 10_000  # claims that come in after they were denied


def main() -> None:
    """Run the benchmark and print its table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "claims.837"
        write(path, count)
        size = path.stat().st_size
        print(f"{count:,} claims, {size / 1e6:.1f} MB, load {os.getloadavg()[0]:.1f}")
        print(f"{'':<24}{'wall s':>9}{'CPU s':>9}{'claims a second':>17}")
        wall, cpu = timed(lambda: bring(path, Path(folder) / "data"))
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{'whole intake':<24}{wall:>9.2f}{cpu:>9.2f}{count / wall:>17,.0f}")
        late = min(count, LATE)
        wall, cpu = after_answers(Path(folder), late)
        print(f"{'after their denials':<24}{wall:>9.2f}{cpu:>9.2f}{late / wall:>17,.0f}")
        for name, read in (("our reader", ours), ("pyx12", pyx12), ("openx12", openx12)):
            try:
                wall, cpu = min(timed(partial(read, path)) for _ in range(READS))
            except ModuleNotFoundError as missing:
                print(f"{name:<24}{'not installed: ' + str(missing.name):>35}")
                continue
            print(f"{name:<24}{wall:>9.2f}{cpu:>9.2f}{count / wall:>17,.0f}")
    print(f"most memory of the intake: {most:,.0f} MB")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds of the work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def write(path: Path, count: int) -> None:
    """Write claims of two lines for 5,000 patients, each with a rendering provider."""
    head, _, tail = envelope(claims(["CLM*?"], before=["HL*?"])).partition("HL*?~CLM*?~")
    with path.open("w", encoding="ascii") as file:
        file.write(head)
        for number in range(count):
            patient = number % 5000
            body = claim(f"C{number:08d}", extra=[f"NM1*82*1*REED*ADA****XX*{DOCTOR}"])
            loop = [
                f"HL*{number + 2}*1*22*0",
                "SBR*P*18*******CI",
                f"NM1*IL*1*LAST{patient}*FIRST****MI*MEM{patient}",
                f"DMG*D8*19{patient % 90 + 10}0101*F",
                f"NM1*PR*2*PAYER {number % 20}*****PI*P{number % 20}",
                *body,
            ]
            file.write("~\n".join(loop) + "~\n")
        file.write(tail)


def ours(path: Path) -> int:
    """Walk the file with our reader."""
    found = segment_reader.transactions(SourceFile(path.name, path).text(), [])
    return sum(1 for each in found for _ in each.segments)


def pyx12(path: Path) -> int:
    """Walk the file with pyx12."""
    module: Any = importlib.import_module("pyx12.x12file")
    with path.open(encoding="ascii") as file:
        return sum(1 for _ in module.X12Reader(file))


def openx12(path: Path) -> int:
    """Read the file with openx12."""
    module: Any = importlib.import_module("openx12.x837p")
    return len(module.parse(path.read_text(encoding="ascii")).claims)


def bring(path: Path, folder: Path) -> None:
    """Import the file into an empty store."""
    store = DuckDBStore(folder)
    con, now = store.connection(), datetime.now(UTC)
    practice_id = people.add_practice(con, "Benchmark", now=now)
    report = imports.apply(con, path.name, path, actor=None, practice_id=practice_id, now=now)
    assert report.refused is None, report.refused
    store.close()


def denials(count: int) -> bytes:
    """Return an 835 that denies the first claims that `write` makes."""
    by_payer: dict[int, list[list[str]]] = {}
    for number in range(count):
        patient = number % 5000
        said = answer(f"C{number:08d}", control=f"P{number}", patient=f"LAST{patient}*FIRST")
        by_payer.setdefault(number % 20, []).append(said)
    bodies = [remittance(*said, payer=f"PAYER {payer}") for payer, said in by_payer.items()]
    return envelope(*bodies, kind="835", version="005010X221A1").encode()


def after_answers(folder: Path, count: int) -> tuple[float, float]:
    """Return wall and CPU seconds of the import of claims that were denied before they came in."""
    path = folder / "late.837"
    write(path, count)
    store = DuckDBStore(folder / "late")
    con, now = store.connection(), datetime.now(UTC)
    practice_id = people.add_practice(con, "Benchmark", now=now)
    bring_in = partial(imports.apply, con, actor=None, practice_id=practice_id, now=now)
    bring_in("denials.835", denials(count))
    found = timed(lambda: bring_in(path.name, path))
    assert con.value("SELECT count(charge_id) FROM task") == count
    store.close()
    return found


if __name__ == "__main__":
    main()
