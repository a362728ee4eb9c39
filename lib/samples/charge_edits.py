"""What somebody corrects in a charge to complete a task. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from lib.models import Charge, TaskType
from lib.samples.value_lists import SampleProvider


def correct(
    charge: Charge, type_: TaskType, providers: list[SampleProvider], chance: Random
) -> Charge:
    """Return the charge as the person who completes a task of that type leaves it; always
    well-formed.

    `providers` are those of the practice.
    """
    diagnoses = tuple(dict.fromkeys(charge.diagnoses))
    first, *others = charge.lines
    changes: dict[str, Any] = {}
    match type_:
        case TaskType.CODING if len(diagnoses) > 1:
            diagnoses = (*diagnoses[1:], diagnoses[0])
        case TaskType.CODING:
            modifiers = tuple(dict.fromkeys((*first.modifiers, "59")))
            changes["lines"] = (replace(first, modifiers=modifiers), *others)
        case TaskType.PATIENT | TaskType.INSURANCE:
            letter = chance.choice("CDEFJLNQ")
            changes["member_id"] = f"{letter}{chance.randrange(10**9):09}"
        case TaskType.AUTHORIZATION:
            changes["authorization_number"] = f"A{chance.randrange(10**8):08}"
        case TaskType.PROVIDER:
            referring = chance.choice([p for p in providers if p.role == "referring"])
            changes["referring_npi"] = referring.npi
            changes["referring_name"] = referring.name
        case TaskType.CHARGE if others:
            changes["lines"] = charge.lines[:-1]
        case TaskType.CHARGE if first.date_from and first.date_to:
            day = first.date_from - timedelta(days=1)
            changes["lines"] = (replace(first, date_from=day, date_to=day),)
    return replace(charge, diagnoses=diagnoses, **changes)
