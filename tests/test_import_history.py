"""The files that came in are listed with what was rejected, for those who import."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from lib.errors import NoSuchFile, NotAllowed
from lib.intake import import_log, imports
from lib.models import Person
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.x12_texts import answer, claim, claims, envelope, file_835, file_837

BAD = envelope(claims(claim("A1")), [*claims(claim("A2")), "CLM*A3*many***11:B:1"]).encode()


def bring(con: Connection, actor: Person | None, practice_id: int, name: str, raw: bytes) -> None:
    later = con.value("SELECT count(*) FROM intake_file")
    report = imports.apply(
        con, name, raw, actor=actor, practice_id=practice_id, now=NOON + timedelta(hours=later)
    )
    assert report.refused is None


@pytest.fixture
def brought(con: Connection, cast: Cast) -> None:
    bring(con, cast.ana, cast.practice, "claims.txt", BAD)
    bring(con, None, cast.practice, "era.txt", file_835(answer()))
    bring(con, cast.carla, cast.other_practice, "theirs.txt", file_837(claim("C1")))


@pytest.mark.usefixtures("brought")
def test_the_newest_file_stands_first_with_who_brought_it_and_what_it_made(
    con: Connection, cast: Cast
) -> None:
    found, count = import_log.find(con, actor=cast.dora)

    assert count == 2
    said = [(each.name, each.imported_by, each.charges_new, each.tasks_new) for each in found]
    assert said == [("era.txt", None, 0, 1), ("claims.txt", "Ana", 2, 0)]
    assert [each.set_aside for each in found] == [0, 1]
    assert found[0].tasks_amount > Decimal(0)
    assert import_log.find(con, actor=cast.dora, page=2) == ([], 2)


@pytest.mark.usefixtures("brought")
def test_what_was_set_aside_says_why_where_and_its_text(con: Connection, cast: Cast) -> None:
    [_, claims_file] = import_log.find(con, actor=cast.ana)[0]

    _, [message] = import_log.get(con, claims_file.id, actor=cast.ana)

    assert (message.kind, message.outcome) == ("837P claim", "quarantined")
    assert message.first_segment == message.segment_number == message.last_segment
    text = import_log.text(con, message.id, actor=cast.ana).splitlines()
    assert text == ["CLM*A3*many***11:B:1~"]


@pytest.mark.usefixtures("brought")
def test_nobody_else_sees_a_file_or_its_text(con: Connection, cast: Cast) -> None:
    [_, claims_file] = import_log.find(con, actor=cast.ana)[0]
    _, [message] = import_log.get(con, claims_file.id, actor=cast.ana)

    assert [each.name for each in import_log.find(con, actor=cast.carla)[0]] == ["theirs.txt"]
    assert import_log.find(con, actor=cast.ben) == ([], 0)
    for actor, problem in ((cast.carla, NoSuchFile), (cast.ben, NotAllowed)):
        with pytest.raises(problem):
            import_log.get(con, claims_file.id, actor=actor)
        with pytest.raises(problem):
            import_log.text(con, message.id, actor=actor)
    with pytest.raises(NoSuchFile):
        import_log.get(con, 10**9, actor=cast.ana)
    with pytest.raises(NoSuchFile):
        import_log.text(con, 10**9, actor=cast.ana)
