"""Live finds as a stream's process tells them, without the stream, and a service that shows them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

from imaging.finds import thumbnail
from ops.api.app import create_app
from ops.api.desk import Desk
from ops.api.server import Server, bound_socket
from ops.config import Settings
from ops.live_finds import LiveFind
from ops.live_heat_specs import heat_specs
from telemetry.hub import Hub
from tests.imaging.test_finds import example
from tests.ports import free_udp_port

SOURCE = "finds/live-1-20260601T100000Z.geojson"


def seen(number: int, score: float, *, sightings: int = 3, moves: bool = False, vehicle: int = 1) -> LiveFind:
    """The find of that number, which may be a person, seen a second after the one before."""
    name = f"live-{vehicle}-{number:03d}"
    place = {"lat_deg": 52.1 + 4e-4 * (number % 7), "lon_deg": 5.8 + 6e-4 * (number // 7)}
    properties = {
        "kind": "find", "find": name, "what": "person?", "score": score, "sighting_count": sightings,
        "first_time": f"2026-06-01T10:{number // 60:02d}:{number % 60:02d}.000Z",
        "ellipse95": {"semi_major_m": 6.0, "semi_minor_m": 4.0, "bearing_deg": 30.0},
        "path": [{**place, "time": None}, {**place, "time": None}] if moves else [],
    }  # fmt: skip
    picture = thumbnail(example(1).finds[0])
    text = f"{name}, person?, 95 % within 6 m of 52.100000, 5.800000"
    return LiveFind(
        vehicle, name, SOURCE, place["lat_deg"], place["lon_deg"], properties, text, 1.78e9, picture
    )


@contextmanager
def room(operation: Path, hub: Hub, records: Path | None = None) -> Iterator[tuple[str, Desk]]:
    """A command room with a stream that nobody sends; its address, and the desk to hand finds to.

    In `records` its alarms are kept for the next one.
    """
    specs = heat_specs([f"1=udp://127.0.0.1:{free_udp_port()}"])
    app = create_app(Settings(port=0), operation_folder=operation, hub=hub, heat=specs, records=records)
    listening, told, stopping = bound_socket("127.0.0.1", 0), Queue[str](), threading.Event()
    server = Server(app, told.put, stopping)
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
    thread.start()
    try:
        yield told.get(timeout=30), app.state.desk
    finally:
        stopping.set()
        thread.join()
        listening.close()
