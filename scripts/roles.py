"""Write docs/roles.md from the tables of the code: `python -m scripts.roles`."""

from __future__ import annotations

from collections.abc import Iterable

from lib.access import ALLOWED, Verb
from lib.models import Role
from lib.store.process_store import ROOT
from lib.ui.navigation import PAGES

PAPER = ROOT / "docs" / "roles.md"
HEAD = """# Roles

A person has one role in each of their practices, given on the *People* page or by `python -m lib
people`. In a practice of others nobody has any: what is asked of it is answered as if it did not
exist. `python -m scripts.roles` writes this page from `lib/access.py` and `lib/ui/navigation.py`.

An administrator may do what a billing manager may, tasks and patients included. Who can give every
role could take it as well, so hiding tasks from them would only look safe; every role given and
every task looked at is recorded, and whoever else administers sees it. An analyst sees counts,
days and amounts, and no patient.
"""


def document() -> str:
    """Return the page: who may do what, and who is offered which page."""
    verbs = ((verb.value[0].upper() + verb.value[1:], verb) for verb in Verb)
    pages = ((page.title, page.needs) for page in PAGES)
    return f"{HEAD}\n{_table('What', verbs)}\n## Pages\n\n{_table('Page', pages)}"


def _table(head: str, rows: Iterable[tuple[str, Verb]]) -> str:
    lines = [
        " | ".join([head, *(role.label for role in Role)]),
        " | ".join(["---", *(":-:" for _ in Role)]),
        *(
            " | ".join([name, *("yes" if role in ALLOWED[verb] else "–" for role in Role)])
            for name, verb in rows
        ),
    ]
    return "".join(f"| {line} |\n" for line in lines)


if __name__ == "__main__":
    PAPER.write_text(document(), encoding="utf-8")
