"""GPS errors, and what the photos' metadata says of them and leaves out."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from missions.camera import Camera
from missions.errors import InputError
from sitl.world import GpsErrors, Lens, Metadata, Motion, PhotoTruth, World, grid_poses, render_photos
from sitl.world.positioning import barometer_errors_m, fixes_of

CAMERA = Camera("tiny", 13.2, 9.9, 9.0, 64, 48)
NONE = GpsErrors(0, 0, 0, 0, noise_horizontal_m=0, noise_vertical_m=0)
STILL = [Motion()] * 40
TIMES_S = [2.0 * number for number in range(40)]


@pytest.fixture(scope="module")
def world() -> World:
    return World(4, size_m=64.0, texel_m=0.2)


def errors_m(errors: GpsErrors, seed: int = 0, motions: list[Motion] = STILL) -> np.ndarray:
    fixes = fixes_of(errors, TIMES_S, motions, np.random.default_rng(seed))
    return np.array([fix.error_m for fix in fixes])


def taken(world: World, folder: Path, count: int = 12, **how: object) -> PhotoTruth:
    first = grid_poses(world, CAMERA, height_agl_m=20)[0]
    poses = [replace(first, time_s=first.time_s + 2.0 * number) for number in range(count)]
    return render_photos(world, folder, CAMERA, poses, **how)  # type: ignore[arg-type]


def opened(truth: PhotoTruth, number: int) -> Image.Image:
    return Image.open(BytesIO((truth.folder / truth.photos[number].file).read_bytes()))


def xmp_of(truth: PhotoTruth, number: int) -> dict[str, str]:
    return dict(opened(truth, number).getxmp()["xmpmeta"]["RDF"]["Description"])


def test_a_bias_is_common_to_a_flight_and_drawn_anew_for_the_next() -> None:
    biased = replace(NONE, bias_horizontal_m=1.5, bias_vertical_m=3.0)
    assert np.ptp(errors_m(biased), axis=0) == pytest.approx((0, 0, 0))
    flights = np.array([errors_m(biased, seed)[0] for seed in range(400)])
    assert flights.std(axis=0) == pytest.approx((1.5, 1.5, 3.0), rel=0.15)


def test_a_drift_is_as_large_as_asked_and_forgets_in_its_time() -> None:
    drifting = replace(NONE, drift_horizontal_m=0.5, drift_vertical_m=1.0, drift_time_s=20.0)
    flights = np.array([errors_m(drifting, seed) for seed in range(400)])
    assert flights.std(axis=0).mean(axis=0) == pytest.approx((0.5, 0.5, 1.0), rel=0.1)
    later = (flights[:, 10] * flights[:, 0]).mean(axis=0) / flights.var(axis=0).mean(axis=0)
    assert later == pytest.approx(np.exp(-1) * np.ones(3), abs=0.15)


def test_a_lag_reports_where_the_aircraft_was() -> None:
    moving = [Motion((4.0, -2.0, 0.5))] * 40
    assert errors_m(replace(NONE, lag_s=0.25), motions=moving)[7] == pytest.approx((-1.0, 0.5, -0.125))


def test_an_rtk_fix_is_good_to_centimetres_and_says_so(world: World, tmp_path: Path) -> None:
    truth = taken(world, tmp_path, gps=GpsErrors(bias_horizontal_m=5.0, rtk_share=0.5))
    assert 0 < sum(photo.rtk for photo in truth.photos) < 12
    for number, photo in enumerate(truth.photos):
        reported = world.frame.local_from_geo([[photo.reported_lon_deg, photo.reported_lat_deg]])[0]
        place = world.frame.local_from_geo([[photo.pose.place.lon_deg, photo.pose.place.lat_deg]])[0]
        xmp = xmp_of(truth, number)
        assert (xmp.get("RtkFlag") == "50") == photo.rtk
        assert (float(np.hypot(*(reported - place))) < 0.08) == photo.rtk
        if photo.rtk:
            assert 0.009 < float(xmp["RtkStdLat"]) < 0.015
            assert 0.015 < float(xmp["RtkStdHgt"]) < 0.025


def test_a_barometer_drifts_and_a_gimbal_misreads_alike_in_all_photos(world: World, tmp_path: Path) -> None:
    drifting = GpsErrors(barometer_drift_m=0.6, barometer_noise_m=0.3, drift_time_s=20.0)
    flights = np.array(
        [barometer_errors_m(drifting, TIMES_S, np.random.default_rng(seed)) for seed in range(400)]
    )
    assert flights.std(axis=0).mean() == pytest.approx(np.hypot(0.6, 0.3), rel=0.1)
    later = (flights[:, 10] * flights[:, 0]).mean() / 0.6**2
    assert later == pytest.approx(np.exp(-1), abs=0.15)
    true, wrong = (
        np.array(
            [
                [float(xmp_of(truth, number)[name]) for name in ("GimbalPitchDegree", "RelativeAltitude")]
                for number in range(12)
            ]
        )
        for truth in (
            taken(world, tmp_path / "true"),
            taken(
                world,
                tmp_path / "wrong",
                gps=replace(NONE, barometer_drift_m=0.5),
                metadata=Metadata(gimbal_shared_deg=2.0, gimbal_own_deg=0.1),
            ),
        )
    )
    turned_deg, higher_m = (wrong - true).T
    assert abs(turned_deg.mean()) > 3 * turned_deg.std() > 0
    assert 0 < np.ptp(higher_m) < 2.0


def test_some_photos_have_no_position_no_gimbal_or_a_wrong_clock(world: World, tmp_path: Path) -> None:
    broken = Metadata(without_position=0.4, without_gimbal=0.4, wrong_clock=0.4, clock_error_s=3600.0)
    truth = taken(world, tmp_path, metadata=broken, start_time_s=1_780_300_800.0)
    for number, photo in enumerate(truth.photos):
        exif, xmp = opened(truth, number).getexif(), xmp_of(truth, number)
        assert bool(exif.get_ifd(0x8825)) == ("GpsLatitude" in xmp) == photo.position_reported
        assert ("GimbalYawDegree" in xmp) == photo.gimbal_reported
        assert (exif.get_ifd(0x8769)[0x9003][:13] == "2026:06:01 09") == (photo.clock_error_s == 3600.0)
    for what in ("position_reported", "gimbal_reported"):
        assert 0 < sum(getattr(photo, what) for photo in truth.photos) < 12
    assert 0 < sum(photo.clock_error_s == 3600.0 for photo in truth.photos) < 12


def test_a_camera_rounds_its_focal_length_and_calibrates_it_only_when_asked(
    world: World, tmp_path: Path
) -> None:
    lens = Lens(64, 48, 44.0, -0.05, 0.01, 1e-4, 2e-4, 1.5, -1.0)
    plain = taken(world, tmp_path / "a", 1, lens=lens, metadata=Metadata(focal_rounded=True))
    wrong = taken(world, tmp_path / "b", 1, lens=lens, metadata=Metadata(True, 5.0, calibrated=True))
    lengths = [opened(truth, 0).getexif().get_ifd(0x8769) for truth in (plain, wrong)]
    assert [tags[0xA405] for tags in lengths] == [24, 25]
    assert [float(tags[0x920A]) for tags in lengths] == pytest.approx([9.15, 9.53], abs=0.006)
    assert "CalibratedFocalLength" not in xmp_of(plain, 0)
    xmp = xmp_of(wrong, 0)
    assert float(xmp["CalibratedFocalLength"]) == 44.0
    assert (float(xmp["CalibratedOpticalCenterX"]), float(xmp["CalibratedOpticalCenterY"])) == (33.5, 23.0)
    terms = [float(term) for term in xmp["DewarpData"].split(";")[1].split(",")]
    assert terms == pytest.approx([44.0, 44.0, 1.5, -1.0, -0.05, 0.01, 1e-4, 2e-4, 0.0])


@pytest.mark.parametrize("how", [{"drift_time_s": 0.0}, {"rtk_share": 1.5}])
def test_errors_that_make_no_sense_are_refused(how: dict[str, float]) -> None:
    with pytest.raises(InputError):
        GpsErrors(**how)
    with pytest.raises(InputError):
        Metadata(without_position=-0.1)
