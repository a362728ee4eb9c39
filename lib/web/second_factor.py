"""After a password or a provider: in at once, or on to the passkey that a practice requires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lib import passkeys, people
from lib.authentication_methods import Proof
from lib.errors import WrongPasskey
from lib.passkeys import Site
from lib.web import forms, passkey_challenges, reach, session
from lib.web.passkey_challenges import Ceremony
from lib.web.plain_pages import second_factor_page


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page hands to the browser's passkeys."""

    token: str  # of the ceremony
    options: str  # JSON
    is_new: bool


async def go_on(request: Request, person_id: int, proof: Proof, wanted: str = "/") -> Response:
    """Sign in a person who proved who they are, or ask for the passkey first."""
    if proof.by.has_two_factors or not await run_in_threadpool(_is_needed, person_id):
        return await forms.signed_in(request, person_id, wanted, by=proof.by)
    site = passkey_challenges.site(request)
    asked = None
    if site:
        address = reach.address_of(request)
        asked = await run_in_threadpool(_asked, person_id, proof, site, wanted, address)
    return HTMLResponse(second_factor_page(asked, after=proof.by))


def checked(form: dict[str, str], ceremony: Ceremony, site: Site, address: str) -> int:
    """Return whose passkey answered; one made just now is kept. Raises WrongPasskey."""
    answer, now = form.get("credential", ""), datetime.now(UTC)
    with session.connection() as con:
        if ceremony.person_id:
            passkeys.require(con, ceremony.person_id, ceremony.proof)
        if not ceremony.is_new:
            return passkeys.check(
                con, answer, of_person=ceremony.person_id, site=site,
                challenge=ceremony.challenge, address=address, now=now,
            )  # fmt: skip
        person = people.person(con, ceremony.person_id or 0)
        if person is None:
            raise WrongPasskey
        passkeys.add(
            con, answer, name=form.get("name", ""), site=site, challenge=ceremony.challenge,
            proof=ceremony.proof, actor=person, now=now, is_first=True,
        )  # fmt: skip
        return person.id


def _is_needed(person_id: int) -> bool:
    with session.connection() as con:
        return passkeys.is_needed(con, person_id)


def _asked(person_id: int, proof: Proof, site: Site, wanted: str, address: str) -> Asked:
    with session.connection() as con:
        person = people.person(con, person_id)
        assert person
        is_new = not passkeys.of(con, person_id)
        token, ceremony = passkey_challenges.begin(
            address=address, person_id=person_id, is_new=is_new, wanted=wanted,
            proof=proof,
        )  # fmt: skip
        if is_new:
            told = passkeys.new_options(con, person, site=site, challenge=ceremony.challenge)
        else:
            told = passkeys.options(con, person_id, site=site, challenge=ceremony.challenge)
    return Asked(token, told, is_new)
