"""Cursor on Target: one event, as TAK servers and ATAK, WinTAK and iTAK take it.

The form is MITRE's public schema (Event-PUBLIC.xsd, version 2.0, case 11-3895): `uid` names the thing for
good, `start` and `stale` say how long the event holds, `how` how the place was got, `hae` is metres above
the WGS84 ellipsoid, `ce` and `le` are one standard deviation in metres. What TAK does not know is 9999999.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from missions.errors import InputError

UNKNOWN = 9_999_999.0
_TYPE = re.compile(r"\w+(-\w+)*(;[^;]*)?", re.ASCII)
_HOW = re.compile(r"\w(-\w+)*", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_UID = 256
_LONGEST_TEXT = 4096


def clean(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold, at most 4096 characters of it."""
    return _NO_XML.sub("", text)[:_LONGEST_TEXT]


@dataclass(frozen=True, slots=True)
class Item:
    """One element of an event's detail: `<contact callsign="…"/>`. Raises InputError for what is no name."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    text: str = ""
    items: tuple[Item, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.name, *(name for name, _ in self.attributes)):
            if not _NAME.fullmatch(name):
                raise InputError(f"{name[:64]!r} is no name of an element of CoT")

    def get(self, name: str) -> str | None:
        """An attribute, or None."""
        return dict(self.attributes).get(name)


def item(name: str, text: str = "", /, **attributes: str | int | float | None) -> Item:
    """An element; attributes that are None are left out, numbers are written without an exponent."""
    given = ((key, value) for key, value in attributes.items() if value is not None)
    return Item(name, tuple((key, _written(value)) for key, value in given), clean(text))


def _written(value: str | int | float) -> str:
    if isinstance(value, str):
        return clean(value)
    return f"{value:.7f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CotEvent:
    """One event. Times are seconds since 1970 UTC; None for `hae_m`, `ce_m` and `le_m` means: not known.

    `hae_m` is above the WGS84 ellipsoid. Raises InputError for what the schema does not allow.
    """

    uid: str
    type: str
    how: str
    time_s: float
    start_s: float
    stale_s: float
    lat_deg: float
    lon_deg: float
    hae_m: float | None = None
    ce_m: float | None = None
    le_m: float | None = None
    opex: str | None = None
    detail: tuple[Item, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.uid) <= _LONGEST_UID or clean(self.uid) != self.uid:
            raise InputError(f"uid {self.uid[:64]!r} is no name of a thing")
        if not _TYPE.fullmatch(self.type):
            raise InputError(f"type {self.type[:64]!r} is no type of CoT")
        if not _HOW.fullmatch(self.how):
            raise InputError(f"how {self.how[:64]!r} is none of CoT")
        times = (self.time_s, self.start_s, self.stale_s)
        # the years 1970 to 9999
        if not all(math.isfinite(time_s) and 0 <= time_s < 253_402_300_000 for time_s in times):
            raise InputError(f"time, start and stale {times} are no times")
        if not (abs(self.lat_deg) <= 90 and abs(self.lon_deg) <= 180):
            raise InputError(f"latitude {self.lat_deg}, longitude {self.lon_deg} is out of range")
        for name, value in (("hae", self.hae_m), ("ce", self.ce_m), ("le", self.le_m)):
            if value is not None and not abs(value) < UNKNOWN:
                raise InputError(f"{name} {value} is no number of metres")

    def find(self, name: str) -> Item | None:
        """The first element of the detail with that name, or None."""
        return next((each for each in self.detail if each.name == name), None)

    @property
    def callsign(self) -> str | None:
        """What the thing is called, or None."""
        contact = self.find("contact")
        return contact.get("callsign") if contact else None
