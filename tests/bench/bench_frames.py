"""How fast messages are found and decoded, every field, beside pymavlink and the C library in one run.

    python tests/bench/bench_frames.py [RECORDING.tlog ...]

Without a recording it makes 50,000 messages of five common kinds. *Live* is a datagram at a time, as they
come over UDP; *columns* is a whole recording at once. Each way is run several times in turn. Prints the
median of the processor time a message, and the ratio to pymavlink's time in the same turn: the median, the
least and the most of all turns. The C library is made from pymavlink's own generator where a C compiler is
there, and decodes every message into its struct.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pymavlink.dialects.v20 import ardupilotmega as reference

from telemetry.columns import columns_of
from telemetry.frames import FrameReader
from telemetry.messages import Encoder, decode
from telemetry.tlog import read_tlog

TURNS = 9
C_SOURCE = """
#include <stdint.h>
#include <stddef.h>
#include "ardupilotmega/mavlink.h"
static volatile uint32_t sink;
int count(const uint8_t *data, size_t size) {
    mavlink_message_t message; mavlink_status_t status; int found = 0;
    for (size_t at = 0; at < size; at++) {
        if (!mavlink_parse_char(0, data[at], &message, &status)) continue;
        const mavlink_msg_entry_t *entry = mavlink_get_msg_entry(message.msgid);
        uint8_t fields[256] = {0};
        uint8_t length = message.len < entry->max_msg_len ? message.len : entry->max_msg_len;
        memcpy(fields, _MAV_PAYLOAD(&message), length);
        sink += fields[0];
        found++;
    }
    return found;
}
"""


def made_up() -> list[bytes]:
    """50,000 frames of what autopilots send most."""
    encoder = Encoder(1, 1)
    return [
        frame
        for n in range(10_000)
        for frame in (
            encoder.encode("ATTITUDE", time_boot_ms=n, roll=0.1, pitch=-0.1, yaw=1.0, yawspeed=0.01),
            encoder.encode("GLOBAL_POSITION_INT", time_boot_ms=n, lat=520_000_000 + n, lon=50_000_000, hdg=n),
            encoder.encode("VFR_HUD", airspeed=12.0, groundspeed=13.0, alt=55.0, heading=90, throttle=40),
            encoder.encode("SYS_STATUS", voltage_battery=12_600, battery_remaining=80, load=300),
            encoder.encode("SERVO_OUTPUT_RAW", time_usec=n, **{f"servo{k}_raw": 1500 for k in range(1, 9)}),
        )
    ]


def live(datagrams: list[bytes]) -> int:
    reader, count = FrameReader(), 0
    for data in datagrams:
        for frame in reader.feed(data, 0):
            count += decode(frame) is not None
    return count


def pymavlink_live(datagrams: list[bytes]) -> int:
    mav, count = reference.MAVLink(None), 0
    mav.robust_parsing = True
    for data in datagrams:
        for message in mav.parse_buffer(data) or ():
            count += message.get_type() != "BAD_DATA"
    return count


def columns(datagrams: list[bytes]) -> int:
    return sum(map(len, columns_of(b"".join(datagrams)).values()))


def c_library(folder: Path) -> Callable[[list[bytes]], int] | None:
    """The C library's parser, made here; None without a compiler or its definitions."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    from pymavlink.generator import mavgen
    from pymavlink.generator.mavparse import PROTOCOL_2_0

    definitions = Path(reference.__file__).parents[2] / "message_definitions" / "v1.0" / "ardupilotmega.xml"
    if not definitions.exists():
        definitions = Path(reference.__file__).with_suffix(".xml")
    options = mavgen.Opts(str(folder), PROTOCOL_2_0, "C", validate=False)
    output, sys.stdout = sys.stdout, sys.stderr
    try:
        mavgen.mavgen(options, [str(definitions)])
    finally:
        sys.stdout = output
    (folder / "count.c").write_text(C_SOURCE)
    library = folder / "count.so"
    command = [compiler, "-O2", "-w", "-shared", "-fPIC", f"-I{folder}", str(folder / "count.c"), "-o"]
    subprocess.run([*command, str(library)], check=True)
    count = ctypes.CDLL(str(library)).count
    count.argtypes = [ctypes.c_char_p, ctypes.c_size_t]

    def run(datagrams: list[bytes]) -> int:
        data = b"".join(datagrams)
        return int(count(data, len(data)))

    return run


def measured(ways: dict[str, Callable[[list[bytes]], int]], datagrams: list[bytes]) -> dict[str, list[float]]:
    """Microseconds of processor time a message in each turn of all ways."""
    times_us: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            began_s = time.process_time()
            count = way(datagrams)
            times_us[name].append((time.process_time() - began_s) / count * 1e6)
    return times_us


def main() -> None:
    inputs = {name: [frame.raw for frame in read_tlog(Path(name))] for name in sys.argv[1:]}
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Callable[[list[bytes]], int]] = {
            "pymavlink": pymavlink_live,
            "live": live,
            "columns": columns,
        }
        compiled = c_library(Path(folder))
        if compiled is None:
            sys.stderr.write("the C library is left out: there is no C compiler\n")
        else:
            ways["C library"] = compiled
        columns(made_up())
        for name, datagrams in (inputs or {"50,000 made-up messages": made_up()}).items():
            times_us = measured(ways, datagrams)
            sys.stdout.write(f"{Path(name).name}: {len(datagrams)} messages\n")
            for way, each_us in times_us.items():
                ratios = sorted(
                    theirs / ours for theirs, ours in zip(times_us["pymavlink"], each_us, strict=True)
                )
                sys.stdout.write(
                    f"  {way:10} {median(each_us):7.3f} us each  {median(ratios):6.1f} x pymavlink"
                    f" ({ratios[0]:.1f} to {ratios[-1]:.1f})\n"
                )


if __name__ == "__main__":
    main()
