"""python -m lib import: bring files in from the command line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from lib.errors import RefusedFile, StoreInUse, WrongDataFolder
from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.intake.command_imports import (
    OUR_DISK,
    ZONE_HELP,
    WrongUsage,
    bring,
    other_zone,
    practice_name,
    require_file,
)
from lib.intake.files.parsed_file import SET_ASIDE, UNCLEAR, count
from lib.intake.tables.value_synonyms import type_of
from lib.models import TaskType
from lib.store import interruption, process_store
from lib.store.database import Connection
from lib.terminal import Parser, complain, say


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Import the files. Return 0 if all came in, 1 if something was rejected, 2 for wrong usage.

    Prints no patient.
    """
    wanted = _parser().parse_args(arguments)
    try:
        return _import(wanted, now)
    except WrongUsage as problem:
        complain(f"python -m lib import: {problem}")
        return 2
    except (StoreInUse, WrongDataFolder) as problem:
        complain(str(problem))
        for path in wanted.files if wanted.json else []:
            _print_json(path, replace(_unread(path), refused=str(problem)))
        return 1
    finally:
        process_store.close_stores()


def _parser() -> Parser:
    parser = Parser(
        prog="python -m lib import",
        description="Bring files in: claims (X12 837P), remittances (835), claim acknowledgments "
        "(277CA), receipts (999, TA1, 824), requests for documents (277 RFAI, FHIR) and tables of "
        "tasks (CSV, Excel), each "
        "known by its content. BILLING_TASKS_DATA names the data folder.",
        epilog="Exit code: 0 all is in, 1 a file, or something in one, was refused, rejected or "
        "not understood, 2 wrong usage.",
    )
    parser.add_argument(
        "--practice", metavar="NAME", help="made if new; needed only where there are several"
    )
    parser.add_argument("--time-zone", metavar="ZONE", help=ZONE_HELP)
    parser.add_argument(
        "--type", metavar="TYPE", type=_type,
        help="the type of every row of a table that names none: "
        + ", ".join(kind.label for kind in TaskType),
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object a file")
    parser.add_argument("files", metavar="FILE", nargs="+", help="a file to bring in")
    return parser


def _type(text: str) -> TaskType:
    found = type_of(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is no type of task")
    return found


def _import(wanted: argparse.Namespace, now: datetime) -> int:
    con = process_store.open_store().connection()
    name = practice_name(con, wanted.practice, wanted.time_zone)
    if problem := other_zone(con, name, wanted.time_zone):
        raise WrongUsage(problem)
    reports = []
    for path, report in _each(con, wanted, name, now):
        reports.append(report)
        if wanted.json:
            _print_json(path, report)
            for warning in report.warnings:
                if warning.startswith((SET_ASIDE, UNCLEAR)):
                    complain(f"{report.file}: {warning}")
        else:
            print_line(report)
    if not wanted.json:
        _print_total(reports, name)
    return 0 if all(report.is_whole for report in reports) else 1


def _each(
    con: Connection, wanted: argparse.Namespace, practice: str, now: datetime
) -> Iterator[tuple[str, ImportReport]]:
    for before, path in enumerate(wanted.files):
        interruption.keep_whole(_stopped(before, len(wanted.files)))
        name = Path(path).name
        try:
            require_file(Path(path))
            report = bring(
                con, practice, name, Path(path), now=now, timezone=wanted.time_zone,
                type_for_all=wanted.type,
            )  # fmt: skip
        except OUR_DISK as problem:  # our disk, not the file: the next file may be smaller
            report = ImportReport(name, "", None, refused=f"{name}: {problem}")
        except RefusedFile as problem:
            report = ImportReport(name, "", None, refused=str(problem))
        except OSError as problem:
            why = f"{name} was refused: it cannot be read ({problem.strerror})."
            report = ImportReport(name, "", None, refused=why)
        yield path, report


def _stopped(before: int, files: int) -> str:
    if not before:
        return "Stopped: nothing was brought in."
    return f"Stopped after {before} of {files} files: nothing of the others was brought in."


def _unread(path: str) -> ImportReport:
    """Return a report on a file that could not be opened."""
    try:
        require_file(Path(path))
        return imports.refusal(Path(path).name, Path(path).read_bytes(), "")
    except (OSError, RefusedFile):
        return ImportReport(Path(path).name, "", None)


def _print_json(path: str, report: ImportReport) -> None:
    said = {
        "file": path,
        "sha256": report.sha256 or None,
        "format": report.format,
        "charges_new": report.charges_new,
        "tasks_new": report.tasks_new,
        "tasks_amount": f"{report.tasks_amount:.2f}",
        "already_imported": report.already_imported,
        "refused": report.refused,
        "summary": list(report.summary),
        "warnings": list(report.warnings),
    }
    say(json.dumps(said, ensure_ascii=False))


def print_line(report: ImportReport) -> None:
    """Print what became of one file in a line, followed by its warnings."""
    if report.refused:
        say(f"  refused  {report.refused}")
        return
    if report.already_imported:
        say(f"  known    {report.file}: already imported, nothing changed")
        return
    say(f"  in       {report.file} ({report.format}): {_amounts([report])}")
    for sentence in (*report.summary, *report.matched, *report.warnings):
        say(f"           {sentence}")


def _print_total(reports: Sequence[ImportReport], practice: str) -> None:
    refused = sum(report.refused is not None for report in reports)
    known = sum(report.already_imported for report in reports)
    say(
        f"{practice}: {_amounts(reports)} from {count(len(reports) - refused - known, 'new file')}"
        f"; {known} already imported, {refused} refused"
    )


def _amounts(reports: Sequence[ImportReport]) -> str:
    charges = sum(report.charges_new for report in reports)
    tasks = sum(report.tasks_new for report in reports)
    amount = sum((report.tasks_amount for report in reports), Decimal("0.00"))
    said = [count(charges, "new charge")] if charges else []
    if tasks:
        said.append(f"{count(tasks, 'new task')} ({amount:,.2f})")
    return ", ".join(said) or "nothing new"
