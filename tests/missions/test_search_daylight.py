"""The sun stands where almanacs have it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from missions.geodesy import GeoPoint
from missions.search.daylight import kind_at, sun_elevation_deg

UTRECHT = GeoPoint(52.1, 5.1)


def at(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()


def test_noon_of_the_solstices_and_the_equinox() -> None:
    """At the highest the sun stands at 90 - latitude + declination (23.44 degrees at most)."""
    for month, day, declination in ((6, 21, 23.44), (12, 21, -23.44), (3, 20, 0.0)):
        highest = max(sun_elevation_deg(at(2026, month, day, 11, minute), UTRECHT) for minute in range(60))
        highest = max(
            highest, *(sun_elevation_deg(at(2026, month, day, 12, m), UTRECHT) for m in range(0, 60, 2))
        )
        assert highest == pytest.approx(90 - 52.1 + declination, abs=0.3)


def test_sunset_in_utrecht_on_midsummer_is_a_little_after_ten() -> None:
    """2026-06-21: 22:03 local, 20:03 UTC, its middle 0.83 degrees down (refraction, radius)."""
    assert sun_elevation_deg(at(2026, 6, 21, 20, 3), UTRECHT) == pytest.approx(-0.83, abs=0.3)


def test_kinds_follow_the_sun() -> None:
    noon, dusk, night = at(2026, 6, 21, 12), at(2026, 6, 21, 20, 20), at(2026, 12, 21, 22)
    assert [kind_at("thermal", t, UTRECHT) for t in (noon, night)] == ["thermal-day", "thermal-night"]
    kinds = [kind_at("visible", t, UTRECHT) for t in (noon, dusk, night)]
    assert kinds == ["visible-day", "visible-dusk", "visible-night"]
