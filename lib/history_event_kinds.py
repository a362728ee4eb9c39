"""The kinds of history, and the sentence that tells each to people."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """What a line of history is about; the value is what is stored."""

    CREATED = "created"
    ASSIGNED = "assigned"
    STARTED = "started"
    START_UNDONE = "start undone"
    GIVEN_BACK = "given back"
    COMPLETED = "completed"
    REOPENED = "reopened"
    COMMENTED = "commented"
    ASKED = "asked"
    ANSWERED = "answered"
    NOTED_TO_BILLER = "noted to the biller"
    NOTED_FROM_BILLER = "noted from the biller"
    CHANGED = "changed"
    ATTACHED = "attached"
    DETACHED = "detached"
    UPLOADED = "uploaded"
    EXPORTED = "exported"
    BACKED_UP = "backed_up"
    SETTING_CHANGED = "setting_changed"
    DAY_NOTED = "noted a day"
    IMPORTED = "imported"
    KNOWN_PROBLEMS = "known problems"
    REPLACED = "replaced"
    REPLACEMENT_ARRIVED = "replacement arrived"
    ORIGINAL_ARRIVED = "original arrived"
    VOIDED = "voided"
    CLAIM_FOUND = "claim found"
    CHARGE_NOT_CERTAIN = "charge not certain"
    CHARGE_CHOSEN = "charge chosen"
    ASKED_BEFORE = "asked before"
    WITHDRAWN = "withdrawn by the payer"
    ASKED_AGAIN = "asked again by the payer"
    REQUEST_CHANGED = "request changed"
    ANSWERED_AGAIN = "answered again"
    ANSWERED_IN_PART = "answered in part"
    COMPLETION_SUGGESTED = "proposed to complete"
    SUGGESTION_ACCEPTED = "accepted proposal"
    SUGGESTION_DISMISSED = "declined proposal"

    @property
    def sentence(self) -> str:
        """Return what happened, as the history says it to people."""
        return _HAPPENED[self]


_HAPPENED = {
    EventKind.CREATED: "Created",
    EventKind.ASSIGNED: "Assigned",
    EventKind.STARTED: "Started",
    EventKind.START_UNDONE: "Undid the start",
    EventKind.GIVEN_BACK: "Given back",
    EventKind.COMPLETED: "Completed",
    EventKind.REOPENED: "Reopened",
    EventKind.COMMENTED: "Commented",
    EventKind.ASKED: "Asked the biller",
    EventKind.ANSWERED: "Answered the practice",
    EventKind.NOTED_TO_BILLER: "Wrote a note to the biller",
    EventKind.NOTED_FROM_BILLER: "Wrote a note from the biller",
    EventKind.CHANGED: "Changed",
    EventKind.ATTACHED: "Attached a document",
    EventKind.DETACHED: "Detached a document",
    EventKind.UPLOADED: "Uploaded",
    EventKind.EXPORTED: "Exported",
    EventKind.BACKED_UP: "Backed up",
    EventKind.SETTING_CHANGED: "Changed a setting",
    EventKind.DAY_NOTED: "Wrote a note on a day",
    EventKind.IMPORTED: "Imported the claim",
    EventKind.KNOWN_PROBLEMS: "Known problems of the claim as it came in",
    EventKind.REPLACED: "Replaced by a later claim",
    EventKind.REPLACEMENT_ARRIVED: "A replacement claim came in; the edited charge stays",
    EventKind.ORIGINAL_ARRIVED: "The earlier claim came in after the one that replaces it",
    EventKind.VOIDED: "Voided by a later claim",
    EventKind.CLAIM_FOUND: "Found the claim",
    EventKind.CHARGE_NOT_CERTAIN: "No charge is certain to be meant",
    EventKind.CHARGE_CHOSEN: "Chose the charge",
    EventKind.ASKED_BEFORE: "The payer asked before",
    EventKind.WITHDRAWN: "Request withdrawn or closed",
    EventKind.ASKED_AGAIN: "The payer asks for it again",
    EventKind.REQUEST_CHANGED: "The payer changed the request",
    EventKind.ANSWERED_AGAIN: "The payer answered again",
    EventKind.ANSWERED_IN_PART: "The payer answered a part of the claim",
    EventKind.COMPLETION_SUGGESTED: "The payer's answer suggests completing the task",
    EventKind.SUGGESTION_ACCEPTED: "Accepted the suggestion",
    EventKind.SUGGESTION_DISMISSED: "Dismissed the suggestion",
}
