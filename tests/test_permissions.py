"""Who may read the data folder: also one that was restored with open modes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lib.errors import WrongDataFolder
from lib.store import permissions
from lib.store.duckdb.store import DuckDBStore
from tests.server import running

pytestmark = pytest.mark.slow


@pytest.fixture
def restored(empty: Path, tmp_path: Path) -> Path:
    """Return a backup that was unpacked as most are: everybody may read it."""
    folder = tmp_path / "data"
    shutil.copytree(empty, folder)
    for name in ("documents/ab/abc", "intake/cd/cde"):
        file = folder / name
        file.parent.mkdir(parents=True)
        file.write_bytes(b"a patient")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o664)
    return folder


def open_to_others(folder: Path) -> list[str]:
    everything = (folder, *folder.rglob("*"))
    return [str(p.relative_to(folder)) for p in everything if p.stat().st_mode & 0o077]


def test_a_restored_store_is_closed_to_others_when_it_is_opened(restored: Path) -> None:
    with running(restored):
        assert open_to_others(restored) == []


@pytest.mark.cases(1)
@pytest.mark.parametrize("command", [["export", "--practice", "x", "--since", "2025-01-01",
    "--until", "2025-01-02", "--out", "x.zip"], ["sample"]], ids=["export", "sample"])  # fmt: skip
def test_a_command_closes_it_too(restored: Path, tmp_path: Path, command: list[str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "lib", *command],
        env={"BILLING_TASKS_DATA": str(restored), "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        check=False,
    )

    assert open_to_others(restored) == []


def test_what_is_not_the_stores_is_left_alone(restored: Path, tmp_path: Path) -> None:
    table = restored / "reference" / "codes.csv"
    table.parent.mkdir()
    table.write_text("public")
    table.chmod(0o644)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("somebody's")
    elsewhere.chmod(0o644)
    (restored / "documents" / "link").symlink_to(elsewhere)

    permissions.tighten(restored)

    assert table.stat().st_mode & 0o777 == 0o644
    assert elsewhere.stat().st_mode & 0o777 == 0o644


def test_documents_on_another_disk_are_closed_as_well(restored: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    shutil.move(restored / "documents", disk)
    (restored / "documents").symlink_to(disk)

    assert permissions.tighten(restored) > 0
    assert open_to_others(disk) == []
    assert permissions.tighten(restored) == 0


def test_files_that_cannot_be_closed_are_refused_with_a_sentence(
    restored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_permitted(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(Path, "chmod", not_permitted)

    with pytest.raises(WrongDataFolder) as refused:
        permissions.tighten(restored)
    assert f"chmod -R go= {restored}" in str(refused.value)


def test_a_folder_that_is_not_there_yet_is_no_problem(tmp_path: Path) -> None:
    assert permissions.tighten(tmp_path / "nothing") == 0
    DuckDBStore(tmp_path / "nothing").close()
