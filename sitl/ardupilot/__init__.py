"""Real ArduPilot processes: find them, install them, run any number side by side."""

from sitl.ardupilot.binaries import Binary, find, list_installed, where_looked
from sitl.ardupilot.install import OFFICIAL_SERVER, install
from sitl.ardupilot.runner import ArduPilot

__all__ = ["OFFICIAL_SERVER", "ArduPilot", "Binary", "find", "install", "list_installed", "where_looked"]
