"""Flights over a made-up ground: every feature's true place is known, so every pose can be checked."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from imaging.pairs import frame_of
from imaging.photos import Photo
from imaging.progress import silent
from imaging.quick.comparing import Compared, link
from imaging.quick.features import Features, Search
from imaging.quick.guesses import guesses
from imaging.quick.placing import Placement, place
from imaging.quick.rotations import angle, camera_from_gimbal
from missions.geodesy import GeoPoint, LocalFrame

FRAME = LocalFrame(GeoPoint(52.17, 4.44))
WIDTH, HEIGHT, FOCAL = 1000, 750, 800.0
SEARCH = Search(longest_px=1000)
NOISE_PX = 0.3
GROUND_POINTS = 2200


@dataclass
class Flight:
    """Photos, what each shows, and where each truly was."""

    photos: dict[str, Photo]
    features: list[Features]
    centres: np.ndarray
    rotations: np.ndarray

    def changed(self, change, *names: str) -> "Flight":
        """The same with some photos' metadata changed."""
        photos = {n: replace(p, **change) if not names or n in names else p for n, p in self.photos.items()}
        return replace(self, photos=photos)

    def placed(self) -> Placement:
        known = guesses(self.photos)
        links = link(self.photos, known, self.features, SEARCH, silent, threads=1)
        return place(known, Compared(self.features, links), SEARCH)


def flown(
    lanes=3, stops=4, *, height_m=40.0, gps_sigma_m=0.3, yaw_sigma_deg=3.0, seed=1, east_m=0.0,
    flat=False, points=GROUND_POINTS, noise_px=NOISE_PX,
) -> Flight:  # fmt: skip
    """Lanes there and back over rolling ground with steep things on it, or over a plane."""
    rng = np.random.default_rng(seed)
    ground = rng.uniform([east_m - 60, -60, 0], [east_m + 60, 60, 0], (points, 3))
    if not flat:
        steep_m = np.where(rng.random(points) < 0.2, rng.uniform(0, 6, points), 0)
        ground[:, 2] = 2 * np.sin(ground[:, 0] / 20) + steep_m
    looks = rng.gamma(0.5, 1, (points, 128))
    looks = np.minimum(512 * np.sqrt(looks / looks.sum(axis=1, keepdims=True)), 255).astype(np.uint8)
    photos, features, centres, rotations = {}, [], [], []
    for lane in range(lanes):
        for stop in range(stops):
            forth = lane % 2 == 0
            centre = np.array(
                [lane * 18.0 - 18 + east_m, (stop if forth else stops - 1 - stop) * 12.0 - 18, height_m]
            )
            centre += rng.normal(0, 0.5, 3)
            yaw, pitch, roll = (
                (0 if forth else 180) + rng.normal(0, 2),
                -90 + rng.normal(0, 1),
                rng.normal(0, 1),
            )
            rotation = camera_from_gimbal(yaw, pitch, roll)
            camera = (ground - centre) @ rotation.T
            pixels = FOCAL * camera[:, :2] / camera[:, 2:] + [WIDTH / 2, HEIGHT / 2]
            seen = np.flatnonzero(np.all((pixels > 0) & (pixels < [WIDTH, HEIGHT]), axis=1))
            shown = pixels[seen] + rng.normal(0, noise_px, (len(seen), 2))
            features.append(Features(shown, looks[seen]))
            told = centre + rng.normal(0, gps_sigma_m, 3)
            photos[f"{len(photos):02d}"] = Photo(
                Path("a.jpg"), WIDTH, HEIGHT, str(len(photos)), place=FRAME.point_from_local(*told[:2]),
                height_relative_m=told[2], gimbal_yaw_deg=yaw + rng.normal(0, yaw_sigma_deg),
                gimbal_pitch_deg=-90.0, gimbal_roll_deg=0.0, focal_length_px=FOCAL,
            )  # fmt: skip
            centres.append(centre)
            rotations.append(rotation)
    return Flight(photos, features, np.array(centres), np.array(rotations))


def errors(flight: Flight, placement: Placement) -> tuple[np.ndarray, np.ndarray]:
    """Metres and degrees that each placed view is off, by how the photos' own frame lies to the world's."""
    origin = frame_of(flight.photos).origin
    shift = FRAME.local_from_geo([[origin.lon_deg, origin.lat_deg]])[0]
    members = list(placement.solved.members)
    views = placement.solved.adjusted.views
    centres = np.add([view.centre for view in views], (*shift, 0))
    turned = [
        angle(view.rotation, flight.rotations[member]) for view, member in zip(views, members, strict=True)
    ]
    return np.linalg.norm(centres - flight.centres[members], axis=1), np.degrees(turned)
