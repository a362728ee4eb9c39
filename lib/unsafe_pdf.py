"""Find what in a PDF could run, start a program or carry another file. Pure.

Sources: ISO 32000-1, 7.3.5 (names may be written with #xx), 7.5.7 (object streams), 7.6
(encryption), 7.11.4 (embedded files), 12.6.4 (actions), 12.7.8 (XFA forms).
"""

from __future__ import annotations

import re
import zlib
from typing import Any

MAX_UNPACKED = 64 * 1024 * 1024  # bytes searched in all object streams of a file
MAX_ESCAPES = 200_000  # letters of names that are written as #xx
MAX_STREAMS = 50_000  # a scan of ten megabytes has some hundreds

SCRIPTS = "This PDF holds scripts"
OTHERS_INSIDE = "This PDF starts programs or holds other files"
LOCKED = "This PDF is locked, so that nobody can look whether it holds scripts"
TOO_DEEP = "This PDF cannot be looked through"

# The long names do not occur by chance in compressed data; the short ones are followed by what they
# refer to.
_SCRIPT = re.compile(rb"/(?:JavaScript|Rendition)\b|/XFA\s*(?:\[|\d+\s+\d+\s+R\b)")
_OTHER = re.compile(
    rb"/(?:Launch|EmbeddedFiles?|FileAttachment|RichMedia|ImportData|GoToE)\b"
    rb"|/EF\s*(?:<<|\d+\s+\d+\s+R\b)"
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"\bstream[ \t]*(?:\r\n|\n|\r)")
_OBJECTS = re.compile(rb"/ObjStm\b")
_OTHER_FILTER = re.compile(
    rb"/(?:LZW|LZWDecode|ASCIIHexDecode|AHx|ASCII85Decode|A85|RunLengthDecode|RL|Crypt"
    rb"|DCTDecode|JPXDecode)\b|/Predictor\s+(?!1\b)\d"
)
_CHUNK = 64 * 1024
_LOOK_BACK = 4096  # bytes before `stream` that are searched for its dictionary


def danger(content: bytes) -> str:
    """Return what makes the PDF unsafe, as the beginning of a sentence; empty if it is safe.

    A reader finds objects by their position in the file, whatever surrounds them, so everything is
    searched, including what seems to be a comment, a string or the content of a stream.
    """
    text, count = _ESCAPED.subn(_letter, content, MAX_ESCAPES)
    if count == MAX_ESCAPES:
        return TOO_DEEP
    return _said(content, text) or _in_object_streams(content, is_locked=b"/Encrypt" in text)


def _in_object_streams(content: bytes, *, is_locked: bool) -> str:
    left = MAX_UNPACKED
    if sum(1 for _ in _STREAM.finditer(content)) > MAX_STREAMS:
        return TOO_DEEP
    for start in _STREAM.finditer(content):
        before = _unescaped(content[max(0, start.start() - _LOOK_BACK) : start.start()])
        own = before[max(before.rfind(b"endobj"), before.rfind(b"endstream"), 0) :]
        if _OBJECTS.search(own):
            if is_locked:
                return LOCKED
            if _OTHER_FILTER.search(own):
                return TOO_DEEP
        elif not (b"/First" in before and b"/FlateDecode" in before):
            continue
        inside, looked_at = _inflated(content, start.end(), left)
        left -= looked_at
        if left <= 0:
            return TOO_DEEP
        if found := _said(inside, _unescaped(inside)):
            return found
    return ""


def _said(content: bytes, text: bytes) -> str:
    """Return what is found in the content, or in `text`, the same with escapes in names
    resolved."""
    for what, pattern in ((SCRIPTS, _SCRIPT), (OTHERS_INSIDE, _OTHER)):
        if pattern.search(content) or (text is not content and pattern.search(text)):
            return what
    return ""


def _unescaped(content: bytes) -> bytes:
    """Return the content with each #xx in a name replaced by its letter."""
    return _ESCAPED.sub(_letter, content)


def _letter(escaped: re.Match[bytes]) -> bytes:
    return bytes([int(escaped[1], 16)])


def _inflated(content: bytes, start: int, most: int) -> tuple[bytes, int]:
    """Return the content of the deflated stream at `start`, and how many bytes that cost, at most
    about `most`. Of a damaged stream return what precedes the damage, as readers do."""
    reader = zlib.decompressobj()
    found = bytearray()
    place = start
    while not reader.eof and place < len(content) and len(found) + place - start < most:
        taken = reader.unconsumed_tail
        if not taken:
            taken = content[place : place + _CHUNK]
            place += len(taken)
        before = reader.copy()
        try:
            found += reader.decompress(taken, _CHUNK)
        except zlib.error:
            found += _before_damage(before, taken)
            break
    return bytes(found), len(found) + place - start


def _before_damage(reader: Any, taken: bytes) -> bytes:
    """Return what precedes the damage in this piece, read in ever smaller steps, since what is read
    together with the damage is lost."""
    found = bytearray()
    for size in (4096, 64, 1):
        for place in range(0, len(taken), size):
            before = reader.copy()
            try:
                found += reader.decompress(taken[place : place + size])
            except zlib.error:
                reader, taken = before, taken[place : place + size]
                break
        else:
            break
    return bytes(found)
