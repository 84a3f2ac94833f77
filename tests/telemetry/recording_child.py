"""A process that records what it hears and says what is safe: run it, kill it, see whether it told the truth.

    python -m tests.telemetry.recording_child PORT FOLDER

It prints `ready` at the first frame, then each watermark: how many frames are safe, and the CRC-32 of all of
them with their times, by a listener of its own that knows nothing of the recorder.
"""

from __future__ import annotations

import sys
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path

from telemetry.clock import SystemClock
from telemetry.frames import Frame
from telemetry.hub import Hub
from telemetry.links import open_link
from telemetry.reader import LinkReader
from telemetry.recorder import Recorder, Watermark


class Witness:
    """Sums up every frame that it hears; `sums[n]` is of the first n."""

    def __init__(self) -> None:
        self.sums = [0]

    def __call__(self, frames: Sequence[Frame]) -> None:
        if frames and len(self.sums) == 1:
            print("ready", flush=True)  # noqa: T201
        for frame in frames:
            self.sums.append(zlib.crc32(frame.time_us.to_bytes(8, "big") + frame.raw, self.sums[-1]))

    def tell(self, mark: Watermark) -> None:
        print(mark.frames, self.sums[mark.frames], mark.dropped, flush=True)  # noqa: T201


def main(port: int, folder: Path) -> None:
    clock = SystemClock()
    hub, witness = Hub(clock), Witness()
    with Recorder(folder, clock, segment_bytes=1_000_000, sync_s=0.05) as recorder:
        recorder.subscribe(witness.tell)
        hub.subscribe(witness)
        hub.subscribe(recorder)
        with LinkReader(open_link(f"udp:127.0.0.1:{port}", clock), hub):
            threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
