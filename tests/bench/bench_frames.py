"""How fast frames are found and decoded, beside pymavlink, on the same bytes in one run.

    python tests/bench/bench_frames.py [RECORDING.tlog]

Without a recording it makes 50,000 messages of five common kinds. Prints microseconds a message and the
ratio; each way is run three times and its best time counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from pymavlink.dialects.v20 import ardupilotmega as reference

from telemetry.frames import FrameReader
from telemetry.messages import Encoder, decode
from telemetry.tlog import read_tlog

RUNS = 3


def made_up() -> bytes:
    """50,000 frames of what autopilots send most."""
    encoder = Encoder(1, 1)
    return b"".join(
        frame
        for n in range(10_000)
        for frame in (
            encoder.encode("ATTITUDE", time_boot_ms=n, roll=0.1, pitch=-0.1, yaw=1.0, yawspeed=0.01),
            encoder.encode("GLOBAL_POSITION_INT", time_boot_ms=n, lat=520_000_000 + n, lon=50_000_000, hdg=n),
            encoder.encode("VFR_HUD", airspeed=12.0, groundspeed=13.0, alt=55.0, heading=90, throttle=40),
            encoder.encode("SYS_STATUS", voltage_battery=12_600, battery_remaining=80, load=300),
            encoder.encode("SERVO_OUTPUT_RAW", time_usec=n, **{f"servo{k}_raw": 1500 for k in range(1, 9)}),
        )
    )


def ours(data: bytes) -> int:
    reader = FrameReader()
    return sum(decode(frame) is not None for frame in reader.feed(data, 0) + reader.finish(0))


def theirs(data: bytes) -> int:
    mav = reference.MAVLink(None)
    mav.robust_parsing = True
    return sum(message.get_type() != "BAD_DATA" for message in mav.parse_buffer(data) or ())


def best(way: Callable[[bytes], int], data: bytes) -> tuple[int, float]:
    count, times = 0, []
    for _ in range(RUNS):
        began_s = time.perf_counter()
        count = way(data)
        times.append(time.perf_counter() - began_s)
    return count, min(times)


def main() -> None:
    data = b"".join(f.raw for f in read_tlog(Path(sys.argv[1]))) if len(sys.argv) > 1 else made_up()
    results = {name: best(way, data) for name, way in (("droneteam", ours), ("pymavlink", theirs))}
    for name, (count, seconds) in results.items():
        each_us = seconds / count * 1e6
        sys.stdout.write(
            f"{name}: {count} messages, {each_us:.2f} us each, {count / seconds:,.0f} a second\n"
        )
    ratio = (results["pymavlink"][1] / results["pymavlink"][0]) / (
        results["droneteam"][1] / results["droneteam"][0]
    )
    sys.stdout.write(f"ratio: {ratio:.2f} times as fast\n")


if __name__ == "__main__":
    main()
