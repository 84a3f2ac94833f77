"""Maps of a plan (KML, KMZ, GeoJSON, GPX): reading them gives the same plan, whatever its waypoints say."""

import dataclasses
import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from missions.area import Part
from missions.errors import FormatError
from missions.formats import export_plan, import_plan, read_area
from missions.formats.kmz import write as write_kmz
from missions.formats.read_line import read_line
from missions.geodesy import GeoPoint, distance_m
from missions.plan import Fence, LookAt, NoReturn, Plan, Rally, Sortie, Waypoint
from missions.plan_items import mission_items

MAPS = ("kml", "kmz", "geojson", "gpx")


def written(folder: Path, data: bytes) -> Path:
    path = folder / "mission.any"
    path.write_bytes(data)
    return path


def busy(plan: Plan, seed: int, *, over_terrain: bool) -> Plan:
    """A plan with all that waypoints, fence and rally points can say, drawn by chance."""
    chance = random.Random(seed)

    def changed(one: Waypoint) -> Waypoint:
        relative_m = round(chance.uniform(20, 110), 3)
        turns = chance.choice([0.0, 0.0, 0.0, 2.0])
        return dataclasses.replace(
            one,
            height_relative_m=relative_m,
            height_agl_m=round(relative_m + chance.uniform(-15, 15), 2) if over_terrain else None,
            recording=chance.random() < 0.6,
            trigger_m=chance.choice([None, 7.5]),
            speed_m_s=chance.choice([None, 3.5]),
            hold_s=0.0 if turns else chance.choice([0.0, 2.5]),
            heading_deg=chance.choice([None, 271.3]),
            gimbal_pitch_deg=chance.choice([None, -45.0]),
            look_at=LookAt(GeoPoint(52.0012, 4.3522), 3.0) if chance.random() < 0.3 else None,
            picture=chance.random() < 0.3,
            orbit_turns=turns,
            orbit_radius_m=chance.choice([25.0, -25.0]) if turns else 0.0,
        )

    def ring(size: float) -> tuple[GeoPoint, ...]:
        corners = [(-1, -1), (-1, 1), (1, 1), (1, -1)]
        return tuple(GeoPoint(52.002 + size * north, 4.353 + size * east) for north, east in corners)

    fence = Fence((Part(ring(0.02), (ring(0.0005),)), Part(ring(0.03))), (ring(0.0002), ring(0.0001)))
    rally = (Rally(GeoPoint(52.0, 4.35), 60.0), Rally(GeoPoint(52.001, 4.351), 33.25))
    return dataclasses.replace(plan, route=tuple(map(changed, plan.route)), fence=fence, rally=rally)


@pytest.mark.parametrize("over_terrain", [False, True])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", MAPS)
def test_reading_what_was_written_gives_the_same_plan(
    tmp_path: Path, plan: Plan, kind: str, seed: int, over_terrain: bool
) -> None:
    asked = busy(plan, seed, over_terrain=over_terrain)
    back = import_plan(written(tmp_path, export_plan(asked, kind)))
    assert back.items == mission_items(asked)
    assert (back.fence, back.rally, back.home) == (asked.fence, asked.rally, asked.take_off)
    if kind == "geojson":
        assert back.route == asked.route


@pytest.mark.parametrize("kind", ["kml", "kmz", "geojson"])
def test_the_area_comes_back_without_the_fence(tmp_path: Path, plan: Plan, kind: str) -> None:
    (read,), (planned,) = read_area(written(tmp_path, export_plan(plan, kind))).parts, plan.area.parts
    assert len(read.border) == len(planned.border)
    assert all(min(distance_m(one, other) for other in planned.border) < 0.01 for one in read.border)


@pytest.mark.parametrize("kind", MAPS)
def test_the_route_is_a_line_for_other_patterns(tmp_path: Path, plan: Plan, kind: str) -> None:
    line = read_line(written(tmp_path, export_plan(plan, kind)))
    places = [one.place for one in plan.route]
    assert list(line) == [one for index, one in enumerate(places) if not index or one != places[index - 1]]


def test_a_kmz_holds_one_kml_and_is_the_same_every_time(plan: Plan) -> None:
    data = write_kmz(plan)
    assert data == write_kmz(plan)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["doc.kml"]
        assert archive.read("doc.kml") == export_plan(plan, "kml")


def test_a_route_over_terrain_is_drawn_above_the_ground(tmp_path: Path, plan: Plan) -> None:
    asked = busy(plan, 3, over_terrain=True)
    text = export_plan(asked, "kml").decode()
    assert "Heights are metres above the ground" in text
    drawn = text.split("<LineString>")[1].split("<coordinates>")[1].split("</coordinates>")[0].split()
    assert [float(one.split(",")[2]) for one in drawn] == [one.height_agl_m for one in asked.route]
    level = export_plan(plan, "kml").decode()
    assert "Heights are metres above the take-off point, drawn as if the ground were level" in level


def moved(text: str, change: Any) -> str:
    """The KML with the coordinates of its route changed."""
    head, tail = text.split("<LineString>")
    before, rest = tail.split("<coordinates>", 1)
    inside, after = rest.split("</coordinates>", 1)
    points = " ".join(change(inside.split()))
    return f"{head}<LineString>{before}<coordinates>{points}</coordinates>{after}"


def test_a_point_lifted_on_a_map_over_terrain_is_lifted_by_as_much(tmp_path: Path, plan: Plan) -> None:
    asked = busy(plan, 3, over_terrain=True)
    flown = dataclasses.replace(asked.route[1], orbit_turns=0.0, orbit_radius_m=0.0)
    asked = dataclasses.replace(asked, route=(asked.route[0], flown, *asked.route[2:]))

    def lifted(points: list[str]) -> list[str]:
        lon, lat, height_m = points[1].split(",")
        return [points[0], f"{lon},{lat},{float(height_m) + 10}", *points[2:]]

    changed = moved(export_plan(asked, "kml").decode(), lifted)
    items = import_plan(written(tmp_path, changed.encode())).items
    assert items[2].z == pytest.approx(flown.height_relative_m + 10, abs=0.001)


def test_a_point_taken_from_a_route_over_terrain_is_refused(tmp_path: Path, plan: Plan) -> None:
    changed = moved(export_plan(busy(plan, 3, over_terrain=True), "kml").decode(), lambda points: points[1:])
    with pytest.raises(FormatError, match="points were added to or taken from") as raised:
        import_plan(written(tmp_path, changed.encode()))
    assert "Plan again" in raised.value.remedy


@pytest.mark.parametrize("heights", ["[]", "[[1]]", "[1,2]", "{", '[["a",1]]', "[[NaN,1]]"])
def test_heights_that_are_none_are_refused(tmp_path: Path, heights: str) -> None:
    kml = (
        '<kml><Placemark><ExtendedData><Data name="heights"><value>'
        + heights
        + "</value></Data></ExtendedData>"
        "<LineString><coordinates>4,52,50</coordinates></LineString></Placemark></kml>"
    )
    with pytest.raises(FormatError):
        import_plan(written(tmp_path, kml.encode()))


def test_every_sortie_is_a_feature_of_its_own(tmp_path: Path, plan: Plan) -> None:
    half = len(plan.route) // 2
    last = NoReturn(plan.route[half].place, 500.0, 61.0, 55.0)
    sorties = (
        Sortie(plan.aircraft, plan.take_off, plan.route[:half], plan.totals, no_return=last),
        Sortie(plan.aircraft, plan.take_off, plan.route[half:], plan.totals, 900.0, vehicle=2, battery=3),
    )
    several = dataclasses.replace(plan, sorties=sorties)
    features = json.loads(export_plan(several, "geojson"))["features"]
    found = [one for one in features if one["properties"]["role"] == "sortie"]
    assert [len(one["geometry"]["coordinates"]) for one in found] == [half, len(plan.route) - half]
    assert [one["properties"]["start_s"] for one in found] == [0.0, 900.0]
    assert [(one["properties"]["vehicle"], one["properties"]["battery"]) for one in found] == [(1, 1), (2, 3)]
    assert found[0]["properties"]["no_return"]["battery_pct"] == 55.0
    assert import_plan(written(tmp_path, export_plan(several, "geojson"))).items == mission_items(plan)


@pytest.mark.parametrize(
    "told", ["x", [1], [{"place": 1}], [{"height": 4}], [{"place": {"lat_deg": 99, "lon_deg": 4}}]]
)
def test_waypoints_beside_a_geojson_route_are_checked(tmp_path: Path, plan: Plan, told: Any) -> None:
    document = json.loads(export_plan(plan, "geojson"))
    route = next(one for one in document["features"] if one["properties"]["role"] == "route")
    route["properties"]["waypoints"] = told
    with pytest.raises(FormatError) as raised:
        import_plan(written(tmp_path, json.dumps(document).encode()))
    assert "mission.any: feature" in raised.value.where
