"""One class a problem; its message is the sentence a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from lib.models import FieldChange, Problem


class BillingError(Exception):
    """Anything that is not a bug: the page shows its message as it is."""


class NotSignedIn(BillingError):
    """Nobody is signed in, or their session has ended."""

    def __init__(self) -> None:
        super().__init__("You are signed out. Sign in again to go on.")


class NotAllowed(BillingError):
    """The person's role does not permit this."""

    def __init__(self, what: str, *, whom: str = "a billing manager") -> None:
        super().__init__(f"Your role cannot {what}. Ask {whom} of the practice.")


class WrongSignIn(BillingError):
    """No account has this e-mail address and password; the sentence does not say which is wrong."""

    def __init__(self) -> None:
        super().__init__("This e-mail address and password do not belong together. Try again.")


class TooManyAttempts(BillingError):
    """The account or the address has to wait after attempts to sign in that failed."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        minutes, seconds = divmod(int(wait.total_seconds()) + 1, 60)
        how_long = f"{minutes + 1} minutes" if minutes else f"{seconds} seconds"
        super().__init__(f"Too many attempts to sign in. Wait {how_long} and try again.")


class MailNotSent(BillingError):
    """The mail server did not take an e-mail; what it is about is done all the same."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The e-mail was not sent: {why}. Hand the link over yourself.")


class NotOnTheList(BillingError):
    """A provider signed in somebody not on the list; the sentence says of no account that it is."""

    def __init__(self) -> None:
        super().__init__(
            "That account opens nothing here. Use another one, or ask an administrator of your "
            "practice to put its e-mail address on the list."
        )


class UnverifiedEmail(BillingError):
    """An OpenID provider does not say that the e-mail address is the person's own."""

    def __init__(self) -> None:
        super().__init__(
            "The e-mail address of that account is not verified there. Verify it, use another "
            "account, or ask an administrator of your practice."
        )


class OpenIDFailed(BillingError):
    """An OpenID provider signed nobody in; `why` is what the record keeps, `is_of_browser` whether
    the browser brought something wrong: that counts for its address, and what fails there does not.
    """

    def __init__(self, said: str, why: str, *, is_of_browser: bool = False) -> None:
        self.why, self.is_of_browser = why, is_of_browser
        super().__init__(said)


class WrongPasskey(BillingError):
    """A passkey that is not known, or did not sign what it was asked to."""

    def __init__(self) -> None:
        super().__init__("This passkey was not accepted. Try again, or sign in another way.")


class NoSuchPasskey(BillingError):
    """The passkey was removed already."""

    def __init__(self) -> None:
        super().__init__("There is no such passkey.")


class WrongLink(BillingError):
    """A one-time link that was used, replaced or is too old."""

    def __init__(self) -> None:
        super().__init__(
            "This link was used already, was replaced by a newer one, or is too old. Ask an "
            "administrator of your practice for a new one."
        )


class NoSuchPerson(BillingError):
    """The person does not exist, or belongs to other practices only."""

    def __init__(self) -> None:
        super().__init__("There is no such person.")


class AlsoElsewhere(BillingError):
    """What is done to an account is done in all its practices, and the actor manages not all."""

    def __init__(self) -> None:
        super().__init__(
            "This person also belongs to a practice whose people you do not manage. Remove them "
            "from your practice instead: that ends what they may do in it at once."
        )


class AccountDeactivated(BillingError):
    """Somebody invites a person whose account is deactivated."""

    def __init__(self) -> None:
        super().__init__(
            "The account with this e-mail address is deactivated, and nobody was invited. Have it "
            "reactivated first, by an administrator of its practice or by "
            "`python -m lib people reactivate`."
        )


class LastAdministrator(BillingError):
    """A practice would be left without an administrator."""

    def __init__(self) -> None:
        super().__init__(
            "This is the only administrator of a practice. Make somebody else an administrator "
            "first."
        )


class NoSuchPractice(BillingError):
    """The practice does not exist, or the person does not belong to it."""

    def __init__(self) -> None:
        super().__init__("There is no such practice.")


class NoSuchTask(BillingError):
    """The task does not exist, or belongs to another practice."""

    def __init__(self) -> None:
        super().__init__("There is no such task.")


class NoSuchCharge(BillingError):
    """The charge does not exist, or belongs to another practice."""

    def __init__(self) -> None:
        super().__init__("There is no such charge.")


class NoSuchDocument(BillingError):
    """The document does not exist, or belongs to another practice."""

    def __init__(self) -> None:
        super().__init__("There is no such document.")


class NoSuchFile(BillingError):
    """The imported file or message does not exist, or belongs to another practice."""

    def __init__(self) -> None:
        super().__init__("There is no such file.")


class AlreadyAssigned(BillingError):
    """Somebody else is working on the task."""

    def __init__(self, who: str) -> None:
        super().__init__(f"{who} is already working on this task.")


class AssignmentChanged(BillingError):
    """Somebody else assigned the task since it was read."""

    def __init__(self, who: str | None) -> None:
        now = f"It is now assigned to {who}." if who else "It is now unassigned."
        super().__init__(f"Somebody else assigned this task meanwhile. {now}")


class StartNotUndone(BillingError):
    """Something was done on the task since it was started."""

    def __init__(self) -> None:
        super().__init__(
            "The start cannot be undone: something was done on this task since. "
            "Assign it to somebody else, or to nobody."
        )


class SettingsChanged(BillingError):
    """Somebody else changed the settings since the form opened."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody else changed the settings meanwhile. Nothing was saved; "
            "look at them as they are now and choose again."
        )


class NotYourTask(BillingError):
    """The task is not assigned to the person who wants to complete it."""

    def __init__(self, who: str | None) -> None:
        owner = f"{who} is working on this task" if who else "Nobody has started this task"
        super().__init__(f"{owner}. Start it or have it assigned to you before you complete it.")


class AlreadyCompleted(BillingError):
    """The task was completed before."""

    def __init__(self, who: str | None) -> None:
        super().__init__(f"{who or 'Somebody'} has completed this task.")


class NotCompleted(BillingError):
    """The task is still pending, so it cannot be reopened."""

    def __init__(self) -> None:
        super().__init__("This task is not completed, so there is nothing to reopen.")


class NothingProposed(BillingError):
    """The suggestion is gone, or is another one by now."""

    def __init__(self) -> None:
        super().__init__("Nothing is proposed for this task any more.")


class ChargeChosen(BillingError):
    """Somebody, or a file, gave the task another charge since it was read."""

    def __init__(self, who: str | None, charge: str | None) -> None:
        now = f"It is now about {charge}." if charge else "It now has no charge."
        super().__init__(f"{who or 'A file'} chose another charge for this task meanwhile. {now}")


class NothingWritten(BillingError):
    """A required text is empty."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Write {what} first.")


class NothingChanged(BillingError):
    """A task would be completed without any change or note."""

    def __init__(self) -> None:
        super().__init__("Nothing was changed on this task and there is no note to the biller.")


class ChargeProblems(BillingError):
    """The charge cannot be completed as it is; `problems` says where and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            "One problem must be corrected before the task can be completed."
            if count == 1
            else f"{count} problems must be corrected before the task can be completed."
        )


class ChargeChanged(BillingError):
    """Somebody saved the charge since it was opened; `changes` says what, field by field.

    `who` is empty where it was the same person, in another tab or on another task.
    """

    def __init__(self, who: str, changes: Sequence[FieldChange]) -> None:
        self.who, self.changes = who, tuple(changes)
        happened = (
            f"{who} changed this charge while you had it open."
            if who
            else "You saved this charge in another tab or task while it was open here."
        )
        super().__init__(f"{happened} What you typed here is not saved yet; it is still here.")


class WrongDocument(BillingError):
    """The uploaded content cannot be kept as a document."""


class DuplicateDocument(BillingError):
    """The same content is already saved as document `document_id`."""

    def __init__(self, document_id: int, name: str) -> None:
        self.document_id = document_id
        super().__init__(f"This file is already saved as “{name}” (ID {document_id}).")


class DocumentFileProblem(BillingError):
    """The file of a document is not what was saved; `for_operator` says so without patient data."""

    what = ""

    def __init__(self, document_id: int, sentence: str) -> None:
        self.document_id = document_id
        super().__init__(sentence)

    @property
    def for_operator(self) -> str:
        """Return the sentence for the log, which names only the document's id."""
        return f"document {self.document_id} {self.what} on disk"


class DocumentFileChanged(DocumentFileProblem):
    """The file of a document has changed on the disk."""

    what = "was changed"

    def __init__(self, document_id: int) -> None:
        super().__init__(
            document_id,
            f"This document was changed on disk (ID {document_id}), so it is not shown, sent or "
            "attached. Add the original file once more, or have it restored from a backup.",
        )


class DocumentFileMissing(DocumentFileProblem):
    """The file of a document is missing on the disk, or `what` else is wrong with it."""

    def __init__(self, document_id: int, what: str = "is missing") -> None:
        self.what = what
        super().__init__(
            document_id,
            f"The file of this document {what} on disk (ID {document_id}). Add the original "
            "file once more, or have it restored from a backup.",
        )


class OtherPatient(BillingError):
    """The document is about another patient than the task; `document_patient` says whom."""

    def __init__(self, document_patient: str, task_patient: str) -> None:
        self.document_patient, self.task_patient = document_patient, task_patient
        super().__init__(
            f"This document is of {document_patient or 'another patient'}, and the task is about "
            f"{task_patient or 'another patient'}. Nothing was attached yet."
        )


class NotAttached(BillingError):
    """The document was detached from the task meanwhile."""

    def __init__(self) -> None:
        super().__init__("This document is no longer attached to the task.")


class NothingAttached(BillingError):
    """The task cannot be completed without a document."""

    def __init__(self) -> None:
        super().__init__("Attach a document first.")


class DocumentChanged(BillingError):
    """Somebody changed the document since the form opened."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody changed this document while you had it open. Nothing of yours was saved; "
            "look at it as it is now and change it again."
        )


class WrongInput(BillingError):
    """A form field or option holds something that cannot be understood; the message says which."""


class RefusedFile(BillingError):
    """An imported file that is rejected whole; nothing of it is kept."""


class StoreInUse(BillingError):
    """Another process holds the data folder."""

    def __init__(self, holder: str) -> None:
        super().__init__(
            f"Billing Tasks is already running on this data folder ({holder}). "
            "Use that one, or stop it first."
        )


class NotWritten(BillingError):
    """The disk took no more, so nothing was saved."""

    what = "This was not saved"

    def __init__(self, why: str = "perhaps because it is full. Make room and try again.") -> None:
        self.why = why
        super().__init__(f"{self.what}: the disk cannot be written, {why}")


class StoreStopped(BillingError):
    """The database had to close after a fatal error, and reopens by itself."""

    def __init__(self) -> None:
        super().__init__(
            "The store had to stop, most likely because the disk is full. What was confirmed is "
            "safe. Free some room: it opens again by itself."
        )


class NotCertain(BillingError):
    """The disk failed during a commit, so nobody knows whether it was saved."""

    def __init__(self) -> None:
        super().__init__(
            "The disk cannot be written, perhaps because it is full, and it is not certain that "
            "this was saved. Free some room, look whether it is there, and try again."
        )


class StoreDamaged(BillingError):
    """What was read is not what was written; `where` locates the damage in numbers, for a log."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(
            "A part of the data on disk is damaged, so this cannot be shown or saved. Tell whoever "
            "looks after Billing Tasks: `python -m lib verify` says what is damaged, and "
            "`python -m lib restore` brings back a backup."
        )


class OnlyOnDuckDB(BillingError):
    """The store is not a DuckDB file, and what was asked for works on one only."""

    def __init__(self) -> None:
        super().__init__(
            "This writes Billing Tasks' own database file only. Leave BILLING_TASKS_DATABASE out, "
            "and take the data over with python -m lib move."
        )


class StoreMoved(BillingError):
    """The data folder is no longer the one that was opened."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(
            "The data folder was moved, deleted or replaced while Billing Tasks runs, so nothing "
            "more is saved. What was confirmed before is in the folder that was moved. Put it back "
            "where it was, or stop Billing Tasks and start it with the right folder."
        )


class StoreClosing(BillingError):
    """The app is being stopped, so nothing more is written."""

    def __init__(self) -> None:
        super().__init__(
            "Billing Tasks is being stopped. This was not saved; do it again once it has started."
        )


class WrongDataFolder(BillingError):
    """The data folder cannot be used; the message says what to do."""


class LogMissing(WrongDataFolder):
    """The database's log or its end is missing, and with it the latest changes."""

    def __init__(self, log: str, lock: object, what: str = "missing") -> None:
        super().__init__(
            f"{log} is {what}: changes that were confirmed last are in it, and it was not closed "
            "properly before. Put it back beside billing.duckdb, or restore a backup. To go on "
            f"without those changes, delete {lock} and start again."
        )


class NotEmpty(WrongDataFolder):
    """A backup cannot be restored into a folder that holds data."""

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"{folder} is not empty: a backup is restored into a folder without data. Move what "
            "is there away, or name another folder with BILLING_TASKS_DATA."
        )


class BackupFailed(BillingError):
    """No backup was made; the message says why."""
