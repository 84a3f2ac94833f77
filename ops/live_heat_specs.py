"""Which live thermal streams are searched, and whose they are: VEHICLE[:CAMERA[:DELAY_S]]=STREAM."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imaging.thermal.growing import SUFFIXES
from missions import catalogue
from missions.camera import Camera
from missions.errors import SettingsError

FORM = "VEHICLE[:CAMERA[:DELAY_S]]=STREAM"
LONGEST_DELAY_S = 30.0
MOST_STREAMS = 8
_SPEC = re.compile(r"(?P<vehicle>\d{1,3})(:(?P<camera>[^:=]*)(:(?P<delay>[^:=]*))?)?=(?P<stream>.+)")
_EXAMPLE = "as in 1:dji-m30t-thermal=rtsp://10.0.0.5/thermal"


@dataclass(frozen=True, slots=True)
class HeatSpec:
    """One stream: whose camera it is, by the vehicle's MAVLink number, and where it comes from.

    `camera` is None where the stream tells its own field of view. `delay_s` is how late its picture comes
    where it tells no time. `tag` names it in finds: the vehicle's number, with a letter from the second
    stream of one vehicle on.
    """

    vehicle: int
    stream: str
    camera: Camera | None = None
    delay_s: float = 0.0
    tag: str = ""

    @property
    def shown(self) -> str:
        """The stream without the name and password that its address may hold."""
        return _shown(self.stream)


def heat_specs(texts: Sequence[str], cameras: Path | None = None) -> tuple[HeatSpec, ...]:
    """The streams that these texts name; `cameras` is the team's own catalogue.

    Raises SettingsError for a text that names none, CatalogueError for a camera that is not known.
    """
    found: list[HeatSpec] = []
    for text in texts:
        spec = _spec(text, cameras)
        before = sum(each.vehicle == spec.vehicle for each in found)
        if any(each.stream == spec.stream for each in found):
            raise SettingsError(
                f"the stream {spec.shown} is named twice", where="--heat", remedy="Name each stream once"
            )
        tag = f"{spec.vehicle}{chr(ord('a') + before) if before else ''}"
        found.append(HeatSpec(spec.vehicle, spec.stream, spec.camera, spec.delay_s, tag))
    if len(found) > MOST_STREAMS:
        raise SettingsError(
            f"{len(found)} thermal streams are more than one service searches",
            where="--heat",
            remedy=f"Name at most {MOST_STREAMS}",
        )
    return tuple(found)


def _shown(text: str) -> str:
    from imaging.thermal.container import shown  # loads FFmpeg, and only where streams are named

    return shown(text)


def _spec(text: str, cameras: Path | None) -> HeatSpec:
    parts = _SPEC.fullmatch(text.strip())
    if parts is None or not 1 <= int(parts["vehicle"]) <= 255:
        raise SettingsError(
            f"{_shown(text)!r} does not say which aircraft's stream this is",
            where="--heat",
            remedy=f"Write {FORM}, {_EXAMPLE}",
        )
    camera = catalogue.camera(parts["camera"], cameras) if parts["camera"] else None
    return HeatSpec(int(parts["vehicle"]), _stream(parts["stream"]), camera, _delay_s(parts["delay"]))


def _stream(text: str) -> str:
    from imaging.thermal.container import is_live

    if is_live(text):
        return text
    path = Path(text).expanduser()
    if "://" in text or path.suffix.lower() not in SUFFIXES:
        raise SettingsError(
            f"{_shown(text)!r} is no stream that can be searched live",
            where="--heat",
            remedy="Give rtsp, udp, tcp, rtp or http, or an MPEG-TS file (.ts) that is being written",
        )
    return str(path.resolve())


def _delay_s(text: str | None) -> float:
    try:
        delay_s = float(text or 0.0)
    except ValueError:
        delay_s = math.nan
    if not 0 <= delay_s <= LONGEST_DELAY_S:
        raise SettingsError(
            f"{text!r} is no delay of a picture",
            where="--heat",
            remedy=f"Give seconds from 0 to {LONGEST_DELAY_S:g}",
        )
    return delay_s
