"""`python -m missions.coverage` plans what it can, and says what it could not."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from missions.coverage.__main__ import main

BOX = [[[0, 0], [300, 0], [300, 200], [0, 200]]]


def run(folder: Path, polygons: object, *options: str) -> tuple[int, dict[str, dict[str, list[object]]]]:
    source, out = folder / "polygons.json", folder / "routes.json"
    source.write_text(polygons if isinstance(polygons, str) else json.dumps(polygons))
    code = main([str(source), "-o", str(out), *options])
    return code, json.loads(out.read_text()) if out.exists() else {}


def test_rings_may_be_closed_or_clockwise_or_have_a_height(tmp_path: Path) -> None:
    closed = [[*BOX[0], BOX[0][0]]]
    clockwise = [BOX[0][::-1]]
    high = [[[*place, 12.0] for place in BOX[0]]]
    code, routes = run(tmp_path, {"plain": BOX, "closed": closed, "clockwise": clockwise, "high": high})
    assert code == 0
    lengths = [len(routes[name]["legs"]) for name in ("plain", "closed", "clockwise", "high")]
    assert len(set(lengths)) == 1


def test_a_ring_that_touches_or_crosses_itself_is_covered_for_what_it_encloses(tmp_path: Path) -> None:
    bow = [[[0, 0], [300, 200], [300, 0], [0, 200]]]
    touching = [[[0, 0], [300, 0], [300, 200], [150, 0], [0, 200]]]
    hole_outside = [*BOX, [[250, 50], [400, 50], [400, 100], [250, 100]]]
    code, routes = run(tmp_path, {"bow": bow, "touching": touching, "hole outside": hole_outside})
    assert code == 0
    assert all(routes[name]["legs"] for name in ("bow", "touching", "hole outside"))


@pytest.mark.parametrize(
    ("rings", "what"),
    [
        ([], "is no list of rings"),
        ("text", "is no list of rings"),
        ([[[0, 0], [1, 1]]], "fewer than three places"),
        ([[[0, 0], [5, 5], [9, 9]]], "encloses no ground"),
        ([[[0, 0], [1, "x"], [2, 3]]], "is no list of places"),
        ([[[0, 0], [1], [2, 3]]], "is no list of places"),
        ([[[0, 0], [1e300, 1], [2, 3]]], "without a proper figure"),
        ([[[0, 0], [float("nan"), 1], [2, 3]]], "without a proper figure"),
        ([[[0, 0], [90_000, 0], [90_000, 90_000]]], "lanes 40 m apart"),
        ([[[0, 0]] * 20_001], "more than 20000 points"),
    ],
)
def test_a_polygon_that_fails_is_named_and_the_others_are_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rings: object, what: str
) -> None:
    code, routes = run(tmp_path, {"bad": rings, "good": BOX})
    assert code == 1
    assert list(routes) == ["good"]
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert any("bad" in line and what in line for line in told)
    assert told[-1] == "1 of 2 polygons have no route: bad"


@pytest.mark.parametrize(
    "text", ["{", "[1, 2]", "[" * 100_000, '"\ud800"'.encode("utf-8", "replace").decode()]
)
def test_a_file_that_is_none_is_one_error_and_nothing_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    code, routes = run(tmp_path, text)
    assert code == 2
    assert routes == {}
    assert not (tmp_path / "routes.json").exists()
    assert sum(record.levelname == "ERROR" for record in caplog.records) == 1


def test_a_file_that_is_missing_is_one_error(tmp_path: Path) -> None:
    assert main([str(tmp_path / "none.json"), "-o", str(tmp_path / "routes.json")]) == 2


@pytest.mark.parametrize(
    "option", [("--lane", "0"), ("--lane", "nan"), ("--turn", "-1"), ("--bearing", "inf")]
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, option: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(tmp_path, {"box": BOX}, *option)
    assert left.value.code == 2


def test_the_bearing_can_be_asked_for(tmp_path: Path) -> None:
    code, routes = run(tmp_path, {"box": BOX}, "--bearing", "0")
    assert code == 0
    assert all(abs(a[0] - b[0]) < 0.01 for a, b in routes["box"]["legs"])


def test_an_area_may_have_several_parts(tmp_path: Path) -> None:
    far = [[[x + 500, y] for x, y in BOX[0]]]
    code, routes = run(tmp_path, {"two": [BOX, far], "one": [BOX]})
    assert code == 0
    assert len(routes["two"]["legs"]) == pytest.approx(2 * len(routes["one"]["legs"]), abs=2)
    assert max(x for x, _ in routes["two"]["path"]) > 500


def test_a_part_that_is_none_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    code, routes = run(tmp_path, {"two": [BOX, [[[0, 0], [1, 1]]]], "three": [BOX, []]})
    assert (code, routes) == (1, {})
    told = [record.getMessage() for record in caplog.records]
    for where, what in (("two, part 1", "fewer than three places"), ("three, part 1", "no list of rings")):
        assert any(where in line and what in line for line in told)


def test_geojson_is_told_what_it_is_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    code, routes = run(tmp_path, {"type": "Polygon", "coordinates": BOX})
    assert (code, routes) == (2, {})
    assert "droneteam plan search" in caplog.text


def test_an_interrupted_run_writes_nothing(tmp_path: Path) -> None:
    source, out = tmp_path / "polygons.json", tmp_path / "routes.json"
    source.write_text(json.dumps(dict.fromkeys(map(str, range(500)), BOX)))
    command = [sys.executable, "-m", "missions.coverage", str(source), "-o", str(out)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "% seen" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
        assert running.stderr.read().endswith("Interrupted: nothing was written.\n")
    assert not out.exists()
