"""What a file is, by its content; its name is not believed."""

from __future__ import annotations

import io
import zipfile

import olefile
from PIL import Image
from PIL.TiffImagePlugin import (
    STRIPBYTECOUNTS,
    STRIPOFFSETS,
    TILEBYTECOUNTS,
    TILEOFFSETS,
    TiffImageFile,
)

PDF = "application/pdf"
TIFF = "image/tiff"
PNG = "image/png"
JPEG = "image/jpeg"
DOC = "application/msword"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

PRINTER_JOB = b"\x1b%-12345X"  # PJL's universal exit language
KINDS_OF_PARTS = "[Content_Types].xml"
MAX_PAGES = 2000  # of a TIFF that are looked at
MAX_KINDS = 1_000_000  # bytes of it that are read
NAMES = {PDF: "PDF", TIFF: "TIFF", PNG: "PNG", JPEG: "JPEG", DOC: "Word", DOCX: "Word"}


def media_type_of(content: bytes) -> str | None:
    """The media type of a PDF, TIFF, PNG, JPEG or Word file, or None for anything else: a damaged
    image, a document with macros, a file of another kind that holds one of these.

    Sources: ISO 32000-1 7.5.2 (readers accept %PDF- within the first 1,024 bytes), ECMA-376 part 2
    (a Word document is a package with word/document.xml), MS-DOC 2.1 (WordDocument stream).
    """
    if _is_pdf(content[:1024]):
        return PDF
    if content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")):
        return _image(content)
    if content.startswith(b"PK\x03\x04"):
        return DOCX if _is_docx(content) else None
    if content.startswith(b"\xd0\xcf\x11\xe0") and _is_doc(content):
        return DOC
    return None


def _is_pdf(head: bytes) -> bool:
    """True where nothing but blanks, a byte order mark or a printer's job header comes first."""
    start = head.lstrip(b"\xef\xbb\xbf\0\t\r\n\f ")
    return start.startswith(b"%PDF-") or (start.startswith(PRINTER_JOB) and b"%PDF-" in start)


def _image(content: bytes) -> str | None:
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "TIFF"]) as image:
            kind = {"PNG": PNG, "JPEG": JPEG, "TIFF": TIFF, "MPO": JPEG}.get(image.format or "")
            if isinstance(image, TiffImageFile):
                return kind if _is_whole(image, len(content)) else None
            image.verify()
            # verify() says nothing of a JPEG: its end must come after the last of its pictures
            is_cut = kind == JPEG and content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda")
            return None if is_cut else kind
    except Exception:  # Pillow raises many kinds for damaged files; all mean: not an image
        return None


def _is_whole(image: TiffImageFile, size: int) -> bool:
    """True where every page says where its strips or tiles are, and they end within the file."""
    for page in range(MAX_PAGES):
        try:
            image.seek(page)
        except EOFError:
            break
        tags = image.tag_v2
        ends = [
            start + length
            for starts, lengths in ((STRIPOFFSETS, STRIPBYTECOUNTS), (TILEOFFSETS, TILEBYTECOUNTS))
            for start, length in zip(tags.get(starts, ()), tags.get(lengths, ()), strict=False)
        ]
        if not ends or max(ends) > size:
            return False
    return True


def _is_docx(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = set(package.namelist())
            if not names >= {KINDS_OF_PARTS, "word/document.xml"} or "xl/workbook.xml" in names:
                return False
            with package.open(KINDS_OF_PARTS) as kinds:
                has_macros = b"macroEnabled" in kinds.read(MAX_KINDS)
            return not has_macros and not any(each.endswith("vbaProject.bin") for each in names)
    except Exception:  # zipfile raises many kinds for damaged archives; all mean: not Word
        return False


def _is_doc(content: bytes) -> bool:
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as package:
            return bool(package.exists("WordDocument"))
    except Exception:  # olefile raises many kinds for damaged files; all mean: not Word
        return False


DOCUMENT_LABELS = (
    "Authorization",
    "Certificate of medical necessity",
    "Consent",
    "Explanation of benefits",
    "Imaging report",
    "Insurance card",
    "Itemized bill",
    "Lab results",
    "Medical records",
    "Office notes",
    "Operative report",
    "Referral",
    "Other",
)
