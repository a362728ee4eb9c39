"""`python -m lib serve`: the app, on this computer only unless told otherwise."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys
from collections.abc import Sequence
from datetime import datetime

from lib import command_options
from lib.intake.command_imports import ZONE_HELP
from lib.store.process_store import BACKUP_VARIABLE, ROOT
from lib.terminal import Parser, complain
from lib.web import invitation_mail, openid_settings, reach

ADDRESS = "127.0.0.1"
PORT = 8501
COMMAND = (sys.executable, "app.py")  # from the project's folder
PORT_VARIABLE = "BILLING_TASKS_PORT"
WATCH_VARIABLE = "BILLING_TASKS_WATCH"  # the folder whose files are imported by themselves
PRACTICE_VARIABLE = "BILLING_TASKS_WATCH_PRACTICE"  # the name of the practice that they are for
ZONE_VARIABLE = "BILLING_TASKS_WATCH_ZONE"  # the time zone of that practice if it is new
BACKUP_HOURS_VARIABLE = "BILLING_TASKS_BACKUP_HOURS"
BACKUP_HOURS = 24


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Become the server; return an exit code only if that is impossible."""
    parser = Parser(prog="python -m lib serve", description=__doc__)
    parser.add_argument(
        "--port", metavar="PORT", type=_port, default=PORT, help=f"{PORT} unless told"
    )
    parser.add_argument(
        "--watch", metavar="FOLDER", type=command_options.path,
        help="bring in every file that appears in FOLDER, as python -m lib watch does",
    )  # fmt: skip
    parser.add_argument(
        "--practice", metavar="NAME", help="whom they are for; needed only where there are several"
    )
    parser.add_argument("--time-zone", metavar="ZONE", help=ZONE_HELP)
    parser.add_argument(
        "--backup", metavar="FOLDER", type=command_options.path,
        help=f"write a backup to FOLDER every {BACKUP_HOURS} hours, as python -m lib backup does",
    )  # fmt: skip
    parser.add_argument(
        "--host", metavar="ADDRESS", default=ADDRESS,
        help=f"the address to listen on: {ADDRESS} unless told, 0.0.0.0 for every one of this "
        "computer; other than on this computer only real accounts sign in",
    )  # fmt: skip
    parser.add_argument(
        "--allowed-hosts", metavar="NAMES", default="",
        help="by which names browsers may open it, beside localhost: billing.example.com,…",
    )  # fmt: skip
    parser.add_argument(
        "--behind-proxy", metavar="ADDRESSES", nargs="?", const="127.0.0.1,::1", default="",
        help="believe the forwarding headers of the proxy at these addresses (127.0.0.1 unless "
        "told); without this, such requests are refused",
    )  # fmt: skip
    _add_provider(parser)
    _add_mail_server(parser)
    asked = parser.parse_args(arguments)
    wanted = asked.port
    if asked.watch and not asked.watch.is_dir():
        complain(f"{asked.watch} is not a folder.")
        return 1
    told = {
        PORT_VARIABLE: str(wanted),
        reach.HOST_VARIABLE: asked.host,
        reach.NAMES_VARIABLE: asked.allowed_hosts,
        reach.PROXIES_VARIABLE: asked.behind_proxy,
        **_provider_of(asked),
        **_mail_server_of(asked),
    }
    problem = _why_not(wanted, asked.host)
    if not problem:
        if asked.watch:
            told[WATCH_VARIABLE] = str(asked.watch.resolve())
            told |= {PRACTICE_VARIABLE: asked.practice} if asked.practice else {}
            told |= {ZONE_VARIABLE: asked.time_zone} if asked.time_zone else {}
        if asked.backup:
            told[BACKUP_VARIABLE] = str(asked.backup.absolute())
        os.chdir(ROOT)  # where .streamlit/config.toml is
        # Not a child: whoever stops this process, in whatever way, stops the server.
        os.execve(sys.executable, COMMAND, os.environ | told)
    complain(problem)
    return 1


def _port(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) < 65_536):
        raise argparse.ArgumentTypeError(f"{text} is no port: a number from 1 to 65535")
    return int(text)


def _add_provider(parser: Parser) -> None:
    group = parser.add_argument_group("signing in with an OpenID provider (docs/sign-in.md)")
    group.add_argument("--openid-issuer", metavar="ADDRESS", help="https://login.example.com")
    group.add_argument("--openid-client-id", metavar="ID")
    group.add_argument(
        "--openid-secret-file", metavar="FILE", type=command_options.path,
        help="a file with the client secret: a command line can be read by others",
    )  # fmt: skip
    group.add_argument("--openid-name", metavar="NAME", help="on the button, as Google")
    group.add_argument(
        "--openid-only", action="store_true", help="nobody signs in by a password here"
    )


def _provider_of(asked: argparse.Namespace) -> dict[str, str]:
    secret = asked.openid_secret_file
    told = {
        openid_settings.ISSUER_VARIABLE: asked.openid_issuer,
        openid_settings.CLIENT_VARIABLE: asked.openid_client_id,
        openid_settings.SECRET_FILE_VARIABLE: str(secret.absolute()) if secret else None,
        openid_settings.NAME_VARIABLE: asked.openid_name,
        openid_settings.ONLY_VARIABLE: "yes" if asked.openid_only else None,
    }
    return {name: value for name, value in told.items() if value}


def _add_mail_server(parser: Parser) -> None:
    group = parser.add_argument_group("sending one-time links by e-mail")
    group.add_argument("--smtp", metavar="HOST[:PORT]", help="the mail server to send through")
    group.add_argument(
        "--smtp-security", choices=["starttls", "tls", "none"],
        help="starttls (port 587) unless told; none only to this computer",
    )  # fmt: skip
    group.add_argument("--smtp-from", metavar="ADDRESS", help="the sender's e-mail address")
    group.add_argument("--smtp-user", metavar="NAME")
    group.add_argument(
        "--smtp-password-file", metavar="FILE", type=command_options.path,
        help="a file with its password: a command line can be read by others",
    )  # fmt: skip


def _mail_server_of(asked: argparse.Namespace) -> dict[str, str]:
    password = asked.smtp_password_file
    told = {
        invitation_mail.SERVER_VARIABLE: asked.smtp,
        invitation_mail.SECURITY_VARIABLE: asked.smtp_security,
        invitation_mail.SENDER_VARIABLE: asked.smtp_from,
        invitation_mail.USER_VARIABLE: asked.smtp_user,
        invitation_mail.PASSWORD_FILE_VARIABLE: str(password.absolute()) if password else None,
    }
    return {name: value for name, value in told.items() if value}


def port() -> int:
    """Return the port that this process was told to serve on."""
    return int(os.environ.get(PORT_VARIABLE) or PORT)


def address(port: int) -> str:
    """Return where browsers open what this process was told to serve at that port."""
    told = reach.current()
    if told.names and told.proxies:
        return f"https://{told.names[0]}"
    return f"http://{told.names[0] if told.names and told.is_open else ADDRESS}:{port}"


def options() -> dict[str, object]:
    """Return what Streamlit is told of it."""
    told = reach.current()
    return {
        "server.port": port(),
        "server.address": told.host,
        "server.allowedHosts": ["localhost", "127.0.0.1", "::1", *told.names],
    }


def _why_not(port: int, host: str) -> str:
    """Return the sentence for what keeps us from listening there, if anything does."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except PermissionError:
            return f"This user may not listen on port {port}. Choose one from 1024 on."
        except (OSError, UnicodeError) as problem:
            if isinstance(problem, OSError) and problem.errno == errno.EADDRINUSE:
                return (
                    f"Port {port} is in use, perhaps by Billing Tasks itself "
                    f"(http://{ADDRESS}:{port}). Stop what uses it, or choose another port: "
                    "`make run PORT=8600`."
                )
            return f"{host} is no address of this computer, so nothing can be served there."
    return ""
