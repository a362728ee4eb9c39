"""Where documents and imported files are kept: in the data folder, or in a bucket.

Content lies under its SHA-256 and is never changed. It is written durably before the row that names
it: to a folder inside the row's transaction, to a bucket before it, since others wait for whoever
writes.
"""

from __future__ import annotations

import hashlib
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lib.errors import BillingError, NotWritten
from lib.store import durable_files

DOCUMENTS, INTAKE = "documents", "intake"  # the two kinds of content
KINDS = (DOCUMENTS, INTAKE)
BOUND = "billing.files"  # in a data folder whose files are in a bucket, and in the bucket
_NAME = re.compile(r"[0-9a-f]{64}")


class FilesUnreachable(NotWritten):
    """The bucket does not answer, or refuses us; nothing was shown or saved."""

    def __init__(self, why: str) -> None:
        BillingError.__init__(
            self,
            f"The bucket that keeps documents and files {why}, so nothing of this was shown or "
            "saved. Try again in a moment; what was confirmed before is safe.",
        )


@dataclass(frozen=True, slots=True)
class Lying:
    """Something that lies among the content: its place below its kind, and its last change."""

    name: str
    changed_at: datetime  # UTC

    @property
    def sha256(self) -> str:
        """Return the hash that it is named by; an empty text where it is named otherwise."""
        above, _, name = self.name.rpartition("/")
        return name if _NAME.fullmatch(name) and above == name[:2] else ""


class Files(ABC):
    """The content of one store or backup. Each method but `lying` may raise FilesUnreachable."""

    @abstractmethod
    def keep(self, kind: str, sha256: str, content: bytes | Iterable[bytes]) -> bool:
        """Write content under its SHA-256 unless an intact copy is there; a damaged one is
        replaced.

        Return True if there was none. Raises NotWritten; whatever reading the pieces raises is
        passed on, and nothing is written then.
        """

    def send(self, kind: str, sha256: str, content: bytes | Iterable[bytes]) -> bool:  # noqa: ARG002
        """Do what `keep` does where that takes as long as a network, else nothing; call it before
        the transaction, in which `keep_sent` is asked.

        Return True if there was none. Raises as `keep` does.
        """
        return False

    def keep_sent(
        self, kind: str, sha256: str, size: int, content: bytes | Iterable[bytes]  # noqa: ARG002
    ) -> bool:  # fmt: skip
        """Make sure inside a transaction that content of so many bytes, for which `send` was
        called, is there when its row is: it may have been swept since. Return and raise as
        `keep` does."""
        return self.keep(kind, sha256, content)

    @abstractmethod
    def ask(self) -> None:
        """Raise FilesUnreachable, within seconds, where content cannot be read."""

    @abstractmethod
    def pieces(self, kind: str, sha256: str) -> Iterator[bytes]:
        """Yield content, a megabyte at a time. Raises FileNotFoundError."""

    @abstractmethod
    def size(self, kind: str, sha256: str) -> int | None:
        """Return the bytes of content; None where there is none."""

    @abstractmethod
    def lying(self, kind: str) -> Iterator[Lying]:
        """Yield everything of that kind, unfinished files too."""

    @abstractmethod
    def delete(self, kind: str, name: str) -> None:
        """Delete what lies there under that name, if anything does."""

    def take_back(self, kind: str, sha256: str) -> None:
        """Delete content that was kept for a row that was never written; what cannot be reached is
        swept later."""
        with suppress(FilesUnreachable):
            self.delete(kind, f"{sha256[:2]}/{sha256}")

    def read(self, kind: str, sha256: str) -> bytes:
        """Return content at once. Raises FileNotFoundError."""
        return b"".join(self.pieces(kind, sha256))

    def problem(self, kind: str, sha256: str) -> str:
        """Return what is wrong with content, "is missing", "cannot be read" or "was changed"; else
        an empty text."""
        digest = hashlib.sha256()
        try:
            for piece in self.pieces(kind, sha256):
                digest.update(piece)
        except FileNotFoundError:
            return "is missing"
        except OSError:
            return "cannot be read"
        return "" if digest.hexdigest() == sha256 else "was changed"


class Folder(Files):
    """Content in `documents/` and `intake/` of a data folder or a backup."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self) -> None:
        """Do nothing: the folder is there as long as the store is."""

    def path(self, kind: str, sha256: str) -> Path:
        """Return where content lies."""
        return self._folder / kind / sha256[:2] / sha256

    def keep(self, kind: str, sha256: str, content: bytes | Iterable[bytes]) -> bool:
        """Write content unless it is there."""
        return durable_files.keep(self.path(kind, sha256), sha256, content)

    def pieces(self, kind: str, sha256: str) -> Iterator[bytes]:
        """Yield content."""
        return durable_files.pieces_of(self.path(kind, sha256))

    def size(self, kind: str, sha256: str) -> int | None:
        """Return the bytes of content."""
        path = self.path(kind, sha256)
        return path.stat().st_size if path.is_file() else None

    def lying(self, kind: str) -> Iterator[Lying]:
        """Yield everything of that kind."""
        top = self._folder / kind
        for place, _, names in os.walk(top) if top.is_dir() else ():
            for name in sorted(names):
                path = Path(place) / name
                changed_at = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
                yield Lying(str(path.relative_to(top)), changed_at)

    def delete(self, kind: str, name: str) -> None:
        """Delete what lies there."""
        (self._folder / kind / name).unlink(missing_ok=True)
