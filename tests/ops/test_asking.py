"""A vehicle that is silent until it is asked comes onto the page, with its place, when `serve` asks."""

import time

import httpx

from ops.api.server import serving
from sitl.autopilot import SmallVehicle
from tests.waiting import PATIENCE_S


def place_on_the_page(address: str, within_s: float) -> float | None:
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        vehicles = httpx.get(f"{address}api/vehicles").json()
        if vehicles and vehicles[0]["lat_deg"] is not None:
            return float(vehicles[0]["lat_deg"])
        time.sleep(0.2)
    return None


def test_a_vehicle_that_is_asked_shows_its_place() -> None:
    with (
        SmallVehicle("copter", speedup=10) as vehicle,
        serving(links=[vehicle.address], ask=True) as address,
    ):
        lat_deg = place_on_the_page(address, PATIENCE_S)
    assert lat_deg is not None
    assert abs(lat_deg - vehicle.home.lat_deg) < 1e-3


def test_a_vehicle_that_nobody_asks_is_heard_all_the_same() -> None:
    with SmallVehicle("copter", speedup=10) as vehicle, serving(links=[vehicle.address]) as address:
        end_s = time.monotonic() + PATIENCE_S
        while not (heard := httpx.get(f"{address}api/vehicles").json()) and time.monotonic() < end_s:
            time.sleep(0.2)
    assert heard[0]["system"] == 1
