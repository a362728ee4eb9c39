"""The record as a file, and what addresses write into it: asked of a real server."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lib import documents, workflow
from lib.audit_log_queries import COLUMNS, LogLine
from lib.store.duckdb.store import DuckDBStore
from lib.web.activity_file import as_csv
from tests.conftest import NOON, everybody
from tests.given import ABOUT, add_task_of_charge, administrator, pdf
from tests.server import running

LINK = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}  # a link of ours, followed


def test_a_spreadsheet_calculates_nothing_of_it() -> None:
    line = LogLine(
        NOON, "=Ana", "changed", True, None, 7, '@SUM(1), "x"', "-1", "+2", "\tx", None, "Northside"
    )

    (heads, cells) = csv.reader(io.StringIO(as_csv([line], ZoneInfo("UTC")).decode("utf-8-sig")))

    assert tuple(heads) == COLUMNS
    assert cells[:2] == ["2025-03-03 18:00:00+00:00", "'=Ana"]
    assert cells[4] == '\'@SUM(1), "x"'
    assert cells[6] == "'\tx"


@pytest.mark.slow
def test_addresses_write_who_saw_and_who_was_refused_and_the_file_says_so(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "data")
    con = store.connection()
    cast = everybody(con)
    gina = administrator(con, cast.practice)
    task_id = add_task_of_charge(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    patient_id = int(con.value("SELECT patient_id FROM task"))
    scan = documents.upload(
        con, pdf(), "scan.pdf", practice_id=cast.practice, details=ABOUT, patient_id=patient_id,
        token="t", actor=cast.ana, now=NOON,
    )  # fmt: skip
    store.close()
    with running(tmp_path / "data") as server:
        token = {
            person.name: server.sign_in(person.id)
            for person in (gina, cast.ana, cast.ben, cast.carla, cast.alan)
        }
        for _ in range(2):
            assert server.ask(f"/documents/{scan}/scan", token=token["Ben"]).status == 200
            assert server.ask(f"/documents/{scan}/scan", token=token["Carla"]).status == 404
        assert server.ask(f"/origin/task/{task_id}", token=token["Ben"]).status == 200
        server.ask("/sign-out", method="POST", token=token["Alan"], origin=server.address)

        def file(who: str | None, query: str = "") -> tuple[int, str]:
            answer = server.ask(
                f"/activity.csv{query}", token=token[who] if who else None, headers=LINK
            )
            return answer.status, answer.body.decode("utf-8-sig")

        status, text = file("Gina")
        rows = list(csv.DictReader(io.StringIO(text)))
        said = [(row["Who"], row["What"], row["Patient"], row["About"]) for row in rows]
        days = f"?since={datetime.now(UTC):%Y-%m-%d}"
        of_patient = file("Ana", f"?patients={patient_id}")

        assert status == 200
        assert said.count(("Ben", "Opened the document", "Ray, Ida", "")) == 1
        assert said.count(("Ben", "Opened the source file", "Ray, Ida", "")) == 1
        assert ("Alan", "Signed out", "", "") in said
        assert not [row for row in rows if row["Who"] == "Carla"]  # of another practice
        assert "Started" in {what for _, what, _, _ in said}
        assert "Started" not in file("Gina", days)[1]
        assert "Opened the document" in of_patient[1]
        assert "Signed" not in of_patient[1]
        assert "Opened the document" not in file("Carla", f"?patients={patient_id}")[1]
        assert file("Ana")[0] == file("Ben")[0] == file("Carla")[0] == 403
        assert file("Ben", f"?patients={patient_id}")[0] == 403
        assert file(None)[0] == 401
        for wrong in ("?since=x", "?person=x", "?patients=99999999999999999999", "?group=x"):
            assert file("Gina", wrong)[0] == 400, wrong
        asked = server.ask("/activity.csv", token=token["Gina"])
        assert asked.headers["content-type"].startswith("text/html")  # nobody pressed a link
    con = DuckDBStore(tmp_path / "data").connection()
    refused = "SELECT name, detail FROM activity JOIN person ON person.id = actor_id"
    assert ("Carla", f"document {scan}: NoSuchDocument") in con.rows(
        f"{refused} WHERE kind = 'refused'"
    )
    con.store.close()
