"""People: who belongs to a practice and in which role, for its administrators."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from lib import accounts, invitations, memberships, us_formats
from lib.access import Verb
from lib.errors import MailNotSent
from lib.memberships import Member
from lib.models import Person, Role
from lib.store import process_store
from lib.store.idempotency import new_token
from lib.ui import html, lossless_widgets, navigation, practice_switch, session, session_state
from lib.ui.session_state import Kept, KeptOrNew, KeptOrNewEach
from lib.web import invitation_mail

LINK = Kept[tuple[str, str]]("one_time_link")  # for whom, and the link: until Done is pressed
INVITING = KeptOrNew("invite_form", new_token)  # a sent form is emptied by a new key
# By practice, person and what the form showed, so that it shows what somebody else changed.
CHANGING = KeptOrNewEach("member_form", new_token)
WIDTHS = {"Name": 170, "Role": 110, "Account": 90, "Last seen": 140, "Away": 165}  # pixels
LOOKS = {name: st.column_config.Column(width=pixels) for name, pixels in WIDTHS.items()}


def state(member: Member) -> str:
    """Return whether somebody can sign in, in words."""
    if not (member.is_active or member.is_offered):
        return "Deactivated"
    return "Active" if member.is_set_up and not member.is_offered else "Invited"


def table(members: list[Member], actor: Person, practice_id: int) -> None:
    """Draw everybody of the practice."""
    zone = session.zone(actor, practice_id)
    rows = [
        (
            each.name, each.role.label, state(each),
            us_formats.moment(each.last_seen_at, zone) if each.last_seen_at else "never",
            " – ".join(map(us_formats.day, (each.away_from, each.away_until)))
            if each.away_from else "", each.email,
        )
        for each in members
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*WIDTHS, "E-mail"])  # last, where a narrow screen cuts it
    height = navigation.table_height(len(rows))
    st.dataframe(frame, hide_index=True, alt="People", column_config=LOOKS, height=height)


def show_link() -> None:
    """Draw the one-time link that was just made, until somebody says that it is handed over."""
    made = LINK.get()
    if made is None:
        return
    whose, address = made
    st.success(
        session.escape_markdown(
            f"Give this link to {whose}. It works once, within a week, and is not shown again."
        )
    )
    st.code(address, language=None)
    st.button("Done", key="link_done", on_click=forget_link)


def forget_link() -> None:
    """Show the link no longer: it is handed over."""
    LINK.take()


def keep_link(whose: str, token: str) -> None:
    """Keep a link to be shown."""
    LINK.put((whose, f"{process_store.address()}{invitations.PATH}#{token}"))


def invite(practice_id: int, actor: Person) -> None:
    """Draw the form that puts somebody on the list."""
    st.subheader("Invite", anchor=False)
    token = INVITING.ensure()
    with st.form(f"invite_{token}", width=640):
        st.text_input(
            "Name", max_chars=invitations.LONGEST_NAME, autocomplete="off",
            key=f"invited_name_{token}",
        )  # fmt: skip
        st.text_input(
            "E-mail address", max_chars=254, autocomplete="off", key=f"invited_email_{token}"
        )
        st.selectbox(
            "Role", list(Role), 1, format_func=lambda role: role.label, key=f"invited_role_{token}"
        )

        def do(now: Person, *, by_mail: bool) -> str:
            says = session_state.typed()
            return send(
                says[f"invited_name_{token}"], says[f"invited_email_{token}"],
                says[f"invited_role_{token}"] or Role.STAFF, practice_id, now, by_mail=by_mail,
            )  # fmt: skip

        buttons = {"Invite by e-mail": True, "Invite and show the link": False}
        if invitation_mail.server() is None:
            buttons = {"Invite": False}
        with st.container(horizontal=True, gap="small"):
            for place, (label, by_mail) in enumerate(buttons.items()):
                lossless_widgets.submit(
                    label, partial(do, by_mail=by_mail), key=f"invite{place}_{token}", actor=actor,
                    type="secondary" if place else "primary",
                )  # fmt: skip


def send(
    name: str, email: str, role: Role, practice_id: int, actor: Person, *, by_mail: bool
) -> str:
    """Put somebody on the list, and send their link or keep it to be handed over."""
    con = session.connection()
    token = invitations.invite(
        con, email, name, {practice_id: role}, actor=actor, now=session.now()
    )
    INVITING.take()
    name, person_id = " ".join(name.split()), accounts.find(con, email)
    if by_mail and person_id is not None:
        sent = mail(person_id, name, practice_id, token, actor)
        return f"{email.strip()} is invited. {sent}"
    keep_link(name, token)
    return f"{email.strip()} is invited."


def mail(person_id: int, name: str, practice_id: int, token: str, actor: Person) -> str:
    """Send a link by e-mail, and return what came of it. One that was not sent is shown."""
    through = invitation_mail.server()
    try:
        if through is None:
            raise MailNotSent("no mail server is named any more")
        to = invitation_mail.send(
            session.connection(), through, practice_id, person_id, token,
            address=process_store.address(), actor=actor, now=session.now(),
        )  # fmt: skip
    except MailNotSent as problem:
        keep_link(name, token)
        return str(problem)
    return f"The link was sent to {to}."


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
    member = by_id[chosen]
    if not member.is_offered:
        role_and_days(member, practice_id, actor)
    with st.container(horizontal=True, gap="small"):
        for label, verb in verbs(member, practice_id):
            lossless_widgets.button(label, verb, key=f"{practice_id}_{chosen}_{label}", actor=actor)


def verbs(member: Member, practice_id: int) -> list[tuple[str, lossless_widgets.Verb]]:
    """Return what can be done with a person at once, each with the words of its button."""
    found: list[tuple[str, lossless_widgets.Verb]] = []
    if member.is_offered or (member.is_active and not member.is_sample):
        found.append(("New one-time link", partial(renew_link, member, practice_id)))
        if invitation_mail.server() is not None:
            found.append(
                ("E-mail a new link", partial(renew_link, member, practice_id, by_mail=True))
            )
    if not member.is_active:
        found.append(("Reactivate", partial(reactivate, member)))
    elif not member.is_offered:
        found.append(("Deactivate", partial(deactivate, member)))
    return [*found, ("Remove from the practice", partial(remove, member, practice_id))]


def role_and_days(member: Member, practice_id: int, actor: Person) -> None:
    """Draw the form for the role and the days away."""
    away = (member.away_from, member.away_until)
    form = CHANGING.of(practice_id, member.id, member.role, *away)
    token = form.ensure()

    def save(now: Person) -> str:
        says = session_state.typed()
        role = says[f"role_{token}"]
        days = (says[f"since_{token}"], says[f"until_{token}"])
        memberships.change(
            session.connection(), practice_id, member.id, actor=now, now=session.now(),
            role=role if role is not member.role else None, away=days if days != away else None,
        )  # fmt: skip
        form.take()
        return "Saved."

    with st.form(f"member_{token}", width=640):
        place = list(Role).index(member.role)
        st.selectbox(
            "Role", list(Role), place, format_func=lambda role: role.label, key=f"role_{token}"
        )
        st.date_input("Away from", away[0], format="MM/DD/YYYY", key=f"since_{token}")
        st.date_input("until", away[1], format="MM/DD/YYYY", key=f"until_{token}")
        lossless_widgets.submit("Save", save, key=f"member_{token}", actor=actor, type="primary")


def renew_link(member: Member, practice_id: int, actor: Person, *, by_mail: bool = False) -> str:
    """Make a new one-time link, and send it or keep it to be handed over."""
    con, now = session.connection(), session.now()
    token = (
        invitations.invite_again(con, practice_id, member.id, actor=actor, now=now)
        if member.is_offered
        else invitations.link(con, member.id, actor=actor, now=now)
    )
    if by_mail:
        return f"The earlier links end. {mail(member.id, member.name, practice_id, token, actor)}"
    keep_link(member.name, token)
    return "The earlier links end."


def deactivate(member: Member, actor: Person) -> str:
    """Let somebody sign in no more."""
    accounts.deactivate(session.connection(), member.id, actor=actor, now=session.now())
    return f"{member.name} can sign in no more."


def reactivate(member: Member, actor: Person) -> str:
    """Let somebody sign in again."""
    accounts.reactivate(session.connection(), member.id, actor=actor, now=session.now())
    return f"{member.name} can sign in again."


def remove(member: Member, practice_id: int, actor: Person) -> str:
    """Take somebody out of the practice."""
    memberships.remove(session.connection(), practice_id, member.id, actor=actor, now=session.now())
    return f"{member.name} is in the practice no more."


actor = session.person()
st.html(html.window("People", "Who belongs to the practice, and what they may do there."))
practice_id = practice_switch.choose_one(
    actor, Verb.MANAGE_PEOPLE, "People are managed by the administrators of the practice."
)
show_link()
members = memberships.of_practice(session.connection(), practice_id, actor=actor)
table(members, actor, practice_id)
left, right = st.columns(2, gap="large")
with left:
    change(members, practice_id, actor)
with right:
    invite(practice_id, actor)
