"""The reader takes what any sender writes, and refuses what is not whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.intake.x12.segment_reader import Unreadable, decode, transactions
from tests.fuzz import examples
from tests.x12_texts import claims, envelope

BODY = ["BHT*0019", "REF*G1*A B", "NM1*QC**GREEN:X"]


def read(text: str) -> tuple[list[tuple[str, list[list[str]]]], list[str]]:
    """Kind and segments of every transaction, and the warnings."""
    warnings: list[str] = []
    found = [
        (each.kind, [segment for _, segment in each.segments])
        for each in transactions(text, warnings)
    ]
    return found, warnings


def expected(component: str = ":") -> list[tuple[str, list[list[str]]]]:
    return [("837", [part.replace(":", component).split("*") for part in BODY])]


@pytest.mark.parametrize("marks", ["*:~", "|>'", "*|~", "^:\n", "\x1d\x1f\x1c", "*:\\"])
def test_separators_come_from_the_isa_segment(marks: str) -> None:
    found, warnings = read(envelope(BODY, marks=marks))

    assert found == expected(marks[1])
    assert warnings == []


@pytest.mark.parametrize("join", ["\n", "\r\n", "\r", "\n\n\n", " \n\t"])
def test_segments_may_stand_on_lines_with_blank_ones_between(join: str) -> None:
    assert read(envelope(BODY, join=join)) == (expected(), [])


@pytest.mark.parametrize("width", [7, 50, 80, 105, 106, 107])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_segments_may_be_broken_over_lines(width: int, end: str) -> None:
    text = envelope(BODY)
    wrapped = end.join(text[at : at + width] for at in range(0, len(text), width))

    assert read(wrapped) == (expected(), [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_is_found(encoding: str) -> None:
    content = envelope(["NM1*QC*1*MUÑOZ"]).encode(encoding)

    assert read(decode(content))[0] == [("837", [["NM1", "QC", "1", "MUÑOZ"]])]


def test_latin_1_is_read_where_it_is_not_utf_8() -> None:
    content = envelope(["NM1*QC*1*MUÑOZ"]).encode("latin-1")

    assert read(decode(content))[0] == [("837", [["NM1", "QC", "1", "MUÑOZ"]])]


def test_several_interchanges_may_have_separators_of_their_own() -> None:
    text = envelope(BODY) + "\n" + envelope(BODY, BODY, marks="|>\n") + envelope(BODY, marks="^:'")

    found, warnings = read(text)

    assert [kind for kind, _ in found] == ["837"] * 4
    assert found[1] == ("837", [part.replace(":", ">").split("*") for part in BODY])
    assert warnings == []


def test_st_says_what_a_transaction_is_and_a_group_need_not_be_there() -> None:
    text = envelope(BODY, kind="835").replace("GS*XX", "GS*HC")
    without = text[: text.index("GS*")] + text[text.index("ST*") :].replace("GE*1*1~", "")

    assert read(text)[0][0][0] == "835"
    assert read(without)[0][0][0] == "835"


def test_segments_are_counted_from_one_through_the_file() -> None:
    text = envelope(BODY, join="\n\n") + envelope(BODY)
    found = [(each.number, next(each.segments)[0]) for each in transactions(text, [])]

    assert found == [(3, 4), (12, 13)]


def test_a_missing_terminator_and_junk_after_the_last_segment_do_no_harm() -> None:
    whole = envelope(BODY)

    assert read(whole[:-1]) == (expected(), [])
    assert read(whole + " \r\n\x1a\0") == (expected(), [])
    assert read(whole + "~\n~") == (expected(), [])
    assert read(whole.replace("~", "~~") + whole) == (expected() * 2, [])


@pytest.mark.parametrize("between", ["", "\n", "\r\n \n", "\ufeff"])
@pytest.mark.parametrize("marks", ["*:~", "|>'"])
def test_an_interchange_may_follow_one_without_its_last_terminator(
    between: str, marks: str
) -> None:
    found, warnings = read(envelope(BODY)[:-1] + between + envelope(BODY, marks=marks))

    assert [kind for kind, _ in found] == ["837", "837"]
    assert warnings == []


@pytest.mark.parametrize("control", ["000000009", "1"])
def test_a_last_control_number_that_is_another_one_is_not_taken_for_a_cut(control: str) -> None:
    found, warnings = read(envelope(BODY).replace("IEA*1*000000001~", f"IEA*1*{control}"))

    assert found == expected()
    assert warnings == ["Segment 9: the control number of IEA is not that of its header."]


def test_counts_and_control_numbers_that_disagree_are_warnings() -> None:
    text = envelope(BODY).replace("SE*5*0001", "SE*9*0002").replace("GE*1*1", "GE*2*1")

    found, warnings = read(text)

    assert found == expected()
    assert warnings == [
        "Segment 7: SE counts 9, but there are 5.",
        "Segment 7: the control number of SE is not that of its header.",
        "Segment 8: GE counts 2, but there are 1.",
    ]


@pytest.mark.parametrize(
    ("text", "number", "what"),
    [
        ("", 1, "the file is empty"),
        ("%PDF-1.7", 1, "not an X12 file"),
        ("id,name\n1,ISA", 1, "not an X12 file"),
        (envelope(BODY)[106:], 1, "begins without an ISA segment"),
        ("ISA*00*   ", 1, "the ISA segment is incomplete"),
        (envelope(BODY).replace("SE*5*0001~", ""), 7, "comes before the SE segment"),
        (envelope(BODY) + "HELLO", 10, "what follows the IEA segment"),
        (envelope(BODY) + envelope(BODY)[:150], 11, "ends without an IEA segment"),
        (envelope(BODY).replace("IEA*1*000000001~", "") + envelope(BODY), 9, "before ended"),
        (envelope(BODY).replace("ST*837*0001*005010X222A1~", ""), 6, "never began"),
    ],
)
def test_what_is_not_whole_is_refused_with_its_segment(text: str, number: int, what: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)

    assert what in str(refused.value)
    assert refused.value.number == number


def test_a_file_cut_off_at_any_place_is_refused() -> None:
    whole = envelope(claims(), join="\n").rstrip()

    for length in range(len(whole) - 1):
        with pytest.raises(Unreadable):
            read(whole[:length])
    assert read(whole[:-1])[0]


def test_segments_between_transactions_are_skipped_with_a_word() -> None:
    text = envelope(BODY, BODY).replace("ST*837*0002", "REF*A*1~REF*B*2~ST*837*0002")

    found, warnings = read(text.replace("SE*5*0002", "SE*5*0002~SE*5*0002"))

    assert found == expected() * 2
    assert warnings == [
        "Segments 8 to 9 stand outside any transaction and were skipped.",
        "Segment 15: an SE segment ends a transaction that never began; it was skipped.",
    ]


letters = st.characters(codec="latin-1", exclude_characters="*:~", exclude_categories=["Cc", "Zs"])
words = st.text(letters, max_size=8)
a_segment = st.lists(words, min_size=1, max_size=5).map(lambda parts: ["XX", *parts])


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.lists(a_segment, max_size=5), min_size=1, max_size=4))
def test_what_is_written_is_read_back(bodies: list[list[list[str]]]) -> None:
    text = envelope(*[["*".join(segment) for segment in body] for body in bodies])

    found, warnings = read(text)

    assert [body for _, body in found] == bodies
    assert warnings == []
