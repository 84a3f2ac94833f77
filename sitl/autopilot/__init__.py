"""A small MAVLink vehicle: quick to start, and held to the same tests as ArduPilot."""

from sitl.autopilot.server import SmallVehicle
from sitl.home import DEFAULT_HOME, Home

__all__ = ["DEFAULT_HOME", "Home", "SmallVehicle"]
