"""People: who belongs to a practice and in which role, for its administrators."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from lib import accounts, invitations, memberships, us_formats
from lib.access import Verb, may_anywhere
from lib.errors import BillingError
from lib.memberships import Member
from lib.models import Person, Role
from lib.store import process_store
from lib.store.idempotency import new_token
from lib.ui import html, session
from lib.ui.session_state import Kept, KeptOrNew

LINK = Kept[tuple[str, str]]("one_time_link")  # for whom, and the link: until Done is pressed
INVITING = KeptOrNew("invite_form", new_token)  # a sent form is emptied by a new key
DAYS = invitations.VALID.days


def practice(actor: Person) -> int:
    """Return the practice whose people are shown, asking only if there are several."""
    ids = may_anywhere(actor, Verb.MANAGE_PEOPLE)
    if len(ids) == 1:
        return ids[0]
    names = {id_: session.practice_of(actor, id_).name for id_ in ids}
    chosen: int = st.selectbox(
        "Practice", ids, format_func=names.__getitem__, width=320, key="people_practice"
    )
    return chosen


def state(member: Member) -> str:
    """Return whether somebody can sign in, in words."""
    if member.is_offered:
        return "Invited"
    if not member.is_active:
        return "Deactivated"
    return "Active" if member.is_set_up else "Invited"


def table(members: list[Member], actor: Person, practice_id: int) -> None:
    """Draw everybody of the practice."""
    zone = session.zone(actor, practice_id)
    rows = [
        (
            member.name, member.email, member.role.label, state(member),
            us_formats.moment(member.last_seen_at, zone) if member.last_seen_at else "never",
            f"{us_formats.day(member.away_from)} – {us_formats.day(member.away_until)}"
            if member.away_from else "",
        )
        for member in members
    ]  # fmt: skip
    heads = ["Name", "E-mail", "Role", "Account", "Last seen", "Away"]
    st.dataframe(pd.DataFrame(rows, columns=heads), hide_index=True, alt="People")


def act(said: str, verb: Callable[[], None]) -> None:
    """Do what a button says, and say what came of it."""
    messages = session.toasts()
    try:
        verb()
        messages.append(("success", said))
    except BillingError as problem:
        messages.append(("error", str(problem)))
    st.rerun()


def show_link() -> None:
    """Draw the one-time link that was just made, until somebody says that it is handed over."""
    made = LINK.get()
    if made is None:
        return
    whose, address = made
    st.success(
        session.escape_markdown(
            f"Give this link to {whose}. It works once, within {DAYS} days, and is not shown again."
        )
    )
    st.code(address, language=None)
    if st.button("Done", key="link_done"):
        LINK.take()
        st.rerun()


def keep_link(whose: str, token: str) -> None:
    """Keep a link to be shown."""
    LINK.put((whose, f"{process_store.address()}{invitations.PATH}#{token}"))


def invite(practice_id: int, actor: Person) -> None:
    """Draw the form that puts somebody on the list."""
    st.subheader("Invite", anchor=False)
    key = INVITING.ensure()
    with st.form(f"invite_{key}", width=640):
        name = st.text_input("Name", max_chars=invitations.LONGEST_NAME, autocomplete="off")
        email = st.text_input("E-mail address", max_chars=254, autocomplete="off")
        role = (
            st.selectbox("Role", list(Role), 1, format_func=lambda role: role.label) or Role.STAFF
        )
        sent = st.form_submit_button("Invite", type="primary")
    if not sent:
        return
    messages = session.toasts()
    try:
        token = invitations.invite(
            session.connection(), email, name, {practice_id: role}, actor=actor, now=session.now()
        )
    except BillingError as problem:
        messages.append(("error", str(problem)))
        st.rerun()
    INVITING.take()
    keep_link(" ".join(name.split()), token)
    messages.append(("success", f"{email.strip()} is invited."))
    st.rerun()


def remove_button(member: Member, practice_id: int, actor: Person) -> None:
    """Draw the button that takes somebody out of the practice."""
    if st.button("Remove from the practice"):
        act(
            f"{member.name} is in the practice no more.",
            lambda: memberships.remove(
                session.connection(), practice_id, member.id, actor=actor, now=session.now()
            ),
        )


def change(members: list[Member], practice_id: int, actor: Person) -> None:
    """Draw what can be done with one person: role, days away, a new link, the account."""
    st.subheader("Change", anchor=False)
    by_id = {member.id: member for member in members}
    chosen = st.selectbox(
        "Person", list(by_id), index=None, width=320, key=f"person_{practice_id}",
        format_func=lambda id_: f"{by_id[id_].name} ({by_id[id_].email})",
    )  # fmt: skip
    if chosen is None:
        return
    member, con = by_id[chosen], session.connection()
    if member.is_offered:
        with st.container(horizontal=True, gap="small"):
            if st.button("New one-time link"):
                act(
                    "The earlier links end.",
                    lambda: keep_link(
                        member.name,
                        invitations.invite_again(
                            con, practice_id, member.id, actor=actor, now=session.now()
                        ),
                    ),
                )
            remove_button(member, practice_id, actor)
        return
    with st.form(f"member_{practice_id}_{chosen}_{member.role}", width=640):
        place = list(Role).index(member.role)
        role = st.selectbox("Role", list(Role), place, format_func=lambda role: role.label)
        since = st.date_input("Away from", member.away_from, format="MM/DD/YYYY")
        until = st.date_input("until", member.away_until, format="MM/DD/YYYY")
        sent = st.form_submit_button("Save", type="primary")
    if sent:

        def save() -> None:
            now = session.now()
            if (since, until) != (member.away_from, member.away_until):
                memberships.set_away(
                    con, practice_id, member.id, since, until, actor=actor, now=now
                )
            memberships.change_role(
                con, practice_id, member.id, role or member.role, actor=actor, now=now
            )

        act("Saved.", save)
    with st.container(horizontal=True, gap="small"):
        if member.is_active and not member.is_sample and st.button("New one-time link"):
            act(
                "The earlier links end.",
                lambda: keep_link(
                    member.name,
                    invitations.link(con, member.id, actor=actor, now=session.now()),
                ),
            )
        if member.is_active and st.button("Deactivate"):
            act(
                f"{member.name} can sign in no more.",
                lambda: accounts.deactivate(con, member.id, actor=actor, now=session.now()),
            )
        if not member.is_active and st.button("Reactivate"):
            act(
                f"{member.name} can sign in again.",
                lambda: accounts.reactivate(con, member.id, actor=actor, now=session.now()),
            )
        remove_button(member, practice_id, actor)


actor = session.person()
st.html(html.window("People", "Who belongs to the practice, and what they may do there."))
practice_id = practice(actor)
show_link()
members = memberships.of_practice(session.connection(), practice_id, actor=actor)
table(members, actor, practice_id)
left, right = st.columns(2, gap="large")
with left:
    change(members, practice_id, actor)
with right:
    invite(practice_id, actor)
