"""Thermal files of every kind: what their numbers mean, when and where they were taken, what is refused."""

import math
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base

from imaging.thermal.frame import Exposure
from imaging.thermal.planck import air_transmission, degc_from_counts
from imaging.thermal.radiometry import read_exposure, read_frame
from missions.errors import InputError, PhotoError
from tests.imaging.damaging import damaged
from tests.imaging.flir_files import LENS, RAMP, fff

Shared = Callable[[str], Path]


def write_tiff(path: Path, values: np.ndarray, description: str = "", **taken: str) -> Path:
    exif = Image.Exif()
    if description:
        exif[Base.ImageDescription] = description
    exif[IFD.Exif] = {getattr(Base, name): text for name, text in taken.items()}
    Image.fromarray(values).save(path, "TIFF", exif=exif.tobytes())
    return path


def write_flir(path: Path, data: bytes) -> Path:
    Image.new("L", (64, 48)).save(path, "JPEG")
    plain = path.read_bytes()
    pieces = [data[at : at + 3000] for at in range(0, len(data), 3000)]
    segments = b""
    for number, piece in enumerate(pieces):
        payload = b"FLIR\0\1" + bytes([number, len(pieces) - 1]) + piece
        segments += b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload
    path.write_bytes(plain[:2] + segments + plain[2:])
    return path


def test_a_tiff_that_says_hundredths_of_a_kelvin_is_read_in_degrees(tmp_path: Path) -> None:
    kelvin = (np.linspace(250, 320, 48 * 64).reshape(48, 64) * 100).astype(np.uint16)
    for description in ("100 counts a kelvin", "centikelvin", "Kelvin, 0.01 K steps"):
        frame = read_frame(write_tiff(tmp_path / "a.tif", kelvin, description))
        assert frame.unit == "degC"
        assert frame.radiometric
        assert np.allclose(frame.values, kelvin / 100 - 273.15, atol=1e-3)


def test_a_tiff_that_says_nothing_is_never_read_as_a_temperature(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", RAMP)
    frame = read_frame(path)
    assert frame.unit == "counts"
    assert not frame.radiometric
    assert np.array_equal(frame.values, RAMP)
    assert "does not say" in frame.notes[0]
    assert read_frame(path, scale="centikelvin").unit == "degC"
    assert read_frame(path, scale="counts").notes == ()


def test_a_tiff_that_claims_kelvin_but_would_be_colder_than_the_poles_stays_counts(tmp_path: Path) -> None:
    frame = read_frame(write_tiff(tmp_path / "a.tif", np.full((48, 64), 7000, np.uint16), "centikelvin"))
    assert frame.unit == "counts"
    assert "no scene" in frame.notes[0]


def test_a_tiff_of_several_pictures_says_that_only_the_first_was_read(tmp_path: Path) -> None:
    pages = [Image.fromarray(RAMP), Image.fromarray(RAMP + 5)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    frame = read_frame(tmp_path / "a.tif", scale="counts")
    assert np.array_equal(frame.values, RAMP)
    assert "only the first" in frame.notes[0]


def test_time_takes_fractions_and_the_offset_from_utc(tmp_path: Path) -> None:
    taken = {"DateTimeOriginal": "2026:05:01 14:30:00", "SubsecTimeOriginal": "125"}
    with_offset = write_tiff(tmp_path / "a.tif", RAMP, **taken, OffsetTimeOriginal="+02:00")
    without = write_tiff(tmp_path / "b.tif", RAMP, **taken)
    exposure = read_exposure(with_offset)
    assert exposure.time_s == datetime(2026, 5, 1, 12, 30, 0, 125000, UTC).timestamp()
    assert not exposure.local_time
    assert read_exposure(without).time_s == datetime(2026, 5, 1, 14, 30, 0, 125000, UTC).timestamp()
    assert read_exposure(without).local_time
    assert read_exposure(write_tiff(tmp_path / "c.tif", RAMP)).time_s is None


def test_a_grey_picture_is_grey_and_a_coloured_one_says_so(tmp_path: Path) -> None:
    Image.fromarray((RAMP // 256).astype(np.uint8)).save(tmp_path / "grey.png")
    frame = read_frame(tmp_path / "grey.png")
    assert frame.unit == "grey"
    assert "which end is hot" in frame.notes[0]
    turned = read_frame(tmp_path / "grey.png", black_hot=True)
    assert np.array_equal(turned.values, 255 - frame.values)
    Image.new("RGB", (64, 48), (200, 20, 90)).save(tmp_path / "colour.jpg")
    assert "false colour" in read_frame(tmp_path / "colour.jpg").notes[0]


def test_planck_turns_back_what_the_detector_would_answer() -> None:
    rng = np.random.default_rng(2)
    truth = rng.uniform(-20, 120, 50)
    tau = air_transmission(LENS)
    assert 0.8 < tau < 1

    def black_body(kelvin: float) -> float:
        return LENS.planck_r1 / (LENS.planck_r2 * (math.exp(LENS.planck_b / kelvin) - 1)) - LENS.planck_o

    pane = LENS.window_transmission
    seen = [
        pane
        * (
            tau * (0.95 * black_body(t + 273.15) + 0.05 * black_body(LENS.reflected_k))
            + (1 - tau) * black_body(LENS.air_k)
        )
        + (1 - pane) * black_body(LENS.window_k)
        for t in truth
    ]
    assert np.allclose(degc_from_counts(np.array([seen], np.float32), LENS)[0], truth, atol=0.02)


@pytest.mark.parametrize(
    ("order", "png"), [("<", ""), (">", ""), ("<", "straight"), ("<", "swapped")], ids=str
)
def test_flir_pictures_of_every_byte_order_give_the_same_degrees(
    tmp_path: Path, order: str, png: str
) -> None:
    frame = read_frame(write_flir(tmp_path / "a.jpg", fff(RAMP, order=order, png=png)))
    assert frame.unit == "degC"
    assert np.allclose(frame.values, degc_from_counts(RAMP.astype(np.float32), LENS), atol=0.01)
    assert frame.error_degc == pytest.approx(max(2.0, 0.02 * float(np.abs(frame.values).max())))
    assert frame.exposure.time_s == 1_700_000_000.25
    assert frame.camera is not None
    assert frame.camera.fov_deg[0] == pytest.approx(45.0, abs=1e-3)
    assert read_exposure(tmp_path / "a.jpg").time_s == 1_700_000_000.25


def test_flir_files_with_a_piece_missing_or_constants_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    whole = write_flir(tmp_path / "a.jpg", fff(RAMP)).read_bytes()
    second = whole.index(b"FLIR\0\1\1")
    (tmp_path / "b.jpg").write_bytes(whole[:second] + b"FLIR\0\1\0" + whole[second + 7 :])
    with pytest.raises(PhotoError, match="missing"):
        read_frame(tmp_path / "b.jpg")
    broken = fff(RAMP).replace(struct.pack("<f", LENS.emissivity), struct.pack("<f", 7.0))
    with pytest.raises(PhotoError, match="damaged"):
        read_frame(write_flir(tmp_path / "c.jpg", broken))


def test_files_that_are_no_frames_give_one_clear_error(tmp_path: Path) -> None:
    for name, data in (("text.jpg", b"hello"), ("empty.tif", b""), ("soi.jpg", b"\xff\xd8\xff\xe1\xff\xff")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PhotoError, match=name):
            read_frame(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        read_frame(tmp_path / "absent.tif")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">II5B", 60000, 60000, 16, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "huge.png").write_bytes(png + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4)
    with pytest.raises(PhotoError, match="million pixels"):
        read_frame(tmp_path / "huge.png")


def test_a_flir_picture_beyond_the_range_that_was_set_says_so(tmp_path: Path) -> None:
    for most_k, said in ((1000.0, False), (290.0, True)):
        data = bytearray(fff(RAMP))
        camera = len(data) - 0x400
        struct.pack_into("<ff", data, camera + 0x90, most_k, 200.0)
        notes = read_frame(write_flir(tmp_path / "a.jpg", bytes(data))).notes
        assert any("outside" in note for note in notes) == said


def test_what_a_flir_camera_was_told_by_the_autopilot_is_its_place_and_angles(tmp_path: Path) -> None:
    def told(height: str, yaw: str, mount: tuple[str, str, str]) -> Exposure:
        packet = (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
            'xmlns:FLIR="http://ns.flir.com/xmp/1.0/" xmlns:Camera="http://pix4d.com/camera/1.0" '
            f'FLIR:MAVRelativeAltitude="{height}" FLIR:MAVYaw="{yaw}" '
            'FLIR:MAVPitch="0/100" FLIR:MAVRoll="0/100" '
            f'Camera:Yaw="{mount[0]}" Camera:Pitch="{mount[1]}" Camera:Roll="{mount[2]}"/></rdf:RDF>'
            "</x:xmpmeta>"
        )
        Image.new("L", (64, 48)).save(tmp_path / "a.jpg", xmp=packet.encode())
        return read_exposure(tmp_path / "a.jpg")

    flown = told("61500/1000", "35000/100", ("2000/100", "-9000/100", "0/100"))
    assert flown.height_relative_m == pytest.approx(61.5)
    assert (flown.yaw_deg, flown.gimbal_yaw_deg, flown.gimbal_pitch_deg) == pytest.approx((350, 10, -90))
    alone = told("0/1000", "0/100", ("-1/100", "-8759/100", "-9509/100"))
    assert alone.height_relative_m is None
    assert alone.gimbal_pitch_deg is None


def test_damaged_files_give_a_frame_or_an_input_error_and_nothing_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    tiff = write_tiff(tmp_path / "a.tif", RAMP, "centikelvin").read_bytes()
    jpeg = write_flir(tmp_path / "a.jpg", fff(RAMP, png="swapped")).read_bytes()
    refused = 0
    for round_number in range(90):
        data, cut_from = tiff if round_number % 2 else jpeg, None if round_number % 3 else 10
        path = tmp_path / f"damaged{'.tif' if round_number % 2 else '.jpg'}"
        path.write_bytes(damaged(data, rng, changes=12, within=9000, cut_from=cut_from))
        try:
            assert read_frame(path).values.ndim == 2
        except InputError:
            refused += 1
    assert refused > 10


DJI = {
    "M30T": (512, 640),
    "M3T": (512, 640),
    "M4T": (512, 640),
    "M2EA": (512, 640),
    "DJI_H20T": (512, 640),
    "H30T": (1024, 1280),
}


@pytest.mark.parametrize("model", DJI)
def test_a_real_dji_frame_is_read_as_counts(shared: Shared, model: str) -> None:
    frame = read_frame(shared(f"thermal/rjpeg/{model}.jpg"))
    assert frame.values.shape == DJI[model]
    assert frame.unit == "counts"
    assert not frame.radiometric
    # a picture, not noise: neighbours are alike
    assert np.abs(np.diff(frame.values, axis=1)).mean() < 0.2 * frame.values.std()


def test_a_real_dji_picture_is_brighter_where_its_counts_are_higher(shared: Shared) -> None:
    path = shared("thermal/rjpeg/M3T.jpg")
    frame = read_frame(path)
    with Image.open(path) as picture:
        shown = np.asarray(picture.convert("L").resize((640, 512)), float)
    assert np.corrcoef(np.log(frame.values.ravel()), shown.ravel())[0, 1] > 0.8


@pytest.mark.parametrize(
    ("name", "shape", "least", "most"), [("FLIR", (320, 240), 20, 70), ("FLIR_T640", (480, 640), 15, 110)]
)
def test_a_real_flir_frame_is_read_in_degrees(
    shared: Shared, name: str, shape: tuple[int, int], least: float, most: float
) -> None:
    frame = read_frame(shared(f"thermal/rjpeg/{name}.jpg"))
    assert frame.values.shape == shape
    assert frame.unit == "degC"
    assert least < float(np.nanmin(frame.values)) < float(np.nanmax(frame.values)) < most


def test_a_real_flight_frame_tells_its_place_and_gimbal(shared: Shared) -> None:
    frame = read_frame(shared("thermal/rjpeg_flight/DJI_20250117111343_0139_T.JPG"))
    exposure = frame.exposure
    assert exposure.place is not None
    assert (exposure.place.lat_deg, exposure.place.lon_deg) == pytest.approx(
        (23.063983, 113.334817), abs=1e-4
    )
    assert exposure.height_relative_m == pytest.approx(120.07)
    assert exposure.gimbal_pitch_deg == -90
    assert exposure.gimbal_yaw_deg == pytest.approx(34.2)
    assert exposure.yaw_deg == pytest.approx(90.1)
    assert exposure.local_time
