"""python -m lib export, and claims to replace as the store has them."""

from __future__ import annotations

import subprocess
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest

from lib.errors import WrongInput
from lib.export.charges_to_refile import claims_file, review
from lib.export.period import period
from lib.intake import imports
from lib.models import TaskType
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_command import run_command
from tests.test_export import TODAY, add_task, attach, complete, held
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = pytest.mark.slow

DOCUMENTS = TaskType.DOCUMENTS


@pytest.fixture
def charge(con: Connection, cast: Cast) -> int:
    return held(con, cast, "A1")


@pytest.mark.duckdb
def test_the_command_line_writes_both_files(
    con: Connection, cast: Cast, charge: int, tmp_path: Path
) -> None:
    complete(con, cast, add_task(con, cast, charge), member="MEM2")
    data = tmp_path / "copy"
    subprocess.run(["cp", "-r", con.store.folder, data], check=True)
    days = ("--since", "2025-03-03", "--until", "2025-03-03")

    package_, claims, unnamed, nobody, ending = (
        run_command(data, "export", *days, "--out", tmp_path / name, *more)
        for name, more in (
            ("a.zip", ("--practice", "northside clinic")),
            ("a.x12", ("--practice", "Northside Clinic")),
            ("b.zip", ()),
            ("b.zip", ("--practice", "Nowhere")),
            ("b.pdf", ("--practice", "Northside Clinic")),
        )
    )

    assert [package_.returncode, claims.returncode] == [0, 0]
    assert zipfile.ZipFile(tmp_path / "a.zip").namelist() == ["manifest.csv"]
    assert b"CLM*A1*200***11:B:7*" in (tmp_path / "a.x12").read_bytes()
    assert "1 completed task" in package_.stdout
    assert "1 claim to replace" in claims.stdout
    assert "GREEN" not in package_.stdout + claims.stdout
    assert [each.returncode for each in (unnamed, nobody, ending)] == [2, 2, 2]
    assert all(each.stderr.count("\n") == 1 for each in (unnamed, nobody, ending))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.x12", "a.zip", "copy", "data"]


@pytest.mark.duckdb
def test_an_export_that_lacks_documents_ends_with_1_and_names_no_patient(
    con: Connection, cast: Cast, charge: int, tmp_path: Path
) -> None:
    for title in ("changed", "missing", "whole"):
        attach(
            con, cast, add_task(con, cast, charge, kind=DOCUMENTS, title=title), f"GREEN {title}"
        )
    data = tmp_path / "copy"
    subprocess.run(["cp", "-r", con.store.folder, data], check=True)
    paths = {
        name: data / "documents" / sha256[:2] / sha256
        for name, sha256 in con.rows("SELECT name, sha256 FROM document")
    }
    paths["GREEN changed"].write_bytes(b"%PDF-1.4 other")
    paths["GREEN missing"].unlink()

    ended = run_command(
        data, "export", "--practice", "Northside Clinic", "--since", "2025-03-03", "--until",
        "2025-03-03", "--out", tmp_path / "a.zip",
    )  # fmt: skip

    assert ended.returncode == 1
    assert sorted(line.partition("document ")[2][2:] for line in ended.stderr.splitlines()) == [
        "is missing on disk", "was changed on disk",
    ]  # fmt: skip
    assert "3 completed tasks" in ended.stdout
    assert "GREEN" not in ended.stdout + ended.stderr
    assert len(zipfile.ZipFile(tmp_path / "a.zip").namelist()) == 2


def test_a_replacement_claim_is_made_from_the_file_the_claim_came_in(
    con: Connection, cast: Cast
) -> None:
    """With the payer's number that a remittance brought, and what the charge does not hold."""
    filed = claim("A1", extra=["REF*EA*RECORD7", "NTE*ADD*SEEN TWICE"])
    for name, content in (("a.837", file_837(filed)), ("b.835", file_835(answer("A1")))):
        report = imports.apply(
            con, name, content, actor=cast.ana, practice_id=cast.practice, now=NOON
        )
        assert not report.refused
    charge_id = int(con.value("SELECT id FROM charge"))
    complete(con, cast, add_task(con, cast, charge_id), member="MEM2")
    wanted = period(con, cast.practice, TODAY, TODAY, actor=cast.dora)

    found = review(con, wanted)
    text = b"".join(claims_file(con, wanted, actor=cast.dora, now=NOON)).decode()
    again = b"".join(claims_file(con, wanted, actor=cast.dora, now=NOON)).decode()

    assert (found.claims, found.left_out) == (1, 0)
    for segment in ("REF*F8*PAYER1~", "REF*EA*RECORD7~", "NTE*ADD*SEEN TWICE~", "*MI*MEM2~"):
        assert segment in text
    assert text.count("CLM*") == 1
    assert again[90:99] != text[90:99]  # every interchange has a number of its own
    [(detail,)] = set(con.rows("SELECT detail FROM event WHERE kind = 'exported'"))
    assert detail.startswith("1 claim to replace (837P)")


def test_a_day_that_no_calendar_has_is_said_to_be_that(con: Connection, cast: Cast) -> None:
    for days in ((date(1, 1, 1), TODAY), (TODAY, date(9999, 12, 31))):
        with pytest.raises(WrongInput, match="Choose days from 01/01/1900 to 12/31/2199"):
            period(con, cast.practice, *days, actor=None)
    with pytest.raises(WrongInput, match="must not come after"):
        period(con, cast.practice, TODAY, TODAY - timedelta(days=1), actor=None)
