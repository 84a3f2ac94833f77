"""What others send is on the disk as it came, and in a replay they are where the command room saw them."""

from __future__ import annotations

import json
import math
import random
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ops.alarms.recomputing import Recomputing
from ops.api.server import serving
from ops.cli.recording import recording
from ops.evidence import bundle, verify
from ops.index import open_index
from ops.operations import Operation
from ops.replayed_traffic import ReplayedTraffic
from ops.surroundings import POSTED, Surroundings, surroundings
from telemetry.alerts import load_rules
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from telemetry.received.items import Item
from telemetry.received.reading import read_items
from telemetry.received.recorder import ReceivedRecorder
from telemetry.replay import Replay, Timeline, open_recordings
from telemetry.traffic import Aircraft, ForeignReport
from tests.ops.receiver import Receiver, lines
from tests.ops.replayed import BEGIN_S, place, write_recording
from tests.ops.surrounded import SETTINGS, get, report, speak
from tests.telemetry.received_items import cot, sbs, track, write_segment
from tests.telemetry.tak_server import Server, event
from tests.waiting import eventually

Picture = tuple[dict[str, Aircraft], dict[str, ForeignReport]]


@pytest.fixture
def hub() -> Hub:
    return Hub(SystemClock())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as receiver:
        yield receiver


def kept(folder: Path) -> list[Item]:
    return [found.item for path in sorted(folder.glob("*.received")) for found in read_items(path)]


def port_of(around: Surroundings, address: str) -> int:
    (worker,) = (each for each in around._workers if each.address == address)
    return int(getattr(worker, "port"))  # noqa: B009  # of a source of tracks


def test_everything_that_comes_is_kept_with_its_link_its_sender_and_what_was_refused(
    hub: Hub, receiver: Receiver, tmp_path: Path
) -> None:
    with (
        closing(Server()) as tak,
        surroundings(
            SETTINGS,
            hub,
            tak=[f"tak+tcp://127.0.0.1:{tak.port}"],
            traffic=[receiver.address, "tracks+udp:0", "tracks+tcp:0"],
        ) as around,
        ReceivedRecorder(tmp_path, hub.clock) as recorder,
    ):
        around.recorder = recorder
        with serving(SETTINGS, hub=hub, surroundings=around) as address:
            receiver.say(lines("4CA2D6", "RYR1", (52.11, 5.81)) + b"nonsense\n")
            udp = json.dumps(report(hub.clock.now_s())).encode()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(udp, ("127.0.0.1", port_of(around, "tracks+udp:0")))
                own = f"127.0.0.1:{sender.getsockname()[1]}"
            with socket.create_connection(("127.0.0.1", port_of(around, "tracks+tcp:0"))) as connection:
                connection.sendall(b"x" * 9_000 + b"\n")
            assert httpx.post(f"{address}api/tracks", json=report(time.time(), id="P1")).status_code == 200
            assert httpx.post(f"{address}api/tracks", json={"source": "?"}).status_code == 422
            assert eventually(lambda: tak.accepted == 1)
            tak.say(event(9, uid="ANDROID-1"))
            assert eventually(lambda: recorder.watermark.frames >= 4 + 4 + 1 + 1 + 1 + 2 + 1)
            shown = get(address, "health")["recording"]
            assert shown is None, "no recorder of frames was told of"
            assert eventually(lambda: len(get(address, "vehicles")) == 3)
    items = kept(tmp_path)
    by_link: dict[str, list[Item]] = {}
    for each in items:
        by_link.setdefault(each.link, []).append(each)
    text = [each for each in by_link[receiver.address] if each.form == "sbs"]
    said = (lines("4CA2D6", "RYR1", (52.11, 5.81)) + b"nonsense\n").replace(b"\r", b"")
    assert b"".join(each.data + b"\n" for each in text) == said
    assert [(each.data, each.sender) for each in by_link["tracks+udp:0"] if each.form == "track"] == [
        (udp, own)
    ]
    (cut,) = (each for each in by_link["tracks+tcp:0"] if each.form == "track")
    assert cut.cut
    assert cut.data == b"x" * 4096
    assert [json.loads(each.data)["source"] for each in by_link[POSTED]] == ["dji", "?"]
    (officer,) = (each for each in items if each.form == "cot")
    assert b'uid="ANDROID-1"' in officer.data
    states = [(each.link, each.data) for each in items if each.form == "state"]
    assert (receiver.address, b"open") in states
    assert len([link for link, data in states if data == b"open"]) == 4


def test_how_others_are_recorded_is_told_beside_the_frames(hub: Hub, tmp_path: Path) -> None:
    with (
        surroundings(SETTINGS, hub, traffic=["tracks+udp:0"]) as around,
        recording(tmp_path, SETTINGS, None, around) as recorder,
        serving(SETTINGS, hub=hub, surroundings=around, recorder=recorder) as address,
    ):
        httpx.post(f"{address}api/tracks", json=report(time.time()))

        def safe() -> bool:
            told = get(address, "health")["recording"]["received"]
            return bool(told["taken"] == told["safe"] >= 1)

        assert eventually(safe)
    index = open_index(tmp_path, hub.clock)
    assert [each.key for each in index.foreigners()] == ["dji:1581F5BKD"]


def test_a_recording_of_others_enters_an_operation_and_its_bundle(hub: Hub, tmp_path: Path) -> None:
    operation = Operation.create(tmp_path / "op", "Heath", "missing-person")
    with (
        surroundings(SETTINGS, hub) as around,
        recording(None, SETTINGS, operation, around) as recorder,
    ):
        assert recorder is not None
        hub.subscribe(recorder)
        speak(hub)
        around.posted(json.dumps(report(hub.clock.now_s())).encode(), "127.0.0.1:5")
    entered = {Path(each.path).suffix for each in operation.files("telemetry")}
    assert entered == {".tlog", ".received"}
    assert operation.strangers() == ()
    bundle(operation, tmp_path / "bag", Ed25519PrivateKey.generate())
    assert verify(tmp_path / "bag").sound
    assert len(list((tmp_path / "bag" / "data" / "telemetry").glob("*.received"))) == 1


def others() -> list[Item]:
    """Ten minutes: a plane that passes our first copter, a copter of DJI beside the second, an officer."""
    made = []
    for second in range(0, 600, 1):
        time_us = round((BEGIN_S + second) * 1e6) + 500
        if 100 <= second < 200:
            lat, lon = place(1, second)
            made.append(sbs(time_us, "484ABC", lat, lon + (second - 150) * 2e-5, height_ft=200))
        if second % 5 == 0 and 100 <= second < 200:
            made.append(sbs(time_us + 1, "484ABC", 0, 0, callsign="LIFELN1"))
        if 250 <= second < 500:
            lat, lon = place(2, second)
            made.append(track(time_us + 2, lat, lon + 10e-5, height_m=60.0, kind="copter"))
        if second % 15 == 0:
            made.append(cot(time_us + 3, "ANDROID-1", 52.1, 5.8 + second * 1e-6, protobuf=second % 2 == 0))
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    write_recording(folder / "20260314T092653Z.tlog")
    made = others()
    write_segment(folder / "20260314T092653Z.received", made[:300])
    write_segment(folder / "20260314T093153Z.received", made[300:])
    return folder


@pytest.fixture(scope="module")
def timeline(folder: Path) -> Timeline:
    return open_recordings(sorted(folder.iterdir()))


def played(timeline: Timeline, second: float) -> Picture:
    replay = Replay(timeline)
    traffic = ReplayedTraffic(replay)
    while replay.now_s < BEGIN_S + second - 1e-5:
        replay.step(min(0.5, BEGIN_S + second - replay.now_s))
        if int(replay.now_s) % 3 == 0:
            traffic.aircraft()
    return traffic.aircraft(), dict(traffic.foreign())


def test_a_jump_shows_them_where_playing_up_to_there_does(timeline: Timeline) -> None:
    replay = Replay(timeline)
    traffic = ReplayedTraffic(replay)
    chance = random.Random(5)
    seen: set[str] = set()
    for second in (150, 30, 259.9, 252, *(round(chance.uniform(0, 599), 2) for _ in range(4))):
        replay.seek(BEGIN_S + second)
        aircraft, foreign = played(timeline, second)
        assert traffic.aircraft().keys() == aircraft.keys(), second
        assert dict(traffic.foreign()) == foreign, second
        seen |= {*aircraft, *foreign}
    assert seen == {"icao:484ABC", "dji:1581F5BKD", "tak:ANDROID-1"}
    replay.seek(BEGIN_S + 30)
    assert {*traffic.foreign()} == {"tak:ANDROID-1"}, "who is still to come is not there"
    assert traffic.aircraft() == {}


def test_the_service_shows_the_same_picture_as_then(timeline: Timeline) -> None:
    with serving(replay=Replay(timeline)) as address, httpx.Client(base_url=address, timeout=20) as client:
        assert client.post("/api/replay", json={"seek_s": BEGIN_S + 150.2}).status_code == 200
        (heli,) = client.get("/api/traffic").json()
        assert (heli["key"], heli["name"], heli["height_reference"]) == (
            "icao:484ABC",
            "LIFELN1",
            "pressure_standard",
        )
        assert (heli["lat_deg"], heli["lon_deg"]) == pytest.approx(place(1, 150), abs=1e-5)
        assert client.post("/api/replay", json={"seek_s": BEGIN_S + 300.2}).status_code == 200

        def names() -> set[str]:
            return {each["name"] for each in client.get("/api/vehicles").json() if each["foreign"]}

        assert eventually(lambda: names() == {"M30T Noord", "ANDROID-1"})
        assert client.post("/api/replay", json={"seek_s": BEGIN_S + 30}).status_code == 200
        assert eventually(lambda: names() == {"ANDROID-1"})


def test_alarms_are_found_again_that_came_from_them(timeline: Timeline) -> None:
    recomputing = Recomputing(timeline, load_rules())
    while not recomputing.done:
        recomputing.step()
    assert recomputing.problem == ""
    raised = [
        (each.key.vehicle, each.key.subject, round(each.time_s - BEGIN_S))
        for each in recomputing.chronicle.between(-math.inf, math.inf)
        if each.key.rule == "traffic" and each.raised
    ]
    first = {subject: second for _, subject, second in reversed(raised)}
    assert 100 <= first["484ABC"] <= 160
    assert 249 <= first["dji:1581F5BKD"] <= 255


def test_others_alone_can_be_replayed(folder: Path) -> None:
    timeline = open_recordings(sorted(folder.glob("*.received")))
    assert (timeline.begin_us, timeline.end_us) == (others()[0].time_us, others()[-1].time_us)
    replay = Replay(timeline)
    traffic = ReplayedTraffic(replay)
    replay.seek(BEGIN_S + 300)
    assert {*traffic.foreign()} == {"tak:ANDROID-1", "dji:1581F5BKD"}
    replay.set_speed(60)
    replay.seek(replay.end_s - 1)
    replay.step(0.4)
    with serving(replay=Replay(timeline)) as address:
        line = get(address, "replay")
        assert line["end_s"] == pytest.approx(others()[-1].time_s)
        west, south, east, north = line["bounds"]
        assert 5.79 < west < east < 5.81
        assert 52.09 < south < north < 52.11


def test_a_damaged_time_does_not_make_a_recording_last_for_years(tmp_path: Path) -> None:
    made = others()[:50]
    made[20] = sbs(made[20].time_us + 10**15, "484ABC", 52.1, 5.8)
    write_segment(tmp_path / "a.received", made)
    timeline = open_recordings([tmp_path / "a.received"])
    assert timeline.end_us == made[-1].time_us
    assert len(timeline.received) == 50
