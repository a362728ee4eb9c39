"""PDFs that could run something, start a program or carry other files are not kept."""

from __future__ import annotations

import random
import zlib

import pytest

from lib import file_type_detection
from lib.file_type_detection import PDF
from lib.samples import pdf

SCRIPT = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
SCRIPTS = b"This PDF holds scripts".decode()
OTHERS = b"This PDF starts programs or holds other files".decode()
ESCAPED = SCRIPT.replace(b"Java", b"#4aav#61")


def holding(inside: bytes) -> bytes:
    return b"%PDF-1.7\n1 0 obj\n" + inside + b"\nendobj\n%%EOF\n"


def stream(inside: bytes, about: bytes) -> bytes:
    return b"<<" + about + b">>\nstream\r\n" + inside + b"\nendstream"


def objects(inside: bytes, about: bytes = b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode") -> bytes:
    return stream(zlib.compress(inside), about)


UNSAFE = {
    "a script": (holding(SCRIPT), SCRIPTS),
    "a script with letters escaped": (holding(ESCAPED), SCRIPTS),
    "a script in what looks like a comment": (holding(b"% " + SCRIPT), SCRIPTS),
    "a script in what looks like a string": (holding(b"(" + SCRIPT + b")"), SCRIPTS),
    "a script in what looks like a picture": (
        holding(stream(SCRIPT, b"/Filter/DCTDecode")), SCRIPTS,
    ),
    "a script in packed objects": (holding(objects(SCRIPT)), SCRIPTS),
    "an escaped script in packed objects": (holding(objects(ESCAPED)), SCRIPTS),
    "packed objects with an escaped name": (
        holding(objects(SCRIPT, b"/Type/Obj#53tm/N 1/First 4/Filter/Fl")), SCRIPTS,
    ),
    "packed objects that do not say so": (
        holding(objects(SCRIPT, b"/N 1/First 4/Filter/FlateDecode")), SCRIPTS,
    ),
    "packed objects whose end is damaged": (
        holding(stream(zlib.compress(SCRIPT * 50)[:-8], b"/Type/ObjStm/First 4/N 1")), SCRIPTS,
    ),
    "a script behind 70 pages of packed objects": (
        holding(b"\n".join(objects(bytes(n)) for n in range(70)) + objects(SCRIPT)), SCRIPTS,
    ),
    "a form of Adobe's own": (holding(b"<</AcroForm<</XFA [(a) 2 0 R]>>>>"), SCRIPTS),
    "a film that runs a script": (holding(b"<</S/Rendition/JS 4 0 R>>"), SCRIPTS),
    "a program": (holding(b"<</OpenAction<</S/Launch/F(cmd.exe)>>>>"), OTHERS),
    "a file inside": (holding(b"<</Names<</EmbeddedFiles 4 0 R>>>>"), OTHERS),
    "a file inside that no list names": (holding(b"<</F(a)/EF<</F 5 0 R>>>>"), OTHERS),
    "a file pinned to a page": (holding(b"<</Subtype/FileAttachment>>"), OTHERS),
    "a film": (holding(b"<</Subtype/RichMedia>>"), OTHERS),
    "data that is fetched": (holding(b"<</S/ImportData/F(a.fdf)>>"), OTHERS),
}  # fmt: skip


@pytest.mark.parametrize("what", UNSAFE)
def test_what_could_run_is_refused(what: str) -> None:
    content, sentence = UNSAFE[what]

    assert file_type_detection.look(content).danger == sentence


@pytest.mark.slow
def test_what_cannot_be_looked_through_is_refused() -> None:
    locked = holding(objects(b"x") + b"\ntrailer<</Encrypt 9 0 R>>")
    other = holding(stream(b"x", b"/Type/ObjStm/N 1/First 4/Filter/LZWDecode"))
    huge = holding(objects(bytes(100_000_000)))
    streams = holding(b"stream\n" * 100_000)
    escapes = holding(b"#61" * 300_000)

    assert "locked" in file_type_detection.look(locked).danger
    for content in (other, huge, streams, escapes):
        assert "cannot be looked through" in file_type_detection.look(content).danger


def test_ordinary_documents_are_kept() -> None:
    page = pdf.page("Northside", "Operative report", ["See /JavaScripts and Launch."])
    noise = random.Random(7).randbytes(3_000_000)
    scan = holding(stream(noise, b"/Filter/DCTDecode") + b"<</First 3 0 R/Type/Outlines>>")
    link = holding(b"<</S/URI/URI(https://practice.example)>>" + objects(b"<</S/GoTo>>"))
    locked = holding(b"<</Contents 4 0 R>>trailer<</Encrypt 9 0 R>>")

    for content in (page, scan, link, locked):
        assert file_type_detection.look(content) == file_type_detection.Look(PDF)
