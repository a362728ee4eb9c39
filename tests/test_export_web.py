"""Exports by their address: for managers and billers of the practice, and for nobody else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from lib import charges, people, tasks, workflow
from lib.intake import imports
from lib.models import Person, Role, TaskType
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBStore
from tests.server import Server, running
from tests.stream import stream
from tests.x12_texts import claim, file_837

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)
DAYS = "since=2020-01-01&until=2199-12-31"
LINK = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}  # a link of ours, followed


@dataclass(frozen=True)
class Practice:
    """Ana manages Northside, Ben works there, Dora bills for it; Carla manages Southside."""

    server: Server
    id: int
    tokens: dict[str, str]

    def ask(self, who: str, what: str, days: str = DAYS) -> tuple[int, dict[str, str], bytes]:
        answer = self.server.ask(
            f"/answers/{what}?{days}", token=self.tokens.get(who), headers=LINK
        )
        return answer.status, dict(answer.headers), answer.body


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("answers") / "data"
    store = DuckDBStore(folder)
    con = store.connection()
    here = people.add_practice(con, "Northside Clinic", now=NOW)
    there = people.add_practice(con, "Southside Clinic", now=NOW)
    cast = {
        name: add_person(con, name, practice_id, role)
        for name, practice_id, role in (
            ("Ana", here, Role.MANAGER),
            ("Ben", here, Role.STAFF),
            ("Dora", here, Role.BILLER),
            ("Carla", there, Role.MANAGER),
        )
    }
    complete_one(con, here, cast)
    store.close()
    with running(folder) as server:
        tokens = {name: server.sign_in(person.id) for name, person in cast.items()}
        yield Practice(server, here, tokens)


def add_person(con: Connection, name: str, practice_id: int, role: Role) -> Person:
    person_id = people.add_person(
        con, name, f"{name}@example.com", {practice_id: role}, is_sample=True, now=NOW
    )
    found = people.person(con, person_id)
    assert found
    return found


def complete_one(con: Connection, practice_id: int, cast: dict[str, Person]) -> None:
    """Ben changes the member ID of claim A1 and completes the task about it."""
    ben = cast["Ben"]
    imports.apply(
        con, "a.837", file_837(claim("A1")), actor=cast["Ana"], practice_id=practice_id, now=NOW
    )
    charge_id = int(con.value("SELECT id FROM charge"))
    task_id = tasks.create(
        con, practice_id=practice_id, type=TaskType.PATIENT, title="Send the member ID",
        instructions="Please.", charge_id=charge_id, token="t", actor=cast["Dora"], now=NOW,
    )  # fmt: skip
    workflow.start(con, task_id, actor=ben, now=NOW)
    opened = charges.get(con, charge_id, actor=ben)
    charges.save_and_complete(
        con, task_id, replace(opened, member_id="MEM2"), opened=opened, note="", token="d",
        actor=ben, now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("who", ["Ana", "Dora"])
def test_managers_and_billers_get_the_zip(practice: Practice, who: str) -> None:
    status, headers, body = practice.ask(who, f"{practice.id}.zip")

    assert status == 200
    assert headers["content-type"] == "application/zip"
    assert headers["cache-control"] == "no-store"
    assert "attachment" in headers["content-disposition"]
    assert "answers_Northside-Clinic_2020-01-01_2199-12-31.zip" in headers["content-disposition"]
    manifest = zipfile.ZipFile(io.BytesIO(body)).read("manifest.csv").decode()
    assert "Member ID: MEM1 → MEM2" in manifest


def test_the_changed_claim_comes_as_x12(practice: Practice) -> None:
    status, headers, body = practice.ask("Dora", f"{practice.id}.x12")

    assert status == 200
    assert headers["cache-control"] == "no-store"
    assert b"CLM*A1*200***11:B:7*" in body
    assert b"*MI*MEM2~" in body


@pytest.mark.parametrize("kind", ["zip", "x12"])
def test_people_of_another_practice_are_told_there_is_none(practice: Practice, kind: str) -> None:
    others = practice.ask("Carla", f"{practice.id}.{kind}")
    nowhere = practice.ask("Carla", f"999.{kind}")

    assert (others[0], others[2]) == (404, b"There is no such practice.")
    assert (nowhere[0], nowhere[2]) == (others[0], others[2])


@pytest.mark.parametrize("kind", ["zip", "x12"])
def test_without_a_session_there_is_nothing(practice: Practice, kind: str) -> None:
    status, _, body = practice.ask("Nobody", f"{practice.id}.{kind}")

    assert status == 401
    assert b"A1" not in body


def test_practice_staff_is_refused_with_a_sentence(practice: Practice) -> None:
    status, _, body = practice.ask("Ben", f"{practice.id}.zip")

    assert status == 403
    assert b"Your role cannot export answers" in body


@pytest.mark.parametrize(
    "days",
    ["", "since=2025-01-01", "since=x&until=y", "since=2025-02-01&until=2025-01-01",
     "since=0001-01-01&until=9999-12-31"],
)  # fmt: skip
def test_days_that_are_none_are_refused_with_a_sentence(practice: Practice, days: str) -> None:
    status, _, body = practice.ask("Ana", f"{practice.id}.zip", days)

    assert status == 400
    assert body.decode().endswith(".")


@pytest.mark.parametrize("what", ["1.pdf", "x.zip", "", f"{'9' * 30}.zip", "1.zip/more"])
def test_other_addresses_name_nothing(practice: Practice, what: str) -> None:
    assert practice.ask("Ana", what)[0] == 404


def taken(practice: Practice) -> int:
    """How often answers were taken, as the page says it."""
    with stream(practice.server, practice.tokens["Ana"]) as tab:
        return tab.draw("since=2020-01-01", page="export").count("<li>Dora")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("HEAD", {}),
        ("HEAD", LINK),
        ("GET", {**LINK, "Sec-Fetch-Site": "cross-site"}),
        ("GET", {**LINK, "Sec-Fetch-Site": "same-site"}),
        ("GET", {**LINK, "Sec-Fetch-Site": "none"}),
        ("GET", {**LINK, "Sec-Fetch-Dest": "image"}),
        ("GET", {**LINK, "Sec-Fetch-Dest": "iframe"}),
        ("GET", {**LINK, "Sec-Purpose": "prefetch"}),
        ("POST", {}),
        ("POST", {"Origin": "https://evil.example"}),
        ("POST", {"Sec-Fetch-Site": "cross-site"}),
        ("POST", {"Origin": "null"}),
    ],
)
@pytest.mark.parametrize("kind", ["zip", "x12"])
def test_nobody_elses_page_takes_answers_in_ones_name(
    practice: Practice, method: str, headers: dict[str, str], kind: str
) -> None:
    before = taken(practice)

    answer = practice.server.ask(
        f"/answers/{practice.id}.{kind}?{DAYS}", method=method, token=practice.tokens["Dora"],
        headers=headers,
    )  # fmt: skip

    assert taken(practice) == before
    assert b"MEM2" not in answer.body
    assert answer.status == (403 if method == "POST" else 200)


def test_who_opens_the_address_of_an_export_is_asked_and_then_has_it(practice: Practice) -> None:
    before = taken(practice)
    address = f"/answers/{practice.id}.x12?{DAYS}"
    asked = practice.server.ask(address, token=practice.tokens["Dora"]).text
    answer = practice.server.ask(
        address, method="POST", token=practice.tokens["Dora"], origin=practice.server.address
    )

    assert f'method="post" action="{address.replace("&", "&amp;")}"' in asked
    assert b"*MI*MEM2~" in answer.body
    assert taken(practice) == before + 1
