"""One idea, one word: what the trade does not say stands neither on screen nor in the docs.

It looks at every page, template and document, so it has no module of its name.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.test_architecture import ROOT, SOURCES
from tests.test_html import TEMPLATES, texts

# What somebody in billing would stop at, and what they say instead.
RETIRED = {
    r"set aside": "rejected",
    r"takebacks?\b": "recoupment",
    r"took back|taken back": "reversed, recouped",
    r"case/member": "Member ID",
    r"hospitalized (from|to)\b": "Admission date, Discharge date",
    r"what it is about": "Subject",
    r"to be checked": "Review …",
    r"with the biller|wait(s|ing)? for the (biller|practice)": "Waiting on biller",
    r"document wanted|wanted by the payer": "requested",
    r"other insurance first": "Coordination of benefits",
}
NAMES = {  # where a word is no text: names of columns and forms, and what other systems say
    "lib.charge_form", "lib.intake.tasks.recoupments", "lib.intake.tables.columns",
    "lib.practice_settings",
}  # fmt: skip


def retired(text: str) -> list[str]:
    """Return the words of the text that are not the trade's."""
    return [word for word in RETIRED if re.search(word, text, re.IGNORECASE)]


@pytest.mark.slow
def test_no_sentence_in_the_code_has_a_retired_word() -> None:
    said = [
        (module, text)
        for module, source in SOURCES.items()
        for text in texts(ast.parse(source))
        if " " in text
    ]

    assert [(module, text) for module, text in said if module not in NAMES and retired(text)] == []


@pytest.mark.parametrize(
    "path",
    [*TEMPLATES, "README.md", "docs/operating.md", "docs/glossary.md"],
)  # fmt: skip
def test_no_template_or_document_has_a_retired_word(path: str) -> None:
    assert retired((ROOT / path).read_text(encoding="utf-8")) == []


def test_a_retired_word_is_seen() -> None:
    assert retired("2 messages were Set aside") == ["set aside"]
