"""Finds: what a person must look at next, as GeoJSON with a picture of each.

A find is a proposal until a person confirms or rejects it, and where nothing was found nothing is said: only
what was looked at, what was not, and why.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from heapq import nsmallest
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np

from imaging.thermal.detector import LABELS, label_of
from imaging.thermal.features import document_bytes, features_of
from imaging.thermal.find import Decision, Find
from imaging.thermal.placing.spot import Spot
from imaging.thermal.reviewing import carried
from imaging.thermal.settling import Clock
from imaging.thermal.sightings import Sink, Written, sightings_path
from missions.errors import OutputError
from missions.files import write_whole, writing_whole

SCHEMA = "droneteam-finds-2"
STATEMENT = (
    "Finds are proposals by a program, made as `made_by` says. Ground without a find is not searched ground: "
    "nothing here says that nobody is there."
)
SAMPLE = 64
"""Frames with the lowest SHA-256 are named: by them another search of the same flight is known."""
_ENLARGED = 4


@dataclass(frozen=True, slots=True)
class FrameSpots:
    """A frame that was read, what it showed, and, where it could not be placed, why."""

    name: str
    sha256: str
    width_px: int
    height_px: int
    spots: tuple[Spot, ...]
    not_placed: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is no frame, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finds:
    """Everything that a folder of frames gave, the surest first, vehicles last."""

    finds: tuple[Find, ...]
    frames: tuple[FrameSpots, ...]
    unread: tuple[Unread, ...]
    spots_not_placed: tuple[tuple[str, str], ...]
    camera: str
    notes: tuple[str, ...] = ()
    clock: Clock | None = None
    clips: tuple[tuple[str, str], ...] = ()
    made_by: Mapping[str, Any] = field(default_factory=dict)

    def geojson(self, *, pictures: str = "", sightings: Written | None = None) -> dict[str, Any]:
        """A GeoJSON FeatureCollection (RFC 7946): per find its point and its 95 % ellipse; see docs/heat.md.

        `pictures` is the folder of the thumbnails as the document should name it; none are named without.
        All sightings are in it unless `sightings` says in which file they are.
        """
        features = [
            feature for find in self.finds for feature in features_of(find, pictures, whole=sightings is None)
        ]
        return {**self.about(sightings), "features": features}

    def about(self, sightings: Written | None = None) -> dict[str, Any]:
        """The document but for its features."""
        return {
            "type": "FeatureCollection",
            "schema": SCHEMA,
            "statement": STATEMENT,
            "made_by": dict(self.made_by),
            "camera": self.camera,
            "clock": None
            if self.clock is None
            else {"offset_s": round(self.clock.offset_s, 3), "sigma_s": round(self.clock.sigma_s, 3)},
            "frames_read": len(self.frames),
            "frames_placed": sum(not frame.not_placed for frame in self.frames),
            "frames_not_placed": [
                {"frame": f.name, "spots": sum(s.proposed for s in f.spots), "reason": f.not_placed}
                for f in self.frames
                if f.not_placed
            ],
            "frames_not_read": [{"frame": u.name, "reason": u.reason} for u in self.unread],
            "spots_not_placed": [{"frame": name, "reason": why} for name, why in self.spots_not_placed],
            "clips": [{"file": name, "sha256": sha256} for name, sha256 in self.clips],
            "notes": list(self.notes),
            "frames_sample": nsmallest(SAMPLE, {frame.sha256 for frame in self.frames}),
            "sightings_file": None if sightings is None else sightings.told(),
        }

    def with_decisions(
        self, earlier: dict[str, Any], decisions: Mapping[str, Sequence[Decision]] | None = None
    ) -> Finds:
        """With what people decided of the same things in an earlier document (`reviewing.carried`)."""
        finds, lost = carried(self.finds, earlier, decisions)
        return replace(self, finds=finds, notes=(*self.notes, *lost))

    def coco(self) -> dict[str, Any]:
        """Every spot of every frame, placed or not, as COCO boxes (left, top, width, height)."""
        images: list[dict[str, Any]] = []
        boxes: list[dict[str, Any]] = []
        for number, frame in enumerate(self.frames, 1):
            images.append(
                {"id": number, "file_name": frame.name, "width": frame.width_px, "height": frame.height_px}
            )
            for spot in frame.spots:
                boxes.append(
                    {
                        "id": len(boxes) + 1,
                        "image_id": number,
                        "file_name": frame.name,
                        "category_id": LABELS[label_of(spot)],
                        "category": label_of(spot),
                        "spot": f"{spot.polarity} spot",
                        "found_by": "learned" if spot.label else "contrast",
                        "proposed": spot.proposed,
                        "bbox": list(spot.box),
                        "area": spot.area_px,
                        "score": round(spot.score, 5),
                        "iscrowd": 0,
                    }
                )
        kinds = [{"id": number, "name": name} for name, number in LABELS.items()]
        return {"images": images, "annotations": boxes, "categories": kinds}

    def write(self, path: Path) -> Path:
        """Write GeoJSON to `path`, all sightings to `<stem>_sightings.jsonl` and pictures to
        `<stem>_thumbnails` beside it, all or nothing; gives that folder.

        Raises OutputError.
        """
        folder = path.with_name(f"{path.stem}_thumbnails")
        pictures = {f"{find.id}.png": thumbnail(find) for find in self.finds}
        with _replaced(folder, pictures), writing_whole(sightings_path(path)) as rows:
            with rows.open("wb") as file:
                sink = Sink(sightings_path(path), file)
                for find in self.finds:
                    sink.add(find.id, find.sightings)
            write_whole(path, document_bytes(self.geojson(pictures=folder.name, sightings=sink.written())))
        return folder

    def write_coco(self, path: Path) -> None:
        """Write the boxes as a list of COCO results. Raises OutputError."""
        write_whole(path, json.dumps(self.coco()["annotations"], indent=1, allow_nan=False).encode())


def thumbnail(find: Find) -> bytes:
    """PNG of the clearest sighting in its middle, enlarged, dark to bright from the coldest to the warmest in
    it; black where the frame had ended.
    """
    low, high = np.nanpercentile(find.picture, [1, 99.5])
    shown = np.nan_to_num((find.picture - low) / max(float(high - low), 1e-6) * 255)
    scaled = np.clip(shown, 0, 255).astype(np.uint8)
    large = cv2.resize(scaled, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_NEAREST)
    done, data = cv2.imencode(".png", large)
    if not done:
        raise OutputError("a thumbnail cannot be drawn")
    return data.tobytes()


@contextmanager
def _replaced(folder: Path, files: dict[str, bytes]) -> Iterator[None]:
    """`folder` holds these files and no others in the block, and after it if that ends well."""
    mark = uuid4().hex[:8]
    new, old = (folder.with_name(f".{folder.name}.{kind}{mark}") for kind in ("new", "old"))
    swapped = done = False
    try:
        new.mkdir(parents=True)
        for name, data in files.items():
            (new / name).write_bytes(data)
        if folder.exists():
            folder.replace(old)
        new.replace(folder)
        swapped = True
        yield
        done = True
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})",
            where=str(folder),
            remedy="Choose a folder that you may write to, with room left on the disk",
        ) from error
    finally:
        if swapped and not done:
            folder.replace(new)
        if old.exists() and not folder.exists():
            old.replace(folder)
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
