"""Decode the text of a table: UTF-8, UTF-16, Windows-1252, or two of them in one file. Pure."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
LOST = "\ufffd"  # what a program writes for a letter it could not read
MAX_NAMED = 5  # lines named in a warning
# UTF-8 that a program read as Windows-1252 and wrote as UTF-8 again: "Ñ" has become "Ã‘".
_GARBLED = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
)


# A name in which a letter was lost, and no address or question: "MU?OZ", "Mu„oz".
_LOST_LETTER = re.compile(
    r"(?<![\w/.:=&?])(?:[A-Z\u00c0-\u00de]{2,}[?„‡][A-Z\u00c0-\u00de]+"
    r"|[A-Z\u00c0-\u00de]?[a-z\u00df-\u00ff]+[?„‡][a-z\u00df-\u00ff]+)(?![\w/.:=&?])"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, and warnings about its encoding, which contain no value."""

    text: str
    warnings: tuple[str, ...] = ()


def decode(content: bytes) -> Decoded | None:
    """Return the text, or None if the bytes are not text."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            body = content[len(mark) :]
            return _of_bytes(body) if encoding == "utf-8" else _of_text(body, encoding)
    start = content[:2000]
    if start.count(0) > len(start) // 4:
        little = start[1::2].count(0) >= start[::2].count(0)
        return _of_text(content, "utf-16-le" if little else "utf-16-be")
    return _of_bytes(content)


def _of_text(content: bytes, encoding: str) -> Decoded | None:
    return _checked(content.decode(encoding, "replace"), ())


def _of_bytes(content: bytes) -> Decoded | None:
    try:
        return _checked(content.decode("utf-8"), ())
    except UnicodeDecodeError:
        return _of_two(content)


def _of_two(content: bytes) -> Decoded | None:
    """Return Windows-1252 text, with those lines read as UTF-8 that are: two exports in one
    file."""
    lines = content.split(b"\n")
    read: list[str] = []
    single: list[int] = []  # lines that are only readable as Windows-1252
    several: list[int] = []  # lines that are readable as UTF-8
    for number, line in enumerate(lines, start=1):
        if line.isascii():
            read.append(line.decode("ascii"))
            continue
        text = _as_utf8(line)
        (single if text is None else several).append(number)
        read.append(line.decode("cp1252", "replace") if text is None else text)
    warnings: tuple[str, ...] = ()
    if several and single:
        fewer = min(several, single, key=len)
        warnings = (
            "It is written in two encodings, as two exports put together are: "
            f"{_lines(fewer)} was read as {'UTF-8' if fewer is several else 'Windows-1252'}, "
            "unlike the others. Look whether the names with accents are right.",
        )
    return _checked("\n".join(read), warnings)


def _as_utf8(line: bytes) -> str | None:
    """Return the line as UTF-8 if that yields Western letters, as names have them; else None.

    Windows-1252 can look like UTF-8 by chance ("É’" is the byte pair of a rare phonetic letter).
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    is_usual = all(
        sign < "\u0080" or "\u00a0" <= sign <= "\u017f" or "\u2000" <= sign <= "\u2122"
        for sign in text
    )
    return text if is_usual else None


def _checked(text: str, warnings: tuple[str, ...]) -> Decoded | None:
    """Return the text if it is one: pictures and programs are full of control characters."""
    start = text[:4000]
    odd = sum(ord(sign) < 32 and sign not in "\r\n\t\f" for sign in start)
    if odd * 50 > len(start):
        return None
    if "\0" in text:
        if text.count("\0") * 50 > len(text):
            return None
        text = text.replace("\0", "")
        warnings += ("It holds empty signs (U+0000) that no text has; they were left out.",)
    if LOST in text:
        lines = [n for n, line in enumerate(text.split("\n"), start=1) if LOST in line]
        warnings += (
            f"Letters were lost before the file came here: {_lines(lines)} has the sign "
            f"“{LOST}” in place of some. Correct the names in the other system and export again.",
        )
    if _LOST_LETTER.search(text):
        lines = [n for n, line in enumerate(text.split("\n"), 1) if _LOST_LETTER.search(line)]
        warnings += (
            f"Letters look lost in {_lines(lines)} (“MU?OZ” for “MUÑOZ”). Look whether the names "
            "with accents are right.",
        )
    if _GARBLED.search(text):
        lines = [n for n, line in enumerate(text.split("\n"), start=1) if _GARBLED.search(line)]
        warnings += (
            f"Letters look garbled in {_lines(lines)} (“Ã±” for “ñ”), as when a program reads "
            "UTF-8 as Windows-1252. Look whether the names with accents are right.",
        )
    return Decoded(text, warnings)


def _lines(numbers: list[int]) -> str:
    """Return words for one line or several: "line 3", "each of the lines 3, 4 and 12 others"."""
    named = ", ".join(map(str, numbers[:MAX_NAMED]))
    more = len(numbers) - MAX_NAMED
    if len(numbers) == 1:
        return f"line {named}"
    return f"each of the lines {named}" + (f" and {more:,} others" if more > 0 else "")
