"""What other systems call our task types, document labels and states. Pure."""

from __future__ import annotations

from lib.file_type_detection import DOCUMENT_LABELS
from lib.intake.tables.table import fold
from lib.models import TaskType

MAX_WORD = 100  # letters; what is longer is a sentence

_TYPES = {
    TaskType.CODING: "coding, code, codes, diagnosis, diagnosis code, procedure, procedure code, "
    "cpt, icd, icd10, modifier, modifiers, coding question, coding error, coding review",
    TaskType.PATIENT: "patient, patient information, patient info, demographics, demographic, "
    "patient demographics, missing patient information, patient data, registration",
    TaskType.INSURANCE: "insurance, eligibility, insurance & eligibility, "
    "insurance and eligibility, coverage, insurance information, insurance info, "
    "coordination of benefits, cob, member id, policy, verification, eligibility & coverage",
    TaskType.AUTHORIZATION: "authorization, authorisation, auth, prior authorization, prior auth, "
    "pre authorization, preauthorization, precertification, referral, authorization & referral, "
    "authorization and referral, auth/referral, authorizations, referrals, pa",
    TaskType.PROVIDER: "provider, providers, provider information, provider info, npi, "
    "credentialing, referring provider, rendering provider, physician, enrollment",
    TaskType.CHARGE: "charge, charges, charge & dates, charge and dates, dates, date, billing, "
    "date of service, service date, charge entry, units, fee, claim, charge correction, "
    "edit charge",
    TaskType.DOCUMENTS: "documents, document, documentation, attachment, attachments, "
    "medical records, records, record, notes, document request, records request, "
    "missing document, missing documents, paperwork, medical record request",
}
_DOCUMENTS = {
    "Authorization": "authorization letter, auth, prior authorization, preauthorization",
    "Certificate of medical necessity": "cmn, medical necessity, letter of medical necessity",
    "Consent": "consent form, signed consent",
    "Explanation of benefits": "eob, eobs, remittance, primary eob",
    "Imaging report": "imaging, radiology, radiology report, x-ray, xray, mri, ct",
    "Insurance card": "card, id card, member card, copy of insurance card",
    "Itemized bill": "itemised bill, itemization, invoice, bill",
    "Lab results": "lab, labs, laboratory, lab result, lab report, laboratory report, pathology",
    "Medical records": "medical record, records, record, chart, patient chart",
    "Office notes": "office note, progress note, progress notes, clinical notes, visit note, "
    "visit notes, chart notes, soap note, notes, encounter note",
    "Operative report": "op report, op note, operative note, operation note, surgery report",
    "Referral": "referral letter, referral form",
    "Other": "other document, anything else",
}
_OPEN = (
    "open, new, pending, in progress, inprogress, active, assigned, unassigned, started, waiting, "
    "on hold, reopened, to do, todo, not started, no, false, n, 0, with biller, incomplete, queued"
)
_COMPLETED = (
    "completed, complete, done, closed, resolved, finished, yes, true, y, 1, x, cancelled, "
    "canceled, archived"
)


def _folded(names: str) -> list[str]:
    return [fold(name) for name in names.split(",")]


_TYPE_BY_NAME = {fold(kind.label): kind for kind in TaskType} | {
    name: kind for kind, names in _TYPES.items() for name in _folded(names)
}
_LABEL_BY_NAME = {name: label for label, names in _DOCUMENTS.items() for name in _folded(names)} | {
    fold(label): label for label in DOCUMENT_LABELS
}
_IS_OPEN = dict.fromkeys(_folded(_OPEN), True) | dict.fromkeys(_folded(_COMPLETED), False)


def type_of(text: str) -> TaskType | None:
    """Return the type of task that a text names, or None."""
    return _TYPE_BY_NAME.get(fold(text)) if len(text) <= MAX_WORD else None


def label_of(text: str) -> str | None:
    """Return the document label that a text names, or None."""
    return _LABEL_BY_NAME.get(fold(text)) if len(text) <= MAX_WORD else None


def is_open(text: str) -> bool | None:
    """Return True for a state in which somebody still has something to do; None for an unknown
    state."""
    return _IS_OPEN.get(fold(text)) if len(text) <= MAX_WORD else None
