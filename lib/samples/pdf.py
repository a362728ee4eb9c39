"""Write a one-page PDF of lines of text, for the documents of the sample practices."""

from __future__ import annotations

from collections.abc import Sequence


def page(heading: str, title: str, lines: Sequence[str]) -> bytes:
    """Return a letter-size page: heading, title and lines in Helvetica. Source: ISO 32000-1,
    7.5."""
    content = [
        "0.16 0.36 0.54 rg 0 742 612 50 re f",
        f"1 g BT /F2 15 Tf 54 761 Td ({_text(heading)}) Tj ET",
        f"0 g BT /F2 19 Tf 54 690 Td ({_text(title)}) Tj ET",
        "0.8 G 54 678 m 558 678 l S",
        "BT /F1 11 Tf 16 TL 54 652 Td",
        *(f"({_text(line)}) Tj T*" for line in lines),
        "ET",
        "0.45 g BT /F1 9 Tf 54 40 Td (Sample data: every name and number is invented.) Tj ET",
    ]
    stream = "\n".join(content).encode("cp1252")
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
    ]
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, written in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, written)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    file += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(file)


def _text(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
