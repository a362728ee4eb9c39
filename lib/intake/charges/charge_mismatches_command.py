"""python -m lib check: list tasks whose charge disagrees with the message behind them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lib.intake.charges import charge_mismatches
from lib.intake.files.parsed_file import count
from lib.store.database import Connection
from lib.terminal import Parser


def parser() -> Parser:
    """Return what `check` understands."""
    return Parser(
        prog="python -m lib check",
        description="List pending tasks whose charge disagrees with what the file behind them says "
        "of patient, day, amount or payer; also while the app runs. BILLING_TASKS_DATA names the "
        "data folder.",
        epilog="Exit code: 0 nothing disagrees, 1 something does. Open the tasks it names and "
        "choose their charge there.",
    )


def do(con: Connection, arguments: Sequence[str], *, now: datetime) -> tuple[list[str], int]:
    """Check every practice. Return the lines to print, which name no patient, and 0 if nothing
    disagrees, 1 if something does."""
    parser().parse_args(list(arguments))
    lines, found = [], 0
    for practice_id, name in con.rows("SELECT id, name FROM practice ORDER BY id"):
        review = charge_mismatches.review(con, practice_id, actor=None)
        found += len(review.doubts)
        lines.append(f"{name}: {summary(review)}")
        for doubt in review.doubts:
            facts = ", ".join(fact.name.lower() for fact in doubt.facts)
            lines.append(f"  task {doubt.task_id}: {facts}")
    return lines or ["There is no practice yet."], 1 if found else 0


def summary(review: charge_mismatches.Review) -> str:
    """Return a sentence: "1,204 tasks checked, 2 disagree with their charge.", for example."""
    said = f"{count(review.checked, 'task')} checked, {len(review.doubts):,} of them disagree"
    if review.unread:
        said += f"; the file of {count(review.unread, 'task')} could not be read again"
    return f"{said}."
