"""What a thing may be: a word with its reasons, and never nothing."""

import numpy as np
import pytest

from imaging.thermal.placing.clock import Passed, clock_offset_s
from imaging.thermal.placing.kinds import Traits, kind_of

PERSON = Traits(size_m=(1.6, 0.5), cut=False, polarity="warm")


def said(**traits: object) -> str:
    return kind_of(Traits(**{**{n: getattr(PERSON, n) for n in Traits.__slots__}, **traits}))[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("traits", "kind"),
    [
        ({}, "person?"),
        ({"polarity": "cold"}, "person?"),
        ({"speed_m_s": 1.3, "way_m": 30.0}, "person?"),
        ({"speed_m_s": 9.0, "way_m": 80.0}, "animal?"),
        ({"size_m": (5.0, 2.0)}, "vehicle?"),
        ({"size_m": (5.0, 0.4)}, "warm object"),
        ({"size_m": (2.8, 1.0)}, "warm object"),
        ({"size_m": (5.0, 0.4), "polarity": "cold"}, "cold object"),
        ({"size_m": (0.3, 0.2)}, "warm object"),
        ({"size_m": (0.3, 0.2), "speed_m_s": 2.0}, "animal?"),
        ({"size_m": (0.3, 0.2), "cut": True}, "person?"),
        ({"temperature_degc": 62.0}, "warm object"),
        ({"temperature_degc": 31.0}, "person?"),
        ({"categories": ("vehicle",) * 5}, "vehicle?"),
        ({"categories": ("person",) * 5, "size_m": (0.3, 0.2)}, "person?"),
        ({"categories": ("person",) * 5, "size_m": (5.0, 2.0)}, "vehicle?"),
        ({"categories": ("person", "vehicle", "", "")}, "person?"),
        ({"categories": ("vehicle",) + ("",) * 9}, "person?"),
        ({"categories": ("vehicle",) * 5 + ("",) * 5}, "person?"),
        ({"categories": ("vehicle",) * 6 + ("",) * 4}, "vehicle?"),
        ({"categories": ("vehicle",) + ("",) * 9, "cut": True}, "person?"),
        ({"categories": ("person",) + ("",) * 9, "size_m": (0.4, 0.3)}, "person?"),
        ({"categories": ("person",) * 3, "size_m": (2.9, 1.2)}, "person?"),
        ({"categories": ("person", "vehicle", "vehicle"), "size_m": (2.9, 1.2)}, "vehicle?"),
        ({"times_s": (0, 600, 1200, 1800), "contrasts": (8, 7, 4, 3)}, "warm object"),
        ({"times_s": (0, 600, 1200, 1800), "contrasts": (8, 7, 8, 7)}, "person?"),
    ],
)
def test_size_motion_warmth_and_a_detector_make_the_word(traits: dict[str, object], kind: str) -> None:
    assert said(**traits) == kind


def test_one_vote_of_ten_is_told_and_not_followed() -> None:
    votes = ("vehicle", *("",) * 9)
    kind, reasons = kind_of(Traits(size_m=(1.6, 0.7), cut=False, polarity="warm", categories=votes))
    assert kind == "person?"
    assert "a learned detector took it for a vehicle in 1 of 10 sightings, and was not of one mind" in reasons


def test_every_word_has_its_reasons() -> None:
    hot = kind_of(Traits(size_m=(5.0, 2.0), cut=False, polarity="warm", categories=("vehicle", "vehicle")))
    assert hot == (
        "vehicle?",
        (
            "a learned detector took it for a vehicle in 2 of 2 sightings",
            "larger than a person (5.0 x 2.0 m)",
            "of a vehicle's size",
        ),
    )
    assert all(
        kind_of(Traits(size_m=(side, side), cut=False, polarity="warm"))[1] for side in (0.1, 1, 3, 20)
    )


def passes(offset_s: float, things: int, strangers: int = 0, seed: int = 1) -> list[Passed]:
    """Things that two passes of opposite directions saw, the frames' clock being off by so much."""
    rng = np.random.default_rng(seed)
    speed = np.array([7.0, 1.0])
    made = []
    for at in rng.uniform(-60, 60, (things, 2)):
        made += [
            Passed(at + rng.normal(0, 0.5, 2) - sign * speed * offset_s, sign * speed) for sign in (1, -1)
        ]
    others = rng.uniform(-60, 60, (strangers, 2))
    return made + [Passed(at, speed if number % 2 else -speed) for number, at in enumerate(others)]


@pytest.mark.parametrize("offset_s", [-2.2, -0.8, 0.0, 1.5])
def test_a_clock_that_is_seconds_off_is_found_where_opposite_passes_saw_the_same(offset_s: float) -> None:
    assert clock_offset_s(passes(offset_s, 20, strangers=20)) == pytest.approx(offset_s, abs=0.11)


def test_what_sweeps_past_as_the_aircraft_turns_hides_no_clock_that_is_off() -> None:
    rng = np.random.default_rng(5)
    turning = [
        Passed(rng.uniform(-60, 60, 2), 20 * np.array([np.cos(angle), np.sin(angle)]))
        for angle in rng.uniform(np.pi / 3, 2 * np.pi / 3, 4)
    ]
    assert clock_offset_s(passes(1.5, 20, strangers=20) + turning) == pytest.approx(1.5, abs=0.11)


@pytest.mark.parametrize("seed", range(12))
def test_where_passes_saw_different_things_no_clock_is_found(seed: int) -> None:
    assert clock_offset_s(passes(0.0, 0, strangers=60, seed=seed)) is None


def test_passes_in_one_direction_tell_nothing_of_the_clock() -> None:
    one_way = [each for each in passes(1.0, 20) if each.speed_m_s[0] > 0]
    assert clock_offset_s(one_way * 2) is None
