"""How late a find is told: from a thermal frame that a camera sends to the message that a browser gets.

    python -m tests.bench.bench_live_heat [SECONDS]

A camera sends H.264 in MPEG-TS over UDP, 25 frames a second, of which five are searched; once with its poses
as KLV, once placed by the aircraft's telemetry. A client at 10 Hz notes of each find that it is told how
long ago the frame was sent that shows it last.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ops.api.server import serving
from ops.config import Settings
from ops.live_heat_specs import heat_specs
from ops.operations import Operation
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from tests.ops.heated import Camera, Client, Copter, Meadow, meadow
from tests.ports import free_udp_port


def told(scene: Meadow, folder: Path, seconds: float, *, klv: bool) -> str:
    """What was measured with one stream."""
    Operation.create(folder, "Bench", "exercise")
    hub, port, client = Hub(SystemClock()), free_udp_port(), Client(scene)
    camera = Camera(scene, f"udp://127.0.0.1:{port}?pkt_size=1316", klv)
    specs = heat_specs([f"1{'' if klv else ':demo-thermal'}=udp://127.0.0.1:{port}"])
    with (
        serving(Settings(port=0), operation_folder=folder, hub=hub, heat=specs) as address,
        camera.filming(),
        Copter(hub, scene).flying(camera.begun_s),
    ):
        client.watch(address, lambda: client.late_s)
        client.late_s.clear()
        end_s = time.time() + seconds
        client.watch(address, lambda: time.time() > end_s)
    spent_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    late_s, heat = np.array(client.late_s), client.heat[0]
    called_s = np.array(list(client.called_s.values()) or [np.nan])
    return (
        f"{'KLV' if klv else 'telemetry':9} {len(late_s):5} told, median {np.median(late_s):.2f} s, "
        f"95 % within {np.percentile(late_s, 95):.2f} s, worst {late_s.max():.2f} s; "
        f"alarms {np.median(called_s):.2f} s after the first frame, at most {called_s.max():.2f} s; "
        f"{heat['searched']} frames searched, {heat['dropped']} dropped, {spent_s:.0f} s of processor so far"
    )


def main(seconds: float) -> None:
    """Measure both."""
    scene = meadow()
    assert scene.film
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        for klv in (True, False):
            print(told(scene, Path(folder) / f"{klv}", seconds, klv=klv))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
