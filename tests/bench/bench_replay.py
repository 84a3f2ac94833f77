"""How long a long recording takes to open, and a jump in it; how fast it can be played.

    python tests/bench/bench_replay.py RECORDING.tlog ...

Prints the seconds to open, the mean and the longest of a hundred jumps to random times, by the clock and of
the processor, with the traffic of that time, until the page has its picture, and its alarms, these while they
are still looked for and afterwards; how fast alarms are found; the frames a second that reach the hub, and
the memory that the process took at most.
"""

from __future__ import annotations

import random
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ops.alarms.recomputing import GIVE_WAY_S, Recomputing
from ops.api.around import Around
from ops.api.desk import Desk
from ops.api.replayed_alarms import GO_ON_S, ReplayedAlarms
from ops.replayed_traffic import ReplayedTraffic
from telemetry.alerts import load_rules
from telemetry.clock import SystemClock
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
    jump("jump", replay, lambda: None)
    clock = SystemClock()
    traffic = ReplayedTraffic(replay)
    jump("traffic", replay, lambda: None)
    desk = Desk(clock, replay=replay, around=Around(clock, traffic, None))
    jump("page", replay, lambda: desk.snapshot(5.0))
    recomputing = Recomputing(timeline, load_rules())
    desk.alarms = ReplayedAlarms(desk.picture, desk.now_s, replay.begin_s, recomputing, "the shipped rules")
    stop = threading.Event()
    looking = threading.Thread(target=look, args=(desk.alarms, stop))
    looking.start()
    replay.on_jump(lambda _: recomputing.give_way())
    jump("looking", replay, lambda: desk.snapshot(5.0), 20, GIVE_WAY_S + 0.7)
    stop.set()
    looking.join()
    began_s, from_s = time.process_time(), recomputing.upto_s
    while not recomputing.done:
        recomputing.step()
    taken_s = time.process_time() - began_s
    pace = (replay.end_s - from_s) / taken_s
    print(f"alarms    {len(recomputing.chronicle)} transitions, found {pace:.0f} times as fast")
    jump("alarms", replay, lambda: desk.snapshot(5.0))
    desk.close()
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


def jump(
    name: str, replay: Replay, shown: Callable[[], object], jumps: int = JUMPS, apart_s: float = 0.0
) -> None:
    """Measure jumps until something is shown."""
    chance, jumps_s = random.Random(1), []
    for _ in range(jumps):
        time.sleep(apart_s)
        at_s = chance.uniform(replay.begin_s, replay.end_s)
        began_s, busy_s = time.perf_counter(), time.thread_time()
        replay.seek(at_s)
        shown()
        jumps_s.append((time.perf_counter() - began_s, time.thread_time() - busy_s))
    clock, busy = (
        f"mean {1000 * sum(part) / jumps:.0f} ms, at most {1000 * max(part):.0f} ms"
        for part in zip(*jumps_s, strict=True)
    )
    print(f"{name:9} {clock}; of the processor {busy}")


def look(alarms: ReplayedAlarms, stop: threading.Event) -> None:
    """As the service does: half of the time."""
    while not stop.wait(GO_ON_S):
        alarms.look()


if __name__ == "__main__":
    main()
