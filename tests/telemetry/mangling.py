"""What a bad network makes of good frames, and what has never been one: seeded, datagram by datagram."""

from __future__ import annotations

import random
from collections.abc import Iterator

from fastcrc.crc16 import mcrf4xx

from sitl.swarm import CYCLE, cycle_of
from telemetry.columns.tables import KINDS
from telemetry.messages import Encoder, pack

LOST, DOUBLED, LATE, TURNED, NONSENSE, ANYTHING = 0.2, 0.05, 0.05, 0.05, 0.1, 0.3


def mangled(seed: int, count: int, vehicles: int = 8) -> Iterator[bytes]:
    """`count` datagrams: vehicles that fly, of which a fifth is lost, some doubled, some late, some damaged.

    Among them are frames of every message type with any bytes in them, and datagrams without a frame.
    """
    rng = random.Random(seed)
    cycles = [cycle_of(1 + who) for who in range(vehicles)]
    encoders = [Encoder(rng.choice((0, 1, 2, 51, 255)), rng.randrange(256)) for _ in range(12)]
    late: list[bytes] = []
    number = given = 0
    while given < count:
        chance = rng.random()
        if late and rng.random() < 0.05:
            datagram = late.pop(rng.randrange(len(late)))
        elif chance < NONSENSE:
            datagram = _nonsense(rng)
        elif chance < NONSENSE + ANYTHING:
            datagram = _anything(rng, rng.choice(encoders))
        else:
            datagram = cycles[number % vehicles][number // vehicles % CYCLE]
            number += 1
            if rng.random() < LOST:
                continue
        if rng.random() < LATE:
            late.append(datagram)
            continue
        if rng.random() < TURNED:
            datagram = _turned(rng, datagram)
        for _ in range(1 + (rng.random() < DOUBLED)):
            given += 1
            yield datagram


def _anything(rng: random.Random, encoder: Encoder) -> bytes:
    """A true frame of any type, its payload of any bytes: numbers that are none, texts that are none."""
    layout = rng.choice(KINDS)
    raw = encoder.encode(layout.name)
    payload = (
        rng.randbytes(rng.randrange(1, layout.packer.size + 1)) if rng.random() < 0.8 else pack(layout, {})
    )
    body = bytes((len(payload),)) + raw[2:10] + payload
    return raw[:1] + body + mcrf4xx(layout.seed, mcrf4xx(body)).to_bytes(2, "little")


def _nonsense(rng: random.Random) -> bytes:
    size = rng.choice((0, 1, 2, 8, 12, 40, 280, 1500))
    kind = rng.randrange(3)
    if kind == 0:
        return rng.randbytes(size)
    if kind == 1:
        return bytes(rng.choices(b"\xfd\xfe\x00\xff", k=size))
    return rng.choice((b"\xfd", b"\xfe")) + rng.randbytes(size)


def _turned(rng: random.Random, datagram: bytes) -> bytes:
    if not datagram:
        return datagram
    data = bytearray(datagram)
    at = rng.randrange(len(data))
    what = rng.randrange(3)
    if what == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif what == 1:
        del data[at:]
    else:
        data[at:at] = rng.randbytes(rng.randrange(1, 9))
    return bytes(data)
