"""What a recording holds is told as its frames, counted one by one, tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from telemetry.health import LossCounter
from telemetry.log_summary import summary_of
from telemetry.messages import Encoder, decode
from telemetry.tlog import read_tlog

TLOGS = ["tlogs/solo-quad-v1.tlog", "tlogs/sub-v2.tlog", "tlogs/sub-small-v2.tlog"]


@pytest.mark.parametrize("name", TLOGS)
def test_a_real_recording_is_counted_right(name: str, shared: Callable[[str], Path]) -> None:
    path = shared(name)
    summary = summary_of(path)
    frames = list(read_tlog(path))
    losses, messages = LossCounter(), Counter[tuple[int, int, str]]()
    for frame in frames:
        losses.add(frame)
        message = decode(frame)
        messages[frame.system, frame.component, message.name if message else ""] += 1
    told = {
        (sender.system, sender.component, name): count
        for sender in summary.senders
        for name, count in sender.messages.items()
    }
    assert told == messages
    assert {(sender.system, sender.component): sender.loss for sender in summary.senders} == losses.losses()
    assert (summary.began_s, summary.ended_s) == (
        min(frame.time_us for frame in frames) / 1e6,
        max(frame.time_us for frame in frames) / 1e6,
    )
    assert summary.frames == len(frames)
    assert summary.mavlink_1 == sum(frame.raw[0] == 0xFE for frame in frames)
    assert 0 <= summary.bad_bytes <= summary.size - sum(len(frame.raw) for frame in frames)


def test_the_radio_s_own_numbers_are_no_losses_of_the_aircraft(shared: Callable[[str], Path]) -> None:
    summary = summary_of(shared("tlogs/solo-quad-v1.tlog"))
    lost = {(sender.system, sender.component): sender.loss.lost for sender in summary.senders}
    assert (lost[1, 1], lost[51, 68]) == (224, 4)


def test_losses_noise_and_times_of_a_made_up_recording(tmp_path: Path) -> None:
    first, second, stream = Encoder(1, 1), Encoder(2, 7), bytearray()
    for number in range(100):
        for encoder in (first, second):
            name = "ATTITUDE" if number % 2 else "VFR_HUD"
            raw = encoder.encode(name)
            if encoder is second and 40 <= number < 50:
                continue
            stream += (1_700_000_000_000_000 + number * 500_000).to_bytes(8, "big") + raw
        if number == 60:
            stream += b"\xfe" * 11
    path = tmp_path / "made.tlog"
    path.write_bytes(stream)
    summary = summary_of(path)
    assert [(s.system, s.component, s.total, s.loss.lost) for s in summary.senders] == [
        (1, 1, 100, 0),
        (2, 7, 90, 10),
    ]
    assert summary.senders[0].messages == {"ATTITUDE": 50, "VFR_HUD": 50}
    assert (summary.frames, summary.bad_bytes, summary.signed) == (190, 11, 0)
    assert summary.duration_s == pytest.approx(49.5)
