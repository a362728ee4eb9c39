from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lib import samples, scrubber
from lib.intake.files import parsed_file
from lib.models import Status, TaskType
from lib.samples import pdf
from lib.samples.files import SampleFile, files
from lib.samples.value_lists import SampleProvider, read
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBStore

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
DAYS = (date(2025, 1, 1), date(2026, 3, 1), date(2028, 2, 29))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def filled(folder: Path) -> Iterator[Connection]:
    store = DuckDBStore(folder)
    con = store.connection()
    assert samples.load(con, folder, now=NOW)
    yield con
    store.close()


@pytest.fixture(scope="module")
def sent() -> list[SampleFile]:
    return files(NOW.date())


def test_the_sample_has_hundreds_of_charges_and_tasks(filled: Connection) -> None:
    charges, tasks = filled.rows("SELECT (SELECT count(*) FROM charge), count(*) FROM task")[0]

    assert charges >= 300
    assert tasks >= 120


def test_the_larger_practice_has_tasks_of_every_type_in_every_state(filled: Connection) -> None:
    found = filled.rows(
        """
        SELECT DISTINCT type, is_open FROM task JOIN practice ON practice.id = task.practice_id
        WHERE practice.name = 'Harbor Family Medicine'
        """
    )
    states = {Status(row[0]) for row in filled.rows("SELECT DISTINCT status FROM task")}

    assert {TaskType(type_) for type_, is_open in found if not is_open} == set(TaskType)
    assert len({type_ for type_, is_open in found if is_open}) >= 5
    assert states == set(Status)


def test_some_tasks_are_unassigned_some_assigned_and_some_wait_for_the_biller(
    filled: Connection,
) -> None:
    unassigned, waiting, waits_for_biller = filled.rows(
        """
        SELECT count(*) FILTER (WHERE assignee_id IS NULL),
               count(*) FILTER (WHERE assignee_id IS NOT NULL),
               count(*) FILTER (WHERE turn = 'biller')
        FROM task WHERE is_open
        """
    )[0]

    assert unassigned >= 5
    assert waiting >= 10
    assert waits_for_biller >= 3


def test_the_history_goes_back_a_year_and_never_into_the_future(filled: Connection) -> None:
    first, last = filled.rows("SELECT min(happened_at), max(happened_at) FROM event")[0]
    months = filled.value(
        "SELECT count(DISTINCT date_trunc('month', completed_at)) FROM task WHERE NOT is_open"
    )

    assert (NOW.replace(tzinfo=None) - first).days >= 350
    assert last < NOW.replace(tzinfo=None)
    assert months >= 10


def test_bea_bills_and_gina_administers_both_practices_and_everybody_else_is_in_one(
    filled: Connection,
) -> None:
    people = filled.rows(
        """
        SELECT person.name, count(*), bool_and(is_sample) FROM person
        JOIN membership ON membership.person_id = person.id
        GROUP BY person.name ORDER BY person.name
        """
    )

    assert [name for name, practices, _ in people if practices == 2] == ["Bea Lind", "Gina Ross"]
    assert len(people) == 8
    assert all(is_sample for *_, is_sample in people)


def test_the_documents_have_a_file_each(filled: Connection) -> None:
    rows = filled.rows("SELECT sha256, size FROM document")
    folder = filled.store.folder / "documents"

    assert len(rows) >= 20
    assert all((folder / sha[:2] / sha).stat().st_size == size for sha, size in rows)


def test_what_the_checks_find_on_arrival_is_little_and_harmless(filled: Connection) -> None:
    found = filled.rows("SELECT arrival_problems FROM charge WHERE len(arrival_problems) > 0")

    assert 0 < len(found) < 30
    assert all(key.startswith("diagnosis twice:") for (keys,) in found for key in keys)


def test_the_files_are_left_beside_the_store(filled: Connection, folder: Path) -> None:
    names = {path.name for path in (folder / "samples" / "x12").iterdir()}

    assert names == {file.name for file in files(NOW.date())}


def test_a_store_that_holds_a_practice_is_left_alone(filled: Connection, folder: Path) -> None:
    before = filled.value("SELECT count(*) FROM event")

    assert not samples.load(filled, folder, now=NOW)
    assert filled.value("SELECT count(*) FROM event") == before


def test_the_same_day_gives_the_same_files(sent: list[SampleFile]) -> None:
    assert files(NOW.date()) == sent


@pytest.mark.parametrize("today", DAYS)
def test_nothing_of_any_file_is_refused_or_odd(today: date) -> None:
    for file in files(today):
        found = parsed_file.read(file.name, file.content)

        assert found.warnings == ()
        assert found.claims or found.answers


@pytest.mark.parametrize("today", DAYS)
def test_no_claim_is_filed_before_its_service_or_after_today(today: date) -> None:
    for file in files(today):
        days = [claim.dates[1] for claim in parsed_file.read(file.name, file.content).claims]

        assert file.day < today
        assert all(day and day < file.day for day in days)


def test_every_npi_of_every_file_passes_its_check_digit(sent: list[SampleFile]) -> None:
    text = "".join(file.content.decode("ascii") for file in sent)
    numbers = set(re.findall(r"\*XX\*([^*~]*)", text))

    assert len(numbers) >= 10
    assert all(scrubber.is_npi(number) for number in numbers)


def test_every_provider_of_the_lists_has_a_right_npi() -> None:
    assert all(scrubber.is_npi(provider.npi) for provider in read("providers", SampleProvider))


def test_a_remittance_adds_up(sent: list[SampleFile]) -> None:
    for file in sent:
        for answer in re.split(r"(?=CLP\*)", file.content.decode("ascii"))[1:]:
            clp = answer.partition("~")[0].split("*")
            adjusted = re.findall(r"CAS\*\w+\*\w+\*([\d.]+)", answer)
            cents = [round(float(amount) * 100) for amount in (clp[3], clp[4], *adjusted)]

            assert cents[0] - cents[1] == sum(cents[2:])


def test_a_page_is_a_pdf_whose_table_says_where_its_objects_are() -> None:
    made = pdf.page("Harbor (Family) Medicine", "Referral", ["Patient: Núñez, Ada", "a \\ b"])
    table = int(re.findall(rb"startxref\n(\d+)", made)[0])
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", made[table:])]

    assert made.startswith(b"%PDF-1.4")
    assert [made[place:].split(b" ", 1)[0] for place in places] == [
        b"1",
        b"2",
        b"3",
        b"4",
        b"5",
        b"6",
    ]
