"""What was told to whoever pressed, held against what the store has afterwards."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.torture.contents import Facts


class Ledger:
    """The facts of every change that was acknowledged, and the changes whose end was not told."""

    def __init__(self, facts: Facts) -> None:
        self.facts = dict(facts)
        self.said: Counter[str] = Counter()  # how often each thing was told
        self.findings: list[str] = []
        self.next_number = 1
        self._begun: dict[int, tuple[str, Facts]] = {}
        self._last: dict[str, int] = {}  # the number of the last change of each fact

    @property
    def hands_busy(self) -> int:
        """Return how many changes have no end yet."""
        return len(self._begun)

    def hear(self, told: dict[str, Any]) -> None:
        """Take in one line of the load."""
        n = told.get("n", 0)
        self.next_number = max(self.next_number, n + 1)
        if "bug" in told:
            self.findings.append(f"an error without a sentence:\n{told['bug']}")
        elif "facts" in told:
            self._begun[n] = told["name"], told["facts"]
        elif "done" in told:
            name, facts = self._begun.pop(n)
            self._add(n, facts)
            self.said[f"{name} acknowledged"] += 1
        elif "failed" in told:
            del self._begun[n]
            self.said[f"refused: {told['failed']}"] += 1
        elif "unsure" in told:
            self.said["not certain"] += 1
        elif "kept" in told:
            self.said[told["kept"]] += 1

    def _add(self, n: int, facts: Facts) -> None:
        for key, value in facts.items():
            if self._last.get(key, 0) < n:
                self._last[key] = n
                self.facts[key] = value

    def compare(self, actual: Facts, when: str) -> None:
        """Note what is lost, half there or there without a reason. From here on the store is
        right."""
        for n, (name, facts) in sorted(self._begun.items()):
            fresh = {key: value for key, value in facts.items() if self._last.get(key, 0) < n}
            if all(actual.get(key) == value for key, value in fresh.items()):
                self._add(n, fresh)
                self.said["in hand, and there"] += 1
            elif all(actual.get(key) == self.facts.get(key) for key in fresh):
                self.said["in hand, and not there"] += 1
            else:
                there = {key: actual.get(key) for key in fresh}
                self.findings.append(
                    f"{when}: {name} {n} is half there: {_short(there)}, not {_short(fresh)}"
                )
                self._add(n, there)
        self._begun.clear()
        for key in sorted(self.facts.keys() | actual.keys()):
            expected, found = self.facts.get(key), actual.get(key)
            if expected != found:
                self.findings.append(
                    f"{when}: {key} is {_short(found)}, and was told to be {_short(expected)}"
                )
        self.facts = dict(actual)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 400 else f"{text[:200]} … {text[-200:]}"
