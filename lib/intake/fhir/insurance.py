"""The insurance that a FHIR claim was sent to: member ID, payer, order of payers. Pure.

Sources: https://hl7.org/fhir/R4/claim-definitions.html#Claim.insurance (one coverage is the focal
one, by which the claim is decided; `sequence` is the order of payers),
https://hl7.org/fhir/R4/coverage-definitions.html (`order` is none: it does not imply primary or
secondary), US Core's us-core-15 (the member ID is `identifier` or `subscriberId`), and R5, where
`subscriberId` is a list of identifiers and the payer stands in `insurer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lib.intake.fhir import parties
from lib.intake.fhir.resources import Found, Resource, at, codes, items, text
from lib.intake.matching.claim_facts import PRIMARY, SECONDARY, TERTIARY, stated
from lib.intake.matching.spelling_comparison import could_be_member, could_be_person

Whom = tuple[Found, str]  # a resource, and the part of it that refers to the patient
COVERAGE = "Coverage"
ROLES = (PRIMARY, SECONDARY, TERTIARY)  # by their order, as SBR01 of an 837
# v2-0203: member, subscriber, Medicare and Medicaid number
NUMBERS = parties.MEMBER_KINDS | {"SN", "MC", "MA"}
PERSONS = {"Patient", "RelatedPerson"}  # who pays themselves
PAYER_KINDS = {"NIIP", "payerid", "naiccode"}  # of the identifiers of a payer, those of an 837
MAX_MEMBER = 80  # letters, as in NM109
NOT_READ = "The insurance of the claim was not read, since"
NOT_WRITTEN = f"{NOT_READ} it is not written as in FHIR"
NONE_FOCAL = f"{NOT_READ} none of its coverages is the one it was sent to (focal)"
SEVERAL_FOCAL = f"{NOT_READ} several coverages are the one it was sent to (focal)"
NOT_IN_FILE = f"{NOT_READ} its coverage is not in the file"
NO_COVERAGE = f"{NOT_READ} what it refers to is no Coverage"
BY_MISTAKE = f"{NOT_READ} its coverage was entered in error"
OF_ANOTHER = f"{NOT_READ} its coverage is another patient's (beneficiary)"
NO_TEXT = (
    "A member ID of the claim's insurance was left out, since it is no text of "
    f"1 to {MAX_MEMBER} letters"
)
DIFFERS = (
    "The insurance of the claim and its patient have different member IDs; the insurance's "
    "counts, and the task names both"
)
STATES = {
    "cancelled": "The coverage of the claim was cancelled; it was read nevertheless",
    "draft": "The coverage of the claim is a draft; it was read nevertheless",
}
NOT_IN_FORCE = (
    "The coverage of the claim was not in force on the day of service; it was read nevertheless"
)


@dataclass(frozen=True, slots=True)
class Insurance:
    """What a claim says of the coverage it was sent to; what is empty was not stated."""

    # of the insured, then the patient's own: an 837 has either in its loop 2010BA
    member_ids: tuple[str, ...] = ()
    dependent: str = ""  # tells the patient from others with the insured's member ID: "01"
    payer_name: str = ""
    payer_code: str = ""
    role: str = ""  # P, S, T: which of the patient's payers it is
    remarks: tuple[str, ...] = ()  # what is odd about it, for whoever imports

    def differs(self, member_id: str) -> bool:
        """Return True if this is no member ID of the insurance."""
        return bool(self.member_ids and member_id) and not any(
            could_be_member(member_id, each) for each in self.member_ids
        )

    def remarks_beside(self, patients_id: str) -> tuple[str, ...]:
        """Return what is odd about it, beside the member ID by the patient's record."""
        return (*self.remarks, DIFFERS) if self.differs(patients_id) else self.remarks

    def words(self, patients_id: str) -> str:
        """Return the member IDs as a part of a sentence, the patient's too if it is another;
        empty if there is none."""
        if not self.member_ids:
            return f"member ID {patients_id}" if patients_id else ""
        first, *more = self.member_ids
        said = f"member ID {first}" + (f", dependent {self.dependent}" if self.dependent else "")
        said += "".join(f", or {each}" for each in more if not could_be_member(first, each))
        is_another = self.differs(patients_id)
        return f"{said}; the patient's record has {patients_id}" if is_another else said


NOTHING = Insurance()


def of_claims(
    claims: Sequence[Found], patients: Sequence[Whom], days: tuple[date | None, date | None]
) -> Insurance:
    """Return the insurance of a claim, as the first of these says it that can be read: itself and
    the answers to it. `patients` is where they, and whoever asks, refer to its patient."""
    said = [
        _of_claim(each, patients, days)
        for each in claims
        if at(each.resource, "insurance") is not None
    ]
    return next((each for each in said if each.member_ids), next(iter(said), NOTHING))


def _of_claim(  # noqa: PLR0911 (a reason a line)
    claim: Found, patients: Sequence[Whom], days: tuple[date | None, date | None]
) -> Insurance:
    entries = items(claim.resource, "insurance")
    if not entries:
        return Insurance(remarks=(NOT_WRITTEN,))
    focal = _focal(claim, entries)
    if len(focal) != 1:
        return Insurance(remarks=(SEVERAL_FOCAL if focal else NONE_FOCAL,))
    [entry] = focal
    coverage = _coverage(claim, at(entry, "coverage"))
    if coverage is None:
        return Insurance(remarks=(NOT_IN_FILE,))
    if text(coverage.resource, "resourceType") != COVERAGE:
        return Insurance(remarks=(NO_COVERAGE,))
    state = text(coverage.resource, "status").casefold().replace("canceled", "cancelled")
    if state == "entered-in-error":
        return Insurance(remarks=(BY_MISTAKE,))
    if _is_of_another(claim, coverage, patients):
        return Insurance(remarks=(OF_ANOTHER,))
    found = _read(coverage)
    remarks = [STATES[state]] if state in STATES else []
    if not _is_in_force(coverage, days):
        remarks.append(NOT_IN_FORCE)
    return replace(found, role=_role(claim, entries, entry), remarks=(*found.remarks, *remarks))


def _focal(claim: Found, entries: Sequence[Resource]) -> list[Resource]:
    """Return the entries of the coverage that the claim was sent to: each other one is of another
    payer of the patient. One that stands alone and does not say so is it."""
    several = [each for each in entries if _is_true(each.get("focal"))]
    if not several and len(entries) == 1 and entries[0].get("focal") is None:
        return [entries[0]]
    meant = {_identity(claim, at(each, "coverage")) for each in several}
    return several[:1] if len(meant) == 1 else several


def _is_true(said: Any) -> bool:
    return said is True or (isinstance(said, str) and said.strip().casefold() == "true")


def _identity(claim: Found, reference: Any) -> object:
    """Return what tells one coverage from another, so that one named twice is one."""
    if found := claim.follow(reference) or claim.identified(reference, COVERAGE):
        return id(found.resource)
    identifier = at(reference, "identifier")
    return (
        *(text(reference, each) for each in ("reference", "display")),
        *(text(identifier, each) for each in ("system", "value")),
    )


def _coverage(claim: Found, reference: Any) -> Found | None:
    """Return the coverage that is referred to. A logical reference to one that is not in the file
    has the identifier of it, which is a coverage that says nothing else."""
    if found := claim.follow(reference) or claim.identified(reference, COVERAGE):
        return found
    identifier = at(reference, "identifier")
    if not text(identifier, "value") or text(reference, "reference"):
        return None
    alone = {"resourceType": COVERAGE, "identifier": [identifier]}
    return replace(claim, resource=alone, holder=None, full="")


def _is_of_another(claim: Found, coverage: Found, patients: Sequence[Whom]) -> bool:
    """Return True if the beneficiary is not the patient of the claim, or if anybody else who names
    the patient contradicts it."""
    whose = _patient(coverage, "beneficiary")
    if any(whose.contradicts(_patient(*whom)) for whom in patients):
        return True
    own = [each for each in patients if each[0].resource is claim.resource]
    is_said = own and at(claim.resource, "patient") is not None
    return any(_is_other_person(coverage, *whom) for whom in (own if is_said else patients))


def _is_other_person(coverage: Found, holder: Found, part: str) -> bool:
    """Return True if the beneficiary is another person than this part refers to, or not known to be
    the same: of two records with one name the date of birth tells it."""
    theirs, ours = at(coverage.resource, "beneficiary"), at(holder.resource, part)
    if theirs is None or ours is None:
        return False
    one, other = _person(coverage, theirs), _person(holder, ours)
    if one and other and one.resource == other.resource:
        return False
    who, meant = _patient(coverage, "beneficiary"), _patient(holder, part)
    is_named = bool(who.full_name and meant.full_name)
    if is_named and not could_be_person(who.full_name, meant.full_name, same_member=True):
        return True
    if one and other:
        is_copy = bool(one.holder or other.holder)
        return not is_copy and not (is_named and who.birth_date and meant.birth_date)
    return _points_elsewhere((coverage, theirs), (holder, ours))


def _patient(found: Found, part: str) -> parties.Patient:
    person = _person(found, at(found.resource, part))
    return parties.described(found, part, person.resource if person else {})


def _person(found: Found, reference: Any) -> Found | None:
    return found.follow(reference) or found.identified(reference, "Patient")


def _points_elsewhere(one: tuple[Found, Any], other: tuple[Found, Any]) -> bool:
    """Return True if two references to persons who are not in the file lead to two of them."""
    addresses = [found.address(reference) for found, reference in (one, other)]
    if all(addresses):
        is_whole = all("://" in each for each in addresses)
        ends = {each if is_whole else "/".join(each.split("/")[-2:]) for each in addresses}
        return len(ends) > 1
    said = [at(reference, "identifier") for _, reference in (one, other)]
    systems = {system for each in said if (system := text(each, "system"))}
    values = {value for each in said if (value := text(each, "value"))}
    return len(systems) < 2 and len(values) > 1


def _is_in_force(coverage: Found, days: tuple[date | None, date | None]) -> bool:
    """Return False if the coverage says that it ended before the service, or began after it."""
    first, last = days[0], days[1] or days[0]
    start = coverage.whole_day(text(coverage.resource, "period", "start"))
    end = coverage.last_day(text(coverage.resource, "period", "end"))
    if first is None or last is None:
        return True
    return not (start and start > last) and not (end and end < first)


def _role(claim: Found, entries: Sequence[Resource], entry: Resource) -> str:
    """Return which of the patient's payers the claim was sent to. An explanation of benefits says
    it; a claim does where it lists them all: one that lists only its own says nothing."""
    several = [_place(each, "sequence") for each in entries]
    place = _place(claim.resource, "precedence")
    if not place and len(entries) > 1 and sorted(several) == list(range(1, len(entries) + 1)):
        place = _place(entry, "sequence")
    return ROLES[place - 1] if 0 < place <= len(ROLES) else ""


def _place(holder: Resource, part: str) -> int:
    """Return a number of an order; 0 if there is none."""
    said = holder.get(part)
    return said if isinstance(said, int) and not isinstance(said, bool) and said > 0 else 0


def _read(coverage: Found) -> Insurance:
    """Return what a coverage says of insured, patient and payer."""
    resource = coverage.resource
    of_insured, is_bad = _subscriber_ids(resource.get("subscriberId"))
    identifiers = items(resource, "identifier")
    typed = [each for each in identifiers if codes(at(each, "type")) & NUMBERS]
    if not typed and not of_insured:
        typed = [each for each in identifiers if not codes(at(each, "type"))]
    good = [each for each in typed if _is_number(each.get("value"))]
    is_bad |= len(good) < sum(each.get("value") is not None for each in typed)
    own = parties.member_numbers(good, NUMBERS)
    insured = _person(coverage, at(resource, "subscriber"))
    records = items(insured.resource if insured else {}, "identifier")
    of_record = [
        text(each, "value")
        for each in records
        if codes(at(each, "type")) & parties.MEMBER_KINDS and _is_number(each.get("value"))
    ]
    name, code = _payer(coverage)
    return Insurance(
        member_ids=stated(*(of_insured + own or of_record[:1])),
        dependent=text(resource, "dependent") if of_insured else "",
        payer_name=name,
        payer_code=code,
        remarks=(NO_TEXT,) if is_bad else (),
    )


def _subscriber_ids(said: Any) -> tuple[list[str], bool]:
    """Return the insured's member IDs, and whether there is one that is no text. R4 has one text,
    R5 a list of identifiers. A whole number counts, a fraction or power of ten may have lost
    digits."""
    values = [
        each.get("value") if isinstance(each, dict) else each
        for each in (said if isinstance(said, list) else [said])
        if each is not None
    ]
    good = [text({"value": each}, "value") for each in values if _is_number(each)]
    return good, len(good) < len(values)


def _is_number(said: Any) -> bool:
    is_kind = isinstance(said, str) or (isinstance(said, int) and not isinstance(said, bool))
    return is_kind and 0 < len(str(said).strip()) <= MAX_MEMBER


def _payer(coverage: Found) -> tuple[str, str]:
    """Return name and identifier of the payer, both empty where a person pays or where several
    payers are named."""
    references = items(coverage.resource, "insurer") or items(coverage.resource, "payor")
    named = [_organization(coverage, each) for each in references if not _is_person(coverage, each)]
    named = [each for each in named if any(each)]
    return named[0] if len({name.casefold() for name, _ in named}) == 1 else ("", "")


def _is_person(coverage: Found, reference: Resource) -> bool:
    pointed = _person(coverage, reference)
    kind = text(pointed.resource, "resourceType") if pointed else text(reference, "type")
    address = text(reference, "reference").split("/")
    return kind in PERSONS or bool(PERSONS & set(address))


def _organization(found: Found, reference: Resource) -> tuple[str, str]:
    """Return name and identifier of a payer that is referred to."""
    pointed = found.follow(reference) or found.identified(reference, "Organization")
    organization = pointed.resource if pointed else {}
    several = [*items(organization, "identifier"), *items(reference, "identifier")]
    numbers = [each for each in several if text(each, "system") != parties.NPI]
    known = [each for each in numbers if codes(at(each, "type")) & PAYER_KINDS]
    code = next((text(each, "value") for each in known or numbers if text(each, "value")), "")
    return text(organization, "name") or text(reference, "display"), code


def insurer(claim: Found) -> tuple[str, str]:
    """Return name and identifier of the payer that a claim was sent to, as the claim itself says
    it."""
    reference = at(claim.resource, "insurer")
    if not isinstance(reference, dict):
        return "", ""
    return _organization(claim, reference)
