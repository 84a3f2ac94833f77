"""What tests of received things share: one of each form, and a segment of many, made up from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from telemetry.received.items import COT, HEAD, SBS, STATE, TRACK, Item, line_of
from telemetry.tak import CotEvent, mesh_of, xml_of

BEGIN_US = 1_773_480_413_000_000
RECEIVER, TRACKS, TAK = "sbs:127.0.0.1:30003", "tracks+udp:14660", "tak+udp://239.2.3.1:6969"


def sbs(time_us: int, icao: str, lat: float, lon: float, *, callsign: str = "", height_ft: int = 700) -> Item:
    """A position (message 3), or with a callsign that alone (message 1)."""
    dates = "2026/03/14,09:26:53.000,2026/03/14,09:26:53.000"
    if callsign:
        line = f"MSG,1,1,1,{icao},1,{dates},{callsign},,,,,,,,,,,"
    else:
        line = f"MSG,3,1,1,{icao},1,{dates},,{height_ft},,,{lat:.5f},{lon:.5f},,,0,0,0,0"
    return Item(time_us, RECEIVER, SBS, line.encode())


def track(time_us: int, lat: float, lon: float, **changes: Any) -> Item:
    """A report of a DJI copter that was true when it came."""
    told = {
        "source": "dji",
        "id": "1581F5BKD",
        "name": "M30T Noord",
        "kind": "copter",
        "time_s": time_us / 1e6,
        "lat_deg": lat,
        "lon_deg": lon,
        "height_m": 84.2,
        "height_reference": "amsl",
        **changes,
    }
    return Item(time_us, TRACKS, TRACK, json.dumps(told).encode(), "127.0.0.1:5000")


def cot(time_us: int, uid: str, lat: float, lon: float, *, protobuf: bool = False) -> Item:
    """An officer's position as TAK sends it, in either form."""
    time_s = time_us / 1e6
    told = CotEvent(
        uid=uid,
        type="a-f-G-U-C",
        how="m-g",
        time_s=time_s,
        start_s=time_s,
        stale_s=time_s + 60,
        lat_deg=lat,
        lon_deg=lon,
    )
    return Item(time_us, TAK, COT, mesh_of(told) if protobuf else xml_of(told), "10.0.0.7:4242")


def several(seed: int, count: int = 200) -> list[Item]:
    """Items of every form, some of them nonsense, a fifth of a second apart."""
    chance = random.Random(seed)
    made: list[Item] = [Item(BEGIN_US, RECEIVER, STATE, b"open")]
    for number in range(1, count):
        time_us = BEGIN_US + number * 200_000 + chance.randrange(1000)
        lat, lon = 52.1 + number * 1e-5, 5.8 + chance.uniform(-0.01, 0.01)
        made.append(
            chance.choice(
                [
                    lambda t=time_us, a=lat, o=lon: sbs(t, chance.choice(["4CA2D6", "484ABC"]), a, o),
                    lambda t=time_us, a=lat, o=lon: sbs(t, "4CA2D6", a, o, callsign="RYR1"),
                    lambda t=time_us, a=lat, o=lon: track(t, a, o),
                    lambda t=time_us, a=lat, o=lon: track(t, a, o, time_s=t / 1e6 - 600),
                    lambda t=time_us, a=lat, o=lon: cot(t, "ANDROID-1", a, o),
                    lambda t=time_us, a=lat, o=lon: cot(t, "ANDROID-2", a, o, protobuf=True),
                    lambda t=time_us: Item(t, RECEIVER, SBS, chance.randbytes(40)),
                    lambda t=time_us: Item(t, TRACKS, TRACK, 'één "regel" \\ met ☃'.encode(), cut=True),
                ]
            )()
        )
    return made


def write_segment(path: Path, items: Sequence[Item]) -> Path:
    """A segment as the recorder writes it."""
    path.write_bytes(HEAD + b"".join(map(line_of, items)))
    return path
