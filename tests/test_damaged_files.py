"""Whatever is done to a file, it is read or refused with a sentence; nothing is half in."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.errors import RefusedFile
from lib.intake import imports
from lib.intake.files import parsed_file
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.fuzz import examples
from tests.test_import import counts
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = pytest.mark.slow

WHOLE = file_837(claim("A1"), claim("A2")) + file_835(answer("A1"))


@settings(
    max_examples=examples(300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.integers(0, len(WHOLE) - 1),
    st.integers(0, 12),
    st.one_of(
        st.binary(max_size=6), st.sampled_from([b"~", b"*", b":", b"~ISA*", b"~SE*1~", b"\n"])
    ),
)
def test_a_damaged_file_is_read_or_refused_with_a_sentence(at: int, gone: int, put: bytes) -> None:
    damaged = WHOLE[:at] + put + WHOLE[at + gone :]

    try:
        found = parsed_file.read("x", damaged)
    except RefusedFile as refused:
        assert re.fullmatch(r"x was refused( at (segment|line) \d+)?: .+\.", str(refused))
    else:
        assert found.format or found.messages


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=4))
def test_a_damaged_file_that_is_read_can_be_kept(
    con: Connection, cast: Cast, at: int, put: bytes
) -> None:
    before = counts(con)
    damaged = WHOLE[:at] + put + WHOLE[at + len(put) :]

    report = imports.apply(con, "x", damaged, actor=None, practice_id=cast.practice, now=NOON)

    if report.refused:
        assert counts(con) == before
