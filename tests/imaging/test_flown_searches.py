"""A real ArduPilot flies a planned search, and the people below are found where they are."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from sitl.ardupilot import find, where_looked
from tests.imaging.flown_drone import fly_search, search_plan
from tests.imaging.flown_searches import outcome_of, scene_of, search_of
from tests.imaging.flown_table import table

SEARCHES = 50


@pytest.fixture(autouse=True)
def ardupilot() -> None:
    """Each of these flies one."""
    if find("copter") is None:
        pytest.skip(where_looked("copter"))


@pytest.mark.sitl
def test_a_flown_search_finds_who_is_plain_to_see(tmp_path: Path) -> None:
    flown = fly_search(search_plan(70.0, 20.0), tmp_path / "flight", speedup=20.0)
    assert flown.autopilot.startswith("copter")
    frames = tmp_path / "frames"
    frames.mkdir()
    outcome, finds = outcome_of(scene_of(4, flown, frames, 70.0, plain=True))
    assert outcome.frames >= 8
    for person in outcome.people:
        assert person.shown >= 2
        assert 0.5 < person.pod <= 1
        answers = [answer for answer in person.answers.values() if answer.finds]
        assert answers, f"{person.name} was found by no detector"
        for answer in answers:
            assert answer.off_m is not None
            assert answer.semi_major_m is not None
            assert answer.off_m < 1.5 * answer.semi_major_m
            assert answer.seconds is not None
            assert 0 < answer.seconds < outcome.flown_s
    assert 0.5 < outcome.pos < 0.99
    assert all(find.state == "proposed" for each in finds.values() for find in each.finds)


@pytest.mark.sitl
@pytest.mark.campaign
def test_fifty_flown_searches(tmp_path: Path) -> None:
    searches = [asdict(search_of(seed, tmp_path)) for seed in range(SEARCHES)]
    figures = table(searches)
    json.dump(figures, sys.stdout, indent=1)
    for name in ("contrast", "learned", "both"):
        told = figures["all"][name]
        assert told["found"] >= 10
        assert told["ellipse_holds"] >= 0.85 * told["found"]
