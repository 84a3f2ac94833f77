"""How fast an onboard log is read, every field of every message, beside pymavlink in one run.

    python tests/bench/bench_dataflash.py [LOG.BIN ...]

Without a log it makes one of 100,000 messages of five common kinds. *Columns* is `read_bin` with every field
scaled; *replay* makes all the frames that the log is told by. pymavlink decodes every field of every message.
Prints processor time a message of the log and the ratio to pymavlink; each way is run several times in turn
and its best time counts. The time in which pymavlink opens a log and finds its messages counts.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pymavlink.DFReader import DFReader_binary

from telemetry.dataflash import bin_frames, read_bin

RUNS = 3
KINDS = (
    (1, "IMU", "QBffffffIIfBBHH", "TimeUS,I,GyrX,GyrY,GyrZ,AccX,AccY,AccZ,EG,EA,T,GH,AH,GHz,AHz"),
    (2, "ATT", "QccccCCCCB", "TimeUS,DesRoll,Roll,DesPitch,Pitch,DesYaw,Yaw,ErrRP,ErrYaw,AEKF"),
    (3, "POS", "QLLfff", "TimeUS,Lat,Lng,Alt,RelHomeAlt,RelOriginAlt"),
    (4, "XKF1", "QBccCfffffffccce", "TimeUS,C,Roll,Pitch,Yaw,VN,VE,VD,dPD,PN,PE,PD,GX,GY,GZ,OH"),
    (5, "RCOU", "QHHHHHHHH", "TimeUS,C1,C2,C3,C4,C5,C6,C7,C8"),
)
STRUCTS = str.maketrans("cCeELM", "hHiIiB")


def made_up(folder: Path) -> Path:
    """A log of messages of the kinds of which autopilots write most."""
    head = b"\xa3\x95"
    fmt = ((128, "FMT", "BBnNZ", "Type,Length,Name,Format,Columns"), *KINDS)
    packers = {number: struct.Struct("<" + letters.translate(STRUCTS)) for number, _, letters, _ in KINDS}
    data = bytearray()
    for number, name, letters, fields in fmt:
        length = 89 if number == 128 else packers[number].size + 3
        data += head + b"\x80" + bytes((number, length))
        data += struct.pack("<4s16s64s", name.encode(), letters.encode(), fields.encode())
    for step in range(20_000):
        for number, _, letters, _ in KINDS:
            rest = (step % 100 for _ in letters[1:])
            data += head + bytes((number,)) + packers[number].pack(step * 2500, *rest)
    path = folder / "made-up.BIN"
    path.write_bytes(data)
    return path


def pymavlink(path: Path) -> int:
    reader = DFReader_binary(str(path))
    count = 0
    while (message := reader.recv_msg()) is not None:
        message.to_dict()
        count += 1
    reader.close()
    return count


def columns(path: Path) -> int:
    log = read_bin(path)
    for name in log:
        for field in log.formats[name].fields:
            log.scaled(name, field)
    return log.records


def replay(path: Path) -> int:
    return sum(1 for _ in bin_frames(path))


def measured(path: Path, runs: int = RUNS) -> tuple[int, dict[str, float]]:
    """The messages of a log, and the seconds of processor time of each way, the best of all runs."""
    ways: dict[str, Callable[[Path], int]] = {"pymavlink": pymavlink, "columns": columns, "replay": replay}
    best: dict[str, float] = {}
    counts: dict[str, int] = {}
    for _ in range(runs):
        for name, way in ways.items():
            began_s = time.process_time()
            counts[name] = way(path)
            best[name] = min(best.get(name, 1e9), time.process_time() - began_s)
    if counts["pymavlink"] != counts["columns"]:
        raise SystemExit(f"{path}: pymavlink found {counts['pymavlink']}, columns {counts['columns']}")
    return counts["columns"], best


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = made_up(Path(folder))
        columns(made)
        for path in map(Path, sys.argv[1:] or [made]):
            count, best = measured(path)
            sys.stdout.write(f"{path.name}: {count} messages, {path.stat().st_size / 1e6:.1f} MB\n")
            for way, seconds in best.items():
                ratio = best["pymavlink"] / seconds
                each_us = seconds / count * 1e6
                sys.stdout.write(f"  {way:10} {each_us:7.3f} us a message  {ratio:6.1f} x pymavlink\n")


if __name__ == "__main__":
    main()
