"""Speed from tyre marks: worked examples, and bounds that hold."""

import math

import numpy as np
import pytest

from imaging.measure.arcs import radius_through
from imaging.measure.figures import Figure
from imaging.measure.friction import cited_friction, cited_names
from imaging.measure.ranges import Range
from imaging.measure.tyre_marks import Surface, radius_m, skid_speed, yaw_speed
from missions.errors import SettingsError

EXACT_G = Range.exactly(9.81)
FEET, MPH = 0.3048, 0.44704


def exactly(value: float) -> Range:
    return Range.exactly(value)


def test_a_skid_to_a_known_impact_speed_is_worked_as_by_hand() -> None:
    # 11 m of skid, friction 0.65, 3.5 m/s left at impact:
    #   v² = 3.5² + 2 · 9.81 · 0.65 · 11 = 12.25 + 140.283 = 152.533,  v = 12.350 m/s = 44.46 km/h
    speed = skid_speed([Surface(exactly(11), exactly(0.65))], exactly(3.5), EXACT_G)
    assert speed.low_m_s == pytest.approx(12.350, abs=5e-4)
    assert speed.high_km_h == pytest.approx(44.46, abs=0.01)


def test_the_american_thumb_rule_is_met() -> None:
    # S (mph) = √(30 d f) with d in feet: 150 ft at drag factor 0.70: √3150 = 56.1 mph. The rule rounds
    # 2 · 32.2 / 1.4667² = 29.94 to 30, so that it lies 0.1 % above.
    speed = skid_speed([Surface(exactly(150 * FEET), exactly(0.70))], gravity_m_s2=EXACT_G)
    assert speed.low_m_s / MPH == pytest.approx(math.sqrt(30 * 150 * 0.70), rel=2e-3)


def test_asphalt_then_verge_add_up_by_energy_and_not_by_speed() -> None:
    # Asphalt 20 m at 0.75: 2 · 9.81 · 0.75 · 20 = 294.3; grass 15 m at 0.35: 103.005; impact at 10 m/s: 100.
    #   v = √497.305 = 22.300 m/s, where the sum of the speeds would be 37.3
    surfaces = [Surface(exactly(20), exactly(0.75)), Surface(exactly(15), exactly(0.35))]
    assert skid_speed(surfaces, exactly(10), EXACT_G).low_m_s == pytest.approx(22.3004, abs=1e-4)


def test_three_losses_of_30_20_and_10_mph_combine_to_37() -> None:
    # √(30² + 20² + 10²) = √1400 = 37.4 mph, the combined speed formula's usual example.
    def loses(mph: float) -> Surface:
        return Surface(exactly((mph * MPH) ** 2 / (2 * 9.81 * 0.7)), exactly(0.7))

    speed = skid_speed([loses(30), loses(20)], exactly(10 * MPH), EXACT_G)
    assert speed.low_m_s / MPH == pytest.approx(math.sqrt(1400), rel=1e-9)


@pytest.mark.parametrize("grade", [-0.08, 0.0, 0.06])
def test_a_slope_counts_as_its_grade_over_the_horizontal_length(grade: float) -> None:
    # (μ cos θ + sin θ) · D / cos θ = (μ + tan θ) · D: the drag factor μ ± grade of the textbooks, exactly.
    horizontal_m = 30.0
    along_m = horizontal_m * math.hypot(1, grade)
    speed = skid_speed([Surface(exactly(along_m), exactly(0.7), exactly(grade))], gravity_m_s2=EXACT_G)
    assert speed.low_m_s == pytest.approx(math.sqrt(2 * 9.81 * (0.7 + grade) * horizontal_m))


def test_wheels_that_do_not_brake_take_their_share_away() -> None:
    half = Surface(exactly(30), exactly(0.8), braked=exactly(0.5))
    whole = Surface(exactly(30), exactly(0.4))
    assert skid_speed([half]).high_m_s == pytest.approx(skid_speed([whole]).high_m_s)


def test_a_slope_that_friction_cannot_hold_speeds_the_vehicle_up() -> None:
    ice = Surface(exactly(20), exactly(0.05), exactly(-0.10))
    # v² = 8² + 2 · 9.81 · (0.05 − 0.10) · 20 / √1.01 = 64 − 19.522: slower at the top than at the bottom.
    speed = skid_speed([ice], exactly(8), EXACT_G)
    assert speed.low_m_s == pytest.approx(math.sqrt(64 - 19.62 / math.sqrt(1.01)))
    assert skid_speed([ice], exactly(2), EXACT_G).high_m_s == 0


def test_a_yaw_mark_is_worked_as_by_hand() -> None:
    # Chord 31 ft, ordinate 3 ft: R = 31² / 24 + 3 / 2 = 40.04 + 1.5 = 41.54 ft.
    # At drag factor 1.02 the textbooks' S = 3.86 √(R f) = 3.86 · √42.37 = 25.13 mph. Their 3.86 is rounded
    # down: √(9.81 · 0.3048) / 0.44704 = 3.868, so that it lies 0.2 % below.
    radius = radius_m(exactly(31 * FEET), exactly(3 * FEET))
    assert radius.low / FEET == pytest.approx(41.5417, abs=1e-4)
    speed = yaw_speed(radius, exactly(1.02), gravity_m_s2=EXACT_G)
    assert speed.low_m_s / MPH == pytest.approx(3.86 * math.sqrt(41.5417 * 1.02), rel=3e-3)


def test_superelevation_enters_as_on_a_banked_curve() -> None:
    # R = 80 m, μ = 0.7, e = 0.06: v² = 9.81 · 80 · 0.76 / (1 − 0.042) = 622.597, v = 24.952 m/s.
    speed = yaw_speed(exactly(80), exactly(0.7), exactly(0.06), gravity_m_s2=EXACT_G)
    assert speed.low_m_s == pytest.approx(24.952, abs=1e-3)
    # At that speed the force across the road is all that friction gives, μ times the force on it.
    angle = math.atan(0.06)
    normal = 9.81 * math.cos(angle) + speed.low_m_s**2 / 80 * math.sin(angle)
    across = speed.low_m_s**2 / 80 * math.cos(angle) - 9.81 * math.sin(angle)
    assert across == pytest.approx(0.7 * normal)


def test_uniform_errors_within_their_bounds_never_leave_the_bounds_of_a_skid() -> None:
    random = np.random.default_rng(1)
    road = Surface(Range(24.8, 25.2), Range(0.6, 0.8), Range(-0.02, 0.03), Range(0.9, 1.0))
    verge = Surface(Range(7.5, 9.0), Range(0.3, 0.5), Range(-0.1, 0.05))
    end, gravity = Range(4, 7), Range(9.78, 9.83)
    bounds = skid_speed([road, verge], end, gravity)

    def drawn(value: Range) -> np.ndarray:
        return random.uniform(value.low, value.high, 100_000)

    square, g = drawn(end) ** 2, drawn(gravity)
    for surface in (road, verge):
        angle = np.arctan(drawn(surface.slope))
        drag = drawn(surface.braked) * drawn(surface.friction) * np.cos(angle) + np.sin(angle)
        square = square + 2 * g * drag * drawn(surface.length_m)
    speed = np.sqrt(square)
    assert bounds.low_m_s <= speed.min()
    assert speed.max() <= bounds.high_m_s
    # And they are not wider than what worst inputs do: the extremes of chance come near.
    assert bounds.high_m_s - bounds.low_m_s < 1.6 * float(np.ptp(speed))


@pytest.mark.parametrize("correlation", [-1.0, 0.0, 0.9, 1.0])
def test_normal_errors_leave_the_bounds_in_at_most_one_case_of_twenty(correlation: float) -> None:
    random = np.random.default_rng(2)
    common, own = random.normal(size=(2, 200_000))
    other = correlation * common + math.sqrt(1 - correlation**2) * own
    first, second = 20 + 0.1 * common, 12 + 0.2 * other
    friction = 0.7 + 0.03 * random.normal(size=200_000)
    speed = np.sqrt(2 * 9.81 * friction * (first + second))
    mu = Range.from_sigma(0.7, 0.03)
    bounds = skid_speed(
        [Surface(Range.from_sigma(20, 0.1), mu), Surface(Range.from_sigma(12, 0.2), mu)], gravity_m_s2=EXACT_G
    )
    outside = np.mean((speed < bounds.low_m_s) | (speed > bounds.high_m_s))
    assert outside <= 0.0505


def test_normal_errors_of_a_yaw_mark_stay_within_its_bounds() -> None:
    random = np.random.default_rng(3)
    chord, ordinate = 15 + 0.02 * random.normal(size=200_000), 0.5 + 0.02 * random.normal(size=200_000)
    friction = 0.7 + 0.02 * random.normal(size=200_000)
    speed = np.sqrt(9.81 * (chord**2 / (8 * ordinate) + ordinate / 2 - 0.7) * friction)
    radius = radius_m(Range.from_sigma(15, 0.02), Range.from_sigma(0.5, 0.02))
    bounds = yaw_speed(radius, Range.from_sigma(0.7, 0.02), inward_m=exactly(0.7), gravity_m_s2=EXACT_G)
    outside = np.mean((speed < bounds.low_m_s) | (speed > bounds.high_m_s))
    assert outside <= 0.05


def test_three_marks_with_their_covariance_tell_the_radius() -> None:
    random = np.random.default_rng(4)
    angle = np.radians([0.0, 9.0, 20.0])
    points = 60 * np.column_stack([np.cos(angle), np.sin(angle)])
    # A shift that all marks share (0.5 m) does not bend the arc; what each has for itself (1 cm) does.
    shared = np.kron(np.ones((3, 3)), np.eye(2)) * 0.5**2
    covariance = shared + np.eye(6) * 0.01**2
    bounds = radius_through(points, covariance, "PQR")
    assert bounds.low < 60 < bounds.high
    assert bounds.high - bounds.low < 6
    within = 0
    for _ in range(2000):
        seen = points + random.multivariate_normal(np.zeros(6), covariance).reshape(3, 2)
        a, b, c = (np.linalg.norm(seen[i] - seen[j]) for i, j in ((0, 1), (1, 2), (0, 2)))
        half = (a + b + c) / 2
        radius = a * b * c / (4 * math.sqrt(half * (half - a) * (half - b) * (half - c)))
        within += bounds.low <= radius <= bounds.high
    assert 0.93 < within / 2000 < 0.97


def test_a_mark_that_may_be_straight_has_no_speed() -> None:
    with pytest.raises(SettingsError, match="cannot be told from zero"):
        radius_m(exactly(10), Range(-0.01, 0.05))
    with pytest.raises(SettingsError, match="from a straight line"):
        radius_through([[0, 0], [5, 0.01], [10, 0]], np.eye(6) * 0.01**2, "ABC")


@pytest.mark.parametrize(
    ("length", "friction", "slope"),
    [
        (Range(-1, 2), Range(0.6, 0.7), Range(0, 0)),
        (Range(1, 2), Range(0.0, 0.7), Range(0, 0)),
        (Range(1, 2), Range(0.6, 2.0), Range(0, 0)),
        (Range(1, 2), Range(0.6, 0.7), Range(0, 3)),
    ],
)
def test_an_input_that_makes_no_sense_is_refused(length: Range, friction: Range, slope: Range) -> None:
    with pytest.raises(SettingsError, match="makes no sense"):
        Surface(length, friction, slope)


def test_a_range_with_its_bounds_swapped_or_not_finite_is_refused() -> None:
    for bounds in ((0.8, 0.6), (0.6, math.nan), (0.6, math.inf)):
        with pytest.raises(SettingsError, match="is no range"):
            Range(*bounds)


def test_the_answer_is_a_range_rounded_outwards_with_its_inputs_and_assumptions() -> None:
    length = Range.from_figure(Figure("path", ("A", "B", "C"), 23.4, 0.2, "m"))
    speed = skid_speed([Surface(length, cited_friction("dry-asphalt-travelled-above-48"), name="N 329")])
    words = str(speed)
    low, high = (int(word) for word in words.split(": ")[1].split(" km/h")[0].split(" to "))
    assert low <= speed.low_km_h < speed.high_km_h <= high
    assert high - low < speed.high_km_h - speed.low_km_h + 2
    assert any("path A-B-C, 95 %" in line for line in speed.inputs)
    assert any("Baker 1975" in line and "without records of its tests" in line for line in speed.inputs)
    assert any("straight line" in line for line in speed.assumptions)


def test_every_cited_friction_is_a_range_with_its_source() -> None:
    for name in cited_names():
        friction = cited_friction(name)
        assert 0 < friction.low < friction.high < 1.5
        assert "Baker 1975" in friction.source
    with pytest.raises(SettingsError, match="no friction is cited for 'ice'"):
        cited_friction("ice")
