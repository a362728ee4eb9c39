"""`python -m tests.torture`: the whole torture of one store or both, with figures and findings."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random, SystemRandom

from tests import postgres
from tests.conftest import has_memory_disk
from tests.torture import cut_off, damage, full_disk, kills, race
from tests.torture.scene import Scene

DUCKDB, POSTGRES = "duckdb", "postgres"
# PostgreSQL answers a commit when it is written; only a power cut, which nobody makes here, would
# lose what is not on the disk.
SETTINGS = {"synchronous_commit": "on"}


def main(arguments: list[str]) -> int:
    """Run it. Return 1 where something was found."""
    parser = argparse.ArgumentParser("python -m tests.torture", description=__doc__)
    parser.add_argument("--store", choices=[DUCKDB, POSTGRES], action="append", help="both if none")
    parser.add_argument("--kills", type=int, default=300, help="of processes, for each store")
    parser.add_argument("--turns", type=int, default=12, help="of each other torture")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    chosen = parser.parse_args(arguments)
    found = 0
    for store in chosen.store or [DUCKDB, POSTGRES]:
        print(f"{store}: {chosen.kills} kills, {chosen.turns} turns, seed {chosen.seed}")
        found += _torture(store, chosen.kills, chosen.turns, Random(chosen.seed))
    return min(found, 1)


def _torture(store: str, kills_asked: int, turns: int, random: Random) -> int:
    disk = Path("/dev/shm") if has_memory_disk() else None
    if store == DUCKDB:
        with tempfile.TemporaryDirectory(prefix="torture-", dir=disk) as folder:
            place = Path(folder)
            scene = Scene.begin(place / "data", "", random)
            found = _done("kills", scene, lambda: kills.torture(scene, kills_asked))
            found += _done("race", scene, lambda: race.torture(scene))
            if not turns:
                return found
            found += _done("damage", scene, lambda: damage.torture(scene, turns))
        with full_disk.small(160) as little:
            full = Scene.begin(little.folder / "data", "", random)
            name = "full disk" if little.is_own else "limit on what is written"
            return found + _done(name, full, lambda: full_disk.torture(full, little, turns))
    return _torture_postgres(disk, kills_asked, turns, random)


def _torture_postgres(disk: Path | None, kills_asked: int, turns: int, random: Random) -> int:
    with (
        postgres.started(disk, **SETTINGS) as server,
        tempfile.TemporaryDirectory(prefix="torture-", dir=disk) as folder,
    ):
        if server is None:
            print("PostgreSQL is not installed: python -m tests.install_postgres")
            return 1
        place = Path(folder)
        scene = Scene.begin(place / "data", postgres.new_database(server.address), random)
        found = _done("kills", scene, lambda: kills.torture(scene, kills_asked))
        found += _done("race", scene, lambda: race.torture(scene))
        if not turns:
            return found
        found += _done("damage", scene, lambda: damage.torture(scene, turns))
        found += _done("cut off", scene, lambda: cut_off.torture(scene, server, turns))
    with (
        full_disk.small(400) as little,
        postgres.started(little.folder if little.is_own else disk, **SETTINGS) as server,
    ):
        assert server is not None
        full = Scene.begin(little.folder / "data", postgres.new_database(server.address), random)
        name = "full disk" if little.is_own else "limit on what is written"
        at = server if little.is_own else None
        return found + _done(name, full, lambda: full_disk.torture(full, little, turns, at))


def _done(name: str, scene: Scene, torture: Callable[[], None]) -> int:
    """Run one torture; print what it came to. Return how much it found."""
    began = time.monotonic()
    torture()
    said, findings = scene.ledger.said, scene.ledger.findings
    acknowledged = sum(count for what, count in said.items() if what.endswith("acknowledged"))
    others = {what: count for what, count in said.items() if not what.endswith("acknowledged")}
    figures = ", ".join(f"{what} {count}" for what, count in sorted(others.items()))
    print(f"  {name}: {time.monotonic() - began:.0f} s, acknowledged {acknowledged}, {figures}")
    for finding in findings:
        print(f"  FOUND {finding}")
    sys.stdout.flush()
    count = len(findings)
    said.clear()
    findings.clear()
    return count


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
