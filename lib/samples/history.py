"""The year the sample practices have lived: every step is the ordinary verb, at its own time."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from lib import charges, documents, notes, tasks, workflow
from lib.intake import imports as intake
from lib.models import DocumentDetails, DocumentStatus, Person, Role, Task, TaskType
from lib.samples import charge_edits, sample_documents, working_hours, x12
from lib.samples.claim_scenario import SEED, SampleClaim, claims
from lib.samples.files import SampleFile
from lib.samples.value_lists import Conversation, Request, SamplePractice, SampleProvider, read
from lib.store.database import Connection

Step = Callable[[datetime], None]

USUAL_DAYS = 8.0  # median from the start of a task to its end
FORGOTTEN = 0.06  # of tasks that nobody finishes
QUESTIONS = 0.3  # of tasks on which somebody asks
OVERTURNED = 0.7  # of denied claims whose task was completed
REOPENED = 0.05  # of completed tasks


@dataclass
class Year:
    """What happens in one practice, in the order of time."""

    con: Connection
    practice: SamplePractice
    practice_id: int
    people: Mapping[str, Person]  # by name
    now: datetime
    chance: Random = field(init=False)
    steps: list[tuple[datetime, int, Step]] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.chance = Random(f"{SEED} year {self.practice.key} {self.now.date()}")
        roles = [(person, person.role_in(self.practice_id)) for person in self.people.values()]
        self.manager = next(p for p, role in roles if role is Role.MANAGER)
        self.biller = next(p for p, role in roles if role is Role.BILLER)
        self.workers = [p for p, role in roles if role in (Role.MANAGER, Role.STAFF)]
        providers = read("providers", SampleProvider)
        self.billing = next(
            p for p in providers if (p.practice, p.role) == (self.practice.key, "billing")
        )
        self.claims = {each.number: each for each in claims(self.practice, self.now.date())}
        self.providers = [p for p in providers if p.practice == self.practice.key]

    def plan(self, at: datetime, step: Step) -> None:
        """Plan a step for that time; one that would lie in the future is left out."""
        if at < self.now:
            self.count += 1
            heapq.heappush(self.steps, (at, self.count, step))

    def later(self, than: datetime, most: float, step: Step, *, least: float = 0.0) -> None:
        """Plan a step for a working hour, `least` to `most` days on."""
        days = self.chance.uniform(least, most)
        self.plan(working_hours.later(than, days, self.practice.timezone, self.chance), step)

    def live(self) -> None:
        """Let everything happen up to now."""
        while self.steps:
            at, _, step = heapq.heappop(self.steps)
            step(at)

    def token(self) -> str:
        """Return the next form token."""
        self.count += 1
        return f"sample {self.practice.key} {self.count}"

    def receive(self, file: SampleFile) -> Step:
        """Import a file, so that its denials become tasks to work on."""

        def step(at: datetime) -> None:
            report = intake.apply(
                self.con, file.name, file.content, actor=None, practice_id=self.practice_id, now=at
            )
            if report.refused or report.quarantined:
                raise RuntimeError(f"{file.name}: {report.refused or report.warnings}")
            new = self.con.rows(
                "SELECT id FROM task WHERE practice_id = $id AND created_at = $at ORDER BY id",
                id=self.practice_id,
                at=at,
            )
            for (task_id,) in new:
                self.take_up(task_id, at)

        return step

    def ask_by_hand(self, request: Request) -> Step:
        """Let the biller type a task about a recent charge, or a patient where a card is wanted."""

        def step(at: datetime) -> None:
            recent = self.con.rows(
                """
                SELECT id, patient_id FROM charge
                WHERE practice_id = $id AND created_at > $since ORDER BY id
                """,
                id=self.practice_id,
                since=at - timedelta(days=60),
            )
            charge_id, patient_id = self.chance.choice(recent)
            about_patient = request.document_label == "Insurance card"
            task_id = tasks.create(
                self.con,
                practice_id=self.practice_id,
                type=request.type,
                title=request.title,
                instructions=request.instructions,
                charge_id=None if about_patient else charge_id,
                patient_id=patient_id,
                document_label=request.document_label or None,
                token=self.token(),
                actor=self.biller,
                now=at,
            )
            self.take_up(task_id, at)

        return step

    def take_up(self, task_id: int, at: datetime) -> None:
        """Plan who takes the task, and when; some of the newest stay with nobody."""
        worker = self.chance.choice(self.workers)
        age = (self.now - at) / timedelta(days=1)
        if (age < 45 and self.chance.random() < 0.4) or self.chance.random() < 0.01:
            return
        if self.chance.random() < 0.5 and worker is not self.manager:
            self.later(at, 4, lambda then: self.assign(task_id, worker, then))
        else:
            self.later(at, 8, lambda then: self.start(task_id, worker, then))

    def assign(self, task_id: int, worker: Person, at: datetime) -> None:
        """Assign the task to the worker, where nobody has it."""
        workflow.assign(self.con, task_id, to=worker.id, seen=None, actor=self.manager, now=at)
        if self.chance.random() > FORGOTTEN:
            self.later(at, 10, lambda then: self.start(task_id, worker, then), least=0.5)

    def start(self, task_id: int, worker: Person, at: datetime) -> None:
        """Start the task as the worker."""
        workflow.start(self.con, task_id, actor=worker, now=at)
        task = tasks.get(self.con, task_id, actor=worker)
        if self.chance.random() < QUESTIONS:
            self.ask(task, worker, at)
        elif self.chance.random() > FORGOTTEN:
            self.finish_later(task, worker, at)

    def ask(self, task: Task, worker: Person, at: datetime) -> None:
        """Ask the biller, who mostly answers within days; then the work goes on."""
        talk = self.chance.choice(
            [c for c in read("conversations", Conversation) if c.type is task.type]
        )

        def ask(then: datetime) -> None:
            notes.ask(self.con, task.id, talk.question, token=self.token(), actor=worker, now=then)
            if self.chance.random() > 2 * FORGOTTEN:
                self.later(then, 12, answer, least=0.5)

        def answer(then: datetime) -> None:
            notes.answer(
                self.con, task.id, talk.answer, token=self.token(), actor=self.biller, now=then
            )
            self.finish_later(task, worker, then)

        self.later(at, 0.5, ask)

    def finish_later(self, task: Task, worker: Person, at: datetime) -> None:
        """Plan the completion of the task for a later working hour."""
        days = USUAL_DAYS * math.exp(self.chance.gauss(0, 0.8))
        finish = self.send_document if task.type is TaskType.DOCUMENTS else self.correct
        self.later(at, days, lambda then: finish(task, worker, then), least=days)

    def correct(self, task: Task, worker: Person, at: datetime) -> None:
        """Save and Complete, with a note to the biller half of the time."""
        if task.charge_id is None:
            raise RuntimeError(f"task {task.id} is about no charge")
        opened = charges.get(self.con, task.charge_id, actor=worker)
        talk = self.chance.choice(
            [c for c in read("conversations", Conversation) if c.type is task.type]
        )
        charges.save_and_complete(
            self.con,
            task.id,
            charge_edits.correct(opened, task.type, self.providers, self.chance),
            opened=opened,
            note=talk.note if self.chance.random() < 0.5 else "",
            token=self.token(),
            actor=worker,
            now=at,
        )
        self.perhaps_pay(task, at)
        self.perhaps_reopen(task, worker, at)

    def perhaps_pay(self, task: Task, at: datetime) -> None:
        """Let the payer pay most of the claims it had denied, weeks after they were corrected."""
        claim = self.claims.get(task.claim_number)
        chance = Random(f"{SEED} paid {task.claim_number}")
        if claim is None or claim.denial is None or chance.random() > OVERTURNED:
            return
        then = working_hours.morning((at + timedelta(days=chance.randint(12, 40))).date(),
                             self.practice.timezone)  # fmt: skip
        self.plan(then, lambda moment: self.pay(claim, moment))

    def pay(self, claim: SampleClaim, at: datetime) -> None:
        """Import a remittance over one claim that was denied before, once."""
        held = self.con.value(
            "SELECT count(*) FROM claim_answer WHERE claim_number = $number AND paid > 0",
            number=claim.number,
        )
        if held:
            return
        self.count += 1
        content = x12.remittance_file(
            self.practice, self.billing, [replace(claim, denial=None, answered_on=at.date())],
            day=at.date(), control=100_000 + self.count,
        )  # fmt: skip
        name = f"{self.practice.key}-{at:%Y-%m-%d}-{claim.number}.835"
        intake.apply(self.con, name, content, actor=None, practice_id=self.practice_id, now=at)

    def send_document(self, task: Task, worker: Person, at: datetime) -> None:
        """Upload and Complete, or Attach and Complete with what was saved before."""
        label = task.document_label or "Medical records"
        letter = sample_documents.write(
            self.practice, label, task.patient_name, task.payer_name, at, self.chance
        )
        if self.chance.random() < 0.6:
            documents.upload_and_complete(
                self.con,
                task.id,
                letter.content,
                letter.file_name,
                details=DocumentDetails(letter.name, letter.label, DocumentStatus.NEW, letter.day),
                token=self.token(),
                actor=worker,
                now=at,
            )
        else:
            document_id = self.keep(letter, task.patient_id, worker, at)
            documents.attach_and_complete(
                self.con, task.id, document_id, token=self.token(), actor=worker, now=at
            )

    def file_letter(self, label: str) -> Step:
        """Save a document that nobody asked for."""

        def step(at: datetime) -> None:
            patient_id, patient, payer = self.chance.choice(
                self.con.rows(
                    """
                    SELECT patient.id, patient.last_name || ', ' || patient.first_name, payer.name
                    FROM charge
                    JOIN patient ON patient.id = charge.patient_id
                    JOIN payer ON payer.id = charge.payer_id
                    WHERE charge.practice_id = $id ORDER BY charge.id
                    """,
                    id=self.practice_id,
                )
            )
            letter = sample_documents.write(self.practice, label, patient, payer, at, self.chance)
            self.keep(letter, patient_id, self.chance.choice(self.workers), at)

        return step

    def keep(
        self, letter: sample_documents.Letter, patient_id: int | None, worker: Person, at: datetime
    ) -> int:
        """Save a document that came in the mail."""
        return documents.upload(
            self.con,
            letter.content,
            letter.file_name,
            practice_id=self.practice_id,
            details=DocumentDetails(
                letter.name,
                letter.label,
                self.chance.choice(list(DocumentStatus)),
                letter.day,
                self.chance.choice(("", "", "Came by fax.", "Scanned at the front desk.")),
            ),
            patient_id=patient_id,
            token=self.token(),
            actor=worker,
            now=at,
        )

    def perhaps_reopen(self, task: Task, worker: Person, at: datetime) -> None:
        """Let the biller find that the answer does not help: the task is done once more, or
        waits."""

        def reopen(then: datetime) -> None:
            reason = "The payer still rejects the claim. Please check once more."
            workflow.reopen(self.con, task.id, reason=reason, actor=self.biller, now=then)
            if self.chance.random() < 0.7:
                self.finish_later(task, worker, then)

        if self.chance.random() < REOPENED:
            self.later(at, 9, reopen, least=2)
