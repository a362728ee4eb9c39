"""By what somebody proved who they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OpenedBy(StrEnum):
    """How a session was opened; the value is what is stored."""

    CHOICE = "choice"  # of a name, in the sample
    PASSWORD = "password"  # noqa: S105
    PASSKEY = "passkey"  # unlocked by finger, face or PIN, so two factors by itself
    PASSWORD_AND_PASSKEY = "password and passkey"  # noqa: S105
    OPENID = "OpenID"  # an OpenID provider said who it is
    OPENID_AND_PASSKEY = "OpenID and passkey"
    OPENID_BY_TWO = "OpenID, by two factors"

    @property
    def has_two_factors(self) -> bool:
        """Return True if that is enough where a practice requires a second factor."""
        return self not in {OpenedBy.CHOICE, OpenedBy.PASSWORD, OpenedBy.OPENID}

    @property
    def is_by_openid(self) -> bool:
        """Return True if an OpenID provider said who it is."""
        return self.value.startswith("OpenID")

    @property
    def with_passkey(self) -> OpenedBy:
        """Return what it is with a passkey after it."""
        return {
            OpenedBy.PASSWORD: OpenedBy.PASSWORD_AND_PASSKEY,
            OpenedBy.OPENID: OpenedBy.OPENID_AND_PASSKEY,
        }.get(self, self)


@dataclass(frozen=True, slots=True)
class Proof:
    """By what somebody proved who they are, and since when they have that password, or that
    account at an OpenID provider: it is good until they have another."""

    by: OpenedBy
    since: datetime | None
