"""python -m lib backup, restore, verify, sweep, reindex, people, practice, activity and check.
While the app runs, it does the work for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lib import audit_log_integrity, command_options
from lib.errors import BillingError, StoreInUse
from lib.intake.charges import charge_mismatches_command
from lib.store import interruption, process_store, search_index
from lib.store.data_folder_lock import Place
from lib.store.database import Store
from lib.terminal import Parser, complain, say
from lib.upkeep import app_requests, backup, people_and_practice_commands, verify
from lib.upkeep.app_requests import Answer, Question
from lib.upkeep.restore import STALE, restore, restore_into_database
from lib.upkeep.sweep import sweep


def main_backup(arguments: Sequence[str], *, now: datetime) -> int:
    """Make a backup. Return 0 if it is complete, 1 if it is not or the data has a problem."""
    parser = Parser(
        prog="python -m lib backup",
        description="Write a backup into a new folder in FOLDER, while people work. Kept are the "
        "newest of 7 days, 5 weeks and 12 months; older ones are deleted.",
        epilog="Exit code: 0 it is there, 1 it is not or a file of the data is damaged, 2 wrong "
        "usage.",
    )
    parser.add_argument(
        "--to",
        metavar="FOLDER",
        type=command_options.path,
        help="unless told, the one BILLING_TASKS_BACKUP names, else backups/ in the data folder",
    )
    to = parser.parse_args(arguments).to
    return _done(Question("backup", str(to.absolute()) if to else None), now)


def main_sweep(arguments: Sequence[str], *, now: datetime) -> int:
    """Delete files that no row names and that are older than a day."""
    Parser(
        prog="python -m lib sweep",
        description="Delete files of documents and imports that nothing refers to and that are "
        "older than a day: what a crash left behind.",
    ).parse_args(arguments)
    return _done(Question("sweep"), now)


def main_reindex(arguments: Sequence[str], *, now: datetime) -> int:
    """Rebuild the search terms."""
    Parser(
        prog="python -m lib reindex",
        description="Write anew what the search has to know of every task.",
    ).parse_args(arguments)
    return _done(Question("reindex"), now)


def main_verify(arguments: Sequence[str], *, now: datetime) -> int:
    """Verify the data folder or a backup. Return 0 if all is well, 1 after a sentence for each
    problem.

    The sentences name ids and places, never a patient.
    """
    parser = Parser(
        prog="python -m lib verify",
        description="Read every block of the database and every file, and compare them with what "
        "was written: checksums, references, hashes both ways, search terms, history.",
        epilog="Exit code: 0 nothing is wrong, 1 one line for everything that is, 2 wrong usage.",
    )
    parser.add_argument(
        "folder", metavar="FOLDER", type=command_options.path, nargs="?",
        help="a backup; the data folder itself unless told",
    )  # fmt: skip
    parser.add_argument(
        "--database-only", action="store_true", help="leave documents and imported files out"
    )
    wanted = parser.parse_args(arguments)
    folder, data = wanted.folder, process_store.data_folder()
    if folder and folder.resolve() != data:
        return _print(_verified(folder.resolve(), is_whole=not wanted.database_only))
    if process_store.database_address():
        return _done(Question("verify"), now)
    process_store.require_data()
    place = Place(data)
    try:
        place.take()
    except StoreInUse as in_use:
        return _print(_asked(data, Question("verify"), in_use))
    try:
        return _print(_verified(data, is_whole=not wanted.database_only))
    finally:
        place.let_go(is_clean=False)


def main_restore(arguments: Sequence[str], *, now: datetime) -> int:
    """Restore a backup into an empty data folder. Return 0 if it is complete."""
    parser = Parser(
        prog="python -m lib restore",
        description="Verify a backup and copy it into the data folder (BILLING_TASKS_DATA), which "
        "must be empty, and into the PostgreSQL database where one is named.",
        epilog="Exit code: 0 it is there and nothing is wrong with it, 1 it is not, or a line for "
        "everything that is wrong, 2 wrong usage.",
    )
    parser.add_argument(
        "--from", dest="backup", metavar="FOLDER", type=command_options.path, required=True
    )
    wanted, data = parser.parse_args(arguments), process_store.data_folder()
    process_store.close_to_others()
    if process_store.database_address():
        store = process_store.open_store(data)
        try:
            found = restore_into_database(wanted.backup.resolve(), store, now=now)
        finally:
            process_store.close_stores()
    else:
        process_store.bind_files(data)
        found = restore(wanted.backup.resolve(), data, now=now)
    held = f"{data} holds what {wanted.backup.name} held"
    said = (f"{held}, and what was wrong there:", *found) if found else (f"{held}.",)
    return _print(Answer((*said, *STALE), 1 if found else 0))


def do(store: Store, question: Question, *, now: datetime) -> Answer:
    """Do what a command asks, in the process that holds the store."""
    try:
        if question.command in _WITH_ARGUMENTS:
            return _with_arguments(store, question, now)
        return _COMMANDS[question.command](store, question.folder, now)
    except BillingError as problem:
        return Answer((), 1, (str(problem),))


def answer_all(store: Store) -> None:
    """Answer the commands that are waiting for the process that holds this store."""
    app_requests.answer_all(
        store.folder, lambda question: do(store, question, now=datetime.now(UTC))
    )


def main_people(arguments: Sequence[str], *, now: datetime) -> int:
    """Do what `people` is asked. Return 0 if it is done, 1 if it could not be."""
    return _main_with("people", arguments, now)


def main_practice(arguments: Sequence[str], *, now: datetime) -> int:
    """Do what `practice` is asked. Return 0 if it is done, 1 if it could not be."""
    return _main_with("practice", arguments, now)


def main_activity(arguments: Sequence[str], *, now: datetime) -> int:
    """Do what `activity` is asked. Return 0 if it is done, 1 if it could not be."""
    return _main_with("activity", arguments, now)


def main_check(arguments: Sequence[str], *, now: datetime) -> int:
    """Do what `check` is asked. Return 0 if nothing disagrees, else 1."""
    return _main_with("check", arguments, now)


def _main_with(command: str, arguments: Sequence[str], now: datetime) -> int:
    asked = _WITH_ARGUMENTS[command][0]().parse_args(list(arguments))  # says what it does not know
    begins = command == "practice" and asked.verb == "add"
    return _done(Question(command, arguments=tuple(arguments)), now, begins=begins)


def _with_arguments(store: Store, question: Question, now: datetime) -> Answer:
    con = store.connection()
    try:
        lines, code = _WITH_ARGUMENTS[question.command][1](con, question.arguments, now=now)
    finally:
        con.close()
    return Answer(tuple(lines), code)


def _backup(store: Store, to: str | None, now: datetime) -> Answer:
    made = backup.make(store, Path(to) if to else process_store.backup_folder(), now=now)
    said = (f"{made.folder} is the backup.",)
    return Answer(said, 1 if made.findings else 0, made.findings)


def _verify(store: Store, _folder: str | None, now: datetime) -> Answer:
    code, lines = verify.verify_live(store)
    return Answer(tuple(lines), code)


def _sweep(store: Store, _folder: str | None, now: datetime) -> Answer:
    return Answer((f"Deleted: {sweep(store, now=now)} files that nothing refers to.",), 0)


def _reindex(store: Store, _folder: str | None, now: datetime) -> Answer:
    con = store.connection()
    try:
        search_index.rebuild(con)
    finally:
        con.close()
    return Answer(("The search knows every task again.",), 0)


Do = Callable[..., tuple[list[str], int]]  # returns the lines to print, and the exit code
_WITH_ARGUMENTS: dict[str, tuple[Callable[[], Parser], Do]] = {
    "people": (people_and_practice_commands.people_parser, people_and_practice_commands.do_people),
    "practice": (
        people_and_practice_commands.practice_parser,
        people_and_practice_commands.do_practice,
    ),
    "activity": (audit_log_integrity.parser, audit_log_integrity.do),
    "check": (charge_mismatches_command.parser, charge_mismatches_command.do),
}
_COMMANDS: dict[str, Callable[[Store, str | None, datetime], Answer]] = {
    "backup": _backup,
    "verify": _verify,
    "sweep": _sweep,
    "reindex": _reindex,
}
_IF_STOPPED = {"sweep": "Stopped: some of the files that nothing refers to may be deleted."}


def _done(question: Question, now: datetime, *, begins: bool = False) -> int:
    """Do the work here, or have it done by the process that holds the data folder. Raises
    WrongDataFolder for a folder without data, unless the command begins it."""
    data = process_store.data_folder()
    if not begins:
        process_store.require_data()
    try:
        store = process_store.open_store(data)
    except StoreInUse as in_use:
        return _print(_asked(data, question, in_use))
    try:
        interruption.keep_whole(_IF_STOPPED.get(question.command, interruption.STOPPED))
        return _print(do(store, question, now=now))
    finally:
        process_store.close_stores()


def _asked(data: Path, question: Question, in_use: StoreInUse) -> Answer:
    process_store.close_to_others()
    return app_requests.ask(data, question, in_use, lambda: Place(data).is_taken())


def _verified(folder: Path, *, is_whole: bool) -> Answer:
    process_store.close_to_others()
    return _answer(verify.verify(folder, is_whole=is_whole).all, f"{folder}: nothing is wrong.")


def _answer(found: tuple[str, ...], otherwise: str) -> Answer:
    return Answer(found or (otherwise,), 1 if found else 0)


def _print(answer: Answer) -> int:
    say(*answer.lines)
    complain(*answer.complaints)
    return answer.code
