"""Clips made for tests: moving pictures, their containers, data streams and subtitles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from imaging.thermal.klv import ITEMS, UNIVERSAL_KEY, checksum

TICKS = 90_000


def moving(count: int, height: int = 128, width: int = 160, seed: int = 1) -> list[np.ndarray]:
    """Grey pictures of one smooth scene, each a few pixels further."""
    rng = np.random.default_rng(seed)
    scene = cv2.GaussianBlur(rng.uniform(0, 255, (height + 2 * count, width + 3 * count)), (0, 0), 3.0)
    scene = np.clip(128 + 12 * (scene - scene.mean()), 16, 235).astype(np.uint8)
    return [np.ascontiguousarray(scene[2 * n : 2 * n + height, 3 * n : 3 * n + width]) for n in range(count)]


def write_clip(
    path: Path,
    pictures: Sequence[np.ndarray],
    *,
    times_s: Sequence[float] | None = None,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    sets: Mapping[int, bytes] | None = None,
    cues: Mapping[int, str] | None = None,
    created: str = "",
    group: int = 12,
) -> Path:
    """A clip of grey (h, w), colour (h, w, 3) or 16-bit pictures, at 25 a second or at `times_s`.

    `sets` are packets of a KLV stream and `cues` texts of a subtitle stream, by the picture that they are of.
    """
    times_s = [n / 25 for n in range(len(pictures))] if times_s is None else times_s
    with av.open(str(path), "w") as container:
        if created:
            container.metadata["creation_time"] = created
        video = container.add_stream(
            codec,
            rate=25,
            options={"g": str(group)} | ({"x265-params": "log-level=none"} if codec == "libx265" else {}),
        )
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = pix_fmt
        video.codec_context.time_base = Fraction(1, TICKS if codec != "mpeg2video" else 25)
        data = container.add_data_stream("klv") if sets else None
        texts = container.add_mux_stream("mov_text" if path.suffix == ".mp4" else "subrip") if cues else None
        for n, (picture, time_s) in enumerate(zip(pictures, times_s, strict=True)):
            kind = "rgb24" if picture.ndim == 3 else "gray16le" if picture.dtype == np.uint16 else "gray"
            frame = av.VideoFrame.from_ndarray(picture, format=kind).reformat(format=pix_fmt)
            frame.pts, frame.time_base = round(time_s * TICKS), Fraction(1, TICKS)
            container.mux(video.encode(frame))
            if data is not None and sets and n in sets:
                packet = av.Packet(sets[n])
                packet.stream, packet.time_base = data, Fraction(1, TICKS)
                packet.pts = packet.dts = round(time_s * TICKS)
                container.mux(packet)
            if texts is not None and cues and n in cues:
                body = cues[n].encode()
                packet = av.Packet(len(body).to_bytes(2, "big") + body if path.suffix == ".mp4" else body)
                packet.stream, packet.time_base = texts, Fraction(1, TICKS)
                packet.pts = packet.dts = round(time_s * TICKS)
                packet.duration = TICKS // 30
                container.mux(packet)
        container.mux(video.encode())
    return path


def local_set(time_s: float, values: Mapping[int, float], *, raw: Mapping[int, bytes] | None = None) -> bytes:
    """A set of ST 0601: its time, values by tag, and `raw` items as they are; its checksum is right."""
    items = bytes([2, 8]) + round(time_s * 1e6).to_bytes(8, "big")
    for tag, body in {**{tag: ITEMS[tag].raw(value) for tag, value in values.items()}, **(raw or {})}.items():
        items += bytes([tag, len(body)]) + body
    length = len(items) + 4
    head = bytes([length]) if length < 128 else bytes([0x82]) + length.to_bytes(2, "big")
    start = UNIVERSAL_KEY + head + items + bytes([1, 2])
    return start + checksum(start)


def m3t_subtitles(
    rows: Sequence[tuple[float, str, float, float, float, float, tuple[float, float, float]]],
) -> str:
    """As a Mavic 3T writes them: media time, local time, lat, lon, relative, amsl, (yaw, pitch, roll)."""
    cues = []
    for n, (media_s, stamp, lat, lon, relative, amsl, (yaw, pitch, roll)) in enumerate(rows, 1):
        cues.append(
            f"{n}\n{clock(media_s)} --> {clock(media_s + 0.033)}\n"
            f'<font size="28">FrameCnt: {n}, DiffTime: 33ms\n{stamp}\n'
            f"[focal_len: 40.00] [dzoom_ratio: 1.00], [latitude: {lat:.6f}] [longitude: {lon:.6f}] "
            f"[rel_alt: {relative:.3f} abs_alt: {amsl:.3f}] "
            f"[gb_yaw: {yaw:.1f} gb_pitch: {pitch:.1f} gb_roll: {roll:.1f}] </font>\n"
        )
    return "\n".join(cues)


def clock(seconds: float) -> str:
    """A SubRip time."""
    whole = math.floor(seconds)
    return (
        f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d},{round((seconds - whole) * 1000):03d}"
    )
