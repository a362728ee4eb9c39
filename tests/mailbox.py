"""A mailbox for `aiosmtpd`, so that tests read the letters that were sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any


@dataclass
class Mailbox:
    """The letters that a mail server took. It has no mailbox of nobody@…"""

    letters: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.letters.append(BytesParser(policy=default).parsebytes(envelope.content))
        self.senders.append(envelope.mail_from)
        return "250 OK"
