"""python -m lib restore, as somebody types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lib import __main__
from lib.store.database import Connection
from lib.upkeep.restore import STALE
from tests.conftest import Cast
from tests.test_import import bring
from tests.x12_texts import claim, file_837


def change(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"x")


@pytest.mark.duckdb
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (Path.unlink, "The file of imported file 1 is missing."),
        (change, "The file of imported file 1 was changed on disk: its SHA-256 differs."),
    ],
    ids=["missing", "changed"],
)
def test_what_is_restored_from_a_backup_that_lacks_a_file_is_said_to_be_there(
    harm: Callable[[Path], None], said: str, con: Connection, cast: Cast, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    bring(con, cast, file_837(claim("A1")))
    con.store.close()
    backup, data = con.store.folder, tmp_path / "restored"
    harm(next((backup / "intake").glob("*/*")))
    monkeypatch.setenv("BILLING_TASKS_DATA", str(data))

    assert __main__.main(["restore", "--from", str(backup)]) == 1

    assert capsys.readouterr().out.splitlines() == [
        f"{data} holds what {backup.name} held, and what was wrong there:", said, *STALE,
    ]  # fmt: skip
