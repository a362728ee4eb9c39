"""What a file is, by its content; its name is not believed."""

from __future__ import annotations

import io
import zipfile

import olefile
from PIL import Image

PDF = "application/pdf"
TIFF = "image/tiff"
PNG = "image/png"
JPEG = "image/jpeg"
DOC = "application/msword"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

NAMES = {PDF: "PDF", TIFF: "TIFF", PNG: "PNG", JPEG: "JPEG", DOC: "Word", DOCX: "Word"}


def media_type_of(content: bytes) -> str | None:
    """The media type of a PDF, TIFF, PNG, JPEG or Word file, or None for anything else.

    Sources: ISO 32000-1 7.5.2 (readers accept %PDF- within the first 1,024 bytes), ECMA-376 part 2
    (a Word document is a package with word/document.xml), MS-DOC 2.1 (WordDocument stream).
    """
    if b"%PDF-" in content[:1024] and not content.startswith((b"MZ", b"PK", b"<")):
        return PDF
    if content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")):
        return _image(content)
    if content.startswith(b"PK\x03\x04"):
        return DOCX if _is_docx(content) else None
    if content.startswith(b"\xd0\xcf\x11\xe0") and _is_doc(content):
        return DOC
    return None


def _image(content: bytes) -> str | None:
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "TIFF"]) as image:
            image.verify()
            return {"PNG": PNG, "JPEG": JPEG, "TIFF": TIFF, "MPO": JPEG}.get(image.format or "")
    except Exception:  # Pillow raises many kinds for damaged files; all mean: not an image
        return None


def _is_docx(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return {"[Content_Types].xml", "word/document.xml"} <= set(package.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def _is_doc(content: bytes) -> bool:
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as package:
            return bool(package.exists("WordDocument"))
    except Exception:  # olefile raises many kinds for damaged files; all mean: not Word
        return False
