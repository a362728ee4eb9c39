"""Word documents that could run something, reach outside or carry other files are not kept."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from lib import file_type_detection
from lib.file_type_detection import DOC, DOCX
from tests.word_files import (
    DOCUMENT,
    RELATIONS,
    TYPES,
    associated,
    body,
    doc,
    docx,
    field,
    pieces,
    relations,
    type_of,
    types,
    word_text,
)

MACRO_KIND = "application/vnd.ms-word.document.macroEnabled.main+xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def with_hidden_part(name: str) -> bytes:
    """Return an archive that holds a part which its directory does not list."""
    whole = docx({name: "<x/>"})
    listed = docx()
    local = listed[: zipfile.ZipFile(io.BytesIO(listed)).start_dir]
    hidden = whole[: zipfile.ZipFile(io.BytesIO(whole)).start_dir][len(local) :]
    end = bytearray(listed[len(local) :])
    place = end.rfind(b"PK\x05\x06")
    struct.pack_into("<I", end, place + 16, len(local) + len(hidden))
    return local + hidden + bytes(end)


MACROS = {
    "a project": docx({"word/vbaProject.bin": OLE}),
    "a project in capitals": docx({"WORD/VBAPROJECT.BIN": OLE}),
    "a project elsewhere": docx({"customXml/vbaProject.bin": OLE}),
    "a project with an escaped name": docx({"word/vba%50roject.bin": OLE}),
    "a project behind a backslash": docx({"word\\vbaProject.bin": OLE}),
    "a project with blanks behind its name": docx({"word/vbaProject.bin ": OLE}),
    "its data": docx({"word/vbaData.xml": "<x/>"}),
    "a type": docx({TYPES: types(type_of("/word/document.xml", MACRO_KIND))}),
    "a type in UTF-16": docx(
        {TYPES: types(type_of("/word/document.xml", MACRO_KIND)).encode("utf-16")}
    ),
    "a type in UTF-16 without its mark": docx(
        {TYPES: types(type_of("/word/document.xml", MACRO_KIND)).encode("utf-16-be")}
    ),
    "a type in references to letters": docx(
        {TYPES: types(type_of("/word/document.xml", MACRO_KIND.replace("m", "&#109;")))}
    ),
    "a type of a project under another name": docx(
        {TYPES: types(type_of("/a.png", "application/vnd.ms-office.vbaProject"))}
    ),
    "a relationship": docx({RELATIONS: relations("vbaProject", "a.png", "Internal")}),
}
OUTSIDE = {
    "a template on the web": docx({
        "word/_rels/settings.xml.rels": relations("attachedTemplate", "http://x.example/t.dotm"),
    }),
    "a template on a share": docx({
        "word/_rels/settings.xml.rels": relations("attachedTemplate", r"\\x.example\s\t.dotm"),
    }),
    "a template on a disk": docx({
        "word/_rels/settings.xml.rels": relations("attachedTemplate", "file:///C:/t.dotm"),
    }),
    "a template in UTF-16": docx({
        "word/_rels/settings.xml.rels": relations("attachedTemplate", "http://x").encode("utf-16"),
    }),
    "a template said to be inside": docx({
        "word/_rels/s.rels": relations("attachedTemplate", "http://x.example/t", "Internal"),
    }),
    "relationships under another ending": docx({
        "word/a.bin": relations("attachedTemplate", "http://x.example/t"),
    }),
    "a picture on the web": docx({RELATIONS: relations("image", "https://x.example/p.png")}),
    "a frame": docx({RELATIONS: relations("frame", "http://x.example")}),
    "a mail merge": docx({RELATIONS: relations("mailMergeSource", "file:///C:/a.csv")}),
    "a link that starts a program": docx({RELATIONS: relations("hyperlink", "ms-msdt:/id")}),
    "a link to a script": docx({RELATIONS: relations("hyperlink", "javascript:alert(1)")}),
    "a drawn picture on the web": docx({DOCUMENT: body('<v:imagedata src="http://x.example"/>')}),
}  # fmt: skip
OBJECTS = {
    "an OLE object": docx({"word/embeddings/oleObject1.bin": OLE}),
    "an OLE object named as a picture": docx({"word/media/image1.png": OLE}),
    "a workbook inside": docx({"word/embeddings/a.xlsx": b"PK\x03\x04" + bytes(30)}),
    "a program inside": docx({"word/media/a.jpg": b"MZ" + bytes(30)}),
    "a relationship to an OLE object": docx({RELATIONS: relations("oleObject", "a", "Internal")}),
    "a linked OLE object": docx({RELATIONS: relations("oleObject", "http://x.example")}),
    "ActiveX": docx({RELATIONS: relations("control", "activeX/activeX1.xml", "Internal")}),
    "ActiveX by its type": docx({TYPES: types(type_of("/a", "application/vnd.ms-office.activeX"))}),
    "another text inside": docx({RELATIONS: relations("aFChunk", "a.html", "Internal")}),
    "an object in the text": docx({DOCUMENT: body('<o:OLEObject Type="Embed"/>')}),
    "a control in the text": docx({DOCUMENT: body("<w:control/>")}),
    "a text inside the text": docx({DOCUMENT: body("<w:altChunk/>")}),
}
FIELDS = {
    "DDE": body(field("DDE c:\\\\cmd.exe")),
    "DDEAUTO": body(field(" DDEAUTO c:\\\\cmd.exe ")),
    "small letters": body(field("ddeauto c:\\\\cmd.exe")),
    "runs": body(field("D", "DE", "AUTO c:\\\\cmd.exe")),
    "quotes": body(field('"DDEAUTO" c:\\\\cmd.exe')),
    "a simple field": body('<w:fldSimple w:instr="DDEAUTO c:\\\\cmd.exe"/>'),
    "letters out of another field": body(field(field("QUOTE 68 68 69"), " c:\\\\cmd.exe")),
    "a whole command out of another field": body(field(field("QUOTE 68 68 69"))),
    "half a command out of another field": body(field("DD", field("QUOTE 69"), " cmd")),
    "another prefix": body(field("DDE cmd")).replace("w:", "q:"),
    "a text of a web page": body(field("INCLUDETEXT http://x.example")),
    "a picture of a web page": body(field("INCLUDEPICTURE http://x.example")),
    "a link": body(field("LINK Excel.Sheet c:\\\\a.xls")),
    "a button that runs": body(field("MACROBUTTON Evil Click")),
    "a field that never ends": body(
        '<w:fldChar w:fldCharType="begin"/><w:instrText>DDE a</w:instrText>'
    ),
    "a field inside the result of another": body(field("TOC", result=field("DDE cmd"))),
}
ODD = {
    "something before it": b"PK\x03\x04\0\0" + docx(),
    "something behind it": docx() + bytes(300),
    "another archive before it": docx({"word/vbaProject.bin": OLE}) + docx(),
    "a part that is not listed": with_hidden_part("word/vbaProject.bin"),
    "the same name twice, once in capitals": docx({"word/A.xml": "<x/>", "word/a.xml": "<y/>"}),
    "a declaration of entities": docx({DOCUMENT: b'<!DOCTYPE x [<!ENTITY a "DDE">]><x>&a;</x>'}),
    "another encoding": docx({TYPES: '<?xml version="1.0" encoding="cp037"?><x/>'}),
    "a text that ends too early": docx({DOCUMENT: "<x>"}),
}


@pytest.mark.parametrize("spelling", MACROS)
def test_macros_are_refused_in_every_spelling(spelling: str) -> None:
    assert file_type_detection.look(MACROS[spelling]).danger == "This Word document holds macros"


@pytest.mark.parametrize("what", OUTSIDE)
def test_what_reaches_outside_is_refused(what: str) -> None:
    assert "from outside" in file_type_detection.look(OUTSIDE[what]).danger


@pytest.mark.parametrize("what", OBJECTS)
def test_objects_of_other_programs_are_refused(what: str) -> None:
    assert "objects of other programs" in file_type_detection.look(OBJECTS[what]).danger


@pytest.mark.parametrize("spelling", FIELDS)
def test_fields_that_start_programs_are_refused(spelling: str) -> None:
    for part in (DOCUMENT, "word/header1.xml", "word/evil.dat"):
        assert (
            "start other programs"
            in file_type_detection.look(docx({part: FIELDS[spelling]})).danger
        )


@pytest.mark.parametrize("what", ODD)
def test_an_archive_of_which_readers_disagree_is_refused(what: str) -> None:
    assert file_type_detection.look(ODD[what]).media_type is None


@pytest.mark.slow
def test_a_package_that_grows_without_end_is_refused() -> None:
    huge = docx({f"word/{n}.xml": b"<x>" + b" " * 9_000_000 + b"</x>" for n in range(9)})

    assert file_type_detection.look(huge).danger == "This Word document cannot be looked through"


def test_a_locked_package_is_refused() -> None:
    locked = bytearray(docx())
    directory = zipfile.ZipFile(io.BytesIO(bytes(locked))).start_dir
    locked[directory + 8] |= 1

    assert (
        file_type_detection.look(bytes(locked)).danger
        == "This Word document is locked with a password"
    )


def test_an_ordinary_letter_is_kept() -> None:
    letter = docx(
        {
            DOCUMENT: body(
                field("PAGE") + field("TOC \\\\o", result=field("PAGEREF _Toc1"))
                + field("IF ", field("MERGEFIELD Sex"), ' = "F" "Ms" "Mr"')
                + "<w:p>The DDE field of macroEnabled vbaProject.bin</w:p>"
            ),
            RELATIONS: relations("hyperlink", "https://practice.example/a?b=1"),
            "word/media/image1.png": b"\x89PNG\r\n\x1a\n" + bytes(99),
            "docProps/thumbnail.emf": bytes(99),
        }
    )  # fmt: skip

    assert file_type_detection.look(letter) == file_type_detection.Look(DOCX)


OLD = {
    "macros": {"WordDocument": b"", "Macros/VBA/dir": b"", "Macros/VBA/_VBA_PROJECT": b""},
    "macros in capitals": {"WordDocument": b"", "MACROS/vba/dir": b""},
    "macros anywhere": {"WordDocument": b"", "a/b/_VBA_PROJECT": b""},
    "macros that no storage names": {
        "WordDocument": word_text(b"x"), "a": "_VBA_PROJECT".encode("utf-16-le"),
    },
    "source of macros": {"WordDocument": b"", "a": b'\0Attribut\0e VB_Name = "X"'},
    "macros of Word 95": {"WordDocument": word_text(b"", flags=1, version=0x65)},
    "objects": {"WordDocument": b"", "ObjectPool/_1/\x01Ole10Native": b""},
    "an object": {"WordDocument": b"", "ObjectPool/_1/Package": b""},
    "ActiveX": {"WordDocument": b"", "a/\x03OCXNAME": b""},
    "a password": {"WordDocument": word_text(b"", flags=0x0100)},
    "DDE": {"WordDocument": word_text(b"Hello \x13 DDEAUTO c:\\\\cmd.exe \x14x\x15")},
    "DDE in UTF-16": {"WordDocument": word_text("\x13ddeauto cmd \x15".encode("utf-16-le"))},
    "DDE in UTF-16 at an odd place": {
        "WordDocument": word_text(b"x" + "\x13DDE cmd \x15".encode("utf-16-le")),
    },
    "a text of a web page": {"WordDocument": word_text(b"\x13INCLUDETEXT http://x \x15")},
    "a template on the web": {
        "WordDocument": word_text(b"", template="http://x.example/t.dot"),
        "0Table": associated("http://x.example/t.dot"),
    },
    "a template on a share": {
        "WordDocument": word_text(b"", flags=0x0200, template="\\\\x\\t.dot"),
        "1Table": associated("\\\\x\\t.dot"),
    },
}  # fmt: skip


@pytest.mark.parametrize("what", OLD)
def test_what_is_unsafe_in_an_old_word_document_is_refused(what: str) -> None:
    seen = file_type_detection.look(doc(OLD[what]))

    assert seen.media_type is None
    assert ("macros" in seen.danger) == ("macros" in what)
    assert seen.danger


@pytest.mark.parametrize(
    "texts",
    [
        ("Hello \x13 D", "DEAU", "TO c:\\\\cmd.exe \x14 1\x15"), ("\x13D", "DE", " cmd \x15"),
        ("\x13\x13QUOTE 68\x14D\x15DE", " cmd\x15"), ("\x13DD\x13QU", "OTE 69\x15 cmd \x15"),
        ("\x13INCLUDE", "TEXT http://x\x15"),
    ],
)  # fmt: skip
def test_a_command_cut_into_pieces_is_put_together(texts: tuple[str, ...]) -> None:
    text, table = pieces(*texts)

    assert file_type_detection.look(doc({"WordDocument": text, "0Table": table})).danger == (
        "This Word document holds fields that start other programs"
    )


def test_an_ordinary_text_in_pieces_is_kept() -> None:
    text, table = pieces(
        "Hello \x13 PA", "GE \x14 \x13DATE\x15", "1\x15 \x13 IF \x13 X\x15 = 1\x15"
    )

    assert file_type_detection.look(
        doc({"WordDocument": text, "0Table": table})
    ) == file_type_detection.Look(DOC)
    for cut in range(0, len(table), 3):
        file_type_detection.look(doc({"WordDocument": text, "0Table": table[:cut]}))


def test_an_ordinary_old_letter_is_kept() -> None:
    text = word_text(
        b"DDE and Macros \x13 PAGE \x14 1\x15 \x13HYPERLINK x\x15", template="Normal.dot"
    )
    letter = {"WordDocument": text, "0Table": associated("Normal.dot"), "\x01CompObj": b"x"}

    assert file_type_detection.look(doc(letter)) == file_type_detection.Look(DOC)
