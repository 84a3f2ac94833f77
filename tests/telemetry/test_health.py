"""Losses are counted for each sender by itself, and late frames are not lost ones."""

from __future__ import annotations

import itertools
import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from telemetry.health import Loss, LossCounter, RateMeter, SequenceCounter
from telemetry.tlog import read_tlog


def counted(sequences: list[int]) -> Loss:
    counter = SequenceCounter()
    for sequence in sequences:
        counter.add(sequence % 256)
    return counter.loss


def test_a_gap_is_lost() -> None:
    assert counted([250, 251, 255, 258]) == Loss(received=4, lost=5)


def test_nothing_is_lost_over_many_rounds() -> None:
    assert counted(list(range(5_000))) == Loss(received=5_000)


def test_a_jump_of_128_or_more_is_a_late_frame() -> None:
    assert counted([10, 10 + 128]).lost == 127
    assert counted([10, 10 + 129]).lost == 0


def test_late_frames_are_taken_off_the_losses() -> None:
    assert counted([1, 2, 5, 3, 4, 6]) == Loss(received=6, lost=0)


def test_doubled_frames_are_no_losses() -> None:
    assert counted([1, 2, 2, 3, 3, 4]) == Loss(received=6, lost=0, doubled=2)


def test_a_sender_that_begins_anew_lost_nothing() -> None:
    assert counted([200, 201, 0, 1, 2, 3]).lost <= 54
    assert counted([100, 101, 0, 1, 2, 3]).lost == 0


def test_random_losses_and_small_disorder_are_counted_exactly() -> None:
    random_ = random.Random(9)
    sent = list(range(20_000))
    kept = [0, *(number for number in sent[1:-1] if random_.random() > 0.1), sent[-1]]
    for at in range(1, len(kept) - 2, 7):
        kept[at], kept[at + 1] = kept[at + 1], kept[at]
    loss = counted(kept)
    assert (loss.received, loss.lost) == (len(kept), len(sent) - len(kept))
    assert 9 < loss.lost_pct < 11


def test_a_radio_that_numbers_its_own_is_not_taken_for_losses(shared: Callable[[str], Path]) -> None:
    counter = LossCounter()
    for frame in read_tlog(shared("tlogs/solo-quad-v1.tlog")):
        counter.add(frame)
    losses = counter.losses()
    assert sum(loss.received for loss in losses.values()) == 75_477
    assert losses[1, 1].lost_pct < 0.5
    assert losses[51, 68].lost_pct < 0.5


def test_a_rate_follows_the_last_seconds() -> None:
    meter = RateMeter()
    for step in range(100):
        meter.add(step / 10, 5)
    assert 48 <= meter.rate_hz(9.9) <= 52
    assert meter.rate_hz(12.4) < 30
    assert meter.rate_hz(20) == 0


def test_a_rate_may_be_asked_for_while_another_thread_notes_events() -> None:
    """As the service's health is, by whoever opens the page, while the link is read."""
    meter, over = RateMeter(), threading.Event()

    def note() -> None:
        for step in itertools.count():
            meter.add(step * 1e-3, 1)
            if over.is_set():
                return

    noting = threading.Thread(target=note)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        noting.start()
        assert all(meter.rate_hz(0.0) >= 0 for _ in range(300))
    finally:
        over.set()
        noting.join()
        sys.setswitchinterval(before)
