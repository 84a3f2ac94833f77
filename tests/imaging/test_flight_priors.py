"""What a flight's recording tells of its photos: time, place, direction; the camera's clock is made out."""

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.flight import read_flight, with_flight
from imaging.photos import Photo
from imaging.positions import witness_of
from imaging.priors import Priors
from imaging.scene import open_scene
from imaging.survey import kept_survey, survey
from missions.camera import Camera
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from sitl.world import Metadata, World, grid_poses, render_photos
from telemetry.exposures import Exposures
from telemetry.messages import Encoder
from telemetry.tlog import read_tlog

FRAME = LocalFrame(GeoPoint(52.1, 5.1))
START_S = 1_780_300_800.0
SPEED_M_S = 5.0
RECORDER_BEHIND_S = 7.25
"""How far the recording's own clock is behind UTC."""


@dataclass(frozen=True)
class Lanes:
    """Lanes there and back, 60 m long and 12 m apart, flown at an even speed."""

    count: int = 4
    length_m: float = 60.0
    apart_m: float = 12.0

    @property
    def duration_s(self) -> float:
        return self.count * (self.length_m + self.apart_m) / SPEED_M_S

    def at(self, passed_s: float) -> tuple[float, float]:
        along_m = SPEED_M_S * passed_s
        lane, rest_m = divmod(along_m, self.length_m + self.apart_m)
        north_m = min(rest_m, self.length_m)
        return lane * self.apart_m + max(0.0, rest_m - self.length_m), (
            north_m if lane % 2 == 0 else self.length_m - north_m
        )

    def place(self, passed_s: float) -> GeoPoint:
        lon_deg, lat_deg = FRAME.geo_from_local([self.at(passed_s)])[0]
        return GeoPoint(float(lat_deg), float(lon_deg))


LANES = Lanes()


def recorded(
    path: Path,
    *,
    pictures: Sequence[float] = (),
    source: str = "CAMERA_FEEDBACK",
    place_of: Callable[[float], GeoPoint] = LANES.place,
    duration_s: float = LANES.duration_s,
) -> Path:
    """A `.tlog` of a flight with GPS time, a gimbal that looks down, and messages of `pictures`.

    A message comes 0.4 s after its picture was taken.
    """
    encoder = Encoder(1, 1)
    told: list[tuple[float, bytes]] = []
    for passed_s in np.arange(0, duration_s, 0.2):
        place = place_of(passed_s)
        boot_ms = round(1000 * passed_s)
        told += [
            (passed_s, encoder.encode(
                "GLOBAL_POSITION_INT", time_boot_ms=boot_ms, lat=round(place.lat_deg * 1e7),
                lon=round(place.lon_deg * 1e7), alt=45_000, relative_alt=30_000, vx=500, hdg=0,
            )),
            (passed_s, encoder.encode("MOUNT_ORIENTATION", time_boot_ms=boot_ms, pitch=-88.0, yaw=12.0)),
            (passed_s, encoder.encode("SYSTEM_TIME", time_unix_usec=round(1e6 * (START_S + passed_s)))),
        ]  # fmt: skip
    for number, taken_s in enumerate(pictures, 1):
        place = place_of(taken_s)
        fields: dict[str, Any] = {"seq": number}
        if source == "CAMERA_FEEDBACK":
            fields = {
                "img_idx": number, "lat": round(place.lat_deg * 1e7), "lng": round(place.lon_deg * 1e7),
                "alt_msl": 45.0, "alt_rel": 30.0,
            }  # fmt: skip
        message = encoder.encode(source, time_usec=round(1e6 * (START_S + taken_s)), **fields)
        told.append((taken_s + 0.4, message))
    told.sort(key=lambda each: each[0])
    begin_s = START_S - RECORDER_BEHIND_S
    path.write_bytes(
        b"".join(struct.pack(">Q", round(1e6 * (begin_s + passed_s))) + data for passed_s, data in told)
    )
    return path


def photo(passed_s: float, *, clock_ahead_s: float = 0.0, whole: bool = False, **known: Any) -> Photo:
    """A photo of the lanes that tells its time by the camera's clock, and what else is known."""
    time_s = START_S + passed_s + clock_ahead_s
    return Photo(Path("x.jpg"), 480, 360, "0" * 64, time_s=math.floor(time_s) if whole else time_s, **known)


def taken(times_s: Sequence[float], **how: Any) -> dict[str, Photo]:
    return {f"{number:02d}.jpg": photo(passed_s, **how) for number, passed_s in enumerate(times_s)}


def off_m(photo: Photo, passed_s: float) -> float:
    assert photo.place is not None
    there = FRAME.local_from_geo([[photo.place.lon_deg, photo.place.lat_deg]])[0]
    return float(np.linalg.norm(there - LANES.at(passed_s)))


TIMES_S = [2.0, 5.1, 8.3, 11.0, 14.9, 19.5, 23.2, 26.4, 30.0, 33.7, 37.1, 41.9, 44.0, 49.6]


@pytest.mark.parametrize("ahead_s", [0.0, 3723.4, -86_400.0])
def test_photos_without_gps_get_their_places_from_the_cameras_messages(heard, tmp_path, ahead_s) -> None:
    flight = read_flight(recorded(tmp_path / "flight.tlog", pictures=TIMES_S))
    made, use = with_flight(taken(TIMES_S, clock_ahead_s=ahead_s), flight, heard)
    assert use.told_by == "when the camera took pictures"
    assert use.clock_ahead_s == pytest.approx(ahead_s, abs=0.05)
    assert len(use.matched) == len(use.placed) == len(use.pointed) == len(TIMES_S)
    for each, passed_s in zip(made.values(), TIMES_S, strict=True):
        assert off_m(each, passed_s) < 0.05
        assert (each.height_relative_m, each.height_amsl_m) == pytest.approx((30.0, 45.0))
        assert each.gimbal_pitch_deg == pytest.approx(-88.0)
    if ahead_s == 3723.4:
        assert any("1 h 2 min 3.4 s ahead of" in note for note in heard.notes)
    if ahead_s == -86_400.0:
        assert any("24 h 0 min 0.0 s behind" in note for note in heard.notes)


def test_a_trigger_without_a_place_gets_that_of_the_track(heard, tmp_path) -> None:
    flight = read_flight(recorded(tmp_path / "flight.tlog", pictures=TIMES_S, source="CAMERA_TRIGGER"))
    made, use = with_flight(taken(TIMES_S, clock_ahead_s=17.0), flight, heard)
    assert flight.exposures.source == "CAMERA_TRIGGER"
    assert len(use.matched) == len(TIMES_S)
    assert max(off_m(each, at_s) for each, at_s in zip(made.values(), TIMES_S, strict=True)) < 0.1


def test_the_clock_is_found_from_the_photos_that_have_a_position(heard, tmp_path) -> None:
    flight = read_flight(recorded(tmp_path / "flight.tlog"))
    random = np.random.default_rng(4)
    photos = taken(TIMES_S, clock_ahead_s=7203.6, whole=True)
    for number, (name, passed_s) in enumerate(zip(photos, TIMES_S, strict=True)):
        if number % 2 == 0:
            off_m_each = np.array([1.2, -0.8]) + random.normal(0, 0.3, 2)
            east_m, north_m = np.add(LANES.at(passed_s), off_m_each)
            lon_deg, lat_deg = FRAME.geo_from_local([[east_m, north_m]])[0]
            photos[name] = replace(photos[name], place=GeoPoint(float(lat_deg), float(lon_deg)))
    made, use = with_flight(photos, flight, heard)
    assert use.told_by == "the photos' own positions"
    # Whole seconds are half a second early in the mean.
    assert use.clock_ahead_s + 0.5 == pytest.approx(7203.6, abs=max(0.3, 3 * use.offset_sigma_s))
    assert 0.01 < use.offset_sigma_s < 0.5
    assert [name for name in made if name not in use.placed] == list(photos)[::2]
    for name, passed_s in list(zip(made, TIMES_S, strict=True))[1::2]:
        own_m = made[name].sigma_own_m
        assert own_m is not None
        assert 0.2 < own_m / SPEED_M_S < 0.5
        assert off_m(made[name], passed_s) < 4 * own_m
    for name in list(photos)[::2]:
        assert made[name].place == photos[name].place
        assert made[name].height_relative_m == pytest.approx(30.0)


def test_without_messages_and_positions_the_clock_is_trusted_but_for_its_time_zone(heard, tmp_path) -> None:
    flight = read_flight(recorded(tmp_path / "flight.tlog"))
    made, use = with_flight(taken(TIMES_S, clock_ahead_s=2 * 3600.0 + 1.0), flight, heard)
    assert use.told_by == "the camera's clock alone"
    assert use.clock_ahead_s == pytest.approx(7200.0)
    assert use.offset_sigma_s == 2.0
    for each, passed_s in zip(made.values(), TIMES_S, strict=True):
        assert each.sigma_own_m == pytest.approx(2.0 * SPEED_M_S, rel=0.1)
        assert off_m(each, passed_s) < 2 * each.sigma_own_m


def test_a_photo_with_a_wrong_clock_is_named_and_gets_nothing(heard, tmp_path) -> None:
    flight = read_flight(recorded(tmp_path / "flight.tlog", pictures=TIMES_S))
    photos = taken(TIMES_S)
    photos["03.jpg"] = replace(photos["03.jpg"], time_s=START_S + 5000)
    photos["04.jpg"] = replace(photos["04.jpg"], place=LANES.place(TIMES_S[4] + 20))
    made, use = with_flight(photos, flight, heard)
    assert use.doubtful == ("03.jpg", "04.jpg")
    assert made["03.jpg"] == photos["03.jpg"]
    assert made["04.jpg"] == photos["04.jpg"]
    assert any(note.startswith("03.jpg: its time does not belong to flight.tlog") for note in heard.notes)


def test_a_clock_that_began_in_1970_neither_delays_nor_misleads(heard, tmp_path) -> None:
    flight = read_flight(recorded(tmp_path / "flight.tlog"))
    photos = {
        name: replace(photo, place=LANES.place(passed_s))
        for (name, photo), passed_s in zip(taken(TIMES_S).items(), TIMES_S, strict=True)
    }
    photos["03.jpg"] = replace(photos["03.jpg"], time_s=12.0)
    _, use = with_flight(photos, flight, heard)
    assert use.told_by == "the photos' own positions"
    assert use.clock_ahead_s == pytest.approx(0.0, abs=0.6)
    assert use.doubtful == ("03.jpg",)


def test_photos_of_another_day_are_refused(heard, tmp_path) -> None:
    flight = read_flight(recorded(tmp_path / "flight.tlog"))
    with pytest.raises(InputError, match="fit this flight nowhere"):
        with_flight(taken(TIMES_S, clock_ahead_s=3 * 86_400.0), flight, heard)
    far = {name: replace(each, place=GeoPoint(51.0, 4.0)) for name, each in taken(TIMES_S).items()}
    with pytest.raises(InputError, match="fit this flight nowhere"):
        with_flight({name: replace(each, time_s=1e9) for name, each in far.items()}, flight, heard)


def test_a_picture_told_twice_counts_once_and_a_lost_one_is_not_invented(heard, tmp_path) -> None:
    path = recorded(tmp_path / "flight.tlog", pictures=[*TIMES_S[:6], *TIMES_S[7:]])
    frames = list(read_tlog(path))
    exposures = Exposures.from_frames([*frames, *frames], 1, RECORDER_BEHIND_S)
    assert len(exposures) == len(TIMES_S) - 1
    assert np.all(np.diff(exposures.time_s) > 0)
    made, use = with_flight(taken(TIMES_S, clock_ahead_s=60.0), read_flight(path), heard)
    assert "06.jpg" not in use.matched
    assert off_m(made["06.jpg"], TIMES_S[6]) < 0.2


def test_a_scene_is_surveyed_with_its_flight_and_remembers_it(heard, tmp_path) -> None:
    world = World(seed=3, size_m=90, texel_m=0.1)
    camera = Camera("test-small", 6.4, 4.8, 4.5, 120, 90)
    poses = grid_poses(world, camera, height_agl_m=22, width_m=16, length_m=12, start_time_s=START_S + 2)
    blind = Metadata(without_position=1.0, without_gimbal=1.0, clock_error_s=90.0)
    folder = tmp_path / "photos"
    render_photos(world, folder, camera, poses, gps_sigma_m=0.3, metadata=blind)
    moments = np.array([pose.time_s - START_S for pose in poses])
    local = world.frame.local_from_geo([[pose.place.lon_deg, pose.place.lat_deg] for pose in poses])

    def place_of(passed_s: float) -> GeoPoint:
        east_m, north_m = (np.interp(passed_s, moments, local[:, axis]) for axis in (0, 1))
        lon_deg, lat_deg = world.frame.geo_from_local([[east_m, north_m]])[0]
        return GeoPoint(float(lat_deg), float(lon_deg))

    path = recorded(
        tmp_path / "flight.tlog", pictures=moments.tolist(), place_of=place_of, duration_s=moments[-1] + 5
    )
    scene = open_scene(tmp_path / "scene")
    found = survey(folder, scene, heard, priors=Priors(flight=read_flight(path)))
    assert found.left_out == ()
    assert found.flight is not None
    assert found.flight.clock_ahead_s == pytest.approx(90.0, abs=0.6)
    assert found.flight.sha256 == read_flight(path).sha256
    kept = kept_survey(scene)
    assert kept.flight == found.flight
    assert [each.place for each in kept.photos.values()] == [each.place for each in found.photos.values()]
    witness = witness_of(found.photos, world.frame)
    assert witness.reference == "relative"
    assert np.abs(witness.local_m[:, :2] - local).max() < 0.3
