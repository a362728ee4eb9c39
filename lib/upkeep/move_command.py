"""python -m lib move: take a data folder over into a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lib import command_options
from lib.errors import WrongInput
from lib.store import file_places, process_store
from lib.terminal import Parser, complain, say
from lib.upkeep.move import move


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Move the data folder. Return 0 if everything is there, 1 if it is not, 2 for wrong usage."""
    parser = Parser(
        prog="python -m lib move",
        description="Copy the data folder into an empty PostgreSQL database, and its files into "
        "another folder, and compare both with what was there. The data folder stays as it is.",
        epilog="Exit code: 0 all of it is there, 1 it is not, 2 wrong usage.",
    )
    parser.add_argument(
        "--to", metavar="ADDRESS", required=True, help="postgresql://user@host/name"
    )
    parser.add_argument(
        "--files", metavar="FOLDER", type=command_options.path, required=True,
        help="the data folder from then on, for documents and imported files",
    )  # fmt: skip
    parser.add_argument(
        "--bucket", metavar="ADDRESS", default="",
        help="s3://bucket/prefix, to keep the files there instead",
    )  # fmt: skip
    wanted = parser.parse_args(arguments)
    if process_store.database_address():
        raise WrongInput(
            f"What is moved is a data folder: leave {process_store.DATABASE_VARIABLE} out, and "
            "name the folder in BILLING_TASKS_DATA."
        )
    process_store.require_data()
    try:
        source = process_store.open_store()
        file_places.bind(wanted.files.absolute(), wanted.bucket, process_store.files_server())
        target = process_store.open_in_postgres(wanted.files.absolute(), wanted.to)
        try:
            moved = move(source, target)
        finally:
            target.close()
    finally:
        process_store.close_stores()
    for finding in moved.findings:
        complain(finding)
    say(
        f"{moved.rows} rows of {moved.tables} tables and {moved.files} files are there, compared "
        "one by one.",
        f"Start with {process_store.DATABASE_VARIABLE}"
        f"{f', {process_store.FILES_VARIABLE}' if wanted.bucket else ''} and BILLING_TASKS_DATA="
        f"{wanted.files.absolute()} from now on. {source.folder} is as it was, and nobody should "
        "work in it any more.",
    )
    return 1 if moved.findings else 0
