"""How far away a vehicle is, by the clock: its answers are paired with our questions, and with no other's."""

from __future__ import annotations

from telemetry.frames import Frame, FrameReader
from telemetry.latency import RoundTripMeter
from telemetry.messages import Encoder, decode

GROUND, VEHICLE = Encoder(255, 190), Encoder(1, 1)


def answer(question: bytes, *, vehicle_ns: int = 5) -> list[Frame]:
    (asked,) = FrameReader().feed(question, 0)
    message = decode(asked)
    assert message is not None
    assert message.tc1 == 0
    return FrameReader().feed(VEHICLE.encode("TIMESYNC", tc1=vehicle_ns, ts1=message.ts1), 0)


def test_a_round_trip_is_from_the_question_to_its_answer() -> None:
    meter = RoundTripMeter()
    assert meter.round_trip_s is None
    meter.hear(answer(meter.question(GROUND, 100.0)), 100.25)
    assert meter.round_trip_s == 0.25


def test_one_slow_answer_moves_the_median_little() -> None:
    meter = RoundTripMeter()
    for number, trip_s in enumerate([0.1, 0.1, 9.0, 0.1, 0.1]):
        meter.hear(answer(meter.question(GROUND, 100.0 + number)), 100.0 + number + trip_s)
    assert round(meter.round_trip_s or 0, 6) == 0.1


def test_other_questions_and_answers_to_others_say_nothing() -> None:
    meter, other = RoundTripMeter(), RoundTripMeter()
    question = meter.question(GROUND, 100.0)
    meter.hear(FrameReader().feed(question, 0), 100.1)
    meter.hear(answer(other.question(GROUND, 99.0)), 100.1)
    meter.hear(FrameReader().feed(VEHICLE.encode("HEARTBEAT", type=2, autopilot=3), 0), 100.1)
    assert meter.round_trip_s is None


def test_old_questions_are_forgotten() -> None:
    meter = RoundTripMeter()
    first = meter.question(GROUND, 1.0)
    for number in range(64):
        meter.question(GROUND, 2.0 + number)
    meter.hear(answer(first), 70.0)
    assert meter.round_trip_s is None
