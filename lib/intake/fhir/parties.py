"""Whom a FHIR Task names: the payer that asks, the patient, the provider. Pure."""

from __future__ import annotations

from lib.intake.fhir.resources import Found, Resource, at, codes, items, text

MEMBER_KINDS = {"MB", "UMB"}
NPI = "http://hl7.org/fhir/sid/us-npi"


def payer(found: Found) -> tuple[str, str]:
    """Return name and identifier of who asks; the identifier replaces a missing name."""
    requester = at(found.resource, "requester")
    role = found.pointed(requester)
    if role and text(role.resource, "resourceType") == "PractitionerRole":
        requester = at(role.resource, "organization")
        role = role.pointed(requester)
    pointed = role.resource if role else {}
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


def claim(found: Found) -> Found | None:
    """Return the Claim that a Task is about, if the file holds it."""
    for reference in (at(found.resource, "reasonReference"), at(found.resource, "focus")):
        pointed = found.pointed(reference)
        if pointed and text(pointed.resource, "resourceType") in {"", "Claim"}:
            return pointed
    return None


def patient(found: Found) -> Resource:
    """Return the patient of the Claim that a Task is about, else of the Task; {} if the file holds
    none."""
    claimed = claim(found)
    return (
        (claimed and claimed.referred(at(claimed.resource, "patient")))
        or found.referred(at(found.resource, "for"))
        or {}
    )


def member(found: Found) -> str:
    """Return the patient's member ID, else the first identifier; empty if there is none."""
    task = found.resource
    several = [*items(patient(found), "identifier"), *items(task, "for", "identifier")]
    known = [each for each in several if codes(at(each, "type")) & MEMBER_KINDS]
    return next((text(each, "value") for each in known or several if text(each, "value")), "")


def name(person: Resource) -> str:
    """Return "Shaw, Amy" from a Patient or a Practitioner."""
    for each in _usual_names(person):
        parts = [part for part in (text(each, "family"), *_texts(each, "given")[:1]) if part]
        return ", ".join(parts) or text(each, "text")
    return ""


def full_name(person: Resource) -> str:
    """Return "Shaw, Amy Victoria II": the same with middle names and suffixes."""
    for each in _usual_names(person):
        more = (*_texts(each, "given")[1:], *_texts(each, "suffix"))
        return " ".join((name(person), *more)) if _texts(each, "given") else name(person)
    return ""


def _usual_names(person: Resource) -> list[Resource]:
    names = items(person, "name")
    return [each for each in names if text(each, "use") in {"official", "usual"}] or names


def _texts(resource: Resource, field: str) -> list[str]:
    found = resource.get(field)
    several = found if isinstance(found, list) else []
    return [said for each in several if (said := text({field: each}, field))]
