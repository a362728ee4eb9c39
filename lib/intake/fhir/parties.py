"""Whom a FHIR Task names: the payer that asks, the patient, the provider. Pure."""

from __future__ import annotations

from lib.intake.fhir.resources import Found, Resource, at, codes, items, text

MEMBER_KINDS = {"MB", "UMB"}
NPI = "http://hl7.org/fhir/sid/us-npi"


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


def member(found: Found) -> str:
    """Return the patient's member ID, else the first identifier; empty if there is none."""
    task = found.resource
    patient = found.referred(at(task, "for")) or {}
    several = [*items(patient, "identifier"), *items(task, "for", "identifier")]
    known = [each for each in several if codes(at(each, "type")) & MEMBER_KINDS]
    return next((text(each, "value") for each in known or several if text(each, "value")), "")


def name(person: Resource) -> str:
    """Return "Shaw, Amy" from a Patient or a Practitioner."""
    names = items(person, "name")
    usual = [each for each in names if text(each, "use") in {"official", "usual"}] or names
    for each in usual:
        given = each.get("given")
        first = text({"given": given[0]}, "given") if isinstance(given, list) and given else ""
        parts = [part for part in (text(each, "family"), first) if part]
        return ", ".join(parts) or text(each, "text")
    return ""
