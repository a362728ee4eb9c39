"""Whom a FHIR Task names: the payer that asks, the patient, the provider. Pure."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date

from lib.intake.fhir.resources import Found, Resource, at, codes, items, text
from lib.intake.matching.spelling_comparison import could_be_person, with_suffix

MEMBER_KINDS = {"MB", "UMB", "um"}  # v2-0203, and CARIN's own
NPI = "http://hl7.org/fhir/sid/us-npi"
OTHER_SYSTEMS = {NPI, "http://hl7.org/fhir/sid/us-ssn", "urn:oid:2.16.840.1.113883.4.1"}


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom a Task or a claim names."""

    name: str = ""  # "Shaw, Amy"
    full_name: str = ""  # with middle names and suffixes
    birth_date: date | None = None
    member_id: str = ""
    is_shown: bool = False  # the name is what the reference shows, in any words

    def contradicts(self, other: Patient) -> bool:
        """Return True if both say who it is, and it is not the same person."""
        if self.birth_date and other.birth_date and self.birth_date != other.birth_date:
            return True
        if self.is_shown or other.is_shown or not (self.full_name and other.full_name):
            return False
        is_same_member = bool(self.member_id) and self.member_id == other.member_id
        return not could_be_person(self.full_name, other.full_name, same_member=is_same_member)


NOT_NAMED = Patient()


def patient(found: Found, part: str) -> Patient:
    """Return whom this part of a resource refers to."""
    return described(found, part, found.referred(at(found.resource, part)) or {})


def described(found: Found, part: str, person: Resource) -> Patient:
    """Return whom this part of a resource refers to, of which `person` is the record."""
    shown = text(found.resource, part, "display")
    return Patient(
        name(person) or shown,
        full_name(person) or shown,
        found.last_day(text(person, "birthDate")),
        member(found, part),
        not name(person),
    )


def payer_name(found: Found) -> str:
    """Return the name of the payer that asks, also where a person asks for it in a role; empty if
    none is named."""
    requester = at(found.resource, "requester")
    role = found.follow(requester)
    organization = role.referred(at(role.resource, "organization")) if role else None
    shown = text(role.resource, "organization", "display") if role else ""
    return text(organization or {}, "name") or shown or payer(found)[0]


def payer(found: Found) -> tuple[str, str]:
    """Return name and identifier of who asks; the identifier replaces a missing name."""
    requester = at(found.resource, "requester")
    pointed = found.referred(requester) or {}
    code = text(requester, "identifier", "value") or text(pointed, "identifier", "value")
    return text(pointed, "name") or text(requester, "display") or code, code


def provider(found: Found) -> str:
    """Return the name of the provider that is asked, else its identifier; empty if none is
    named."""
    owner = at(found.resource, "owner")
    role = found.referred(owner) or {}
    for holder in (role, owner):
        for path in (("practitioner", "display"), ("organization", "display"), ("display",)):
            if called := text(holder, *path):
                return called
    for who in (
        role,
        *(found.referred(at(role, part)) for part in ("practitioner", "organization")),
    ):
        if who and (called := name(who) or text(who, "name")):
            return called
    for path in (("practitioner", "identifier"), ("organization", "identifier")):
        if number := text(role, *path, "value"):
            return f"NPI {number}"
    number = text(owner, "identifier", "value")
    return f"NPI {number}" if number and text(owner, "identifier", "system") == NPI else number


def member(found: Found, part: str = "for") -> str:
    """Return the member ID of the patient that a part of a resource refers to; empty if there is
    none."""
    holder = found.resource
    person = found.referred(at(holder, part)) or {}
    several = [*items(person, "identifier"), *items(holder, part, "identifier")]
    return next(iter(member_numbers(several)), "")


def member_numbers(identifiers: Sequence[Resource], kinds: Set[str] = MEMBER_KINDS) -> list[str]:
    """Return which of the identifiers are member IDs: those of these kinds, else the only one
    without a kind. A medical record, a passport or a social security number is none."""
    now = [each for each in identifiers if text(each, "use") != "old" and text(each, "value")]
    if known := [each for each in now if codes(at(each, "type")) & kinds]:
        return [text(each, "value") for each in known]
    plain = [
        each
        for each in now
        if not codes(at(each, "type")) and text(each, "system") not in OTHER_SYSTEMS
    ]
    named = [each for each in plain if "member" in text(each, "system").casefold()]
    rest = list(dict.fromkeys(text(each, "value") for each in named or plain))
    return rest if len(rest) == 1 else []


def name(person: Resource) -> str:
    """Return "Shaw, Amy" from a Patient or a Practitioner."""
    for each in _usual_names(person):
        parts = [part for part in (text(each, "family"), *_texts(each, "given")[:1]) if part]
        return ", ".join(parts) or text(each, "text")
    return ""


def full_name(person: Resource) -> str:
    """Return "Shaw, Amy Victoria II": the same with middle names and suffixes, as names
    are compared."""
    for each in _usual_names(person):
        suffixes = (with_suffix(suffix, suffix) for suffix in _texts(each, "suffix"))
        more = (*_texts(each, "given")[1:], *suffixes)
        return " ".join((name(person), *more)) if _texts(each, "given") else name(person)
    return ""


def _usual_names(person: Resource) -> list[Resource]:
    names = items(person, "name")
    return [each for each in names if text(each, "use") in {"official", "usual"}] or names


def _texts(resource: Resource, field: str) -> list[str]:
    found = resource.get(field)
    several = found if isinstance(found, list) else []
    return [said for each in several if (said := text({field: each}, field))]
