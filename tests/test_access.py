from __future__ import annotations

import pytest

from lib import access
from lib.access import Verb
from lib.errors import NoSuchCharge, NoSuchTask, NotAllowed
from lib.models import Membership, Person, Practice, Role
from scripts import roles

HERE, THERE = 1, 2
# Each role's verbs, said once more and independently of the table in lib/access.py.
MAY = {
    Role.MANAGER: {
        Verb.SEE, Verb.WORK, Verb.ASSIGN, Verb.ASK, Verb.CREATE_TASK, Verb.REOPEN,
        Verb.KEEP_DOCUMENTS, Verb.IMPORT, Verb.EXPORT, Verb.CHANGE_SETTINGS, Verb.BACK_UP,
        Verb.CHOOSE_CHARGE, Verb.SEE_PATIENTS, Verb.NOTE_DAYS, Verb.TAKE_COPY, Verb.SEE_WHO_SAW,
    },
    Role.STAFF: {
        Verb.SEE, Verb.SEE_PATIENTS, Verb.WORK, Verb.ASSIGN, Verb.ASK, Verb.REOPEN,
        Verb.KEEP_DOCUMENTS, Verb.CHOOSE_CHARGE,
    },
    Role.BILLER: {
        Verb.SEE_PATIENTS,
        Verb.SEE, Verb.ANSWER, Verb.WRITE_AS_BILLER, Verb.CREATE_TASK, Verb.REOPEN,
        Verb.KEEP_DOCUMENTS, Verb.IMPORT, Verb.EXPORT, Verb.CHOOSE_CHARGE,
    },
    Role.ANALYST: {Verb.SEE, Verb.NOTE_DAYS, Verb.TAKE_COPY},
    Role.ADMINISTRATOR: set(Verb) - {Verb.ANSWER, Verb.WRITE_AS_BILLER},
}  # fmt: skip
WHOM = dict.fromkeys(
    (Verb.SEE_ACTIVITY, Verb.MANAGE_PEOPLE, Verb.MANAGE_PRACTICE), "an administrator"
)


def somebody(**roles: Role) -> Person:
    ids = {"here": HERE, "there": THERE}
    return Person(
        1,
        "Ana",
        "ana@example.com",
        tuple(
            Membership(Practice(ids[where], where, "America/Chicago", 30), role)
            for where, role in roles.items()
        ),
    )


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("verb", Verb)
def test_a_role_has_its_verbs_and_no_other(verb: Verb, role: Role) -> None:
    actor = somebody(here=role)

    assert access.may(actor, verb, HERE) == (verb in MAY[role])


@pytest.mark.parametrize("verb", Verb)
def test_nobody_has_a_verb_in_a_practice_of_others(verb: Verb) -> None:
    assert not any(access.may(somebody(there=role), verb, HERE) for role in Role)
    assert not access.may(somebody(), verb, HERE)


@pytest.mark.parametrize("verb", Verb)
def test_an_outsider_is_told_that_there_is_no_such_thing(verb: Verb) -> None:
    with pytest.raises(NoSuchTask, match="There is no such task"):
        access.require(somebody(there=Role.MANAGER), verb, HERE, NoSuchTask())
    with pytest.raises(NoSuchCharge, match="There is no such charge"):
        access.require(somebody(), verb, HERE, NoSuchCharge())


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("verb", Verb)
def test_a_role_without_the_verb_is_told_whom_to_ask(verb: Verb, role: Role) -> None:
    actor = somebody(here=role)

    if verb in MAY[role]:
        access.require(actor, verb, HERE, NoSuchTask())
    else:
        with pytest.raises(NotAllowed) as refusal:
            access.require(actor, verb, HERE, NoSuchTask())
        whom = WHOM.get(verb, "a billing manager")
        assert str(refusal.value) == f"Your role cannot {verb.value}. Ask {whom} of the practice."


def test_somebody_with_two_practices_has_each_role_only_in_its_practice() -> None:
    actor = somebody(here=Role.BILLER, there=Role.STAFF)

    assert access.may_anywhere(actor, Verb.ANSWER) == [HERE]
    assert access.may_anywhere(actor, Verb.WORK) == [THERE]
    assert access.may_anywhere(actor, Verb.SEE) == [HERE, THERE]


def test_the_page_of_the_roles_says_what_the_tables_say() -> None:
    assert roles.PAPER.read_text(encoding="utf-8") == roles.document(), "python -m scripts.roles"
