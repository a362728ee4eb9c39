"""Find charges whose number is like the one that a message names. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import Enum

from lib.intake.matching.claim_numbers import (
    CUT,
    grouped_key,
    is_but_for_separators,
    lookup_key,
)


class Form(Enum):
    """What is compared of a number."""

    GROUPED = "with the groups of its digits"
    PLAIN = "without separators"


class NumberIndex:
    """Charges by what senders may make of their numbers: the same; the same but for separators
    between digits that only one of the two has; or one of these cut off."""

    def __init__(self) -> None:
        self._whole: dict[Form, dict[str, list[tuple[int, str]]]] = {
            form: defaultdict(list) for form in Form
        }
        # by how many letters are left
        self._cut: dict[tuple[Form, int], dict[str, list[tuple[int, str]]]] = {}

    def add(self, id_: int, numbers: Iterable[str]) -> None:
        """Add a charge under its numbers."""
        self._cut.clear()
        for number in {grouped_key(each): each for each in numbers if each}.values():
            self._whole[Form.GROUPED][grouped_key(number)].append((id_, number))
            self._whole[Form.PLAIN][lookup_key(number)].append((id_, number))

    def like(self, said: str) -> dict[int, None]:
        """Return the charges that bear a number like this one, in the order of their adding."""
        ids = {id_: None for id_, _ in self._found(Form.GROUPED, grouped_key(said), said)}
        for id_, held in self._found(Form.PLAIN, lookup_key(said), said):
            if id_ not in ids and is_but_for_separators(said, held):
                ids[id_] = None
        return ids

    def _found(self, form: Form, key: str, said: str) -> Iterator[tuple[int, str]]:
        yield from self._whole[form].get(key, ())
        if len(said.strip()) >= CUT:
            yield from self._beginnings(form, len(key)).get(key, ())

    def _beginnings(self, form: Form, length: int) -> dict[str, list[tuple[int, str]]]:
        """Return the charges by the first `length` letters of their longer numbers."""
        if (form, length) not in self._cut:
            found: dict[str, list[tuple[int, str]]] = defaultdict(list)
            for key, charges in self._whole[form].items():
                if len(key) > length:
                    found[key[:length]] += charges
            self._cut[form, length] = found
        return self._cut[form, length]
