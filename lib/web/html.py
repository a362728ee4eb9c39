"""The pages that are not Streamlit's: signing in and out, and a question before an export.

They use no script and no outside file.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import groupby

from lib.models import Person
from lib.store.process import ROOT

_FRAME = (ROOT / "lib/web/page.html").read_text(encoding="utf-8")
_NOBODY = """<section class="card"><p>There is nobody here to sign in as yet. Stop the server and
start it with <code>make run</code>: it makes the sample practice first.</p></section>"""
_SIGN_OUT = """<section class="card narrow"><p>Your session ends; nothing you saved is lost.</p>
<form method="post" action="/sign-out"><button class="main">Sign out</button>
<a href="/">Stay signed in</a></form></section>"""
_EXPORT = """<section class="card narrow"><p>It is recorded that you took them.</p>
<form method="post" action="{address}"><button class="main">Download</button>
<a href="/">Back to tasks</a></form></section>"""


def sign_in_page(people: Iterable[Person], wanted: str) -> str:
    """Return the page with the sample people by practice, each a button that signs in and goes on
    to `wanted`."""
    ordered = sorted(people, key=lambda person: (len(person.memberships), _practices(person)))
    cards = [
        _card(practices, list(members), wanted)
        for practices, members in groupby(ordered, key=_practices)
    ]
    intro = """<p class="intro"><span class="badge">Sample data — invented people</span>
Choose who you are. Everybody sees only their own practice.</p>"""
    return _page(
        "Sign in", intro + ('<div class="cards">' + "".join(cards) + "</div>" if cards else _NOBODY)
    )


def sign_out_page() -> str:
    """Return the page that asks first, for whoever did not come by a link of ours."""
    return _page("Sign out of Billing Tasks?", _SIGN_OUT)


def export_page(address: str) -> str:
    """Return the page that asks first if an export was not reached by a link of ours: each export
    is recorded in that person's name."""
    return _page("Download these answers?", _EXPORT.replace("{address}", escape(address)))


def _page(what: str, body: str) -> str:
    return _FRAME.replace("{what}", escape(what)).replace("{body}", body)


def _card(practices: str, members: list[Person], wanted: str) -> str:
    buttons = "".join(_button(person) for person in members)
    return f"""<section class="card"><h2>{escape(practices)}</h2>
<form method="post" action="/sign-in">
<input type="hidden" name="next" value="{escape(wanted)}">{buttons}</form></section>"""


def _button(person: Person) -> str:
    roles = dict.fromkeys(membership.role.label for membership in person.memberships)
    initials = "".join(word[0] for word in person.name.split()[:2]).upper()
    return f"""<button name="person" value="{person.id}">
<span class="initials" aria-hidden="true">{escape(initials)}</span>
<span><span class="name">{escape(person.name)}</span>
<span class="role">{escape(", ".join(roles))}</span></span></button>"""


def _practices(person: Person) -> str:
    return " and ".join(membership.practice.name for membership in person.memberships)
