"""Plans as Litchi missions: its columns, its limits, and what is done at each waypoint."""

import csv
import dataclasses
import io
from itertools import pairwise
from typing import Any

import pytest

from missions.catalogue import aircraft
from missions.errors import FormatError
from missions.formats import export_plan
from missions.formats.litchi import write_several
from missions.geodesy import GeoPoint
from missions.plan import LookAt, Plan, Waypoint

# The first row of a mission that Litchi's Mission Hub exported.
HEADER = (
    "latitude,longitude,altitude(m),heading(deg),curvesize(m),rotationdir,gimbalmode,gimbalpitchangle,actiontype1,"
    "actionparam1,actiontype2,actionparam2,actiontype3,actionparam3,actiontype4,actionparam4,actiontype5,"
    "actionparam5,actiontype6,actionparam6,actiontype7,actionparam7,actiontype8,actionparam8,actiontype9,"
    "actionparam9,actiontype10,actionparam10,actiontype11,actionparam11,actiontype12,actionparam12,actiontype13,"
    "actionparam13,actiontype14,actionparam14,actiontype15,actionparam15,altitudemode,speed(m/s),poi_latitude,"
    "poi_longitude,poi_altitude(m),poi_altitudemode,photo_timeinterval,photo_distinterval"
)
STAY, PHOTO, FILM, CUT, TURN, TILT = "012345"


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def actions(row: dict[str, str]) -> list[tuple[str, str]]:
    pairs = [(row[f"actiontype{n}"], row[f"actionparam{n}"]) for n in range(1, 16)]
    return [pair for pair in pairs if pair[0] != "-1"]


def flown(plan: Plan, *waypoints: dict[str, Any]) -> list[dict[str, str]]:
    """A route of such waypoints, 111 m apart to the north."""
    route = tuple(
        Waypoint(GeoPoint(52 + 0.001 * index, 4.35), 50.0, **one) for index, one in enumerate(waypoints)
    )
    return rows(export_plan(dataclasses.replace(plan, route=route), "litchi"))


def test_the_columns_are_litchis(plan: Plan) -> None:
    lines = export_plan(plan, "litchi").decode().splitlines()
    assert lines[0] == HEADER
    assert all(line.count(",") == HEADER.count(",") for line in lines)


def test_places_heights_speeds_and_pictures_are_the_plans(plan: Plan) -> None:
    found = rows(export_plan(plan, "litchi"))
    assert len(found) == len(plan.route)
    for row, one in zip(found, plan.route, strict=True):
        assert float(row["latitude"]) == pytest.approx(one.place.lat_deg, abs=1e-8)
        assert float(row["longitude"]) == pytest.approx(one.place.lon_deg, abs=1e-8)
        assert float(row["altitude(m)"]) == pytest.approx(one.height_relative_m, abs=0.005)
        assert float(row["speed(m/s)"]) == (one.speed_m_s or plan.aircraft.cruise_speed_m_s)
        apart_m = one.trigger_m or plan.totals.trigger_distance_m
        assert float(row["photo_distinterval"]) == pytest.approx(apart_m if one.recording else -1, rel=1e-4)
        assert (row["photo_timeinterval"], row["altitudemode"]) == ("-1", "0")
        assert -200 <= float(row["altitude(m)"]) <= 500
        assert 0 <= float(row["heading(deg)"]) <= 360


def test_what_is_done_at_a_waypoint_stands_in_order(plan: Plan) -> None:
    still, film, last, _ = flown(
        plan,
        {"hold_s": 2.5, "picture": True, "heading_deg": 271.4, "gimbal_pitch_deg": -45.0},
        {"recording": True, "trigger_m": 0.0},
        {},
        {},
    )
    assert actions(still) == [(TURN, "271"), (TILT, "-45"), (STAY, "2500"), (PHOTO, "0")]
    assert float(still["heading(deg)"]) == 271.4
    assert actions(film) == [(TILT, "-45"), (FILM, "0")]
    assert film["photo_distinterval"] == "-1"
    assert actions(last) == [(CUT, "0"), (TILT, "-45")]


def test_a_place_looked_at_is_litchis_point_of_interest(plan: Plan) -> None:
    look, plain = flown(plan, {"look_at": LookAt(GeoPoint(52.001, 4.36), 5.0)}, {})
    assert (look["gimbalmode"], plain["gimbalmode"]) == ("1", "0")
    place = [float(look[name]) for name in ("poi_latitude", "poi_longitude", "poi_altitude(m)")]
    assert place == [52.001, 4.36, 5.0]
    assert float(look["gimbalpitchangle"]) == pytest.approx(-3.67, abs=0.05)


def test_a_circle_is_flown_from_point_to_point(plan: Plan) -> None:
    middle = GeoPoint(52.0, 4.35)
    look = LookAt(middle)
    found = flown(plan, {"orbit_turns": 1.0, "orbit_radius_m": 40.0, "look_at": look}, {})
    assert len(found) == 26
    assert {row["gimbalmode"] for row in found[:-1]} == {"1"}


def test_a_route_of_more_than_99_waypoints_is_refused_or_divided(plan: Plan) -> None:
    for count, files in ((99, 1), (100, 2), (197, 2), (198, 3)):
        route = tuple(Waypoint(GeoPoint(52 + index * 1e-4, 4.35), 50.0) for index in range(count))
        long = dataclasses.replace(plan, route=route)
        parts = [rows(data) for data in write_several(long)]
        assert len(parts) == files
        assert all(2 <= len(part) <= 99 for part in parts)
        assert all(a[-1]["latitude"] == b[0]["latitude"] for a, b in pairwise(parts))
        joined = parts[0] + [row for part in parts[1:] for row in part[1:]]
        assert [float(row["latitude"]) for row in joined] == [one.place.lat_deg for one in route]
        if files > 1:
            with pytest.raises(FormatError, match="more than the 99") as raised:
                export_plan(long, "litchi")
            assert f"becomes {files} missions" in raised.value.remedy


def test_what_litchi_does_not_fly_is_refused(plan: Plan) -> None:
    with pytest.raises(FormatError, match="no copter"):
        export_plan(dataclasses.replace(plan, aircraft=aircraft("ardupilot-plane")), "litchi")
    high = dataclasses.replace(plan.route[0], height_relative_m=501.0)
    with pytest.raises(FormatError, match="waypoint 1 is 501 m"):
        export_plan(dataclasses.replace(plan, route=(high, *plan.route)), "litchi")
    with pytest.raises(FormatError, match="fewer than two"):
        export_plan(dataclasses.replace(plan, route=plan.route[:1]), "litchi")
