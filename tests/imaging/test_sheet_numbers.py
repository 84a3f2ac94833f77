"""Numbers on the sheet have the digits that their uncertainty bears, and claim no more than was computed."""

import numpy as np
import pytest

from imaging.measure.figures import MarkPosition
from imaging.sheet.numbers import stated
from imaging.sheet.panel import radius_95_m


@pytest.mark.parametrize(
    ("value", "half_width", "unit", "words"),
    [
        (12.34, 0.05, "m", "12.34 ± 0.05 m"),
        (12.3449, 0.0401, "m", "12.34 ± 0.05 m"),
        (12.34, 0.011, "m", "12.340 ± 0.011 m"),
        (12.34, 0.36, "m", "12.3 ± 0.4 m"),
        (7.0, 0.0, "m", "7.000 ± 0.001 m"),
        (1234.5, 23.0, "m²", "1234 ± 24 m²"),
        (1234.5, 180.0, "m²", "1230 ± 190 m²"),
        (90.04, 0.61, "°", "90.0 ± 0.7°"),
        (-0.0004, 0.02, "m", "0.000 ± 0.021 m"),
    ],
)
def test_a_value_is_stated_with_its_half_width(
    value: float, half_width: float, unit: str, words: str
) -> None:
    assert stated(value, half_width, unit).words(unit) == words


def test_the_printed_interval_always_holds_the_computed_one_and_is_hardly_wider() -> None:
    random = np.random.default_rng(6)
    for value, exponent in zip(random.normal(scale=50, size=5000), random.uniform(-2, 2, 5000), strict=True):
        half = 10.0**exponent
        printed = stated(value, half, "m")
        low, high = (float(part) for part in printed.interval().split(" … "))
        assert low <= value - half + 1e-9
        assert value + half <= high + 1e-9
        # A step is at most 0.28 of the half width, and half a step is lost by rounding the value.
        assert high - low <= 2 * half * 1.43


@pytest.mark.parametrize("correlation", [-1.0, -0.6, 0.0, 0.8, 1.0])
def test_the_radius_of_a_mark_holds_it_in_95_cases_of_100_at_any_correlation(correlation: float) -> None:
    random = np.random.default_rng(7)
    east, north = 0.02, 0.011
    covariance = [[east**2, correlation * east * north], [correlation * east * north, north**2]]
    errors = random.multivariate_normal([0, 0], covariance, size=200_000)
    radius = radius_95_m(MarkPosition("A", "", np.zeros(3), np.array([east, north, 0.03]), ()))
    assert np.mean(np.hypot(*errors.T) <= radius) >= 0.9485
