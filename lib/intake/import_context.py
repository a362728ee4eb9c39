"""What everything in one import shares: the file, the practice, the person and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from lib.history_event_kinds import EventKind
from lib.models import Practice
from lib.store.database import Value


@dataclass(frozen=True, slots=True)
class ImportContext:
    """The file being imported, for which practice, by whom and when."""

    file_id: int
    file_name: str
    practice: Practice
    actor_id: int | None  # None on the command line
    now: datetime

    @property
    def today(self) -> date:
        """Return today's date in the practice."""
        return self.now.astimezone(ZoneInfo(self.practice.timezone)).date()

    def event(
        self,
        kind: EventKind,
        segment_number: int,
        *,
        task_id: int | None = None,
        charge_id: int | None = None,
    ) -> dict[str, Value]:
        """Return a line of history that names the file and the segment."""
        return {
            "practice_id": self.practice.id,
            "task_id": task_id,
            "charge_id": charge_id,
            "kind": kind,
            "detail": f"From {self.file_name}, segment {segment_number}",
            "actor_id": self.actor_id,
            "happened_at": self.now,
        }
