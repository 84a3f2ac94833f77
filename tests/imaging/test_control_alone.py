"""Photos that tell no position, and surveyed points: the scene lies where the points do, and says so."""

import json
from dataclasses import replace

import numpy as np
import pytest

from imaging.control.points import Role
from imaging.control.scene import SceneControl
from imaging.mosaic import MosaicOptions, mosaic
from imaging.photos import BY_CONTROL
from missions.errors import AlignmentError, PhotoError
from sitl.world import CrashOptions, Metadata, PhotoTruth, crash_scene
from tests.imaging.calibration_lots import clicks, control_of

QUICK = MosaicOptions(quick=True)
SILENT = Metadata(focal_rounded=True, without_position=1.0, without_gimbal=1.0)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> PhotoTruth:
    """A crash scene whose photos tell neither position nor angles."""
    scene = crash_scene(4, photos=9, options=CrashOptions(metadata=SILENT))
    return scene.render(tmp_path_factory.mktemp("silent"))


@pytest.fixture(scope="module")
def control(taken: PhotoTruth) -> SceneControl:
    """Four surveyed points, and checks, marked by hand."""
    random = np.random.default_rng(4)
    return control_of(taken, clicks(taken, random), "control", random)


def test_four_surveyed_points_alone_place_the_scene(taken, control, tmp_path, heard):
    report = mosaic(taken.folder, tmp_path / "scene", options=QUICK, control=control, progress=heard)
    assert len(report.used) == len(taken.photos)
    assert report.accuracy.evidence
    assert report.accuracy.gps_used == 0
    assert report.accuracy.ground_control_points == 4
    assert report.height_reference == "nap"
    assert report.accuracy.check_rmse_plan_m < 0.08
    assert report.accuracy.check_rmse_up_m < 0.2
    assert any("surveyed points alone" in note for note in heard.notes)
    body = json.loads(report.report.read_text())
    assert body["place"]["placed_by"] == "control"
    assert {photo["placed_by"] for photo in body["photos"]} == {BY_CONTROL}
    assert all(photo["gps_residual"] is None for photo in body["photos"])
    again = mosaic(taken.folder, tmp_path / "scene", options=QUICK, control=control)
    assert not any(used["made"] for name, used in again.body["stages"].items() if name != "photos")


def test_points_on_one_line_leave_the_turn_about_it_open(taken, control, tmp_path):
    a, b = control.points[0], control.points[1]
    middle = replace(
        a,
        lat_deg=(a.lat_deg + b.lat_deg) / 2,
        lon_deg=(a.lon_deg + b.lon_deg) / 2,
        height_m=((a.height_m or 0) + (b.height_m or 0)) / 2,
        name=control.points[2].name,
    )
    line = SceneControl(tuple(replace(each, role=Role.CONTROL) for each in (a, b, middle)), control.marks)
    with pytest.raises(AlignmentError, match="one line"):
        mosaic(taken.folder, tmp_path / "scene", options=QUICK, control=line)


def test_two_surveyed_points_are_too_few(taken, control, tmp_path):
    two = [each for each in control.points if each.role is Role.CONTROL][:2]
    few = replace(control, points=tuple(two))
    with pytest.raises(PhotoError, match="no photo has a GPS position") as error:
        mosaic(taken.folder, tmp_path / "scene", options=QUICK, control=few)
    assert "three surveyed points" in error.value.remedy
