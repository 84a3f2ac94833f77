"""The live picture: what a client is told after what it has read, however far behind it is."""

import random
from itertools import pairwise

import pytest

from ops.api.events import Happening, TextJoiner, happenings, severity_from_mavlink
from ops.api.models import VehicleReport
from ops.api.picture import EVENTS, SNAPSHOT_POINTS, TRACK_POINTS, Cursor, Picture

START_S = 1_700_000_000.0


def report(system: int = 1, heard_s: float = START_S, **values: object) -> VehicleReport:
    return VehicleReport.model_validate(
        {"key": str(system), "system": system, "name": f"Copter {system}", "heard_s": heard_s, **values}
    )


def test_a_new_client_is_told_everything_and_then_only_what_changed() -> None:
    picture = Picture()
    picture.update([report(1, lat_deg=52.0, lon_deg=5.0), report(2)], START_S)
    first = picture.since(Cursor())
    assert [each.key for each in first.vehicles] == ["1", "2"]
    assert [track.key for track in first.tracks] == ["1"]
    assert picture.since(first.upto).empty
    picture.update(
        [report(1, lat_deg=52.0, lon_deg=5.0), report(2, START_S + 0.2, mode="AUTO")], START_S + 0.2
    )
    then = picture.since(first.upto)
    assert [each.key for each in then.vehicles] == ["2"]
    assert then.tracks == ()
    assert [each.text for each in then.events] == ["mode AUTO"]


def test_a_track_gets_about_one_point_a_second_and_forgets_the_oldest() -> None:
    picture = Picture()
    for tenth in range(10 * (TRACK_POINTS + 50)):
        now_s = START_S + tenth / 10
        picture.update([report(heard_s=now_s, lat_deg=52 + tenth * 1e-6, lon_deg=5.0)], now_s)
    (first,) = picture.since(Cursor()).tracks
    assert len(first.points) == SNAPSHOT_POINTS
    (track,) = picture.tracks()
    assert first.points[-100:] == track.points[-100:]
    times_s = [point[3] for point in track.points]
    assert len(times_s) == TRACK_POINTS
    assert times_s[-1] - times_s[0] == pytest.approx(TRACK_POINTS - 1, abs=1)
    assert min(b - a for a, b in pairwise(times_s)) >= 1.0


def test_a_slow_client_ends_up_with_the_same_picture_as_one_that_reads_all() -> None:
    chance = random.Random(7)
    picture = Picture()
    seen: dict[str, dict[str, VehicleReport]] = {"fast": {}, "slow": {}}
    tracks: dict[str, dict[str, list[object]]] = {"fast": {}, "slow": {}}
    cursors = {"fast": Cursor(), "slow": Cursor()}

    def read(client: str) -> None:
        changes = picture.since(cursors[client])
        cursors[client] = changes.upto
        seen[client].update({each.key: each for each in changes.vehicles})
        for track in changes.tracks:
            tracks[client].setdefault(track.key, []).extend(track.points)

    for step in range(400):
        now_s = START_S + step * 0.3
        system = chance.randrange(1, 6)
        place = {"lat_deg": 52 + chance.random() / 100, "lon_deg": 5 + chance.random() / 100}
        picture.update([report(system, now_s, armed=chance.random() < 0.5, **place)], now_s)
        read("fast")
        if chance.random() < 0.05:
            read("slow")
    read("slow")
    assert seen["slow"] == seen["fast"] == {each.key: each for each in picture.vehicles()}
    assert tracks["slow"] == tracks["fast"]


def test_events_beyond_the_memory_drop_the_oldest_and_say_how_many() -> None:
    picture = Picture()
    picture.update([report()], START_S)
    cursor = picture.since(Cursor()).upto
    for number in range(EVENTS + 7):
        picture.tell("1", Happening("info", "status_text", f"text {number}"), START_S)
    changes = picture.since(cursor)
    assert changes.dropped_events == 7
    assert [changes.events[0].text, changes.events[-1].text] == ["text 7", f"text {EVENTS + 6}"]
    assert picture.since(changes.upto).dropped_events == 0
    assert picture.since(Cursor()).dropped_events == 0, "a new client missed nothing"


def test_silence_is_told_once_and_so_is_its_end() -> None:
    picture = Picture()
    for second in range(20):
        picture.update([report()], START_S + second)
    picture.update([report(heard_s=START_S + 20)], START_S + 20)
    texts = [each.text for each in picture.since(Cursor()).events]
    assert texts == ["first heard", "no data for 5 s", "heard again"]


def test_a_battery_that_sinks_warns_once_at_each_bound() -> None:
    levels = [35, 31, 30, 29, 21, 20, 19, 5]
    reports = [report(battery_pct=float(level)) for level in levels]
    told = [(h.severity, h.text) for a, b in pairwise(reports) for h in happenings(a, b)]
    assert told == [("caution", "battery 30 %"), ("warning", "battery 20 %: land now")]


def test_what_a_vehicle_did_not_say_before_is_no_change_of_arming() -> None:
    assert [h.text for h in happenings(report(), report(armed=True, mode="LOITER"))] == ["mode LOITER"]
    assert [h.text for h in happenings(report(armed=True), report(armed=False))] == ["disarmed"]


@pytest.mark.parametrize(("level", "severity"), [(0, "warning"), (3, "warning"), (4, "caution"), (6, "info")])
def test_severities_of_mavlink_become_three(level: int, severity: str) -> None:
    assert severity_from_mavlink(level) == severity


def test_a_long_text_is_put_together_from_its_parts() -> None:
    joiner = TextJoiner()
    whole = "".join(chr(97 + n % 26) for n in range(120))
    parts = [whole[start : start + 50] for start in range(0, 120, 50)]
    told = [joiner.add("1", 4, part, 9, number) for number, part in enumerate(parts)]
    assert told == [None, None, whole]
    assert joiner.add("1", 4, "short") == "short"


def test_texts_that_never_end_are_bounded_and_control_characters_become_spaces() -> None:
    joiner = TextJoiner(held=4)
    for text_id in range(1, 100):
        assert joiner.add("1", 6, "x" * 50, text_id, 0) is None
    assert len(joiner._started) == len(joiner._order) == 4
    endless = [joiner.add("2", 6, "y" * 50, 1, chunk) for chunk in range(20)]
    assert max(len(each) for each in endless if each) <= 500
    assert joiner.add("1", 6, "a\x00b\x1b[2Jc\u202ed") == "a b [2Jc d"
