import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from imaging.photos import decode, picture_files, read_photo
from imaging.xmp import DroneXmp, read_xmp
from missions.errors import PhotoError

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" {attributes}>{elements}</rdf:Description>
</rdf:RDF></x:xmpmeta>"""


def photo_at(
    path: Path, *, gps: dict | None = None, exif: dict | None = None, size=(400, 300), **save
) -> Path:
    tags = Image.Exif()
    tags[0x010F], tags[0x0110] = "Maker\x00\x00", "One"
    tags[0x8769] = exif or {}
    tags[0x8825] = gps or {}
    Image.new("RGB", size, (90, 120, 60)).save(path, exif=tags, **save)
    return path


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def gps_of(lat=(52.0, 10.0, 12.0), lon=(4.0, 26.0, 24.0), ns="N", ew="E"):
    return {1: ns, 2: lat, 3: ew, 4: lon}


def test_position_time_and_focal_length_come_from_exif(tmp_path):
    exif = {
        0x9003: "2026:05:04 03:02:01", 0x9011: "+02:00", 0x9291: "250", 0x920A: 4.5, 0xA405: 24,
    }  # fmt: skip
    photo = read_photo(photo_at(tmp_path / "a.jpg", gps=gps_of(ns="S", ew="W"), exif=exif))
    assert photo.place.lat_deg == pytest.approx(-52.17)
    assert photo.place.lon_deg == pytest.approx(-4.44)
    assert photo.time_s == 1_777_856_521.25
    assert photo.focal_length_px == pytest.approx(24 / 43.2666 * 500, rel=1e-4)
    assert (photo.make, photo.model) == ("Maker", "One")


def test_the_focal_planes_resolution_goes_before_the_35_mm_equivalent(tmp_path):
    exif = {0x920A: 4.5, 0xA405: 24, 0xA20E: 400 / 6.4, 0xA210: 4}
    photo = read_photo(photo_at(tmp_path / "a.jpg", exif=exif))
    assert photo.focal_length_px == pytest.approx(4.5 / 6.4 * 400)


def test_heights_and_gimbal_come_from_the_drones_xmp(tmp_path):
    attributes = 'drone-dji:RelativeAltitude="+39.80" drone-dji:GimbalPitchDegree="-89.90"'
    elements = "<drone-dji:GimbalYawDegree>+45.0</drone-dji:GimbalYawDegree>"
    xmp = XMP.format(attributes=attributes, elements=elements).encode()
    photo = read_photo(photo_at(tmp_path / "a.jpg", xmp=xmp))
    assert (photo.height_relative_m, photo.gimbal_pitch_deg, photo.gimbal_yaw_deg) == (39.8, -89.9, 45.0)


def test_a_position_in_the_xmp_alone_counts_and_zero_is_a_longitude(tmp_path):
    attributes = 'drone-dji:GpsLatitude="51.47" drone-dji:GpsLongtitude="0.0"'
    photo = read_photo(
        photo_at(tmp_path / "a.jpg", xmp=XMP.format(attributes=attributes, elements="").encode())
    )
    assert (photo.place.lat_deg, photo.place.lon_deg) == (51.47, 0.0)


def test_entities_in_the_xmp_are_not_expanded():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + XMP.format(
        attributes='drone-dji:RelativeAltitude="5"', elements="&b;"
    )
    assert read_xmp(bomb) == DroneXmp()


@given(st.binary(max_size=300))
def test_any_bytes_for_xmp_give_an_answer(data):
    assert isinstance(read_xmp(data), DroneXmp)


@pytest.mark.parametrize("value", ["nan", "inf", "1e9", "", "forty"])
def test_figures_in_the_xmp_that_make_no_sense_are_none(value):
    xmp = read_xmp(XMP.format(attributes=f'drone-dji:RelativeAltitude="{value}"', elements=""))
    assert xmp.height_relative_m is None


@pytest.mark.parametrize(
    "gps",
    [
        gps_of(lat=(IFDRational(0, 0), 0.0, 0.0)),
        gps_of(lat=(91.0, 0.0, 0.0)),
        gps_of(lon=(181.0, 0.0, 0.0)),
        gps_of(lat=(0.0, 0.0, 0.0), lon=(0.0, 0.0, 0.0)),
    ],
    ids=["not a number", "latitude 91", "longitude 181", "no fix"],
)
def test_a_position_that_is_no_place_is_refused_by_name(tmp_path, gps):
    path = photo_at(tmp_path / "a.jpg", gps=gps)
    with pytest.raises(PhotoError) as error:
        read_photo(path)
    assert "a.jpg" in str(error.value)


def test_an_absurd_height_is_no_height(tmp_path):
    assert read_photo(photo_at(tmp_path / "a.jpg", gps=gps_of())).height_amsl_m is None
    photo = read_photo(photo_at(tmp_path / "b.jpg", gps={**gps_of(), 5: b"\x00", 6: 4_000_000.0}))
    assert photo.height_amsl_m is None
    photo = read_photo(photo_at(tmp_path / "c.jpg", gps={**gps_of(), 5: b"\x01", 6: 3.5}))
    assert photo.height_amsl_m == -3.5


def test_a_picture_of_60000_by_60000_is_refused_from_its_header(tmp_path):
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    (tmp_path / "bomb.png").write_bytes(png + chunk(b"IEND", b""))
    with pytest.raises(PhotoError, match="larger than"):
        read_photo(tmp_path / "bomb.png")


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\xff\xd8\xff\xe1\xff\xff", b"GIF89a" + bytes(50)])
def test_what_is_no_picture_is_refused(tmp_path, data):
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(PhotoError):
        read_photo(tmp_path / "a.jpg")


def test_grey_of_16_bits_is_refused_by_name_rather_than_drawn_white(tmp_path):
    for name in ("a.png", "a.tif"):
        Image.fromarray(np.full((30, 40), 20_000, np.uint16)).save(tmp_path / name)
        with pytest.raises(PhotoError, match="more than 8 bits"):
            read_photo(tmp_path / name)


def test_a_picture_cut_short_is_refused_when_decoded(tmp_path):
    path = tmp_path / "a.jpg"
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(PhotoError, match="cut short"):
        decode(path)


@pytest.mark.parametrize("reduce", [1, 2, 4, 8])
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_decoding_reduces_each_side_and_keeps_the_picture_in_place(tmp_path, suffix, reduce):
    pixels = np.zeros((304, 400, 3), np.uint8)
    pixels[152:, 200:] = 250
    Image.fromarray(pixels).save(tmp_path / f"a.{suffix}")
    small = decode(tmp_path / f"a.{suffix}", reduce)
    assert small.shape == (304 // reduce, 400 // reduce, 3)
    assert small[-2, -2].min() > 240
    assert small[-2, 1].max() < 10
    assert small[1, -2].max() < 10


def test_the_orientation_tag_does_not_turn_the_pixels(tmp_path):
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.new("RGB", (400, 300)).save(tmp_path / "a.jpg", exif=tags)
    photo = read_photo(tmp_path / "a.jpg")
    assert decode(tmp_path / "a.jpg").shape[:2] == (photo.height_px, photo.width_px)


@pytest.mark.parametrize("offset", ["+" + "9" * 60 + ":00", "+99:00", "east", ""])
def test_an_offset_that_is_none_leaves_the_time_as_utc(tmp_path, offset):
    photo_at(tmp_path / "a.jpg", exif={0x9003: "2026:05:04 03:02:01", 0x9011: offset})
    assert read_photo(tmp_path / "a.jpg").time_s == 1_777_863_721


def test_a_missing_and_an_empty_folder_are_one_clear_error(tmp_path):
    with pytest.raises(PhotoError, match="no folder"):
        picture_files(tmp_path / "nowhere")
    with pytest.raises(PhotoError, match="no photos here"):
        picture_files(tmp_path)


def test_pictures_are_found_in_subfolders_but_not_in_hidden_ones_or_the_scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.JPG", "100MEDIA/a.jpeg", ".trash/c.jpg", "scene/preview.jpg", ".d.jpg", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for scene in (tmp_path / "scene", Path("scene"), Path("100MEDIA/../scene")):
        found = picture_files(tmp_path, leave_out=scene)
        assert [path.relative_to(tmp_path).as_posix() for path in found] == ["100MEDIA/a.jpeg", "b.JPG"]
