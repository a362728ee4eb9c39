"""Find what in the texts of a Word package could run, reach outside or carry another file. Pure."""

from __future__ import annotations

import re
from xml.parsers import expat

MACROS = "This Word document holds macros"
OTHERS_INSIDE = "This Word document holds objects of other programs"
OUTSIDE = "This Word document loads something from outside when it is opened"
FIELDS = "This Word document holds fields that start other programs"

_ENCODINGS = {"utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii"}
_MACRO_TYPES = re.compile("macroenabled|vba(?:project|data)", re.IGNORECASE)
_OBJECT_TYPES = re.compile(r"activex|oleobject|ms-office\.vml.*ole|x-msdownload", re.IGNORECASE)

# The last word of a relationship's type.
_MACRO_RELATIONS = {"vbaproject", "wordvbadata", "attachedtoolbars", "keymapcustomizations"}
_OBJECT_RELATIONS = {
    "oleobject", "package", "control", "activexcontrolbinary", "activexcontrol", "afchunk",
    "subdocument", "externallink", "embeddedobject",
}  # fmt: skip
_LINKED = re.compile(r"^\s*(?:https?|mailto|tel|ftp):", re.IGNORECASE)
_ADDRESS = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:|//|\\\\|/\\|\\/)", re.IGNORECASE)

_OBJECT_ELEMENTS = {"oleobject", "altchunk", "subdoc", "embeddedobject", "control"}
_COMMANDS = {
    "DDE", "DDEAUTO", "LINK", "EMBED", "CONTROL", "INCLUDE", "INCLUDETEXT", "INCLUDEPICTURE",
    "IMPORT", "DATABASE", "MACRO", "MACROBUTTON", "HTMLCONTROL", "HTMLACTIVEX", "PRINT", "RD",
}  # fmt: skip
_INSTRUCTIONS = {"instrtext", "delinstrtext"}
_NESTED = "\ufffc"  # stands for a nested field, whose result may be part of a command


class XmlLook:
    """A search through one part; elements are known by their local names, whatever their prefix."""

    def __init__(self) -> None:
        self.found = ""
        self._fields: list[list[str]] = []  # the instructions of each open field, outermost first
        self._in_instruction = False

    def danger(self, text: bytes) -> str:
        """Return what is found; empty if nothing is. Raise ExpatError or ValueError for XML that no
        package contains."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(text, True)
        for field in self._fields:
            self._look_at_field(field)
        return self.found

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        # ECMA-376 part 2, 8.1.4: a part is UTF-8 or UTF-16; in other encodings words can hide.
        if encoding and encoding.lower() not in _ENCODINGS:
            raise ValueError("a part in another encoding")

    def _doctype(self, *_declaration: object) -> None:
        raise ValueError("a part with a document type")  # ECMA-376 part 2, 8.1.4: there is none

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = name.rpartition(":")[2].casefold()
        said = {key.rpartition(":")[2].casefold(): value for key, value in attributes.items()}
        if element in ("override", "default"):
            self._look_at_type(said.get("contenttype", ""))
        elif element == "relationship":
            self._look_at_relation(said)
        elif element in _OBJECT_ELEMENTS:
            self.found = self.found or OTHERS_INSIDE
        elif element == "imagedata" and _ADDRESS.match(said.get("src", "")):
            self.found = self.found or OUTSIDE
        elif element == "fldsimple":
            self._look_at_field([said.get("instr", "")])
        elif element == "fldchar":
            self._field(said.get("fldchartype", "").strip().casefold())
        elif element in _INSTRUCTIONS:
            self._in_instruction = True

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2].casefold() in _INSTRUCTIONS:
            self._in_instruction = False

    def _text(self, text: str) -> None:
        if self._in_instruction:
            if not self._fields:
                self._fields.append([])
            self._fields[-1].append(text)

    def _field(self, kind: str) -> None:
        if kind == "begin":
            if self._fields:
                self._fields[-1].append(_NESTED)
            self._fields.append([])
        elif kind == "separate" and self._fields:
            self._look_at_field(self._fields[-1])
            self._fields[-1] = ["= "]  # what follows is its result, not its instructions
        elif kind == "end" and self._fields:
            self._look_at_field(self._fields.pop())

    def _look_at_field(self, instructions: list[str]) -> None:
        words = "".join(instructions).replace('"', " ").split()
        command = words[0].upper() if words else ""
        if command in _COMMANDS or _NESTED in command:
            self.found = self.found or FIELDS

    def _look_at_type(self, kind: str) -> None:
        if _MACRO_TYPES.search(kind):
            self.found = self.found or MACROS
        elif _OBJECT_TYPES.search(kind):
            self.found = self.found or OTHERS_INSIDE

    def _look_at_relation(self, said: dict[str, str]) -> None:
        kind = said.get("type", "").rstrip("/ ").rpartition("/")[2].strip().casefold()
        target = said.get("target", "")
        is_outside = said.get("targetmode", "").strip().casefold() == "external"
        if kind in _MACRO_RELATIONS:
            self.found = self.found or MACROS
        elif kind in _OBJECT_RELATIONS:
            self.found = self.found or OTHERS_INSIDE
        elif kind == "hyperlink":
            if _ADDRESS.match(target) and not _LINKED.match(target):
                self.found = self.found or OUTSIDE
        elif is_outside or _ADDRESS.match(target):
            self.found = self.found or OUTSIDE
