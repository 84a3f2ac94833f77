"""Finds as files: a schema that holds, boxes, and all or nothing on the disk."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from shapely.geometry import Point, shape

from imaging.finds import Finds, FrameSpots, Unread
from imaging.geolocate import GroundPoint
from imaging.thermal.find import Find
from imaging.thermal.placing.errors import SHARED
from imaging.thermal.placing.places import Placed
from imaging.thermal.placing.spot import Spot
from imaging.thermal.tracks import Sighting
from missions.errors import OutputError
from missions.geodesy import GeoPoint, LocalFrame

PLACE = GeoPoint(52.17, 4.44)
COVARIANCE = np.array([[9.0, 2.0], [2.0, 4.0]])


def example(count: int = 2) -> Finds:
    spot = Spot(
        200.5, 300.5, (295, 190, 11, 21), 80, 7.5, 27.25, "warm", 6.0, "7.5 °C warmer", False, (21.0, 6.0)
    )
    none = np.zeros(2)
    placed = Placed(none, 2.0, 60.0, 0.08, np.zeros((2, len(SHARED))), none, COVARIANCE, 0 * COVARIANCE)
    point = GroundPoint(PLACE, 2.0, 60.0, 0.08, COVARIANCE, placed)
    digest = hashlib.sha256(b"frame").hexdigest()
    seen = Sighting("a.tif", digest, 1_700_000_000.5, spot, point, (1.7, 0.5), "track")
    finds = tuple(
        Find(
            id=f"find-{n:03d}",
            place=PLACE,
            ground_amsl_m=2.0,
            covariance=COVARIANCE,
            polarity="warm",
            score=6.0,
            size_m=(1.7, 0.5),
            sightings=(seen,),
            clearest=seen,
            picture=np.arange(400, dtype=np.float32).reshape(20, 20),
            unit="degC",
            temperature_degc=27.25,
        )
        for n in range(1, count + 1)
    )
    frames = (
        FrameSpots("a.tif", digest, 640, 512, (spot,)),
        FrameSpots("b.tif", digest, 640, 512, (spot,), "there is no track"),
    )
    return Finds(finds, frames, (Unread("c.txt", "no picture"),), (), "demo-thermal")


def test_the_document_is_geojson_that_says_everything_of_a_find() -> None:
    document = json.loads(json.dumps(example().geojson(pictures="thumbs"), allow_nan=False))
    assert document["type"] == "FeatureCollection"
    assert document["schema"] == "droneteam-finds-2"
    assert document["frames_read"] == 2
    assert document["frames_placed"] == 1
    assert document["frames_not_placed"] == [{"frame": "b.tif", "spots": 1, "reason": "there is no track"}]
    assert document["frames_not_read"] == [{"frame": "c.txt", "reason": "no picture"}]
    find = document["features"][0]
    assert find["geometry"] == {"type": "Point", "coordinates": [4.44, 52.17]}
    told = find["properties"]
    assert told["state"] == "proposed"
    assert told["thumbnail"] == "thumbs/find-001.png"
    assert told["first_time"] == "2023-11-14T22:13:20.500Z"
    assert told["sightings"][0]["sha256"] == hashlib.sha256(b"frame").hexdigest()


def test_the_ellipse_is_a_ring_of_its_own_half_axes_turned_counter_clockwise() -> None:
    find, ellipse = example(1).geojson()["features"]
    polygon = shape(ellipse["geometry"])
    assert polygon.is_valid
    assert polygon.exterior.is_ccw
    assert polygon.contains(Point(4.44, 52.17))
    ring = LocalFrame(PLACE).local_from_geo(ellipse["geometry"]["coordinates"][0])
    reach = np.hypot(ring[:, 0], ring[:, 1])
    axes = find["properties"]["ellipse95"]
    assert reach.max() == pytest.approx(axes["semi_major_m"], abs=0.02)
    assert reach.min() == pytest.approx(axes["semi_minor_m"], abs=0.02)
    # on the ring every point lies at the same Mahalanobis distance
    squared = np.sum(ring * np.linalg.solve(COVARIANCE, ring.T).T, axis=1)
    assert np.allclose(squared, 5.9915, atol=0.03)


def test_nothing_in_the_document_says_that_ground_is_clear() -> None:
    text = json.dumps(example(0).geojson()).lower()
    assert "clear" not in text
    assert "not searched ground" in text


def test_boxes_come_out_as_coco_with_placed_and_unplaced_frames() -> None:
    coco = example().coco()
    assert [image["file_name"] for image in coco["images"]] == ["a.tif", "b.tif"]
    assert coco["annotations"][1] == {
        "id": 2,
        "image_id": 2,
        "file_name": "b.tif",
        "category_id": 0,
        "category": "Person",
        "spot": "warm spot",
        "found_by": "contrast",
        "proposed": True,
        "bbox": [295, 190, 11, 21],
        "area": 80,
        "score": 6.0,
        "iscrowd": 0,
    }


def test_categories_are_the_data_sets_own_by_name_and_number() -> None:
    """HIT-UAV's, so that COCO's own tools score the boxes against its annotations."""
    named = {each["id"]: each["name"] for each in example().coco()["categories"]}
    assert named == {0: "Person", 1: "Car", 2: "Bicycle", 3: "OtherVehicle"}


def test_writing_gives_the_document_and_a_picture_of_each_find(tmp_path: Path) -> None:
    finds = example()
    folder = finds.write(tmp_path / "search.geojson")
    finds.write_coco(tmp_path / "search.coco.json")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "search.coco.json",
        "search.geojson",
        "search_sightings.jsonl",
        "search_thumbnails",
    ]
    document = json.loads((tmp_path / "search.geojson").read_text())
    for feature in document["features"][::2]:
        picture = cv2.imread(str(tmp_path / feature["properties"]["thumbnail"]), cv2.IMREAD_UNCHANGED)
        assert picture.shape == (80, 80)
    assert {p.name for p in folder.iterdir()} == {"find-001.png", "find-002.png"}


def test_writing_again_leaves_no_picture_of_an_older_run(tmp_path: Path) -> None:
    example(5).write(tmp_path / "f.geojson")
    folder = example(1).write(tmp_path / "f.geojson")
    assert [p.name for p in folder.iterdir()] == ["find-001.png"]
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_where_the_document_cannot_be_written_the_older_run_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f.geojson"
    example(3).write(path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OutputError("cannot be written (No space left on device)", where=str(path))

    monkeypatch.setattr("imaging.finds.write_whole", full)
    with pytest.raises(OutputError, match="No space"):
        example(1).write(path)
    assert path.read_bytes() == before
    assert len(list((tmp_path / "f_thumbnails").iterdir())) == 3
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_folder_that_cannot_be_made_gives_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        example().write(tmp_path / "file" / "f.geojson")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
