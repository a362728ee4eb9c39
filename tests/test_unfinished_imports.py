"""An import that ends with its process leaves nothing, and a note that says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib.errors import NoSuchFile
from lib.intake import imports, unfinished_imports
from lib.store.database import Connection, Store
from tests.conftest import NOON, Cast, opened_again
from tests.x12_texts import answer, claim, claims, envelope, file_835

pytestmark = [pytest.mark.slow, pytest.mark.stores]

BEGIN = """
import os, sys
from pathlib import Path
from lib.intake import imports
from tests.conftest import NOON, opened

def stop(progress):
    os._exit(9)

con = opened(Path(sys.argv[1]), sys.argv[2]).connection()
imports.apply(
    con, "claims.837", Path(sys.argv[3]), actor=None, practice_id=int(sys.argv[4]), now=NOON,
    watch=stop if sys.argv[5] == "dies" else None,
)
"""


def text_of_claims() -> str:
    return envelope(claims(claim("N-1"), claim("N-2")))


def in_a_process(store: Store, path: Path, practice: int, how: str) -> int:
    store.close()
    return subprocess.run(
        [sys.executable, "-c", BEGIN, store.folder, getattr(store, "address", ""), path,
         str(practice), how],
        env=os.environ, check=False,
    ).returncode  # fmt: skip


def test_what_ended_with_its_process_is_said_until_it_comes_in(
    store: Store, cast: Cast, tmp_path: Path
) -> None:
    path = tmp_path / "claims.837"
    path.write_text(text_of_claims(), encoding="ascii")

    assert in_a_process(store, path, cast.practice, "dies") == 9

    con = opened_again(store).connection()
    [left] = unfinished_imports.lost(con, actor=cast.ana)
    assert (left.name, left.begun_by) == ("claims.837", None)
    assert con.value("SELECT count(*) FROM charge") == 0
    assert unfinished_imports.lost(con, actor=cast.carla) == []
    assert unfinished_imports.lost(con, actor=cast.ben) == []
    with pytest.raises(NoSuchFile):
        unfinished_imports.dismiss(con, left.id, actor=cast.carla)

    report = imports.apply(
        con, "claims.837", path, actor=cast.ana, practice_id=cast.practice, now=NOON
    )

    assert report.charges_new == 2
    assert unfinished_imports.lost(con, actor=cast.ana) == []
    con.store.close()


def test_who_read_it_takes_it_away(store: Store, cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "denials.835"
    path.write_bytes(file_835(answer("N-1")))
    in_a_process(store, path, cast.practice, "dies")
    con = opened_again(store).connection()
    [left] = unfinished_imports.lost(con, actor=cast.ana)

    unfinished_imports.dismiss(con, left.id, actor=cast.ana)
    unfinished_imports.dismiss(con, left.id, actor=cast.ana)

    assert unfinished_imports.lost(con, actor=cast.ana) == []
    con.store.close()


class Cancelled(Exception):
    pass


def test_what_came_in_or_was_cancelled_or_refused_leaves_no_note(
    con: Connection, cast: Cast, tmp_path: Path
) -> None:
    def cancel(_: imports.Progress) -> None:
        beside = con.store.connection()
        assert beside.value("SELECT count(*) FROM unfinished_import") == 1
        assert unfinished_imports.lost(beside, actor=cast.ana) == []  # it is still running
        raise Cancelled

    path = tmp_path / "claims.837"
    path.write_text(text_of_claims(), encoding="ascii")
    cut = tmp_path / "cut.837"
    cut.write_text(text_of_claims()[:-60], encoding="ascii")
    with pytest.raises(Cancelled):
        imports.apply(
            con, path.name, path, actor=cast.ana, practice_id=cast.practice, watch=cancel, now=NOON
        )
    for each in (cut, path, path):
        imports.apply(con, each.name, each, actor=None, practice_id=cast.practice, now=NOON)

    assert con.value("SELECT count(*) FROM unfinished_import") == 0
