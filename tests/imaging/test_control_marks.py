"""Marks and distances survive writing and reading; bad ones are named, and so is what contradicts itself."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.control.bars import SIGMA_M, read_bars
from imaging.control.checks import check_bars, check_marks, check_names, check_points, marks_in
from imaging.control.files import read_control
from imaging.control.marks import read_marks, write_marks
from imaging.control.points import Mark, MarkedPoint, Role, ScaleBar, SitePoint, SurveyedPoint
from missions.errors import FormatError, InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.plan import Severity

MARK = {"photo": "A.JPG", "x_px": 1204.5, "y_px": 871.5, "sigma_px": 0.5}


def marks_file(folder: Path, *marks: Any, **changes: Any) -> Path:
    body = {
        "format": "droneteam-marks",
        "version": 1,
        "points": [{"name": "P1", "marks": list(marks)}],
        **changes,
    }
    path = folder / "marks.json"
    path.write_text(json.dumps(body))
    return path


def bars_file(folder: Path, text: str, name: str = "bars.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_random_marks_come_back_to_the_last_digit(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        points = tuple(
            MarkedPoint(
                f"Punt {number} é",
                tuple(
                    Mark(
                        f"DJI_{photo:04}.JPG",
                        float(random.uniform(-5, 8000)),
                        float(random.uniform(-5, 6000)),
                        float(random.uniform(0.01, 5)),
                        "A. de Vries",
                        "2026-11-27T10:12:00+01:00",
                    )
                    for photo in range(int(random.integers(0, 6)))
                ),
            )
            for number in range(int(random.integers(0, 8)))
        )
        write_marks(tmp_path / "marks.json", points)
        assert read_marks(tmp_path / "marks.json") == points


def test_who_and_when_may_be_left_out(tmp_path: Path) -> None:
    (point,) = read_marks(marks_file(tmp_path, MARK))
    assert point.marks == (Mark("A.JPG", 1204.5, 871.5, 0.5),)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_px": math.nan}, "x_px 'nan'"),
        ({"y_px": math.inf}, "y_px 'inf'"),
        ({"x_px": 10**400}, "x_px"),
        ({"x_px": "1204"}, "x_px"),
        ({"x_px": True}, "x_px"),
        ({"x_px": 1e7}, "in no picture"),
        ({"sigma_px": 0}, "sigma_px 0 must be above 0"),
        ({"sigma_px": -1}, "sigma_px -1"),
        ({"photo": ""}, "photo is missing"),
        ({"photo": 7}, "photo is missing or no text"),
        ({"photo": "a\nb"}, "cannot be printed"),
        ({"marked_at": "yesterday"}, "yesterday"),
        ({"marked_at": "2026-11-27T10:12:00"}, "no offset"),
        ({"marked_by": "x" * 101}, "marked_by"),
        ({"xpx": 1}, "'xpx' means nothing"),
    ],
)
def test_a_bad_mark_is_named_with_its_point(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = marks_file(tmp_path, MARK | {"photo": "B.JPG"}, MARK | change)
    with pytest.raises(FormatError, match=r"point 1: 'P1', mark 2: ") as refused:
        read_marks(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)


def test_one_photo_is_marked_once_and_one_name_stands_once(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"'P1' is marked in 'A.JPG' twice"):
        read_marks(marks_file(tmp_path, MARK, MARK))
    twice = [{"name": "P1", "marks": []}, {"name": "P1 ", "marks": []}]
    with pytest.raises(FormatError, match="'P1' stands there twice"):
        read_marks(marks_file(tmp_path, points=twice))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "x"},
        {"version": 2},
        {"points": {}},
        {"points": [7]},
        {"points": [{"name": "P"}]},
        {"points": [{}]},
    ],
)
def test_another_format_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        read_marks(marks_file(tmp_path, **changes))


TABLE = "first,second,length_m,sigma_m,role\nA,B,10.004,0.003,control\nB,C,7.25,0.004,check\n"
BARS = (ScaleBar("A", "B", 10.004, 0.003), ScaleBar("B", "C", 7.25, 0.004, Role.CHECK))


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE.replace(",", ";").replace(".", ","),
        TABLE.replace(",", "\t").replace("\n", "\r\n"),
        TABLE.replace("first,second", "From,To").replace("length_m", "Distance (m)"),
        "# tape 3\n" + TABLE,
    ],
)
def test_distances_are_read_from_tables(tmp_path: Path, text: str) -> None:
    assert read_bars(bars_file(tmp_path, text)).bars == BARS


def test_distances_are_read_from_json(tmp_path: Path) -> None:
    bars = [
        {
            "first": bar.first,
            "second": bar.second,
            "length_m": bar.length_m,
            "sigma_m": bar.sigma_m,
            "role": bar.role,
        }
        for bar in BARS
    ]
    text = json.dumps({"format": "droneteam-bars", "version": 1, "bars": bars})
    assert read_bars(bars_file(tmp_path, text, "bars.json")).bars == BARS


def test_a_distance_without_its_accuracy_gets_one_and_it_is_said(tmp_path: Path) -> None:
    read = read_bars(bars_file(tmp_path, "first,second,length\nA,B,10\n"))
    assert read.bars == (ScaleBar("A", "B", 10.0, SIGMA_M),)
    assert "A-B" in read.findings[0].text
    assert not read_bars(bars_file(tmp_path, TABLE)).findings


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("A,A,10,0.01,", "line 2: goes from 'A' to itself"),
        ("A,B,0,0.01,", "length of 0 m"),
        ("A,B,-3,0.01,", "length of -3 m"),
        ("A,B,nan,0.01,", "length 'nan' is no number"),
        ("A,B,1e6,0.01,", "length of 1e"),
        ("A,B,10,0,", "sigma 0 must be above 0"),
        (",B,10,0.01,", "first is missing"),
        ("A,B,,0.01,", "length is missing"),
        ("A,B,10,0.01,truth", "role 'truth'"),
    ],
)
def test_a_bad_distance_is_named(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(FormatError) as refused:
        read_bars(bars_file(tmp_path, TABLE.split("\n")[0] + "\n" + line + "\n"))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "bar", [7, {}, {"first": "A", "second": "B"}, {"first": 1, "second": "B", "length_m": 1}]
)
def test_a_bad_distance_in_json_is_named(tmp_path: Path, bar: object) -> None:
    text = json.dumps({"format": "droneteam-bars", "version": 1, "bars": [bar]})
    with pytest.raises(FormatError, match="bar 1"):
        read_bars(bars_file(tmp_path, text, "bars.json"))


def test_damaged_files_are_read_or_refused_and_never_anything_else(tmp_path: Path) -> None:
    random = np.random.default_rng(21)
    whole = {
        "c.csv": TABLE.replace("first,second,length_m", "name,x,y").encode(),
        "g.txt": b"EPSG:32632\n314123.4 5780123.4 5 40 50 A.JPG P1\n",
        "b.csv": TABLE.encode(),
        "m.json": marks_file(tmp_path, MARK).read_bytes(),
    }
    readers = {"c.csv": read_control, "g.txt": read_control, "b.csv": read_bars, "m.json": read_marks}
    refused = []
    for name, data in whole.items():
        for _ in range(150):
            damaged = bytearray(data)
            for at in random.integers(0, len(data), int(random.integers(1, 6))):
                damaged[at] = int(random.integers(0, 256))
            path = tmp_path / name
            path.write_bytes(bytes(damaged[: int(random.integers(1, len(data) + 1))]))
            try:
                readers[name](path)  # type: ignore[operator]
            except InputError as error:
                refused.append((str(path), str(error)))
    assert len(refused) > 300
    assert [(path, error) for path, error in refused if path not in error] == []


# What contradicts itself.

PLACE = GeoPoint(52.1, 5.2)


def surveyed(
    name: str, east_m: float, north_m: float, up_m: float | None = 0.0, sigma_m: float = 0.01
) -> SurveyedPoint:
    place = LocalFrame(PLACE).point_from_local(east_m, north_m)
    return SurveyedPoint(name, place.lat_deg, place.lon_deg, up_m, "nap", sigma_m, sigma_m)


def test_two_names_for_one_place_are_named() -> None:
    points = [surveyed("P1", 0, 0), surveyed("P2", 30, 0), surveyed("P3", 0, 0), surveyed("P4", 30.03, 0)]
    same, near = check_points(points)
    assert (same.severity, same.text) == (Severity.BLOCKING, "P1 and P3 have the same coordinates.")
    assert (near.severity, near.text) == (
        Severity.CAUTION,
        "P2 and P4 lie 3.0 cm apart: one point that was surveyed twice?",
    )
    assert check_points([surveyed("foot", 0, 0, 0.0), surveyed("top", 0, 0, 2.0)]) == ()
    assert check_points([]) == check_points(points[:2]) == ()
    assert len(check_points([surveyed(f"P{number}", 0, 0) for number in range(200)])) >= 199


def test_a_mark_in_no_photo_and_one_outside_its_picture_are_named() -> None:
    point = MarkedPoint(
        "P1", (Mark("dji_1.jpg", 1, 1, 1), Mark("DJI_2.JPG", 4005.5, 10, 1), Mark("DJI_3.JPG", 2, 3500, 1))
    )
    photos = {"DJI_1.JPG": (4000, 3000), "DJI_2.JPG": (4000, 3000), "DJI_3.JPG": (4000, 3000)}
    unknown, outside, turned = check_marks([point], photos)
    assert unknown.severity is Severity.CAUTION
    assert unknown.remedy == "Is it 'DJI_1.JPG'?"
    assert outside.severity is Severity.BLOCKING
    assert "4005.5, 10 in DJI_2.JPG, which has 4000 x 3000 pixels" in outside.text
    assert "exchanged" in turned.remedy
    # A click at the edge may lie just outside, as where people measure.
    edge = MarkedPoint("P1", (Mark("DJI_1.JPG", -0.1, -4.9, 1), Mark("DJI_2.JPG", 4000.1, 3004.9, 1)))
    assert check_marks([edge], photos) == ()
    assert marks_in([point, MarkedPoint("P2", ())], photos) == (MarkedPoint("P1", point.marks[1:]),)


def test_names_that_meet_nothing_are_named() -> None:
    marks = tuple(Mark(f"{number}.JPG", 1, 1, 1) for number in range(3))
    found = check_names(
        [surveyed("Punt1", 0, 0), surveyed("Punt2", 9, 0)],
        [MarkedPoint("Punt1", marks), MarkedPoint("punt2", marks), MarkedPoint("kerb a", marks)],
        [ScaleBar("kerb a", "kerb b", 5, 0.01)],
    )
    assert [(finding.check, finding.remedy) for finding in found] == [
        ("few marks", "Mark it in three photos or more."),
        ("unknown point", "Is it 'Punt2'?"),
        ("unmarked end", "Is it 'kerb a'?"),
    ]


def test_a_distance_that_the_coordinates_contradict_is_named() -> None:
    points = [surveyed("A", 0, 0, 0.0), surveyed("B", 3, 4, 12.0), surveyed("C", 6, 8, None)]
    assert check_bars(points, [ScaleBar("A", "B", 13.03, 0.005), ScaleBar("B", "Z", 1, 1)]) == ()
    (finding,) = check_bars(points, [ScaleBar("A", "B", 13.3, 0.005)])
    assert finding.severity is Severity.BLOCKING
    assert "measured as 13.300 m, and their coordinates lie 13.000 m apart; 0.045 m" in finding.text
    (finding,) = check_bars(points, [ScaleBar("A", "B", 13.3, 0.005, Role.CHECK)])
    assert finding.severity is Severity.CAUTION


def test_without_a_height_only_a_distance_too_short_contradicts() -> None:
    points = [surveyed("A", 0, 0, 0.0), surveyed("C", 6, 8, None)]
    assert check_bars(points, [ScaleBar("A", "C", 14.0, 0.005)]) == ()
    (finding,) = check_bars(points, [ScaleBar("C", "A", 9.5, 0.005)])
    assert "10.000 m apart" in finding.text


def test_a_frame_of_the_sites_own_is_checked_alike() -> None:
    points = [SitePoint("A", 0, 0, 0, 0.002, 0.002), SitePoint("B", 10, 0, 0, 0.002, 0.002)]
    assert check_bars(points, [ScaleBar("A", "B", 10.004, 0.003)]) == ()
    assert len(check_bars(points, [ScaleBar("A", "B", 10.04, 0.003)])) == 1


def test_one_distance_measured_twice_must_agree() -> None:
    assert check_bars([], [ScaleBar("A", "B", 10.0, 0.005), ScaleBar("B", "A", 10.01, 0.005)]) == ()
    (finding,) = check_bars([], [ScaleBar("A", "B", 10.0, 0.005), ScaleBar("B", "A", 10.1, 0.005)])
    assert "10.000 m and as 10.100 m" in finding.text
