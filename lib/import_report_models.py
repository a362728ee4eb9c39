"""What an import reports, or what its preview does: records without behaviour of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

MAX_PREVIEWED = 200  # tasks of a preview that say which charge they are about


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A rejected row of a table whose other rows may come in."""

    line: int  # in the file
    reason: str
    text: str  # the text of the row


@dataclass(frozen=True, slots=True)
class TaskPreview:
    """A task that a file would make: which charge it would be about, and why."""

    title: str
    claim_number: str  # as the file writes it
    charge: str  # in one line; empty if none is certain
    why: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one file."""

    file: str
    sha256: str
    format: str | None
    charges_new: int = 0
    tasks_new: int = 0
    tasks_amount: Decimal = Decimal("0.00")
    already_imported: bool = False
    refused: str | None = None
    warnings: tuple[str, ...] = field(default=())
    quarantined: int = 0  # rejected messages, or parts of one; the others came in
    # claim statuses that neither accept nor reject, and answers that leave dollars unexplained
    unclear: int = 0
    summary: tuple[str, ...] = ()  # "96 answers: 83 paid, 13 denied."
    matched: tuple[str, ...] = ()  # how many tasks found their charge, and what agreed
    refused_rows: tuple[RefusedRow, ...] = ()
    left_out: int = 0  # hidden rows of a table
    file_id: int | None = field(default=None, compare=False)  # once it is imported
    # of a preview: the first of the new tasks
    tasks: tuple[TaskPreview, ...] = field(default=(), compare=False, repr=False)

    @property
    def is_whole(self) -> bool:
        """Return True if nothing in the file was rejected, left out or not understood."""
        found = (self.refused, self.quarantined, self.refused_rows, self.left_out, self.unclear)
        return not any(found)
