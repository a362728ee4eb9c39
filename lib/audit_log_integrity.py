"""Whether the record is as it was written, and the removal of what is older than it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from lib import audit_log
from lib.audit_log import COLUMNS, START, Activity, Line, hash_of
from lib.errors import WrongInput
from lib.store.database import Connection, transaction
from lib.terminal import Parser

YEARS_KEPT = 6  # 45 CFR 164.316(b)(2)(i)
_PIECE = 50_000  # lines read at once
_REMOVED = re.compile(
    r"lines 1 to (\d+) before \S+, which covered the history to (\d+); "
    r"the last had the hash ([0-9a-f]{64})"
)


def broken(con: Connection) -> Iterator[str]:
    """Yield a sentence for the first line of the record that is not as it was written, if any.

    The lines after it can't be told from invented ones.
    """
    names = ", ".join(COLUMNS)
    last, before, last_event = _beginning(con)
    while rows := con.rows(
        f"SELECT {names}, hash FROM activity WHERE id > $last ORDER BY id LIMIT {_PIECE}",
        last=last,
    ):
        for row in rows:
            if row[0] != last + 1:
                yield f"Line {last + 1} of the activity is missing."
                return
            if hash_of(before, row[:-1]) != row[-1]:
                yield f"Line {row[0]} of the activity is not as it was written."
                return
            last, before = int(row[0]), str(row[-1])
            until, told = row[COLUMNS.index("last_event_id")], row[COLUMNS.index("events_hash")]
            if until is None:
                continue
            if row[COLUMNS.index("kind")] == Activity.REMOVED and told:
                last_event, found = 0, audit_log.history_hash(con, int(until))
            else:  # early versions wrote no hash into a line of kind "removed"
                found = audit_log.events_hash(con, last_event, int(until))[1]
            if found != told:
                yield (
                    f"The history between the events {last_event + 1} and {until} is not as it "
                    f"was when line {last} of the activity was written."
                )
                return
            last_event = int(until)


def end(con: Connection) -> str:
    """Return how many lines the record has and the hash of the last: who wrote it down can tell
    later whether the record goes on from there."""
    row = con.row("SELECT id, hash FROM activity ORDER BY id DESC LIMIT 1")
    return f"line {row[0]}, {row[1]}" if row else "no line yet"


def remove(con: Connection, *, before: datetime, now: datetime) -> int:
    """Remove the lines that are older, and write down that they were. Return how many.

    What was changed stays in the history of its task. Raises WrongInput for less than YEARS_KEPT
    years.
    """
    if before > years_ago(now, YEARS_KEPT):
        raise WrongInput(f"The activity is kept for {YEARS_KEPT} years.")
    with transaction(con):
        last = con.value(
            """
            SELECT coalesce(min(id) FILTER (WHERE happened_at >= $before) - 1, max(id))
            FROM activity
            """,
            before=before,
        )
        hash_ = con.value("SELECT hash FROM activity WHERE id = $last", last=last)
        if hash_ is None:
            return 0
        count = int(con.value("SELECT count(*) FROM activity WHERE id <= $last", last=last))
        covered = con.value(
            "SELECT coalesce(max(last_event_id), 0) FROM activity WHERE id <= $last", last=last
        )
        said = (
            f"lines 1 to {last} before {before:%Y-%m-%d}, which covered the history to {covered}; "
            f"the last had the hash {hash_}"
        )
        sealed = audit_log.seal(con, now=now)
        audit_log.write(
            con,
            Line(
                Activity.REMOVED, now, detail=said, last_event_id=sealed,
                events_hash=audit_log.history_hash(con, sealed),
            ),
        )  # fmt: skip
        con.execute("DELETE FROM activity WHERE id <= $last", last=last)
        return count


def years_ago(now: datetime, years: int) -> datetime:
    """Return the same day so many years before, or of the year 1; 29 February becomes 28."""
    year = max(now.year - years, 1)
    try:
        return now.replace(year=year)
    except ValueError:
        return now.replace(year=year, day=28)


def parser() -> Parser:
    """Return what `activity` understands."""
    understands = Parser(
        prog="python -m lib activity",
        description="Say where the record of who saw and did what ends, or remove what is older "
        "than it has to be kept; also while the app runs.",
    )
    understands.add_argument(
        "--remove-older-than", type=int, metavar="YEARS",
        help=f"remove older lines and write down that they were ({YEARS_KEPT} or more)",
    )  # fmt: skip
    return understands


def do(con: Connection, arguments: Sequence[str], *, now: datetime) -> tuple[list[str], int]:
    """Do what `activity` was asked. Return the lines to print and 0. Raises WrongInput."""
    asked, lines = parser().parse_args(list(arguments)), []
    if asked.remove_older_than is not None:
        cut = years_ago(now, asked.remove_older_than) if asked.remove_older_than > 0 else now
        count = remove(con, before=cut, now=now)
        lines.append(f"{count} lines of the activity before {cut:%m/%d/%Y} were removed.")
    return [*lines, f"The activity ends with {end(con)}."], 0


def _beginning(con: Connection) -> tuple[int, str, int]:
    """Return the id and hash before the first line there is, and the last event before it."""
    first = con.value("SELECT min(id) FROM activity")
    if first in (None, 1):
        return 0, START, 0
    for (detail,) in con.rows(
        "SELECT detail FROM activity WHERE kind = $kind ORDER BY id DESC", kind=Activity.REMOVED
    ):
        said = _REMOVED.fullmatch(detail)
        if said and int(said[1]) == first - 1:
            return int(said[1]), said[3], int(said[2])
    return 0, START, 0
