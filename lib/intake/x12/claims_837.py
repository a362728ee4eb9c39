"""Professional claims (837P: 005010X222, and the older 004010X098): read, not stored. Pure."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache

from lib.intake.records import NOBODY, Claim, Party, Subject
from lib.intake.x12 import elements
from lib.intake.x12.loops_837 import ENDS, Loop, walk
from lib.intake.x12.segment_reader import Segment, Transaction, Unreadable, element
from lib.intake.x12.unreadable_claims import RejectedLoop
from lib.models import ServiceLine

OTHER_FORMS = {"SV2": "837I (institutional claims)", "SV3": "837D (dental claims)"}
DIAGNOSIS = frozenset({"ABK", "ABF", "BK", "BF"})  # HI qualifiers: ICD-10-CM, ICD-9-CM
Period = tuple[date, date | None]  # first and last day; None if there is no end
# Looking a member up in its enum takes longer than reading a segment.
_OTHER_PAYER, _LINE = Loop.OTHER_PAYER, Loop.LINE
_NAMED = frozenset({Loop.SUBSCRIBER, Loop.PATIENT})
ROLES = {"82": "rendering", "DN": "referring", "P3": "referring", "DQ": "supervising"}


def parse(transaction: Transaction) -> Iterator[Claim | RejectedLoop]:
    """Yield the claims of one 837 in the order of the file; one that cannot be read stops no other.

    Raises Unreadable where the transaction as a whole cannot be read.
    """
    around = LoopContext(transaction.separators.component, transaction.remarks)
    draft: ClaimParser | Unreadable | None = None  # of the claim, or why it cannot be read
    first = 0  # number of its CLM segment
    for loop, number, segment in walk(transaction.segments):
        name = segment[0]
        if name in {"CLM", "HL"}:
            if draft:
                yield _finished(draft, first, number - 1)
            draft = None
            if name == "CLM":
                draft, first = _begun(number, segment, around), number
            else:
                around.enter(loop)
        elif name in OTHER_FORMS:
            raise Unreadable(number, f"this is an {OTHER_FORMS[name]}, which is not read")
        elif draft is None:
            around.take(loop, number, segment, name)
        elif isinstance(draft, ClaimParser):
            try:
                draft.take(loop, number, segment, name)
            except Unreadable as problem:
                draft = problem
    if draft:
        yield _finished(draft, first, transaction.last - 1)


def _begun(number: int, segment: Segment, around: LoopContext) -> ClaimParser | Unreadable:
    try:
        return ClaimParser(number, segment, around)
    except Unreadable as problem:
        return problem


def _finished(draft: ClaimParser | Unreadable, first: int, last: int) -> Claim | RejectedLoop:
    if isinstance(draft, Unreadable):
        return RejectedLoop("claim", first, last, draft)
    try:
        return draft.finish()
    except Unreadable as problem:
        return RejectedLoop("claim", first, last, problem)


class LoopContext:
    """What the loops around a claim say: billing provider, subscriber, payer, patient."""

    def __init__(self, component: str, remarks: list[str]) -> None:
        self.component = component
        self.remarks = remarks  # on what was left empty
        self.has_levels = False
        self.parties: dict[Loop, Party] = {}
        self.born: dict[Loop, tuple[date | None, str | None]] = {}
        self.role = ""  # SBR01
        self.sent_at = ""  # BHT04 and BHT05

    def begin(self, loop: Loop) -> None:
        """Forget the values of the loops that end where this one begins."""
        for ended in ENDS.get(loop, ()):
            self.parties.pop(ended, None)
            self.born.pop(ended, None)

    def enter(self, level: Loop) -> None:
        """Begin an HL level."""
        self.has_levels = True
        if level in {Loop.BILLING_LEVEL, Loop.SUBSCRIBER_LEVEL}:
            self.role = ""
        self.begin(level)

    def take(self, loop: Loop, number: int, segment: Segment, name: str) -> None:
        """Read one segment above the claims."""
        if name == "NM1":
            self.begin(loop)
            self.parties[loop] = elements.party(segment)
        elif name == "SBR":
            self.role = element(segment, 1)
        elif name == "DMG" and loop in _NAMED:
            birth_date = elements.day(segment, 2, number, self.remarks)
            self.born[loop] = (birth_date, element(segment, 3) or None)
        elif name == "BHT":
            self.sent_at = elements.sent(segment).at

    def party(self, loop: Loop) -> Party:
        """Return whom the loop names, or NOBODY."""
        return self.parties.get(loop, NOBODY)

    def patient(self, number: int) -> Subject:
        """Return the dependent if there is one, else the subscriber."""
        subscriber, dependent = self.party(Loop.SUBSCRIBER), self.party(Loop.PATIENT)
        who = dependent if dependent.name else subscriber
        if not who.name:
            raise Unreadable(number, "the claim names no patient")
        own = Loop.PATIENT if dependent.name else Loop.SUBSCRIBER
        if dependent.full_name == subscriber.full_name and Loop.PATIENT not in self.born:
            own = Loop.SUBSCRIBER
        birth_date, sex = self.born.get(own, (None, None))
        return Subject(who.last, who.first, birth_date, sex, who.more, who.suffix)


class ClaimParser:
    """A claim, read segment by segment."""

    def __init__(self, number: int, segment: Segment, around: LoopContext) -> None:
        if not around.has_levels:
            raise Unreadable(number, "a claim comes before any HL segment")
        self.number, self.clm, self.around = number, segment, around
        self.component = around.component
        self.total = elements.amount(segment, 2, number)
        self.claim_number = element(segment, 1)
        if not self.claim_number:
            raise Unreadable(number, "the claim has no number (CLM01)")
        self.patient = around.patient(number)
        self.parties: dict[str, Party] = {}
        self.numbers: dict[str, str] = {}  # REF: G1 authorization, 9F referral, F8 original, D9
        self.line_numbers: dict[str, str] = {}  # likewise, of service lines
        self.periods: dict[str, Period] = {}
        self.diagnoses: list[str] = []
        self.lines: list[ServiceLine] = []
        self.period: Period | None = None  # of the line being read
        self.service: tuple[int, Segment] | None = None
        self.others: list[Party] = []  # payers

    def take(self, loop: Loop, number: int, segment: Segment, name: str) -> None:
        """Read one segment of the claim."""
        if name == "LX":
            self.end_line()
        elif name == "SV1":
            if self.service:
                self.end_line()
            self.service = (number, segment)
        elif loop is _OTHER_PAYER:
            if name == "NM1" and element(segment, 1) == "PR":
                self.others.append(elements.party(segment))
        elif name == "DTP":
            self.take_date(loop, number, segment)
        elif name == "NM1":
            kind = element(segment, 1)
            role = "location" if kind == "77" else ROLES.get(kind)
            if role:
                self.parties.setdefault(role, elements.party(segment))
        elif name == "REF":
            kind = element(segment, 1)
            if kind in {"G1", "9F", "F8", "D9"}:
                own = self.line_numbers if loop is _LINE else self.numbers
                own.setdefault(kind, element(segment, 2))
        elif name == "HI" and loop is not _LINE:
            self.diagnoses += _diagnoses(tuple(segment), self.component)

    def take_date(self, loop: Loop, number: int, segment: Segment) -> None:
        """Read a DTP segment: service, admission or discharge dates."""
        kind = element(segment, 1)
        if kind not in {"472", "435", "096"}:
            return
        found = elements.period(segment, number, self.around.remarks)
        if not found:
            return
        if kind != "472":
            self.periods.setdefault(kind, found)
        elif loop is _LINE:
            self.period = found
        else:
            self.periods.setdefault("472", found)

    def end_line(self) -> None:
        """Add the service line being read, if there is one."""
        if self.service:
            number, segment = self.service
            self.lines.append(self.line(number, segment))
        self.service = self.period = None

    def line(self, number: int, segment: Segment) -> ServiceLine:
        """Return a service line. Raise Unreadable, with the segment's number, if it cannot be
        read."""
        try:
            said = _service(tuple(segment), self.component)
        except Unreadable as problem:
            raise Unreadable(number, problem.what) from problem
        start, end = self.period or self.periods.get("472") or (None, None)
        return ServiceLine(start, end, *said)

    def finish(self) -> Claim:
        """Return the whole claim. Raise Unreadable if its last line cannot be read."""
        self.end_line()
        place = element(self.clm, 5).split(self.component)
        periods = [
            (line.date_from, line.date_to) for line in self.lines if line.date_from is not None
        ]
        if not periods and "472" in self.periods:
            periods = [self.periods["472"]]
        numbers = ChainMap(self.numbers, self.line_numbers)
        authorizations = (of.get(kind, "") for of in numbers.maps for kind in ("G1", "9F"))
        admitted, discharged = self.periods.get("435"), self.periods.get("096")
        around = self.around
        return Claim(
            segment_number=self.number,
            claim_number=self.claim_number,
            frequency=place[2] if len(place) > 2 else "",
            patient=self.patient,
            payer=around.party(Loop.PAYER),
            member_id=around.party(Loop.SUBSCRIBER).code or around.party(Loop.PATIENT).code,
            authorization_number=next(filter(None, authorizations), ""),
            billing=around.party(Loop.BILLING),
            rendering=self.parties.get("rendering", NOBODY),
            referring=self.parties.get("referring", NOBODY),
            supervising=self.parties.get("supervising", NOBODY),
            location=self.parties.get("location", NOBODY).name,
            place_of_service=place[0].strip(),
            dates=elements.span(periods),
            hospitalized=(
                admitted[0] if admitted else None,
                discharged[1] if discharged else None,
            ),
            diagnoses=tuple(self.diagnoses),
            filed_total=self.total,
            lines=tuple(self.lines),
            original=numbers.get("F8", ""),
            payer_role=around.role,
            other_payers=tuple(self.others),
            trace_number=numbers.get("D9", ""),
            sent_at=around.sent_at,
        )


@lru_cache(maxsize=4096)
def _service(
    said: tuple[str, ...], component: str
) -> tuple[str, tuple[str, ...], tuple[int, ...], Decimal, Decimal, Decimal]:
    """Return what an SV1 segment says: procedure, modifiers, pointers, units, unit charge,
    total."""
    segment = list(said)
    total = elements.amount(segment, 2, 0)
    units = _units(segment, 0)
    code = element(segment, 1).split(component)
    return (
        (code[1] if len(code) > 1 else code[0]).strip().upper(),
        tuple(part.strip().upper() for part in code[2:6] if part.strip()),
        _pointers(element(segment, 7), component),
        units,
        elements.unit_charge(total, units),
        total,
    )


@lru_cache(maxsize=4096)
def _diagnoses(segment: tuple[str, ...], component: str) -> tuple[str, ...]:
    """Return the codes of an HI segment; some senders put a qualifier in an element of its own."""
    found: list[str] = []
    follows = False
    for text in segment[1:]:
        kind, mark, rest = text.strip().partition(component)
        if mark:
            code = rest.partition(component)[0] if kind in DIAGNOSIS else ""
        else:
            code = kind if follows and kind not in DIAGNOSIS else ""
        if code:
            found.append(code.replace(".", "").strip().upper())
        follows = not mark and kind in DIAGNOSIS
    return tuple(found)


def _pointers(text: str, component: str) -> tuple[int, ...]:
    """Return 1-based positions in the diagnoses; letters (A is 1), as on paper, are accepted."""
    found = []
    for part in text.split(component):
        place = part.strip().upper()
        if place.isascii() and place.isdigit() and len(place) < 3:
            found.append(int(place))
        elif len(place) == 1 and "A" <= place <= "L":
            found.append(ord(place) - ord("A") + 1)
    return tuple(found)


def _units(segment: Segment, number: int) -> Decimal:
    text = element(segment, 4)
    units = elements.number(text or "0")
    if units is None or abs(units) > Decimal("999999999"):
        raise Unreadable(number, "SV104 is not a number of units")
    return units.quantize(Decimal("0.001"))
