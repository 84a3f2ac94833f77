"""What cameras tell of their positions and lenses, and how far each is believed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imaging.factory_lens import read_dewarp
from imaging.mosaic import MosaicOptions, mosaic
from imaging.pairs import frame_of
from imaging.photos import Photo, read_photo
from imaging.position_errors import ASSUMED
from imaging.positions import Witness, witness_of
from imaging.scene import Scene
from imaging.survey import kept_survey
from imaging.xmp import read_xmp
from missions.geodesy import GeoPoint
from sitl.world import CrashOptions, GpsErrors, Metadata, crash_scene
from tests.imaging.hostile import XMP, rewritten

DEWARP = (
    "2018-09-06;3684.480000000000,3677.570000000000,2.240000000000,22.050000000000,"
    "-0.263482000000,0.106788000000,0.000037110700,-0.000327247000,-0.030078300000"
)
"""Of a Phantom 4 RTK, 5472 x 3648, as its owner published it (agisoft.com/forum, topic 10220)."""


def row(count: int, **known: object) -> dict[str, Photo]:
    """Photos ten metres apart, five seconds apart."""
    plain = Photo(Path("a.jpg"), 4000, 3000, "0", height_relative_m=30.0, height_amsl_m=80.0)
    return {
        f"{n}": replace(plain, time_s=5.0 * n, place=GeoPoint(52.0, 4.0 + n * 1.457e-4), **known)
        for n in range(count)
    }


def sigmas_m(witness: Witness) -> tuple[float, float]:
    """Of the first photo's position east and up, all of it."""
    whole = witness.shared + ASSUMED.spread(witness)
    return float(np.sqrt(whole[0, 0])), float(np.sqrt(whole[2, 2]))


def apart_sigma_m(witness: Witness, axis: int) -> float:
    """Of the difference between the first two photos on an axis."""
    whole = witness.shared + ASSUMED.spread(witness)
    first, second = axis, 3 + axis
    return float(np.sqrt(whole[first, first] + whole[second, second] - 2 * whole[first, second]))


def seen(photos: dict[str, Photo]) -> Witness:
    return witness_of(photos, frame_of(photos))


def xmp_photo(text: str) -> str:
    return XMP.format(text)


def test_a_corrected_receivers_heights_say_how_the_photos_differ_though_a_barometer_is_told_too():
    photos = row(6, rtk=True, sigma_plan_m=0.012, sigma_up_m=0.025)
    names = list(photos)
    photos[names[2]] = replace(photos[names[2]], height_amsl_m=81.0)
    photos[names[3]] = replace(photos[names[3]], height_relative_m=31.5)
    witness = seen(photos)
    assert witness.reference == "relative"
    assert witness.local_m[:, 2] == pytest.approx([30.0, 30.0, 31.0, 30.0, 30.0, 30.0], abs=1e-6)
    assert apart_sigma_m(witness, 2) < 0.05
    assert sigmas_m(witness)[1] > 1.0  # where take-off is, a barometer alone tells


def test_without_corrections_the_barometer_is_believed():
    photos = row(6)
    photos["2"] = replace(photos["2"], height_amsl_m=81.0)
    witness = seen(photos)
    assert witness.local_m[:, 2] == pytest.approx([30.0] * 6)
    assert apart_sigma_m(witness, 2) > 0.2


@pytest.mark.parametrize(
    ("flag", "rtk", "sigma_m"), [(50, True, 0.02), (34, False, 0.4), (16, False, 1.49), (0, False, None)]
)
def test_the_flag_says_what_the_receivers_figures_mean(tmp_path, few_rendered, flag, rtk, sigma_m):
    told = {50: 0.02, 34: 0.4, 16: 1.49, 0: 3.0}[flag]
    text = f'drone-dji:RtkFlag="{flag}" drone-dji:RtkStdLon="0.01" drone-dji:RtkStdLat="{told}"'
    photo = read_photo(rewritten(min(few_rendered.glob("*.JPG")), tmp_path / "a.jpg", xmp=xmp_photo(text)))
    assert (photo.rtk, photo.sigma_plan_m) == (rtk, sigma_m)


def test_the_surer_the_fix_the_surer_the_position():
    fixed = sigmas_m(seen(row(4, rtk=True, sigma_plan_m=0.012)))[0]
    floating = sigmas_m(seen(row(4, sigma_plan_m=0.4)))[0]
    alone = sigmas_m(seen(row(4, sigma_plan_m=1.5)))[0]
    plain, poor = sigmas_m(seen(row(4)))[0], sigmas_m(seen(row(4, dilution=4.0)))[0]
    assert fixed < 0.05 < floating < alone < plain < poor
    assert plain == pytest.approx(sigmas_m(seen(row(4, dilution=0.8)))[0])


def test_other_makers_accuracy_is_read():
    text = (
        '<x xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:Camera="http://pix4d.com/camera/1.0/">'
        "<Camera:GPSXYAccuracy>0.03</Camera:GPSXYAccuracy><Camera:GPSZAccuracy>0.05</Camera:GPSZAccuracy></x>"
    )
    read = read_xmp(text)
    assert (read.accuracy_plan_m, read.accuracy_up_m) == (0.03, 0.05)


def test_a_measured_lens_is_read_and_comes_close_to_what_its_maker_says():
    factory = read_dewarp(DEWARP, 0, 5472, 3648)
    assert factory is not None
    assert factory.measured == "2018-09-06"
    lens = factory.lens(5472, 3648)
    assert (lens.centre_x_px, lens.centre_y_px) == pytest.approx((2738.24, 1846.05))
    assert lens.focal_px == pytest.approx((3684.48 + 3677.57) / 2)
    rows, columns = np.mgrid[-1:1:41j, -1:1:41j]
    x, y = columns.ravel() * 2736 / lens.focal_px, rows.ravel() * 1824 / lens.focal_px
    square = x * x + y * y
    radial = 1 + square * (-0.263482 + square * (0.106788 - 0.0300783 * square))
    p1, p2 = 0.0000371107, -0.000327247
    theirs = np.column_stack([
        x * radial + 2 * p1 * x * y + p2 * (square + 2 * x * x),
        y * radial + p1 * (square + 2 * y * y) + 2 * p2 * x * y,
    ])  # fmt: skip
    ours = lens.pixels(np.column_stack([x, y, np.ones_like(x)]))
    off_px = np.linalg.norm(ours - theirs * lens.focal_px - [lens.centre_x_px, lens.centre_y_px], axis=1)
    assert np.sqrt((off_px**2).mean()) < 1.0  # 0.81 and 2.4 pixels of 5472 x 3648
    assert off_px.max() < 3.0


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        (DEWARP, None),
        (DEWARP, 1),
        ("", 0),
        ("2018-09-06;nan,1,1,1,1,1,1,1,1", 0),
        (DEWARP.replace("3684", "36"), 0),
        (DEWARP.replace("-0.263482", "-26.3"), 0),
        (DEWARP.rpartition(",")[0], 0),
        (";" * 300, 0),
    ],
)
def test_what_is_straightened_already_or_makes_no_sense_is_no_lens(text, flag):
    assert read_dewarp(text, flag, 5472, 3648) is None


def test_a_picture_that_was_cut_since_has_no_calibrated_lens(tmp_path, few_rendered):
    good = min(few_rendered.glob("*.JPG"))
    terms = "2026-01-15;333,333,1,1,-0.05,0.01,0,0,0"
    for centre, known in ((240, True), (480, False)):
        text = (
            f'drone-dji:CalibratedOpticalCenterX="{centre}" drone-dji:CalibratedFocalLength="333" '
            f'drone-dji:DewarpFlag="0" drone-dji:DewarpData="{terms}"'
        )
        photo = read_photo(rewritten(good, tmp_path / f"{centre}.jpg", xmp=xmp_photo(text)))
        assert (photo.factory_lens is not None) == known


def test_a_measured_lens_begins_the_scene_and_comes_back_from_its_record(tmp_path):
    options = CrashOptions(metadata=Metadata(calibrated=True), gps=GpsErrors(rtk_share=1.0))
    crash_scene(2, photos=9, options=options).render(tmp_path / "photos")
    report = mosaic(tmp_path / "photos", tmp_path / "scene", options=MosaicOptions(quick=True))
    found = kept_survey(Scene(tmp_path / "scene"))
    photo = next(iter(found.photos.values()))
    assert photo.rtk
    assert photo.factory_lens is not None
    assert len(report.used) == 9
    (lens,) = report.body["lenses"].values()
    assert lens["radial"] == pytest.approx(photo.factory_lens.radial, abs=0.02)
    assert report.accuracy.scale_95_pct < 0.7  # 1.4 with an ordinary receiver
