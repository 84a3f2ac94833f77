"""Ground control that is marked nowhere holds nothing."""

from __future__ import annotations

from imaging.control.points import Mark, SurveyedPoint
from imaging.control.scene import SceneControl

PHOTOS = {"a.jpg": 0, "b.jpg": 1, "c.jpg": 2}


def point(name: str, reference: str) -> SurveyedPoint:
    return SurveyedPoint(name, 52.1, 5.8, 40.0, reference, 0.01, 0.015)


def marks(*photos: str) -> tuple[Mark, ...]:
    return tuple(Mark(photo, 10.0, 20.0, 0.5) for photo in photos)


def test_only_points_marked_in_two_photos_of_the_scene_count_and_tell_what_heights_are_above() -> None:
    control = SceneControl(
        (
            point("once", "nap"),
            point("elsewhere", "nap"),
            point("twice", "ellipsoidal"),
            point("never", "nap"),
        ),
        {"once": marks("a.jpg"), "elsewhere": marks("a.jpg", "z.jpg"), "twice": marks("b.jpg", "c.jpg")},
    )
    seen = control.seen_in(PHOTOS)
    assert [each.name for each in seen.points] == ["twice"]
    assert seen.height_reference == "ellipsoidal"
    assert SceneControl((point("never", "nap"),)).seen_in(PHOTOS).height_reference is None
