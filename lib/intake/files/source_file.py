"""A file as it came, in memory or on disk: identified by its SHA-256 and read in pieces."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from lib.intake.x12.segment_reader import BYTE_ORDER_MARKS
from lib.intake.x12.separators import EDGES, Broken
from lib.store.durable_files import PIECE, pieces_of

Pieces = Callable[[], Iterator[bytes]]  # reads content from its beginning, in pieces


class SourceFile:
    """One file. Its content can be read any number of times, and is never held as a whole."""

    def __init__(self, name: str, content: bytes | Path | Pieces) -> None:
        self.name = name
        self._content = content
        self.size = 0
        self.done = 0  # bytes read so far in the current pass
        digest, utf8 = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
        is_utf8, head = True, b""
        for piece in self.pieces():
            head = head or piece[:2000]
            self.size += len(piece)
            digest.update(piece)
            if is_utf8:
                try:
                    utf8.decode(piece)
                except UnicodeDecodeError:
                    is_utf8 = False
        self.sha256 = digest.hexdigest()
        marked = (encoding for mark, encoding in BYTE_ORDER_MARKS if head.startswith(mark))
        self.encoding = next(marked, "utf-8" if is_utf8 else "latin-1")
        beginning = head.decode(self.encoding, errors="ignore").lstrip(EDGES)
        self.is_interchange = beginning.startswith("ISA")

    def pieces(self) -> Iterator[bytes]:
        """Yield the content in pieces, counting in `done`."""
        self.done = 0
        for piece in self._pieces():
            self.done += len(piece)
            yield piece

    def _pieces(self) -> Iterator[bytes]:
        if isinstance(self._content, bytes):
            for at in range(0, len(self._content), PIECE):
                yield self._content[at : at + PIECE]
            return
        yield from pieces_of(self._content) if isinstance(self._content, Path) else self._content()

    def content(self, most: int) -> bytes:
        """Return the whole, for formats whose files are small; of a larger file the first `most`
        bytes."""
        if isinstance(self._content, bytes):
            return self._content[:most]
        found = b""
        for piece in self._pieces():
            found += piece
            if len(found) >= most:
                break
        return found[:most]

    def text(self) -> Iterator[str]:
        """Yield the text, decoded by its byte order mark, else as UTF-8, else as Latin-1. U+0000,
        with which some senders pad and which no store accepts, is left out. Raises Broken."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        try:
            for piece in self.pieces():
                yield decoder.decode(piece).replace("\0", "")
            yield decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            if self.encoding == "utf-8":  # the last character is cut in two
                return
            raise Broken(1, "the text is damaged: it is not the Unicode it says") from None
