"""All sightings in a file beside the document: every one, its hash, what is damaged, and older documents."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from imaging.finds import Finds
from imaging.thermal.find import Decision, Find
from imaging.thermal.reviewing import decided, find_in, read_finds, write_finds
from imaging.thermal.same import shares
from imaging.thermal.sightings import (
    FEW,
    Sink,
    rows_by_now,
    sightings_of,
    sightings_path,
    with_all_sightings,
)
from missions.errors import FormatError
from tests.imaging.test_finds import example

DISMISSED = Decision("dismissed", "Bob", "a stone", "2026-05-01T12:30:00Z")


def seen_often(count: int, sightings: int = 40) -> Finds:
    """Finds of which each was seen in so many frames of its own, the last the clearest."""
    finds = example(count)
    made: list[Find] = []
    for number, find in enumerate(finds.finds):
        one = find.clearest
        rows = tuple(
            replace(
                one,
                frame=f"f{n:05d}.tif",
                sha256=f"{n:064x}",
                time_s=1_700_000_000.0 + n,
                spot=replace(one.spot, col=20.0 + 60 * number, score=1.0 + n / 100),
            )
            for n in range(sightings)
        )
        made.append(replace(find, sightings=rows, clearest=rows[-1]))
    return replace(finds, finds=tuple(made))


def test_a_document_holds_the_clearest_few_and_the_file_beside_it_every_sighting(tmp_path: Path) -> None:
    path = tmp_path / "finds.geojson"
    finds = seen_often(3)
    finds.write(path)
    document = read_finds(path)
    told = find_in(document, "find-002")
    assert told["sighting_count"] == 40
    assert [row["frame"] for row in told["sightings"]] == [f"f{n:05d}.tif" for n in range(40 - FEW, 40)]
    whole = sightings_of(document, path)
    assert [len(rows) for rows in whole.values()] == [40, 40, 40]
    inline = {f["id"]: f["properties"]["sightings"] for f in finds.geojson()["features"] if "id" in f}
    assert whole == inline
    assert sightings_of(document, path, {"find-003"}) == {"find-003": inline["find-003"]}


def test_a_document_of_an_older_program_holds_its_sightings_itself_and_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "old.geojson"
    old = seen_often(2).geojson(pictures="old_thumbnails") | {"schema": "droneteam-finds-1"}
    del old["sightings_file"], old["frames_sample"]
    path.write_text(json.dumps(old, indent=1))
    document = read_finds(path)
    assert len(sightings_of(document, path)["find-001"]) == 40
    kept = seen_often(2).with_decisions(decided(document, "find-001", DISMISSED))
    assert [find.state for find in kept.finds] == ["dismissed", "proposed"]


@pytest.mark.parametrize("damage", ["changed", "shorter", "gone"])
def test_a_file_of_sightings_that_is_not_the_one_named_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "finds.geojson"
    seen_often(1).write(path)
    rows = sightings_path(path)
    data = rows.read_bytes()
    if damage == "gone":
        rows.unlink()
    else:
        rows.write_bytes(data.replace(b"f00007", b"f00008") if damage == "changed" else data[:-400])
    document = read_finds(path)
    with pytest.raises(FormatError, match="sightings"):
        sightings_of(document, path)
    kept, problem = with_all_sightings(document, path, {"find-001"})
    assert kept is document
    assert "sightings" in problem


def test_a_decision_is_written_without_touching_the_sightings(tmp_path: Path) -> None:
    path = tmp_path / "finds.geojson"
    seen_often(2).write(path)
    before = sightings_path(path).read_bytes()
    write_finds(path, decided(read_finds(path), "find-002", DISMISSED))
    assert sightings_path(path).read_bytes() == before
    assert len(sightings_of(read_finds(path), path)["find-002"]) == 40


def test_a_decision_is_carried_by_sightings_that_are_not_in_the_document(tmp_path: Path) -> None:
    """The later run searched the first half of the frames: none of those that the document holds."""
    path = tmp_path / "finds.geojson"
    seen_often(2).write(path)
    document = decided(read_finds(path), "find-002", DISMISSED)
    first = seen_often(2, 20)
    assert first.with_decisions(document).notes
    whole, problem = with_all_sightings(document, path, {"find-002"})
    assert problem == ""
    assert [find.state for find in first.with_decisions(whole).finds] == ["proposed", "dismissed"]


def test_two_decisions_that_meet_in_one_find_are_told_and_not_lost() -> None:
    old = json.loads(json.dumps(seen_often(2).geojson()))
    confirmed = Decision("confirmed", "Ann", "he waved", "2026-05-01T12:00:00Z")
    old = decided(decided(old, "find-001", DISMISSED), "find-002", confirmed)
    new = seen_often(2)
    both = replace(new.finds[0], sightings=new.finds[0].sightings + new.finds[1].sightings[:30])
    kept = replace(new, finds=(both,)).with_decisions(old)
    assert kept.finds[0].state == "dismissed"
    assert kept.notes == (
        (
            "find-002 of an earlier run, confirmed by Ann, is now one with find-001, "
            "which stays dismissed by Bob"
        ),
    )


def test_a_document_commits_to_what_was_written_by_then_and_more_may_follow(tmp_path: Path) -> None:
    path = tmp_path / "live.geojson"
    (find,) = seen_often(1).finds
    with sightings_path(path).open("wb") as file:
        sink = Sink(sightings_path(path), file)
        sink.add(find.id, find.sightings[:10])
        document = replace(seen_often(1), finds=(find,)).geojson(sightings=sink.written())
        sink.add(find.id, find.sightings[10:])
    assert len(sightings_of(document, path)["find-001"]) == 10
    with sightings_path(path).open("ab") as file:
        file.write(b'{"find":"find-001","fra')
    assert len(sightings_of(document, path)["find-001"]) == 10
    assert len(rows_by_now(sightings_path(path), "find-001")) == 40


class FullDisk(BytesIO):
    """Takes half a line, and no more."""

    def write(self, data: bytes) -> int:  # type: ignore[override]
        super().write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    (find,) = seen_often(1).finds
    file = FullDisk()
    sink = Sink(tmp_path / "x.jsonl", file)
    with pytest.raises(OSError, match="No space"):
        sink.add(find.id, find.sightings[:3])
    assert file.getvalue() == b""
    assert sink.written().lines == 0


def test_the_share_in_common_is_that_of_the_find_with_fewer_spots() -> None:
    one = [("a", 10.0, 10.0), ("b", 10.0, 10.0), ("c", 10.0, 10.0), ("d", 10.0, 10.0)]
    other = [("a", 12.0, 13.0), ("b", 10.0, 15.0), ("e", 10.0, 10.0)]
    assert shares([one], [other]) == [(1 / 3, 0, 0)]
    assert shares([one], [[("a", 10.0, 10.0)], []]) == [(1.0, 0, 0)]
