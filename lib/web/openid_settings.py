"""Which OpenID provider people sign in with: said by `serve`, the environment, or a file.

The file is `openid.toml` in the data folder. What `serve` or the environment say goes before it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lib.errors import WrongInput
from lib.web import reach

FILE = "openid.toml"
ISSUER_VARIABLE = "BILLING_TASKS_OPENID_ISSUER"
CLIENT_VARIABLE = "BILLING_TASKS_OPENID_CLIENT_ID"
SECRET_VARIABLE = "BILLING_TASKS_OPENID_CLIENT_SECRET"  # noqa: S105 - its name
SECRET_FILE_VARIABLE = "BILLING_TASKS_OPENID_SECRET_FILE"  # noqa: S105 - its name
NAME_VARIABLE = "BILLING_TASKS_OPENID_NAME"
ONLY_VARIABLE = "BILLING_TASKS_OPENID_ONLY"
_VARIABLES = {
    "issuer": ISSUER_VARIABLE,
    "client_id": CLIENT_VARIABLE,
    "client_secret": SECRET_VARIABLE,
    "name": NAME_VARIABLE,
    "only": ONLY_VARIABLE,
}
TOLD, ALWAYS = "told", "always"  # whether the provider asked for a second factor
_KEYS = frozenset({*_VARIABLES, "two_factors", "acr_values"})


@dataclass(frozen=True, slots=True)
class OpenIDSettings:
    """One provider, as it is told."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str  # on the button
    is_only: bool = False  # nobody signs in by a password or a passkey of ours alone
    always_two_factors: bool = False  # else only where its answer says so
    acr_values: tuple[str, ...] = ()  # which of its answers mean two factors, beside amr "mfa"


def read(folder: Path) -> OpenIDSettings | None:
    """Return which provider is told of, or None. Raises WrongInput where something is missing or
    cannot be."""
    told = _of_file(folder / FILE) | _of_environment()
    if not told:
        return None
    missing = [key for key in ("issuer", "client_id", "client_secret") if not told.get(key)]
    if missing:
        raise WrongInput(
            f"To sign in with an OpenID provider, say also its {' and '.join(missing)}: in "
            f"{FILE} of the data folder, or as docs/sign-in.md says."
        )
    issuer = _text(told, "issuer").strip()
    if not is_safe(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
        raise WrongInput(f"{issuer} is no issuer: it begins with https:// and has no ? or #.")
    two_factors, acr_values = told.get("two_factors", TOLD), told.get("acr_values", [])
    if two_factors not in {TOLD, ALWAYS}:
        raise WrongInput(f'two_factors in {FILE} is "{TOLD}" or "{ALWAYS}".')
    if not isinstance(acr_values, list) or not all(isinstance(one, str) for one in acr_values):
        raise WrongInput(f'acr_values in {FILE} is a list of texts, such as ["2"].')
    return OpenIDSettings(
        issuer,
        _text(told, "client_id"),
        _text(told, "client_secret"),
        " ".join(_text(told, "name").split())[:60] or urlsplit(issuer).hostname or "OpenID",
        _is_yes(told.get("only", False)),
        two_factors == ALWAYS,
        tuple(acr_values),
    )


def is_safe(address: str) -> bool:
    """Return True for an address under https; on this computer http will do, for trying it out."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username or parts.password:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and reach.is_loopback(host))


def _of_file(path: Path) -> dict[str, object]:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise WrongInput(f"{path} cannot be read: it is TOML, as docs/sign-in.md shows.") from None
    unknown = sorted(told.keys() - _KEYS)
    if unknown:
        raise WrongInput(f"{path} says {unknown[0]}, which means nothing here.")
    return told


def _of_environment() -> dict[str, object]:
    told: dict[str, object] = {
        key: os.environ[name] for key, name in _VARIABLES.items() if os.environ.get(name)
    }
    if named := os.environ.get(SECRET_FILE_VARIABLE):
        try:
            told["client_secret"] = Path(named).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            raise WrongInput(f"The client secret cannot be read from {named}.") from None
    return told


def _text(told: Mapping[str, object], key: str) -> str:
    value = told.get(key, "")
    if not isinstance(value, str):
        raise WrongInput(f"{key} of the OpenID provider is a text.")
    return value


def _is_yes(value: object) -> bool:
    return value is True or str(value).casefold() in {"1", "true", "yes"}
