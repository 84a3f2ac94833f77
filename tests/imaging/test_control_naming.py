"""Marks name their photos with or without folders; nobody guesses between two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from imaging.control.gathering import ControlFiles, gather
from imaging.control.naming import named_as_photos
from imaging.control.points import Mark, MarkedPoint, Role
from imaging.control.roles import Roles, read_roles, write_roles
from imaging.photos import Photo
from missions.errors import FormatError, InputError
from missions.geodesy import GeoPoint

PHOTOS = ("100MEDIA/DJI_1.JPG", "100MEDIA/DJI_2.JPG", "101MEDIA/DJI_1.JPG", "DJI_9.JPG")


def marked(*photos: str) -> tuple[MarkedPoint, ...]:
    return (MarkedPoint("P1", tuple(Mark(photo, 5, 6, 0.5) for photo in photos), "kerb"),)


def names(*photos: str) -> list[str]:
    (point,) = named_as_photos(marked(*photos), PHOTOS, "marks.json")
    assert point.note == "kerb"
    return [mark.photo for mark in point.marks]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("DJI_2.JPG", "100MEDIA/DJI_2.JPG"),
        ("100MEDIA/DJI_1.JPG", "100MEDIA/DJI_1.JPG"),
        ("card/101MEDIA/DJI_1.JPG", "101MEDIA/DJI_1.JPG"),
        ("card\\101MEDIA\\DJI_1.JPG", "101MEDIA/DJI_1.JPG"),
        ("photos/DJI_9.JPG", "DJI_9.JPG"),
        ("102MEDIA/DJI_2.JPG", "102MEDIA/DJI_2.JPG"),
        ("dji_2.jpg", "dji_2.jpg"),
    ],
)
def test_a_photo_is_found_where_one_path_ends_the_other(given: str, meant: str) -> None:
    assert names(given) == [meant]


def test_two_photos_that_could_be_meant_are_both_named() -> None:
    with pytest.raises(InputError, match=r"'100MEDIA/DJI_1.JPG' or '101MEDIA/DJI_1.JPG'.*with its folder"):
        names("DJI_1.JPG")


def test_a_point_marked_twice_in_one_photo_by_two_names_is_refused() -> None:
    with pytest.raises(InputError, match=r"marked twice in '100MEDIA/DJI_2.JPG'"):
        names("DJI_2.JPG", "100MEDIA/DJI_2.JPG")


ODM = """EPSG:4979
5.8 52.1 50.1 9.5 19.5 a.jpg P1
5.8 52.1 50.1 29.5 39.5 b.jpg P1
5.8001 52.1 50.2 9.5 19.5 a.jpg P2
5.8001 52.1 50.2 29.5 39.5 b.jpg P2
"""


def photos(*folders: str) -> dict[str, Photo]:
    first = Photo(Path("a"), 4000, 3000, "a", place=GeoPoint(52.1, 5.8), height_relative_m=40.0)
    names = [f"{folder}{name}" for folder in folders for name in ("a.jpg", "b.jpg")]
    return {name: replace(first, path=Path(name), sha256=name) for name in names}


def test_opendronemaps_list_takes_checks_and_finds_photos_in_their_folder(tmp_path: Path) -> None:
    (tmp_path / "gcp_list.txt").write_text(ODM)
    files = ControlFiles(points=tmp_path / "gcp_list.txt", checks=("P2",))
    control = gather(files, photos("flight 1/")).control
    assert {each.name: each.role for each in control.points} == {"P1": Role.CONTROL, "P2": Role.CHECK}
    assert [mark.photo for mark in control.marks["P2"]] == ["flight 1/a.jpg", "flight 1/b.jpg"]
    with pytest.raises(InputError, match="may be"):
        gather(files, photos("flight 1/", "flight 2/"))
    with pytest.raises(InputError, match="may be"):
        gather(files, photos("flight 1/"), others=["flight 2/a.jpg"])
    with pytest.raises(InputError, match=r"--check: nobody surveyed a point 'P3'. The points are P1, P2"):
        gather(replace(files, checks=("P3",)), photos("flight 1/"))


def test_what_no_file_tells_is_as_it_was_before(tmp_path: Path) -> None:
    (tmp_path / "gcp_list.txt").write_text(ODM)
    before = gather(ControlFiles(points=tmp_path / "gcp_list.txt"), photos("")).control
    again = gather(ControlFiles(), photos(""), kept=before).control
    assert again == before
    assert again.key == before.key
    changed = gather(ControlFiles(checks=("P1",)), photos(""), kept=before).control
    assert changed.role_of("P1") is Role.CHECK
    assert changed == before.with_roles(Roles({"P1": Role.CHECK}))


def test_roles_are_read_as_written_and_nonsense_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roles.json"
    roles = Roles({"P3": Role.CHECK, "P1": Role.CONTROL}, {("A", "B"): Role.CHECK})
    write_roles(path, roles)
    assert read_roles(path) == roles
    path.write_text(path.read_text().replace('"check"', '"chief"'))
    with pytest.raises(FormatError, match="role of 'P3' is none"):
        read_roles(path)
    path.write_text('{"format": "droneteam-roles", "version": 1, "roles": ["P3"]}')
    with pytest.raises(FormatError, match="has no roles"):
        read_roles(path)
