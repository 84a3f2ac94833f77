"""Watch points from GeoJSON: what they ask, and one clear error for what is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from missions.errors import FormatError
from missions.surveillance.reading import read_watch_points


def written(folder: Path, features: Any) -> Path:
    path = folder / "watch.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def feature(lon: Any = 5.2, lat: Any = 52.1, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
    }


def test_points_say_what_they_ask_and_the_rest_is_as_given(tmp_path: Path) -> None:
    path = written(tmp_path, [feature(name="Gate", max_wait_s=120, weight=2), feature(5.21)])
    gate, other = read_watch_points(path, max_wait_s=300.0, dwell_s=20.0)
    assert (gate.name, gate.max_wait_s, gate.weight, gate.dwell_s) == ("Gate", 120, 2, 20.0)
    assert (other.max_wait_s, other.weight, other.place.lon_deg) == (300.0, 1.0, 5.21)


@pytest.mark.parametrize(
    ("features", "told"),
    [
        ([], "holds no points"),
        (
            [{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[5, 52], [6, 52]]}}],
            "feature 1",
        ),
        ([feature(), feature(max_wait_s="often")], "feature 2.*numbers"),
        ([feature(lat=95)], "feature 1.*out of range"),
        ([feature(max_wait_s=-4)], "feature 1"),
        ([feature(lon=None)], "is no point"),
        ([feature()] * 41, "more than 40"),
        ([7], "is no point"),
    ],
)
def test_what_is_no_watch_point_is_named(tmp_path: Path, features: Any, told: str) -> None:
    with pytest.raises(FormatError, match=told):
        read_watch_points(written(tmp_path, features))


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"[" * 100_000, b"{}", b"null"])
def test_broken_files_are_one_clear_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.geojson"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"broken\.geojson"):
        read_watch_points(path)
