"""What keeping others costs: lines of ADS-B recorded, indexed, archived, summed up and opened for a replay.

    python tests/bench/bench_received.py [LINES]

Processor time of this process, best of three; files in the system's cache.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from ops.index import rebuild  # noqa: E402
from telemetry.archive import archive  # noqa: E402
from telemetry.clock import SystemClock  # noqa: E402
from telemetry.received.items import SBS, Item  # noqa: E402
from telemetry.received.recorder import ReceivedRecorder  # noqa: E402
from telemetry.received.summary import received_summary  # noqa: E402
from telemetry.replay import ReceivedItems  # noqa: E402

BEGIN_US = 1_773_480_413_000_000
AIRCRAFT, LINES_A_SECOND = 60, 100


def lines(count: int) -> list[Item]:
    """Positions and speeds of 60 aircraft, a hundred lines a second."""
    chance = random.Random(1)
    dates = "2026/03/14,09:26:53.000,2026/03/14,09:26:53.000"
    made = []
    for number in range(count):
        address = f"48{number % AIRCRAFT:04X}"
        if number % 3:
            place = f"{52 + chance.random():.5f},{5 + chance.random():.5f}"
            text = f"MSG,3,1,1,{address},1,{dates},,2300,,,{place},,,0,0,0,0"
        else:
            text = f"MSG,4,1,1,{address},1,{dates},,,310,45,,,-64,,,,,"
        time_us = BEGIN_US + number * 1_000_000 // LINES_A_SECOND
        made.append(Item(time_us, "sbs:receiver:30003", SBS, text.encode()))
    return made


def best_s(act: Callable[[int], object]) -> float:
    """Seconds of the processor, the least of three."""
    times = []
    for turn in range(3):
        began_s = time.process_time()
        act(turn)
        times.append(time.process_time() - began_s)
    return min(times)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    made = lines(count)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)

        def record(turn: int) -> None:
            with ReceivedRecorder(base / f"recorded{turn}", SystemClock()) as recorder:
                for at in range(0, count, 20):
                    recorder(made[at : at + 20])

        recording_s = best_s(record)
        (segment,) = (base / "recorded0").glob("*.received")
        size = segment.stat().st_size
        rows = {
            "recorded, forced to the disk and sealed": recording_s,
            "indexed": best_s(lambda _: rebuild(base / "recorded0")),
            "archived": best_s(lambda turn: archive([segment], base / f"archive{turn}")),
            "summed up": best_s(lambda _: received_summary(segment)),
            "opened for a replay": best_s(lambda _: ReceivedItems([segment])),
        }
        parquet = sum(path.stat().st_size for path in (base / "archive0").rglob("*.parquet"))
    print(f"{count} lines of {AIRCRAFT} aircraft: {size / 1e6:.1f} MB, {size / count:.0f} bytes a line;")
    print(f"in the archive {parquet / 1e6:.1f} MB")
    for what, seconds in rows.items():
        print(f"  {what}: {seconds:.2f} s, {seconds / count * 1e6:.1f} us a line")


if __name__ == "__main__":
    main()
