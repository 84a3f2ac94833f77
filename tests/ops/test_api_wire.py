"""What many clients are told is written once, and is what the models say."""

from __future__ import annotations

import pytest

from ops.api.desk import Desk
from ops.api.models import Delta, Snapshot, VehicleReport
from ops.api.picture import Cursor, Picture
from ops.api.wire import Wire
from telemetry.clock import ManualClock

START_S = 1_700_000_000.0


def report(system: int, lat_deg: float, heard_s: float = START_S) -> VehicleReport:
    return VehicleReport(
        key=str(system), system=system, name=f"Copter {system}", lat_deg=lat_deg, lon_deg=5.0, heard_s=heard_s
    )


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The key of every vehicle's report that was turned into text."""
    found: list[str] = []
    dump = VehicleReport.model_dump_json

    def counted(self: VehicleReport, **options: object) -> str:
        found.append(self.key)
        return dump(self, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(VehicleReport, "model_dump_json", counted)
    return found


def test_fifty_clients_at_one_place_cost_one_text(written: list[str]) -> None:
    picture, wire = Picture(), Wire()
    picture.update([report(1, 52.0), report(2, 52.0)], START_S)
    upto = picture.since(Cursor()).upto
    picture.update([report(1, 52.0), report(2, 52.1, START_S + 0.1)], START_S + 0.1)
    texts = {wire.body(upto, picture.since(upto)) for _ in range(50)}
    assert len(texts) == 1
    assert written == ["2"], "only what changed, and once"


def test_clients_at_different_places_share_each_report(written: list[str]) -> None:
    picture, wire = Picture(), Wire()
    cursors = [Cursor()]
    for step in range(5):
        picture.update([report(1, 52.0 + step / 10, START_S + step)], START_S + step)
        cursors.append(picture.since(Cursor()).upto)
    for cursor in cursors:
        wire.body(cursor, picture.since(cursor))
    assert written == ["1"]


def test_a_new_report_is_written_anew() -> None:
    picture, wire = Picture(), Wire()
    for lat_deg in (52.0, 52.1, 52.2):
        picture.update([report(1, lat_deg)], START_S)
        assert f'"lat_deg":{lat_deg}' in wire.body(Cursor(), picture.since(Cursor()))
        assert f'"lat_deg":{lat_deg}' in wire.whole(picture.since(Cursor()))


def test_snapshot_and_delta_are_what_the_models_say() -> None:
    desk = Desk(ManualClock(START_S))
    desk.picture.update([report(1, 52.0)], START_S)
    snapshot = desk.snapshot(5.0)
    found = Snapshot.model_validate_json(snapshot.text)
    assert (found.time_s, found.hz, found.operation, found.replay) == (START_S, 5.0, None, None)
    assert found.vehicles == desk.picture.vehicles()
    desk.picture.update([report(1, 52.3)], START_S)
    said = desk.delta(snapshot.upto, {}, missed=3)
    assert said is not None
    delta = Delta.model_validate_json(said.text)
    assert [each.lat_deg for each in delta.vehicles] == [52.3]
    assert delta.dropped.deltas == 3
    quiet = desk.delta(said.upto, {})
    assert quiet is not None
    assert not quiet.news
    assert Delta.model_validate_json(quiet.text).vehicles == ()


def test_after_a_new_beginning_there_is_no_delta_to_give() -> None:
    desk = Desk(ManualClock(START_S))
    desk.picture.update([report(1, 52.0), report(2, 52.0)], START_S)
    before = desk.snapshot(5.0).upto
    desk.picture.begin_anew([report(1, 51.0)], {"1": [(5.0, 51.0, None, START_S - 60)]}, [])
    assert desk.delta(before, {}) is None
    found = Snapshot.model_validate_json(desk.snapshot(5.0).text)
    assert [(each.key, each.lat_deg) for each in found.vehicles] == [("1", 51.0)]
    assert [each.points for each in found.tracks] == [((5.0, 51.0, None, START_S - 60),)]
    assert found.events == ()
