from __future__ import annotations

import pytest

from lib.web import short_lived
from lib.web.short_lived import ShortLived

HERE = "10.0.0.1"


def kept(things: ShortLived[str], *addresses: str) -> list[bool]:
    """Keep a thing from each address; return which of them are still there."""
    for number, address in enumerate(addresses):
        things.keep(str(number), "thing", of=address)
    return [things.take(str(number)) is not None for number in range(len(addresses))]


def test_a_thing_is_taken_once() -> None:
    things = ShortLived[str](60)
    things.keep("token", "thing", of=HERE)

    assert [things.take("guessed"), things.take("token"), things.take("token")] == [
        None, "thing", None,
    ]  # fmt: skip


def test_a_thing_is_forgotten_after_its_time() -> None:
    assert kept(ShortLived[str](0.0), HERE) == [False]


def test_no_crowd_takes_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_lived, "MOST", 3)
    addresses = [f"10.0.0.{n}" for n in range(5)]

    assert kept(ShortLived[str](60), *addresses) == [False] * 2 + [True] * 3


def test_a_crowd_from_one_address_pushes_out_its_own_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(short_lived, "MOST_OF_ONE", 2)

    assert kept(ShortLived[str](60), "10.0.0.2", *[HERE] * 4) == [True, False, False, True, True]
