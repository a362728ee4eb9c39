"""Find tasks whose charge contradicts the message that made them: in stores filled before claims
were told apart by more than their number, and wherever a person chose against the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lib import access
from lib.access import Verb
from lib.errors import NoSuchPractice, RefusedFile
from lib.intake.files import parsed_file
from lib.intake.files.source_archive import SourceFileProblem, kept
from lib.intake.matching import claim_matcher, known_charges, task_claim_facts
from lib.intake.matching.claim_facts import ClaimFacts
from lib.intake.matching.claim_matcher import Fact, Outcome
from lib.intake.matching.known_charges import numbers
from lib.models import Person
from lib.store.database import Connection, transaction
from lib.store.files import INTAKE

BATCH = 2000  # tasks in memory at once


@dataclass(frozen=True, slots=True)
class Doubt:
    """A task whose charge disagrees with its message."""

    task_id: int
    title: str
    facts: tuple[Fact, ...]  # those that contradict each other, or lost letters


@dataclass(frozen=True, slots=True)
class Review:
    """The result of a check."""

    checked: int
    unread: int  # tasks whose file can no longer be read
    doubts: tuple[Doubt, ...]


def review(con: Connection, practice_id: int, *, actor: Person | None) -> Review:
    """Compare the charge of every pending task of the practice with what its message says.

    What older stores did not keep of a message is read from its file and stored; nothing else
    changes. A charge that a person chose is never doubted. `actor` is None on the command line.
    """
    if actor:
        access.require(actor, Verb.IMPORT, practice_id, NoSuchPractice())
    _keep_missing(con, practice_id)
    checked, unread, doubts = 0, 0, []
    for rows in _batches(con, practice_id):
        facts = task_claim_facts.kept_facts(con, [row[0] for row in rows])
        charge_ids = sorted({row[1] for row in rows})
        held = {each.charge_id: each for _, each in known_charges.known(con, charge_ids)}
        for task_id, charge_id, title in rows:
            if task_id not in facts:
                unread += 1
                continue
            checked += 1
            comparison = claim_matcher.compare(facts[task_id], held[charge_id])
            if comparison.doubts:
                doubts.append(Doubt(task_id, title, comparison.doubts))
    return Review(checked, unread, tuple(doubts))


def facts_of_tasks(con: Connection, task_ids: Sequence[int]) -> dict[int, ClaimFacts]:
    """Return what the messages of tasks say about their claims, read from the files where it was
    not stored. A task whose message says nothing about a claim is left out."""
    found = task_claim_facts.kept_facts(con, task_ids)
    missing = [task_id for task_id in task_ids if task_id not in found]
    return found | dict(_read(con, missing))


def _batches(con: Connection, practice_id: int) -> Iterator[list[tuple[int, int, str]]]:
    last = 0
    while True:
        rows = con.rows(
            """
            SELECT id, charge_id, title FROM task
            WHERE practice_id = $practice_id AND is_open AND charge_id IS NOT NULL
              AND intake_file_id IS NOT NULL AND id > $last
              AND NOT EXISTS (SELECT 1 FROM charge_choice
                              WHERE charge_choice.task_id = task.id
                                AND charge_choice.charge_id = task.charge_id)
            ORDER BY id LIMIT $size
            """,
            practice_id=practice_id,
            last=last,
            size=BATCH,
        )
        if not rows:
            return
        yield [(row[0], row[1], row[2]) for row in rows]
        last = rows[-1][0]


def _keep_missing(con: Connection, practice_id: int) -> None:
    """Store what the messages of older tasks say, read from their files."""
    ids = [
        row[0]
        for row in con.rows(
            """
            SELECT id FROM task
            WHERE practice_id = $practice_id AND is_open AND intake_file_id IS NOT NULL
              AND charge_id IS NOT NULL AND id NOT IN (SELECT task_id FROM task_claim)
            """,
            practice_id=practice_id,
        )
    ]
    found = [
        task_claim_facts.row_of(task_id, practice_id, facts, Outcome.MATCHED)
        for task_id, facts in _read(con, ids)
    ]
    if not found:
        return
    with transaction(con):
        known = {row[0] for row in con.rows("SELECT task_id FROM task_claim")}
        con.insert("task_claim", [row for row in found if row["task_id"] not in known])


def _read(con: Connection, task_ids: Sequence[int]) -> Iterator[tuple[int, ClaimFacts]]:
    """Yield what the messages of these tasks say, one file after another."""
    if not task_ids:
        return
    wanted: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for task_id, sha256, number in con.rows(
        """
        SELECT task.id, sha256, segment_number
        FROM task JOIN intake_file ON intake_file.id = intake_file_id
        WHERE task.id IN (SELECT unnest($ids::BIGINT[])) AND segment_number IS NOT NULL
        """,
        ids=list(task_ids),
    ):
        wanted[sha256][number].append(task_id)
    for sha256, by_number in wanted.items():
        try:
            kept(con.store, sha256, sha256)
            said = parsed_file.read(sha256, con.store.files.read(INTAKE, sha256))
        except (RefusedFile, SourceFileProblem, OSError):
            continue  # a table read by its own mapping, or a file damaged since
        for number, facts in _facts(said):
            for task_id in by_number.get(number, ()) if numbers(facts) else ():
                yield task_id, facts


def _facts(said: parsed_file.FileContent) -> Iterable[tuple[int, ClaimFacts]]:
    yield from ((each.segment_number, each.facts) for each in said.answers)
    yield from ((each.segment_number, each.about) for each in said.requests)
