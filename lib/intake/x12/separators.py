"""The separators of an X12 file, as its ISA segment defines them, and the errors of reading one.
Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

EDGES = " \t\r\n\0\x1a\ufeff"  # what editors and old systems leave around the text
ISA_MARKS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)  # X12.5: fixed widths
PIECE = (  # how a piece of a file begins whose ISA segment is missing
    r"(?:GS|ST|BHT|BPR|TRN|HL|NM1|N1|SBR|CLM|CLP|CAS|SVC|SV1|LX|STC|PLB|DTM|DTP|AK1|TA1|SE|GE|IEA)"
    r"[^A-Za-z0-9\s,;\0]"
)
AGAIN = "the file was cut off, so ask the sender for it again"


class Remarks(list[str]):
    """Remarks on elements that were left empty: the first ones, and how many more there are."""

    MOST = 100  # memory stays bounded, however bad a file is

    def __init__(self) -> None:
        super().__init__()
        self.more = 0

    def append(self, remark: str) -> None:
        """Add a remark, or only count it once there are many."""
        if len(self) < self.MOST:
            super().append(remark)
        else:
            self.more += 1


class Unreadable(Exception):
    """A transaction cannot be read as it is; `what` continues "segment `number`"."""

    def __init__(self, number: int, what: str) -> None:
        self.number = number
        self.what = what
        super().__init__(f"segment {number}: {what}")


class Broken(Unreadable):
    """Nothing of the file can be read: it is not X12, or it was cut off."""


@dataclass(frozen=True, slots=True)
class Separators:
    """The four characters that divide an X12 interchange."""

    element: str
    component: str
    repetition: str  # empty before version 00402, where ISA11 means something else
    terminator: str


def separators_of(head: str, number: int) -> Separators:
    """Return the separators in the ISA segment at the beginning of `head`. Raise Broken if there
    are none."""
    if not head.startswith("ISA"):
        what = "it does not begin with an ISA segment, so it is not an X12 file"
        if number > 1:
            what = "what follows the IEA segment is not an interchange"
        elif re.match(PIECE, head):
            what = "it begins without an ISA segment: this is only a piece of an X12 file"
        raise Broken(number, what)
    flat = head.replace("\n", "")
    mark = flat[3:4]
    if mark and all(flat[at : at + 1] == mark for at in ISA_MARKS):
        repetition, last = flat[82], flat[104:106]
    else:  # some senders trim the elements
        parts = flat.split(mark, 16) if mark else []
        repetition, last = (parts[11].strip(), parts[16][:2]) if len(parts) > 16 else ("", "")
    if not last:
        raise Broken(number, f"the ISA segment is incomplete; {AGAIN}")
    component, terminator = last[0], last[1:]
    if not terminator or terminator.isalnum() or terminator in " \t":
        if mark == " " or not re.search(re.escape(mark + component) + r"[ \t]*\n", head):
            raise Broken(number, f"the ISA segment is incomplete; {AGAIN}")
        terminator = "\n"
    marks = {mark, component, terminator}
    if len(marks) < 3 or any(each.isalnum() or each == " " for each in marks):
        raise Broken(number, "the ISA segment does not say how the file is separated")
    is_mark = len(repetition) == 1 and not repetition.isalnum()
    return Separators(mark, component, repetition if is_mark else "", terminator)
