"""Every figure of the catalogue is accounted for, and agrees with what it is said to follow from."""

import tomllib
from collections.abc import Callable
from math import atan2, degrees, hypot
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import missions.catalogue
from missions.camera import Camera
from missions.catalogue import aircraft, camera, camera_names
from missions.catalogue_sources import KINDS, Source, line_of, sources_of, superseded, surest

DATA = Path(missions.catalogue.__file__).parent / "data"
FULL_FRAME_MM = hypot(36, 24)
ENTRIES: dict[str, dict[str, Any]] = {
    **tomllib.loads((DATA / "aircraft.toml").read_text()),
    **tomllib.loads((DATA / "cameras.toml").read_text()),
}

PUBLISHED_MIN = {
    "dji-matrice-30t": (36, 41),
    "dji-matrice-4t": (42, 49),
    "dji-mavic-3t": (38, 45),
    "dji-matrice-300-rtk": (None, 55),
    "dji-matrice-350-rtk": (None, 55),
    "autel-evo-ii-dual-640t": (33, 38),
    "skydio-x10": (35, 40),
    "parrot-anafi-usa": (None, 32),
}
"""Minutes of hover and of flight, as in the entries' sources."""

PUBLISHED_DIAGONAL_DEG = {
    "dji-m30t-wide": 84.0,
    "dji-m3t-wide": 84.0,
    "dji-m3t-tele": 15.0,
    "dji-h20t-wide": 82.9,
    "dji-h20t-thermal": 40.6,
    "dji-h30t-wide": 82.1,
    "dji-h30t-zoom": 66.7,
    "dji-h30t-thermal": 45.2,
    "dji-m4t-wide": 82.0,
    "dji-m4t-medium-tele": 35.0,
    "dji-m4t-tele": 15.0,
    "dji-m4t-thermal": 45.0,
    "autel-640t-wide": 79.0,
    "skydio-x10-wide": 93.0,
    "skydio-x10-narrow": 50.0,
    "skydio-x10-tele": 13.0,
    "skydio-x10-thermal": 41.0,
}

PUBLISHED_EQUIVALENT_MM = {
    "dji-m30t-wide": 24,
    "dji-m30t-zoom": 113,
    "dji-m30t-thermal": 40,
    "dji-m3t-wide": 24,
    "dji-m3t-tele": 162,
    "dji-m3t-thermal": 40,
    "dji-h20t-thermal": 58,
    "dji-h30t-wide": 24,
    "dji-h30t-zoom": 33.4,
    "dji-h30t-thermal": 52,
    "dji-m4t-wide": 24,
    "dji-m4t-medium-tele": 70,
    "dji-m4t-tele": 168,
    "dji-m4t-thermal": 53,
    "autel-640t-wide": 25.6,
}

RJPEG = {
    "DJI_H20T.jpg": "dji-h20t-thermal",
    "H30T.jpg": "dji-h30t-thermal",
    "M30T.jpg": "dji-m30t-thermal",
    "M3T.jpg": "dji-m3t-thermal",
    "M4T.jpg": "dji-m4t-thermal",
}
EXIF_FOCAL_LENGTH, EXIF_EQUIVALENT = 0x920A, 0xA405


def diagonal_mm(one: Camera) -> float:
    return hypot(one.sensor_width_mm, one.sensor_height_mm)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_figure_is_accounted_for_and_no_other(name: str) -> None:
    figures = {key for key, value in ENTRIES[name].items() if not isinstance(value, str)}
    sources = sources_of(ENTRIES[name]["source"])
    assert figures == {figure for each in sources for figure in each.figures}
    assert all(len(each.told) > 3 for each in sources)


@pytest.mark.parametrize("name", PUBLISHED_MIN)
def test_the_battery_lasts_the_published_minutes(name: str) -> None:
    one, (hover_min, flight_min) = aircraft(name), PUBLISHED_MIN[name]
    assert one.battery_wh / one.cruise_power_w * 60 == pytest.approx(flight_min, rel=0.01)
    if hover_min is not None:
        assert one.battery_wh / one.hover_power_w * 60 == pytest.approx(hover_min, rel=0.01)
    assert one.hover_power_w >= one.cruise_power_w


@pytest.mark.parametrize("name", PUBLISHED_DIAGONAL_DEG)
def test_a_camera_sees_the_published_diagonal(name: str) -> None:
    one = camera(name)
    seen_deg = 2 * degrees(atan2(diagonal_mm(one) / 2, one.focal_length_mm))
    assert seen_deg == pytest.approx(PUBLISHED_DIAGONAL_DEG[name], rel=0.04)


@pytest.mark.parametrize("name", PUBLISHED_EQUIVALENT_MM)
def test_a_camera_has_the_published_35_mm_equivalent(name: str) -> None:
    one = camera(name)
    equivalent_mm = one.focal_length_mm * FULL_FRAME_MM / diagonal_mm(one)
    assert equivalent_mm == pytest.approx(PUBLISHED_EQUIVALENT_MM[name], rel=0.04)


@pytest.mark.parametrize("name", [name for name in camera_names() if name.endswith("-thermal")])
def test_every_thermal_sensor_has_pixels_of_12_micrometres(name: str) -> None:
    one = camera(name)
    assert one.sensor_width_mm / one.image_width_px == pytest.approx(0.012, rel=1e-6)


@pytest.mark.parametrize(
    ("one", "height_per_cm_m"),
    [
        (Camera("Phantom 4", 6.2, 4.65, 3.6, 4000, 3000), 23.226),
        (Camera("Phantom 4 Pro", 13.13, 8.76, 8.8, 5472, 3648), 36.5),
        (Camera("Mavic 3E", 17.42, 13.06, 12.29, 5280, 3956), 37.0),
    ],
)
def test_ground_sample_distance_is_the_makers_own(one: Camera, height_per_cm_m: float) -> None:
    """DJI's WPMZ library has 2322.6 and 3650 for the Phantoms; dslrpros.com gives H/37 for the Mavic 3E."""
    assert one.gsd_m(height_per_cm_m) == pytest.approx(0.01, rel=0.01)


@pytest.mark.parametrize("file_name", RJPEG)
def test_the_lens_is_the_one_that_real_pictures_tell(shared: Callable[[str], Path], file_name: str) -> None:
    one = camera(RJPEG[file_name])
    with Image.open(shared(f"thermal/rjpeg/{file_name}")) as picture:
        width_px, height_px = picture.size
        exif = picture.getexif().get_ifd(0x8769)
    assert float(exif[EXIF_FOCAL_LENGTH]) == one.focal_length_mm
    assert width_px % one.image_width_px == 0
    assert height_px % one.image_height_px == 0
    pitch_mm = (
        one.focal_length_mm
        * FULL_FRAME_MM
        / exif[EXIF_EQUIVALENT]
        / hypot(one.image_width_px, one.image_height_px)
    )
    assert pitch_mm == pytest.approx(one.sensor_width_mm / one.image_width_px, rel=0.03)


def test_a_source_is_read_line_by_line() -> None:
    text = "A remark (of mine): this.\nquoted (mass_kg, payload_kg): there\n\nmemory (mass_kg): so I think\n"
    assert sources_of(text) == [
        Source("", (), "A remark (of mine): this."),
        Source("quoted", ("mass_kg", "payload_kg"), "there"),
        Source("memory", ("mass_kg",), "so I think"),
    ]
    assert [surest(text, name) for name in ("mass_kg", "payload_kg", "battery_wh")] == [
        "quoted",
        "quoted",
        "",
    ]
    assert "\n".join(line_of(each) for each in sources_of(text)) == text.strip().replace("\n\n", "\n")


def test_what_was_measured_supersedes_what_was_read() -> None:
    text = "Ours.\nquoted (mass_kg, battery_wh): there\nmemory (mass_kg): so I think"
    assert superseded(text, {"mass_kg"}) == "Ours.\nquoted (battery_wh): there"
    assert superseded(text, {"mass_kg", "battery_wh"}) == "Ours."
    assert superseded(text, ()) == text


def test_kinds_are_told_in_words() -> None:
    assert all(words and kind == kind.lower() for kind, words in KINDS.items())
