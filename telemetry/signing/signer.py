"""Signing what is sent."""

from __future__ import annotations

from collections.abc import Mapping

from fastcrc.crc16 import mcrf4xx

from telemetry.clock import Clock
from telemetry.frames import CHECK_BYTES, MAGIC_V2, SIGNED, Frame
from telemetry.messages import target_of
from telemetry.signing.checking import signature, signing_time
from telemetry.signing.times import StreamTimes


class Signer:
    """Signs frames with the key of the vehicle they are for.

    Time stamps rise with every frame, across restarts too. A frame for nobody in particular is signed where
    all vehicles share one key; else it stays as it is.
    """

    def __init__(
        self, keys: Mapping[int, bytes], times: StreamTimes, clock: Clock, *, link_id: int = 0
    ) -> None:
        self._keys = dict(keys)
        shared = set(self._keys.values())
        self._shared = shared.pop() if len(shared) == 1 else None
        self._times = times
        self._clock = clock
        self._link_id = link_id

    def sign(self, frame: Frame) -> bytes:
        """The same frame, signed; MAVLink 1 and unknown types cannot be, and stay as they are."""
        raw = frame.raw
        key = self._key_for(frame)
        if key is None or raw[0] != MAGIC_V2 or frame.signed or frame.layout is None:
            return raw
        stream = (frame.system, frame.component, self._link_id)
        with self._times.lock:
            time = max(signing_time(self._clock.now_s()), (self._times.last(stream) or 0) + 1)
            self._times.use(stream, time)
        body = raw[1:2] + bytes((raw[2] | SIGNED,)) + raw[3:-CHECK_BYTES]
        check = mcrf4xx(body + frame.layout.seed).to_bytes(CHECK_BYTES, "little")
        tail = bytes((self._link_id,)) + time.to_bytes(6, "little")
        signed = raw[:1] + body + check + tail
        return signed + signature(key, signed)

    def _key_for(self, frame: Frame) -> bytes | None:
        return self._keys.get(target_of(frame)) or self._shared
