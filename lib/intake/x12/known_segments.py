"""Which segments a message may hold, so that none is skipped without a word. Pure.

Sources: 005010X221A1, X222A1, X223A2, X224A2, X214, X212, X213, X231A1, X186A1 and 006020X313.
"""

from __future__ import annotations

from collections.abc import Iterator

from lib.intake.x12.segment_reader import Segment, Unreadable
from lib.intake.x12.unreadable_claims import RejectedLoop

MAX_NAMED = 20  # unknown segments of a message that are set aside singly
_PARTIES = "NM1 N1 N2 N3 N4 PER REF"
_BY_KIND = {
    "835": f"{_PARTIES} BPR NTE TRN CUR DTM RDM LX TS2 TS3 CLP CAS MIA MOA AMT QTY SVC LQ PLB",
    "837": f"{_PARTIES} BHT HL PRV SBR PAT DMG CUR CLM DTP CL1 DN1 DN2 PWK CN1 DSB UR AMT K3 NTE "
    "CR1 CR2 CR3 CR4 CR5 CR6 CR7 CR8 CRC HI QTY HCP HSD OI MIA MOA CAS LX SV1 SV2 SV3 SV4 SV5 SV6 "
    "SV7 TOO IMM LIN CTP MEA PS1 LQ FRM SVD DTM TST",
    "277": f"{_PARTIES} BHT HL TRN STC DTP DTM QTY AMT SVC DMG PWK NX1 INS LX HI PRV SBR",
    "997": "AK1 AK2 AK3 AK4 AK5 AK9",
    "999": "AK1 AK2 IK3 CTX IK4 IK5 AK3 AK4 AK5 AK9",
    "824": f"{_PARTIES} BGN OTI DTM AMT QTY TED CTX NTE RED LM LQ",
    "TA1": "TA1",
}
KNOWN = {kind: frozenset(names.split()) for kind, names in _BY_KIND.items()}


def in_capitals(
    segments: Iterator[tuple[int, Segment]], remarks: list[str]
) -> Iterator[tuple[int, Segment]]:
    """Yield the segments of a message. A name in small letters is read as in capitals, with a
    remark."""
    small, first = 0, 0
    for number, segment in segments:
        name = segment[0]
        if not name.isupper() and name.upper() != name:
            segment[0] = name.upper()
            small, first = small + 1, first or number
        yield number, segment
    if small:
        what = "1 segment" if small == 1 else f"{small:,} segments"
        remarks.append(
            f"Segment {first}: {what} of this message named in small letters; read as in capitals."
        )


def without_unknown(
    kind: str,
    segments: Iterator[tuple[int, Segment]],
    rejected: list[RejectedLoop],
    remarks: list[str],
) -> Iterator[tuple[int, Segment]]:
    """Yield the segments that a message of this kind (ST01) may hold; set the others aside in
    `rejected`."""
    known = KNOWN.get(kind)
    more = first = 0
    for number, segment in segments:
        if known is None or segment[0] in known:
            yield number, segment
            continue
        if len(rejected) < MAX_NAMED:
            what = f"“{segment[0][:10]}” is no segment of this kind of message"
            rejected.append(RejectedLoop("segment", number, number, Unreadable(number, what)))
        else:
            more, first = more + 1, first or number
    if more:
        remarks.append(
            f"Segment {first}: {more:,} more segments from here on are not known and were skipped."
        )
