"""Which charge a task would be about, and why, as the preview of an import says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lib.import_report_models import TaskPreview
from lib.intake.matching import claim_matcher, known_charges
from lib.intake.matching.claim_matcher import Comparison, Match, Outcome
from lib.intake.matching.known_charges import Charges
from lib.intake.records import Request
from lib.store.database import Connection


def tasks(
    con: Connection,
    told: Sequence[tuple[Request, Match]],
    charges: Charges,
    files: Mapping[int, str],
) -> list[TaskPreview]:
    """Return what the preview says of new tasks. `files`: the names of the chosen files by their
    ids, which may bring the charges."""
    brought: dict[int, int] = dict(
        con.rows(
            """
            SELECT id, intake_file_id FROM charge
            WHERE id IN (SELECT unnest($ids::BIGINT[]))
              AND intake_file_id IN (SELECT unnest($files::BIGINT[]))
            """,
            ids=[match.charge_id for _, match in told if match.charge_id is not None],
            files=list(files),
        )
    )
    found = []
    for request, match in told:
        charge = ""
        if match.charge_id is not None:
            charge = known_charges.line(*charges.pair(match.charge_id))
            if match.charge_id in brought:
                charge += f" (comes in with {files[brought[match.charge_id]]})"
        found.append(TaskPreview(request.title, request.claim_number, charge, _why(request, match)))
    return found


def _why(request: Request, match: Match) -> str:
    if match.outcome is Outcome.MATCHED:
        return f"Agree: {', '.join(claim_matcher.agreed(match.facts))}"
    if match.outcome is Outcome.SEVERAL:
        return f"{match.agreeing} charges agree: choose one in the task"
    if match.outcome is Outcome.UNPROVEN:
        return _unproven(match)
    if match.outcome is Outcome.CONTRADICTED:
        return _against(match.compared[0])
    named = known_charges.numbers(request.about)
    return "No charge has this number" if named else "The file names no claim"


def _unproven(match: Match) -> str:
    """Return what leaves open whether the likeliest charge is meant."""
    if match.agreeing:
        return "The file answers two claims that this charge could be: choose it in the task"
    if match.compared[0].illegible:
        return "The name can be another person's, too: choose the charge in the task"
    return "The number alone is not enough: choose the charge in the task"


def _against(best: Comparison) -> str:
    """Return why not even the likeliest charge was chosen."""
    against = [
        f"{fact.name.lower()} is {fact.stated} in the file and {fact.held} in the charge"
        for fact in best.disagreements
    ]
    return f"No charge agrees: {'; '.join(against)}"
