"""The pages that are not Streamlit's: signing in and out, and a question before an export.

They use no script and no outside file.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from lib.models import Person
from lib.ui.html import environment


def _initials(person: Person) -> str:
    return "".join(word[0] for word in person.name.split()[:2]).upper()


def _roles(person: Person) -> str:
    return ", ".join(dict.fromkeys(membership.role.label for membership in person.memberships))


_TEMPLATES = environment(Path(__file__).parent / "templates")
_TEMPLATES.filters |= {"initials": _initials, "roles": _roles}


def sign_in_page(people: Iterable[Person], wanted: str) -> str:
    """Return the sample people by practice, each a button that signs in and goes on to `wanted`."""
    ordered = sorted(people, key=lambda person: (len(person.memberships), _practices(person)))
    cards = [(practices, list(members)) for practices, members in groupby(ordered, key=_practices)]
    return _page("sign_in", title="Sign in", cards=cards, wanted=wanted)


def sign_out_page() -> str:
    """Ask first, for addresses that were not reached by a link of ours."""
    return _page("sign_out", title="Sign out of Billing Tasks?")


def download_page(address: str) -> str:
    """Ask first where the address of a table or copy was not reached by a link of ours."""
    return _page("export", title="Download this?", address=address, is_recorded=False)


def export_page(address: str) -> str:
    """Ask first where the address of an export was not reached by a link of ours: taking answers
    away is recorded in the name of the person who did."""
    return _page("export", title="Download these answers?", address=address, is_recorded=True)


def index_head() -> str:
    """Return our lines for the head of Streamlit's page."""
    return _page("index_head")


def index_body() -> str:
    """Return our line for the body of Streamlit's page: our styles stand over its own."""
    return _page("index_body")


def _page(template: str, **values: object) -> str:
    return _TEMPLATES.get_template(f"{template}.html").render(values)


def _practices(person: Person) -> str:
    return " and ".join(membership.practice.name for membership in person.memberships)
