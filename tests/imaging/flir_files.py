"""FLIR files as a camera writes them, from counts that are known."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from imaging.thermal.planck import Radiometry

RAMP = (np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 3 + 15000).astype(np.uint16)
LENS = Radiometry(
    emissivity=0.95,
    distance_m=10.0,
    reflected_k=290.0,
    air_k=285.0,
    window_k=288.0,
    window_transmission=0.9,
    humidity=0.6,
    planck_r1=17837.5,
    planck_b=1450.4,
    planck_f=1.0,
    planck_o=-1143.0,
    planck_r2=0.0123,
    alpha1=0.006569,
    alpha2=0.01262,
    beta1=-0.002276,
    beta2=-0.00667,
    x=1.9,
)


def fff(counts: np.ndarray, *, order: str = "<", png: str = "") -> bytes:
    """A FLIR file as a camera writes it: head, index, picture and camera record."""
    height, width = counts.shape
    head = struct.pack(order + "HHH", 2, width, height).ljust(32, b"\0")
    body = counts.astype(order + "u2").tobytes()
    if png:
        stored = counts.byteswap() if png == "swapped" else counts
        body = cv2.imencode(".png", stored)[1].tobytes()
    camera = bytearray(0x400)
    struct.pack_into(order + "H", camera, 0, 2)
    for at, value in (
        (0x20, LENS.emissivity),
        (0x24, LENS.distance_m),
        (0x28, LENS.reflected_k),
        (0x2C, LENS.air_k),
        (0x30, LENS.window_k),
        (0x34, LENS.window_transmission),
        (0x3C, LENS.humidity),
        (0x58, LENS.planck_r1),
        (0x5C, LENS.planck_b),
        (0x60, LENS.planck_f),
        (0x70, LENS.alpha1),
        (0x74, LENS.alpha2),
        (0x78, LENS.beta1),
        (0x7C, LENS.beta2),
        (0x80, LENS.x),
        (0x1B4, 45.0),
        (0x30C, LENS.planck_r2),
    ):
        struct.pack_into(order + "f", camera, at, value)
    struct.pack_into(order + "i", camera, 0x308, round(LENS.planck_o))
    struct.pack_into(order + "II", camera, 0x384, 1_700_000_000, 250)
    picture = head + body
    start = 64 + 2 * 32
    index = b"".join(
        struct.pack(">HHIIII", kind, 1, 1, 1, at, length).ljust(32, b"\0")
        for kind, at, length in ((1, start, len(picture)), (32, start + len(picture), len(camera)))
    )
    front = b"FFF\0".ljust(20, b"\0") + struct.pack(">III", 100, 64, 2)
    return front.ljust(64, b"\0") + index + picture + bytes(camera)
