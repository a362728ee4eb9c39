"""Where a task or a charge comes from: which file, which segment, when, and its text."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from lib import charge_form, charges, tasks, us_formats
from lib.intake.files.source_archive import SourceFileProblem, kept, segments
from lib.intake.files.source_file import SourceFile
from lib.intake.x12 import field_sources
from lib.models import Charge, Person
from lib.store.database import Connection, utc

LOOP = {  # segments at which a displayed loop ends
    "CLM", "HL", "CLP", "TRN", "ST", "SE", "GE", "IEA", "LX", "PLB",
}  # fmt: skip
LONGEST_CLAIM = 2000  # segments: fifty service lines with forty each
MOST = 30  # segments shown of one loop


@dataclass(frozen=True, slots=True)
class Provenance:
    """One place in one file. `segment` is empty if the file is no X12, or has a `problem`."""

    file_name: str
    sha256: str
    segment_number: int  # counted from 1; in FHIR the resource, in a table the row
    imported_at: datetime
    what: str  # "It was asked for", "A later answer" …
    segment: str  # the raw segment
    loop: str  # that segment and what belongs to it, a line each
    problem: SourceFileProblem | None = None  # why its text cannot be shown


def of_task(
    con: Connection, task_id: int, actor: Person, *, is_opened: bool = True
) -> list[Provenance]:
    """Return every place in a file that made the task or answered it again, the first one first.

    Empty for a task made by hand. The text is read only if `is_opened`: in a large file that takes
    a second. Raises NoSuchTask, for another practice's task too.
    """
    tasks.require_seen(con, task_id, actor=actor)
    return _read(
        con,
        """
        SELECT name, sha256, segment_number, imported_at, what FROM (
            SELECT 0 AS place, intake_file_id, segment_number, 'The request' AS what
            FROM task WHERE id = $id
            UNION ALL
            SELECT task_answer.id, intake_file_id, segment_number, 'A later answer'
            FROM task_answer WHERE task_id = $id
        ) AS said
        JOIN intake_file ON intake_file.id = intake_file_id
        WHERE segment_number IS NOT NULL
        ORDER BY place
        """,
        task_id,
        is_opened=is_opened,
    )


def of_charge(
    con: Connection, charge_id: int, actor: Person, *, is_opened: bool = True
) -> list[Provenance]:
    """Return the claim that made the charge and those that changed it, the first one first.

    The text is read only if `is_opened`. Raises NoSuchCharge, for another practice's charge too.
    """
    charges.get(con, charge_id, actor=actor)
    return _read(
        con,
        """
        SELECT name, sha256, segment_number, imported_at, what FROM (
            SELECT 0 AS place, intake_file_id, segment_number, 'The claim' AS what
            FROM charge WHERE id = $id
            UNION ALL
            SELECT id, intake_file_id, segment_number,
                   CASE frequency WHEN '7' THEN 'A claim that replaces it'
                                  WHEN '8' THEN 'A claim that voids it'
                                  ELSE 'The claim before it' END
            FROM charge_arrival WHERE charge_id = $id
        ) AS said
        JOIN intake_file ON intake_file.id = intake_file_id
        WHERE segment_number IS NOT NULL
        ORDER BY place
        """,
        charge_id,
        is_opened=is_opened,
    )


@dataclass(frozen=True, slots=True)
class FieldOrigin:
    """Where one field of a charge comes from: a segment of a file, or a person."""

    label: str  # as the Edit Charge window says it
    value: str
    file_name: str = ""  # empty if somebody changed the field by hand
    segment_number: int = 0
    segment: str = ""  # the raw segment
    changed_by: str = ""
    said_at: datetime | None = None  # imported or changed


def of_fields(con: Connection, charge_id: int, actor: Person) -> list[FieldOrigin]:
    """Return for every filled field of the charge its segment, or who changed it by hand.

    Reads the file from its beginning, which takes a second for a large one. Raises NoSuchCharge.
    """
    charge = charges.get(con, charge_id, actor=actor)
    claim = _claim_of(con, charge_id)
    spots: dict[str, field_sources.Place] = {}
    if claim:
        with suppress(SourceFileProblem):  # its place says so
            raw = kept(con.store, claim.name, claim.sha256)
            if raw.is_interchange:
                last = claim.segment_number + LONGEST_CLAIM
                spots = field_sources.places(segments(raw, 1, last), claim.segment_number)
    by_hand = {
        charge_form.FORMER_LABELS.get(field, field): (who, when)
        for field, who, when in con.rows(
            """
            SELECT field, coalesce(person.name, 'Somebody'), happened_at
            FROM event LEFT JOIN person ON person.id = actor_id
            WHERE charge_id = $id AND kind = 'changed' ORDER BY event.id
            """,
            id=charge_id,
        )
    }
    found = []
    for key, label, value in [*_whose(con, charge), *_said(charge)]:
        who, when = by_hand.get(label, ("", None))
        if who:
            found.append(FieldOrigin(label, value, changed_by=who, said_at=utc(when)))
        elif value and claim and key in spots:
            number, text = spots[key]
            found.append(
                FieldOrigin(label, value, claim.name, number, text, said_at=claim.imported_at)
            )
    return found


def _claim_of(con: Connection, charge_id: int) -> _Place | None:
    """Return the claim whose content the charge has: the last that replaced it, else the first."""
    found = con.records(
        _Place,
        """
        SELECT name, sha256, segment_number, imported_at, what FROM (
            SELECT 0 AS place, intake_file_id, segment_number, 'The claim' AS what
            FROM charge WHERE id = $id
            UNION ALL
            SELECT charge_arrival.id, intake_file_id, segment_number, 'A claim that replaces it'
            FROM charge_arrival
            WHERE charge_id = $id AND frequency = '7' AND EXISTS (
                SELECT 1 FROM event
                WHERE event.charge_id = $id AND event.kind = 'replaced'
                  AND event.happened_at = arrived_at
            )
        ) AS said
        JOIN intake_file ON intake_file.id = intake_file_id
        WHERE segment_number IS NOT NULL
        ORDER BY place DESC LIMIT 1
        """,
        id=charge_id,
    )
    return found[0] if found else None


def _whose(con: Connection, charge: Charge) -> list[tuple[str, str, str]]:
    """Return patient and payer as (key, label, value)."""
    last, first, birth_date = con.rows(
        "SELECT last_name, first_name, birth_date FROM patient WHERE id = $id", id=charge.patient_id
    )[0]
    return [
        ("patient_name", "Patient", ", ".join(part for part in (last, first) if part)),
        ("birth_date", "Date of birth", us_formats.show(birth_date)),
        (
            "payer_name",
            "Payer",
            con.value("SELECT name FROM payer WHERE id = $id", id=charge.payer_id),
        ),
    ]


def _said(charge: Charge) -> list[tuple[str, str, str]]:
    """Return each field as (key, label, value); the labels are those of its history."""
    said = [("claim_number", "Claim number", charge.claim_number)]
    said += [
        (name, label, us_formats.show(getattr(charge, name)))
        for name, label in charge_form.FIELD_LABELS.items()
        if name != "payer"  # said by `_whose`
    ]
    said.append(("diagnoses", "Diagnoses", " ".join(charge.diagnoses)))
    said += [
        (f"line {at}", f"Service line {at}", charges.show_line(line))
        for at, line in enumerate(charge.lines, 1)
    ]
    return said


def _read(con: Connection, sql: str, id_: int, *, is_opened: bool) -> list[Provenance]:
    return [_place(con, row, is_opened=is_opened) for row in con.records(_Place, sql, id=id_)]


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    sha256: str
    segment_number: int
    imported_at: datetime
    what: str


def _place(con: Connection, place: _Place, *, is_opened: bool) -> Provenance:
    loop: list[str] = []
    problem = None
    if is_opened:
        try:
            loop = _loop(kept(con.store, place.name, place.sha256), place.segment_number)
        except SourceFileProblem as found:
            problem = found
    return Provenance(
        file_name=place.name,
        sha256=place.sha256,
        segment_number=place.segment_number,
        imported_at=place.imported_at,
        what=place.what,
        segment=loop[0] if loop else "",
        loop="\n".join(loop),
        problem=problem,
    )


def _loop(raw: SourceFile, first: int) -> list[str]:
    loop: list[str] = []
    for text in segments(raw, first, first + MOST) if raw.is_interchange else ():
        name = "".join(letter for letter in text[:3] if letter.isalnum())
        if loop and name in LOOP - ({"LX"} if loop[0].startswith("CLM") else set()):
            break
        loop.append(text)
    return loop
