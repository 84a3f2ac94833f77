"""What tests of the surroundings share: settings, a track of a foreign aircraft, a vehicle that speaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from ops.config import Settings
from ops.operations import Operation
from telemetry.frames import FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder

SETTINGS = Settings(port=0, station_name="van-3")
TOKEN = "correct-horse-battery"  # noqa: S105  # made up


def report(now_s: float, **changes: Any) -> dict[str, Any]:
    return {
        "source": "dji",
        "id": "1581F5BKD",
        "name": "M30T Noord",
        "kind": "copter",
        "time_s": now_s,
        "lat_deg": 52.1,
        "lon_deg": 5.8,
        "height_m": 84.2,
        "height_reference": "amsl",
        "course_deg": 80,
        **changes,
    }


def speak(hub: Hub, system: int = 1, *, height_m: float = 90.0, **fields: Any) -> None:
    """A copter of ours that is heard."""
    encoder, reader = Encoder(system, 1), FrameReader()
    place = {"lat": 521_000_000, "lon": 58_000_000, "alt": round(height_m * 1000), "relative_alt": 60_000}
    raw = encoder.encode("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3, system_status=4)
    raw += encoder.encode("GLOBAL_POSITION_INT", **{**place, **fields})
    hub.publish(reader.feed(raw, int(hub.clock.now_s() * 1e6)), "udp:127.0.0.1:14550")


def get(address: str, path: str) -> Any:
    return httpx.get(f"{address}api/{path}", timeout=20).json()


def write_finds(folder: Path, *states: str) -> Path:
    """An operation with finds in these states."""
    operation = Operation.create(folder, "Heath", "missing-person")
    features = [
        {
            "type": "Feature",
            "id": f"F{number}",
            "geometry": {"type": "Point", "coordinates": [5.8, 52.1 + number / 1000]},
            "properties": {
                "state": state,
                "score": 7.25,
                "ellipse95": {"semi_major_m": 6.0, "semi_minor_m": 4.0, "bearing_deg": 0},
            },
        }
        for number, state in enumerate(states, 1)
    ]
    path = operation.folder / "finds" / "finds.geojson"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    operation.add_folder(path.parent, "find")
    return operation.folder
