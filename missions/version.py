"""Which version of a package is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

NOT_INSTALLED = "not installed"


def version_of(package: str = "droneteam") -> str:
    """Its version; `NOT_INSTALLED` where it is run from a folder of sources, or is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return NOT_INSTALLED
