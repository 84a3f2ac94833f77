"""Memory and time of a live stream that lasts for hours: what LiveHeat and the keeping of its finds hold.

    python -m tests.bench.bench_live_hours HOURS

An aircraft flies on at 8 m/s; a frame a second shows ten new things. No picture is searched: what is
found is handed in, so that hours pass in minutes. A line each half hour:
resident memory, things that may be seen again, finds kept, bytes of sightings, seconds of processor so far.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.live import LiveHeat
from imaging.thermal.options import HeatOptions
from imaging.thermal.placing.spot import Spot
from imaging.thermal.sightings import sightings_path
from missions.geodesy import GeoPoint, LocalFrame
from ops.live_heat_keeping import thumbnails_of
from ops.live_heat_kept import Kept
from tests.imaging.heat_flights import CAMERA
from tests.imaging.test_finds import example

RATE_HZ, SPEED_M_S = 1, 8.0
BEGIN_S = 1_780_300_800.0
FRAME = LocalFrame(GeoPoint(52.1, 5.2))
LOOP_M = 20_000.0


class Strewn:
    """A detector that finds ten things at random."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(1)
        self._spot = example(1).finds[0].clearest.spot

    def __call__(self, frame: ThermalFrame, gsd_m: float | None) -> list[Spot]:
        rng = self._rng
        places = rng.uniform((30, 30), (610, 480), (10, 2)).tolist()
        return [
            replace(self._spot, col=c, row=r, box=(int(c) - 3, int(r) - 8, 7, 17), score=float(rng.random()))
            for c, r in places
        ]


def frames(seconds: float) -> Iterator[ThermalFrame]:
    """Grey frames that tell their own pose, along a loop of 20 km."""
    values = np.full((512, 640), 20.0, np.float32)
    for n in range(round(seconds * RATE_HZ)):
        along_m = n / RATE_HZ * SPEED_M_S % LOOP_M
        lon, lat = FRAME.geo_from_local([[along_m, 0.0]])[0]
        exposure = Exposure(
            time_s=BEGIN_S + n / RATE_HZ, place=GeoPoint(float(lat), float(lon)), height_relative_m=60.0,
            yaw_deg=90.0, gimbal_pitch_deg=-90.0,
        )  # fmt: skip
        yield ThermalFrame(Path(f"f{n}"), values, "grey", exposure, f"{n:064x}")


def resident_mb() -> float:
    """Of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def held(hours: float, folder: Path) -> list[float]:
    """Fly, and say what it takes; gives the megabytes of each half hour."""
    resident = []
    live = LiveHeat(lambda: None, CAMERA, HeatOptions(detector=Strewn()))
    document = folder / "live-1-20260601T100000Z.geojson"
    thumbnails_of(document).mkdir()
    kept = Kept(document, {"vehicle": 1, "address": "none", "camera": ""})
    for n, frame in enumerate(frames(hours * 3600), 1):
        for find in live.add(frame):
            kept.take(find)
        if n % (3 * RATE_HZ) == 0:
            kept.forget_all_but(live.names)
        if n % (1800 * RATE_HZ) == 0:
            begun_s = time.process_time()
            kept.page().write(())
            wrote_s = time.process_time() - begun_s
            resident.append(resident_mb())
            print(
                f"{n / RATE_HZ / 3600:.1f} h: {resident[-1]:.0f} MB, {len(live.names)} things, "
                f"{len(kept.finds)} finds, "
                f"{sightings_path(document).stat().st_size / 1e6:.0f} MB of sightings, "
                f"document {document.stat().st_size / 1e6:.0f} MB written in {wrote_s:.1f} s, "
                f"{time.process_time():.0f} s of processor",
                flush=True,
            )
    kept.close()
    return resident


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        held(float(sys.argv[1]), Path(made))
