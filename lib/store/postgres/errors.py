"""What a database on another machine can do to a person, as sentences."""

from __future__ import annotations

from lib.errors import BillingError, NotCertain, StoreStopped


class MaybeSaved(NotCertain):
    """The connection broke during a commit, so nobody knows whether it was saved."""

    def __init__(self) -> None:
        BillingError.__init__(
            self,
            "The connection to the database broke at the very end, and it is not certain that this "
            "was saved. Look whether it is there, or send it again: nothing is saved twice.",
        )


class DatabaseUnreachable(StoreStopped):
    """The database server does not answer, so nothing was read or saved."""

    def __init__(self) -> None:
        BillingError.__init__(
            self,
            "The database cannot be reached, so nothing of this was shown or saved. Try again in a "
            "moment; what was confirmed before is safe.",
        )


class DatabaseReadOnly(StoreStopped):
    """The database server lets itself be read only, so nothing was saved."""

    def __init__(self) -> None:
        BillingError.__init__(
            self,
            "The database can only be read: it is a standby, or was made read-only. Nothing of "
            "this was saved; what was confirmed before is safe. Whoever looks after it has to let "
            "it be written, or start Billing Tasks with the one that can be.",
        )
