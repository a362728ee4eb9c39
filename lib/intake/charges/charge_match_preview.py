"""Which charge a task would be about, and why, as the preview of an import says it. Pure."""

from __future__ import annotations

from lib.import_report_models import TaskPreview
from lib.intake.matching import claim_matcher, known_charges
from lib.intake.matching.claim_matcher import Comparison, Match, Outcome
from lib.intake.matching.known_charges import Charges
from lib.intake.records import Request


def of(request: Request, match: Match, charges: Charges, file_name: str = "") -> TaskPreview:
    """Return what the preview says of one task. `file_name` is the chosen file that brings its
    charge, if that is not here yet."""
    charge = ""
    if match.charge_id is not None:
        charge = known_charges.line(*charges.pair(match.charge_id))
        charge += f" (comes in with {file_name})" if file_name else ""
    return TaskPreview(request.title, request.claim_number, charge, _why(request, match))


def _why(request: Request, match: Match) -> str:
    if match.outcome is Outcome.MATCHED:
        return f"Agree: {', '.join(claim_matcher.agreed(match.facts))}"
    if match.outcome is Outcome.SEVERAL:
        return f"{match.agreeing} charges agree: choose one in the task"
    if match.outcome is Outcome.UNPROVEN and match.agreeing:
        return "The file answers two claims that this charge could be: choose it in the task"
    if match.outcome is Outcome.UNPROVEN:
        return "The number alone is not enough: choose the charge in the task"
    if match.outcome is Outcome.CONTRADICTED:
        return _against(match.compared[0])
    named = known_charges.numbers(request.about)
    return "No charge has this number" if named else "The file names no claim"


def _against(best: Comparison) -> str:
    """Return why not even the likeliest charge was chosen."""
    against = [
        f"{fact.name.lower()} is {fact.stated} in the file and {fact.held} in the charge"
        for fact in best.disagreements
    ]
    return f"No charge agrees: {'; '.join(against)}"
