"""Send a one-time link by e-mail, through the mail server that the operator named.

The e-mail names the practice and whoever invites, and nothing of any patient. Without a mail server
the link is handed over by whoever made it.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Literal, cast, get_args

from lib import access, accounts, invitations
from lib.access import Verb
from lib.audit_log import Activity
from lib.errors import MailNotSent, NoSuchPractice, WrongInput
from lib.models import Person
from lib.store.database import Connection, transaction
from lib.web import reach

SERVER_VARIABLE = "BILLING_TASKS_SMTP"  # mail.example.com, or mail.example.com:2525
SECURITY_VARIABLE = "BILLING_TASKS_SMTP_SECURITY"
USER_VARIABLE = "BILLING_TASKS_SMTP_USER"
PASSWORD_VARIABLE = "BILLING_TASKS_SMTP_PASSWORD"  # noqa: S105 - its name
PASSWORD_FILE_VARIABLE = "BILLING_TASKS_SMTP_PASSWORD_FILE"  # noqa: S105 - its name
SENDER_VARIABLE = "BILLING_TASKS_SMTP_FROM"
TIMEOUT = 10.0  # seconds that the mail server has for each answer
Security = Literal["starttls", "tls", "none"]
_PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
_SERVER = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class MailServer:
    """The mail server to send through."""

    host: str
    port: int
    sender: str  # an e-mail address
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)


def server(environment: Mapping[str, str] = os.environ) -> MailServer | None:
    """Return the mail server that the environment names, or None. Raises WrongInput where something
    is missing or cannot be."""
    told = environment.get(SERVER_VARIABLE, "").strip()
    if not told:
        return None
    place = _SERVER.fullmatch(told)
    security = environment.get(SECURITY_VARIABLE, "").strip().lower() or "starttls"
    sender = environment.get(SENDER_VARIABLE, "").strip()
    user = environment.get(USER_VARIABLE, "").strip()
    if place is None or not 0 < int(place["port"] or 25) < 65536:
        raise WrongInput(f"{told} is no mail server: name it as mail.example.com:587.")
    if security not in get_args(Security):
        raise WrongInput(f"The mail server is asked with starttls, tls or none, not {security}.")
    host = place["host"].strip("[]")
    if security == "none" and not reach.is_loopback(host):
        raise WrongInput("One-time links go unencrypted to a mail server of this computer only.")
    try:
        invitations.check_email(sender)
    except WrongInput:
        raise WrongInput(
            "Say with --smtp-from from which e-mail address invitations come."
        ) from None
    password = _password(environment) if user else ""
    chosen = cast(Security, security)
    return MailServer(host, int(place["port"] or _PORTS[chosen]), sender, chosen, user, password)


def send(
    con: Connection, through: MailServer, practice_id: int, person_id: int, token: str, *,
    address: str, actor: Person, now: datetime,
) -> str:  # fmt: skip
    """Send the link of an invitation that stands to the person's e-mail address, and write so into
    the record. Return the address. `address` is where browsers open Billing Tasks.

    Raises MailNotSent where the mail server does not take it: the invitation stays, and its link
    can be handed over. NotAllowed, NoSuchPractice.
    """
    access.require(actor, Verb.MANAGE_PEOPLE, practice_id, NoSuchPractice())
    row = con.row(
        "SELECT person.email, practice.name FROM person, practice "
        "WHERE person.id = $person_id AND practice.id = $practice_id",
        person_id=person_id,
        practice_id=practice_id,
    )
    if row is None:
        raise NoSuchPractice
    to, practice = str(row[0]), str(row[1])
    message = EmailMessage()
    message["From"], message["To"] = through.sender, to
    message["Subject"] = "Your invitation to Billing Tasks"
    message["Message-ID"] = make_msgid(domain=through.sender.rpartition("@")[2])
    message.set_content(
        f"{_plain(actor.name)} invites you to work in Billing Tasks for {_plain(practice)}.\n\n"
        f"Open this link, which works once, within {invitations.VALID.days} days:\n\n"
        f"{address}{invitations.PATH}#{token}\n\n"
        "If you do not expect this, delete it: nothing happens without the link.\n",
        cte="quoted-printable",
    )
    _deliver(through, message)
    with transaction(con):
        accounts.note(
            con, Activity.LINK_MAILED, person_id, actor=actor, now=now, practice_id=practice_id
        )
    return to


def _deliver(through: MailServer, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(through.host, through.port, timeout=TIMEOUT, context=context)
            if through.security == "tls"
            else smtplib.SMTP(through.host, through.port, timeout=TIMEOUT)
        ) as connection:
            if through.security == "starttls":
                connection.starttls(context=context)
            if through.user:
                connection.login(through.user, through.password)
            connection.send_message(message)
    except smtplib.SMTPAuthenticationError as problem:
        raise MailNotSent("the mail server does not take its user name and password") from problem
    except smtplib.SMTPRecipientsRefused as problem:
        raise MailNotSent("the mail server does not take this e-mail address") from problem
    except ssl.SSLCertVerificationError as problem:
        raise MailNotSent("the mail server's certificate is not trusted") from problem
    except ssl.SSLError as problem:
        raise MailNotSent("the mail server does not speak TLS at that port") from problem
    except smtplib.SMTPNotSupportedError as problem:
        raise MailNotSent("the mail server does not offer what it is asked for") from problem
    except (TimeoutError, smtplib.SMTPServerDisconnected) as problem:
        raise MailNotSent("the mail server does not answer") from problem
    except (smtplib.SMTPException, OSError) as problem:
        raise MailNotSent("the mail server cannot be reached, or refuses it") from problem


def _password(environment: Mapping[str, str]) -> str:
    if file := environment.get(PASSWORD_FILE_VARIABLE):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise WrongInput(f"The password of the mail server cannot be read: {file}.") from None
    if password := environment.get(PASSWORD_VARIABLE):
        return password
    raise WrongInput("Say the password of the mail server: --smtp-password-file FILE.")


def _plain(text: str) -> str:
    """Return a name on one line, without anything that a mail program makes a link of."""
    return " ".join(re.sub(r"[:/@<>\x00-\x1f]|www\.", " ", text).split())
