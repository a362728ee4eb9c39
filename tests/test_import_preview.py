"""Files chosen together are previewed together: answers find the claims that the others bring."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import people
from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.intake.imports import ChosenFile, Progress
from lib.store.database import Connection, Store
from tests.conftest import NOON, Cast
from tests.fuzz import examples
from tests.test_cases_decisions import plb, wants
from tests.test_claim_matcher_property import TRUTHS, Reply, Truth, filed, remitted, replies
from tests.test_fhir import task as fhir_task
from tests.test_import import bring
from tests.test_later_messages import of
from tests.test_receipts_999 import receipt
from tests.test_transaction_reader import acknowledgment, document_request, patient
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(3)]  # hundreds of imports

counter = itertools.count(1)


def preview(con: Connection, cast: Cast, *files: tuple[str, bytes]) -> list[ImportReport]:
    chosen = [ChosenFile(name, raw) for name, raw in files]
    return imports.preview_all(con, chosen, actor=cast.ana, practice_id=cast.practice, now=NOON)


def on(day: str, segments: list[str]) -> list[str]:
    """Return the same, of another day of service."""
    return [
        each.replace("20250114-20250115", day).replace("20250113", day) for each in segments
    ]  # fmt: skip


@pytest.mark.parametrize("is_answer_first", [True, False])
def test_an_answer_shows_the_charge_that_another_chosen_file_brings_and_why(
    con: Connection, cast: Cast, is_answer_first: bool
) -> None:
    files = [("b.837", file_837(claim("A1"), claim("A2"))), ("b.835", file_835(answer("A1")))]
    seen = preview(con, cast, *(reversed(files) if is_answer_first else files))

    done = [bring(con, cast, raw, name) for name, raw in files]

    assert (seen[::-1] if is_answer_first else seen) == done
    [task] = seen[0 if is_answer_first else 1].tasks
    assert (task.title, task.claim_number) == ("No authorization on file", "A1")
    assert task.charge == (
        "01/13/2025 · GREEN, EMMA · PLAINS HEALTH · 200.00 · A1 (comes in with b.837)"
    )
    assert task.why == "Agree: claim number, patient, date of service, amount charged, payer"


def test_a_preview_writes_nothing(con: Connection, cast: Cast) -> None:
    preview(con, cast, ("b.837", file_837(claim("A1"))), ("b.835", file_835(answer("A1"))))

    for table in ("charge", "task", "event", "payer", "patient", "charge_number", "intake_file"):
        assert con.value(f"SELECT count(*) FROM {table}") == 0


def test_claims_and_answers_in_one_file_find_each_other(con: Connection, cast: Cast) -> None:
    raw = file_837(claim("A1")) + acknowledgment(*patient("A1", "STC*A7:116*20250121*U*200"))

    [seen] = preview(con, cast, ("all.x12", raw))
    report = bring(con, cast, raw, "all.x12")

    assert seen == report
    assert "(comes in with all.x12)" in seen.tasks[0].charge


def test_of_two_visits_each_answer_shows_its_own_and_a_contradiction_says_what_differs(
    con: Connection, cast: Cast
) -> None:
    days = ("20250113", "20250120")
    claims = file_837(*(on(day, claim("A1")) for day in days))
    denied = file_835(
        *(on(day, answer("A1", control=day)) for day in (*days, "20250127")),
        [each.replace("*A1*", "*A9*") for each in answer("A1")],
    )

    _, seen = preview(con, cast, ("b.837", claims), ("b.835", denied))
    assert seen == [bring(con, cast, raw, name) for name, raw in (
        ("b.837", claims), ("b.835", denied))][1]  # fmt: skip

    assert [each.charge[:10] for each in seen.tasks] == ["01/13/2025", "01/20/2025", "", ""]
    assert seen.tasks[2].why.startswith("No charge agrees: date of service is 01/27/2025 in the")
    assert seen.tasks[3].why == "No charge has this number"


def test_a_held_charge_that_a_chosen_file_replaces_is_shown_as_it_will_be(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", status="1", paid="180")))
    newer = file_837(of(claim("B9", amount="250"), "7", "PAYER1"), control="000000002")
    denied = file_835(answer("B9", amount="250", control="P2"), control="000000003")

    seen = preview(con, cast, ("n.837", newer), ("n.835", denied))
    done = [bring(con, cast, newer, "n.837"), bring(con, cast, denied, "n.835")]

    assert seen == done
    assert seen[1].tasks[0].charge.endswith("250.00 · B9")


def test_a_claim_and_its_replacement_in_the_chosen_files_are_one_charge(
    con: Connection, cast: Cast
) -> None:
    files = [
        ("a.837", file_837(claim("A1"))),
        ("b.837", file_837(of(claim("A1", amount="250"), "7"), control="000000002")),
        ("c.835", file_835(answer("A1", amount="250"), control="000000003")),
    ]

    seen = preview(con, cast, *files)
    done = [bring(con, cast, raw, name) for name, raw in files]

    assert seen[2] == done[2]
    assert "250.00 · A1" in seen[2].tasks[0].charge


def test_a_table_and_a_request_for_documents_find_the_coming_claim_too(
    con: Connection, cast: Cast
) -> None:
    files = [
        ("a.837", file_837(claim("A1"))),
        ("t.csv", b"Claim,Type,Title,Patient\nA1,Coding,Check it,\"GREEN, EMMA\"\n"),
        ("r.277", document_request()),
    ]  # fmt: skip

    seen = preview(con, cast, *files)

    assert all("comes in with a.837" in each.tasks[0].charge for each in seen[1:])
    assert seen == [bring(con, cast, raw, name) for name, raw in files]


def test_a_file_that_is_refused_stops_no_other(con: Connection, cast: Cast) -> None:
    bad = file_835(answer("A1")).replace(b"CLP*A1*4*200", b"CLP*A1*4*x")

    claims, refused, known = preview(
        con, cast, ("a.837", file_837(claim("A1"))), ("b.835", bad), ("c.txt", b"nothing")
    )

    assert claims.charges_new == 1
    assert refused.refused and known.refused


@pytest.mark.cases(1)
@pytest.mark.parametrize("part", range(3))  # each draws its own
@settings(
    max_examples=examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(TRUTHS, min_size=1, max_size=6, unique=True),
    st.lists(replies(), min_size=1, max_size=5),
)
def test_what_is_previewed_together_is_what_comes_in(
    con: Connection, cast: Cast, part: int, claims: list[Truth], answers: list[Reply]
) -> None:
    practice_id = people.add_practice(con, f"Previewed {next(counter)}", now=NOON)
    contents = [filed(claims), *dict.fromkeys(remitted(answers))]

    seen = imports.preview_all(
        con, [ChosenFile("a.x12", raw) for raw in contents], actor=None, practice_id=practice_id,
        now=NOON,
    )  # fmt: skip
    done = [
        imports.apply(con, "a.x12", raw, actor=None, practice_id=practice_id, now=NOON)
        for raw in contents
    ]

    assert seen == done


def numbered(raw: bytes, number: int) -> bytes:
    """Return the same file in another envelope."""
    return raw.replace(b"000000001", f"{number:09}".encode())


ONE = file_837(claim("A1"))
TWO = numbered(file_837(claim("A2")), 2)
VOID = numbered(file_837(of(claim("A1"), "8", "PAYER1")), 3)
REPLACEMENT = numbered(file_837(of(claim("A1", amount="230"), "7", "PAYER1")), 4)
OTHERS = numbered(
    file_837([part.replace("20250113", "20250120") for part in of(claim("A1"), "8")])
    .replace(b"GREEN*EMMA", b"DOE*JOHN").replace(b"MEM1", b"MEM2"), 5,
)  # fmt: skip
DENIED = file_835(answer("A1"))
REJECTED_BATCH = (
    receipt("999", "AK1*HC*1", "AK2*837*0001", "IK3*CLM*10**8", "IK5*R*5", "AK9*R*1*1*0")
)  # fmt: skip
ACCEPTED_BATCH = receipt("999", "AK1*HC*1", "AK2*837*0001", "IK5*A", "AK9*A*1*1*1")
RFAI = document_request()
MOVED = numbered(
    RFAI.replace(b"20250301", b"20250401").replace(b"REF2*20250120", b"REF3*20250125"), 6
)
FHIR = json.dumps(fhir_task()).encode()
OVER = json.dumps(fhir_task(status="cancelled", lastModified="2025-03-01")).encode()
UNPAID = file_835([part for part in answer("A1") if not part.startswith("DTM")])
OTHER_VISIT = numbered(file_837(on("20250120", claim("A1"))), 7)
NOT_HELD = (
    file_835(answer("A1")),
    numbered(file_835(answer("A1", control="P2", codes=("CAS*CO*29*200",)), paid_on="20250215"), 8),
)
REJECTED_AGAIN = receipt("999", "AK1*HC*1", "AK2*837*0001", "IK5*R*4", "AK9*R*1*1*0")
BALANCE = plb("FB:CHK1*-100"), plb("FB:CHK1*100", trace="TRACE2", control="000000002")


@pytest.mark.parametrize(
    "files",
    [
        (ONE, VOID), (VOID, ONE), (ONE, REPLACEMENT), (ONE, TWO, VOID, DENIED),
        (ONE, numbered(ONE, 9)), (ONE, OTHERS), (REPLACEMENT, ONE, DENIED),
        (file_837(claim("A1"), of(claim("A1"), "8", "PAYER1")),),
        (file_837(of(claim("A1"), "7", "PAYER1"), claim("A2")), ONE.replace(b"*1*P", b"*7*P")),
        (ONE, REJECTED_BATCH), (file_837(claim("A1"), claim("A2")), REJECTED_BATCH),
        (ONE, ACCEPTED_BATCH), (TWO, ONE, REJECTED_BATCH), (ONE, REPLACEMENT, REJECTED_BATCH),
        BALANCE, (ONE, REPLACEMENT, VOID), (ONE, numbered(ONE, 9), VOID),
        (RFAI, MOVED), (FHIR, OVER), (ONE, UNPAID), (ONE, UNPAID, OTHER_VISIT), NOT_HELD,
        (ONE, REJECTED_BATCH, REJECTED_AGAIN), (DENIED, DENIED + b"\n"), (ONE, ONE),
    ],
)  # fmt: skip
def test_a_preview_of_several_files_says_what_their_import_says(
    con: Connection, cast: Cast, files: tuple[bytes, ...]
) -> None:
    wants(con, cast, "takebacks")
    named = [(f"{place}.txt", raw) for place, raw in enumerate(files)]

    seen = preview(con, cast, *named)

    done = {name: bring(con, cast, raw, name) for name, raw in claims_first(named)}
    assert seen == [done[name] for name, _ in named]


def claims_first(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Return the files in the order in which the page imports them."""
    return sorted(files, key=lambda file: b"ST*837*" not in file[1])


def test_a_preview_says_that_a_claim_opens_the_choice_of_an_open_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, ONE)
    bring(con, cast, UNPAID)

    [seen] = preview(con, cast, ("b.837", OTHER_VISIT))

    assert any("as well as the one chosen before: 1 open task" in said for said in seen.warnings)
    assert seen == bring(con, cast, OTHER_VISIT, "b.837")


def test_a_file_that_turns_out_bad_takes_nothing_of_the_others_along(
    con: Connection, cast: Cast
) -> None:
    """What came in of it before that is rolled back, and the others are previewed anew."""
    table = b"Type,Title,Claim\nWrong,Look,A1\n"
    bad = file_835(answer("A1")).replace(b"CLP*A1*4*200", b"CLP*A1*4*x")
    files = [("a.837", ONE), ("b.835", bad), ("c.csv", table), ("d.835", DENIED)]

    seen = preview(con, cast, *files)

    assert [bool(each.refused) for each in seen] == [False, True, False, False]
    assert (seen[0].charges_new, seen[3].tasks_new) == (1, 1)
    assert "(comes in with a.837)" in seen[3].tasks[0].charge


def test_a_preview_makes_nobody_wait(con: Connection, store: Store, cast: Cast) -> None:
    """Somebody who saves while a preview runs does so at once; it says what is so without that."""
    saved: list[int] = []

    def save() -> int:
        own = store.connection()
        try:
            return people.add_practice(own, "Westside", now=NOON)
        finally:
            own.close()

    def watch(_: int, progress: Progress) -> None:
        if progress.done and not saved:
            with ThreadPoolExecutor(1) as others:
                saved.append(others.submit(save).result(20))

    chosen = [ChosenFile("a.837", ONE), ChosenFile("c.837", TWO)]
    seen = imports.preview_all(
        con, chosen, actor=cast.ana, practice_id=cast.practice, now=NOON, watch=watch
    )

    assert [each.charges_new for each in seen] == [1, 1]
    assert con.value("SELECT count(*) FROM practice WHERE id = $id", id=saved[0]) == 1
    assert con.value("SELECT count(*) FROM charge") == 0
