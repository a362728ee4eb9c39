"""Workbooks whose XML defines entities: refused, however the definition is hidden."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from lib.errors import RefusedFile
from lib.intake.files import non_x12_formats

BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 8))
LOCAL = Path(__file__).as_uri()
PADDING = f"<!--{'x' * 9000}-->"  # further than one looks for what a file declares
HEAD = ("Type", "Task", "Claim #", "Patient Name", "DOS", "Amount")


def workbook(part: str, declared: str, text: str, *, encoding: str = "utf-8") -> bytes:
    """Return a good workbook but for one part, which says `text` in place of its first heading."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEAD)
    sheet.append(("Coding", "Check it", "A1", "Green, Emma", "01/13/2025", "200.00"))
    plain = io.BytesIO()
    book.save(plain)
    written = io.BytesIO()
    with zipfile.ZipFile(plain) as good, zipfile.ZipFile(written, "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            if name == part:
                xml = content.decode()
                start = xml.index("?>") + 2 if xml.startswith("<?xml") else 0
                xml = declared + xml[start:].replace(">Type<", f">{text}<").replace(
                    'name="Sheet"', f'name="{text}"'
                )
                if encoding != "utf-8":
                    xml = f'<?xml version="1.0" encoding="{encoding}"?>' + xml
                content = xml.encode(encoding)
            bad.writestr(name, content)
    return written.getvalue()


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("padding", ["", PADDING])
@pytest.mark.parametrize(
    ("declared", "text"),
    [
        (f'<!DOCTYPE x [<!ENTITY e0 "lol">{BOMB}]>', "&e7;"),
        ('<!DOCTYPE x [<!ENTITY e "once">]>', "&e;"),
        (f'<!DOCTYPE x [<!ENTITY e SYSTEM "{LOCAL}">]>', "&e;"),
        (f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{LOCAL}"> %e;]>', "Type"),
    ],
)
def test_a_workbook_that_defines_entities_is_refused(
    part: str, encoding: str, padding: str, declared: str, text: str
) -> None:
    content = workbook(part, padding + declared, text, encoding=encoding)

    with pytest.raises(
        RefusedFile, match=r"declares XML entities|cannot be read as an Excel workbook"
    ):
        non_x12_formats.read("a.xlsx", content)


def test_the_same_workbook_without_entities_comes_in() -> None:
    assert non_x12_formats.read("a.xlsx", workbook("xl/worksheets/sheet1.xml", PADDING, "Type"))


def test_what_reads_workbooks_knows_of_entities() -> None:
    """openpyxl takes defusedxml where it is there, and says nothing where it is not."""
    assert openpyxl.DEFUSEDXML
