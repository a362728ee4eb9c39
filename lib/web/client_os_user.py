"""Which user of this computer a request comes from: a loopback address is open to all of them.

While anybody may sign in as one of the sample people, only the user who started the server (and
root, who can read the data anyway) gets that far. Linux says whose socket is at the other end;
where the system does not, as on macOS and Windows, every user of the computer gets in.
"""

from __future__ import annotations

import os
import socket
import struct

from starlette.requests import HTTPConnection

OTHER_USER = (
    "Billing Tasks was started by another user of this computer, and shows its data to nobody "
    "else. Start it as yourself, with a data folder of your own."
)
# sock_diag(7): one question about one connection, answered in microseconds.
_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, _TCP = 4, 20, 1, 6
_ANY = 0xFFFFFFFF  # any state, and any socket's cookie
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
_QUESTION = struct.Struct("=BBBxI")  # the first fields of struct inet_diag_req_v2
_ANSWER = struct.Struct("=4x48x3I2I")  # struct inet_diag_msg: …, expires, queues, uid, inode


def is_other_user(request: HTTPConnection) -> bool:
    """Return True if the system says that another user's program is asking."""
    client, server = request.scope.get("client"), request.scope.get("server")
    if not client or not server:
        return False
    owner = _owner(tuple(client), tuple(server))
    return owner is not None and owner not in (os.geteuid(), 0)


def _owner(near: tuple[str, int], far: tuple[str, int]) -> int | None:
    """Return the user id of the socket from `near` to `far`, or None if the system knows none.

    A socket that its program has closed has no owner any more: nobody reads its answer.
    """
    if not hasattr(socket, "AF_NETLINK"):
        return None
    family = socket.AF_INET6 if ":" in near[0] else socket.AF_INET
    try:
        question = (
            _QUESTION.pack(family, _TCP, 0, _ANY)
            + struct.pack(">HH", near[1], far[1])
            + b"".join(socket.inet_pton(family, end[0]).ljust(16, b"\0") for end in (near, far))
            + struct.pack("=III", 0, _ANY, _ANY)
        )
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
            kernel.settimeout(1)
            head = _HEADER.pack(
                _HEADER.size + len(question), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0
            )
            kernel.sendto(head + question, (0, 0))
            answer = kernel.recv(8192)
    except (OSError, ValueError):  # a name in place of an address, or a system that does not tell
        return None
    if _HEADER.unpack_from(answer)[1] != _SOCK_DIAG_BY_FAMILY:
        return None
    *_, owner, inode = _ANSWER.unpack_from(answer, _HEADER.size)
    return owner if inode else None
