"""Why a task has its charge is told by the facts that agree and by those nobody could compare."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lib.intake.matching.claim_matcher import Agreement, Candidate, Comparison, Fact
from lib.ui.charge_match_panel import agreeing

FACTS = st.builds(
    Fact,
    st.sampled_from(["Patient", "Member ID", "Day of service"]),
    st.sampled_from(Agreement),
    st.text("abc", min_size=1, max_size=3),
    st.just("held"),
)


def told(*facts: Fact) -> str:
    return agreeing(Comparison(Candidate(1, ()), facts))


def test_what_agrees_is_told_with_what_the_file_says_and_the_rest_by_name() -> None:
    assert (
        told(
            Fact("Claim number", Agreement.EXACT, "A1", "A1"),
            Fact("Patient", Agreement.AGREES, "DOE, JANE", "DOE, J"),
            Fact("Member ID", Agreement.NOT_STATED, "", ""),
            Fact("Payer", Agreement.DISAGREES, "X", "Y"),
        )
        == "Agree: claim number A1; patient DOE, JANE. Not compared: member ID."
    )


def test_nothing_is_said_where_nothing_agrees_or_is_left_open() -> None:
    assert told() == ""
    assert told(Fact("Payer", Agreement.DISAGREES, "X", "Y")) == ""


@given(st.lists(FACTS, max_size=6))
def test_a_fact_that_contradicts_is_never_told_as_one_that_agrees(facts: list[Fact]) -> None:
    against = [fact for fact in facts if fact.agreement is Agreement.DISAGREES]
    others = [fact for fact in facts if fact.agreement is not Agreement.DISAGREES]

    assert told(*against, *others) == told(*others)
