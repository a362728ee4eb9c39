"""What a practice decides for itself: read, changed once, told to the intake."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from lib import practice_settings
from lib.errors import NoSuchPractice, NotAllowed, SettingsChanged, WrongInput
from lib.models import TaskOptions
from lib.practice_settings import OPTION_LABELS, Settings
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import minutes
from tests.test_import import bring
from tests.test_later_messages import LINES
from tests.x12_texts import answer, file_835

FRESH = Settings(30, TaskOptions())


def change(con: Connection, cast: Cast, wanted: Settings, seen: Settings = FRESH) -> int:
    return practice_settings.change(con, cast.practice, wanted, seen=seen, actor=cast.ana, now=NOON)


def test_a_new_practice_wants_nothing_but_denied_claims(con: Connection, cast: Cast) -> None:
    assert practice_settings.read(con, cast.practice, actor=cast.ana) == FRESH


@pytest.mark.parametrize("name", [*TaskOptions.__dataclass_fields__])
def test_each_option_is_kept_with_its_history(con: Connection, cast: Cast, name: str) -> None:
    wanted = Settings(30, replace(TaskOptions(), **{name: True}))

    assert change(con, cast, wanted) == 1

    assert practice_settings.read(con, cast.practice, actor=cast.alan) == wanted
    assert practice_settings.read(con, cast.other_practice, actor=cast.carla) == FRESH
    story = practice_settings.changes(con, cast.practice, actor=cast.alan)
    assert [(e.field, e.old, e.new, e.actor) for e in story] == [
        (OPTION_LABELS[name], "off", "on", "Ana")
    ]


def test_an_option_chosen_here_makes_tasks_of_what_comes_in_next(
    con: Connection, cast: Cast
) -> None:
    change(con, cast, Settings(30, TaskOptions(line_denials=True)))

    bring(con, cast, file_835(answer("A1", status="1", paid="100", codes=LINES)))

    assert con.rows("SELECT amount FROM task") == [(Decimal(80),)]


def test_the_same_settings_again_leave_no_history(con: Connection, cast: Cast) -> None:
    assert change(con, cast, FRESH) == 0
    assert practice_settings.changes(con, cast.practice, actor=cast.ana) == []


def test_the_second_of_two_is_told_and_overwrites_nothing(con: Connection, cast: Cast) -> None:
    first = Settings(14, TaskOptions(reversals=True))
    change(con, cast, first)

    with pytest.raises(SettingsChanged, match="Nothing was saved"):
        change(con, cast, Settings(45, TaskOptions()))

    assert practice_settings.read(con, cast.practice, actor=cast.ana) == first


@pytest.mark.parametrize("days", [-1, 0, 366])
def test_days_that_cannot_be_are_refused(con: Connection, cast: Cast, days: int) -> None:
    with pytest.raises(WrongInput, match="between 1 and 365"):
        change(con, cast, Settings(days, TaskOptions(takebacks=True)))

    assert practice_settings.read(con, cast.practice, actor=cast.ana) == FRESH


def test_only_the_manager_of_the_practice_changes_them(con: Connection, cast: Cast) -> None:
    for actor in (cast.ben, cast.dora, cast.alan):
        with pytest.raises(NotAllowed):
            practice_settings.change(
                con, cast.practice, FRESH, seen=FRESH, actor=actor, now=minutes(1)
            )
    with pytest.raises(NoSuchPractice):
        practice_settings.change(con, cast.practice, FRESH, seen=FRESH, actor=cast.carla, now=NOON)
    with pytest.raises(NoSuchPractice):
        practice_settings.read(con, cast.practice, actor=cast.carla)
    with pytest.raises(NoSuchPractice):
        practice_settings.changes(con, cast.practice, actor=cast.carla)
