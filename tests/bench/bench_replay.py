"""How long a long recording takes to open, and a jump in it; how fast it can be played.

    python tests/bench/bench_replay.py RECORDING.tlog ...

Prints the seconds to open, the longest and the mean of a hundred jumps to random times, the frames a second
that reach the hub, and the memory that the process took at most.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from pathlib import Path

from telemetry.replay import Replay, open_recordings

JUMPS = 100
PLAYED_STEPS = 60


def main() -> None:
    """Measure and print."""
    began_s = time.perf_counter()
    timeline = open_recordings([Path(each) for each in sys.argv[1:]])
    found_s = time.perf_counter() - began_s
    replay = Replay(timeline)
    opened_s = time.perf_counter() - began_s
    print(f"{len(timeline):,} frames, {replay.end_s - replay.begin_s:.0f} s, {len(replay.tracks)} vehicles")
    print(f"open      {opened_s:.1f} s, of which the frames {found_s:.1f} s")
    chance = random.Random(1)
    jumps_s = []
    for _ in range(JUMPS):
        at_s = chance.uniform(replay.begin_s, replay.end_s)
        began_s = time.perf_counter()
        replay.seek(at_s)
        jumps_s.append(time.perf_counter() - began_s)
    print(f"jump      at most {1000 * max(jumps_s):.0f} ms, mean {1000 * sum(jumps_s) / JUMPS:.0f} ms")
    replay.seek((replay.begin_s + replay.end_s) / 2)
    first = timeline.number_at(round(replay.now_s * 1e6))
    began_s, at_s = time.perf_counter(), replay.now_s
    for _ in range(PLAYED_STEPS):
        replay.step(0.5)
    taken_s = time.perf_counter() - began_s
    frames = timeline.number_at(round(replay.now_s * 1e6)) - first
    print(f"play      {frames / taken_s:,.0f} frames/s, {(replay.now_s - at_s) / taken_s:.0f} times as fast")
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory    {most_mb:.0f} MB at most, with the mapped file")


if __name__ == "__main__":
    main()
