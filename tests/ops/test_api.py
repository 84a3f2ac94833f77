"""The endpoints: what they answer, and what they refuse."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio import Affine

from missions.aircraft import Aircraft
from missions.area import Area, Part
from missions.camera import Camera
from missions.geodesy import WGS84, GeoPoint
from missions.plan import Fence, Plan, Rally, Request, Totals, Waypoint
from missions.plan_file import write_plan
from ops.api.server import serving
from ops.config import Settings
from ops.operations import Operation
from telemetry.clock import ManualClock
from telemetry.frames import FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder


@contextmanager
def browsing(settings: Settings | None = None, **options: Any) -> Iterator[httpx.Client]:
    """A client of a service that really listens."""
    with serving(settings, **options) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield client


def place(east: int, north: int) -> GeoPoint:
    return GeoPoint(52.1 + north * 1e-4, 5.8 + east * 1e-4)


def small_plan() -> Plan:
    ring = (place(0, 0), place(40, 0), place(40, 40), place(0, 40))
    return Plan(
        name="The heath",
        created="2026-03-14T09:26:53Z",
        request=Request("parallel-track", 60.0, 25.0, 60.0),
        aircraft=Aircraft("quad", "copter", 10, 3, 2, 300, 310, 90),
        camera=Camera("wide", 6.3, 4.7, 4.5, 4000, 3000),
        area=Area("heath", (Part(ring, ((place(10, 10), place(20, 10), place(20, 20)),)),)),
        take_off=place(0, 0),
        route=tuple(
            Waypoint(place(east, north), 60.0, recording)
            for east, north, recording in [(5, 5, True), (35, 5, False), (35, 30, True), (5, 30, False)]
        ),
        fence=Fence((Part(ring),), ((place(10, 10), place(20, 10), place(20, 20)),)),
        rally=(Rally(place(1, 1), 60.0),),
        totals=Totals(2, 900, 120, 40, 12.5, 99, 40, 12, 90, 0.02),
    )


def finds() -> dict[str, object]:
    def find(lon_deg: float, lat_deg: float, **properties: object) -> dict[str, object]:
        geometry = {"type": "Point", "coordinates": [lon_deg, lat_deg]}
        return {"type": "Feature", "geometry": geometry, "properties": properties}

    ellipse = {"semi_major_m": 12.0, "semi_minor_m": 5.0, "bearing_deg": 30.0}
    return {
        "type": "FeatureCollection",
        "features": [find(5.801, 52.101, state="proposed", ellipse95=ellipse), find(5.802, 52.102)],
    }


def write_mosaic(path: Path) -> None:
    """40 by 30 pixels of half a metre, the top left corner at 52.1 N 3 E, on UTM 31's central meridian."""
    path.parent.mkdir(parents=True)
    colours = np.full((3, 30, 40), 120, np.uint8)
    shown = np.zeros((30, 40), np.uint8)
    shown[:, 20:] = 255
    north_m = 0.9996 * WGS84.inv(3, 0, 3, 52.1)[2]
    made = Affine(0.5, 0, 500_000, 0, -0.5, north_m)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=40,
        height=30,
        count=3,
        dtype="uint8",
        crs="EPSG:32631",
        transform=made,
    ) as raster:
        raster.write(colours)
        raster.write_mask(shown)


@pytest.fixture
def operation(tmp_path: Path) -> Operation:
    operation = Operation.create(tmp_path / "operation", "Missing person", "missing-person", ManualClock())
    write_plan(small_plan(), operation.folder / "plans" / "heath.json")
    (operation.folder / "finds" / "finds.geojson").write_text(json.dumps(finds()))
    write_mosaic(operation.folder / "scenes" / "heath" / "orthomosaic.tif")
    for name, kind in (("plans", "plan"), ("finds", "find"), ("scenes", "scene")):
        operation.add_folder(operation.folder / name, kind)
    return operation


@pytest.fixture
def client(operation: Operation) -> Iterator[httpx.Client]:
    with browsing(operation_folder=operation.folder) as client:
        yield client


def hear(hub: Hub) -> None:
    encoder = Encoder(1, 1)
    data = encoder.encode("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3, system_status=4)
    data += encoder.encode(
        "GLOBAL_POSITION_INT",
        lat=521_000_000,
        lon=58_000_000,
        alt=90_000,
        relative_alt=60_000,
        hdg=9_000,
    )
    hub.publish(FrameReader().feed(data, int(hub.clock.now_s() * 1e6)), "udp:127.0.0.1:14550")


def test_health_says_what_is_served(client: httpx.Client) -> None:
    health = client.get("/api/health").json()
    assert (health["status"], health["operation"], health["vehicles"]) == ("ok", "Missing person", 0)


def test_the_plan_is_drawn_with_every_part_in_its_role(client: httpx.Client) -> None:
    (plan,) = client.get("/api/plans").json()
    by_role: dict[str, list[dict[str, object]]] = {}
    for feature in plan["drawing"]["features"]:
        by_role.setdefault(feature["properties"]["role"], []).append(feature["geometry"])
    assert set(by_role) == {"area", "fence", "exclusion", "transit", "lane", "rally", "take_off"}
    assert by_role["lane"][0]["coordinates"] == [
        [[5.8005, 52.1005], [5.8035, 52.1005]],
        [[5.8035, 52.103], [5.8005, 52.103]],
    ]
    transits = by_role["transit"][0]["coordinates"]
    assert transits[0][0] == transits[-1][-1] == [5.8, 52.1], "out from the take-off, and back to it"
    area = by_role["area"][0]["coordinates"]
    assert len(area) == 2, "a border and a hole"
    assert all(ring[0] == ring[-1] for ring in area)
    assert plan["totals"]["lanes"] == 2


def test_a_plan_in_flights_lists_and_draws_each_of_them(operation: Operation, polder: Plan) -> None:
    plan = polder
    write_plan(plan, operation.folder / "plans" / "polder.json")
    operation.add_file(operation.folder / "plans" / "polder.json", "plan")
    with browsing(operation_folder=operation.folder) as client:
        reports = client.get("/api/plans").json()
    (report,) = (each for each in reports if each["name"] == "Polder")
    flights = report["flights"]
    assert [each["number"] for each in flights] == list(range(1, len(plan.sorties) + 1))
    for flight, sortie in zip(flights, plan.sorties, strict=True):
        assert flight["start_s"] == sortie.start_s
        assert flight["lands_pct"] == pytest.approx(100 - sortie.totals.battery_pct, abs=0.05)
        assert flight["lands_pct"] >= flight["reserve_pct"] == sortie.aircraft.reserve_pct
        assert sortie.no_return is not None
        assert flight["no_return"]["at_s"] == sortie.no_return.at_s
        number = flight["number"]
        drawn = [each for each in report["drawing"]["features"] if each["properties"].get("flight") == number]
        assert [each["properties"]["role"] for each in drawn] == ["transit", "lane", "no_return"]
        transits, lanes, point = (each["geometry"]["coordinates"] for each in drawn)
        home = [round(sortie.take_off.lon_deg, 7), round(sortie.take_off.lat_deg, 7)]
        assert transits[0][0] == transits[-1][-1] == home
        recorded = sum(row.recording for row in sortie.route)
        assert sum(len(line) - 1 for line in lanes) == recorded
        passed = flight["no_return"]
        assert point == pytest.approx([passed["lon_deg"], passed["lat_deg"]], abs=1e-7)


def test_finds_come_with_their_ellipse_or_say_that_there_is_none(client: httpx.Client) -> None:
    first, second = client.get("/api/finds").json()
    assert first["ellipse95"] == {"semi_major_m": 12.0, "semi_minor_m": 5.0, "bearing_deg": 30.0}
    assert (first["state"], second["state"], second["ellipse95"]) == ("proposed", "proposed", None)
    assert (first["name"], second["name"]) == ("find 1", "find 2")


def test_a_mosaic_lies_where_its_geotiff_says_and_is_clear_where_it_is_empty(client: httpx.Client) -> None:
    (scene,) = client.get("/api/scenes").json()
    top_left, top_right, bottom_right, bottom_left = scene["corners"]
    assert top_left == pytest.approx([3.0, 52.1], abs=1e-7)
    assert WGS84.inv(*top_left, *top_right)[2] == pytest.approx(20 / 0.9996, abs=0.01)
    assert WGS84.inv(*top_left, *bottom_left)[2] == pytest.approx(15 / 0.9996, abs=0.01)
    assert bottom_right == pytest.approx([top_right[0], bottom_left[1]], abs=1e-6)
    picture = client.get(scene["preview_url"])
    assert picture.headers["content-type"] == "image/webp"
    alpha = np.asarray(Image.open(BytesIO(picture.content)))[:, :, 3]
    assert (alpha[:, :20] == 0).all()
    assert (alpha[:, 20:] == 255).all()


def test_a_file_that_entered_is_given_and_no_other(client: httpx.Client, operation: Operation) -> None:
    files = client.get("/api/operation").json()["files"]
    assert {each["path"] for each in files} == {
        "plans/heath.json",
        "finds/finds.geojson",
        "scenes/heath/orthomosaic.tif",
    }
    given = client.get(files[0]["url"])
    assert given.content == (operation.folder / files[0]["path"]).read_bytes()
    assert "attachment" in given.headers["content-disposition"]
    (operation.folder / "plans" / "stranger.json").write_text("{}")
    for path in (
        "plans/stranger.json",
        "operation.json",
        "audit.jsonl",
        "plans",
        "",
        "%2e%2e/operation/plans/heath.json",
        "plans/..%2Foperation.json",
        "..%2F..%2F..%2Fetc%2Fpasswd",
        "%2Fetc%2Fpasswd",
        "plans%5Cheath.json",
        "plans/heath.json%00",
    ):
        assert client.get(f"/api/files/{path}").status_code == 404, path
        assert client.get(f"/api/scenes/{path}/picture").status_code == 404, path


def test_a_file_that_changed_is_not_given(client: httpx.Client, operation: Operation) -> None:
    path = operation.folder / "plans" / "heath.json"
    kept = path.read_bytes()
    path.write_bytes(kept + b" ")
    assert client.get("/api/files/plans/heath.json").status_code == 409
    path.unlink()
    elsewhere = operation.folder / "elsewhere"
    elsewhere.write_bytes(kept)
    path.symlink_to(elsewhere)
    assert client.get("/api/files/plans/heath.json").status_code == 409


def test_an_unreadable_file_is_named_and_the_others_are_shown(operation: Operation) -> None:
    (operation.folder / "plans" / "broken.json").write_text("{")
    (operation.folder / "plans" / "nan.json").write_text('{"format": "droneteam-plan", "version": NaN}')
    infinite = '{"features": [{"geometry": {"type": "Point", "coordinates": [1e999, 0]}}]}'
    (operation.folder / "finds" / "infinite.geojson").write_text(infinite)
    (operation.folder / "telemetry" / "no.tlog").write_bytes(b"nothing of the kind" * 100)
    for name, kind in (("plans", "plan"), ("finds", "find"), ("telemetry", "telemetry")):
        operation.add_folder(operation.folder / name, kind)
    with browsing(operation_folder=operation.folder) as client:
        assert [each["id"] for each in client.get("/api/plans").json()] == ["plans/heath.json"]
        assert len(client.get("/api/finds").json()) == 2
        unreadable = client.get("/api/operation").json()["unreadable"]
    assert len(unreadable) == 4
    assert all(any(name in each for each in unreadable) for name in ("broken", "nan", "infinite", "no.tlog"))


def test_a_vehicle_is_shown_as_heard_and_its_age_is_the_services_own() -> None:
    clock = ManualClock()
    hub = Hub(clock)
    with browsing(hub=hub, clock=clock) as client:
        hear(hub)
        first_s = clock.now_s()
        (vehicle,) = client.get("/api/vehicles").json()
        clock.sleep(42)
        (later,) = client.get("/api/vehicles").json()
    assert vehicle["name"] == "Copter 1"
    assert (vehicle["mode"], vehicle["armed"]) == ("AUTO", True)
    assert (vehicle["lat_deg"], vehicle["lon_deg"], vehicle["heading_deg"]) == (52.1, 5.8, 90.0)
    assert (vehicle["height_amsl_m"], vehicle["height_relative_m"]) == (90.0, 60.0)
    assert vehicle["battery_pct"] is None
    assert vehicle["heard_s"] == later["heard_s"] == first_s


def test_a_recording_in_the_operation_becomes_a_track(operation: Operation) -> None:
    encoder = Encoder(7, 1)
    tlog = b""
    for tenth in range(100):
        time_us = 1_700_000_000_000_000 + tenth * 100_000
        frame = encoder.encode("GLOBAL_POSITION_INT", lat=521_000_000 + tenth, lon=58_000_000, alt=90_000)
        tlog += time_us.to_bytes(8, "big") + frame
    path = operation.folder / "telemetry" / "flight.tlog"
    path.write_bytes(tlog)
    operation.add_file(path, "telemetry")
    with browsing(operation_folder=operation.folder) as client:
        (track,) = client.get("/api/tracks?source=recorded").json()
    assert len(track["points"]) == 10, "one a second of ten a second"
    assert track["points"][0] == [5.8, 52.1, 90.0, 1_700_000_000.0]
    assert track["points"][-1][3] == pytest.approx(1_700_000_009.0)


def test_without_an_operation_the_lists_are_empty_and_its_endpoints_say_so() -> None:
    with browsing() as client:
        for name in ("vehicles", "tracks", "plans", "finds", "scenes"):
            assert client.get(f"/api/{name}").json() == []
        refused = client.get("/api/operation")
        assert refused.status_code == 404
        assert "no operation" in refused.json()["detail"]


def test_every_endpoint_is_described_with_its_types(client: httpx.Client) -> None:
    described = client.get("/api/openapi.json").json()
    paths = described["paths"]
    assert set(paths) >= {
        f"/api/{each}" for each in ("health", "vehicles", "plans", "operation", "finds", "scenes")
    }
    for path, methods in paths.items():
        for name, method in methods.items():
            answer = method["responses"]["200"].get("content", {})
            schema = answer.get("application/json", {}).get("schema")
            assert schema != {}, f"{name} {path} says nothing about its answer"
            assert method["description"], path
    assert "heard_s" in described["components"]["schemas"]["VehicleReport"]["properties"]


def test_the_page_and_maplibre_are_served_and_may_load_nothing_else(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "http" not in page.text.replace("http-equiv", "")
    library = client.get("/vendor/maplibre-gl.js")
    assert library.headers["content-type"].startswith("text/javascript")
    assert "MapLibre GL JS" in library.text[:200]
    for path in (
        "/vendor/ipywidget.js",
        "/vendor/..%2f__init__.py",
        "/nothing.js",
        "/..%2fcli%2f__init__.py",
        "/docs",
    ):
        assert client.get(path).status_code == 404, path


def test_map_tiles_of_the_settings_are_told_and_allowed_by_name() -> None:
    settings = Settings(tiles_url="https://tiles.example.org/{z}/{x}/{y}.png")
    with browsing(settings) as client:
        assert client.get("/api/map").json() == {"tiles_url": settings.tiles_url}
        policy = client.get("/").headers["content-security-policy"]
    assert "img-src 'self' data: blob: https://tiles.example.org;" in policy
    assert "connect-src 'self' https://tiles.example.org;" in policy


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""])
def test_a_request_under_a_foreign_name_is_refused(client: httpx.Client, host: str) -> None:
    assert client.get("/api/health", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080"])
def test_a_request_under_our_own_name_is_answered(client: httpx.Client, host: str) -> None:
    assert client.get("/api/health", headers={"host": host}).status_code == 200
