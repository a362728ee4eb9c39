from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from lib import audit_log, audit_log_integrity, workflow
from lib.audit_log import Activity, Line
from lib.errors import WrongInput
from lib.store.database import Connection, transaction
from lib.store.process_store import ROOT
from tests.conftest import NOON, Cast, opened_again
from tests.given import add_task_of_charge

LATER = NOON + timedelta(days=7 * 365)


@pytest.fixture
def lines(con: Connection, cast: Cast) -> Connection:
    """Nine lines about seven changes: sign-ins, and a change between each two."""
    for hour in range(5):
        audit_log.settle(con, now=NOON + timedelta(hours=hour))
        audit_log.record(con, Line(Activity.SIGNED_IN, NOON + timedelta(hours=hour), cast.ana.id))
        workflow.start(
            con, add_task_of_charge(con, cast.practice), actor=cast.ana,
            now=NOON + timedelta(hours=hour),
        )  # fmt: skip
    assert list(audit_log_integrity.broken(con)) == []
    assert con.value("SELECT count(*) FROM activity") == 9
    return con


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE activity SET actor_id = 99 WHERE id = 5", "Line 5 of the activity is not as"),
        ("UPDATE activity SET detail = 'x' WHERE id = 3", "Line 3 of the activity is not as"),
        ("UPDATE activity SET happened_at = happened_at - INTERVAL '1' MINUTE WHERE id = 4",
         "Line 4 of the activity is not as"),
        ("DELETE FROM activity WHERE id = 6", "Line 6 of the activity is missing"),
        ("DELETE FROM activity WHERE id < 4", "Line 1 of the activity is missing"),
        pytest.param("UPDATE activity SET id = id + 1 WHERE id >= 7",
            "Line 7 of the activity is missing", marks=pytest.mark.duckdb),  # a key elsewhere
        ("UPDATE event SET new_value = 'x' WHERE id = (SELECT min(id) FROM event)",
         "when line 2 of the activity was written"),
        ("DELETE FROM event WHERE id = (SELECT min(id) + 1 FROM event)",
         "was when line 2 of the activity was written"),
        ("UPDATE event SET old_value = NULL, field = coalesce(field, '') || old_value "
         "WHERE old_value IS NOT NULL AND id < (SELECT min(id) + 2 FROM event)",
         "when line 2 of the activity was written"),
    ],
)  # fmt: skip
def test_the_first_line_that_was_tampered_with_is_named(
    lines: Connection, tampering: str, said: str
) -> None:
    lines.execute(tampering)

    (sentence,) = audit_log_integrity.broken(lines)
    assert said in sentence


@pytest.mark.duckdb  # its own SQL
def test_an_invented_line_is_noticed(lines: Connection, cast: Cast) -> None:
    lines.execute("INSERT INTO activity SELECT * REPLACE (id + 9 AS id) FROM activity WHERE id = 1")

    assert list(audit_log_integrity.broken(lines)) == [
        "Line 10 of the activity is not as it was written."
    ]


def test_what_is_older_than_six_years_is_removed_and_the_rest_stays_checkable(
    lines: Connection, cast: Cast
) -> None:
    audit_log.settle(lines, now=LATER)
    audit_log.record(lines, Line(Activity.SIGNED_OUT, LATER, cast.ana.id))

    count = audit_log_integrity.remove(
        lines, before=LATER - timedelta(days=1 + 6 * 365 + 2), now=LATER
    )

    assert count == 9
    assert [kind for (kind,) in lines.rows("SELECT kind FROM activity ORDER BY id")] == [
        "changes", "signed out", "removed",
    ]  # fmt: skip
    assert list(audit_log_integrity.broken(lines)) == []
    workflow.start(lines, add_task_of_charge(lines, cast.practice), actor=cast.ana, now=LATER)
    audit_log.record(lines, Line(Activity.SIGNED_OUT, LATER, cast.ana.id))
    assert list(audit_log_integrity.broken(lines)) == []
    lines.execute("DELETE FROM activity WHERE id = (SELECT min(id) FROM activity)")
    assert list(audit_log_integrity.broken(lines)) == ["Line 1 of the activity is missing."]


def test_changes_before_the_removed_lines_are_noticed(lines: Connection, cast: Cast) -> None:
    audit_log_integrity.remove(lines, before=NOON + timedelta(hours=3), now=LATER)
    workflow.start(lines, add_task_of_charge(lines, cast.practice), actor=cast.ana, now=LATER)
    audit_log.record(lines, Line(Activity.SIGNED_OUT, LATER, cast.ana.id))
    whole = list(audit_log_integrity.broken(lines))

    lines.execute("UPDATE event SET new_value = 'x' WHERE id = (SELECT min(id) FROM event)")

    (said,) = audit_log_integrity.broken(lines)
    assert whole == []
    assert said.startswith("The history between the events 1 and ")


def test_a_removal_by_an_early_version_stays_checkable(lines: Connection, cast: Cast) -> None:
    with transaction(lines):
        hash_ = lines.value("SELECT hash FROM activity WHERE id = 3")
        covered = lines.value("SELECT max(last_event_id) FROM activity WHERE id <= 3")
        said = (
            f"lines 1 to 3 before 2025-01-01, which covered the history to {covered}; "
            f"the last had the hash {hash_}"
        )
        last = audit_log.seal(lines, now=LATER)
        audit_log.write(
            lines, Line(Activity.REMOVED, LATER, detail=said, last_event_id=last, events_hash="")
        )
        lines.execute("DELETE FROM activity WHERE id <= 3")

    assert list(audit_log_integrity.broken(lines)) == []


def test_all_can_be_old_and_the_store_be_opened_again_between(
    lines: Connection, cast: Cast
) -> None:
    audit_log_integrity.remove(lines, before=NOON + timedelta(hours=9), now=LATER)
    lines.store.close()

    again = opened_again(lines.store)
    con = again.connection()
    workflow.start(con, add_task_of_charge(con, cast.practice), actor=cast.ana, now=LATER)
    audit_log.settle(con, now=LATER)
    audit_log.record(con, Line(Activity.SIGNED_OUT, LATER, cast.ana.id))

    assert list(audit_log_integrity.broken(con)) == []
    con.execute("UPDATE event SET new_value = 'x' WHERE id = (SELECT max(id) FROM event)")
    assert list(audit_log_integrity.broken(con)) != []
    again.close()


def test_six_years_are_kept_whatever_is_asked(lines: Connection) -> None:
    now = datetime(2028, 2, 29, tzinfo=UTC)

    with pytest.raises(WrongInput, match="kept for 6 years"):
        audit_log_integrity.remove(lines, before=audit_log_integrity.years_ago(now, 5), now=now)
    assert (
        audit_log_integrity.remove(lines, before=audit_log_integrity.years_ago(now, 6), now=now)
        == 0
    )


def test_no_verb_changes_or_deletes_a_line_but_the_command_that_removes_old_ones() -> None:
    """Found in the source. Migrations may: they run before anybody does anything."""
    changing = re.compile(r"(UPDATE|DELETE FROM|DROP TABLE|TRUNCATE)\s+(activity|event)\b", re.I)
    found = [
        (path.relative_to(ROOT).as_posix(), match[0])
        for path in [*(ROOT / "lib").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
        for match in changing.finditer(path.read_text(encoding="utf-8"))
    ]

    # A file's own lines get their ids in the moment of its commit, before anybody can see them.
    assert sorted(found) == [
        ("lib/audit_log_integrity.py", "DELETE FROM activity"),
        ("lib/store/long_transaction.py", "UPDATE event"),
    ]
