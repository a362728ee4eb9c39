"""Which role may use which verb. The tables below are the whole of the rules."""

from __future__ import annotations

from enum import StrEnum

from lib.errors import BillingError, NotAllowed
from lib.models import Person, Role


class Verb(StrEnum):
    """What somebody wants to do, in the words of the sentence that refuses it."""

    SEE = "see this"
    SEE_PATIENTS = "see patients"
    WORK = "work on tasks"
    ASSIGN = "assign tasks"
    ASK = "ask questions on tasks"
    ANSWER = "answer questions"
    WRITE_AS_BILLER = "write notes from the biller"
    CHOOSE_CHARGE = "choose the charge of a task"
    CREATE_TASK = "create tasks"
    REOPEN = "reopen tasks"
    KEEP_DOCUMENTS = "add documents"
    IMPORT = "import files"
    EXPORT = "export answers"
    CHANGE_SETTINGS = "change the settings"
    BACK_UP = "make backups"
    NOTE_DAYS = "write notes on days"
    TAKE_COPY = "ask questions of the data or take a copy along"


_WORKERS = frozenset({Role.MANAGER, Role.STAFF})

ALLOWED: dict[Verb, frozenset[Role]] = {
    Verb.SEE: frozenset(Role),
    Verb.SEE_PATIENTS: frozenset(Role)
    - {Role.ANALYST},  # an analyst counts, and need not know whom
    Verb.WORK: _WORKERS,
    Verb.ASSIGN: _WORKERS,
    Verb.ASK: _WORKERS,
    Verb.ANSWER: frozenset({Role.BILLER}),
    Verb.WRITE_AS_BILLER: frozenset({Role.BILLER}),
    Verb.CHOOSE_CHARGE: _WORKERS | {Role.BILLER},
    Verb.CREATE_TASK: frozenset({Role.BILLER, Role.MANAGER}),
    Verb.REOPEN: _WORKERS | {Role.BILLER},
    Verb.KEEP_DOCUMENTS: _WORKERS | {Role.BILLER},
    Verb.IMPORT: frozenset({Role.MANAGER, Role.BILLER}),
    Verb.EXPORT: frozenset({Role.MANAGER, Role.BILLER}),
    Verb.CHANGE_SETTINGS: frozenset({Role.MANAGER}),
    Verb.BACK_UP: frozenset({Role.MANAGER}),
    Verb.NOTE_DAYS: frozenset({Role.MANAGER, Role.ANALYST}),
    Verb.TAKE_COPY: frozenset({Role.MANAGER, Role.ANALYST}),
}


def may(actor: Person, verb: Verb, practice_id: int) -> bool:
    """Return True where the actor's role in that practice has the verb."""
    return actor.role_in(practice_id) in ALLOWED[verb]


def may_anywhere(actor: Person, verb: Verb) -> list[int]:
    """Return the practices in which the actor may use the verb."""
    return [practice for practice in actor.practice_ids if may(actor, verb, practice)]


def require(actor: Person, verb: Verb, practice_id: int, missing: BillingError) -> None:
    """Raise `missing` for somebody outside the practice, NotAllowed for a role without the verb.

    Outsiders are told that the thing does not exist, so that a link says nothing about it.
    """
    if actor.role_in(practice_id) is None:
        raise missing
    if not may(actor, verb, practice_id):
        raise NotAllowed(verb.value)
