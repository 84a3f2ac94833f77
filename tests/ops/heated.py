"""A thermal camera over somebody on a meadow, its stream in real time, and the aircraft that carries it."""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import av
import numpy as np
from websockets.asyncio.client import connect

from sitl.world import World
from telemetry.frames import FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder
from telemetry.pose import Pose
from tests.imaging.clips import TICKS, local_set
from tests.imaging.heat_flights import CAMERA, Flight, Place, Rendered, Somebody, Studio
from tests.waiting import beside

RATE_HZ = 5
"""Of pictures that differ; a camera sends more."""
VIDEO_HZ = 25
LONGEST_S = 60.0
"""For a busy machine to start a process and to open a stream in."""
COLDEST_C, WARMEST_C = 0.0, 40.0
TELEMETRY_HZ = 10


@dataclass(frozen=True)
class Meadow:
    """A flight over one person, rendered once, then flown to and fro for as long as it is asked for."""

    flight: Flight
    rendered: Rendered
    at: Place

    @property
    def count(self) -> int:
        """Of frames on one way."""
        return len(self.rendered.frames)

    def number(self, shown: int) -> int:
        """Which frame is shown as the `shown`th: forth, and back the same way."""
        turn = shown % (2 * self.count - 2)
        return turn if turn < self.count else 2 * self.count - 2 - turn

    def pose(self, passed_s: float) -> Pose:
        """Where the aircraft is so long after the begin."""
        turn = passed_s * RATE_HZ % (2 * self.count - 2)
        along = turn if turn < self.count - 1 else 2 * self.count - 2 - turn
        return self.flight.pose(along / RATE_HZ)

    def picture(self, shown: int) -> np.ndarray:
        """White hot, as a camera sends it."""
        values = self.rendered.frames[self.number(shown)].values
        share = (values - COLDEST_C) / (WARMEST_C - COLDEST_C)
        return np.ascontiguousarray(np.clip(255 * share, 0, 255).astype(np.uint8))

    @cached_property
    def film(self) -> list[tuple[bytes, bool]]:
        """One way forth and back as a camera encodes it: a frame's H.264, and whether it begins a group."""
        encoder = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height, encoder.pix_fmt = 640, 512, "yuv420p"
        encoder.time_base, encoder.framerate = Fraction(1, VIDEO_HZ), Fraction(VIDEO_HZ)
        encoder.options = {"g": str(VIDEO_HZ), "tune": "zerolatency", "preset": "veryfast", "crf": "18"}
        packets = []
        for n in range((2 * self.count - 2) * VIDEO_HZ // RATE_HZ):
            picture = self.picture(n * RATE_HZ // VIDEO_HZ)
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, VIDEO_HZ)
            packets += encoder.encode(frame)
        packets += encoder.encode(None)
        return [(bytes(packet), packet.is_keyframe) for packet in packets]

    def off_m(self, lat_deg: float, lon_deg: float) -> float:
        """How far a place is from the person."""
        (east, north), *_ = self.flight.world.frame.local_from_geo([(lon_deg, lat_deg)]).tolist()
        return math.dist((east, north), self.at)


def meadow(seed: int = 3, reach_m: float = 15.0, speed_m_s: float = 5.0, size_m: float = 200.0) -> Meadow:
    """By night, from 60 m, straight down."""
    studio = Studio(World(seed, size_m=size_m, texel_m=0.15))
    flight = Flight(studio.world, lanes_m=(0.0,), reach_m=reach_m, speed_m_s=speed_m_s)
    at = min(studio.open_places(6, np.random.default_rng(4), 8.0), key=lambda place: abs(place[1]))
    rendered = studio.render(flight, [Somebody.still("somebody", at)], 1 / RATE_HZ)
    return Meadow(flight, rendered, at)


@dataclass
class Client:
    """What a browser would have been told: each find as it was last, and how late it came.

    `called_s` is by a find's name how long after the first frame of it its alarm came.
    """

    meadow: Meadow
    finds: dict[str, dict[str, Any]] = field(default_factory=dict)
    late_s: list[float] = field(default_factory=list)
    heat: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    called_s: dict[str, float] = field(default_factory=dict)
    _first_s: dict[str, float] = field(default_factory=dict)

    @property
    def his(self) -> dict[str, Any] | None:
        """The find that is the person, once it was seen often enough to be told from a flicker."""
        near = [f for f in self.finds.values() if self.meadow.off_m(f["lat_deg"], f["lon_deg"]) < 3]
        return next((f for f in near if f["properties"]["sighting_count"] >= 10), None)

    def watch(self, address: str, until: Callable[[], object]) -> None:
        """Listen until then."""
        asyncio.run(asyncio.wait_for(self._watch(address, until), LONGEST_S))

    async def _watch(self, address: str, until: Callable[[], object]) -> None:
        async with connect(f"{address.replace('http', 'ws')}api/live?hz=10", max_size=None) as client:
            while not until():
                message = json.loads(await client.recv())
                for find in message["finds"]:
                    if message["type"] == "delta":
                        self.late_s.append(time.time() - find["seen_s"])
                    self.finds[find["id"]] = find
                    self._first_s.setdefault(find["name"], find["seen_s"])
                self.heat = message["heat"] or self.heat
                if message["alarms"]:
                    self.alarms = message["alarms"]["active"]
                    for alarm in self.alarms:
                        if alarm["rule"] == "find":
                            late_s = time.time() - self._first_s[alarm["subject"]]
                            self.called_s.setdefault(alarm["subject"], late_s)


@dataclass
class Camera:
    """Sends MPEG-TS to an address, in real time, while `filming`; with its own poses as KLV where asked for.

    `sent_s` holds when each frame was sent, seconds since 1970, by its place in the stream.
    """

    meadow: Meadow
    address: str
    klv: bool = False
    sent_s: list[float] = field(default_factory=list)
    begun_s: float = 0.0

    @contextmanager
    def filming(self, begun_s: float | None = None) -> Iterator[None]:
        """Film from now on, or as if it had begun to fly then."""
        self.begun_s = time.time() if begun_s is None else begun_s
        with beside(self._send):
            yield

    def _send(self, stop: threading.Event) -> None:
        film = self.meadow.film
        first = max(0, math.ceil((time.time() - self.begun_s) * VIDEO_HZ))
        with av.open(self.address, "w", format="mpegts") as out, suppress(av.error.FFmpegError):
            video = out.add_stream("libx264", rate=VIDEO_HZ)
            video.height, video.width, video.pix_fmt = 512, 640, "yuv420p"
            data = out.add_data_stream("klv") if self.klv else None
            for n in range(10_000):
                due_s = self.begun_s + (first + n) / VIDEO_HZ
                if stop.wait(max(0.0, due_s - time.time())):
                    return
                shown = (first + n) * RATE_HZ // VIDEO_HZ
                if data is not None:
                    packet = av.Packet(local_set(due_s, klv_of(self.meadow.pose(shown / RATE_HZ))))
                    packet.stream, packet.time_base = data, Fraction(1, TICKS)
                    packet.pts = packet.dts = round(n / VIDEO_HZ * TICKS)
                    out.mux(packet)
                self.sent_s.append(due_s)
                h264, key = film[(first + n) % len(film)]
                packet = av.Packet(h264)
                packet.stream, packet.time_base, packet.is_keyframe = video, Fraction(1, TICKS), key
                packet.pts = packet.dts = round(n / VIDEO_HZ * TICKS)
                out.mux(packet)


def klv_of(pose: Pose) -> dict[int, float]:
    """A pose as ST 0601 has it: the platform level, the sensor's angles from its axes."""
    return {
        5: pose.yaw_deg, 6: 0.0, 7: 0.0,
        13: pose.place.lat_deg, 14: pose.place.lon_deg, 15: pose.height_amsl_m,
        16: CAMERA.fov_deg[0], 18: 0.0, 19: pose.gimbal_pitch_deg or 0.0, 20: 0.0,
        25: pose.height_amsl_m - pose.height_relative_m,
    }  # fmt: skip


class Copter:
    """The aircraft, which tells a hub where it is ten times a second while `flying`."""

    def __init__(self, hub: Hub, meadow: Meadow, system: int = 1) -> None:
        self._hub, self._meadow = hub, meadow
        self._encoder, self._reader = Encoder(system, 1), FrameReader()

    @contextmanager
    def flying(self, begun_s: float) -> Iterator[None]:
        """Fly from `begun_s` on, which may have been."""

        def fly(stop: threading.Event) -> None:
            beats = 0
            while not stop.wait(1 / TELEMETRY_HZ):
                if beats % TELEMETRY_HZ == 0:
                    self._say("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3, system_status=4)
                beats += 1
                self.tell(self._meadow.pose(time.time() - begun_s), time.time() - begun_s)

        with beside(fly):
            yield

    def tell(self, pose: Pose, boot_s: float) -> None:
        """Say where it is, how it lies and where its camera looks."""
        boot_ms = round(boot_s * 1000)
        self._say(
            "GLOBAL_POSITION_INT", time_boot_ms=boot_ms,
            lat=round(pose.place.lat_deg * 1e7), lon=round(pose.place.lon_deg * 1e7),
            alt=round(pose.height_amsl_m * 1000), relative_alt=round(pose.height_relative_m * 1000),
            hdg=round(pose.yaw_deg * 100) % 36000,
        )  # fmt: skip
        self._say("ATTITUDE", time_boot_ms=boot_ms, roll=0.0, pitch=0.0, yaw=math.radians(pose.yaw_deg))
        self._say("MOUNT_ORIENTATION", time_boot_ms=boot_ms, roll=0.0, pitch=pose.gimbal_pitch_deg or 0.0,
                  yaw=0.0, yaw_absolute=pose.yaw_deg)  # fmt: skip

    def _say(self, name: str, **fields: Any) -> None:
        frames = self._reader.feed(self._encoder.encode(name, **fields), int(self._hub.clock.now_s() * 1e6))
        self._hub.publish(list(frames), "udp:127.0.0.1:14550")
