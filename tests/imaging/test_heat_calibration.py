"""Ellipses hold the truth as often as they say, on whole rendered flights with every error drawn.

`pytest -m campaign -s tests/imaging/test_heat_calibration.py` flies 30 flights with four drones each and
prints the table; `python -m tests.imaging.heat_calibration 0 29 4` prints every find.
"""

from __future__ import annotations

import json

import pytest

from tests.imaging.heat_calibration import Remembering, flight_of, outcome, table


def test_everybody_on_a_flight_is_found_near_where_he_is_and_is_one_find() -> None:
    rendered, detector = flight_of(4), Remembering()
    outcomes = [outcome(4, draw, rendered, detector=detector) for draw in range(2)]
    everybody = [person for each in outcomes for person in each.people]
    assert len(everybody) == 8
    assert all(person.finds == 1 and person.kind == "person?" for person in everybody)
    assert sum(person.holds for person in everybody) >= 7
    assert all(person.off_m < 6 for person in everybody)
    assert not any(person.said_to_walk for person in everybody if not person.walks)


@pytest.mark.campaign
def test_ellipses_of_30_flights_hold_the_truth_93_to_97_times_in_100() -> None:
    outcomes = []
    for seed in range(30):
        rendered, detector = flight_of(seed), Remembering()
        outcomes += [outcome(seed, draw, rendered, detector=detector) for draw in range(4)]
    figures = table(outcomes)
    print(json.dumps(figures))  # noqa: T201
    assert figures["found"] >= 200
    assert 93 <= figures["held_pct"] <= 97
    assert figures["off_m_median"] <= 3
    assert figures["still_said_to_walk_pct"] <= 3
