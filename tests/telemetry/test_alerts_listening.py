"""What autopilots say is collected whole, once, and bounded."""

from __future__ import annotations

from collections.abc import Callable

from telemetry.alerts import (
    Said,
)
from telemetry.alerts.listening import StatusTexts
from telemetry.frames import Frame

FramesOf = Callable[..., list[Frame]]


def test_texts_are_collected_whole_and_once(frames_of: FramesOf) -> None:
    texts = StatusTexts()
    long = "PreArm: " + "x" * 60
    texts(
        frames_of(
            [
                (1.0, "STATUSTEXT", {"severity": 3, "text": "short"}),
                (2.0, "STATUSTEXT", {"severity": 2, "text": long[:50], "id": 7, "chunk_seq": 0}),
                (2.1, "HEARTBEAT", {}),
                (2.2, "STATUSTEXT", {"severity": 2, "text": long[50:], "id": 7, "chunk_seq": 1}),
            ]
        )
    )
    assert list(texts.take()[1]) == [Said(1.0, "error", "short"), Said(2.2, "critical", long)]
    assert texts.take() == {}


def test_a_text_whose_end_is_lost_is_told_with_the_next(frames_of: FramesOf) -> None:
    texts = StatusTexts()
    piece = {"severity": 2, "text": "y" * 50, "id": 7, "chunk_seq": 0}
    texts(frames_of([(1.0, "STATUSTEXT", piece)]))
    assert texts.take() == {}
    texts(frames_of([(2.0, "STATUSTEXT", {"severity": 6, "text": "next"})]))
    assert [said.text for said in texts.take()[1]] == ["y" * 50, "next"]


def test_a_vehicle_that_never_stops_talking_fills_no_memory(frames_of: FramesOf) -> None:
    texts = StatusTexts()
    row = ("STATUSTEXT", {"severity": 2, "text": "z" * 50, "id": 7})
    texts(frames_of([(float(n), row[0], {**row[1], "chunk_seq": n % 256}) for n in range(1_000)]))
    said = texts.take()[1]
    assert len(said) == 50
    assert max(len(one.text) for one in said) <= 400
