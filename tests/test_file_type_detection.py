"""A file leaves under a name that ends as its type does, whatever its sender called it."""

from __future__ import annotations

import pytest

from lib.file_type_detection import DOCX, ENDINGS, JPEG, PDF, safe_name


@pytest.mark.parametrize("ending", ["bat", "hta", "html", "exe", "JS", "lnk", "svg", "docm", "7z"])
def test_the_senders_ending_does_not_survive(ending: str) -> None:
    for media_type, own in ENDINGS.items():
        assert safe_name(f"Invoice.{ending}", media_type) == f"Invoice{own}"
        assert safe_name(f"Invoice.pdf.{ending}", media_type) == f"Invoice{own}"
        assert safe_name(f"Invoice.{ending}.{ending}", media_type) == f"Invoice{own}"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Invoice.bat ", "Invoice.pdf"), ("Invoice.bat...", "Invoice.pdf"),
        ("Invoice.bat . .", "Invoice.pdf"), ("Invoice.pdf\u202etab.bat", "Invoice_pdftab.pdf"),
        ("\u202efdp.exe", "fdp.pdf"), ("In\u200bvoice.e\u200bxe", "Invoice.pdf"),
        ("Invoice\uff0eexe", "Invoice.pdf"), ("Invoice\u2024exe", "Invoice.pdf"),
        ("Invoice.exe\0.pdf", "Invoice.pdf"), ("a\r\nb.exe", "a b.pdf".replace(" ", "  ")),
        ("CON", "_CON.pdf"), ("nul.pdf", "_nul.pdf"), ("com1.txt.pdf", "_com1.pdf"),
        ("LPT9 .exe", "_LPT9.pdf"), ("COM\u00b9.pdf", "_COM1.pdf"), ("console.pdf", "console.pdf"),
        ("a:b.exe", "a_b.pdf"), ('a<b>|"c?*.pdf', "a_b___c__.pdf"),
        ("C:\\scans\\a.pdf", "a.pdf"), ("../../etc/passwd", "passwd.pdf"),
        ("\uff0fetc\uff0fpasswd", "passwd.pdf"), ("", "document.pdf"), (".exe", "document.pdf"),
        ("...", "document.pdf"), ("\ud800a.pdf", "a.pdf"), ("Dr. Smith.pdf", "Dr. Smith.pdf"),
        ("v1.2.pdf", "v1.2.pdf"), ("Befund M\u00e4rz.PDF", "Befund M\u00e4rz.pdf"),
        ("a.unheard-of.pdf", "a_unheard-of.pdf"),
    ],
)  # fmt: skip
def test_a_name_is_one_that_every_system_can_write(given: str, name: str) -> None:
    assert safe_name(given, PDF) == name
    assert safe_name(name, PDF) == name


def test_a_long_name_keeps_its_ending() -> None:
    for name in ("x" * 5000 + ".exe", "\u00e4" * 5000, "\u5b57" * 300 + ".pdf.scr", ". " * 3000):
        for media_type, ending in ((PDF, ".pdf"), (JPEG, ".jpg"), (DOCX, ".docx")):
            found = safe_name(name, media_type)
            assert found.endswith(ending)
            assert len(found.encode()) <= 150


def test_what_is_no_known_type_leaves_as_nothing_that_runs() -> None:
    assert safe_name("Invoice.bat", "application/x-unknown") == "Invoice.bin"
