from __future__ import annotations

import pytest

from lib import __main__

SETS = ["practice", "set", "Clinic"]


@pytest.mark.parametrize("arguments", [
    [*SETS, "--holiday", "2026-13-24=Eve"],
    [*SETS, "--no-holiday", "2026-13-24"],
    ["practice", "payer-limit", "Clinic", "P", "--days", "9", "--verified", "2026-13-24"],
    ["export", "--out", "a.zip", "--since", "2026-13-24"],
], ids=lambda arguments: arguments[-2])  # fmt: skip
def test_a_day_that_is_none_is_said_in_words(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        __main__.main(arguments)

    said = capsys.readouterr().err
    assert f"argument {arguments[-2]}: 2026-13-24 is not a day (YYYY-MM-DD)" in said
