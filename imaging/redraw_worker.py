"""The process that draws a scene anew: `python -m imaging.redraw_worker JOB.json`.

    {"old": FOLDER, "new": FOLDER, "photos": {NAME: PATH}, "control": {...}, "threads": 1}

Progress comes back as one JSON object a line on standard output: {"stage", "share", "left_s"}, where the
share is of the whole and the time left in seconds or null; an error as {"error": …}. When whoever started it
is gone it ends too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from imaging.control.gathering import control_from_json
from imaging.pace import Pace, pace_of
from imaging.redraw import TAKEN_OVER, options_of, redraw
from imaging.worker import obeyed, tell
from missions.errors import InputError
from telemetry.clock import Clock, SystemClock

EACH_S = 0.25


class _Told:
    """Progress as lines, a few a second at most."""

    def __init__(self, pace: Pace, clock: Clock) -> None:
        self._pace, self._clock = pace, clock
        self._name, self._said_s = "", 0.0

    def stage(self, name: str, total: int | None) -> None:
        """Say that it begins."""
        self._pace.stage(name, total)
        self._name = name
        self._say()

    def advance(self, n: int = 1) -> None:
        """Say how far, unless that was said just now."""
        self._pace.advance(n)
        if self._clock.monotonic_s() - self._said_s >= EACH_S:
            self._say()

    def note(self, text: str) -> None:
        """Pass it on."""
        tell(note=text)

    def _say(self) -> None:
        self._said_s = self._clock.monotonic_s()
        left_s = self._pace.left_s
        tell(
            stage=self._name,
            share=round(self._pace.share, 3),
            left_s=None if left_s is None else round(left_s, 1),
        )


def main(job_file: Path) -> None:
    """Draw."""
    job = json.loads(job_file.read_text())
    old, photos = Path(job["old"]), {name: Path(path) for name, path in job["photos"].items()}
    clock = SystemClock()

    def locate(name: str) -> Path:
        if name not in photos:
            raise InputError("a photo of the scene is not there any more", where=name, remedy="Put it back")
        return photos[name]

    redraw(
        old,
        Path(job["new"]),
        locate=locate,
        known=control_from_json(job["control"]),
        threads=job["threads"],
        progress=_Told(pace_of(old, clock, quick=options_of(old).quick, without=TAKEN_OVER), clock),
        clock=clock,
    )


if __name__ == "__main__":
    sys.exit(obeyed(lambda: main(Path(sys.argv[1]))))
