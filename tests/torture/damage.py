"""Damage to a folder that was left by a kill: a torn log, a file that is gone, a byte that changed.

Either it opens and holds the state after some change, whole, or a sentence refuses it; and `verify`
finds every file that is not what it was.
"""

from __future__ import annotations

from pathlib import Path

from lib.errors import BillingError
from lib.store.data_folder_lock import CONTENT, LOG
from lib.upkeep import verify
from tests.torture.contents import Facts, facts, opened
from tests.torture.processes import asked, run_for
from tests.torture.scene import Scene, copy

WORK = 1.0  # seconds before each kill
TEARS = 8  # places at which one log is torn


def torture(scene: Scene, turns: int) -> None:
    """Damage copies of the folder after each kill."""
    for turn in range(turns):
        processes = scene.start(keeps_up=False)
        run_for(processes, WORK)
        for process in processes:
            process.kill()
        left = copy(scene.folder, scene.folder.with_name("left"))
        scene.hear(processes)
        told = dict(scene.ledger.facts)
        scene.settle([], f"damage, turn {turn}")
        if not scene.database:
            for _ in range(TEARS):
                _tear(scene, left, told)
        _lose_files(scene, left if not scene.database else scene.folder)


def _tear(scene: Scene, left: Path, told: Facts) -> None:
    """Cut the end of the log off, or change a byte of it."""
    torn = copy(left, left.with_name("torn"))
    content = bytearray((torn / LOG).read_bytes()) if (torn / LOG).exists() else bytearray()
    if not content:
        return
    place = scene.random.randrange(len(content))
    if is_cut := scene.random.random() < 0.7:
        content = content[:place]
    else:
        content[place] ^= 1 << scene.random.randrange(8)
    (torn / LOG).write_bytes(content)
    what = f"log {'cut' if is_cut else 'changed'} at {place}"

    def look() -> Facts | str:
        try:
            store = opened(torn, "")
        except BillingError as problem:
            return str(problem)
        try:
            return facts(store)
        finally:
            store.close()

    found = asked(look)
    if isinstance(found, str):
        scene.ledger.said["torn log refused with a sentence"] += 1
        return
    scene.ledger.said["torn log opened"] += 1
    lost = [key for key, value in told.items() if found.get(key) != value]
    if lost:
        scene.ledger.findings.append(f"{what}: {len(lost)} facts are lost without a word")


def _lose_files(scene: Scene, folder: Path) -> None:
    """Remove one file of each sort and change another one; `verify` has to name each."""
    hurt = copy(folder, folder.with_name("hurt"))
    expected = 0
    for name in CONTENT:
        files = sorted(path for path in (hurt / name).glob("*/*") if path.is_file())
        named = [path for path in files if f"{name} {path.name}" in _named(scene)]
        if len(named) < 2:
            continue
        gone, changed = scene.random.sample(named, 2)
        gone.unlink()
        content = bytearray(changed.read_bytes())
        content[scene.random.randrange(len(content))] ^= 1
        changed.write_bytes(content)
        expected += 2
    lines = asked(lambda: _findings(hurt, scene.database))
    found = [line for line in lines if "is missing" in line or "was changed on disk" in line]
    scene.ledger.said["files lost or changed"] += expected
    if len(found) != expected:
        scene.ledger.findings.append(f"{expected} files were lost or changed, verify says {lines}")


def _named(scene: Scene) -> set[str]:
    """Return the files that rows name, as FOLDER HASH."""
    said = {"document": "documents", "file": "intake"}
    words = (key.split() for key in scene.ledger.facts)
    return {f"{said[word[0]]} {word[1]}" for word in words if word[0] in said}


def _findings(folder: Path, database: str) -> list[str]:
    if not database:
        return list(verify.verify(folder).all)
    store = opened(folder, database)
    try:
        return verify.verify_live(store)[1]
    finally:
        store.close()
