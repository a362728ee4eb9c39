"""Whom a FHIR Task names: the payer that asks, the patient, the provider. Pure."""

from __future__ import annotations

from lib.intake.fhir.resources import Found, Resource, at, codes, items, text
from lib.intake.matching.spelling_comparison import with_suffix

MEMBER_KINDS = {"MB", "UMB"}
NPI = "http://hl7.org/fhir/sid/us-npi"


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
    """Return the member ID of the patient that a part of a resource refers to, else the first
    identifier; empty if there is none."""
    holder = found.resource
    patient = found.referred(at(holder, part)) or {}
    several = [*items(patient, "identifier"), *items(holder, part, "identifier")]
    known = [each for each in several if codes(at(each, "type")) & MEMBER_KINDS]
    return next((text(each, "value") for each in known or several if text(each, "value")), "")


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
