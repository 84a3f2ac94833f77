"""Fixtures for whoever tests against a vehicle; pytest loads them with the package.

    small_copter, small_plane              the small vehicle, ten times as fast as real time
    ardupilot_copter, ardupilot_plane      a real ArduPilot; the test is skipped where none is installed
    vehicle                                each of the four in turn

Each lives for one test module, so that a module pays for one boot.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sitl.scenarios import SimulatedVehicle

SPEEDUP = 10.0
VEHICLES = (
    pytest.param(("small", "copter"), id="small-copter"),
    pytest.param(("small", "plane"), id="small-plane"),
    pytest.param(("ardupilot", "copter"), id="ardupilot-copter", marks=pytest.mark.sitl),
    pytest.param(("ardupilot", "plane"), id="ardupilot-plane", marks=pytest.mark.sitl),
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known to projects that did not declare it."""
    config.addinivalue_line("markers", "sitl: flies a real ArduPilot")


@pytest.fixture(scope="module")
def small_copter() -> Iterator[SimulatedVehicle]:
    """A small copter."""
    with _small("copter") as opened:
        yield opened


@pytest.fixture(scope="module")
def small_plane() -> Iterator[SimulatedVehicle]:
    """A small plane."""
    with _small("plane") as opened:
        yield opened


@pytest.fixture(scope="module")
def ardupilot_copter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedVehicle]:
    """ArduCopter in SITL, or a skipped test that says why."""
    with _ardupilot("copter", tmp_path_factory) as opened:
        yield opened


@pytest.fixture(scope="module")
def ardupilot_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedVehicle]:
    """ArduPlane in SITL, or a skipped test that says why."""
    with _ardupilot("plane", tmp_path_factory) as opened:
        yield opened


@pytest.fixture(scope="module", params=VEHICLES)
def vehicle(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimulatedVehicle]:
    """Each of the four in turn; one ends before the next begins."""
    who, kind = request.param
    with _ardupilot(kind, tmp_path_factory) if who == "ardupilot" else _small(kind) as opened:
        yield opened


def _small(kind: str) -> AbstractContextManager[SimulatedVehicle]:
    # imported late: pytest loads this file wherever the package is installed, for other projects' tests too
    from sitl.scenarios import open_vehicle

    return open_vehicle(kind, speedup=SPEEDUP, prefer="small")


@contextmanager
def _ardupilot(kind: str, folders: pytest.TempPathFactory) -> Iterator[SimulatedVehicle]:
    from sitl.ardupilot import find, where_looked
    from sitl.scenarios import open_vehicle

    if find(kind) is None:
        pytest.skip(where_looked(kind))
    folder = folders.mktemp(f"ardu{kind}")
    with open_vehicle(kind, speedup=SPEEDUP, folder=folder, prefer="ardupilot") as opened:
        yield opened
