"""The colours of the Backlog charts: seen on both grounds, and told apart by who sees no red or
green."""

from __future__ import annotations

import tomllib
from itertools import combinations

import pytest

from lib.store.process_store import ROOT
from lib.ui.charts import BEFORE, COLORS, SIDES, Mark, names_drawn

THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
GROUNDS = (THEME["light"]["backgroundColor"], THEME["dark"]["backgroundColor"])
# Drawn beside each other.
TOGETHER = (
    ("Received", "Completed", "Reopened"), ("Assigned", "Completed", "Reopened"),
    ("Received so far", "Completed so far"), ("Pending", BEFORE), (*SIDES, BEFORE),
    ("Tasks", BEFORE),
)  # fmt: skip
# How linear red, green and blue reach whom: Viénot, Brettel, Mollon, Color Res. Appl. 24 (1999).
EYES = {
    "every cone": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red cone": ((0.11238, 0.88762, 0), (0.11238, 0.88762, 0), (0.00401, -0.00401, 1)),
    "no green cone": ((0.29275, 0.70725, 0), (0.29275, 0.70725, 0), (-0.02234, 0.02234, 1)),
}


def linear(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def luminance(color: str) -> float:
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def lab(color: str, eye: str) -> tuple[float, float, float]:
    """CIE L*a*b* under D65 of what that eye sees."""
    seen = [sum(w * c for w, c in zip(row, linear(color), strict=True)) for row in EYES[eye]]
    red, green, blue = (min(max(each, 0), 1) for each in seen)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", COLORS)
def test_a_colour_stands_three_to_one_against_both_grounds(name: str, ground: str) -> None:
    light, dark = sorted((luminance(COLORS[name]), luminance(ground)), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 3


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("series", TOGETHER, ids=" · ".join)
def test_colours_beside_each_other_differ_for_every_eye(series: tuple[str, ...], eye: str) -> None:
    for one, other in combinations(series, 2):
        pair = zip(lab(COLORS[one], eye), lab(COLORS[other], eye), strict=True)
        distance = sum((a - b) ** 2 for a, b in pair) ** 0.5

        assert distance > 20, (one, other)


def test_bars_stand_in_their_order_also_where_only_the_period_before_has_one() -> None:
    now = [
        Mark("0–7 days", SIDES[0], 3, None),
        Mark("8–30 days", SIDES[0], 0, None),
        Mark("Over", SIDES[0], 1, None),
    ]
    before = [Mark("8–30 days", BEFORE, 2, None)]

    assert names_drawn([*now, *before]) == ["0–7 days", "8–30 days", "Over"]
    assert names_drawn(now) == ["0–7 days", "Over"]
