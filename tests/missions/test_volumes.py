"""The volumes of air of a flight: round what is flown, from files, and refused with a reason."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely import LineString, Point

from missions.catalogue import aircraft, camera
from missions.errors import DroneteamError, FormatError, SettingsError
from missions.formats.volumes_geojson import read_volumes, volumes_from_geojson, write_volumes
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local
from missions.no_fly import zones_in
from missions.plan import Plan, Sortie
from missions.search_plan import plan_search
from missions.volumes import (
    FlightVolumes,
    Margins,
    Reference,
    Volume,
    contingency_m,
    margins_for,
    volumes_of,
)
from missions.wind import Wind

FRAME = LocalFrame(GeoPoint(52.12, 5.27))
MARGINS = Margins(flight_m=12.0, flight_height_m=6.0, contingency_m=30.0, contingency_height_m=20.0)


def plan_for(craft: str = "ardupilot-copter", **more: Any) -> Plan:
    area = area_from_local(shapely.box(0, 0, 300, 150), FRAME, "Heath")
    made = plan_search(
        area,
        aircraft(craft),
        camera("demo-thermal"),
        created="2026-03-14T10:00:00Z",
        take_off=FRAME.point_from_local(-20, 5),
    )
    return dataclasses.replace(made, **more)


def flown(plan: Plan) -> LineString:
    places = [plan.take_off, *(waypoint.place for waypoint in plan.route), plan.take_off]
    return LineString(FRAME.local_from_geo([(place.lon_deg, place.lat_deg) for place in places]))


def test_they_keep_the_margins_from_all_that_is_flown_and_hardly_more() -> None:
    plan = plan_for()
    volumes = volumes_of(plan, MARGINS)
    highest_m = max(waypoint.height_relative_m for waypoint in plan.route)
    for volume, margin_m, height_m in (
        (volumes.flight_geography, 12.0, 6.0),
        (volumes.contingency, 42.0, 26.0),
    ):
        assert volume is not None
        shape = zones_in(FRAME, volume.parts)
        assert shape.covers(flown(plan).buffer(margin_m - 0.01))
        assert shape.difference(flown(plan).buffer(margin_m * 1.03 + 0.05)).area < 1
        assert (volume.floor_m, volume.ceiling_m) == (-height_m, highest_m + height_m)
        assert volume.reference is Reference.RELATIVE


def test_no_fly_zones_are_in_neither() -> None:
    hole = area_from_local(shapely.box(100, -200, 140, -30), FRAME, "").parts
    plan = plan_for(no_fly=hole)
    volumes = volumes_of(plan, dataclasses.replace(MARGINS, contingency_m=100.0))
    assert volumes.contingency is not None
    assert zones_in(FRAME, volumes.contingency.parts).intersection(zones_in(FRAME, hole)).area < 0.1


def test_of_a_plane_they_hold_the_curves_of_its_turns() -> None:
    plan = plan_for("ardupilot-plane")
    volumes = volumes_of(plan, MARGINS)
    assert volumes.flight_geography is not None
    shape = zones_in(FRAME, volumes.flight_geography.parts)
    assert shape.covers(zones_in(FRAME, plan.fence.inclusions).buffer(11.9))


def test_all_flights_of_a_plan_are_in_them() -> None:
    plan = plan_for()
    end = FRAME.point_from_local(900, 900)
    far = dataclasses.replace(plan.route[-1], place=end)
    sorties = tuple(
        Sortie(plan.aircraft, plan.take_off, route, plan.totals) for route in (plan.route, (far,))
    )
    volumes = volumes_of(dataclasses.replace(plan, sorties=sorties), MARGINS)
    assert volumes.flight_geography is not None
    assert zones_in(FRAME, volumes.flight_geography.parts).covers(Point(900, 900))


def test_what_an_aircraft_needs_grows_with_its_speed_and_the_wind() -> None:
    copter, plane = aircraft("ardupilot-copter"), aircraft("ardupilot-plane")
    speed = copter.cruise_speed_m_s
    aside_m, up_m = contingency_m(copter)
    assert aside_m == pytest.approx(7 + speed + speed**2 / 2 / 9.81)
    assert up_m == pytest.approx(4 + 0.7 * speed + speed**2 / 2 / 9.81)
    assert contingency_m(copter, 8.0)[0] > aside_m
    assert contingency_m(plane)[0] > 7 + plane.cruise_speed_m_s + plane.turn_radius_m - 1e-9
    calm, windy = margins_for(plan_for()), margins_for(plan_for(wind=Wind(10.0)))
    assert windy.contingency_m > calm.contingency_m >= aside_m


@pytest.mark.parametrize("bad", [0.0, -1.0, 1e9, float("nan")])
def test_a_margin_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(SettingsError, match="is no margin"):
        Margins(flight_m=bad, contingency_m=10, contingency_height_m=10)


def test_written_and_read_back_they_are_the_same(tmp_path: Path) -> None:
    volumes = FlightVolumes("Heath", volumes_of(plan_for(), MARGINS), "2026-03-14T10:00:00Z", (3, 1))
    (tmp_path / "v.geojson").write_bytes(write_volumes(volumes))
    read = read_volumes(tmp_path / "v.geojson")
    assert (read.name, read.plan_created, read.systems) == ("Heath", "2026-03-14T10:00:00Z", (3, 1))
    for own, other in (
        (volumes.volumes.flight_geography, read.volumes.flight_geography),
        (volumes.volumes.contingency, read.volumes.contingency),
    ):
        assert own is not None
        assert other is not None
        assert (own.floor_m, own.ceiling_m, own.reference) == (
            other.floor_m,
            other.ceiling_m,
            other.reference,
        )
        off = zones_in(FRAME, own.parts).symmetric_difference(zones_in(FRAME, other.parts))
        assert off.area < 10, "a hundred millionth of a degree"


SQUARE = {"type": "Polygon", "coordinates": [[[5, 52], [5.01, 52], [5.01, 52.01], [5, 52]]]}


def collection(geometry: Any = SQUARE, **properties: Any) -> dict[str, Any]:
    told = {"role": "flight_geography", "floor_m": 0, "ceiling_m": 60, **properties}
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": told, "geometry": geometry}],
    }


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "no FeatureCollection"),
        ({"features": []}, "holds no volume"),
        ({"features": [7]}, "feature 1: has no properties"),
        (collection(role="area"), "has the role 'area'"),
        (collection(floor_m=None), "'None' as floor_m"),
        (collection(ceiling_m=True), "'True' as ceiling_m"),
        (collection(ceiling_m=1e9), "as ceiling_m"),
        (collection(ceiling_m=0), "its floor at 0.0 m and its ceiling at 0.0 m"),
        (collection(reference="agl"), "heights above 'agl'"),
        (collection({"type": "Point", "coordinates": [5, 52]}), "the area is empty"),
        (collection(None), "no GeoJSON"),
        ({**collection(), "systems": [0]}, "systems that are no MAVLink numbers"),
        ({**collection(), "systems": "1"}, "systems that are no MAVLink numbers"),
        ({**collection(), "plan_created": 7}, "plan_created that is no time"),
        ({**collection(), "crs": {"properties": {"name": "EPSG:28992"}}}, "its coordinates are in"),
        ({"features": [*collection()["features"]] * 2}, "a second flight_geography"),
    ],
)
def test_what_is_no_volume_is_one_error_that_names_the_place(document: Any, why: str) -> None:
    with pytest.raises(DroneteamError, match=why) as caught:
        volumes_from_geojson(document, "v.geojson")
    assert caught.value.where.startswith("v.geojson")
    assert caught.value.remedy


def test_a_file_that_is_none_is_one_error(tmp_path: Path) -> None:
    for number, data in enumerate(
        (b"", b"\xff\xfe\x00", b"[" * 9_000, json.dumps(collection())[:90].encode())
    ):
        path = tmp_path / f"{number}.geojson"
        path.write_bytes(data)
        with pytest.raises(FormatError):
            read_volumes(path)


def test_heights_above_the_sea_are_taken_too() -> None:
    read = volumes_from_geojson(collection(reference="amsl", floor_m=10, ceiling_m=90), "v.geojson")
    volume = read.volumes.flight_geography
    assert isinstance(volume, Volume)
    assert (volume.reference, volume.floor_m, volume.ceiling_m) == (Reference.AMSL, 10.0, 90.0)
    assert read.name == "v"
