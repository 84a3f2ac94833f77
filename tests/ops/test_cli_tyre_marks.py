"""`droneteam tyre-marks`: bounds of a speed on the command line, and never one figure."""

from __future__ import annotations

import hashlib
import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from tests.ops.commanded import Droneteam, refused, told
from tests.ops.surveyed import Surveyed

LEAST_G, MOST_G = 9.780, 9.833
SKID = ("tyre-marks", "skid")
YAW = ("tyre-marks", "yaw")
FRICTION = ("--friction", "0.6..0.8")


def test_a_level_skid_on_one_surface_has_the_bounds_of_the_formula(inside: Droneteam) -> None:
    body = told(inside(*SKID, "--length", "23.4+-0.2", *FRICTION, "--json"))
    assert body["low_m_s"] == pytest.approx(math.sqrt(2 * LEAST_G * 0.6 * 23.2))
    assert body["high_m_s"] == pytest.approx(math.sqrt(2 * MOST_G * 0.8 * 23.6))
    assert body["low_km_h"] == pytest.approx(3.6 * body["low_m_s"])
    assert body["measurement"] is None


def test_surfaces_are_crossed_in_turn_down_to_the_speed_at_their_end(inside: Droneteam) -> None:
    given = (
        "--length", "12..12.2: tape", "--friction", "0.55..0.70: skid tests", "--surface", "asphalt",
        "--length", "8+-0.1", "--friction", "0,3..0,5", "--surface", "verge", "--grade", "-4..-2%",
        "--end-speed", "20..30: damage",
    )  # fmt: skip
    body = told(inside(*SKID, *given, "--json"))
    least = (20 / 3.6) ** 2
    for length, friction in ((12.0, 0.55), (7.9, 0.3)):
        angle = math.atan(-0.04)
        least += 2 * LEAST_G * (friction * math.cos(angle) + math.sin(angle)) * length
    assert body["low_m_s"] == pytest.approx(math.sqrt(least))
    assert "asphalt: length 12 to 12.2 m (tape)" in body["inputs"]
    assert "verge: friction 0.3 to 0.5 (no source told)" in body["inputs"]
    assert "verge: slope -0.04 to -0.02 (no source told)" in body["inputs"]
    assert any("(20 to 30 km/h: damage)" in line for line in body["inputs"])


def test_a_table_shows_bounds_rounded_outwards_inputs_sources_and_assumptions(inside: Droneteam) -> None:
    result = inside(*SKID, "--length", "23.4±0.2", "--friction", "dry-asphalt-travelled-below-48")
    assert result.returncode == 0, result.stderr
    low, high = math.sqrt(2 * LEAST_G * 0.6 * 23.2), math.sqrt(2 * MOST_G * 0.8 * 23.6)
    assert f"{math.floor(3.6 * low)} and {math.ceil(3.6 * high)} km/h" in result.stdout
    flat = " ".join(result.stdout.replace("│", " ").split())
    for words in (
        "friction 0.6 to 0.8", "Baker 1975", "without records of its tests", "wheels locked or under ABS",
        "all were given by hand", "taken as level",
    ):  # fmt: skip
        assert words in flat


def test_inputs_without_width_still_give_bounds(inside: Droneteam) -> None:
    body = told(inside(*SKID, "--length", "20..20", "--friction", "0.7..0.7", "--json"))
    assert 0 < body["low_m_s"] < body["high_m_s"]


def test_a_length_is_taken_from_a_measurement_with_its_interval_and_verdict(
    inside: Droneteam, measurement: Path
) -> None:
    figures = json.loads(measurement.read_text())["figures"]
    for figure in (each for each in figures if each["kind"] in {"distance", "path"}):
        letters = "-".join(figure["letters"])
        body = told(inside(*SKID, "-m", "scene", "--length", letters, *FRICTION, "--json"))
        low, high = (figure["value"] + sign * figure["half_width_95"] for sign in (-1, 1))
        assert body["low_m_s"] == pytest.approx(math.sqrt(2 * LEAST_G * 0.6 * low))
        assert body["high_m_s"] == pytest.approx(math.sqrt(2 * MOST_G * 0.8 * high))
        assert body["measurement"] == {
            "file": "measurement.json",
            "sha256": hashlib.sha256(measurement.read_bytes()).hexdigest(),
            "evidence": True,
            "verdict": json.loads(measurement.read_text())["verdict"],
        }


def test_an_arc_through_three_marks_holds_the_radius_of_the_true_ones(
    inside: Droneteam, measurement: Path, surveyed: Surveyed
) -> None:
    body = told(inside(*YAW, "-m", measurement, "--arc", "A-E-G", *FRICTION, "--json"))
    a, b, c = (surveyed.true_m[letter][:2] for letter in "AEG")
    area = abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2
    radius = math.dist(a, b) * math.dist(b, c) * math.dist(a, c) / (4 * area)
    least, most = (float(word) for word in body["inputs"][0].split(" m (")[0].split()[-3::2])
    assert least < radius < most
    assert body["low_m_s"] < math.sqrt(9.81 * 0.7 * radius) < body["high_m_s"]


def test_a_chord_and_its_ordinate_give_bounds_of_a_yaw_mark(inside: Droneteam) -> None:
    given = (
        "--chord",
        "30+-0.05",
        "--ordinate",
        "1.5+-0.03",
        "--superelevation",
        "1..3%",
        "--inward",
        "0.75",
    )
    body = told(inside(*YAW, *given, *FRICTION, "--json"))
    flat = 30.05**2 / (8 * 1.47) + 1.47 / 2 - 0.75
    assert body["high_m_s"] == pytest.approx(math.sqrt(MOST_G * flat * (0.8 + 0.03) / (1 - 0.8 * 0.03)))
    assert "centre of mass inside it by 0.75 m (taken as exact, no source told)" in body["inputs"]


def test_a_result_is_kept_as_it_was_printed(inside: Droneteam, tmp_path: Path) -> None:
    body = told(inside(*SKID, "--length", "23.4+-0.2", *FRICTION, "--json", "-o", "speed.json"))
    assert json.loads((tmp_path / "speed.json").read_text()) == body
    assert inside(*SKID, "--length", "11+-0.2", *FRICTION, "-o", "speed.json").returncode == 0
    assert json.loads((tmp_path / "speed.json").read_text())["high_m_s"] < body["high_m_s"]


@pytest.mark.parametrize(
    ("length", "friction", "words"),
    [
        ("23.4", "0.6..0.8", ("'23.4' has no bounds", "23.4+-0.2")),
        ("23.4+-0.2", "0.7", ("'0.7' has no bounds",)),
        ("nan", "0.6..0.8", ("'nan' is no number",)),
        ("nan..nan", "0.6..0.8", ("is no number",)),
        ("1e3+-inf", "0.6..0.8", ("is no number",)),
        ("", "0.6..0.8", ("'' is no number",)),
        ("-5+-0.1", "0.6..0.8", ("a length in metres of -5.1 to -4.9 makes no sense",)),
        ("5+--0.1", "0.6..0.8", ("wrong way round",)),
        ("0.1+-0.5", "0.6..0.8", ("-0.4 to 0.6 makes no sense",)),
        ("999999999999+-1", "0.6..0.8", ("It lies within 0 to 1000",)),
        ("9" * 5000, "0.6..0.8", ("is no number",)),
        ("20+-1", "0.8..0.6", ("wrong way round",)),
        ("20+-1", "-0.2..0.6", ("a friction of -0.2 makes no sense",)),
        ("20+-1", "0.6..60", ("a friction of 0.6 to 60",)),
        ("20+-1", "ice", ("no friction is cited for 'ice'", "dry-asphalt-travelled-below-48")),
        ("A-B", "0.6..0.8", ("only with a measurement", "--measurement")),
    ],
)
def test_numbers_that_cannot_be_are_refused_in_one_line(
    inside: Droneteam, tmp_path: Path, length: str, friction: str, words: tuple[str, ...]
) -> None:
    result = inside(*SKID, "--length", length, "--friction", friction, "-o", "speed.json")
    refused(result, *words)
    assert len(result.stderr) < 500
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--grade", "2"), ("a slope (rise over run) of 2 to 2", "-0.5 to 0.5")),
        (("--grade", "1..2%", "--grade", "1..2%"), ("2 values for 1 lengths",)),
        (("--braked", "0.5..1.2"), ("a share of the weight braked",)),
        (("--end-speed", "-3..3"), ("a speed in m/s",)),
        (("--end-speed", "fast"), ("'fast' is no number", "--end-speed")),
        (("-m", "nowhere.json"), ("nowhere.json", "Check the path")),
        (("-o", "taken.txt"), ("something else is there",)),
        (("-o", "taken.txt/speed.json"), ("cannot be written",)),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(
    inside: Droneteam, tmp_path: Path, given: tuple[str, ...], words: tuple[str, ...]
) -> None:
    (tmp_path / "taken.txt").write_text("a statement")
    refused(inside(*SKID, "--length", "20+-1", *FRICTION, *given), *words)
    assert (tmp_path / "taken.txt").read_text() == "a statement"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((), ("an arc, or by a chord and its ordinate",)),
        (("--chord", "30+-0.1"), ("an arc, or by a chord and its ordinate",)),
        (("--arc", "A-B-C", "--chord", "30+-0.1"), ("an arc, or by a chord",)),
        (("--arc", "A-B-C"), ("Give --measurement",)),
        (("--chord", "30+-0.1", "--ordinate", "0.02+-0.05"), ("cannot be told from zero",)),
        (("--chord", "1.5+-0.1", "--ordinate", "30+-0.1"), ("more than half the chord",)),
        (("--chord", "30+-0.1", "--ordinate", "1.5+-0.1", "--inward", "5"), ("inside the mark",)),
    ],
)
def test_a_yaw_mark_that_cannot_be_is_refused_in_one_line(
    inside: Droneteam, given: tuple[str, ...], words: tuple[str, ...]
) -> None:
    refused(inside(*YAW, *FRICTION, *given), *words)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((*SKID, "--length", "A-Z"), ("there is no mark Z", "The marks are A, B")),
        ((*SKID, "--length", "A-A"), ("twice",)),
        ((*YAW, "--arc", "A-B"), ("an arc takes three marks",)),
        ((*YAW, "--arc", "A-B-Z"), ("there is no mark Z",)),
        ((*YAW, "--arc", "A-A-B"), ("an arc takes three marks",)),
    ],
)
def test_marks_that_a_measurement_lacks_are_named(
    inside: Droneteam, measurement: Path, given: tuple[str, ...], words: tuple[str, ...]
) -> None:
    refused(inside(*given, *FRICTION, "-m", measurement), *words)


SOUND: dict[str, Any] = {
    "format": "droneteam-measurement", "version": 1, "evidence": True, "verdict": "checked", "figures": [],
    "marks": [
        {"letter": letter, "note": "", "local_m": [east, 0, 0], "sigma_m": [0.01] * 3, "photos": []}
        for letter, east in (("A", 0), ("B", 20))
    ],
    "covariance": [[1e-4 * (row == column) for column in range(6)] for row in range(6)],
}  # fmt: skip


def test_the_joint_covariance_of_a_measurement_counts(inside: Droneteam, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps(SOUND))
    body = told(inside(*SKID, "--length", "A-B", "-m", "m.json", *FRICTION, "--json"))
    half = 1.96 * math.sqrt(2e-4)
    assert body["low_m_s"] == pytest.approx(math.sqrt(2 * LEAST_G * 0.6 * (20 - half)))


def test_marks_on_a_line_are_no_arc(inside: Droneteam, tmp_path: Path) -> None:
    third = {**SOUND["marks"][0], "letter": "C", "local_m": [10, 0.005, 0]}
    covariance = [[1e-4 * (row == column) for column in range(9)] for row in range(9)]
    (tmp_path / "m.json").write_text(
        json.dumps({**SOUND, "marks": [*SOUND["marks"], third], "covariance": covariance})
    )
    words = "do not tell the arc from a straight line"
    refused(inside(*YAW, "--arc", "A-C-B", "-m", "m.json", *FRICTION), "A-C-B", words)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "droneteam-scene"}, {"version": 2}, {"evidence": "true"}, {"covariance": None},
        {"covariance": [[math.nan] * 6] * 6}, {"covariance": [[1e-4] * 5] * 5}, {"covariance": [[1, 2], [3]]},
        {"covariance": [[-1e-4 * (row == column) for column in range(6)] for row in range(6)]},
        {"marks": [*SOUND["marks"], 5]}, {"marks": [SOUND["marks"][0]] * 2}, {"marks": {"A": 1}},
        {"marks": [{**SOUND["marks"][0], "local_m": [0, math.inf, 0]}, SOUND["marks"][1]]},
        {"figures": [{"kind": "speed", "letters": [], "value": 1, "half_width_95": 1, "unit": "m"}]},
    ],
)  # fmt: skip
def test_a_measurement_that_is_none_is_refused(
    inside: Droneteam, tmp_path: Path, change: dict[str, object]
) -> None:
    (tmp_path / "m.json").write_text(json.dumps({**SOUND, **change}))
    refused(inside(*SKID, "--length", "A-B", "-m", "m.json", *FRICTION), "m.json", "droneteam measure")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[" * 100_000, b"[]", b"null", b'"x"'])
def test_a_file_that_is_no_measurement_is_refused(inside: Droneteam, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.json").write_bytes(content)
    refused(inside(*SKID, "--length", "A-B", "-m", "m.json", *FRICTION), "m.json")


def test_a_pipe_does_not_keep_it_waiting(inside: Droneteam, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.json")
    refused(inside(*SKID, "--length", "A-B", "-m", "m.json", *FRICTION), "is no file")
