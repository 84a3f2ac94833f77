"""Other aircraft as they were last heard, folded from what was said of them one thing at a time.

`fold_sighting` is pure: the same sightings in the same order give the same picture, live or replayed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

FORGOTTEN_S = 60.0
MOST_AIRCRAFT = 512
HEIGHT_REFERENCES = (
    "pressure_standard",
    "pressure_qnh",
    "geometric",
    "ellipsoid",
    "amsl",
    "relative",
    "agl",
)
"""What a height is above: the pressure surface of 1013.25 hPa, that of the local QNH as its sender says,
what GNSS gave without saying whether ellipsoid or sea level, the WGS84 ellipsoid, mean sea level, the
take-off place, the ground."""
_EMERGENCIES = ("7500", "7600", "7700")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_LONGEST_NAME = 20


def printable(text: str) -> str:
    """A name that came over the air: printable ASCII without blanks round it, at most 20 characters."""
    return _UNPRINTABLE.sub("", text).strip()[:_LONGEST_NAME]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one message said of one aircraft, true at `time_s`, seconds since 1970 UTC.

    `changes` are fields of `Aircraft` by name, only those that the message knows.
    """

    key: str
    source: str
    time_s: float
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Aircraft:
    """One aircraft as it was last heard. None means: not known yet.

    `key` says who it is: `icao:4CA2D6` (24-bit address), `other:…` (an address that is no ICAO address),
    `utm:…` or `rid:…` (identifications of UTM and of Remote ID, hexadecimal). `height_m` is above what
    `height_reference` says, one of HEIGHT_REFERENCES; a pressure height is no height above sea level and can
    be hundreds of metres off it. Course over ground from true north clockwise. `position_s` is when the
    place was true, `last_s` when anything was last heard, both seconds since 1970 UTC.
    """

    key: str
    icao: str | None = None
    callsign: str | None = None
    serial: str | None = None
    kind: str | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    position_s: float | None = None
    height_m: float | None = None
    height_reference: str | None = None
    course_deg: float | None = None
    speed_m_s: float | None = None
    climb_m_s: float | None = None
    squawk: str | None = None
    on_ground: bool | None = None
    emergency_declared: bool | None = None
    operator_lat_deg: float | None = None
    operator_lon_deg: float | None = None
    simulated: bool = False
    sources: tuple[str, ...] = ()
    last_s: float = 0.0

    @property
    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees, or None."""
        return None if self.lat_deg is None or self.lon_deg is None else (self.lat_deg, self.lon_deg)

    @property
    def emergency(self) -> bool:
        """Whether it says so, or squawks 7500 (hijacked), 7600 (no radio) or 7700 (emergency)."""
        return bool(self.emergency_declared) or self.squawk in _EMERGENCIES

    def as_dict(self) -> dict[str, Any]:
        """All fields, fit for JSON: there is no NaN and no infinity among them."""
        return {**vars(self), "sources": list(self.sources), "emergency": self.emergency}


@dataclass(frozen=True)
class Traffic:
    """All aircraft that are known, by key. `crowded_out` counts those that were let go for want of room."""

    aircraft: Mapping[str, Aircraft] = field(default_factory=lambda: MappingProxyType({}))
    crowded_out: int = 0


def fold_sighting(traffic: Traffic, sighting: Sighting, *, most: int = MOST_AIRCRAFT) -> Traffic:
    """The picture after a sighting.

    The newest word on a thing counts, whichever source it came from: a sighting that is older than what is
    known only adds what was not known. Beyond `most` the aircraft that was heard longest ago is let go.
    """
    known = traffic.aircraft.get(sighting.key, Aircraft(sighting.key))
    aircraft = dict(traffic.aircraft)
    aircraft[sighting.key] = after_sighting(known, sighting)
    crowded_out = traffic.crowded_out
    if len(aircraft) > most:
        del aircraft[min(aircraft, key=lambda key: aircraft[key].last_s)]
        crowded_out += 1
    return Traffic(MappingProxyType(aircraft), crowded_out)


def forget(traffic: Traffic, now_s: float, *, after_s: float = FORGOTTEN_S) -> Traffic:
    """The picture without those that were not heard for `after_s`; the same object where there are none."""
    kept = {key: one for key, one in traffic.aircraft.items() if now_s - one.last_s <= after_s}
    if len(kept) == len(traffic.aircraft):
        return traffic
    return Traffic(MappingProxyType(kept), traffic.crowded_out)


def after_sighting(known: Aircraft, sighting: Sighting) -> Aircraft:
    """One aircraft after a sighting of it, as `fold_sighting` has it."""
    changes = dict(sighting.changes)
    if "lat_deg" in changes:
        changes["position_s"] = sighting.time_s
    if sighting.time_s < known.last_s:
        changes = _news_of_the_past(known, changes)
    if sighting.source not in known.sources:
        changes["sources"] = (*known.sources, sighting.source)
    changes["last_s"] = max(known.last_s, sighting.time_s)
    return replace(known, **changes)


def _news_of_the_past(known: Aircraft, changes: dict[str, Any]) -> dict[str, Any]:
    """What an old sighting adds: what was not known, and a place that is newer than the one known."""
    return {name: value for name, value in changes.items() if _adds(known, name, changes)}


def _adds(known: Aircraft, name: str, changes: dict[str, Any]) -> bool:
    # a height without its own reference, or half a place, would be a lie: they come together or not at all
    group = _TOGETHER.get(name, (name,))
    if group is _PLACE and changes["position_s"] > (known.position_s or 0.0):
        return True
    return all(getattr(known, each) is None for each in group)


_PLACE = ("lat_deg", "lon_deg", "position_s")
_HEIGHT = ("height_m", "height_reference")
_OPERATOR = ("operator_lat_deg", "operator_lon_deg")
_TOGETHER = {name: group for group in (_PLACE, _HEIGHT, _OPERATOR) for name in group}
