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
    SEE_WHO_SAW = "see who saw a patient"
    SEE_ACTIVITY = "see the activity"
    MANAGE_PEOPLE = "manage people"
    MANAGE_PRACTICE = "manage the practice"


# An administrator may do what a manager may: who can give every role could take it as well. What
# keeps them honest is that giving a role, and every look at a task, is recorded.
_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
_MANAGERS = _ADMINISTRATORS | {Role.MANAGER}
_WORKERS = _MANAGERS | {Role.STAFF}

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
    Verb.CREATE_TASK: _MANAGERS | {Role.BILLER},
    Verb.REOPEN: _WORKERS | {Role.BILLER},
    Verb.KEEP_DOCUMENTS: _WORKERS | {Role.BILLER},
    Verb.IMPORT: _MANAGERS | {Role.BILLER},
    Verb.EXPORT: _MANAGERS | {Role.BILLER},
    Verb.CHANGE_SETTINGS: _MANAGERS,
    Verb.BACK_UP: _MANAGERS,
    Verb.NOTE_DAYS: _MANAGERS | {Role.ANALYST},
    Verb.TAKE_COPY: _MANAGERS | {Role.ANALYST},
    Verb.SEE_WHO_SAW: _MANAGERS,
    Verb.SEE_ACTIVITY: _ADMINISTRATORS,
    Verb.MANAGE_PEOPLE: _ADMINISTRATORS,
    Verb.MANAGE_PRACTICE: _ADMINISTRATORS,
}


# Who takes tasks: those a task may be assigned to.
WORKERS = sorted(ALLOWED[Verb.WORK])


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
        raise NotAllowed(verb.value, whom=whom_to_ask(verb))


def whom_to_ask(verb: Verb) -> str:
    """Return whom to ask, in words, when one's own role may not use the verb."""
    return "an administrator" if ALLOWED[verb] <= _ADMINISTRATORS else "a billing manager"
