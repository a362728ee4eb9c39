"""Resources of a FHIR file that are no Task: which of them only serve one, and which say something
of their own that is not read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lib.intake.fhir.resources import Found, Resource, text

# Who and what is meant; of their own they ask for nothing.
CONTEXT = frozenset(
    {
        "Basic", "Binary", "CareTeam", "Claim", "Condition", "Coverage", "Device", "Encounter",
        "Endpoint", "Group", "HealthcareService", "List", "Location", "Medication",
        "MessageHeader", "Organization", "OrganizationAffiliation", "Patient", "Person",
        "Practitioner", "PractitionerRole", "Procedure", "Provenance", "Questionnaire",
        "RelatedPerson", "Substance", "ValueSet",
    }
)  # fmt: skip
ASKING = {  # resources that ask for something or tell of money -> our words for them
    "ClaimResponse": "a payer's answer to a claim",
    "Communication": "a message",
    "CommunicationRequest": "a request for a message or a document",
    "ExplanationOfBenefit": "an explanation of benefits",
    "PaymentNotice": "a notice of a payment",
    "PaymentReconciliation": "a payment and what it is for",
    "ServiceRequest": "an order or a request for a service",
}


def beside(found: Sequence[Found], tasks: Sequence[Found]) -> list[Found]:
    """Return the resources that are neither Tasks nor what Tasks point to, and say something."""
    part_of_task = {id(part) for task in tasks for part in _pointed_to(task)}
    return [
        each
        for each in found
        if not each.problem
        and _kind(each) not in {*CONTEXT, "Task"}
        and id(each.resource) not in part_of_task
    ]


def is_asking(found: Found) -> bool:
    """Return True for a resource that should not be overlooked."""
    return _kind(found) in ASKING


def sentence(found: Found) -> str:
    """Return why the resource makes no task."""
    kind = _kind(found)
    what = f"{kind} ({ASKING[kind]})" if kind in ASKING else kind
    return f"{what} is not read, since a payer asks for documents by a Task"


def _kind(found: Found) -> str:
    return text(found.resource, "resourceType")


def _pointed_to(task: Found) -> Iterator[Resource]:
    inner: list[object] = [task.resource]
    while inner:
        one = inner.pop()
        if isinstance(one, Mapping):
            if found := task.follow(one) or task.identified(one, *ASKING):
                yield found.resource
            inner += one.values()
        elif isinstance(one, list):
            inner += one
