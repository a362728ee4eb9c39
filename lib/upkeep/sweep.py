"""Delete files that no row names: what a crash leaves between a file and its row."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

from lib.store import database_copy
from lib.store.database import Store
from lib.upkeep import referenced_files
from lib.upkeep.referenced_files import KINDS
from lib.upkeep.verify import LEFT

AGE = timedelta(days=1)  # a younger one may belong to a row that is being written


def sweep(store: Store, *, now: datetime, age: timedelta = AGE) -> int:
    """Delete the documents and imported files that no row names and that are older than `age`.
    Return how many they were."""
    deleted = 0
    con = store.connection()
    try:
        with store.importing("a sweep"), store.exclusive():  # a file may come before its row
            store.check()
            for kind in KINDS:
                named = referenced_files.named(con, kind)
                for found in list(store.files.lying(kind.folder)):
                    if found.sha256 not in named and found.changed_at < now - age:
                        store.files.delete(kind.folder, found.name)
                        deleted += 1
            for left in store.folder.glob(".*-*"):
                if not left.name.startswith((LEFT, database_copy.LEFT)):
                    continue
                if left.lstat().st_mtime < (now - age).timestamp():
                    shutil.rmtree(left)
    finally:
        con.close()
    return deleted
