"""A plan as a picture: everything that will be flown is in it, to scale."""

from __future__ import annotations

import dataclasses
import io
import math
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from missions.errors import InputError
from missions.plan import Finding, Plan, Severity
from ops.reports.plan_colors import FENCE, FLIGHTS, LANE, START, TRANSIT
from ops.reports.plan_flights import figures_of_flights
from ops.reports.plan_picture import _round_length_m, draw_plan, png_of_plan


def pixels(plan: Plan) -> npt.NDArray[np.int16]:
    with Image.open(io.BytesIO(png_of_plan(plan))) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


def count(picture: npt.NDArray[np.int16], colour: str) -> int:
    wanted = [int(part, 16) for part in re.findall("..", colour.removeprefix("#"))]
    return int((np.abs(picture - wanted).max(axis=2) < 12).sum())


def test_lanes_transits_fence_and_take_off_are_drawn(search_plan: Plan) -> None:
    picture = pixels(search_plan)
    assert count(picture, LANE) > 3000
    assert count(picture, TRANSIT) > 200
    assert count(picture, FENCE) > 1000
    assert count(picture, START) > 50


def test_what_is_not_in_the_plan_is_not_drawn(search_plan: Plan) -> None:
    bare = dataclasses.replace(search_plan, route=search_plan.route[:0], fence=type(search_plan.fence)())
    picture = pixels(bare)
    assert count(picture, FENCE) == 0
    assert count(picture, LANE) == 0


def test_a_plan_that_may_not_be_flown_says_so(search_plan: Plan) -> None:
    finding = Finding("battery", Severity.BLOCKING, "too far")
    barred = dataclasses.replace(search_plan, findings=(finding,))
    assert count(pixels(barred), FENCE) > count(pixels(search_plan), FENCE) + 500


@pytest.mark.parametrize("name", ["$x_{2$", "\x1b[31m", "x" * 500, "", "ééé", "\\frac"])
def test_any_name_can_be_drawn(search_plan: Plan, name: str) -> None:
    assert png_of_plan(dataclasses.replace(search_plan, name=name)).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("about_m", "length_m"), [(1, 1), (1.9, 1), (2, 2), (4.9, 2), (5, 5), (9.99, 5), (340, 200), (0.7, 0.5)]
)
def test_the_scale_bar_is_a_round_length(about_m: float, length_m: float) -> None:
    assert _round_length_m(about_m) == pytest.approx(length_m)


def test_only_a_png_is_written(search_plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        draw_plan(search_plan, tmp_path / "plan.jpg")
    assert list(tmp_path.iterdir()) == []


def test_one_aircrafts_flights_have_their_colours_numbers_and_what_they_take_together(polder: Plan) -> None:
    picture = pixels(polder)
    bare = dataclasses.replace(
        polder, sorties=tuple(dataclasses.replace(one, no_return=None) for one in polder.sorties)
    )
    for colour in FLIGHTS[: len(polder.sorties)]:
        assert count(picture, colour) > count(pixels(bare), colour) > 500
    told = figures_of_flights(polder)
    least_pct = min(math.floor(100 - one.totals.battery_pct) for one in polder.sorties)
    assert f"{len(polder.sorties)} flights in " in told
    assert f"{least_pct} % left at least" in told
    last = polder.sorties[-1]
    minutes = math.ceil(last.ends_s / 60)
    assert (f" in {minutes} min," in told) or (f"{minutes // 60} h {minutes % 60} min" in told)
