"""The Reference Document form says what is known of a file, or what has to be written otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from lib.errors import WrongInput
from lib.models import DocumentDetails, DocumentStatus
from lib.ui.document_form import Filled

FILLED = Filled(
    b"%PDF", "a.pdf", "RAY", "Referral", DocumentStatus.NEW, date(2025, 3, 3), "Page 2 is missing."
)


def test_the_form_says_what_is_known_of_the_document() -> None:
    assert FILLED.details() == DocumentDetails(
        "RAY", "Referral", DocumentStatus.NEW, date(2025, 3, 3), "Page 2 is missing."
    )


def test_a_date_that_cannot_be_read_is_refused_with_how_to_write_it() -> None:
    with pytest.raises(WrongInput, match="MM/DD/YYYY"):
        replace(FILLED, document_date=None).details()
