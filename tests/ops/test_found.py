"""The finds of an operation as one list: what comes first, and what became of a flight searched twice."""

from __future__ import annotations

import gzip
import json
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imaging.finds import Finds, FrameSpots, Unread
from imaging.thermal.sightings import sightings_path
from ops.api.folder import OperationFolder
from ops.api.searched_frames import searched_report
from ops.api.server import serving
from ops.config import Settings
from ops.finds import review
from ops.operations import Operation
from telemetry.clock import ManualClock
from tests.imaging.test_sightings import seen_often


def kept(operation: Operation, finds: Finds, name: str = "finds.geojson") -> str:
    """The finds in the operation; their path in it."""
    path = operation.folder / "finds" / name
    path.parent.mkdir(exist_ok=True)
    finds.write(path)
    operation.add_file(sightings_path(path), "find")
    return operation.add_file(path, "find").path


def scored(finds: Finds, *scores: float) -> Finds:
    """With these scores."""
    made = (replace(each, score=score) for each, score in zip(finds.finds, scores, strict=True))
    return replace(finds, finds=tuple(made))


@pytest.fixture
def operation(tmp_path: Path) -> Operation:
    return Operation.create(tmp_path / "op", "Search", "missing-person", clock=ManualClock(1.78e9))


def listed(operation: Operation) -> list[tuple[str, str, str]]:
    """Source, name and state, in the order of the list."""
    folder = OperationFolder(operation.folder, ManualClock(1.78e9))
    return [(Path(each.source).name, each.name, each.state) for each in folder.finds()]


def test_confirmed_finds_come_first_then_the_highest_score_and_dismissed_ones_last(
    operation: Operation,
) -> None:
    path = kept(operation, scored(seen_often(4), 0.9, 0.8, 0.7, 0.6))
    review(operation, path, "find-001", "dismissed", "Ann", "a calf")
    review(operation, path, "find-004", "confirmed", "Ann", "he waved")
    assert [name for _, name, _ in listed(operation)] == ["find-004", "find-002", "find-003", "find-001"]


def test_vehicles_come_after_all_that_may_be_a_person(operation: Operation) -> None:
    finds = scored(seen_often(3), 0.9, 0.2, 0.4)
    car, *others = finds.finds
    kept(operation, replace(finds, finds=(replace(car, kind="vehicle?"), *others)))
    assert [name for _, name, _ in listed(operation)] == ["find-003", "find-002", "find-001"]


def test_of_a_flight_searched_again_the_newest_run_counts_and_keeps_what_was_decided_of_either(
    operation: Operation,
) -> None:
    old = kept(operation, scored(seen_often(3), 0.5, 0.6, 0.7))
    review(operation, old, "find-002", "dismissed", "Ann", "a calf")
    again = scored(seen_often(3), 0.4, 0.9, 0.8)
    # the newer run has the first two of the older one, and a third thing elsewhere in the frames
    third = again.finds[2]
    elsewhere = tuple(replace(s, spot=replace(s.spot, col=600.0)) for s in third.sightings)
    third = replace(third, sightings=elsewhere, clearest=elsewhere[-1])
    new = kept(operation, replace(again, finds=(*again.finds[:2], third)), "finds-2.geojson")
    assert listed(operation) == [
        ("finds-2.geojson", "find-003", "proposed"),
        ("finds-2.geojson", "find-001", "proposed"),
        ("finds.geojson", "find-003", "proposed"),  # nobody decided, and only the older run has it
        ("finds-2.geojson", "find-002", "dismissed"),  # as was decided of it in the older run
    ]
    review(operation, new, "find-002", "confirmed", "Bob", "it is he")
    folder = OperationFolder(operation.folder, ManualClock(1.78e9))
    first, *_, last = folder.finds()
    assert (first.name, first.state) == ("find-002", "confirmed")
    assert [each["by"] for each in first.properties["history"]] == ["Ann", "Bob"]
    assert last.searched_again == "finds/finds-2.geojson"


def test_finds_of_another_flight_stay(operation: Operation) -> None:
    kept(operation, seen_often(1))
    other = seen_often(1)
    seen = tuple(replace(s, sha256=f"{n + 500:064x}") for n, s in enumerate(other.finds[0].sightings))
    kept(operation, replace(other, finds=(replace(other.finds[0], sightings=seen),), frames=()), "b.geojson")
    assert [(source, name) for source, name, _ in listed(operation)] == [
        ("b.geojson", "find-001"),
        ("finds.geojson", "find-001"),
    ]


def get(address: str, path: str, **headers: str) -> Any:
    request = urllib.request.Request(f"{address}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        data = answer.read()
        if answer.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return json.loads(data)


def test_the_list_is_light_and_each_find_gives_its_sightings_when_asked(operation: Operation) -> None:
    path = kept(operation, seen_often(2))
    with serving(Settings(port=0), operation_folder=operation.folder) as address:
        finds = get(address, "api/finds")
        assert finds == get(address, "api/finds", **{"Accept-Encoding": "gzip"})
        assert "sightings" not in finds[0]["properties"]
        assert finds[0]["properties"]["sighting_count"] == 40
        told = get(address, f"api/finds/sightings?id={path}%231&at_most=5")
        assert (told["find"], told["source"], told["count"]) == ("find-001", path, 40)
        assert [each["frame"] for each in told["sightings"]] == [f"f{n:05d}.tif" for n in range(5)]
        sightings_path(operation.folder / path).write_text("other\n")
        with pytest.raises(urllib.error.HTTPError, match="409"):
            get(address, f"api/finds/sightings?id={path}%231")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(address, "api/finds/sightings?id=none")


def test_a_document_that_is_broken_is_told_and_the_others_are_listed(operation: Operation) -> None:
    kept(operation, seen_often(1))
    broken = operation.folder / "finds" / "broken.geojson"
    broken.write_text('{"features": [{"geometry": {"type": "Point", "coordinates": [999, 0]}}]}')
    operation.add_file(broken, "find")
    folder = OperationFolder(operation.folder, ManualClock(1.78e9))
    assert len(folder.finds()) == 1
    assert any("broken" in each for each in folder.report().unreadable)


def test_what_was_not_placed_and_the_notes_stand_beside_the_list(operation: Operation) -> None:
    first = FrameSpots("a.tif", "0" * 64, 640, 512, ())
    lost = [FrameSpots(f"b{n}.tif", f"{n:064x}", 640, 512, (), "the frame tells no time") for n in (1, 2)]
    finds = replace(seen_often(0), frames=(first, *lost), notes=("no gimbal reported (3 frames)",))
    path = kept(operation, replace(finds, unread=(Unread("c.txt", "is no picture"),)))
    with serving(Settings(port=0), operation_folder=operation.folder) as address:
        assert get(address, "api/finds") == []
        (told,) = get(address, "api/finds/searched")
    assert (told["source"], told["frames_read"], told["frames_placed"], told["finds"]) == (path, 3, 1, 0)
    assert told["not_placed"] == [{"reason": "the frame tells no time", "frames": 2}]
    assert told["not_read"] == [{"reason": "is no picture", "frames": 1}]
    assert told["notes"] == ["no gimbal reported (3 frames)"]
    assert told["searched_again"] == ""


def test_of_a_stream_all_frames_that_were_not_placed_are_counted() -> None:
    lost = {"frame": "a.tif", "spots": 0, "reason": "the frame tells no time"}
    document = {"frames_read": 1000, "frames_placed": 100, "frames_not_placed": [lost] * 200, "features": []}
    told = searched_report({**document, "stream": {"camera": 1}}, "live.geojson")
    assert [each.frames for each in told.not_placed] == [200, 700]
    assert searched_report({"features": []}, "old.geojson").not_placed == ()


def test_a_search_that_a_newer_one_took_the_place_of_says_so(operation: Operation) -> None:
    old = kept(operation, seen_often(2))
    new = kept(operation, seen_often(2), "finds-2.geojson")
    searched = OperationFolder(operation.folder, ManualClock(1.78e9)).searched()
    assert [(each.source, each.searched_again) for each in searched] == [(new, ""), (old, new)]
