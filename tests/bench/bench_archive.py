"""How fast an archive answers, beside reading the recordings themselves.

    python tests/bench/bench_archive.py [--aircraft 20] [--hours 24] [--folder FOLDER]

Makes a day of recordings through the real path: every aircraft's frames (positions five a second, a heartbeat
each second) are encoded, read as from a socket and recorded in segments by the recorder. Then archives them
and asks typical questions, each several times; the best and the first time count. For comparison the same
positions are read from all recordings with `telemetry.columns`, and from one of them with pymavlink, whose
time is scaled by the number of bytes. With `--folder` what was made is kept there and used again.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymavlink import mavutil

from telemetry.archive import Archive, archive, verify
from telemetry.clock import ManualClock
from telemetry.columns import read_columns
from telemetry.frames import Frame, FrameReader
from telemetry.messages import Encoder
from telemetry.recorder import Recorder

BEGAN_S = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
RATE_HZ, RUNS = 5, 5


def instants(aircraft: int, hours: float) -> Iterator[list[Frame]]:
    """What all aircraft send, a fifth of a second at a time: circles round places of their own."""
    random_ = random.Random(7)
    encoders = [Encoder(number, 1) for number in range(1, aircraft + 1)]
    readers = [FrameReader() for _ in encoders]
    for step in range(round(hours * 3600 * RATE_HZ)):
        now_s = step / RATE_HZ
        frames: list[Frame] = []
        for number, (encoder, reader) in enumerate(zip(encoders, readers, strict=True)):
            turn = now_s / (60 + 3 * number)
            height = 60 + 20 * math.sin(now_s / 300 + number)
            data = encoder.encode(
                "GLOBAL_POSITION_INT",
                time_boot_ms=round(now_s * 1000),
                lat=520_000_000 + number * 90_000 + round(40_000 * math.sin(turn) + random_.gauss(0, 6)),
                lon=50_000_000 + round(60_000 * math.cos(turn) + random_.gauss(0, 9)),
                alt=round(1000 * height + random_.gauss(0, 80)),
                relative_alt=round(1000 * height - 12_000),
                vx=round(740 * math.cos(turn) + random_.gauss(0, 12)),
                vy=round(-690 * math.sin(turn) + random_.gauss(0, 12)),
                vz=round(random_.gauss(0, 8)),
                hdg=round(math.degrees(turn) * 100) % 36_000,
            )
            if step % RATE_HZ == 0:
                data += encoder.encode("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3)
            received_us = round((BEGAN_S + now_s) * 1e6) + number * 9_000 + random_.randrange(8_000)
            frames += reader.feed(data, received_us)
        yield frames


def record(folder: Path, aircraft: int, hours: float) -> list[Path]:
    """The recordings of that day, made as the service makes them."""
    clock = ManualClock(BEGAN_S)
    with Recorder(folder, clock) as recorder:
        for frames in instants(aircraft, hours):
            recorder(frames)
            clock.sleep(1 / RATE_HZ)
        return recorder.segments


def timed(name: str, ask: Callable[[], Any], runs: int = RUNS) -> None:
    """Print the first and the best time of some runs, and what came of it."""
    times = []
    for _ in range(runs):
        before = time.perf_counter()
        rows = ask()
        times.append(time.perf_counter() - before)
    print(f"{name:58} first {times[0]:7.3f} s, best {min(times):7.3f} s, {rows:>9} rows")


def main() -> None:
    """Make, archive, ask, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--aircraft", type=int, default=20)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or Path(scratch)
        segments = sorted((folder / "recordings").glob("*.tlog"))
        if not segments:
            before = time.perf_counter()
            segments = record(folder / "recordings", chosen.aircraft, chosen.hours)
            print(f"made {len(segments)} recordings in {time.perf_counter() - before:.1f} s")
        measure(folder / "archive", segments)


def measure(folder: Path, segments: list[Path]) -> None:
    """Archive, ask and compare."""
    total = sum(path.stat().st_size for path in segments)
    print(f"{os.cpu_count()} cores, {len(segments)} recordings, {total / 1e6:.0f} MB")
    before = time.perf_counter()
    added = archive(segments, folder)
    took_s = time.perf_counter() - before
    frames = sum(each.entry.frames for each in added)
    size = sum(part.size for each in added for part in each.entry.parts)
    positions = sum(part.size for each in added for part in each.entry.parts if part.dataset == "positions")
    print(f"archived {frames} frames in {took_s:.1f} s, {frames / took_s / 1e6:.2f} M/s")
    print(f"archive {size / 1e6:.0f} MB, of it positions {positions / 1e6:.0f} MB")
    before = time.perf_counter()
    verdict = verify(folder)
    print(f"verified {verdict.files} files in {time.perf_counter() - before:.1f} s: {verdict.is_good}")
    ask(folder)
    read = sum(len(read_columns(path)["GLOBAL_POSITION_INT"]) for path in segments[:1])
    before = time.perf_counter()
    read = sum(len(read_columns(path)["GLOBAL_POSITION_INT"]) for path in segments)
    print(f"reading all recordings with telemetry.columns: {time.perf_counter() - before:.2f} s, {read} rows")
    peer(segments[0], total)


def ask(folder: Path) -> None:
    """The questions."""
    noon_s = BEGAN_S + 12 * 3600
    box = (4.99, 52.02, 5.0, 52.03)
    timed("open, and one aircraft's day", lambda: len(Archive(folder).positions(systems=[7])))
    opened = Archive(folder)
    timed("one aircraft's day", lambda: len(opened.positions(systems=[7])))
    timed("all aircraft, one hour", lambda: len(opened.positions(since=noon_s, until=noon_s + 3600)))
    timed("who was in a box of 680 m by 1.1 km, all day", lambda: len(opened.positions(box=box)))
    timed("all positions of the day, all columns", lambda: len(opened.positions()))
    timed(
        "SQL, opened anew: highest and count for each aircraft",
        lambda: len(
            Archive(folder).sql("select system, max(height_amsl_m), count(*) from positions group by all")
        ),
    )
    timed("SQL: one aircraft's day", lambda: len(opened.sql("select * from positions where system = 7")))
    near = (
        "select system, min(time), max(time) from positions where lon_deg between 4.99 and 5.0 "
        "and lat_deg between 52.02 and 52.03 group by system"
    )
    timed("SQL: which aircraft were in the box, from when to when", lambda: len(opened.sql(near)))


def peer(segment: Path, total: int) -> None:
    """pymavlink over one recording, scaled to all."""
    before = time.perf_counter()
    log, rows = mavutil.mavlink_connection(str(segment)), 0
    while log.recv_match(type="GLOBAL_POSITION_INT") is not None:
        rows += 1
    share = segment.stat().st_size / total
    took_s = time.perf_counter() - before
    print(
        f"pymavlink: {took_s:.1f} s for {rows} rows, {share:.1%} of the bytes: {took_s / share:.0f} s for all"
    )


if __name__ == "__main__":
    main()
