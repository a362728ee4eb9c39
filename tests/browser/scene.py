"""Two practices with a queue to walk through, written before the server starts.

Ana manages Northside and Ben works there; Dora bills for it. Carla manages Southside. Claims and
denials are imported, a few more tasks are written by Dora. Southside has no task. Rita belongs to
both. Wanda manages Westside, where every text is an attempt to be more than text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Locator

from lib import charges, documents, notes, people, tasks, workflow
from lib.intake import imports
from lib.models import DocumentDetails, DocumentStatus, Person, Role, TaskType
from lib.samples import pdf
from lib.store.database import Connection
from tests.conftest import opened
from tests.server import Server
from tests.x12_texts import CLINIC, DOCTOR, answer, claims, envelope, remittance

CLAIMS = 160
FIRST_DENIED = 20  # the claims before it are for tasks written by hand
AGES = (3, 18, 45, 75, 120)  # days, each well within one of the ranges of the Age filter
PAYERS = ("PLAINS HEALTH", "PRAIRIE MUTUAL", "RIVER HEALTH PLAN")
LAST = ("GREEN", "HOLT", "IRVING", "JONES", "KELLER", "LARSEN", "MOORE", "NOLAN")
FIRST = ("EMMA", "FRANK", "GRACE", "HUGO", "IRIS", "JAMES", "KATE", "LEO", "MONA", "NED")
DENIALS = {  # the reason code of a denial that makes a task of this type
    TaskType.CODING: "4",
    TaskType.PATIENT: "7",
    TaskType.INSURANCE: "27",
    TaskType.AUTHORIZATION: "197",
    TaskType.PROVIDER: "8",
    TaskType.CHARGE: "110",
    TaskType.DOCUMENTS: "112",
}
KINDS = tuple(DENIALS)
IMAGE = "<img src=x onerror=document.title='broken-in'>"  # as a patient's last name
REMOTE = "![x](//elsewhere.example/x.png)"  # as a first name, and in every other text
# A person's name with everything that Streamlit's Markdown turns into more than text.
EVE = (
    "**Eve** www.evil.example https://evil.example/a_b eve@evil.example :material/check: "
    ":material_check: :smile: :red[r] [y](//evil.example) $a_b$ `c` -> <b> 1. ~~s~~ &amp; <- x"
)
ALREADY_WRONG = 7  # the claim that came in with a four-digit procedure code
OTHER_TOTAL = 14  # the claim that was filed with a total other than the sum of its lines


@dataclass(frozen=True, slots=True)
class Ticket:
    """A task as a test knows it."""

    id: int
    title: str
    claim: str
    patient: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is there, and which tasks and documents."""

    ana: Person
    ben: Person
    dora: Person
    carla: Person
    alan: Person  # an analyst of Northside
    untouched: dict[TaskType, list[Ticket]] = field(repr=False)
    already_wrong: Ticket
    other_total: Ticket
    not_held: list[Ticket]  # the practice does not have their claims
    completed: Ticket
    of_ben: Ticket  # Ben works on it
    shared_charge: tuple[Ticket, Ticket]  # two tasks about one charge
    documents: dict[str, int]  # Northside's, by file name
    wanda: Person
    rita: Person  # bills for Northside and administers Southside
    hostile: Ticket  # Westside's only task


@dataclass(slots=True)
class Scene:
    """A server, and what is in its store."""

    server: Server
    cast: Cast
    tokens: dict[int, str] = field(default_factory=dict, repr=False)

    def fresh(self, kind: TaskType) -> Ticket:
        """Return an open, unassigned task of that type that no other test uses."""
        return self.cast.untouched[kind].pop()

    def take(self, rows: Locator, place: int) -> Locator:
        """Return the row at that place of the list, or the first below it whose task no other test
        names; that task is left to this test, as `fresh` leaves others."""
        known = {each.id for tickets in self.cast.untouched.values() for each in tickets}
        rows.nth(place).wait_for()
        shown = rows.evaluate_all("(all) => all.map((one) => Number(one.dataset.record))")
        at = next(n for n in range(place, len(shown)) if shown[n] in known)
        for tickets in self.cast.untouched.values():
            tickets[:] = [each for each in tickets if each.id != shown[at]]
        return rows.nth(at)

    def token(self, person: Person) -> str:
        """Return the token of the person's session."""
        if person.id not in self.tokens:
            self.tokens[person.id] = self.server.sign_in(person.id)
        return self.tokens[person.id]


def seed(folder: Path, database: str = "") -> Cast:
    """Write both practices into a new store and close it again: in `folder`, or in the PostgreSQL
    database of that address."""
    store = opened(folder, database)
    try:
        return _Author(store.connection(), datetime.now(UTC)).write()
    finally:
        store.close()


def letter(title: str) -> bytes:
    """Return a small PDF of one page."""
    return pdf.page("Northside Clinic", title, ["The patient was seen and treated."])


class _Author:
    def __init__(self, con: Connection, now: datetime) -> None:
        self.con, self.now = con, now
        began = now - timedelta(days=300)
        self.north = people.add_practice(con, "Northside Clinic", now=began)
        self.south = people.add_practice(
            con, "Southside Clinic", timezone="Pacific/Honolulu", now=began
        )
        self.west = people.add_practice(con, "Westside Clinic", now=began)
        self.ana = self._person("Ana", self.north, Role.MANAGER)
        self.ben = self._person("Ben", self.north, Role.STAFF)
        self.dora = self._person("Dora", self.north, Role.BILLER)
        self.carla = self._person("Carla", self.south, Role.MANAGER)
        self.alan = self._person("Alan", self.north, Role.ANALYST)
        self.wanda = self._person("Wanda", self.west, Role.MANAGER)
        self._person(EVE, self.west, Role.STAFF)
        both = {self.north: Role.BILLER, self.south: Role.ADMINISTRATOR}
        self.rita = self._person("Rita", both)

    def write(self) -> Cast:
        self._bring("claims.txt", _claims(range(CLAIMS)), 130)
        for place, days in enumerate(AGES):
            denied = range(FIRST_DENIED + place, CLAIMS, len(AGES))
            self._bring(f"remittance-{days}.txt", self._remittance(denied, days), days)
        self._bring("south.txt", _claims(range(3)), 9, actor=self.carla)
        saved = {
            name: self._document(name, title, label, self.ana)
            for name, title, label in (
                ("scan-0001.pdf", "GREEN_EMMA_2025-01-13_OPERATIVE-REPORT", "Operative report"),
                ("scan-0002.pdf", "HOLT_FRANK_2025-01-13_REFERRAL", "Referral"),
                ("card-front.pdf", "JONES_HUGO_2025-01-13_INSURANCE-CARD", "Insurance card"),
                ("lab-77.pdf", "MOORE_KATE_2025-01-13_LAB-RESULTS", "Lab results"),
            )
        }
        self._document("south.pdf", "Letter of Southside", "Other", self.carla)
        cast = Cast(
            ana=self.ana,
            ben=self.ben,
            dora=self.dora,
            carla=self.carla,
            alan=self.alan,
            untouched=self._untouched(),
            already_wrong=self._by_hand("Check the codes", ALREADY_WRONG),
            other_total=self._by_hand("Check the total", OTHER_TOTAL),
            not_held=[self._not_held(claim) for claim in ("X900", "X901", "X902")],
            completed=self._by_hand("Send the modifier", 2),
            of_ben=self._by_hand("Name the referring provider", 3),
            shared_charge=(
                self._by_hand("Check the diagnosis", 1),
                self._by_hand("Check the member ID", 1),
            ),
            documents=saved,
            wanda=self.wanda,
            rita=self.rita,
            hostile=self._hostile(),
        )
        self._complete(cast.completed, days=1)
        for place in (4, 5, 6):
            self._complete(self._by_hand("Check the units", place), days=8)
        when = self.now - timedelta(days=1)
        workflow.start(self.con, cast.of_ben.id, actor=self.ben, now=when)
        waiting = self._by_hand("Which plan pays first?", 8)
        notes.ask(self.con, waiting.id, "Which card?", token="q", actor=self.ana, now=when)
        return cast

    def _person(
        self, name: str, practice: int | dict[int, Role], role: Role = Role.STAFF
    ) -> Person:
        roles = practice if isinstance(practice, dict) else {practice: role}
        person_id = people.add_person(
            self.con, name, f"{name.lower()}@example.com", roles, is_sample=True, now=self.now
        )
        found = people.person(self.con, person_id)
        assert found is not None
        return found

    def _bring(self, name: str, content: bytes, days: int, *, actor: Person | None = None) -> None:
        actor = actor or self.ana
        report = imports.apply(
            self.con, name, content, actor=actor, practice_id=actor.practice_ids[0],
            now=self.now - timedelta(days=days),
        )  # fmt: skip
        assert report.refused is None, report.refused

    def _remittance(self, places: range, days: int) -> bytes:
        """One denial a claim; amounts of 100 to 139 dollars, so that a filter can part them."""
        paid_on = f"{self.now - timedelta(days=days):%Y%m%d}"
        each_payers = [
            remittance(
                *(_denial(place) for place in places if place % 3 == which),
                paid_on=paid_on,
                payer=payer,
            )
            for which, payer in enumerate(PAYERS)
        ]
        return envelope(
            *each_payers, kind="835", version="005010X221A1", control=f"{days:09}"
        ).encode()

    def _untouched(self) -> dict[TaskType, list[Ticket]]:
        found: dict[TaskType, list[Ticket]] = {kind: [] for kind in KINDS}
        for kind, *ticket in self.con.rows(
            "SELECT type, id, title, claim_number, patient_name FROM task ORDER BY id"
        ):
            found[TaskType(kind)].append(Ticket(*ticket))
        return found

    def _not_held(self, claim: str) -> Ticket:
        denied = answer(claim, codes=("CAS*CO*29*100",))
        inside = remittance(denied)
        text = envelope(inside, kind="835", version="005010X221A1", control=f"000000{claim[1:]}")
        self._bring(f"remittance-{claim}.txt", text.encode(), 20)
        row = self.con.row(
            "SELECT id, title, claim_number, patient_name FROM task WHERE claim_number = $claim",
            claim=claim,
        )
        assert row is not None
        return Ticket(*row)

    def _by_hand(self, title: str, claim: int) -> Ticket:
        """Write a request from Dora about one claim, ten days ago."""
        number = f"N{claim:03}"
        task_id = tasks.create(
            self.con,
            practice_id=self.north,
            type=TaskType.CODING,
            title=title,
            instructions=f"The payer asks about claim {number}. {title} and tell us.",
            charge_id=self.con.value(
                "SELECT id FROM charge WHERE claim_number = $number AND practice_id = $north",
                number=number,
                north=self.north,
            ),
            token=f"seed-{title}-{claim}",
            actor=self.dora,
            now=self.now - timedelta(days=10),
        )
        return Ticket(task_id, title, number, f"{LAST[claim % 8]}, {FIRST[claim % 10]}")

    def _hostile(self) -> Ticket:
        """Write a document task, so that both windows and the document list show its texts."""
        who = [
            "HL*2*1*22*0",
            "SBR*P*18*******CI",
            f"NM1*IL*1*{IMAGE}*{REMOTE}****MI*{REMOTE}",
            "DMG*D8*19800229*F",
            f"NM1*PR*2*{IMAGE} {REMOTE}*****PI*P9",
        ]
        content = envelope(claims(_claim(900), before=who)).encode()
        self._bring("west.txt", content, 9, actor=self.wanda)
        row = self.con.row("SELECT id, patient_id FROM charge WHERE claim_number = 'N900'")
        assert row is not None
        task_id = tasks.create(
            self.con, practice_id=self.west, type=TaskType.DOCUMENTS, title=f"{IMAGE} {REMOTE}",
            instructions=f"{IMAGE} {REMOTE}", charge_id=row[0], token="hostile", actor=self.wanda,
            now=self.now,
        )  # fmt: skip
        notes.ask(
            self.con, task_id, f"{IMAGE} {REMOTE}", token="hostile-q", actor=self.wanda,
            now=self.now,
        )  # fmt: skip
        self._document("west.pdf", f"{IMAGE} {REMOTE}", "Other", self.wanda, patient=row[1])
        return Ticket(task_id, f"{IMAGE} {REMOTE}", "N900", f"{IMAGE}, {REMOTE}")

    def _complete(self, ticket: Ticket, *, days: int) -> None:
        when = self.now - timedelta(days=days)
        workflow.start(self.con, ticket.id, actor=self.ben, now=when)
        charge_id = self.con.value("SELECT charge_id FROM task WHERE id = $id", id=ticket.id)
        charge = charges.get(self.con, charge_id, actor=self.ben)
        charges.save_and_complete(
            self.con, ticket.id, charge, opened=charge, note="It is right.",
            token=f"done-{ticket.id}", actor=self.ben, now=when,
        )  # fmt: skip

    def _document(
        self, file_name: str, name: str, label: str, actor: Person, patient: int | None = None
    ) -> int:
        return documents.upload(
            self.con, letter(name), file_name, practice_id=actor.practice_ids[0],
            details=DocumentDetails(name, label, DocumentStatus.NEW, date(2025, 1, 13)),
            patient_id=patient, token=f"file-{file_name}", actor=actor, now=self.now,
        )  # fmt: skip


def _claims(places: range) -> bytes:
    bodies = []
    for place in places:
        who = [
            "HL*2*1*22*0",
            "SBR*P*18*******CI",
            f"NM1*IL*1*{LAST[place % 8]}*{FIRST[place % 10]}****MI*MEM{place:04}",
            "DMG*D8*19800229*F",
            f"NM1*PR*2*{PAYERS[place % 3]}*****PI*P{place % 3}",
        ]
        bodies.append(claims(_claim(place), before=who))
    return envelope(*bodies).encode()


def _denial(place: int) -> list[str]:
    return answer(
        f"N{place:03}",
        amount=str(_charged(place)),
        control=f"P{place}",
        codes=(f"CAS*CO*{DENIALS[KINDS[place % 7]]}*{_charged(place)}",),
        patient=f"{LAST[place % 8]}*{FIRST[place % 10]}",
    )


def _charged(place: int) -> int:
    """200 dollars; of a claim that is denied 100 to 139, so that a filter can part them."""
    return 100 + place % 40 if place >= FIRST_DENIED else 200


def _claim(place: int) -> list[str]:
    """Return a clean claim of two lines, the second of them over 80.00, but for two of them."""
    procedure = "9921" if place == ALREADY_WRONG else "99213"
    total = "210" if place == OTHER_TOTAL else str(_charged(place))
    provider, npi = (("REED", DOCTOR), ("STONE", CLINIC))[place % 2]
    return [
        f"CLM*N{place:03}*{total}***11:B:1*Y*A*Y*Y",
        "HI*ABK:J029*ABF:R509",
        f"NM1*82*1*{provider}*ADA****XX*{npi}",
        "LX*1",
        f"SV1*HC:{procedure}:25*{_charged(place) - 80}*UN*1***1:2",
        "DTP*472*D8*20250113",
        "LX*2",
        "SV1*HC:87880*80*UN*2***1",
        "DTP*472*D8*20250113",
    ]
