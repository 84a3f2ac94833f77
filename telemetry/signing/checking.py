"""Which frames of a signed link are believed: the signature first, then its time.

A signature is the first 48 bits of SHA-256 over the key and the frame up to and with the time stamp
(mavlink.io/en/guide/message_signing.html). Only a frame whose signature holds may move a stream's time, or
one forged frame with a high time stamp would lock its vehicle out for good.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Collection, Mapping
from enum import Enum

from telemetry.clock import Clock
from telemetry.dialect import BY_NAME
from telemetry.frames import SIGNATURE_BYTES, Frame
from telemetry.signing.times import EPOCH_S, UNITS_A_SECOND, Stream, StreamTimes

ALLOWED_UNSIGNED = frozenset({BY_NAME["RADIO_STATUS"].message_id})
"""What telemetry radios put on a link of their own, without knowing any key."""
HASH_BYTES = 6
_NEW_STREAM_S = 60.0
"""A stream that was never heard may be this much behind the newest time known, no more."""


class Verdict(Enum):
    """What a check of a frame found; only the first two let it in."""

    SIGNED = "signed"
    ALLOWED = "unsigned, of a kind that may be"
    UNSIGNED = "unsigned"
    NO_KEY = "signed by a vehicle whose key is not known"
    WRONG = "the signature does not fit the key"
    REPLAYED = "its time stamp was used before"
    OLD = "a new stream with a time stamp of the past"

    @property
    def believed(self) -> bool:
        """Whether the frame may be used."""
        return self in {Verdict.SIGNED, Verdict.ALLOWED}


def signature(key: bytes, signed: bytes) -> bytes:
    """The six bytes that prove `signed`: a frame from its first byte to its time stamp."""
    return hashlib.sha256(key + signed).digest()[:HASH_BYTES]


def signing_time(now_s: float) -> int:
    """A time as signatures count it."""
    return max(0, int((now_s - EPOCH_S) * UNITS_A_SECOND))


class Checker:
    """Judges frames by the keys of their vehicles; `counts` says how many got which verdict.

    Without `allow_unsigned` no unsigned frame is let in but `ALLOWED_UNSIGNED`. Any number of streams.
    """

    def __init__(
        self,
        keys: Mapping[int, bytes],
        times: StreamTimes,
        clock: Clock,
        *,
        allow_unsigned: Collection[int] = ALLOWED_UNSIGNED,
    ) -> None:
        self.counts: Counter[Verdict] = Counter()
        self._keys = dict(keys)
        self._times = times
        self._clock = clock
        self._allow_unsigned = frozenset(allow_unsigned)

    def check(self, frame: Frame) -> Verdict:
        """The verdict on a frame; where it is `SIGNED` its time stamp is used from now on.

        Raises OutputError where that cannot be kept.
        """
        verdict = self._judged(frame)
        self.counts[verdict] += 1
        return verdict

    def _judged(self, frame: Frame) -> Verdict:
        if not frame.signed:
            return Verdict.ALLOWED if frame.message_id in self._allow_unsigned else Verdict.UNSIGNED
        key = self._keys.get(frame.system)
        if key is None:
            return Verdict.NO_KEY
        raw = frame.raw
        if not hmac.compare_digest(signature(key, raw[:-HASH_BYTES]), raw[-HASH_BYTES:]):
            return Verdict.WRONG
        stream = (frame.system, frame.component, raw[-SIGNATURE_BYTES])
        time = int.from_bytes(raw[-SIGNATURE_BYTES + 1 : -HASH_BYTES], "little")
        with self._times.lock:
            return self._in_time(stream, time)

    def _in_time(self, stream: Stream, time: int) -> Verdict:
        last = self._times.last(stream)
        if last is None:
            newest = max(self._times.newest(), signing_time(self._clock.now_s()))
            if time < newest - int(_NEW_STREAM_S * UNITS_A_SECOND):
                return Verdict.OLD
        elif time <= last:
            return Verdict.REPLAYED
        self._times.use(stream, time)
        return Verdict.SIGNED
