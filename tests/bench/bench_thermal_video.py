"""What reading a clip costs: processor milliseconds a frame of 640x512, and memory over a long clip.

    OMP_NUM_THREADS=1 python -m tests.bench.bench_thermal_video

Frames are pieces of HIT-UAV pictures, shifted a few pixels each; rendered noise where that folder is absent.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from imaging.thermal.frame import ThermalFrame
from imaging.thermal.palettes import CURVES
from imaging.thermal.reading import VideoOptions
from imaging.thermal.video import ClipFrames
from tests.conftest import shared_folder
from tests.imaging.clips import local_set, m3t_subtitles, moving, write_clip

FRAMES = 200
POSE = {
    5: 90.0,
    6: 2.0,
    7: 1.0,
    13: 52.0,
    14: 4.0,
    15: 100.0,
    16: 36.0,
    18: 10.0,
    19: -60.0,
    20: 0.0,
    25: 20.0,
}


def pictures(count: int) -> list[np.ndarray]:
    """Real thermal pictures that move."""
    folder = shared_folder() / "thermal" / "hituav" / "images"
    paths = sorted(folder.glob("*.jpg"))[:8:2] if folder.is_dir() else []
    if not paths:
        return moving(count, 512, 640)
    four = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    wide = np.vstack([np.hstack(four[:2]), np.hstack(four[2:])])
    steps = [min(n, 2 * 255 - n) if n < 510 else n % 255 for n in range(count)]
    return [np.ascontiguousarray(wide[2 * s : 2 * s + 512, 2 * s : 2 * s + 640]) for s in steps]


def cost_ms(path: Path, every_s: float = 0.0) -> tuple[float, int]:
    """Processor milliseconds a frame of the clip, and how many frames were handed on."""
    began = time.process_time()
    handed = sum(isinstance(item, ThermalFrame) for item in ClipFrames(path, VideoOptions(every_s=every_s)))
    return (time.process_time() - began) * 1e3 / FRAMES, handed


def main() -> None:
    """Print the table."""
    grey = pictures(FRAMES)
    curve = np.array(CURVES["iron"], float)
    table = np.stack(
        [np.interp(np.linspace(0, len(curve) - 1, 256), np.arange(len(curve)), c) for c in curve.T], -1
    )
    colour = [table.astype(np.uint8)[picture] for picture in grey]
    sets = {n: local_set(1.7e9 + n / 25, POSE) for n in range(FRAMES)}
    rows = [
        (n / 25, "2026-05-01 12:00:00.000", 52.0, 4.0, 60.0, 100.0, (n % 90.0, -60.0, 0.0))
        for n in range(FRAMES)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds: dict[str, Callable[[], Path]] = {
            "H.264": lambda: write_clip(folder / "a.mp4", grey),
            "H.264, data stream each frame": lambda: write_clip(folder / "b.ts", grey, sets=sets),
            "H.264, iron": lambda: write_clip(folder / "d.mp4", colour),
            "H.265": lambda: write_clip(folder / "e.mp4", grey, codec="libx265"),
            "FFV1, 16 bits": lambda: write_clip(
                folder / "f.mkv", [g.astype(np.uint16) * 200 for g in grey], codec="ffv1", pix_fmt="gray16le"
            ),
        }
        for kind, made in kinds.items():
            path = made()
            cost_ms(path)
            print(f"{kind:34} {cost_ms(path)[0]:6.2f} ms a frame, {cost_ms(path, 0.2)[0]:6.2f} at 5 a second")
        path = write_clip(folder / "c.mp4", grey)
        (folder / "c.srt").write_text(m3t_subtitles(rows))
        every, few = cost_ms(path)[0], cost_ms(path, 0.2)[0]
        print(f"{'H.264, subtitles':34} {every:6.2f} ms a frame, {few:6.2f} at 5 a second")


def memory() -> None:
    """Print how much reading a long clip adds to what the process holds."""
    few = pictures(50)
    with tempfile.TemporaryDirectory() as name:
        short = write_clip(Path(name) / "short.mp4", few)
        long = write_clip(Path(name) / "long.mp4", [few[n % 50] for n in range(6000)])
        for path in (short, long):
            read = sum(1 for _ in ClipFrames(path, VideoOptions(every_s=0.0)))
            held_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"at most {held_mb:.0f} MB held after {read} frames")


if __name__ == "__main__":
    memory()
    main()
