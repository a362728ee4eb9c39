"""What a file is, judged by its content and not by its name, and the name for its download."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass

import olefile
from PIL import Image
from PIL.TiffImagePlugin import (
    STRIPBYTECOUNTS,
    STRIPOFFSETS,
    TILEBYTECOUNTS,
    TILEOFFSETS,
    TiffImageFile,
)

from lib import unsafe_pdf, unsafe_word

PDF = "application/pdf"
TIFF = "image/tiff"
PNG = "image/png"
JPEG = "image/jpeg"
DOC = "application/msword"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

PRINTER_JOB = b"\x1b%-12345X"  # PJL's universal exit language
KINDS_OF_PARTS = "[Content_Types].xml"
MAX_PAGES = 2000  # pages of a TIFF that are checked
NAMES = {PDF: "PDF", TIFF: "TIFF", PNG: "PNG", JPEG: "JPEG", DOC: "Word", DOCX: "Word"}


ENDINGS = {PDF: ".pdf", TIFF: ".tif", PNG: ".png", JPEG: ".jpg", DOC: ".doc", DOCX: ".docx"}
MAX_NAME = 150  # bytes of a file name in UTF-8; Windows refuses paths of more than 260 letters

# Extensions that say what a file is, even if it is something else: they are removed. Every other
# dot in a name becomes "_" where it looks like the beginning of an extension.
_OTHER_ENDINGS = re.compile(
    r"\.(?:7z|ade|adp|ace|app|appx|asp|aspx|bas|bat|bin|bmp|bz2|cab|chm|cmd|com|cpl|crt|csv|dll|dmg"
    r"|docb|docm|dot|dotm|dotx|eml|exe|gadget|gif|gz|hlp|hta|htm|html|ico|img|inf|ins|iso|jar|js"
    r"|jse|jsp|ksh|lnk|mdb|mhtml|mht|msc|msh|msi|msix|msp|mst|ocx|odt|one|php|pif|pl|ppt|pptm|pptx"
    r"|ps1|psm1|py|pyw|rar|rb|reg|rtf|scf|scr|sct|sh|shb|shtml|sldm|svg|swf|sys|tar|tgz|tmp|txt|url"
    r"|vb|vbe|vbs|vhd|vhdx|wasm|webp|wim|ws|wsc|wsf|wsh|xbap|xht|xhtml|xlam|xll|xls|xlsb|xlsm|xlsx"
    r"|xml|xps|xsl|zip|pdf|tiff?|png|jpe?g|jpe|jfif|docx?)$",
    re.IGNORECASE,
)
# Device names, which Windows opens instead of a file, whatever the extension.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9])\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Look:
    """What the content is: its media type, or None and, if known, what makes it unsafe."""

    media_type: str | None
    danger: str = ""  # "This Word document holds macros"

    @property
    def refusal(self) -> str | None:
        """Return why the file cannot be kept and what to do; None if it can."""
        if self.danger:
            return f"{self.danger}. Print it to a new PDF, or save it as one, and choose that."
        if self.media_type is None:
            return (
                "This file is not a PDF, TIFF, PNG, JPEG or Word document, whatever its name says, "
                "or it is damaged. Save it as one of these and choose it again."
            )
        return None


def look(content: bytes) -> Look:
    """Return what the content is: a PDF, TIFF, PNG, JPEG or Word file, or none of these: a damaged
    image, another kind of file that contains one of them, or a document that could run something.

    Sources: ISO 32000-1 7.5.2 (readers accept %PDF- within the first 1,024 bytes), ECMA-376 part 2
    (a Word document is a package with word/document.xml), MS-DOC 2.1 (WordDocument stream).
    """
    media_type, danger = None, ""
    if _is_pdf(content[:1024]):
        media_type, danger = PDF, unsafe_pdf.danger(content)
    elif content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")):
        media_type = _image(content)
    elif content.startswith(b"PK\x03\x04") and _is_docx(content):
        media_type, danger = DOCX, unsafe_word.danger_in_package(content)
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        media_type, danger = _compound(content)
    return Look(None, danger) if danger else Look(media_type)


def safe_name(file_name: str, media_type: str) -> str:
    """Return the name for downloading a file of that type: its extension fits the type, whatever
    its sender called it, and every system can write it.

    Sources: Microsoft, "Naming Files, Paths, and Namespaces" (reserved letters and names, dots and
    blanks at the end); Unicode TR 36, 2.5 (letters that turn the direction of a text).
    """
    name = unicodedata.normalize("NFKC", file_name)
    name = re.split(r"[/\\]", name)[-1]
    letters = (letter if letter == " " or not letter.isspace() else " " for letter in name)
    name = "".join(letter for letter in letters if letter.isprintable())
    name = re.sub(r'[<>:"|?*]', "_", name).rstrip(" .")
    while (shorter := _OTHER_ENDINGS.sub("", name).rstrip(" .")) != name:
        name = shorter
    name = name.lstrip(" .")
    name = re.sub(r"\.(?=[^\W\d])", "_", name)
    if _DEVICE.match(name.split(".")[0].strip(" ")):
        name = f"_{name}"
    most = MAX_NAME - len(ending(media_type))
    stem = name.encode()[:most].decode(errors="ignore").strip(" .")
    return f"{stem or 'document'}{ending(media_type)}"


def ending(media_type: str) -> str:
    """Return the extension for files of that type; for an unknown type one that nothing runs."""
    return ENDINGS.get(media_type, ".bin")


def _is_pdf(head: bytes) -> bool:
    """Return True if only blanks, a byte order mark or a printer's job header precede the PDF."""
    start = head.lstrip(b"\xef\xbb\xbf\0\t\r\n\f ")
    return start.startswith(b"%PDF-") or (start.startswith(PRINTER_JOB) and b"%PDF-" in start)


def _image(content: bytes) -> str | None:
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "TIFF"]) as image:
            kind = {"PNG": PNG, "JPEG": JPEG, "TIFF": TIFF, "MPO": JPEG}.get(image.format or "")
            if isinstance(image, TiffImageFile):
                return kind if _is_whole(image, len(content)) else None
            image.verify()
            # verify() does not check the end of a JPEG: it must follow the last of its pictures
            is_cut = kind == JPEG and content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda")
            return None if is_cut else kind
    except Exception:  # Pillow raises many kinds for damaged files; all mean: not an image
        return None


def _is_whole(image: TiffImageFile, size: int) -> bool:
    """Return True if every page says where its strips or tiles are, and they end within the
    file."""
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
            return names >= {KINDS_OF_PARTS, "word/document.xml"} and "xl/workbook.xml" not in names
    except Exception:  # zipfile raises many kinds for damaged archives; all mean: not Word
        return False


def _compound(content: bytes) -> tuple[str | None, str]:
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as package:
            if not package.exists("WordDocument"):
                return None, ""
        return DOC, unsafe_word.danger_in_compound(content)
    except Exception:  # olefile raises many kinds for damaged files; all mean: not Word
        return None, ""


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
