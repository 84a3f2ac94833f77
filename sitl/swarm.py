"""Many made-up vehicles at once on one address: load for the telemetry service, with every frame numbered.

    python -m sitl.swarm 127.0.0.1:14550 --vehicles 190 --rate 15000 --for 60

Each vehicle has a socket of its own, flies a circle and sends 256 frames again and again, numbered as MAVLink
does, so that whoever listens can count what was lost. What was sent is printed as one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telemetry.messages import Encoder

CYCLE = 256
"""Frames until a vehicle begins anew: as many as there are sequence numbers."""
_MIX = (
    "ATTITUDE",
    "GLOBAL_POSITION_INT",
    "VFR_HUD",
    "RAW_IMU",
    "ATTITUDE",
    "GPS_RAW_INT",
    "SERVO_OUTPUT_RAW",
)
"""What an aircraft says between its heartbeats, about as often as ArduPilot's default streams do."""
_NOW_AND_THEN = ("SYS_STATUS", "BATTERY_STATUS", "NAV_CONTROLLER_OUTPUT", "MISSION_CURRENT")
_HEARTBEAT_EACH = 64
_NOW_AND_THEN_EACH = 16
_AHEAD_S = 0.002
_CIRCLE_E7 = 9_000
"""About 100 m in tenths of a microdegree of latitude."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a swarm sent, over how long; `late` is by how much it ended behind its rate, seconds."""

    frames: int
    bytes: int
    seconds: float
    late_s: float


def cycle_of(system: int) -> tuple[bytes, ...]:
    """The 256 frames of one vehicle, in order."""
    encoder = Encoder(system, 1)
    return tuple(encoder.encode(name, **_fields(name, system, at)) for at, name in enumerate(_names()))


def fly(
    place: tuple[str, int],
    systems: Sequence[int],
    rate_hz: float,
    for_s: float,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> Sent:
    """Send `rate_hz` frames a second in all to `place` for so long, each vehicle in turn."""
    cycles = [cycle_of(system) for system in systems]
    sockets = [_speaking_to(place) for _ in systems]
    in_all = round(rate_hz * for_s)
    began_s = time.monotonic()
    sent = octets = 0
    try:
        while sent < in_all and not stopping():
            due = min(in_all, int((time.monotonic() - began_s + _AHEAD_S) * rate_hz))
            for number in range(sent, due):
                who = number % len(systems)
                octets += _send(sockets[who], cycles[who][number // len(systems) % CYCLE])
            sent = max(sent, due)
            time.sleep(_AHEAD_S)
    finally:
        for each in sockets:
            each.close()
    seconds = time.monotonic() - began_s
    return Sent(sent, octets, seconds, seconds - sent / rate_hz)


def _speaking_to(place: tuple[str, int]) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.connect(place)
    return made


def _send(own: socket.socket, frame: bytes) -> int:
    while True:
        try:
            return own.send(frame)
        except ConnectionRefusedError:  # nobody listens yet: the datagram before this one was lost
            continue


def _names() -> list[str]:
    names: list[str] = []
    for at in range(CYCLE):
        if at % _HEARTBEAT_EACH == 0:
            names.append("HEARTBEAT")
        elif at % _NOW_AND_THEN_EACH == 0:
            names.append(_NOW_AND_THEN[at // _NOW_AND_THEN_EACH % len(_NOW_AND_THEN)])
        else:
            names.append(_MIX[at % len(_MIX)])
    return names


def _fields(name: str, system: int, at: int) -> dict[str, object]:
    """What a vehicle says at a place of its circle, `at` of 256."""
    turn = 2 * math.pi * at / CYCLE
    north, east = math.cos(turn), math.sin(turn)
    place = {
        "lat": 520_000_000 + 100_000 * (system // 16) + round(_CIRCLE_E7 * north),
        "lon": 43_500_000 + 160_000 * (system % 16) + round(1.6 * _CIRCLE_E7 * east),
        "alt": 60_000,
    }
    heading = (at * 360 / CYCLE + 90) % 360
    said: dict[str, dict[str, object]] = {
        "HEARTBEAT": {
            "type": 2,
            "autopilot": 3,
            "base_mode": 209,
            "custom_mode": 3,
            "system_status": 4,
            "mavlink_version": 3,
        },
        "ATTITUDE": {"time_boot_ms": at * 20, "roll": 0.1, "pitch": -0.05, "yaw": math.radians(heading)},
        "GLOBAL_POSITION_INT": {
            **place,
            "time_boot_ms": at * 20,
            "relative_alt": 60_000,
            "vx": round(-1000 * east),
            "vy": round(1000 * north),
            "hdg": round(100 * heading),
        },
        "VFR_HUD": {"groundspeed": 10.0, "airspeed": 10.0, "alt": 60.0, "throttle": 40},
        "RAW_IMU": {"time_usec": at * 20_000, "zacc": -1000, "xmag": 200},
        "GPS_RAW_INT": {
            **place,
            "fix_type": 6,
            "satellites_visible": 18,
            "eph": 60,
            "h_acc": 300,
            "v_acc": 500,
        },
        "SERVO_OUTPUT_RAW": {"servo1_raw": 1500, "servo2_raw": 1500, "servo3_raw": 1500, "servo4_raw": 1500},
        "SYS_STATUS": {"voltage_battery": 22_800, "current_battery": 1200, "battery_remaining": 70},
        "BATTERY_STATUS": {"voltages": [3800] * 6 + [65_535] * 4, "battery_remaining": 70},
        "NAV_CONTROLLER_OUTPUT": {"wp_dist": 40},
        "MISSION_CURRENT": {"seq": 3, "total": 12},
    }
    return said[name]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: fly a swarm, then say what was sent."""
    parser = argparse.ArgumentParser(
        prog="python -m sitl.swarm", description="Many made-up vehicles at once."
    )
    parser.add_argument("place", help="HOST:PORT that hears MAVLink over UDP")
    parser.add_argument("--vehicles", type=int, default=190)
    parser.add_argument("--rate", type=float, default=15_000.0, help="frames a second, all together")
    parser.add_argument("--for", dest="for_s", type=float, default=60.0, metavar="SECONDS")
    given = parser.parse_args(arguments)
    host, _, port = given.place.rpartition(":")
    sent = fly((host, int(port)), range(1, given.vehicles + 1), given.rate, given.for_s)
    json.dump({name: getattr(sent, name) for name in Sent.__slots__}, sys.stdout)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
