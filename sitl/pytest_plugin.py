"""Fixtures for whoever tests against a vehicle; pytest loads them with the package.

    small_copter, small_plane              the small vehicle, ten times as fast as real time
    ardupilot_copter, ardupilot_plane      a real ArduPilot; the test is skipped where none is installed
    vehicle                                each of the four in turn

Each lives for one test module, so that a module pays for one boot.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sitl.ardupilot import find, where_looked
from sitl.scenarios import SimulatedVehicle, open_vehicle

SPEEDUP = 10.0
VEHICLES = (
    pytest.param("small_copter", id="small-copter"),
    pytest.param("small_plane", id="small-plane"),
    pytest.param("ardupilot_copter", id="ardupilot-copter", marks=pytest.mark.sitl),
    pytest.param("ardupilot_plane", id="ardupilot-plane", marks=pytest.mark.sitl),
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known to projects that did not declare it."""
    config.addinivalue_line("markers", "sitl: flies a real ArduPilot")


@pytest.fixture(scope="module")
def small_copter() -> Iterator[SimulatedVehicle]:
    """A small copter."""
    with open_vehicle("copter", speedup=SPEEDUP, prefer="small") as vehicle:
        yield vehicle


@pytest.fixture(scope="module")
def small_plane() -> Iterator[SimulatedVehicle]:
    """A small plane."""
    with open_vehicle("plane", speedup=SPEEDUP, prefer="small") as vehicle:
        yield vehicle


@pytest.fixture(scope="module")
def ardupilot_copter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedVehicle]:
    """ArduCopter in SITL, or a skipped test that says why."""
    with _ardupilot("copter", tmp_path_factory) as vehicle:
        yield vehicle


@pytest.fixture(scope="module")
def ardupilot_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedVehicle]:
    """ArduPlane in SITL, or a skipped test that says why."""
    with _ardupilot("plane", tmp_path_factory) as vehicle:
        yield vehicle


@pytest.fixture(scope="module", params=VEHICLES)
def vehicle(request: pytest.FixtureRequest) -> Any:
    """Each kind of vehicle in turn."""
    return request.getfixturevalue(request.param)


@contextmanager
def _ardupilot(kind: str, folders: pytest.TempPathFactory) -> Iterator[SimulatedVehicle]:
    if find(kind) is None:
        pytest.skip(where_looked(kind))
    with open_vehicle(
        kind, speedup=SPEEDUP, folder=folders.mktemp(f"ardu{kind}"), prefer="ardupilot"
    ) as vehicle:
        yield vehicle
