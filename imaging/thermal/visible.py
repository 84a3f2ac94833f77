"""Which pictures were taken in visible light: a drone with several cameras writes them side by side.

A visible picture searched as heat finds white stones and dark trees, and a search that was booked by it was
none. DJI's XMP names the camera (`ImageSource`: "InfraredCamera", "WideCamera", "ZoomCamera"), its file names
end in a letter for it (`_T` thermal, `_W` wide, `_Z` zoom, `_V` visible).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from imaging.thermal.frame import Exposure

IN_VISIBLE_LIGHT = "is a picture in visible light"
"""Every reason begins with it."""
MOST_THERMAL_PX = 2_200_000
"""The largest thermal sensors have 1.3 million pixels; film of 1920 x 1080 has 2.1 million."""
_HEAT = ("infrared", "thermal")
_LENS = re.compile(r"_([TWZV])$", re.IGNORECASE)


def thermal_beside(names: Iterable[str]) -> bool:
    """Whether any file is named as DJI names a thermal picture."""
    return any(_lens(name) == "T" for name in names)


def visible_light(exposure: Exposure, name: str, beside: bool) -> str:
    """Why a picture is one in visible light, "" where nothing says so.

    `beside`: there are thermal pictures by name, so that the others' names count.
    """
    source = exposure.image_source
    if source:
        heat = any(word in source.lower() for word in _HEAT)
        return "" if heat else f"{IN_VISIBLE_LIGHT} (of the camera {source})"
    lens = _lens(name)
    if beside and lens and lens != "T":
        return f"{IN_VISIBLE_LIGHT} (its name ends in _{lens}, and that of thermal ones beside it in _T)"
    return ""


def thermal_light(exposure: Exposure, name: str, beside: bool) -> str:
    """Why a picture is a thermal one, "" where nothing says so."""
    source = exposure.image_source
    if any(word in source.lower() for word in _HEAT):
        return f"is a thermal picture (of the camera {source})"
    named = not source and beside and _lens(name) == "T"
    return "is a thermal picture (its name ends in _T)" if named else ""


def other_light(exposure: Exposure, name: str, beside: bool, spectrum: str) -> str:
    """Why a picture is not of this spectrum ("thermal", "visible"), "" where nothing says so."""
    return (visible_light if spectrum == "thermal" else thermal_light)(exposure, name, beside)


def too_large_for_heat(width_px: int, height_px: int) -> str:
    """Why colours of no known palette in a picture of this size are those of visible light, else ""."""
    if width_px * height_px <= MOST_THERMAL_PX:
        return ""
    return (
        f"{IN_VISIBLE_LIGHT} ({width_px}x{height_px}, more than a thermal camera has, and its colours are no "
        "palette of one)"
    )


def _lens(name: str) -> str:
    found = _LENS.search(Path(name).stem)
    return found[1].upper() if found else ""
