"""Control from files as one scene uses it: read together, held against each other, kept with the scene."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from imaging.control.gathering import ControlFiles, gather, keep_control, kept_control
from imaging.control.marks import write_marks
from imaging.control.points import Mark, MarkedPoint, Role
from imaging.photos import Photo, hash_file
from imaging.scene import open_scene
from missions.errors import FormatError, InputError
from missions.geodesy import GeoPoint


def photo(name: str, north: float) -> Photo:
    place = GeoPoint(52.1 + north * 1e-5, 5.8)
    return Photo(Path(name), 4000, 3000, name, place=place, height_relative_m=40.0)


PHOTOS = {"a.jpg": photo("a.jpg", 0), "b.jpg": photo("b.jpg", 10)}
POINTS = """# EPSG:4979
name,lon,lat,z,sigma_h,sigma_v,role
P1,5.8,52.1,50.1,0.01,0.02,control
P2,5.8001,52.1,50.2,0.01,0.02,check
"""


def files(
    folder: Path, points: str = POINTS, bars: str | None = None, marked: Sequence[str] = ("P1", "P2")
) -> ControlFiles:
    (folder / "points.csv").write_text(points)
    marks = [MarkedPoint(name, (Mark("a.jpg", 10, 20, 0.5), Mark("b.jpg", 30, 40, 0.5))) for name in marked]
    write_marks(folder / "marks.json", marks)
    if bars is not None:
        (folder / "bars.csv").write_text(bars)
    return ControlFiles(
        points=folder / "points.csv",
        marks=folder / "marks.json",
        bars=folder / "bars.csv" if bars is not None else None,
    )


def test_points_marks_and_bars_come_together_and_are_kept_with_the_scene(tmp_path: Path) -> None:
    given = files(tmp_path, bars="first,second,length_m,sigma_m\nP1,P2,6.85,0.005\n")
    control = gather(given, PHOTOS).control
    assert [(each.name, each.role) for each in control.points] == [("P1", Role.CONTROL), ("P2", Role.CHECK)]
    assert set(control.marks) == {"P1", "P2"}
    assert control.bars[0].length_m == 6.85
    assert control.height_reference == "ellipsoidal"
    scene = open_scene(tmp_path / "scene")
    keep_control(control, scene, given.sources)
    assert kept_control(scene) == control
    assert kept_control(scene).key == control.key
    assert (scene.read("control") or {})["sources"] == {
        name: hash_file(tmp_path / name) for name in ("points.csv", "marks.json", "bars.csv")
    }


def test_a_mark_that_is_of_no_use_is_kept_as_a_doubt_and_a_wrong_one_named_by_its_file(
    tmp_path: Path,
) -> None:
    given = files(tmp_path)
    marks = [
        MarkedPoint("P1", (Mark("a.jpg", 10, 20, 0.5), Mark("gone.jpg", 30, 40, 0.5))),
        MarkedPoint("P2", (Mark("a.jpg", 10, 30, 0.5), Mark("b.jpg", 30, 50, 0.5))),
    ]
    write_marks(tmp_path / "marks.json", marks)
    gathered = gather(given, PHOTOS)
    scene = open_scene(tmp_path / "scene")
    keep_control(gathered.control, scene, given.sources, doubts=gathered.doubts)
    assert any("gone.jpg" in doubt for doubt in (scene.read("control") or {})["doubts"])
    write_marks(tmp_path / "marks.json", [MarkedPoint("P1", (Mark("a.jpg", 99999, 20, 0.5),)), marks[1]])
    with pytest.raises(InputError, match=r"marks\.json: P1 is marked at 99999"):
        gather(given, PHOTOS)


def test_what_only_a_file_shows_is_known_apart_from_what_is_found_again(tmp_path: Path) -> None:
    bare = "\n".join(
        line.replace(",0.01,0.02", "").replace(",sigma_h,sigma_v", "") for line in POINTS.split("\n")
    )
    marks = (Mark("a.jpg", 10, 20, 0.5), Mark("gone.jpg", 30, 40, 0.5))
    given = files(tmp_path, bare, bars="first,second,length_m\nP1,P2,6.85\n")
    write_marks(tmp_path / "marks.json", [MarkedPoint("P1", marks)])
    gathered = gather(given, PHOTOS)
    assert {file: len(said) for file, said in gathered.of_files.items()} == {
        "points": 1,
        "marks": 1,
        "bars": 1,
    }
    only_there = [text for said in gathered.of_files.values() for text in said]
    again = gather(ControlFiles(), PHOTOS, kept=gathered.control).doubts
    assert set(only_there).isdisjoint(again)
    assert set(only_there) < set(gathered.doubts) <= {*only_there, *again}


def test_distances_that_contradict_each_other_are_named_by_their_own_file(tmp_path: Path) -> None:
    given = files(tmp_path, bars="first,second,length_m,sigma_m\nP1,P2,6.85,0.005\nP2,P1,7.35,0.005\n")
    with pytest.raises(InputError, match=r"bars\.csv: "):
        gather(given, PHOTOS)


def test_a_stray_mark_is_not_taken_for_a_point_that_has_its_marks(tmp_path: Path) -> None:
    both = files(tmp_path, marked=("P1", "P2", "P11"))
    said = [each for each in gather(both, PHOTOS).findings if each.text.startswith("P11")]
    assert ["P1" in each.remedy for each in said] == [False]
    one = files(tmp_path, marked=("P2", "P11"))
    said = [each for each in gather(one, PHOTOS).findings if each.text.startswith("P11")]
    assert ["P1" in each.remedy for each in said] == [True]


def test_a_scene_without_control_has_none(tmp_path: Path) -> None:
    assert kept_control(open_scene(tmp_path / "scene")).points == ()


def test_points_of_another_place_are_refused_with_the_remedy(tmp_path: Path) -> None:
    swapped = POINTS.replace("5.8,52.1", "52.1,5.8").replace("5.8001,52.1", "52.1,5.8001")
    with pytest.raises(InputError, match="with x and y swapped they lie among them"):
        gather(files(tmp_path, swapped), PHOTOS)


def test_a_sites_own_frame_gives_distances_alone(tmp_path: Path) -> None:
    rows = "P1,0,0,0,0.004,0.003\nP2,3,4,0,0.004,0.003\nP3,0,4,12,0.004,0.003\nunmarked,9,9,9,0.004,0.003\n"
    site = f"# local\nname,x,y,z,sigma_h,sigma_v\n{rows}"
    control = gather(files(tmp_path, site, marked=("P1", "P2", "P3")), PHOTOS).control
    assert control.points == ()
    assert {(bar.first, bar.second): round(bar.length_m, 6) for bar in control.bars} == {
        ("P1", "P2"): 5.0,
        ("P1", "P3"): round(160**0.5, 6),
        ("P2", "P3"): round(153**0.5, 6),
    }
    assert control.bars[0].sigma_m == pytest.approx(0.004 * 2**0.5)


def test_a_check_in_a_sites_own_frame_is_as_sure_as_its_ends_and_control_less(tmp_path: Path) -> None:
    names = [f"P{number}" for number in range(9)]
    rows = "".join(
        f"{name},{number},{number**2},0,0.004,0.003,{'control' if number < 8 else 'check'}\n"
        for number, name in enumerate(names)
    )
    site = f"# local\nname,x,y,z,sigma_h,sigma_v,role\n{rows}"
    control = gather(files(tmp_path, site, marked=names), PHOTOS).control
    own_m = 0.004 * 2**0.5
    sigmas = {each.role: each.sigma_m for each in control.bars}
    assert sigmas == pytest.approx({Role.CONTROL: own_m * (28 / 18) ** 0.5, Role.CHECK: own_m})


def test_more_points_of_a_sites_own_frame_than_distances_are_made_of_are_refused(tmp_path: Path) -> None:
    names = [f"P{number}" for number in range(51)]
    rows = "".join(f"{name},{number},{number**2},0\n" for number, name in enumerate(names))
    with pytest.raises(InputError, match="51 points of the site's own frame are marked; at most 50"):
        gather(files(tmp_path, f"# local\nname,x,y,z\n{rows}", marked=names), PHOTOS)


def test_marks_in_photos_that_take_no_part_are_passed_over_and_told(tmp_path: Path) -> None:
    gathered = gather(files(tmp_path), {"a.jpg": PHOTOS["a.jpg"]})
    assert {mark.photo for marks in gathered.control.marks.values() for mark in marks} == {"a.jpg"}
    assert any("b.jpg" in finding.text for finding in gathered.findings)


def test_a_broken_record_is_one_clear_error(tmp_path: Path) -> None:
    scene = open_scene(tmp_path / "scene")
    scene.keep("control", "key", {"points": [{"name": "P1"}], "marks": {}, "bars": []})
    with pytest.raises(FormatError, match="ground control is broken"):
        kept_control(scene)
