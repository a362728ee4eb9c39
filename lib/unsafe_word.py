"""Find what in a Word document could run, reach outside or carry another file. Pure.

Sources: ECMA-376 part 1, 17.16 (fields) and part 2 (packages: content types, relationships); MS-DOC
2.5 (FIB), 2.8.25 (characters of fields) and 2.9.279 (SttbfAssoc, the attached template); MS-OVBA
2.2 (where macros are stored).
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from xml.parsers import expat

import olefile

from lib.unsafe_word_xml import FIELDS, MACROS, OTHERS_INSIDE, OUTSIDE, XmlLook

LOCKED = "This Word document is locked with a password"
TOO_DEEP = "This Word document cannot be looked through"
DAMAGED = "This Word document is damaged"

MAX_PARTS = 5000
MAX_UNPACKED = 64 * 1024 * 1024  # bytes searched in all texts of a package
MAX_DESCRIPTOR = 24  # bytes between one entry of an archive and the next: its data descriptor
END_OF_ARCHIVE = b"PK\x05\x06"
COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# How other files begin: an OLE object, an archive, a program, a PDF, RTF, compiled help.
_OTHER_FILES = (COMPOUND_FILE, b"PK\x03\x04", b"MZ", b"%PDF", b"{\\rt", b"ITSF", b"\x7fELF")
_TEXT = re.compile(rb"^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\0\s]*<")
_MACRO_PART = re.compile(r"(?:^|/)vba(?:project|data)[^/]*$", re.IGNORECASE)

# A field's command in the text of a .doc, where 0x13 begins a field.
_COMMANDS = (
    "DDEAUTO|DDE|LINK|EMBED|CONTROL|INCLUDETEXT|INCLUDEPICTURE|INCLUDE|IMPORT|DATABASE"
    "|MACROBUTTON|MACRO|HTMLCONTROL"
)
_FIELD = re.compile(f'\x13[\\s\x13"]*(?:{_COMMANDS})\\s+\\S', re.IGNORECASE)
_NESTED_FIELD = re.compile("\x13\\s*[^\\s\x13-\x15]*\x13")  # a command computed by another field
_MACRO_NAMES = {"macros", "vba", "_vba_project_cur", "_vba_project"}
_OBJECT_NAMES = {"\x01ole10native", "\x03ocxname", "\x03ocxdata"}
_IS_TEMPLATE, _IS_LOCKED, _TABLE_1 = 0x0001, 0x0100, 0x0200  # flags of the FIB
_WORD_97 = 0x00C1  # nFib; templates of earlier versions store their macros as commands in the text


def danger_in_package(content: bytes) -> str:
    """Return what makes the .docx unsafe, as the beginning of a sentence; empty if it is safe.

    Everything in the file must belong to the archive, and everything that can be a text is read as
    one: the names of parts prove nothing.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            entries = package.infolist()
            if problem := _of_archive(content, package, entries):
                return problem
            if any(_MACRO_PART.search(_plain(entry.filename)) for entry in entries):
                return MACROS
            return _of_parts(package, entries)
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError):
        return DAMAGED
    except (RuntimeError, NotImplementedError):  # locked, or packed in a way Word does not know
        return DAMAGED


def _plain(name: str) -> str:
    """Return a part's name as readers compare it, with %xx, backslashes and trailing blanks
    resolved."""
    text = re.sub("%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), name)
    return text.replace("\\", "/").rstrip(" .\0").casefold()


def _of_archive(content: bytes, package: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str:
    """Return why an archive that holds more than it lists is unsafe: readers disagree on what that
    is."""
    names = [_plain(entry.filename) for entry in entries]
    if len(entries) > MAX_PARTS:
        return TOO_DEEP
    if any(entry.flag_bits & 0x41 for entry in entries):
        return LOCKED
    end = content.rfind(END_OF_ARCHIVE)
    comment = struct.unpack_from("<H", content, end + 20)[0]
    if end + 22 + comment != len(content) or comment > 64 or len(set(names)) != len(names):
        return DAMAGED
    place = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if not 0 <= entry.header_offset - place <= (MAX_DESCRIPTOR if place else 0):
            return DAMAGED
        lengths = struct.unpack_from("<HH", content, entry.header_offset + 26)
        place = entry.header_offset + 30 + sum(lengths) + entry.compress_size
    return "" if 0 <= package.start_dir - place <= MAX_DESCRIPTOR else DAMAGED


def _of_parts(package: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str:
    left = MAX_UNPACKED
    for entry in entries:
        with package.open(entry) as part:
            head = part.read(512)
            name = _plain(entry.filename)
            is_text = name.endswith((".xml", ".rels", ".vml")) or _TEXT.match(head)
            if head.startswith(_OTHER_FILES):
                return OTHERS_INSIDE
            if not is_text or not head:
                continue
            text = head + part.read(left)
        left -= len(text)
        if left <= 0:
            return TOO_DEEP
        try:
            if found := XmlLook().danger(text):
                return found
        except (expat.ExpatError, LookupError, ValueError):
            return MACROS if b"macroenabled" in text.lower() else DAMAGED
    return ""


def danger_in_compound(content: bytes) -> str:
    """Return what makes the .doc unsafe, as `danger_in_package` does. For a damaged one, raise what
    olefile and struct raise."""
    with olefile.OleFileIO(io.BytesIO(content)) as package:
        paths = [[name.casefold() for name in path] for path in package.listdir(storages=True)]
        text = package.openstream("WordDocument").read()
        version, flags = struct.unpack_from("<2xH6xH", text) if len(text) >= 12 else (_WORD_97, 0)
        table = _stream(package, flags)
    template, together = _template(text, table), _put_together(text, table)
    names = {name for path in paths for name in path}
    if (
        names & _MACRO_NAMES
        or "_VBA_PROJECT".encode("utf-16-le") in content
        or b"Attribut\0e VB_" in content
        or (flags & _IS_TEMPLATE and version < _WORD_97)
    ):
        return MACROS
    if names & _OBJECT_NAMES or any(path[0] == "objectpool" and path[1:] for path in paths):
        return OTHERS_INSIDE
    if flags & _IS_LOCKED:
        return LOCKED
    if "://" in template or template.startswith(("\\\\", "//")):
        return OUTSIDE
    readings = (
        together,
        text.decode("latin-1"),
        text.decode("utf-16-le", "replace"),
        text[1:].decode("utf-16-le", "replace"),
    )
    is_unsafe = _NESTED_FIELD.search(together) or any(_FIELD.search(each) for each in readings)
    return FIELDS if is_unsafe else ""


def _stream(package: olefile.OleFileIO, flags: int) -> bytes:
    """Return the table stream that the document uses."""
    name = "1Table" if flags & _TABLE_1 else "0Table"
    return bytes(package.openstream(name).read()) if package.exists(name) else b""


def _put_together(text: bytes, table: bytes) -> str:
    """Return the text of the document, joined from its pieces (MS-DOC 2.4.1). Raise ValueError if
    they claim more than there is."""
    if len(text) < 0x01AA:
        return ""
    start, length = struct.unpack_from("<II", text, 0x01A2)  # fcClx, lcbClx
    pieces = table[start : start + length]
    place = properties = 0
    while pieces[place : place + 1] == b"\x01":  # a Prc: how paragraphs look
        properties += 1
        if properties > MAX_PARTS:
            raise ValueError("more properties than any document has")
        place += 3 + struct.unpack_from("<H", pieces, place + 1)[0]
    if pieces[place : place + 1] != b"\x02":
        return ""
    pieces = pieces[place + 5 :]
    count = (len(pieces) - 4) // 12
    found, left = [], 2 * len(text)
    for place in range(count):
        first, last = struct.unpack_from("<II", pieces, 4 * place)
        where = struct.unpack_from("<I", pieces, 4 * (count + 1) + 8 * place + 2)[0]
        length, start = max(0, last - first), where & 0x3FFFFFFF
        if where & 1 << 30:
            found.append(text[start // 2 : start // 2 + length].decode("cp1252", "replace"))
        else:
            found.append(text[start : start + 2 * length].decode("utf-16-le", "replace"))
        left -= len(found[-1])
        if left < 0:
            raise ValueError("pieces that say the same text again and again")
    return "".join(found)


def _template(fib: bytes, table: bytes) -> str:
    """Return the name of the template that Word would load with the document."""
    if len(fib) < 0x01A2:
        return ""
    start, length = struct.unpack_from("<II", fib, 0x019A)  # fcSttbfAssoc, lcbSttbfAssoc
    strings = table[start : start + length]
    if len(strings) < 8 or strings[:2] != b"\xff\xff":
        return ""
    first = 8 + 2 * struct.unpack_from("<H", strings, 6)[0]  # the template's name is the second
    if first + 2 > len(strings):
        return ""
    letters = int(struct.unpack_from("<H", strings, first)[0])
    name = strings[first + 2 : first + 2 + 2 * letters]
    return name.decode("utf-16-le", "replace").strip()
