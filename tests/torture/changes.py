"""Random changes that people make, and what each of them leaves in the store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any

from lib import audit_log, charges, documents, drafts, notes, task_documents, tasks, workflow
from lib.audit_log import Activity, Line
from lib.drafts import Form
from lib.intake import imports
from lib.models import Person, Status, Task, TaskType
from lib.store.database import Connection
from tests.given import ABOUT, pdf
from tests.torture.contents import Facts
from tests.x12_texts import answer, claim, file_835, file_837


@dataclass(frozen=True, slots=True)
class Change:
    """One call of a verb: what it is called, the facts it makes true together, and the call."""

    name: str
    facts: Facts
    do: Callable[[], object]


class Hand:
    """Somebody who works on tasks that nobody else of the load works on."""

    def __init__(
        self, con: Connection, random: Random, actor: Person, biller: Person, ids: list[int]
    ) -> None:
        self.con, self.random, self.actor, self.biller, self.ids = con, random, actor, biller, ids

    def next(self, n: int, now: datetime) -> Change:
        """Return a change that is possible now; `n` names what it writes."""
        task = tasks.get(self.con, self.random.choice(self.ids), actor=self.actor)
        with_care: dict[str, Any] = {"actor": self.actor, "now": now}
        if task.status is Status.COMPLETED:
            return Change(
                "reopen",
                self._state(task, Status.IN_PROGRESS, turn="practice")
                | {f"events {n}": ["reopened"]},
                lambda: workflow.reopen(self.con, task.id, reason="Again", **with_care),
            )
        choices = [self._ask, self._comment, self._from_biller]
        if task.turn == "biller":
            choices.append(self._answer)
        if task.status is Status.OPEN:
            choices += [self._start] * 4 + [self._assign]
        else:
            choices += [self._give_back, self._upload]
            by_kind = {
                TaskType.DOCUMENTS: [self._attach, self._attach_and_complete] * 2,
                TaskType.CODING: [self._save, self._save_and_complete, self._type] * 2,
            }
            choices += by_kind.get(task.type, [self._complete, self._type])
        return self.random.choice(choices)(task, n, with_care)

    def _state(
        self, task: Task, status: Status, *, assignee: int | None = -1, turn: str = ""
    ) -> Facts:
        who = task.assignee_id if assignee == -1 else assignee
        return {f"task {task.id}": [status.value, who, turn or str(task.turn)]}

    def _start(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        given = [] if task.assignee_id else ["assigned"]
        return Change(
            "start",
            self._state(task, Status.IN_PROGRESS, assignee=self.actor.id)
            | {f"events {n}": [*given, "started"]},
            lambda: workflow.start(self.con, task.id, **with_care),
        )

    def _assign(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        kinds = {} if task.assignee_id else {f"events {n}": ["assigned"]}
        return Change(
            "assign",
            self._state(task, task.status, assignee=self.actor.id) | kinds,
            lambda: workflow.assign(
                self.con, task.id, to=self.actor.id, seen=task.assignee_id, **with_care
            ),
        )

    def _give_back(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        return Change(
            "give back",
            self._state(task, Status.OPEN, assignee=None)
            | {f"events {n}": ["assigned", "given back"]},
            lambda: workflow.assign(self.con, task.id, to=None, seen=task.assignee_id, **with_care),
        )

    def _ask(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        given = [] if task.assignee_id else ["assigned"]
        return Change(
            "ask",
            self._state(
                task, task.status, assignee=task.assignee_id or self.actor.id, turn="biller"
            )
            | self._note(task, n, "question", [*sorted(["asked", *given])]),
            lambda: notes.ask(self.con, task.id, f"note {n}", token=f"form {n}", **with_care),
        )

    def _comment(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        return Change(
            "comment",
            self._note(task, n, "question", ["commented"]),
            lambda: notes.comment(self.con, task.id, f"note {n}", token=f"form {n}", **with_care),
        )

    def _answer(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        with_care = with_care | {"actor": self.biller}
        return Change(
            "answer",
            self._state(task, task.status, turn="practice")
            | self._note(task, n, "question", ["answered"]),
            lambda: notes.answer(self.con, task.id, f"note {n}", token=f"form {n}", **with_care),
        )

    def _from_biller(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        with_care = with_care | {"actor": self.biller}
        return Change(
            "note",
            self._note(task, n, "from_biller", ["noted from the biller"]),
            lambda: notes.write_from_biller(
                self.con, task.id, f"note {n}", token=f"form {n}", **with_care
            ),
        )

    def _type(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        form = Form.CHARGE if task.charge_id else Form.NOTE
        typed = {"note": f"typed {n}", "lines": "x" * self.random.randrange(20_000)}
        return Change(
            "draft",
            {f"draft {task.id} {self.actor.id} {form}": json.dumps(typed)},
            lambda: drafts.keep(self.con, task.id, typed, form=form, **with_care),
        )

    def _complete(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        return Change(
            "complete",
            self._completed(task, n, ["completed", "noted to the biller"])
            | self._note(task, n, "to_biller"),
            lambda: workflow.complete(
                self.con, task.id, note=f"note {n}", token=f"form {n}", **with_care
            ),
        )

    def _save(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        return self._edit("save", charges.save, task, n, with_care)

    def _save_and_complete(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        return self._edit("save and complete", charges.save_and_complete, task, n, with_care)

    def _edit(
        self, name: str, verb: Callable[..., object], task: Task, n: int, with_care: dict[str, Any]
    ) -> Change:
        assert task.charge_id is not None
        charge = charges.get(self.con, task.charge_id, actor=self.actor)
        new = replace(charge, member_id=f"W-{n}")
        facts: Facts = {f"charge {charge.id}": [new.member_id, charge.version + 1]}
        kinds = ["changed", "noted to the biller"]
        if verb is charges.save:
            facts[f"events {n}"] = kinds
        else:
            facts |= self._completed(task, n, sorted(["completed", *kinds]))
        return Change(
            name,
            facts | self._note(task, n, "to_biller"),
            lambda: verb(
                self.con, task.id, new, opened=charge, note=f"note {n}", token=f"form {n}",
                **with_care,
            ),
        )  # fmt: skip

    def _upload(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        content = self._content(n)
        return Change(
            "upload",
            self._document(content) | {f"form {n}": 1, f"events {n}": ["uploaded"]},
            lambda: documents.upload(
                self.con, content, "scan.pdf", practice_id=task.practice_id, details=ABOUT,
                patient_id=None, token=f"form {n}", **with_care,
            ),
        )  # fmt: skip

    def _attach(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        content = self._content(n)
        return Change(
            "upload and attach",
            self._document(content, task)
            | {f"form {n}": 1, f"events {n}": ["attached", "uploaded"]},
            lambda: task_documents.upload_and_attach(
                self.con, task.id, content, "scan.pdf", details=ABOUT, token=f"form {n}",
                **with_care,
            ),
        )  # fmt: skip

    def _attach_and_complete(self, task: Task, n: int, with_care: dict[str, Any]) -> Change:
        content = self._content(n)
        return Change(
            "upload and complete",
            self._document(content, task)
            | self._completed(task, n, ["attached", "completed", "uploaded"])
            | {f"form {n}": 1},
            lambda: documents.upload_and_complete(
                self.con, task.id, content, "scan.pdf", details=ABOUT, token=f"form {n}",
                **with_care,
            ),
        )  # fmt: skip

    def _completed(self, task: Task, n: int, kinds: list[str]) -> Facts:
        """Return what a completion leaves; what was typed into its forms goes."""
        gone = {f"draft {task.id} {self.actor.id} {form}": None for form in ("charge", "note")}
        return self._state(task, Status.COMPLETED, turn="biller") | gone | {f"events {n}": kinds}

    def _note(self, task: Task, n: int, channel: str, kinds: list[str] | None = None) -> Facts:
        found: Facts = {f"note {n}": [[task.id, channel]], f"form {n}": 1}
        return found | ({f"events {n}": kinds} if kinds else {})

    def _content(self, n: int) -> bytes:
        return pdf(f"{n} " + "x" * self.random.choice([100, 10_000, 300_000]))

    def _document(self, content: bytes, task: Task | None = None) -> Facts:
        sha256 = hashlib.sha256(content).hexdigest()
        found: Facts = {f"document {sha256}": [True]}
        return found | ({f"attachment {sha256}": [task.id]} if task else {})


class Importer:
    """Somebody who brings in files of claims, each followed by the denials of all its claims."""

    def __init__(self, con: Connection, random: Random, actor: Person, practice: int) -> None:
        self.con, self.random, self.actor, self.practice = con, random, actor, practice
        self._filed = ("", 0)  # the claims that no answer has come for

    def next(self, n: int, now: datetime) -> Change:
        """Return the import of a file, or a line of the record."""
        if self.random.random() < 0.2:
            line = Line(Activity.SIGNED_OUT, now, self.actor.id)
            return Change(
                "line", {f"line {n}": ["signed out"]}, lambda: audit_log.record(self.con, line)
            )
        name, count = self._filed
        if count:
            self._filed = ("", 0)
            content = file_835(*(answer(f"{name}-{i}") for i in range(count)), control=f"{n:09}")
            made: Facts = {f"tasks {name}": count, f"created {name}": [count, 1]}
        else:
            name, count = f"F{n}", self.random.choice([1, 2, 3, 5, 8, 150])
            content = file_837(*(claim(f"{name}-{i}") for i in range(count)), control=f"{n:09}")
            made = {f"charges {name}": count, f"imported {name}": [count, 1]}

        def bring() -> None:
            report = imports.apply(
                self.con, f"{n}.x12", content, actor=self.actor, practice_id=self.practice, now=now
            )
            assert not report.refused, report.refused
            if not report.already_imported and report.charges_new:
                self._filed = (name, count)

        sha256 = hashlib.sha256(content).hexdigest()
        is_claims = f"charges {name}" in made
        counts = [count, 0] if is_claims else [0, count]
        made[f"file {sha256}"] = [*counts, True]
        return Change("import", made, bring)
