"""Only who knows a vehicle's key is heard, and nobody can lock it out or say again what it said."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import ardupilotmega as reference

from missions.errors import FormatError, InputError
from telemetry.clock import ManualClock
from telemetry.frames import Frame, FrameReader
from telemetry.links import Link
from telemetry.messages import Encoder
from telemetry.signing import (
    Checker,
    SignedLink,
    Signer,
    StreamTimes,
    Verdict,
    key_of_passphrase,
    read_keys,
)
from telemetry.signing.checking import signing_time
from telemetry.signing.times import AHEAD, UNITS_A_SECOND

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
HIGHEST = (1 << 48) - 1


def vehicle(
    key: bytes, clock: ManualClock, *, system: int = 1, link_id: int = 0, late_s: float = 0.0
) -> reference.MAVLink:
    """A vehicle that signs, by pymavlink's own code."""
    mav = reference.MAVLink(None, srcSystem=system, srcComponent=1)
    mav.signing.secret_key, mav.signing.sign_outgoing = key, True
    mav.signing.timestamp = signing_time(clock.now_s() - late_s)
    mav.signing.link_id = link_id
    return mav


def frame_of(mav: reference.MAVLink, number: int = 0) -> Frame:
    (frame,) = FrameReader().feed(
        bytes(reference.MAVLink_attitude_message(number, 0, 0, 0, 0, 0, 0).pack(mav)), 0
    )
    return frame


def checker(clock: ManualClock, times: StreamTimes | None = None) -> Checker:
    return Checker({1: KEY, 2: OTHER}, times or StreamTimes(), clock)


def test_what_pymavlink_signs_is_believed() -> None:
    clock = ManualClock()
    guard, mav = checker(clock), vehicle(KEY, clock)
    assert [guard.check(frame_of(mav, number)) for number in range(50)] == [Verdict.SIGNED] * 50


def test_what_we_sign_is_believed_by_pymavlink() -> None:
    clock = ManualClock()
    signer, encoder, reader = (
        Signer({1: KEY}, StreamTimes(), clock, link_id=3),
        Encoder(255, 190),
        FrameReader(),
    )
    mav = vehicle(KEY, clock)
    for number in range(50):
        (frame,) = reader.feed(encoder.encode("ATTITUDE", time_boot_ms=number, roll=0.5), 0)
        raw = signer.sign(frame)
        message = mav.decode(bytearray(raw))
        assert message.get_signed()
        assert (message.time_boot_ms, message.roll) == (number, 0.5)


def test_one_forged_frame_with_the_highest_time_locks_nobody_out() -> None:
    clock = ManualClock()
    guard, mav = checker(clock), vehicle(KEY, clock)
    assert guard.check(frame_of(mav)) is Verdict.SIGNED
    forger = vehicle(secrets.token_bytes(32), clock)
    forger.signing.timestamp = HIGHEST
    assert guard.check(frame_of(forger)) is Verdict.WRONG
    assert guard.check(frame_of(mav)) is Verdict.SIGNED


def test_a_forged_first_frame_makes_no_stream() -> None:
    clock = ManualClock()
    guard = checker(clock)
    forger = vehicle(secrets.token_bytes(32), clock)
    forger.signing.timestamp = HIGHEST
    guard.check(frame_of(forger))
    assert guard.check(frame_of(vehicle(KEY, clock))) is Verdict.SIGNED


def test_one_vehicle_s_key_signs_for_no_other() -> None:
    clock = ManualClock()
    guard = checker(clock)
    assert guard.check(frame_of(vehicle(OTHER, clock, system=1))) is Verdict.WRONG
    assert guard.check(frame_of(vehicle(OTHER, clock, system=2))) is Verdict.SIGNED
    assert guard.check(frame_of(vehicle(KEY, clock, system=3))) is Verdict.NO_KEY


@pytest.mark.parametrize("bit", range(0, 8 * 40, 7))
def test_a_changed_bit_is_never_believed(bit: int) -> None:
    clock = ManualClock()
    guard = checker(clock)
    raw = bytearray(frame_of(vehicle(KEY, clock), 7).raw)
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    reader = FrameReader()
    for frame in reader.feed(bytes(raw), 0) + reader.finish(0):
        assert not guard.check(frame).believed


def test_every_frame_is_believed_once_and_older_ones_never() -> None:
    clock = ManualClock()
    guard, mav = checker(clock), vehicle(KEY, clock)
    frames = [frame_of(mav, number) for number in range(20)]
    assert [guard.check(frame) for frame in frames] == [Verdict.SIGNED] * 20
    assert [guard.check(frame) for frame in frames] == [Verdict.REPLAYED] * 20
    assert guard.counts == {Verdict.SIGNED: 20, Verdict.REPLAYED: 20}


def test_streams_have_times_of_their_own() -> None:
    clock = ManualClock()
    guard = checker(clock)
    ahead = vehicle(KEY, clock, link_id=1, late_s=-50)
    behind = vehicle(KEY, clock, link_id=2, late_s=5)
    for number in range(10):
        assert guard.check(frame_of(ahead, number)) is Verdict.SIGNED
        assert guard.check(frame_of(behind, number)) is Verdict.SIGNED


def test_a_new_stream_of_the_past_is_refused() -> None:
    clock = ManualClock()
    guard = checker(clock)
    assert guard.check(frame_of(vehicle(KEY, clock, late_s=61))) is Verdict.OLD
    assert guard.check(frame_of(vehicle(KEY, clock, late_s=59))) is Verdict.SIGNED


def test_unsigned_frames_are_refused_but_for_the_radio_s() -> None:
    clock = ManualClock()
    guard, encoder, reader = checker(clock), Encoder(1, 1), FrameReader()
    heartbeat, radio = reader.feed(encoder.encode("HEARTBEAT") + encoder.encode("RADIO_STATUS", rssi=9), 0)
    assert guard.check(heartbeat) is Verdict.UNSIGNED
    assert guard.check(radio) is Verdict.ALLOWED
    strict = Checker({1: KEY}, StreamTimes(), clock, allow_unsigned=())
    assert strict.check(radio) is Verdict.UNSIGNED


def test_the_allow_list_lets_no_wrong_signature_in() -> None:
    clock = ManualClock()
    forger = vehicle(secrets.token_bytes(32), clock)
    raw = reference.MAVLink_radio_status_message(1, 1, 1, 1, 1, 1, 1).pack(forger)
    (frame,) = FrameReader().feed(bytes(raw), 0)
    assert checker(clock).check(frame) is Verdict.WRONG


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "killed"])
def test_no_restart_lets_an_old_frame_in_again(closed: bool, tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "times.json"
    times = StreamTimes(path)
    guard, mav = checker(clock, times), vehicle(KEY, clock)
    frames = []
    for number in range(300):
        mav.signing.timestamp += UNITS_A_SECOND // 50
        frames.append(frame_of(mav, number))
        assert guard.check(frames[-1]) is Verdict.SIGNED
    if closed:
        times.close()
    again = checker(clock, StreamTimes(path))
    assert {again.check(frame) for frame in frames} == {Verdict.REPLAYED}
    if not closed:
        mav.signing.timestamp += AHEAD
    assert again.check(frame_of(mav)) is Verdict.SIGNED


def test_time_stamps_are_written_once_a_second_not_once_a_frame(tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "times.json"
    guard, mav = checker(clock, StreamTimes(path)), vehicle(KEY, clock)
    written = set()
    for number in range(1_000):
        mav.signing.timestamp += UNITS_A_SECOND // 250
        assert guard.check(frame_of(mav, number)).believed
        written.add(path.read_bytes())
    assert len(written) == 4


def test_what_we_sign_goes_on_from_where_it_was(tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "times.json"
    (frame,) = FrameReader().feed(Encoder(255, 190).encode("HEARTBEAT"), 0)
    first = Signer({1: KEY}, StreamTimes(path), clock).sign(frame)
    second = Signer({1: KEY}, StreamTimes(path), ManualClock(clock.now_s() - 900)).sign(frame)
    stamps = [int.from_bytes(raw[-12:-6], "little") for raw in (first, second)]
    assert stamps[0] < stamps[1]


def test_time_stamps_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    for content in (b"", b"[]", b"{}", b'{"format": "other", "streams": []}', b'{"format": 1, "streams": 2}'):
        path = tmp_path / "times.json"
        path.write_bytes(content)
        with pytest.raises(FormatError, match="no time stamps of signed streams"):
            StreamTimes(path)


class Pipe(Link):
    """A link to oneself."""

    def __init__(self) -> None:
        self.address = "pipe:"
        self.sent: deque[bytes] = deque()
        self._reader = FrameReader()

    def receive(self, timeout_s: float) -> list[Frame]:
        return [frame for _ in range(len(self.sent)) for frame in self._reader.feed(self.sent.popleft(), 1)]

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.clear()


def numbers(frames: Sequence[Frame]) -> list[int]:
    return [frame.sequence for frame in frames]


def test_a_signed_link_hears_what_it_sent_and_nothing_else() -> None:
    clock, pipe, times = ManualClock(), Pipe(), StreamTimes()
    encoder, stranger = Encoder(1, 1), Encoder(1, 1)
    link = SignedLink(pipe, Checker({1: KEY}, times, clock), Signer({1: KEY}, StreamTimes(), clock))
    for _ in range(3):
        pipe.send(stranger.encode("HEARTBEAT"))
        link.send(encoder.encode("HEARTBEAT") + encoder.encode("ATTITUDE", roll=1.0))
    assert numbers(link.receive(0)) == [0, 1, 2, 3, 4, 5]
    assert link.checker.counts == {Verdict.SIGNED: 6, Verdict.UNSIGNED: 3}
    assert link.problem == "frames refused: 3 unsigned"


def test_each_vehicle_is_spoken_to_with_its_own_key() -> None:
    clock = ManualClock()
    signer = Signer({1: KEY, 2: OTHER}, StreamTimes(), clock)
    guard = Checker({255: OTHER}, StreamTimes(), clock)
    raw = Encoder(255, 190).encode("COMMAND_LONG", target_system=1, command=400)
    raw += Encoder(255, 190).encode("COMMAND_LONG", target_system=2, command=400)
    raw += Encoder(255, 190).encode("HEARTBEAT")
    frames = FrameReader().feed(raw, 0)
    sent = [frame for each in frames for frame in FrameReader().feed(signer.sign(each), 0)]
    assert [guard.check(frame) for frame in sent] == [Verdict.WRONG, Verdict.SIGNED, Verdict.UNSIGNED]


def keys_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "keys.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_keys_are_read_by_vehicle(tmp_path: Path) -> None:
    text = f'[keys]\n1 = "{KEY.hex()}"\n7 = {{ passphrase = "correct horse battery" }}\n'
    assert read_keys(keys_file(tmp_path, text)) == {1: KEY, 7: key_of_passphrase("correct horse battery")}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_keys_that_others_may_read_are_refused(mode: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="others may read these keys"):
        read_keys(keys_file(tmp_path, f'[keys]\n1 = "{KEY.hex()}"\n', mode))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no table"),
        ("keys = 3", "no table"),
        ("[keys]\n", "no table"),
        ('[keys]\n1 = "secretsecret', "no TOML"),
        ('[keys]\n1 = "secret"\n', "no key"),
        (f'[keys]\n1 = "{KEY.hex()}00"\n', "no key"),
        (f'[keys]\n1 = "{"0" * 64}"\n', "no key"),
        ("[keys]\n1 = 5\n", "no key"),
        (f'[keys]\n0 = "{KEY.hex()}"\n', "no vehicle"),
        (f'[keys]\n999 = "{KEY.hex()}"\n', "no vehicle"),
        (f'[keys]\nfirst = "{KEY.hex()}"\n', "no vehicle"),
        ('[keys]\n1 = { passphrase = "secret" }\n', "no passphrase"),
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(text: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=what) as refused:
        read_keys(keys_file(tmp_path, text))
    assert "secret" not in str(refused.value)
    assert KEY.hex() not in str(refused.value)
