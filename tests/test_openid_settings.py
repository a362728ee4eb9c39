from __future__ import annotations

from pathlib import Path

import pytest

from lib.errors import WrongInput
from lib.web import openid_settings
from lib.web.openid_settings import OpenIDSettings, is_safe

GOOD = """
issuer = "https://login.example.com"
client_id = "billing"
client_secret = "hush"
"""


def of(folder: Path, text: str) -> OpenIDSettings | None:
    (folder / openid_settings.FILE).write_text(text)
    return openid_settings.read(folder)


def test_without_a_word_there_is_none(tmp_path: Path) -> None:
    assert openid_settings.read(tmp_path) is None


def test_a_file_says_which(tmp_path: Path) -> None:
    told = of(tmp_path, GOOD)
    assert told == OpenIDSettings(
        "https://login.example.com", "billing", "hush", "login.example.com"
    )
    assert "hush" not in repr(told)
    more = 'name = "Our login"\nonly = true\ntwo_factors = "always"\nacr_values = ["2"]'
    assert of(tmp_path, GOOD + more) == OpenIDSettings(
        "https://login.example.com", "billing", "hush", "Our login", True, True, ("2",)
    )


def test_serve_and_the_environment_go_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("another\n")
    monkeypatch.setenv(openid_settings.SECRET_FILE_VARIABLE, str(secret))
    monkeypatch.setenv(openid_settings.NAME_VARIABLE, "Example")
    monkeypatch.setenv(openid_settings.ONLY_VARIABLE, "yes")

    told = of(tmp_path, GOOD)

    assert told
    assert (told.client_secret, told.name, told.is_only) == ("another", "Example", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("https:", "http:"), "begins with https"),
        (GOOD.replace("login.example.com", "a:b@login.example.com"), "begins with https"),
        (GOOD.replace(".com", ".com?x=1"), "begins with https"),
        (GOOD.replace("client_secret", "secret"), "says secret, which means nothing"),
        ('issuer = "https://login.example.com"', "say also its client_id and client_secret"),
        ("issuer = ", "cannot be read"),
        (GOOD + 'two_factors = "never"', '"told" or "always"'),
        (GOOD + 'acr_values = "2"', "list of texts"),
        (GOOD + "name = 7", "name of the OpenID provider is a text"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_without_the_secret(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(WrongInput, match=said) as problem:
        of(tmp_path, text)
    assert "hush" not in str(problem.value)


def test_a_secret_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(openid_settings.SECRET_FILE_VARIABLE, str(tmp_path / "gone"))

    with pytest.raises(WrongInput, match="cannot be read from"):
        of(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("https://login.example.com/x", True), ("http://127.0.0.1:9/x", True),
        ("http://localhost/x", True), ("http://10.0.0.1/x", False), ("ftp://a/x", False),
        ("https://", False), ("https://[", False), ("", False), ("//a/x", False),
    ],
)  # fmt: skip
def test_addresses_are_under_https_or_of_this_computer(address: str, *, is_good: bool) -> None:
    assert is_safe(address) is is_good
