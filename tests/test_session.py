"""Days are counted where the practice is, and people are asked about once. How people's text is
escaped is in `test_markdown.py`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from lib.errors import NotSignedIn
from lib.models import Membership, Person, Practice, Role
from lib.store.database import Store
from lib.ui import session
from tests.conftest import Cast
from tests.pages import Visit

ANA = Person(
    7, "Ana", "ana@x.org",
    (
        Membership(Practice(1, "Northside", "America/Chicago", 14), Role.MANAGER),
        Membership(Practice(2, "Eastside", "Pacific/Kiritimati", 14), Role.STAFF),
    ),
)  # fmt: skip


def test_the_zone_is_the_practices_else_that_of_the_first_practice() -> None:
    assert session.zone(ANA).key == "America/Chicago"
    assert session.zone(ANA, 2).key == "Pacific/Kiritimati"
    assert session.practice_of(ANA, 2).name == "Eastside"


def test_today_is_another_day_on_the_other_side_of_the_world() -> None:
    apart = session.today(ANA, 2) - session.today(ANA, 1)

    assert apart.days in {0, 1}
    assert session.now().tzinfo is UTC
    assert abs((datetime.now(UTC) - session.now()).total_seconds()) < 60


def test_colleagues_are_those_of_the_practice(served: Store, cast: Cast) -> None:
    assert [each.name for each in session.colleagues(cast.practice)] == ["Ana", "Ben"]
    assert session.colleagues(cast.practice) is session.colleagues(cast.practice)


def test_a_page_goes_on_only_for_the_person_it_was_drawn_for(store: Store, cast: Cast) -> None:
    with Visit(store, cast.ana):
        assert session.same_person(cast.ana) == cast.ana
        with pytest.raises(NotSignedIn):
            session.same_person(cast.ben)
    with Visit(store, None), pytest.raises(NotSignedIn):
        session.same_person(cast.ana)


def test_what_is_said_again_with_another_message_between_is_shown_again() -> None:
    page = AppTest.from_string(
        "from lib.ui import session\n"
        "for text in ('Saved.', 'Sent.', 'Saved.', 'Sent.', 'Saved.'):\n"
        "    session.toasts().append(('success', text))\n"
        "session.show_toasts()\n",
        default_timeout=60,
    ).run()

    assert len({(each.value, each.proto.duration) for each in page.toast}) == 5
