"""The pages that are not Streamlit's: set-up, invitation, signing in and out, one's account, and a
question before an export.

They use no outside file, and no script but plain.js.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from lib.authentication_methods import OpenedBy
from lib.membership_offers import Offer
from lib.models import Person, Practice
from lib.passkeys import Passkey
from lib.ui import navigation
from lib.ui.html import environment
from lib.web.openid_settings import OpenIDSettings


def _initials(person: Person) -> str:
    return "".join(word[0] for word in person.name.split()[:2]).upper()


def _roles(person: Person) -> str:
    return ", ".join(dict.fromkeys(membership.role.label for membership in person.memberships))


_TEMPLATES = environment(Path(__file__).parent / "templates", navigation.COLD_LOAD.parent)
_TEMPLATES.filters |= {"initials": _initials, "roles": _roles}


def sign_in_page(
    wanted: str, *, email: str = "", said: str = "", has_passkeys: bool = False,
    provider: OpenIDSettings | None = None, anew: bool = False,
) -> str:  # fmt: skip
    """Return the form to sign in; `said` is why the last attempt failed, `has_passkeys` whether
    browsers have passkeys for this address, `provider` who else signs people in, `anew` whether it
    is to ask who it is even if it knows."""
    return _page(
        "sign_in", title="Sign in", wanted=wanted, email=email, said=said,
        has_passkeys=has_passkeys, provider=provider, anew=anew,
    )  # fmt: skip


def second_factor_page(asked: object | None, *, after: OpenedBy) -> str:
    """Return the page between what somebody proved themself by and the session; `asked` is None
    where browsers have no passkeys."""
    beside = "the password" if after is OpenedBy.PASSWORD else "the sign-in elsewhere"
    return _page("second_factor", title="Confirm that it is you", asked=asked, beside=beside)


def link_page(title: str, action: str, *, said: str = "") -> str:
    """Return the page that sends the secret of a one-time link to `action`."""
    return _page("link", title=title, action=action, said=said)


def invitation_page(
    person: Person, token: str, *, said: str = "", provider: OpenIDSettings | None = None
) -> str:
    """Return the form in which an invited person sets a password, or goes to the provider."""
    is_only = provider is not None and provider.is_only
    title = "Your way to sign in" if is_only else "Set your password"
    return _page(
        "invitation", title=title, person=person, token=token, said=said, provider=provider
    )


def offer_page(
    offers: Sequence[Offer], token: str, *, said: str = "", is_proven: bool = False,
    provider: OpenIDSettings | None = None,
) -> str:  # fmt: skip
    """Return the form in which somebody who has an account accepts what a practice offers;
    `is_proven` is whether a provider said who they are."""
    return _page(
        "offer", title="Accept the invitation", offers=offers, token=token, said=said,
        is_proven=is_proven, provider=provider,
    )  # fmt: skip


def account_page(
    person: Person, held: Sequence[Passkey], *, has_passkeys: bool, has_password: bool = True,
    provider: OpenIDSettings | None = None, said: str = "", done: str = "",
) -> str:  # fmt: skip
    """Return somebody's own page, with why a change was refused, or that it is done.
    `has_passkeys` is whether browsers have passkeys for this address; who has no password signs in
    with a provider."""
    return _page(
        "account", title="Your account", person=person, held=held, has_passkeys=has_passkeys,
        has_password=has_password, provider=provider, said=said, done=done,
    )  # fmt: skip


def set_up_page(
    form: Mapping[str, str], held: Sequence[Practice], zones: Sequence[str], *, said: str,
    may_sample: bool, token: str,
) -> str:  # fmt: skip
    """Return the form that sets up an empty data folder, as far as it is filled in."""
    filled = {
        name: form.get(name, "") for name in ("practice", "zone", "npi", "tax_id", "name", "email")
    }
    return _page(
        "set_up", title="Set up Billing Tasks", form=filled, held=held, zones=zones, said=said,
        may_sample=may_sample, token=token,
    )  # fmt: skip


def sample_page(
    people: Iterable[Person], wanted: str, *, said: str = "",
    provider: OpenIDSettings | None = None, anew: bool = False,
) -> str:  # fmt: skip
    """Return the sample people by practice, each a button that signs in and goes on to `wanted`."""
    ordered = sorted(people, key=lambda person: (len(person.memberships), _practices(person)))
    cards = [(practices, list(members)) for practices, members in groupby(ordered, key=_practices)]
    return _page(
        "sample",
        title="Sign in",
        cards=cards,
        wanted=wanted,
        said=said,
        provider=provider,
        anew=anew,
    )


def sign_out_page() -> str:
    """Ask first, for addresses that were not reached by a link of ours."""
    return _page("sign_out", title="Sign out of Billing Tasks?")


def no_page() -> str:
    """Say that an address leads nowhere, or not for this person."""
    return _page("no_page", title="There is no such page for you")


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


def index_body(cold_load: str) -> str:
    """Return our lines for the body of Streamlit's page: our styles stand over its own because they
    come later. Those of a cold load hold for screens of that kind, a media query."""
    return _page(
        "index_body", styles=[path.name for path in navigation.STYLES],
        cold_style=navigation.COLD_LOAD.name, cold_load=cold_load,
    )  # fmt: skip


def _page(template: str, **values: object) -> str:
    return _TEMPLATES.get_template(f"{template}.html").render(values)


def _practices(person: Person) -> str:
    return " and ".join(membership.practice.name for membership in person.memberships)
