"""How late a find is told: from a thermal frame that a camera sends to the message that a browser gets.

    python -m tests.bench.bench_live_heat [SECONDS]

A camera sends H.264 in MPEG-TS over UDP, 25 frames a second, of which five are searched; once with its poses
as KLV, once placed by the aircraft's telemetry, and once more with a search map that goes on beside it. A
client at 10 Hz notes of each find that it is told how long ago the frame was sent that shows it last.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np

from missions.search.grid import SearchGrid
from missions.search.hypotheses import Hypothesis, Mixture
from missions.search.map_file import write_map
from missions.search.probability import ProbabilityMap
from missions.search.search_map import SearchMap
from ops.api.server import serving
from ops.config import Settings
from ops.live_heat_specs import heat_specs
from ops.operations import Operation
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from tests.ops.heated import Camera, Client, Copter, Meadow, meadow
from tests.ports import free_udp_port


def with_map(scene: Meadow, operation: Operation) -> None:
    """A map of 3 x 3 km over the meadow enters the operation."""
    grid = SearchGrid(scene.flight.world.frame, -1500.0, 1500.0, 20.0, 150, 150)
    chances = ProbabilityMap(grid, np.full(grid.shape, 0.9 / (150 * 150)), 0.1)
    search = SearchMap("Meadow", "2026-06-01T10:00:00Z", Mixture.of(Hypothesis("anywhere", 1.0, chances)))
    path = operation.free_path("search", "meadow.json")
    path.parent.mkdir(exist_ok=True)
    for each in write_map(search, path):
        operation.add_file(each, "search")


def counted(address: str) -> str:
    """What was counted of the map that goes on, if one does."""
    with urllib.request.urlopen(f"{address}api/searches", timeout=30) as answer:
        live = [each["live"] for each in json.loads(answer.read()) if each["live"]]
    return "".join(
        f"; {each['frames']} frames counted, {each['problem'] or 'POS'} {each['pos']:.4f}" for each in live
    )


def told(scene: Meadow, folder: Path, seconds: float, *, klv: bool, searched: bool = False) -> str:
    """What was measured with one stream."""
    operation = Operation.create(folder, "Bench", "exercise")
    if searched:
        with_map(scene, operation)
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
        figures = counted(address)
    spent_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    late_s, heat = np.array(client.late_s), client.heat[0]
    called_s = np.array(list(client.called_s.values()) or [np.nan])
    return (
        f"{'KLV' if klv else 'telemetry':9} {len(late_s):5} told, median {np.median(late_s):.2f} s, "
        f"95 % within {np.percentile(late_s, 95):.2f} s, worst {late_s.max():.2f} s; "
        f"alarms {np.median(called_s):.2f} s after the first frame, at most {called_s.max():.2f} s; "
        f"{heat['searched']} frames searched, {heat['dropped']} dropped, "
        f"{spent_s:.0f} s of processor so far{figures}"
    )


def main(seconds: float) -> None:
    """Measure both."""
    scene = meadow()
    assert scene.film
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        for number, (klv, searched) in enumerate(((True, False), (False, False), (True, True))):
            print(told(scene, Path(folder) / f"{number}", seconds, klv=klv, searched=searched), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
