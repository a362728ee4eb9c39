"""Who on this computer may read the data folder: the user the app runs as, and root.

The app closes what it writes from the start (`lib/store/process_store.py`); what was restored from
a backup, copied or unpacked arrives with any modes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lib.errors import WrongDataFolder

OTHERS = stat.S_IRWXG | stat.S_IRWXO
# The project's own data/ also holds the code tables and the sample's ingredients: no secrets.
OURS = ("billing.*", "openid.toml", "documents", "intake", "temporary")


def tighten(folder: Path) -> int:
    """Remove every other user's access to the store's files. Return how many files that changed.

    Links inside the folder are not followed, except that `documents` may be one to another disk.
    Raises WrongDataFolder where a file is open to others and that cannot be changed.
    """
    count = 0
    try:
        for path, mode in _entries(folder):
            if mode & OTHERS:
                path.chmod(stat.S_IMODE(mode) & ~OTHERS)
                count += 1
    except OSError as problem:
        where = problem.filename or folder
        raise WrongDataFolder(
            f"Other users of this computer may be able to read {where}, and that cannot be changed "
            f"from here. Run `chmod -R go= {folder}` as the user whom it belongs to, or as root "
            "`chown -R` it to the user the app runs as, and start again."
        ) from None
    return count


def _entries(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield the folder and everything of ours below it, each with its mode."""
    if not folder.is_dir():
        return
    yield folder, folder.stat().st_mode
    for pattern in OURS:
        for top in folder.glob(pattern):
            if top.exists():
                yield top, top.stat().st_mode
            if top.is_dir():
                yield from _below(top)


def _below(folder: Path) -> Iterator[tuple[Path, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                continue
            yield Path(entry.path), entry.stat().st_mode
            if entry.is_dir():
                yield from _below(Path(entry.path))
