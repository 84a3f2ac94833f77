"""Who wrote a log: the firmware, the kind of vehicle, its MAVLink number."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from telemetry.dataflash.reading import DataFlash

_KIND_OF_BUILD = {1: "rover", 2: "copter", 3: "plane", 7: "sub", 13: "copter"}
"""VER.BU, ArduPilot's APM_BUILD numbers."""
_FIRMWARE = re.compile(r"(?:Ardu|APM:)?(Copter|Plane|Rover|Sub) V\d")
_TYPE_OF_FRAME = {1: 2, 2: 13, 3: 14, 4: 14, 5: 13, 6: 4, 7: 15}
"""MAV_TYPE by FRAME_CLASS: quad, hexa, octa, octa-quad, Y6, helicopter, tricopter."""
_TYPE_OF_KIND = {"copter": 2, "plane": 1, "rover": 10, "sub": 12}
_SYSTEM_PARAMETERS = ("MAV_SYSID", "SYSID_THISMAV")


@dataclass(frozen=True, slots=True)
class Vehicle:
    """`firmware` as it names itself ("" where it does not), `kind` as in `VehicleState`, None where unknown.

    `mav_type` is MAV_TYPE; a copter whose FRAME_CLASS was not logged counts as a quadrotor. `system` is its
    MAVLink number, 1 where it was not logged.
    """

    firmware: str
    kind: str | None
    mav_type: int | None
    system: int


def vehicle_of(log: DataFlash) -> Vehicle:
    """What a log says of its vehicle, in VER, MSG and PARM."""
    firmware, kind = _firmware(log)
    parameters = parameters_of(log)
    frame = parameters.get("FRAME_CLASS", 0.0)
    mav_type = _TYPE_OF_KIND.get(kind or "")
    if kind == "copter" and frame in _TYPE_OF_FRAME:
        mav_type = _TYPE_OF_FRAME[int(frame)]
    numbers = (parameters.get(name, 0.0) for name in _SYSTEM_PARAMETERS)
    system = next((int(number) for number in numbers if 1 <= number <= 255), 1)
    return Vehicle(firmware, kind, mav_type, system)


def parameters_of(log: DataFlash) -> dict[str, float]:
    """The vehicle's parameters as they were last logged."""
    if not _has(log, "PARM", "Name", "S") or not _has(log, "PARM", "Value", "f"):
        return {}
    with np.errstate(invalid="ignore"):  # a damaged NaN may be a signalling one
        values = log["PARM"]["Value"].astype(np.float64).tolist()
    return dict(zip(log.texts("PARM", "Name"), values, strict=True))


def _firmware(log: DataFlash) -> tuple[str, str | None]:
    texts = log.texts("VER", "FWS") if _has(log, "VER", "FWS", "S") else []
    texts += log.texts("MSG", "Message") if _has(log, "MSG", "Message", "S") else []
    told = ((text, _FIRMWARE.match(text)) for text in texts)
    firmware, match = next(((text, match) for text, match in told if match), ("", None))
    builds = log["VER"]["BU"].tolist() if _has(log, "VER", "BU", "u") else []
    kinds = (_KIND_OF_BUILD[build] for build in builds if build in _KIND_OF_BUILD)
    return firmware, next(kinds, match[1].lower() if match else None)


def _has(log: DataFlash, name: str, field: str, kind: str) -> bool:
    return name in log and field in log.formats[name].fields and log[name].dtype[field].kind == kind
