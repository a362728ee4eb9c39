"""Find charges whose number is like the one that a message names. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import Enum

from lib.intake.matching.claim_numbers import CUT, grouped_key, has_groups, lookup_key


class Form(Enum):
    """What is compared of a number."""

    GROUPED = "with the groups of its digits"
    OF_GROUPS = "without separators, of a number that has some between digits"
    OF_NONE = "the same, of a number that has none there"


class NumberIndex:
    """Charges by what senders may make of their numbers: the same; the same but for separators
    between digits, where only one of the two has any; or one of these cut off."""

    def __init__(self) -> None:
        self._whole: dict[Form, dict[str, list[int]]] = {form: defaultdict(list) for form in Form}
        self._cut: dict[tuple[Form, int], dict[str, list[int]]] = {}  # by how many letters are left

    def add(self, id_: int, numbers: Iterable[str]) -> None:
        """Add a charge under its numbers."""
        self._cut.clear()
        for number in {grouped_key(each): each for each in numbers if each}.values():
            form = Form.OF_GROUPS if has_groups(number) else Form.OF_NONE
            self._whole[Form.GROUPED][grouped_key(number)].append(id_)
            self._whole[form][lookup_key(number)].append(id_)

    def like(self, said: str) -> dict[int, None]:
        """Return the charges that bear a number like this one, in the order of their adding."""
        other = Form.OF_NONE if has_groups(said) else Form.OF_GROUPS
        ids: dict[int, None] = {}
        for form, key in ((Form.GROUPED, grouped_key(said)), (other, lookup_key(said))):
            ids.update(dict.fromkeys(self._whole[form].get(key, ())))
            if len(said.strip()) >= CUT:
                ids.update(dict.fromkeys(self._beginnings(form, len(key)).get(key, ())))
        return ids

    def _beginnings(self, form: Form, length: int) -> dict[str, list[int]]:
        """Return the charges by the first `length` letters of their longer numbers."""
        if (form, length) not in self._cut:
            found: dict[str, list[int]] = defaultdict(list)
            for key, ids in self._whole[form].items():
                if len(key) > length:
                    found[key[:length]] += ids
            self._cut[form, length] = found
        return self._cut[form, length]
