"""Invitations by e-mail, through a real mail server on this computer."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lib import invitations
from lib.errors import MailNotSent, NoSuchPractice, NotAllowed, WrongInput
from lib.models import Role
from lib.store.database import Connection
from lib.web import invitation_mail
from lib.web.invitation_mail import MailServer
from tests.conftest import NOON, Cast
from tests.given import administrator
from tests.mailbox import Mailbox
from tests.server import free_port

ADDRESS = "https://billing.example.com"
PASSWORD = "of the mail server"


def authenticate(_server: Any, _session: Any, _envelope: Any, _kind: str, told: Any) -> AuthResult:
    is_right = isinstance(told, LoginPassword) and told.password == PASSWORD.encode()
    return AuthResult(success=is_right, handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a certificate of 127.0.0.1 that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "mail.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def post() -> Mailbox:
    return Mailbox()


@pytest.fixture
def mail_server(post: Mailbox, certificate: Path) -> Iterator[MailServer]:
    """Yield a mail server that takes letters from its user only, after STARTTLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    port = free_port()
    controller = Controller(
        post, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True,
        auth_required=True, authenticator=authenticate,
    )  # fmt: skip
    controller.start()
    yield MailServer("127.0.0.1", port, "billing@example.com", "starttls", "billing", PASSWORD)
    controller.stop()


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def invite(con: Connection, cast: Cast, email: str = "eve@example.com") -> tuple[str, int]:
    roles = {cast.practice: Role.STAFF}
    token = invitations.invite(con, email, "Eve", roles, actor=None, now=NOON)
    return token, invitations.whose(con, token, now=NOON).id


@pytest.mark.usefixtures("trusted")
def test_a_letter_brings_the_link_and_names_the_practice(
    con: Connection, cast: Cast, mail_server: MailServer, post: Mailbox
) -> None:
    ada = administrator(con, cast.practice, "Ada\r\nBcc: x@evil.example www.evil.example")
    token, eve = invite(con, cast)

    to = invitation_mail.send(
        con, mail_server, cast.practice, eve, token, address=ADDRESS, actor=ada, now=NOON
    )

    [letter] = post.letters
    text = letter.get_content()
    assert (to, letter["To"], post.senders) == (
        "eve@example.com", "eve@example.com", ["billing@example.com"],
    )  # fmt: skip
    assert letter["Bcc"] is None
    assert f"{ADDRESS}/invitation#{token}" in text
    assert "for Northside Clinic." in text and "@evil" not in text and "www." not in text
    assert con.row(
        "SELECT kind, person_id, practice_id, actor_id FROM activity ORDER BY id DESC LIMIT 1"
    ) == ("link mailed", eve, cast.practice, ada.id)


def test_what_is_not_sent_says_why_in_one_sentence_and_leaves_the_invitation(
    con: Connection, cast: Cast, mail_server: MailServer, post: Mailbox, certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ada = administrator(con, cast.practice)
    token, eve = invite(con, cast)
    refused, nobody = invite(con, cast, "nobody@example.com")
    lines = con.value("SELECT count(*) FROM activity")

    def problem(through: MailServer, person_id: int = eve) -> str:
        with pytest.raises(MailNotSent) as found:
            invitation_mail.send(
                con, through, cast.practice, person_id, token, address=ADDRESS, actor=ada, now=NOON
            )
        return str(found.value)

    here = (mail_server.host, mail_server.port, mail_server.sender)
    assert "certificate is not trusted" in problem(mail_server)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert "user name and password" in problem(MailServer(*here, "starttls", "billing", "wrong"))
    assert "does not take this e-mail address" in problem(mail_server, nobody)
    assert "cannot be reached" in problem(MailServer("127.0.0.1", free_port(), here[2]))
    assert "does not speak TLS" in problem(MailServer(*here, "tls"))
    monkeypatch.setattr(invitation_mail, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = int(silent.getsockname()[1])
        assert "does not answer" in problem(MailServer("127.0.0.1", port, here[2]))
    assert post.letters == []
    assert con.value("SELECT count(*) FROM activity") == lines
    assert invitations.whose(con, token, now=NOON).id == eve
    assert invitations.whose(con, refused, now=NOON).id == nobody


def test_only_an_administrator_of_the_practice_sends(
    con: Connection, cast: Cast, mail_server: MailServer, post: Mailbox
) -> None:
    token, eve = invite(con, cast)

    for actor, refusal in ((cast.ana, NotAllowed), (cast.carla, NoSuchPractice)):
        with pytest.raises(refusal):
            invitation_mail.send(
                con, mail_server, cast.practice, eve, token, address=ADDRESS, actor=actor, now=NOON
            )
    assert post.letters == []


def test_the_operator_names_the_mail_server(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    told = {
        invitation_mail.SERVER_VARIABLE: "mail.example.com",
        invitation_mail.SENDER_VARIABLE: "billing@example.com",
    }
    user = {
        invitation_mail.USER_VARIABLE: "billing",
        invitation_mail.PASSWORD_FILE_VARIABLE: str(file),
    }

    assert invitation_mail.server({}) is None
    assert invitation_mail.server(told) == MailServer(
        "mail.example.com", 587, "billing@example.com"
    )
    known = invitation_mail.server(told | user | {invitation_mail.SECURITY_VARIABLE: "tls"})
    assert known == MailServer(
        "mail.example.com", 465, "billing@example.com", "tls", "billing", PASSWORD
    )
    assert PASSWORD not in repr(known)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({invitation_mail.SERVER_VARIABLE: "mail server"}, "is no mail server"),
        ({invitation_mail.SERVER_VARIABLE: "mail.example.com:99999"}, "is no mail server"),
        ({invitation_mail.SECURITY_VARIABLE: "ssl3"}, "starttls, tls or none"),
        ({invitation_mail.SECURITY_VARIABLE: "none"}, "of this computer only"),
        ({invitation_mail.SENDER_VARIABLE: "Billing"}, "--smtp-from"),
        ({invitation_mail.USER_VARIABLE: "billing"}, "--smtp-password-file"),
        ({invitation_mail.USER_VARIABLE: "billing",
          invitation_mail.PASSWORD_FILE_VARIABLE: "/nowhere"}, "cannot be read: /nowhere"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(told: dict[str, str], said: str) -> None:
    fine = {
        invitation_mail.SERVER_VARIABLE: "mail.example.com",
        invitation_mail.SENDER_VARIABLE: "billing@example.com",
    }
    with pytest.raises(WrongInput, match=said):
        invitation_mail.server(fine | told)
