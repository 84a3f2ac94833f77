"""From a clip to finds: frames of 640x512 a second by detector; the clip tells its pose, the ground is level.

    python -m tests.bench.bench_heat_speed [--frames 200]

The clock counts from the first byte read to the finds, joined and settled, with all cores; the asked 25 a
second is on two. Frames as in `bench_thermal_video`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import get_args

from imaging.heat import HeatOptions, heat
from imaging.thermal.detector import DetectorName, detector_called
from imaging.thermal.reading import VideoOptions
from missions import catalogue
from tests.bench.bench_thermal_video import POSE, pictures
from tests.imaging.clips import local_set, write_clip


def main() -> None:
    """Print a line a detector."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=200)
    asked = parser.parse_args()
    camera = catalogue.camera("demo-thermal")
    sets = {n: local_set(1.7e9 + n / 25, POSE) for n in range(asked.frames)}
    with tempfile.TemporaryDirectory() as name:
        clip = write_clip(Path(name) / "clip.ts", pictures(asked.frames), sets=sets)
        for detector in get_args(DetectorName):
            options = HeatOptions(detector=detector_called(detector), video=VideoOptions(every_s=0.0))
            heat(clip, None, camera=camera, options=options)
            began_s, spent_s = time.perf_counter(), time.process_time()
            found = heat(clip, None, camera=camera, options=options)
            taken_s, spent_s = time.perf_counter() - began_s, time.process_time() - spent_s
            frames, spots = len(found.frames), sum(len(frame.spots) for frame in found.frames)
            print(
                f"{detector:9} {frames / taken_s:5.1f} frames a second, {1000 * spent_s / frames:5.1f} ms of "
                f"processor each; {spots} spots, {len(found.finds)} finds"
            )


if __name__ == "__main__":
    main()
