from __future__ import annotations

from datetime import date

import pytest

from lib import accounts, audit_log_integrity, memberships, people
from lib.errors import LastAdministrator, NoSuchPerson, NoSuchPractice, NotAllowed, WrongInput
from lib.models import Person, Role
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import administrator


@pytest.fixture
def gina(con: Connection, cast: Cast) -> Person:
    return administrator(con, cast.practice)


def recorded(con: Connection) -> list[tuple[str, int, str]]:
    return con.rows(
        "SELECT kind, person_id, detail FROM activity WHERE kind <> 'changes' ORDER BY id"
    )


def test_a_role_is_changed_at_once_and_recorded_from_old_to_new(
    con: Connection, cast: Cast, gina: Person
) -> None:
    memberships.change(con, cast.practice, cast.ben.id, role=Role.MANAGER, actor=gina, now=NOON)
    memberships.change(con, cast.practice, cast.ben.id, role=Role.MANAGER, actor=gina, now=NOON)

    ben = people.person(con, cast.ben.id)
    assert ben
    assert ben.role_in(cast.practice) is Role.MANAGER
    assert recorded(con) == [("role changed", cast.ben.id, "Practice staff → Billing manager")]
    assert list(audit_log_integrity.broken(con)) == []


def test_a_practice_keeps_an_administrator(con: Connection, cast: Cast, gina: Person) -> None:
    with pytest.raises(LastAdministrator):
        memberships.change(con, cast.practice, gina.id, role=Role.STAFF, actor=gina, now=NOON)
    hana = administrator(con, cast.practice, "Hana")
    accounts.deactivate(con, hana.id, actor=gina, now=NOON)
    with pytest.raises(LastAdministrator):
        memberships.change(con, cast.practice, gina.id, role=Role.STAFF, actor=gina, now=NOON)
    accounts.reactivate(con, hana.id, actor=gina, now=NOON)
    memberships.change(con, cast.practice, gina.id, role=Role.STAFF, actor=gina, now=NOON)

    assert [m.role for m in memberships.of_practice(con, cast.practice, actor=hana)
            if m.id == gina.id] == [Role.STAFF]  # fmt: skip


def test_days_away_are_kept_and_ended(con: Connection, cast: Cast, gina: Person) -> None:
    since, until = date(2025, 3, 10), date(2025, 3, 14)

    def ben() -> tuple[date | None, date | None]:
        (found,) = (
            m for m in memberships.of_practice(con, cast.practice, actor=gina)
            if m.id == cast.ben.id
        )  # fmt: skip
        return found.away_from, found.away_until

    memberships.change(con, cast.practice, cast.ben.id, away=(since, until), actor=gina, now=NOON)
    assert ben() == (since, until)
    for wrong in ((since, None), (None, until), (until, since)):
        with pytest.raises(WrongInput):
            memberships.change(
                con, cast.practice, cast.ben.id, role=Role.MANAGER, away=wrong, actor=gina, now=NOON
            )
    memberships.change(con, cast.practice, cast.ben.id, away=(None, None), actor=gina, now=NOON)
    assert ben() == (None, None)
    # What is refused changes neither the days nor the role.
    assert [detail for _, _, detail in recorded(con)] == ["03/10/2025 to 03/14/2025", "back"]


def test_a_refused_role_leaves_the_days_away_as_they_were(
    con: Connection, cast: Cast, gina: Person
) -> None:
    away = (date(2025, 3, 10), date(2025, 3, 14))

    with pytest.raises(LastAdministrator):
        memberships.change(
            con, cast.practice, gina.id, role=Role.STAFF, away=away, actor=gina, now=NOON
        )

    members = memberships.of_practice(con, cast.practice, actor=gina)
    assert [m.away_from for m in members if m.id == gina.id] == [None]
    assert recorded(con) == []


def test_only_administrators_change_people_and_only_of_their_practice(
    con: Connection, cast: Cast, gina: Person
) -> None:
    for actor in (cast.ana, cast.ben, cast.dora, cast.alan):
        with pytest.raises(NotAllowed):
            memberships.of_practice(con, cast.practice, actor=actor)
    with pytest.raises(NoSuchPractice):
        memberships.of_practice(con, cast.practice, actor=cast.carla)
    with pytest.raises(NoSuchPerson):
        memberships.change(con, cast.practice, cast.carla.id, role=Role.STAFF, actor=gina, now=NOON)
    with pytest.raises(NoSuchPractice):
        memberships.change(
            con, cast.other_practice, cast.carla.id, role=Role.STAFF, actor=gina, now=NOON
        )
