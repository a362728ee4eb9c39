"""Say what a file is that holds no table we can read: a PDF, a locked workbook, an image … Pure."""

from __future__ import annotations

import io
import re
from pathlib import PurePath

from lib.unsafe_word import COMPOUND_FILE

X12_ENDINGS = {".x12", ".edi", ".837", ".835", ".277", ".999", ".277ca", ".era", ".837p"}
LOOKED_AT = 8000  # bytes at the beginning
SAVE = "save its table as .xlsx or .csv and bring that in"
_EXCEL = "it is a workbook of an old Excel (.xls, 1997 to 2003)"
_BEGINNINGS = (
    (b"%PDF-", "it is a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "it is a picture (PNG)"),
    (b"\xff\xd8\xff", "it is a picture (JPEG)"),
    (b"GIF87a", "it is a picture (GIF)"),
    (b"GIF89a", "it is a picture (GIF)"),
    (b"II*\0", "it is a scan (TIFF)"),
    (b"MM\0*", "it is a scan (TIFF)"),
    (b"{\\rtf", "it is a text document (RTF)"),
    (b"\x1f\x8b", "it is an archive (gzip); unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "it is an archive (7z); unpack it"),
    (b"Rar!\x1a\x07", "it is an archive (RAR); unpack it"),
    (b"SQLite format 3\0", "it is a database (SQLite)"),
)
# A BOF record at the very beginning: Excel 2 to 5 wrote sheets without a container.
_OLD_SHEETS = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00")
_BEFORE = "\xff\xfe\xef\xbb\xbf \t\r\n"  # byte order marks and blanks
_PAGE = re.compile(r"<(?:!doctype html|html|head|body|meta|table|style|div)[\s>/]")
_OLE_STREAMS = (  # by what the container holds; the first match counts
    ("EncryptedPackage", "it is a workbook or document locked with a password"),
    ("Workbook", _EXCEL),
    ("Book", "it is a workbook of an old Excel (.xls, 1995)"),
    ("WordDocument", "it is a Word document (.doc)"),
    ("PowerPoint Document", "it is a presentation (.ppt)"),
    ("__properties_version1.0", "it is a message of Outlook (.msg)"),
)


def sentence(name: str, content: bytes) -> str | None:
    """Return what the file is and what to do, or None if we may be able to read it.

    It continues "… was refused: ".
    """
    if content.startswith(COMPOUND_FILE):
        return _container(content)
    # the X12 reader says that it is no X12
    is_named_x12 = PurePath(name).suffix.lower() in X12_ENDINGS
    for beginning, what in _BEGINNINGS:
        if content.startswith(beginning) and not is_named_x12:
            return f"{what}, not a table. If it holds one, {SAVE}."
    if content.startswith(_OLD_SHEETS):
        return f"it is a sheet of a very old Excel (before 1995). Open it and {SAVE}."
    return _markup(_head(content))


def _head(content: bytes) -> str:
    """Return the beginning as lower-case text, without byte order mark and blanks."""
    start = content[:LOOKED_AT].replace(b"\0", b"")
    return start.decode("latin-1").lower().lstrip(_BEFORE)


def _markup(head: str) -> str | None:
    if head.startswith("mime-version:") and "multipart/related" in head:
        return f"it is a web page saved as one file (MHTML), not a workbook. Open it and {SAVE}."
    if not head.startswith("<"):
        return None
    if "urn:schemas-microsoft-com:office:spreadsheet" in head and "<html" not in head:
        return f"it is an XML Spreadsheet 2003, not an .xlsx workbook. Open it in Excel and {SAVE}."
    if _PAGE.search(head):
        return (
            "it is a web page (HTML), not a workbook, even where it is named .xls. Open it in "
            f"Excel and {SAVE}."
        )
    if head.startswith("<?xml"):
        return f"it is XML, not a table. If it holds one, {SAVE}."
    return None


def _container(content: bytes) -> str:
    """Return which older Office program wrote the file, told by the streams in it."""
    import olefile

    locked = ""
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as opened:
            held = {path[0] for path in opened.listdir() if path}
            if "Workbook" in held and _is_locked(opened.openstream("Workbook").read(4096)):
                locked = ", locked with a password"
    except Exception:  # olefile raises many things for damaged files
        held = set()
    for stream, what in _OLE_STREAMS:
        if stream in held:
            open_it = "Open it with its password" if "locked" in what + locked else "Open it"
            without = " without a password" if "locked" in what + locked else ""
            return f"{what}{locked}. {open_it} and {SAVE.replace(' and', without + ' and', 1)}."
    return (
        "it is a workbook of an old Excel, or another file of an older Office program, and cannot "
        f"be looked into. Open it and {SAVE}."
    )


def _is_locked(workbook: bytes) -> bool:
    """Return True if the records of a BIFF8 workbook begin with FILEPASS (0x2F): what follows is
    encrypted. Source: [MS-XLS] 2.4.117."""
    at = 0
    while at + 4 <= len(workbook):
        kind = int.from_bytes(workbook[at : at + 2], "little")
        if kind == 0x2F:
            return True
        if kind == 0x85:  # BOUNDSHEET8 comes after it
            return False
        at += 4 + int.from_bytes(workbook[at + 2 : at + 4], "little")
    return False
