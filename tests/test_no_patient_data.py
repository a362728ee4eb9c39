"""No name, number or date of a patient stands in a log, an address, a title or an error message.

Pages are drawn, and addresses asked, also wrongly; then everything that was logged is read.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from lib import documents, notes
from lib.store.database import Store
from lib.store.duckdb.store import DuckDBStore
from tests.conftest import NOON, Cast, everybody
from tests.given import ABOUT, add_patient, add_task_of_charge, pdf
from tests.pages import Visit, offered
from tests.server import running

pytestmark = pytest.mark.slow

# Of the patient and charge that `tests/given.py` makes, and of what is written about them.
SECRETS = ("Quixote", "XYZ100", "E119", "1980-05-04", "05/04/1980", "Dulcinea")
LINK = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}


def add_patients_task(store: Store, cast: Cast) -> dict[str, int]:
    con = store.connection()
    task_id = add_task_of_charge(con, cast.practice, patient_name="Quixote, Alonso")
    patient_id = add_patient(con, cast.practice, "Quixote", "Alonso")
    notes.ask(con, task_id, "Is Dulcinea insured?", token="q", actor=cast.ana, now=NOON)
    document_id = documents.upload(
        con, pdf("Quixote"), "Quixote.pdf", practice_id=cast.practice, details=ABOUT,
        patient_id=patient_id, token="d", actor=cast.ana, now=NOON,
    )  # fmt: skip
    return {"task": task_id, "patient": patient_id, "document": document_id}


def test_pages_log_nothing_of_a_patient_and_have_nothing_of_one_in_their_address_or_title(
    store: Store, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    ids = add_patients_task(store, cast)
    caplog.set_level(logging.DEBUG)
    with Visit(store, cast.ana) as visit:
        for name in offered(cast.ana):
            for query in ({}, {"task": str(ids["task"])}, {"task": "99999999"}, {"task": "x"}):
                visit.page(name, **query)
                said = repr(dict(visit.drawn.query_params))
                assert not [word for word in SECRETS if word in said], name
        drawn = visit.page("tasks", task=str(ids["task"]))
        assert "Quixote" in visit.words()  # it is there to be left out
        assert drawn.exception == []

    logged = caplog.text
    assert not [word for word in SECRETS if word in logged]


def test_addresses_log_and_answer_nothing_of_a_patient_when_they_are_refused(
    tmp_path: Path,
) -> None:
    store = DuckDBStore(tmp_path / "data")
    cast = everybody(store.connection())
    ids = add_patients_task(store, cast)
    store.close()
    with running(tmp_path / "data") as server:
        ana, carla = server.sign_in(cast.ana.id), server.sign_in(cast.carla.id)
        refused = []
        for path in (
            f"/documents/{ids['document']}/Quixote.pdf", f"/origin/task/{ids['task']}",
            "/origin/charge/1", f"/answers/{cast.practice}.zip?since=2025-01-01&until=2025-12-31",
            f"/activity.csv?patients={ids['patient']}", "/activity.csv?since=Quixote",
            "/backlog-table/Quixote.csv", "/imports/refused/1", "/snapshot.zip",
            "/documents/Quixote/Dulcinea",
        ):  # fmt: skip
            refused += [
                server.ask(path, token=token, headers=LINK).body.decode("utf-8", "replace")
                for token in (carla, None)
            ]
            server.ask(path, token=ana, headers=LINK)
        moved = server.ask("/?q=Quixote", token=ana)
        page = server.ask("/", token=ana).text
        log = server.log.read_text()

    assert not [word for word in SECRETS for text in refused if word in text]
    assert "Quixote" not in moved.headers["location"]
    assert not [word for word in SECRETS if word in page]
    assert not [word for word in SECRETS if word in log]
