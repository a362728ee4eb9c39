"""Word documents for tests, part by part: packages (.docx) and compound files (.doc)."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

TYPES = "[Content_Types].xml"
DOCUMENT = "word/document.xml"
RELATIONS = "word/_rels/document.xml.rels"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>{}</Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    "{}</Relationships>"
)
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_DOCUMENT = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:v="urn:schemas-microsoft-com:vml">'
    "<w:body>{}</w:body></w:document>"
)
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def types(*more: str) -> str:
    """Return the content types of a package, with these beside the usual ones."""
    return _TYPES.format("".join(more))


def type_of(part: str, kind: str) -> str:
    """Return the content type of one part."""
    return f'<Override PartName="{part}" ContentType="{kind}"/>'


def relations(kind: str, target: str, mode: str = "External") -> str:
    """Return the relationships of a part, with one of that kind."""
    return _RELATIONS.format(
        f'<Relationship Id="rId9" Type="{_KIND}{kind}" Target="{target}" TargetMode="{mode}"/>'
    )


def body(inside: str) -> str:
    """Return a document with this inside."""
    return _DOCUMENT.format(inside)


def field(*instructions: str, result: str = "") -> str:
    """Return a field of Word in runs: its instructions, some of which may be fields themselves."""
    runs = "".join(
        each if each.startswith("<") else f"<w:r><w:instrText>{each}</w:instrText></w:r>"
        for each in instructions
    )
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r>{runs}'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{result}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def docx(parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return a package with a text, and these parts in place of its own or beside them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {TYPES: types(), DOCUMENT: body("<w:p/>"), **(parts or {})}.items():
            archive.writestr(name, content)
    return file.getvalue()


def doc(parts: Mapping[str, bytes]) -> bytes:
    """Return a compound file (MS-CFB) of these streams; "Macros/VBA/dir" is within two storages."""
    names = sorted({"/".join(path.split("/")[:n]) for path in parts for n in range(1, 9)})
    children: dict[str, list[int]] = {}
    for place, name in enumerate(names, 1):
        children.setdefault(name.rpartition("/")[0], []).append(place)
    right = {
        place: following
        for of_one in children.values()
        for place, following in zip(of_one, [*of_one[1:], FREE], strict=True)
    }
    starts, contents = {}, b""
    for name in names:
        if name in parts:
            starts[name] = len(contents) // 512
            # so large that none is in the ministream
            size = max(4096, -(-len(parts[name]) // 512) * 512)
            contents += parts[name].ljust(size, b"\0")
    entries = [_entry("Root Entry", 5, FREE, children[""][0], END, 0)]
    for place, name in enumerate(names, 1):
        below = children.get(name, [FREE])[0]
        is_stream = name in parts
        size = max(4096, len(parts.get(name, b"")))
        start = starts.get(name, 0)
        entries.append(
            _entry(
                name.rpartition("/")[2], 2 if is_stream else 1, right[place],
                FREE if is_stream else below, start if is_stream else 0, size if is_stream else 0,
            )
        )  # fmt: skip
    directory = b"".join(entries).ljust(-(-len(entries) // 4) * 512, b"\0")
    count, at = len(contents) // 512, len(contents) // 512
    chain = list(range(1, count + 1))
    for name, start in starts.items():
        chain[start + -(-max(4096, len(parts[name])) // 512) - 1] = END
    chain += [*range(at + 1, at + len(directory) // 512), END, FAT]
    assert len(chain) <= 128, "one sector of the allocation table is enough for tests"
    table = struct.pack("<128I", *chain, *[FREE] * (128 - len(chain)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, at, 0, 4096, END, 0, END, 0)
    header += struct.pack("<109I", len(chain) - 1, *[FREE] * 108)
    return header + contents + directory + table


def _entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBB3I", len(text), kind, 1, FREE, right, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def word_text(text: bytes, *, flags: int = 0, version: int = 0x00C1, template: str = "") -> bytes:
    """Return a WordDocument stream: its header, the FIB, and the text after it."""
    names = template.encode("utf-16-le")
    length = 10 + len(names) if template else 0
    fib = bytearray(0x600)
    struct.pack_into("<HH6xH", fib, 0, 0xA5EC, version, flags)
    struct.pack_into("<II", fib, 0x019A, 0, length)
    return bytes(fib) + text


def pieces(*texts: str) -> tuple[bytes, bytes]:
    """Return the WordDocument stream and the table stream of a text in pieces (MS-DOC 2.4.1): in
    reverse order, every second one in letters of one byte."""
    stream = b""
    places: list[int] = []
    for place, text in reversed(list(enumerate(texts))):
        is_small = bool(place % 2)
        start = 0x600 + len(stream)
        places.insert(0, 2 * start | 1 << 30 if is_small else start)
        stream += text.encode("cp1252" if is_small else "utf-16-le")
        stream += b"\0" * (len(stream) % 2)
    ends = [sum(len(text) for text in texts[:n]) for n in range(len(texts) + 1)]
    table = struct.pack(f"<{len(ends)}I", *ends)
    table += b"".join(struct.pack("<HIH", 0, place, 0) for place in places)
    clx = b"\x01\x02\0xx\x02" + struct.pack("<I", len(table)) + table
    fib = bytearray(word_text(b""))
    struct.pack_into("<II", fib, 0x01A2, 0, len(clx))
    return bytes(fib) + stream, clx


def associated(template: str) -> bytes:
    """Return a table stream that begins with the names of associated files, a template among
    them."""
    names = template.encode("utf-16-le")
    return struct.pack("<HHHHH", 0xFFFF, 2, 0, 0, len(template)) + names
