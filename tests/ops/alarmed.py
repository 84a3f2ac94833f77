"""A copter that gets into trouble, and rules that call at once; those that only call in time are off."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from missions.geodesy import GeoPoint
from telemetry.frames import FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder
from tests.waiting import PATIENCE_S

RULES = """
[missing_data]
enabled = false

[battery_home]
enabled = false

[battery_home_soon]
enabled = false

[separation]
enabled = false

[off_route]
enabled = false

[no_progress]
enabled = false

[battery_low]
on_delay_s = 0.0

[fence_breach]
on_delay_s = 0.0
"""


def place(east: float, north: float) -> GeoPoint:
    """Some metres from the take-off place of the fixture `heath`."""
    return GeoPoint(52.1 + north * 1e-5, 5.8 + east * 1e-5)


def write_rules(folder: Path) -> Path:
    """A team's rules that call without delay."""
    (folder / "rules.toml").write_text(RULES)
    return folder / "rules.toml"


@dataclass
class Copter:
    """Flies in a hub; what it says changes with its fields."""

    hub: Hub
    system: int = 1
    link: str = "udp:127.0.0.1:14550"
    here: GeoPoint = field(default_factory=lambda: place(100, 100))
    battery_pct: int = 76
    encoder: Encoder = field(init=False)
    reader: FrameReader = field(default_factory=FrameReader)

    def __post_init__(self) -> None:
        self.encoder = Encoder(self.system, 1)

    def say(self, name: str, **fields: Any) -> None:
        """Have one message heard."""
        now_us = round(self.hub.clock.now_s() * 1e6)
        self.hub.publish(self.reader.feed(self.encoder.encode(name, **fields), now_us), self.link)

    def stand(self) -> None:
        """As it stands at its take-off place, and says where that is."""
        home = place(0, 0)
        self.say("HEARTBEAT", type=2, autopilot=3, base_mode=89, custom_mode=3, system_status=3)
        self.say(
            "HOME_POSITION",
            latitude=round(home.lat_deg * 1e7),
            longitude=round(home.lon_deg * 1e7),
            altitude=28_000,
        )

    def fly(self) -> None:
        """As it is now, in the air and armed."""
        self.say("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3, system_status=4)
        self.say("EXTENDED_SYS_STATE", landed_state=2)
        self.say(
            "SYS_STATUS", voltage_battery=21_100, current_battery=900, battery_remaining=self.battery_pct
        )
        self.say("GPS_RAW_INT", fix_type=3, satellites_visible=14, eph=80)
        self.say(
            "GLOBAL_POSITION_INT",
            lat=round(self.here.lat_deg * 1e7),
            lon=round(self.here.lon_deg * 1e7),
            alt=90_000,
            relative_alt=62_000,
            vx=0,
            hdg=9_000,
        )


@contextmanager
def flying(*copters: Copter) -> Iterator[None]:
    """They are heard five times a second while the block runs, each a little further every time."""
    stop = threading.Event()

    def fly() -> None:
        step = 0
        while not stop.wait(0.2):
            step += 1
            for each in copters:
                north = each.here.lat_deg + (1e-6 if step % 2 else -1e-6)
                each.here = GeoPoint(north, each.here.lon_deg)
                each.fly()

    thread = threading.Thread(target=fly)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_for(reached: Any, what: str, timeout_s: float = PATIENCE_S) -> Any:
    """Ask until it is true, and give that."""
    deadline_s = time.monotonic() + timeout_s
    while not (found := reached()):
        assert time.monotonic() < deadline_s, f"never: {what}"
        time.sleep(0.05)
    return found
